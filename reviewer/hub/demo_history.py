"""Careers of made-up sellers: what was decided against them earlier, and where it has brought them."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from reviewer.hub.seeding import SeededCase, SeededDecision, SeededSeller
from reviewer.policy.policy import Policy

MakeCase = Callable[[SeededSeller, int, str | None], SeededCase]

#: Careers: for each profile how many past decisions, and what they were.
_CAREERS = {
    "spotless": (0, 1),
    "private": (0, 1),
    "new": (0, 0),
    "mixed": (1, 3),
    "repeat": (2, 5),
    "banned": (5, 6),
    "back": (0, 0),
}
_ENDS: dict[str, tuple[tuple[str, str, int | None], ...]] = {
    "mixed": (("seller_warned", "all", None), ("seller_restricted", "brand", 7)),
    "repeat": (("seller_warned", "all", None), ("seller_restricted", "category", 14), ("account_suspended", "all", 21)),
    "banned": (("account_closed", "all", None),),
}


_WARNED: tuple[str, str, int | None] = ("seller_warned", "all", None)
_FIRST_NUMBER = 9_000
#: Share of the repeat offenders whose last measure still lasts.
_RECENT = 0.7


def make_history(
    rng: random.Random, now: datetime, policy: Policy, sellers: Sequence[SeededSeller], make: MakeCase
) -> list[SeededDecision]:
    """Past decisions of each career, the oldest first, some overturned; the last gives the standing.

    `make` gives a case of a seller for a number and a scenario (None: whatever fits the seller).
    """
    made: list[SeededDecision] = []
    for seller in sellers:
        age = max(2, min((now - seller.joined).days, 420))
        count = rng.randint(*_CAREERS[seller.profile])
        days = sorted((rng.randint(1, age) for _ in range(count)), reverse=True)
        if seller.profile == "repeat" and rng.random() < _RECENT:
            days[-1] = rng.randint(1, 5)
        for place, back in enumerate(days):
            scenario = "used" if seller.profile in ("spotless", "private") else None
            case = make(seller, _FIRST_NUMBER + len(made), scenario)
            at = now - timedelta(days=back, minutes=rng.randint(10, 1200))
            made.append(_decided(rng, policy, seller, case, at, last=place == len(days) - 1))
    return made


def _decided(
    rng: random.Random, policy: Policy, seller: SeededSeller, case: SeededCase, at: datetime, *, last: bool
) -> SeededDecision:
    bad = seller.profile in ("mixed", "repeat", "banned")
    kind = rng.choice(("takedown", "takedown", "warn")) if bad else rng.choice(("clear", "warn"))
    ground_id = case.flags[0].reason if kind == "takedown" else "misleading"
    measure = rng.choice(_ENDS.get(seller.profile, (_WARNED,))) if last else _WARNED
    if seller.profile == "banned" and last:
        kind, ground_id = "takedown", "counterfeit"
    ground = policy.ground(ground_id)
    overturned = kind != "clear" and not last and rng.random() < 0.15
    opened = at - timedelta(hours=rng.randint(2, 30))
    return SeededDecision(
        id=str(uuid.UUID(int=rng.getrandbits(128), version=4)),
        case=replace(case, opened=opened, due=opened + timedelta(hours=24), previous=None),
        kind=kind,
        ground="" if kind == "clear" else ground_id,
        at=at,
        reviewer_id=rng.choice(("reviewer", "reviewer-2", "lead")),
        points=ground.points if ground and kind != "clear" else 0,
        overturned=overturned,
        measure=None if kind == "clear" else measure,
        refund=seller.profile == "banned" and last,
    )
