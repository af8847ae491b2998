"""Appeals: filed once and in time, ruled on by somebody else, with everything that a reversal brings back."""

from __future__ import annotations

import uuid

import pytest

from reviewer.hub.deadlines import run_deadlines
from tests.unit.hub.redress import appeal, ask, filed, paper, put, ruling, statements, taken_down

ALL = ["listing", "proof", "appeal"]


def snapshot(hub):
    """What a reversal must bring back."""
    seller = hub.seller()
    rows = hub.get("/v1/cases?limit=500")["items"]
    return (
        {key: seller[key] for key in ("standing", "standing_until", "listings_removed", "listings_live")},
        [offence for offence in seller["offences"] if not offence["overturned"]],
        {row["id"]: hub.case(row["id"])["listing"]["state"] for row in rows},
        [entry["picture"] for entry in hub.get("/v1/banks/infringing")["items"] if not entry["removed"]],
    )


def test_an_appeal_puts_the_case_into_the_queue_for_somebody_else(hub, clock):
    first = taken_down(hub)
    clock.pass_(days=10)
    made = filed(hub, first, documents=[paper(hub)])
    assert (made["state"], made["case_id"], len(made["documents"])) == ("pending", first["case_id"], 1)
    assert hub.get("/v1/cases?kind=appeal")["items"][0]["id"] == first["case_id"]
    assert hub.claim("reviewer", kinds=ALL) == []
    assert hub.claim("reviewer", kinds=["appeal"], case_ids=[first["case_id"]]) == []  # by name neither
    assert hub.claim("other") == []  # a workstation that does not know appeals is given none
    assert hub.claim("other", kinds=["listing", "proof"]) == []
    (leased,) = hub.claim("other", kinds=["appeal"])
    case = leased["case"]
    assert (case["kind"], case["due_at"]) == ("appeal", "2026-03-25T08:00:00.000Z")
    shown = case["appeal"]
    assert (shown["appellant"], shown["party"]) == ("seller", "Seller s1")
    told = shown["first"]
    assert (told["kind"], told["ground"], told["points"]) == ("takedown", "counterfeit", 12)
    assert told["measures"] == ["listing removed", "seller warned"]
    assert told["facts"] == ["The logo is printed and not stitched."]
    assert "The logo is printed" in told["letter"]


def test_upholding_changes_nothing_and_is_told_with_its_reasons(hub):
    first = taken_down(hub)
    made = filed(hub, first)
    before, sent = snapshot(hub), statements(hub)
    (leased,) = hub.claim("other", kinds=ALL)
    receipt = hub.decide(ruling(hub, leased, "uphold"), who="other")[0]
    assert (receipt["status"], receipt["effects"]) == ("accepted", ["Appeal not granted: the decision stands"])
    assert snapshot(hub) == before
    assert statements(hub) == sent
    told = hub.get(f"/v1/appeals/{made['id']}", "service")
    assert (told["state"], told["reason"]) == ("upheld", "Looked at again.")
    assert hub.case(first["case_id"])["state"] == "decided"
    assert hub.get("/v1/appeals?state=upheld")["items"][0]["ruled_at"] == "2026-03-01T08:00:00.000Z"


def test_a_reversal_brings_everything_back_and_yields_a_new_statement(hub):
    picture = put(hub, b"\x89PNG\r\n\x1a\npicture")
    case_id = hub.open_case(pictures=[{"sha256": picture}])
    before = snapshot(hub)
    leased = hub.claim(case_ids=[case_id])[0]
    first = hub.decision(leased, measure={"kind": "account_closed", "scope": "all", "days": None})
    hub.decide(first)
    assert snapshot(hub) != before
    made = filed(hub, first)
    (leased,) = hub.claim("other", kinds=ALL)
    receipt = hub.decide(ruling(hub, leased, "clear"), who="other")[0]
    assert "Appeal granted: the decision is reversed" in receipt["effects"]
    assert snapshot(hub) == before
    told = hub.get(f"/v1/appeals/{made['id']}")
    assert told["state"] == "reversed"
    assert "Offence and its points taken back" in told["effects"]
    one, two = statements(hub)
    assert (one["puid"], two["puid"]) == (f"{first['id']}-r1", f"{first['id']}-r2")
    assert two["end_date_visibility_restriction"] == two["end_date_account_restriction"] == "2026-03-01"
    assert f"takes the place of {first['id']}-r1" in two["decision_facts"]


def test_a_reversal_that_is_taken_back_leaves_the_first_decision_in_force_and_the_appeal_pending(hub):
    picture = put(hub, b"\x89PNG\r\n\x1a\npicture")
    case_id = hub.open_case(pictures=[{"sha256": picture}])
    first = hub.decision(hub.claim(case_ids=[case_id])[0])
    hub.decide(first)
    before = snapshot(hub)
    made = filed(hub, first)
    (leased,) = hub.claim("other", kinds=ALL)
    reversal = ruling(hub, leased, "clear")
    hub.decide(reversal, who="other")
    back = hub.supersede(reversal, "withdraw")
    assert hub.decide(back, who="other")[0]["status"] == "accepted"
    assert snapshot(hub) == before
    assert hub.get(f"/v1/appeals/{made['id']}")["state"] == "pending"
    assert [row["puid"][-3:] for row in statements(hub)] == ["-r1", "-r2", "-r3"]
    assert hub.claim("reviewer", kinds=ALL) == []
    # The one who took it back rules again, without a lease.
    again = hub.supersede(back, "warn", ground="misleading", note="Only the text was wrong.")
    receipt = hub.decide(again, who="other")[0]
    assert (receipt["status"], receipt["detail"]) == ("accepted", "")
    assert hub.get(f"/v1/appeals/{made['id']}")["state"] == "partly"
    assert hub.seller()["offences"][0]["points"] + hub.seller()["offences"][1]["points"] in (2, 14)
    assert [row["puid"][-3:] for row in statements(hub)][-1] == "-r4"


def test_partly_lessens_the_points_and_brings_the_listing_back_since_the_day_of_the_first(hub, clock):
    first = taken_down(hub)
    clock.pass_(days=30)
    made = filed(hub, first)
    (leased,) = hub.claim("other", kinds=ALL)
    receipt = hub.decide(ruling(hub, leased, "warn", ground="misleading"), who="other")[0]
    assert "Appeal granted in part" in receipt["effects"]
    assert hub.case(first["case_id"])["listing"]["state"] == "live"
    offences = [row for row in hub.seller()["offences"] if not row["overturned"]]
    assert [(row["points"], row["ground"], row["at"]) for row in offences] == [
        (2, "misleading", "2026-03-01T08:00:00.000Z")
    ]
    assert offences[0]["expires_at"] == "2027-03-01T08:00:00.000Z"
    assert hub.seller()["standing"] == "warned"
    assert hub.get(f"/v1/appeals/{made['id']}")["state"] == "partly"
    assert [row["puid"][-3:] for row in statements(hub)] == ["-r1", "-r2"]


def test_partly_on_the_same_kind_must_be_less(hub):
    filed(hub, taken_down(hub))
    (leased,) = hub.claim("other", kinds=ALL)
    receipt = hub.decide(ruling(hub, leased, "takedown", ground="counterfeit"), who="other")[0]
    assert (receipt["status"], "no less" in receipt["detail"]) == ("rejected", True)
    assert hub.decide(ruling(hub, leased, "takedown", ground="trademark"), who="other")[0]["status"] == "accepted"
    assert sum(row["points"] for row in hub.seller()["offences"] if not row["overturned"]) == 6
    assert hub.case(leased["case"]["id"])["listing"]["state"] == "removed"


def test_what_rules_on_no_appeal_is_refused(hub):
    first = taken_down(hub)
    filed(hub, first)
    (leased,) = hub.claim("other", kinds=ALL)
    for kind, changes, words in (
        ("request_proof", {}, "is no ruling"),
        ("clear", {"note": " "}, "Say in the note why"),
        ("clear", {"supersedes": str(uuid.uuid4())}, "must name the decision"),
    ):
        receipt = hub.decide(ruling(hub, leased, kind) | changes, who="other")[0]
        assert (receipt["status"], words in receipt["detail"]) == ("rejected", True), receipt
    bare = hub.decision(leased, "clear", note="No name.")
    assert "must name the decision" in hub.decide(bare, who="other")[0]["detail"]
    hub.open_case()
    (listing,) = hub.claim("other")
    assert "Only an appeal" in hub.decide(hub.decision(listing, "uphold"), who="other")[0]["detail"]


def test_whoever_decided_can_not_get_round_it(hub):
    first = taken_down(hub, who="lead")
    filed(hub, first)
    assert hub.claim("lead", kinds=ALL) == []
    for kind in ("withdraw", "clear"):
        receipt = hub.decide(hub.supersede(first, kind, note="I was wrong."), who="lead")[0]
        assert (receipt["status"], "somebody else rules" in receipt["detail"]) == ("rejected", True)
    other_lead = taken_down(hub, who="reviewer")
    filed(hub, other_lead)
    receipt = hub.decide(hub.supersede(other_lead, "withdraw"), who="lead")[0]
    assert (receipt["status"], receipt["detail"]) == ("rejected", "An appeal against this decision is pending.")


def test_an_appeal_can_be_handed_to_a_lead(hub):
    first = taken_down(hub)
    made = filed(hub, first)
    (leased,) = hub.claim("other", kinds=ALL)
    assert hub.decide(hub.decision(leased, "escalate"), who="other")[0]["status"] == "accepted"
    assert hub.claim("other", kinds=ALL) == []
    (again,) = hub.claim("lead", kinds=ALL)
    assert hub.decide(ruling(hub, again, "clear"), who="lead")[0]["status"] == "accepted"
    assert hub.get(f"/v1/appeals/{made['id']}")["state"] == "reversed"
    assert hub.seller()["standing"] == "active"


def test_filing_again_changes_nothing_and_another_under_its_id_is_refused(hub):
    first = taken_down(hub)
    body = appeal(hub, first)
    assert hub.call("POST", "/v1/appeals", "service", json=body).status_code == 201
    again = hub.call("POST", "/v1/appeals", "service", json=body)
    assert (again.status_code, again.json()["state"]) == (200, "pending")
    other = hub.call("POST", "/v1/appeals", "service", json=body | {"text": "Something else."})
    assert (other.status_code, other.json()["type"]) == (409, "conflict")
    second = hub.call("POST", "/v1/appeals", "service", json=appeal(hub, first))
    assert (second.status_code, "already" in second.json()["detail"]) == (409, True)


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"decision_id": "nobody-knows-it"}, 404, "no such decision"),
        ({"party": "s9"}, 403, "another seller"),
        ({"appellant": "claimant", "party": "Nobody"}, 403, "sent no notice"),
        ({"documents": [{"sha256": "0" * 64, "kind": "invoice"}]}, 422, "no such bytes"),
        ({"text": ""}, 422, "schema"),
        ({"id": "1"}, 422, "schema"),
    ],
)
def test_what_is_no_appeal_has_a_clear_problem(hub, changes, status, words):
    answer = hub.call("POST", "/v1/appeals", "service", json=appeal(hub, taken_down(hub), **changes))
    assert (answer.status_code, words in answer.json()["detail"]) == (status, True), answer.text


def test_after_six_months_it_is_too_late(hub, clock):
    early, late = taken_down(hub), taken_down(hub)
    clock.pass_(days=184)  # 1 September, 8:00
    assert hub.call("POST", "/v1/appeals", "service", json=appeal(hub, early)).status_code == 201
    clock.pass_(seconds=1)
    answer = hub.call("POST", "/v1/appeals", "service", json=appeal(hub, late))
    assert (answer.status_code, "until 2026-09-01" in answer.json()["detail"]) == (409, True)


def test_nothing_can_be_appealed_that_was_not_against_the_one_who_appeals_or_does_not_stand(hub):
    cleared = taken_down(hub, kind="clear")
    answer = hub.call("POST", "/v1/appeals", "service", json=appeal(hub, cleared))
    assert answer.json()["detail"] == "Nothing was decided against the seller."
    undone = taken_down(hub)
    hub.decide(hub.supersede(undone, "withdraw"))
    answer = hub.call("POST", "/v1/appeals", "service", json=appeal(hub, undone))
    assert "does not stand any more" in answer.json()["detail"]
    assert hub.call("POST", "/v1/appeals", "reviewer", json=appeal(hub, undone)).status_code == 403


def test_a_ruling_can_not_be_appealed_by_the_same_side(hub):
    filed(hub, taken_down(hub))
    (leased,) = hub.claim("other", kinds=ALL)
    partly = ruling(hub, leased, "warn", ground="misleading")
    hub.decide(partly, who="other")
    answer = hub.call("POST", "/v1/appeals", "service", json=appeal(hub, partly))
    assert (answer.status_code, "same side" in answer.json()["detail"]) == (409, True)


def test_a_claimant_appeals_against_a_clear_and_the_takedown_is_the_reversal(hub, clock):
    flag = {"id": "n1", "source": "rights_holder", "reason": "counterfeit", "at": "2026-03-01T07:00:00Z",
            "notice_id": "notice-1", "claimant": "Norrvik AB"}  # fmt: skip
    first = taken_down(hub, kind="clear", flags=[flag])
    clock.pass_(days=3)
    made = filed(hub, first, appellant="claimant", party="Norrvik AB")
    (leased,) = hub.claim("other", kinds=ALL)
    assert leased["case"]["appeal"]["party"] == "Norrvik AB"
    receipt = hub.decide(ruling(hub, leased, "takedown"), who="other")[0]
    assert "Listing removed" in receipt["effects"]
    assert hub.get(f"/v1/appeals/{made['id']}")["state"] == "reversed"
    assert hub.seller()["offences"][0]["at"] == "2026-03-04T08:00:00.000Z"
    # Now the seller may appeal against that in turn.
    assert hub.claim("other", kinds=ALL) == []
    ruled = hub.get("/v1/decisions?case=" + first["case_id"])["items"][-1]["decision"]
    filed(hub, ruled)
    assert hub.claim("other", kinds=ALL) == hub.claim("reviewer", kinds=ALL) == []  # both have decided it
    assert len(hub.claim("lead", kinds=ALL)) == 1


def test_a_removal_by_rule_can_be_appealed_against_as_well(hub, clock):
    proof = ask(hub)
    clock.pass_(days=4)
    run_deadlines(hub.store)
    case = hub.case(proof["case_id"])
    made = filed(hub, {"id": case["proof"]["automatic_id"]})
    (leased,) = hub.claim(kinds=ALL)
    told = leased["case"]["appeal"]["first"]
    assert (told["automatic"], told["measures"], told["points"]) == (True, ["listing removed"], 0)
    assert "Proof of authenticity" in told["facts"][0]
    assert "Proof of authenticity" in told["letter"]
    hub.decide(ruling(hub, leased, "clear"))
    assert hub.case(proof["case_id"])["listing"]["state"] == "live"
    assert hub.get(f"/v1/appeals/{made['id']}")["state"] == "reversed"
    assert [row["puid"][-3:] for row in statements(hub)] == ["-r1", "-r2"]


def test_an_appeal_goes_on_though_the_listing_changed_or_ended_and_new_flags_open_a_case_of_their_own(hub):
    first = taken_down(hub, listing="l-1")
    filed(hub, first)
    (leased,) = hub.claim("other", kinds=ALL)
    fresh = hub.open_case("l-1", title="Another title")
    assert fresh != first["case_id"]
    hub.upsert(hub.item("l-1", title="Another title", state="ended", flags=[]))
    assert hub.case(fresh)["state"] == "withdrawn"
    assert hub.decide(ruling(hub, leased, "clear"), who="other")[0]["status"] == "accepted"


def test_a_lost_answer_and_a_lost_lease_are_as_with_any_decision(hub, clock):
    filed(hub, taken_down(hub))
    (leased,) = hub.claim("other", kinds=ALL)
    made = ruling(hub, leased, "clear")
    clock.pass_(hours=1)
    (taken,) = hub.claim("lead", kinds=ALL)
    assert hub.decide(made, who="other")[0]["status"] == "lease_lost"
    second = ruling(hub, taken, "clear")
    assert hub.decide(second, who="lead")[0]["status"] == "accepted"
    assert hub.decide(second, who="lead")[0]["status"] == "duplicate"
    assert hub.seller()["standing"] == "active"


def test_a_closed_account_is_closed_again_where_its_reopening_is_taken_back(hub):
    case_id = hub.open_case()
    beside = hub.open_case()
    before = hub.case(beside)["priority"]
    first = hub.decision(
        hub.claim(case_ids=[case_id])[0], "warn", measure={"kind": "account_closed", "scope": "all", "days": None}
    )
    assert hub.decide(first)[0]["status"] == "accepted"
    raised = hub.case(beside)["priority"]
    assert (hub.seller()["standing"], raised > before) == ("banned", True)
    filed(hub, first)
    (leased,) = [item for item in hub.claim("other", kinds=ALL) if item["case"]["id"] != beside]
    reversal = ruling(hub, leased, "clear")
    assert hub.decide(reversal, who="other")[0]["status"] == "accepted"
    assert (hub.seller()["standing"], hub.case(beside)["priority"]) == ("active", before)
    assert hub.decide(hub.supersede(reversal, "withdraw"), who="other")[0]["status"] == "accepted"
    assert (hub.seller()["standing"], hub.case(beside)["priority"]) == ("banned", raised)


def test_a_clear_is_in_force_again_where_the_takedown_in_its_place_is_taken_back(hub):
    flag = {"id": "n1", "source": "rights_holder", "reason": "counterfeit", "at": "2026-03-01T07:00:00Z",
            "notice_id": "notice-1", "claimant": "Norrvik AB"}  # fmt: skip
    first = taken_down(hub, kind="clear", flags=[flag])
    before = hub.seller()
    filed(hub, first, appellant="claimant", party="Norrvik AB")
    (leased,) = hub.claim("other", kinds=ALL)
    reversal = ruling(hub, leased, "takedown")
    assert hub.decide(reversal, who="other")[0]["status"] == "accepted"
    assert hub.case(first["case_id"])["listing"]["state"] == "removed"
    assert hub.decide(hub.supersede(reversal, "withdraw"), who="other")[0]["status"] == "accepted"
    assert hub.case(first["case_id"])["listing"]["state"] == "live"
    assert hub.seller()["standing"] == before["standing"]


def test_a_listing_that_a_rule_removed_stays_removed_whatever_else_is_done_to_it(hub, clock):
    proof = ask(hub, "l-kept")
    clock.pass_(days=4)
    run_deadlines(hub.store)
    removed = hub.case(proof["case_id"])["listing"]["state"]
    assert removed != "live"
    another = hub.open_case("l-kept")
    leased = hub.claim(case_ids=[another])[0]
    hide = {"kind": "listing_hidden", "scope": "listing", "days": None}
    assert hub.decide(hub.decision(leased, "warn", measure=hide))[0]["status"] == "accepted"
    assert hub.case(proof["case_id"])["listing"]["state"] == removed
