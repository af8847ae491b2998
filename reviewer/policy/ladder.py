"""The strike ladder: from the points that count to the measure that is due.  It proposes only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from reviewer.domain.decision import AGAINST_SELLER, DecisionKind, Measure
from reviewer.domain.seller import Offence
from reviewer.policy.policy import Policy


@dataclass(frozen=True, slots=True)
class LadderStep:
    """What a decision would do on the ladder.

    `before` and `after` are points that count; `adds` is what this decision adds after merging and the
    daily cap; `due` is the measure due at `after` (None below the first threshold); `next_points` is
    the next threshold above `after`, or None at the top; `counting` and `expired` are offences.
    """

    before: int
    adds: int
    after: int
    due: Measure | None
    next_points: int | None
    counting: tuple[Offence, ...]
    expired: tuple[Offence, ...]
    reason: str


def ladder_step(
    policy: Policy, offences: Iterable[Offence], kind: DecisionKind, ground_id: str, now: datetime
) -> LadderStep:
    """Where a decision of this kind on this ground would bring the seller, at that time.

    Pure: the order of the offences does not matter.  A decision that does not stand against the seller
    adds nothing and has nothing due.
    """
    opened = now - timedelta(days=policy.window_days)
    everything = tuple(sorted(offences, key=lambda offence: (offence.at, offence.decision_id)))
    counting = tuple(offence for offence in everything if offence.counts_at(now) and offence.at > opened)
    expired = tuple(offence for offence in everything if not (offence.counts_at(now) and offence.at > opened))
    before = sum(offence.points for offence in counting)
    ground = policy.ground(ground_id)
    if kind not in AGAINST_SELLER or ground is None:
        return LadderStep(before, 0, before, None, _next(policy, before), counting, expired, "")
    adds = _points_added(policy, counting, ground.points, now)
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
    return LadderStep(before, adds, after, due, _next(policy, after), counting, expired, reason)


_GRAVITY = ("listing_hidden", "listing_removed", "refund_advised", "seller_warned", "seller_restricted",
            "account_suspended", "account_closed")  # fmt: skip


def _is_graver(measure: Measure, than: Measure | None) -> bool:
    return than is None or _GRAVITY.index(measure.kind) > _GRAVITY.index(than.kind)


def _next(policy: Policy, points: int) -> int | None:
    return next((threshold.points for threshold in policy.thresholds if threshold.points > points), None)


def _points_added(policy: Policy, counting: tuple[Offence, ...], points: int, now: datetime) -> int:
    """The ground's points less what merging and the daily cap take away."""
    merging = timedelta(hours=policy.merge_hours)
    merged = sum(offence.points for offence in counting if now - offence.at < merging)
    adds = max(0, points - merged) if merged else points
    today = sum(offence.points for offence in counting if now - offence.at < timedelta(days=1))
    return max(0, min(adds, policy.daily_cap - today)) if points <= policy.daily_cap else adds
