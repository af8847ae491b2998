"""The life of a lease: claimed, renewed, given back, run out, claimed by another."""

from __future__ import annotations

import msgspec
import pytest

from reviewer.domain.case import Case, CaseRow
from reviewer.domain.urgency import urgency_of_case, urgency_of_row
from reviewer.hub.leases import LeaseRules


def test_claims_come_by_raise_due_hour_severity_reach_trust_and_score(hub):
    def flagged(source, reason):
        return [{"id": f"x-{source}-{reason}", "source": source, "reason": reason, "at": "2026-03-01T07:00:00Z"}]

    noon = "2026-03-01T12:00:00Z"
    never = hub.open_case(flags=flagged("staff", ""), priority=99)
    score = hub.open_case(due_at=noon, flags=flagged("consumer", "misleading"), units_sold=5, priority=9)
    least = hub.open_case(due_at=noon, flags=flagged("consumer", "misleading"), units_sold=5)
    trusted = hub.open_case(due_at=noon, flags=flagged("authority", "misleading"), units_sold=5)
    sold = hub.open_case(due_at=noon, flags=flagged("consumer", "misleading"), units_sold=500)
    grave = hub.open_case(due_at="2026-03-01T12:59:00Z", flags=flagged("consumer", "prohibited"))
    soon = hub.open_case(due_at="2026-03-01T09:00:00Z", flags=flagged("consumer", "misleading"))
    raised = hub.open_case(flags=flagged("staff", ""), priority=100)
    order = [raised, soon, grave, sold, trusted, score, least, never]
    leased = [item["case"]["id"] for item in hub.claim()]
    assert leased == order
    rows = msgspec.convert(hub.get("/v1/cases")["items"], list[CaseRow])
    assert [row.id for row in sorted(rows, key=lambda row: urgency_of_row(row).rank())] == order
    whole = [msgspec.convert(hub.case(name), Case) for name in leased]
    known = hub.store.policy.severity
    assert [case.id for case in sorted(whole, key=lambda case: urgency_of_case(case, known).rank())] == order


def test_another_flag_and_more_sales_bring_a_case_forward(hub):
    first = hub.open_case("l-a", due_at="2026-03-01T12:00:00Z")
    second = hub.open_case("l-b", due_at="2026-03-01T12:00:00Z")
    hub.upsert(hub.item("l-b", units_sold=40))
    by_id = {row["id"]: (row["severity"], row["reach"], row["trust"]) for row in hub.get("/v1/cases")["items"]}
    assert by_id == {first: (4, 0, 1), second: (4, 2, 1)}
    flag = {"id": "f-x", "source": "authority", "reason": "prohibited", "at": "2026-03-01T07:00:00Z"}
    hub.upsert(hub.item("l-a", flags=[flag]))
    assert [item["case"]["id"] for item in hub.claim()] == [first, second]


def test_a_case_is_leased_to_one_reviewer_and_the_other_is_told(hub):
    hub.open_case()
    assert len(hub.claim()) == 1
    answer = hub.post("/v1/leases", {"count": 5}, "other")
    assert answer["items"] == []
    assert answer["next_retry_s"] > 0
    assert answer["leased_elsewhere"] == [{"reviewer": "Reviewer", "cases": 1, "until": "2026-03-01T08:10:00.000Z"}]


def test_a_named_claim_of_a_held_case_gives_the_same_lease(hub, clock):
    case_id = hub.open_case()
    first = hub.claim()[0]["lease"]
    clock.pass_(seconds=60)
    again = hub.claim(case_ids=[case_id])[0]["lease"]
    assert (again["id"], again["token"]) == (first["id"], first["token"])
    assert again["ttl_s"] == 540


def test_an_expired_lease_holds_until_somebody_else_claims(hub, clock):
    hub.open_case()
    held = hub.claim()[0]
    clock.pass_(minutes=11)
    assert hub.post("/v1/leases/renew", {"leases": [named(held)]})["items"][0]["status"] == "renewed"
    clock.pass_(minutes=11)
    taken = hub.claim("other")[0]
    assert taken["lease"]["token"] == held["lease"]["token"] + 1
    assert taken["lease"]["id"] != held["lease"]["id"]
    assert hub.post("/v1/leases/renew", {"leases": [named(held)]})["items"][0]["status"] == "lease_lost"
    assert hub.decide(hub.decision(held))[0]["status"] == "lease_lost"
    assert hub.decide(hub.decision(taken), who="other")[0]["status"] == "accepted"


def test_a_decision_under_an_expired_lease_that_nobody_claimed_is_accepted(hub, clock):
    hub.open_case()
    held = hub.claim()[0]
    clock.pass_(hours=3)
    hub.open_case()
    hub.claim("other", case_ids=["nothing"])  # a claim sweeps expired leases
    assert hub.case(held["case"]["id"])["state"] == "open"
    assert hub.decide(hub.decision(held))[0]["status"] == "accepted"


def test_ones_own_expired_lease_goes_on_at_the_next_claim(hub, clock):
    hub.open_case()
    first = hub.claim()[0]["lease"]
    clock.pass_(minutes=11)
    again = hub.claim()[0]["lease"]
    assert (again["id"], again["token"], again["ttl_s"]) == (first["id"], first["token"], 600)


def test_renewing_never_cuts_an_offline_lease(hub, clock):
    hub.open_case()
    held = hub.claim(offline_s=3600)[0]
    assert held["lease"]["ttl_s"] == 3600
    clock.pass_(seconds=100)
    assert hub.post("/v1/leases/renew", {"leases": [named(held)]})["items"][0]["ttl_s"] == 3500


def test_offline_leases_are_capped(hub):
    hub.open_case()
    assert hub.claim(offline_s=10**7)[0]["lease"]["ttl_s"] == 8 * 3600


@pytest.mark.parametrize("reason", ["skipped", "needs_language", "needs_expert"])
def test_what_was_skipped_is_not_offered_again_but_to_others_it_is(hub, reason):
    case_id = hub.open_case()
    held = hub.claim()[0]
    released = hub.post("/v1/leases/release", {"leases": [named(held) | {"reason": reason}]})
    assert released["items"][0]["status"] == "released"
    assert hub.claim() == []
    assert [item["case"]["id"] for item in hub.claim("other")] == [case_id]


@pytest.mark.parametrize("reason", ["done_for_today", "undone"])
def test_what_was_given_back_otherwise_is_offered_again(hub, reason):
    hub.open_case()
    held = hub.claim()[0]
    hub.post("/v1/leases/release", {"leases": [named(held) | {"reason": reason}]})
    assert hub.claim()[0]["lease"]["token"] == held["lease"]["token"] + 1
    assert hub.post("/v1/leases/renew", {"leases": [named(held)]})["items"][0]["status"] == "lease_lost"


def test_a_skipped_case_can_be_opened_by_name(hub):
    case_id = hub.open_case()
    hub.post("/v1/leases/release", {"leases": [named(hub.claim()[0]) | {"reason": "skipped"}]})
    assert [item["case"]["id"] for item in hub.claim(case_ids=[case_id])] == [case_id]


def test_a_whole_number_may_be_written_with_a_point(hub):
    hub.open_case()
    assert len(hub.claim(count=1.0)) == 1


def test_claims_can_be_narrowed(hub):
    hub.open_case()
    assert hub.claim(marketplaces=["elsewhere"]) == []
    assert hub.claim(grounds=["design"]) == []
    assert len(hub.claim(marketplaces=["bazaar"], grounds=["counterfeit"])) == 1


@pytest.mark.parametrize("rules", [LeaseRules(leases_per_reviewer=3)])
def test_nobody_holds_more_than_the_limit(hub, rules):
    for _ in range(5):
        hub.open_case()
    held = hub.claim()
    assert len(held) == 3
    refused = hub.call("POST", "/v1/leases", json={"count": 1})
    assert (refused.status_code, refused.json()["type"]) == (409, "lease-limit")
    assert len(hub.claim(case_ids=[held[0]["case"]["id"]])) == 1
    assert len(hub.claim("other")) == 2


def test_escalated_cases_are_for_leads(hub):
    case_id = hub.open_case()
    hub.decide(hub.decision(hub.claim()[0], "escalate"))
    assert hub.case(case_id)["state"] == "escalated"
    assert hub.claim() == []
    held = hub.claim("lead")
    assert [item["case"]["id"] for item in held] == [case_id]
    hub.post("/v1/leases/release", {"leases": [named(held[0]) | {"reason": "done_for_today"}]}, "lead")
    assert hub.case(case_id)["state"] == "escalated"


def test_a_lease_named_twice_or_with_another_token_is_not_held(hub, clock):
    hub.open_case()
    held = hub.claim()[0]
    other = named(held) | {"token": held["lease"]["token"] + 1}
    renewed = hub.post("/v1/leases/renew", {"leases": [named(held), named(held), other]})["items"]
    assert [item["status"] for item in renewed] == ["renewed", "lease_lost", "lease_lost"]
    clock.pass_(minutes=11)
    hub.claim("other", case_ids=["nothing"])
    assert hub.post("/v1/leases/renew", {"leases": [named(held)]})["items"][0]["status"] == "renewed"
    assert hub.case(held["case"]["id"])["state"] == "leased"
    given = [named(held) | {"reason": "skipped"}, named(held) | {"reason": "skipped"}]
    answered = hub.post("/v1/leases/release", {"leases": given})["items"]
    assert [item["status"] for item in answered] == ["released", "lease_lost"]


def test_a_case_may_be_skipped_again(hub):
    case_id = hub.open_case()
    for reason in ("skipped", "needs_expert"):
        held = hub.claim(case_ids=[case_id])[0]
        released = hub.post("/v1/leases/release", {"leases": [named(held) | {"reason": reason}]})
        assert released["items"][0]["status"] == "released"
    assert hub.claim() == []


def test_who_holds_the_others_is_said_only_where_fewer_came_than_were_asked_for(hub):
    for _ in range(3):
        hub.open_case()
    hub.claim("other", count=1)
    assert hub.post("/v1/leases", {"count": 1})["leased_elsewhere"] == []
    short = hub.post("/v1/leases", {"count": 5})
    assert (len(short["items"]), short["leased_elsewhere"][0]["reviewer"]) == (1, "Other")


def named(item):
    return {"id": item["lease"]["id"], "token": item["lease"]["token"]}
