"""What decisions do to listings, sellers and other cases, and that a reversal undoes exactly that."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


def snapshot(hub):
    """Everything that a decision may change, but for histories that only grow."""
    rows = hub.get("/v1/cases?limit=500")["items"]
    cases = {row["id"]: {key: row[key] for key in ("state", "priority", "standing")} for row in rows}
    seller = hub.seller()
    kept = {
        key: seller[key] for key in ("standing", "standing_until", "listings_removed", "listings_live", "open_cases")
    }
    listings = {row["id"]: hub.case(row["id"])["listing"]["state"] for row in rows}
    return cases, kept, listings, [offence["overturned"] for offence in seller["offences"] if not offence["overturned"]]


def test_a_takedown_removes_the_listing_and_adds_an_offence(hub):
    case_id = hub.open_case()
    measure = {"kind": "seller_warned", "scope": "all", "days": None}
    receipt = hub.decide(hub.decision(hub.claim()[0], measure=measure))[0]
    assert hub.case(case_id)["listing"]["state"] == "removed"
    seller = hub.seller()
    assert (seller["standing"], seller["listings_removed"], seller["listings_live"]) == ("warned", 1, 9)
    offence = seller["offences"][0]
    assert (offence["ground"], offence["points"], offence["overturned"]) == ("counterfeit", 12, False)
    assert offence["expires_at"] == "2027-03-01T08:00:00.000Z"
    assert "Listing removed" in receipt["effects"]
    assert "Seller warned" in receipt["effects"]
    assert any("12 points" in words for words in receipt["effects"])


def test_points_merge_within_a_day_as_the_ladder_says(hub, clock):
    for _ in range(2):
        hub.open_case()
    first, second = hub.claim()
    hub.decide(hub.decision(first))
    clock.pass_(hours=2)
    assert any(words.startswith("0 points") for words in hub.decide(hub.decision(second))[0]["effects"])
    assert sum(offence["points"] for offence in hub.seller()["offences"]) == 12


@pytest.mark.parametrize(
    ("measure", "days", "standing"),
    [
        ("seller_warned", None, "warned"),
        ("seller_restricted", 7, "restricted"),
        ("account_suspended", 21, "suspended"),
        ("account_closed", None, "banned"),
    ],
)
def test_the_measure_makes_the_standing_and_its_end(hub, clock, measure, days, standing):
    hub.open_case()
    hub.decide(hub.decision(hub.claim()[0], measure={"kind": measure, "scope": "all", "days": days}))
    assert hub.seller()["standing"] == standing
    if days:
        assert hub.seller()["standing_until"].startswith("2026-03-")
        clock.pass_(days=days, seconds=1)
        assert (hub.seller()["standing"], hub.seller()["standing_until"]) == ("active", None)


def test_a_switched_off_measure_leaves_the_standing(hub):
    hub.open_case()
    hub.decide(hub.decision(hub.claim()[0], measure=None, measure_off_reason="First time, and honest."))
    assert hub.seller()["standing"] == "active"


def test_warn_and_restrict_do_at_least_what_they_say(hub):
    for seller in ("s1", "s2"):
        hub.open_case(seller=seller)
    first, second = hub.claim()
    hub.decide(hub.decision(first, "warn"))
    hub.decide(hub.decision(second, "restrict", measure={"kind": "seller_warned", "scope": "all", "days": None}))
    assert sorted(hub.seller(name)["standing"] for name in ("s1", "s2")) == ["restricted", "warned"]


def test_a_closed_account_raises_its_other_cases(hub):
    hub.open_case(priority=5)
    other = hub.open_case(priority=3)
    apart = hub.open_case(priority=3, seller="s2")
    first = hub.decision(hub.claim(count=1)[0], measure={"kind": "account_closed", "scope": "all", "days": None})
    receipt = hub.decide(first)[0]
    assert "1 other open case of this seller raised in priority" in receipt["effects"]
    assert hub.case(other)["priority"] == 103
    assert hub.case(apart)["priority"] == 3
    hub.decide(hub.supersede(first, "withdraw"))
    assert hub.case(other)["priority"] == 3


def test_the_worse_of_two_standings_stays_when_the_other_is_withdrawn(hub):
    for _ in range(2):
        hub.open_case()
    one, two = hub.claim()
    warned = hub.decision(one, measure={"kind": "seller_warned", "scope": "all", "days": None})
    closed = hub.decision(two, measure={"kind": "account_suspended", "scope": "all", "days": 21})
    hub.decide(warned, closed)
    hub.decide(hub.supersede(warned, "withdraw"))
    assert hub.seller()["standing"] == "suspended"
    hub.decide(hub.supersede(closed, "withdraw"))
    assert hub.seller()["standing"] == "active"


def test_a_clearing_keeps_listing_and_seller(hub):
    case_id = hub.open_case()
    hub.decide(hub.decision(hub.claim()[0], "clear"))
    assert hub.case(case_id)["listing"]["state"] == "live"
    assert hub.seller()["offences"] == []
    assert hub.case(case_id)["state"] == "decided"


KINDS = st.sampled_from(["takedown", "warn", "restrict", "clear", "escalate", "request_proof"])
MEASURES = st.sampled_from(
    [
        None,
        "seller_warned",
        "seller_restricted",
        "account_suspended",
        "account_closed",
        "listing_hidden",
        "refund_advised",
    ]
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kind=KINDS, measure=MEASURES, before=st.lists(st.tuples(KINDS, MEASURES), max_size=2))
def test_a_reversal_undoes_exactly_what_the_decision_did(hub, kind, measure, before):
    for _ in range(len(before) + 2):
        hub.open_case()
    leased = hub.claim(count=len(before) + 1)
    for (earlier, with_measure), item in zip(before, leased[1:], strict=True):
        hub.decide(hub.decision(item, earlier, measure=measure_of(with_measure)))
    hub.post("/v1/leases/release", {"leases": [released(leased[0])]})
    untouched = snapshot(hub)
    item = hub.claim(case_ids=[leased[0]["case"]["id"]])[0]
    decision = hub.decision(item, kind, measure=measure_of(measure))
    assert hub.decide(decision)[0]["status"] == "accepted"
    assert hub.decide(hub.supersede(decision, "withdraw"))[0]["status"] == "accepted"
    assert snapshot(hub) == untouched


def measure_of(kind):
    days = 7 if kind in ("seller_restricted", "account_suspended") else None
    return None if kind is None else {"kind": kind, "scope": "all", "days": days}


def released(item):
    return {"id": item["lease"]["id"], "token": item["lease"]["token"], "reason": "done_for_today"}


def two_cases_of_one_listing(hub):
    """A cleared case that is reopened after another flag opened a second one; the reopened first, with its revision."""
    first = hub.open_case("l-a")
    cleared = hub.decision(hub.claim()[0], "clear")
    hub.decide(cleared)
    second = hub.open_case("l-a")
    hub.decide(hub.supersede(cleared, "withdraw"))
    assert first != second
    return first, second


def test_a_takedown_settles_the_other_cases_of_its_listing_and_its_reversal_reopens_them(hub):
    first, second = two_cases_of_one_listing(hub)
    leased = hub.claim(case_ids=[first])[0]
    hub.claim("other", case_ids=[second])
    taken = hub.decision(leased)
    receipt = hub.decide(taken)[0]
    assert "1 other open case of this listing settled with it" in receipt["effects"]
    assert hub.case(second)["state"] == "withdrawn"
    receipt = hub.decide(hub.supersede(taken, "withdraw"))[0]
    assert "1 case of this listing reopened" in receipt["effects"]
    assert hub.case(second)["state"] == "open"


def test_within_one_batch_the_second_case_of_a_listing_is_gone(hub):
    first, second = two_cases_of_one_listing(hub)
    held = {item["case"]["id"]: item for item in hub.claim(case_ids=[first, second])}
    ruling, late = hub.decision(held[first]), hub.decision(held[second], "clear")
    assert [receipt["status"] for receipt in hub.decide(ruling, late)] == ["accepted", "gone"]
    again = hub.decision(held[second], "clear")
    back = hub.supersede(ruling, "withdraw")
    assert [receipt["status"] for receipt in hub.decide(back, again)] == ["accepted", "lease_lost"]


def test_a_measure_from_before_still_hides_the_listing_after_a_later_one_is_undone(hub):
    first, second = two_cases_of_one_listing(hub)
    hide = {"kind": "listing_hidden", "scope": "listing", "days": None}
    held = {item["case"]["id"]: item for item in hub.claim(case_ids=[first, second])}
    hub.decide(hub.decision(held[first], "warn", measure=hide))
    taken = hub.decision(held[second])
    hub.decide(taken)
    assert hub.case(first)["listing"]["state"] == "removed"
    hub.decide(hub.supersede(taken, "withdraw"))
    assert hub.case(first)["listing"]["state"] == "hidden"


def test_a_reversal_gives_back_the_points_that_the_decision_had_merged_away(hub, clock):
    for _ in range(2):
        hub.open_case()
    first, second = hub.claim()
    made = hub.decision(first)
    hub.decide(made)
    clock.pass_(minutes=5)
    hub.decide(hub.decision(second, ground="trademark"))
    assert sorted(row["points"] for row in hub.seller()["offences"]) == [0, 12]
    (receipt,) = hub.decide(hub.supersede(made, "withdraw"))
    assert "6 points count again for an earlier offence" in receipt["effects"]
    left = [row for row in hub.seller()["offences"] if not row["overturned"]]
    assert [(row["ground"], row["points"], row["full_points"]) for row in left] == [("trademark", 6, 6)]


def test_a_case_from_an_authority_is_due_sooner_than_its_ground_says(hub):
    flag = {"id": "fa", "source": "authority", "reason": "misleading", "at": "2026-03-01T07:00:00Z"}
    case_id = hub.open_case(flags=[flag])
    assert hub.case(case_id)["due_at"] == "2026-03-01T20:00:00.000Z"


def test_refund_advice_travels_is_told_and_goes_with_its_decision(hub) -> None:
    hub.open_case()
    made = hub.decision(hub.claim()[0], refund_months=6)
    (receipt,) = hub.decide(made)
    assert "Refund of buyers advised" in receipt["effects"]
    found = hub.get("/v1/sellers/s1/dossier")
    assert found["sales"]["refunds_advised"] == 1
    (event,) = [event for event in found["timeline"] if event["what"] == "decision"]
    assert event["words"] == "refund advised to buyers of the last 6 months"
    (stored,) = hub.get("/v1/decisions")["items"]
    assert stored["decision"]["refund_months"] == 6
    hub.decide(hub.supersede(made, "withdraw", refund_months=0))
    assert hub.get("/v1/sellers/s1/dossier")["sales"]["refunds_advised"] == 0
