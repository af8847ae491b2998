"""The strike ladder: what the points come to and what is due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.domain.decision import AGAINST_SELLER, DecisionKind, Measure, MeasureKind
from reviewer.domain.seller import Offence
from reviewer.policy.ladder import LadderStep, ladder_step
from reviewer.policy.policy import policy_from_toml
from reviewer.resources import resources_folder

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
POLICY = policy_from_toml((resources_folder() / "policies.toml").read_text("utf-8"))
GROUNDS = [ground.id for ground in POLICY.grounds]


def offence(days: float, points: int, ground: str = "trademark", **changes: object) -> Offence:
    at = NOW - timedelta(days=days)
    made = Offence(f"d-{days}-{points}-{ground}-{changes}", at, "takedown", ground, points, at + timedelta(days=365))
    return replace(made, **changes)  # type: ignore[arg-type]


def step(offences: Sequence[Offence], ground: str, kind: DecisionKind = DecisionKind.TAKEDOWN) -> LadderStep:
    return ladder_step(POLICY, offences, kind, ground, NOW)


OFFENCES = st.lists(
    st.builds(
        offence,
        st.floats(0, 800),
        st.integers(0, 48),
        st.sampled_from(GROUNDS),
        overturned=st.booleans(),
    ),
    max_size=8,
)


@given(OFFENCES, st.randoms(), st.sampled_from(GROUNDS), st.sampled_from(list(AGAINST_SELLER)))
def test_the_order_of_the_offences_does_not_matter(
    offences: list[Offence], random: object, ground: str, kind: DecisionKind
) -> None:
    shuffled = list(offences)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert step(offences, ground, kind) == step(shuffled, ground, kind)


@given(OFFENCES, st.sampled_from(GROUNDS))
def test_the_numbers_fit_together(offences: list[Offence], ground: str) -> None:
    found = step(offences, ground)
    assert found.after == found.before + found.adds
    assert found.adds >= 0
    assert found.before == sum(row.points for row in found.counting)
    assert sorted(map(repr, (*found.counting, *found.expired))) == sorted(map(repr, offences))
    assert found.next_points is None or found.next_points > found.after


@given(OFFENCES, st.sampled_from(GROUNDS))
def test_what_is_overturned_or_expired_or_before_the_window_never_counts(offences: list[Offence], ground: str) -> None:
    counting = [row for row in offences if not row.overturned and NOW - row.at < timedelta(days=365)]
    found = step(offences, ground)
    alone = step(counting, ground)
    assert (found.before, found.adds, found.after, found.due) == (alone.before, alone.adds, alone.after, alone.due)


@given(OFFENCES, st.sampled_from([kind for kind in DecisionKind if kind not in AGAINST_SELLER]))
def test_what_does_not_stand_against_the_seller_adds_nothing(offences: list[Offence], kind: DecisionKind) -> None:
    found = step(offences, "counterfeit", kind)
    assert (found.adds, found.due, found.reason) == (0, None, "")
    assert found.after == found.before


@pytest.mark.parametrize(
    ("points", "due", "following"),
    [
        (0, MeasureKind.SELLER_WARNED, 12),
        (4, MeasureKind.SELLER_WARNED, 12),
        (6, MeasureKind.SELLER_RESTRICTED, 24),
        (18, MeasureKind.SELLER_RESTRICTED, 36),
        (30, MeasureKind.ACCOUNT_SUSPENDED, 48),
        (42, MeasureKind.ACCOUNT_CLOSED, None),
    ],
)
def test_the_highest_threshold_reached_is_due(points: int, due: MeasureKind, following: int | None) -> None:
    found = step([offence(10, points)], "trademark")
    assert found.after == points + 6
    assert found.due is not None
    assert found.due.kind is due
    assert found.next_points == following
    assert f"{points} + 6 = {points + 6} points" in found.reason


def test_below_the_first_threshold_nothing_is_due() -> None:
    found = ladder_step(replace(POLICY, thresholds=()), [], DecisionKind.WARN, "misleading", NOW)
    assert (found.after, found.due, found.next_points) == (2, None, None)


def test_an_unknown_ground_adds_nothing() -> None:
    assert step([offence(3, 6)], "unheard of").adds == 0


def test_decisions_within_a_day_give_the_highest_points_once() -> None:
    assert step([offence(0.5, 6)], "trademark").adds == 0
    assert step([offence(0.5, 2)], "trademark").adds == 4
    assert step([offence(0.5, 12)], "misleading").adds == 0
    assert step([offence(1.1, 6)], "trademark").adds == 6


def test_a_day_gives_no_more_than_the_cap() -> None:
    unmerged = replace(POLICY, merge_hours=0)
    found = ladder_step(unmerged, [offence(0.3, 10)], DecisionKind.TAKEDOWN, "trademark", NOW)
    assert found.adds == 2
    assert ladder_step(unmerged, [offence(0.3, 12)], DecisionKind.TAKEDOWN, "trademark", NOW).adds == 0


def test_a_ground_above_the_cap_gives_its_points_whole() -> None:
    assert step([], "banned_seller").adds == 48
    assert step([], "banned_seller").due == Measure(MeasureKind.ACCOUNT_CLOSED, "all", None)


@given(OFFENCES, st.sampled_from([row.id for row in POLICY.grounds if row.points <= POLICY.daily_cap]))
def test_no_day_is_ever_counted_above_the_cap_by_an_ordinary_ground(offences: list[Offence], ground: str) -> None:
    found = step(offences, ground)
    today = sum(row.points for row in found.counting if NOW - row.at < timedelta(days=1))
    assert today + found.adds <= max(POLICY.daily_cap, today)


def test_the_third_counterfeit_suspends_whatever_the_points() -> None:
    found = step([offence(200, 0, "counterfeit"), offence(100, 0, "counterfeit")], "counterfeit")
    assert found.after == 12
    assert found.due == Measure(MeasureKind.ACCOUNT_SUSPENDED, "all", 21)
    assert found.reason == "3 offences on counterfeit reach the immediate threshold"
    overturned = offence(100, 0, "counterfeit", overturned=True)
    assert step([offence(200, 0, "counterfeit"), overturned], "counterfeit").due == POLICY.thresholds[1].measure
    assert step([offence(200, 0, "counterfeit"), offence(100, 0, "counterfeit")], "trademark").after == 6


def test_the_immediate_measure_never_softens_a_graver_one() -> None:
    found = step([offence(200, 24, "counterfeit"), offence(100, 24, "counterfeit")], "counterfeit")
    assert found.due is not None
    assert found.due.kind is MeasureKind.ACCOUNT_CLOSED


def test_an_offence_leaves_the_window_and_comes_to_its_end() -> None:
    assert step([offence(364, 6)], "trademark").before == 6
    assert step([offence(366, 6, expires_at=None)], "trademark").before == 0
    assert step([offence(10, 6, expires_at=NOW)], "trademark").before == 0
    assert step([offence(10, 6, expires_at=NOW + timedelta(seconds=1))], "trademark").before == 6
