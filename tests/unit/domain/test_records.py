"""Listings, sellers and decisions as values."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.domain.decision import Decision, DecisionKind, Measure, MeasureKind, decision_to_mapping
from reviewer.domain.facts import Fact, Side
from reviewer.domain.listing import revision_digest
from reviewer.domain.seller import Offence, Seller

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
OFFER: dict[str, Any] = {
    "title": "Bolso", "description": "nuevo", "brand": "Orle", "category": "bags", "price": "389.00",
    "currency": "MXN", "gtin": "4006381333931", "pictures": ["a" * 64, "b" * 64],
}  # fmt: skip


def test_the_revision_is_the_digest_of_what_a_buyer_sees() -> None:
    assert len(revision_digest(**OFFER)) == 64
    assert revision_digest(**OFFER) == revision_digest(**OFFER)


@pytest.mark.parametrize("key", sorted(OFFER))
def test_a_change_of_any_part_makes_another_revision(key: str) -> None:
    other = ["b" * 64, "a" * 64] if key == "pictures" else OFFER[key] + "x"
    assert revision_digest(**{**OFFER, key: other}) != revision_digest(**OFFER)


@given(st.text(st.characters()), st.text(st.characters()))
def test_text_that_moves_between_parts_makes_another_revision(one: str, two: str) -> None:
    first = revision_digest(**{**OFFER, "title": one, "description": two})
    second = revision_digest(**{**OFFER, "title": one + two, "description": ""})
    assert (first == second) == (two == "")


def decision(**changes: Any) -> Decision:
    values: dict[str, Any] = {
        "id": "d-1", "case_id": "c-1", "listing_id": "l-1", "revision": "r-1", "kind": DecisionKind.TAKEDOWN,
        "decided_at": NOW,
    } | changes  # fmt: skip
    return Decision(**values)


def test_a_decision_is_written_in_the_shape_of_the_queue_api() -> None:
    written = decision_to_mapping(
        decision(
            lease_id="lease", lease_token=7, ground="counterfeit", clause="IP-1", facts=("one", "two"), note="look",
            evidence=("a" * 64,), measure=Measure(MeasureKind.SELLER_RESTRICTED, "brand", 7), policy_version="v",
            seconds=11.23456,
        )
    )  # fmt: skip
    assert written == {
        "id": "d-1", "case_id": "c-1", "listing_id": "l-1", "revision": "r-1", "kind": "takedown",
        "decided_at": "2026-11-20T09:00:00.000Z", "lease": {"id": "lease", "token": 7}, "ground": "counterfeit",
        "clause": "IP-1", "facts": ["one", "two"], "note": "look", "evidence": ["a" * 64],
        "measure": {"kind": "seller_restricted", "scope": "brand", "days": 7}, "measure_off_reason": "",
        "policy_version": "v", "seconds": 11.235, "supersedes": "",
    }  # fmt: skip
    assert json.loads(json.dumps(written)) == written


def test_a_decision_that_supersedes_names_no_lease() -> None:
    written = decision_to_mapping(decision(kind=DecisionKind.WITHDRAW, supersedes="d-0"))
    assert written["lease"] is None
    assert written["measure"] is None
    assert written["supersedes"] == "d-0"


def test_points_count_until_they_expire_or_are_overturned() -> None:
    def offence(points: int, expires: datetime | None, *, overturned: bool = False) -> Offence:
        return Offence("d", NOW - timedelta(30), "takedown", "counterfeit", points, expires, overturned)

    seller = Seller(
        "s", "Seller",
        offences=(
            offence(1, None), offence(2, NOW + timedelta(1)), offence(4, NOW - timedelta(1)), offence(8, NOW),
            offence(16, None, overturned=True),
        ),
    )  # fmt: skip
    assert seller.points_at(NOW) == 3
    assert seller.points_at(NOW - timedelta(2)) == 15


def test_a_fact_fills_its_places() -> None:
    fact = Fact("price", Side.FOR, 0.9, "{percent} % under the list price", {"percent": "97"})
    assert fact.sentence() == "97 % under the list price"
