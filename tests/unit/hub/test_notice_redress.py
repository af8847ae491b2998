"""Outcomes of notices where sellers and claimants appeal, and where a rule removes a listing for want of proof."""

from __future__ import annotations

import pytest

from reviewer.hub.deadlines import run_deadlines
from tests.unit.hub.redress import filed, ruling
from tests.unit.hub.test_notices import claimant, listing, notice, send

ALL = ["listing", "proof", "appeal"]


@pytest.fixture
def known(hub):
    claimant(hub)
    listing(hub, "l1")
    return hub


def outcomes(hub, sent):
    return hub.get(f"/v1/notices/{sent['id']}")["outcomes"]


def decided(hub, kind, **changes):
    sent = notice("l1")
    send(hub, sent)
    first = hub.decision(hub.claim()[0], kind, **changes)
    assert hub.decide(first)[0]["status"] == "accepted"
    return sent, first


def test_a_seller_who_appeals_with_success_counters_the_notice(known):
    hub = known
    sent, first = decided(hub, "takedown")
    filed(hub, first)
    listing(hub, "l2")
    send(hub, notice("l2"))
    assert outcomes(hub, sent) == {"upheld": 1}, "while the appeal is pending the decision stands"
    leased = next(one for one in hub.claim("other", kinds=ALL) if one["case"]["id"] == first["case_id"])
    made = ruling(hub, leased, "clear")
    hub.decide(made, who="other")
    assert outcomes(hub, sent) == {"reversed": 1}
    assert hub.get("/v1/claimants/me", "claimant")["record"]["reversed"] == 1
    back = hub.decide(hub.supersede(made, "withdraw"), who="other")[0]
    assert back["status"] == "accepted", back
    assert outcomes(hub, sent) == {"upheld": 1}


def test_an_appeal_that_is_not_granted_leaves_the_notice_upheld(known):
    hub = known
    sent, first = decided(hub, "takedown")
    filed(hub, first)
    (leased,) = hub.claim("other", kinds=ALL)
    hub.decide(ruling(hub, leased, "uphold"), who="other")
    assert outcomes(hub, sent) == {"upheld": 1}
    assert hub.get("/v1/notices/outcomes")["items"][-1]["outcome"] == "upheld"


def test_a_claimant_who_appeals_with_success_has_been_right(known):
    hub = known
    sent, first = decided(hub, "clear")
    assert outcomes(hub, sent) == {"rejected": 1}
    filed(hub, first, appellant="claimant", party=sent["id"])
    (leased,) = hub.claim("other", kinds=ALL)
    hub.decide(ruling(hub, leased, "takedown"), who="other")
    assert outcomes(hub, sent) == {"upheld": 1}
    assert hub.get("/v1/notices/outcomes")["items"][-1]["words"] == "The notice was upheld: the listing was removed."


def test_a_listing_removed_by_rule_says_so_and_an_appeal_turns_it(known, clock):
    hub = known
    sent, _ = decided(hub, "request_proof", note="Please send the invoice.")
    assert outcomes(hub, sent) == {"open": 1}
    clock.pass_(days=4)
    assert run_deadlines(hub.store).removed == 1
    last = hub.get("/v1/notices/outcomes")["items"][-1]
    assert last["outcome"] == "upheld"
    assert "removed by a rule" in last["words"]
    assert "automated measure" in last["redress"]
    case = hub.case(hub.get("/v1/cases")["items"][0]["id"])
    filed(hub, {"id": case["proof"]["automatic_id"]})
    (leased,) = hub.claim("other", kinds=ALL)
    hub.decide(ruling(hub, leased, "clear"), who="other")
    assert outcomes(hub, sent) == {"reversed": 1}
    assert send(hub, notice("l1", evidence=["c" * 64]))[0]["listings"] == {"open": 1}
