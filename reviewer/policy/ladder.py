"""The strike ladder: from the points that count to the measure that is due.  It proposes only.

What an offence counts follows from the offences alone, in the order of their times: whoever hears of them in
another order, or hears later that one was reversed, comes to the same sum.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from reviewer.domain.decision import AGAINST_SELLER, DecisionKind, Measure
from reviewer.domain.seller import Offence
from reviewer.policy.model import Policy

_DAY = timedelta(days=1)


class Counted(StrEnum):
    """What became of an offence on the ladder."""

    COUNTS = "counts"
    MERGED = "merged"
    CAPPED = "capped"
    EXPIRED = "expired"
    OVERTURNED = "overturned"


@dataclass(frozen=True, slots=True)
class LadderLine:
    """One line of the ladder's sum: an offence, what became of it, and the points that it counts."""

    offence: Offence
    state: Counted
    points: int


@dataclass(frozen=True, slots=True)
class LadderStep:
    """What a decision would do on the ladder.

    `before` and `after` are points that count; `adds` is what this decision adds after merging and the
    daily cap; `due` is the measure due at `after` (None below the first threshold); `next_points` is
    the next threshold above `after`, or None at the top; `counting` and `expired` are offences, those
    overturned among the latter; `lines` say of each what became of it, oldest first.
    """

    before: int
    adds: int
    after: int
    due: Measure | None
    next_points: int | None
    counting: tuple[Offence, ...]
    expired: tuple[Offence, ...]
    reason: str
    lines: tuple[LadderLine, ...] = ()


def settled(policy: Policy, offences: Iterable[Offence]) -> tuple[Offence, ...]:
    """The offences in the order of their times, each with the points that it counts.

    Where `full_points` are known, an offence counts them less what those within `merge_hours` before it
    count already (so that together they count the highest), and no more than `daily_cap` within one day,
    unless its ground alone has more.  What is overturned takes nothing from the others.
    """
    ordered = sorted(offences, key=lambda offence: (offence.at, offence.decision_id))
    standing: list[Offence] = []
    made: list[Offence] = []
    for offence in ordered:
        if offence.overturned:
            made.append(offence if offence.full_points is None else replace(offence, points=offence.full_points))
            continue
        if offence.full_points is not None:
            points = _points(policy, standing, offence.full_points, offence.at)
            if points != offence.points:
                offence = replace(offence, points=points)
        standing.append(offence)
        made.append(offence)
    return tuple(made)


def ladder_step(
    policy: Policy, offences: Iterable[Offence], kind: DecisionKind, ground_id: str, now: datetime
) -> LadderStep:
    """Where a decision of this kind on this ground would bring the seller, at that time.

    Pure: the order of the offences does not matter.  A decision that does not stand against the seller
    adds nothing and has nothing due.
    """
    everything = settled(policy, offences)
    lines = tuple(_line(policy, offence, now) for offence in everything)
    gone = (Counted.EXPIRED, Counted.OVERTURNED)
    counting = tuple(line.offence for line in lines if line.state not in gone)
    expired = tuple(line.offence for line in lines if line.state in gone)
    before = sum(offence.points for offence in counting)
    ground = policy.ground(ground_id)
    if kind not in AGAINST_SELLER or ground is None:
        return LadderStep(before, 0, before, None, _next(policy, before), counting, expired, "", lines)
    adds = _points(policy, [offence for offence in everything if not offence.overturned], ground.points, now)
    after = before + adds
    due, reason = None, f"{before} + {adds} = {after} points"
    for threshold in policy.thresholds:
        if after >= threshold.points:
            due, reason = threshold.measure, f"{before} + {adds} = {after} points, {threshold.points} reached"
    for immediate in policy.immediates:
        count = 1 + sum(offence.ground == ground_id for offence in counting)
        if immediate.ground == ground_id and count >= immediate.offences and _is_graver(immediate.measure, due):
            due, reason = (
                immediate.measure,
                f"{count} offences on {ground.title.lower()} reach the immediate threshold",
            )
    return LadderStep(before, adds, after, due, _next(policy, after), counting, expired, reason, lines)


_GRAVITY = ("listing_hidden", "listing_removed", "refund_advised", "seller_warned", "seller_restricted",
            "account_suspended", "account_closed")  # fmt: skip


def _is_graver(measure: Measure, than: Measure | None) -> bool:
    return than is None or _GRAVITY.index(measure.kind) > _GRAVITY.index(than.kind)


def _next(policy: Policy, points: int) -> int | None:
    return next((threshold.points for threshold in policy.thresholds if threshold.points > points), None)


def _line(policy: Policy, offence: Offence, now: datetime) -> LadderLine:
    opened = now - timedelta(days=policy.window_of(offence.ground))
    if offence.overturned:
        return LadderLine(offence, Counted.OVERTURNED, 0)
    if not (offence.counts_at(now) and offence.at > opened):
        return LadderLine(offence, Counted.EXPIRED, 0)
    full = offence.full_points
    if full is not None and offence.points < full:
        return LadderLine(offence, Counted.CAPPED if offence.points else Counted.MERGED, offence.points)
    return LadderLine(offence, Counted.COUNTS, offence.points)


def _points(policy: Policy, before: list[Offence], points: int, at: datetime) -> int:
    """A ground's points less what merging and the daily cap take away; `before` are standing, in order."""
    merging = timedelta(hours=policy.merge_hours)
    merged = today = 0
    for offence in reversed(before):
        gap = at - offence.at
        if gap >= merging and gap >= _DAY:
            break
        merged += offence.points if gap < merging else 0
        today += offence.points if gap < _DAY else 0
    adds = max(0, points - merged) if merged else points
    return max(0, min(adds, policy.daily_cap - today)) if points <= policy.daily_cap else adds
