"""Faults of meaning: tables that are of the right shape and yet contradict themselves or the law."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from reviewer.domain.decision import AGAINST_SELLER, Measure, MeasureKind
from reviewer.policy.model import Ground, Policy
from reviewer.policy.statement_lists import keywords_of

#: The measures that a ladder may make due, the lightest first.
LADDER_KINDS = (
    MeasureKind.SELLER_WARNED,
    MeasureKind.SELLER_RESTRICTED,
    MeasureKind.ACCOUNT_SUSPENDED,
    MeasureKind.ACCOUNT_CLOSED,
)

#: What stands in the place of a measure that could not be read: its fault is named already.
UNREADABLE = Measure(MeasureKind.SELLER_WARNED, "all", None)


def check_meaning(policy: Policy, faults: list[str], *, strict: bool) -> None:
    """Adds every fault; those of `strict` only where a person keeps the file."""
    faults += _ground_faults(policy.grounds)
    points = [threshold.points for threshold in policy.thresholds]
    faults += [f"[[threshold]] points: {doubled} stands twice" for doubled in _doubled(points)]
    known = {ground.id for ground in policy.grounds}
    for immediate in policy.immediates:
        if immediate.ground and immediate.ground not in known:
            faults.append(f"[[immediate]] ground: no such ground: {immediate.ground!r}")
    if strict:
        named = {fault.partition(": ")[0] for fault in faults}
        found = (*_strict_ground_faults(policy), *_ladder_faults(policy), *_other_faults(policy, known))
        faults += [fault for fault in found if fault.partition(": ")[0] not in named]


def _doubled(values: Iterable[int]) -> list[int]:
    return sorted(value for value, count in Counter(values).items() if count > 1)


def _ground_faults(grounds: tuple[Ground, ...]) -> Iterable[str]:
    if not grounds:
        yield "[[ground]]: there must be at least one"
    seen: set[str] = set()
    keys: dict[str, str] = {}
    for ground in grounds:
        if ground.id and ground.id in seen:
            yield f"[[ground]] {ground.id}, id: stands twice"
        seen.add(ground.id)
        if ground.key and (len(ground.key) != 1 or not ("A" <= ground.key <= "Z")):
            yield f"[[ground]] {ground.id}, key: must be one letter A to Z"
        elif ground.key in keys:
            yield f"[[ground]] {ground.id}, key: {ground.key} is also the key of {keys[ground.key]}"
        elif ground.key:
            keys[ground.key] = ground.id


def _strict_ground_faults(policy: Policy) -> Iterable[str]:
    for ground in policy.grounds:
        name = f"[[ground]] {ground.id}, "
        if ground.points and ground.action not in AGAINST_SELLER:
            yield f"{name}points: {ground.action.value} does not stand against the seller and gives no points"
        if ground.dsa_keyword and not ground.dsa_category:
            yield f"{name}dsa_category: is missing where there is a dsa_keyword"
        allowed = keywords_of(ground.dsa_category)
        if ground.dsa_keyword and allowed is not None and ground.dsa_keyword not in allowed:
            yield f"{name}dsa_keyword: {ground.dsa_keyword} does not belong to {ground.dsa_category}"
        if ground.illegal and not ground.law.strip():
            yield f"{name}law: is missing where the ground is illegal"
        if ground.action in AGAINST_SELLER and not ground.clause.strip() and not ground.law.strip():
            yield f"{name}clause: is missing: a decision must name a clause of the terms or a law"


def _ladder_faults(policy: Policy) -> Iterable[str]:
    if policy.merge_hours > policy.window_days * 24:
        yield f"merge_hours: {policy.merge_hours} hours are longer than the window of {policy.window_days} days"
    heaviest = -1
    for threshold in policy.thresholds:
        name = f"[[threshold]] {threshold.points} points, "
        if threshold.measure is UNREADABLE:
            continue
        yield from _measure_faults(name, threshold.measure)
        if threshold.measure.kind in LADDER_KINDS:
            weight = LADDER_KINDS.index(threshold.measure.kind)
            if weight < heaviest:
                yield f"{name}measure: {threshold.measure.kind.value} is lighter than what fewer points make due"
            heaviest = max(heaviest, weight)
    for immediate in policy.immediates:
        if immediate.measure is UNREADABLE:
            continue
        yield from _measure_faults(f"[[immediate]] {immediate.ground}, ", immediate.measure)
    pairs = Counter((immediate.ground, immediate.offences) for immediate in policy.immediates)
    for (ground, offences), count in pairs.items():
        if count > 1:
            yield f"[[immediate]] {ground}, offences: {offences} stands twice"


def _measure_faults(name: str, measure: Measure) -> Iterable[str]:
    kind = measure.kind
    if kind not in LADDER_KINDS:
        yield f"{name}measure: {kind.value} is not a measure on the seller"
    elif kind is MeasureKind.ACCOUNT_SUSPENDED and measure.days is None:
        yield f"{name}days: is missing: a suspension has an end (account_closed has none)"
    elif kind in (MeasureKind.ACCOUNT_CLOSED, MeasureKind.SELLER_WARNED) and measure.days is not None:
        yield f"{name}days: {kind.value} has no end, so it has no days"
    if measure.scope == "listing":
        yield f"{name}scope: a measure on the seller is for a brand, a category or all"


def _other_faults(policy: Policy, known: set[str]) -> Iterable[str]:
    names = Counter(sign.id for sign in policy.signs)
    yield from (f"[[sign]] {name}, id: stands twice" for name, count in names.items() if count > 1)
    goods = Counter(row.id for row in policy.goods)
    yield from (f"[[goods]] {name}, id: stands twice" for name, count in goods.items() if count > 1)
    for row in policy.due_times:
        if row.ground and row.ground not in known:
            yield f"[[due_time]] {row.source}, ground: no such ground: {row.ground!r}"
    pairs = Counter((row.source, row.ground) for row in policy.due_times)
    yield from (f"[[due_time]] {source}, source: stands twice" for (source, _), count in pairs.items() if count > 1)
    if policy.proofs.ground not in known:
        yield f"[proofs] ground: no such ground: {policy.proofs.ground!r}"
    if not policy.proofs.documents:
        yield "[proofs] documents: must name at least one"
