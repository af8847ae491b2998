"""Receipts: once only, fenced, bound to the revision, superseded by whom."""

from __future__ import annotations

import uuid

import pytest


def test_the_same_decision_again_gets_the_stored_receipt(hub):
    case_id = hub.open_case()
    decision = hub.decision(hub.claim()[0])
    first, again = hub.decide(decision)[0], hub.decide(decision)[0]
    assert first["status"] == "accepted"
    assert again == first | {"status": "duplicate"}
    assert len(hub.get(f"/v1/decisions?case={case_id}")["items"]) == 1
    assert len(hub.seller()["offences"]) == 1


def test_the_order_of_keys_and_the_form_of_numbers_make_no_other_body(hub):
    hub.open_case()
    decision = hub.decision(hub.claim()[0]) | {"seconds": 12}
    hub.decide(decision)
    turned = dict(reversed(decision.items())) | {"seconds": 12.0}
    assert hub.decide(turned)[0]["status"] == "duplicate"


def test_the_same_id_with_another_body_is_a_conflict_and_changes_nothing(hub):
    hub.open_case()
    decision = hub.decision(hub.claim()[0], "clear")
    hub.decide(decision)
    assert hub.decide(decision | {"note": "other"})[0]["status"] == "conflict"
    assert hub.decide(decision)[0]["status"] == "duplicate"


def test_twins_in_one_batch_are_taken_once(hub):
    hub.open_case()
    decision = hub.decision(hub.claim()[0])
    assert [receipt["status"] for receipt in hub.decide(decision, decision)] == ["accepted", "duplicate"]


def test_a_second_decision_on_a_decided_case_has_lost_the_lease_and_says_so_again(hub):
    hub.open_case()
    leased = hub.claim()[0]
    hub.decide(hub.decision(leased))
    second = hub.decision(leased, "clear")
    assert hub.decide(second)[0]["status"] == "lease_lost"
    assert hub.decide(second)[0]["status"] == "lease_lost"


def test_a_lease_of_somebody_else_does_not_help(hub):
    hub.open_case()
    assert hub.decide(hub.decision(hub.claim()[0]), who="other")[0]["status"] == "lease_lost"


def test_a_changed_listing_makes_the_decision_stale_and_keeps_the_lease(hub):
    hub.open_case("l-a")
    leased = hub.claim()[0]
    hub.upsert(hub.item("l-a", title="Now something else", flags=[]))
    assert hub.decide(hub.decision(leased))[0]["status"] == "stale"
    fresh = hub.claim(case_ids=[leased["case"]["id"]])[0]
    assert fresh["case"]["previous"]["title"] == "Listing l-a"
    assert fresh["lease"]["id"] == leased["lease"]["id"]
    assert hub.decide(hub.decision(fresh))[0]["status"] == "accepted"


@pytest.mark.parametrize("state", ["ended", "deleted"])
def test_a_listing_that_is_gone_makes_the_decision_moot(hub, state):
    hub.open_case("l-a")
    leased = hub.claim()[0]
    hub.upsert(hub.item("l-a", state=state, flags=[]))
    assert hub.decide(hub.decision(leased))[0]["status"] == "gone"
    assert hub.case(leased["case"]["id"])["state"] == "withdrawn"


def test_an_unknown_case_is_gone(hub):
    hub.open_case()
    assert hub.decide(hub.decision(hub.claim()[0]) | {"case_id": "no-such"})[0]["status"] == "gone"


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"kind": "punish"}, "kind"),
        ({"ground": ""}, "ground"),
        ({"ground": "made-up"}, "ground"),
        ({"lease": None}, "lease"),
        ({"kind": "withdraw"}, "supersedes"),
        ({"measure": {"kind": "pillory"}}, "measure"),
        ({"listing_id": "another"}, "listing"),
    ],
)
def test_a_decision_against_the_rules_is_rejected_with_the_rule(hub, changes, word):
    hub.open_case()
    leased = hub.claim()[0]
    receipt = hub.decide(hub.decision(leased) | changes)[0]
    assert receipt["status"] == "rejected"
    assert word in receipt["detail"]
    assert hub.decide(hub.decision(leased))[0]["status"] == "accepted"


def test_the_author_may_supersede_without_a_lease(hub):
    case_id = hub.open_case()
    first = hub.decision(hub.claim()[0])
    hub.decide(first)
    second = hub.supersede(first, "warn")
    assert hub.decide(second)[0]["status"] == "accepted"
    stored = hub.get(f"/v1/decisions?case={case_id}")["items"]
    assert [item["current"] for item in stored] == [False, True]
    third = hub.supersede(first, "clear")
    assert hub.decide(third)[0]["status"] == "stale"


def test_a_colleague_may_not_supersede_but_a_lead_may(hub):
    hub.open_case()
    first = hub.decision(hub.claim()[0])
    hub.decide(first)
    assert hub.decide(hub.supersede(first, "clear"), who="other")[0]["status"] == "rejected"
    assert hub.decide(hub.supersede(first, "clear"), who="lead")[0]["status"] == "accepted"


def test_a_withdrawal_reopens_and_its_author_may_go_on_until_somebody_claims(hub):
    case_id = hub.open_case()
    first = hub.decision(hub.claim()[0])
    hub.decide(first)
    back = hub.supersede(first, "withdraw")
    assert hub.decide(back)[0]["status"] == "accepted"
    assert hub.case(case_id)["state"] == "open"
    assert hub.decide(hub.supersede(back, "withdraw"))[0]["status"] == "rejected"
    assert hub.decide(hub.supersede(back, "clear"))[0]["status"] == "accepted"
    assert hub.case(case_id)["state"] == "decided"


def test_after_a_withdrawal_the_one_who_claims_decides(hub):
    hub.open_case()
    first = hub.decision(hub.claim()[0])
    back = hub.supersede(first, "withdraw")
    hub.decide(first, back)
    leased = hub.claim("other")[0]
    assert hub.decide(hub.supersede(back, "clear"))[0]["status"] == "lease_lost"
    assert hub.decide(hub.decision(leased), who="other")[0]["status"] == "accepted"


def test_a_withdrawal_needs_no_current_revision(hub):
    hub.open_case("l-a")
    first = hub.decision(hub.claim()[0])
    hub.decide(first)
    hub.upsert(hub.item("l-a", title="Changed", flags=[]))
    assert hub.decide(hub.supersede(first, "clear"))[0]["status"] == "stale"
    assert hub.decide(hub.supersede(first, "withdraw"))[0]["status"] == "accepted"


def test_an_escalation_withdrawn_goes_back_to_the_reviewers(hub):
    case_id = hub.open_case()
    first = hub.decision(hub.claim()[0], "escalate")
    hub.decide(first, hub.supersede(first, "withdraw"))
    assert hub.case(case_id)["state"] == "open"
    assert len(hub.claim("other")) == 1


def test_a_leads_decision_withdrawn_goes_back_to_the_leads(hub):
    case_id = hub.open_case()
    hub.decide(hub.decision(hub.claim()[0], "escalate"))
    ruling = hub.decision(hub.claim("lead")[0], "clear")
    hub.decide(ruling, hub.supersede(ruling, "withdraw"), who="lead")
    assert hub.case(case_id)["state"] == "escalated"


def test_a_request_for_proof_waits(hub):
    case_id = hub.open_case()
    assert hub.decide(hub.decision(hub.claim()[0], "request_proof"))[0]["status"] == "accepted"
    assert hub.case(case_id)["state"] == "awaiting_proof"
    assert hub.claim() == []


def test_refused_decisions_are_kept_with_their_receipts(hub):
    case_id = hub.open_case()
    leased = hub.claim()[0]
    hub.decide(hub.decision(leased) | {"revision": "another"}, hub.decision(leased))
    stored = hub.get(f"/v1/decisions?case={case_id}&reviewer={me(hub)}")["items"]
    assert [item["receipt"]["status"] for item in stored] == ["stale", "accepted"]
    assert [item["current"] for item in stored] == [False, True]


def test_a_failure_in_the_middle_of_a_batch_leaves_nothing(hub, monkeypatch):
    hub.open_case()
    hub.open_case()
    good, bad = (hub.decision(leased) for leased in hub.claim())
    monkeypatch.setattr(hub.store.policy.__class__, "ground", lambda _self, ground: {}[ground] if ground == "x" else 1)
    answer = hub.call("POST", "/v1/decisions", json={"decisions": [good | {"kind": "clear"}, bad | {"ground": "x"}]})
    assert answer.status_code == 500
    assert answer.json()["type"] == "internal"
    monkeypatch.undo()
    assert hub.get("/v1/decisions")["items"] == []
    assert [receipt["status"] for receipt in hub.decide(good, bad)] == ["accepted", "accepted"]


def test_a_batch_has_at_most_a_hundred(hub):
    hub.open_case()
    decision = hub.decision(hub.claim()[0])
    many = [decision | {"id": str(uuid.uuid4())} for _ in range(101)]
    assert hub.call("POST", "/v1/decisions", json={"decisions": many}).status_code == 422


def test_a_decision_on_a_listing_that_has_ended_can_only_be_withdrawn(hub):
    hub.open_case("l-a")
    first = hub.decision(hub.claim()[0])
    hub.decide(first)
    hub.upsert(hub.item("l-a", state="ended", flags=[]))
    assert hub.decide(hub.supersede(first, "clear"))[0]["status"] == "gone"
    assert hub.decide(hub.supersede(first, "withdraw"))[0]["status"] == "accepted"


def test_what_supersedes_in_a_withdrawn_case_is_gone(hub):
    case_id = hub.open_case("l-a")
    first = hub.decision(hub.claim()[0])
    back = hub.supersede(first, "withdraw")
    hub.decide(first, back)
    hub.upsert(hub.item("l-a", state="deleted", flags=[]))
    assert hub.case(case_id)["state"] == "withdrawn"
    assert hub.decide(hub.supersede(back, "clear"))[0]["status"] == "gone"


def me(hub):
    return hub.get("/v1")["reviewer"]["id"]
