"""Policy as data: read from TOML or from a server's JSON, with all faults named at once."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reviewer.domain.decision import DecisionKind, Measure, MeasureKind
from reviewer.errors import OperatorError


@dataclass(frozen=True, slots=True)
class Ground:
    """A reason that a decision may name.  `action` is the decision that one key makes with it."""

    id: str
    title: str
    description: str
    clause: str
    action: DecisionKind
    points: int
    sla_hours: int
    evidence: tuple[str, ...] = ()
    proof_can_cure: bool = False
    dsa_category: str = ""
    dsa_keyword: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Threshold:
    """From this many points on, this measure is due."""

    points: int
    measure: Measure


@dataclass(frozen=True, slots=True)
class Immediate:
    """From this many counting offences on one ground on, this measure is due whatever the points."""

    ground: str
    offences: int
    measure: Measure


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules in force.  `version` goes into every decision."""

    version: str
    window_days: int
    merge_hours: int
    daily_cap: int
    grounds: tuple[Ground, ...]
    thresholds: tuple[Threshold, ...]
    immediates: tuple[Immediate, ...]

    def ground(self, ground_id: str) -> Ground | None:
        """The ground of that id, or None where a server speaks of one that is not in these rules."""
        return next((ground for ground in self.grounds if ground.id == ground_id), None)


def policy_from_toml(text: str, source: str = "policies.toml") -> Policy:
    """A policy from TOML; raises `OperatorError` naming every fault by table and key."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise OperatorError(f"{source} is not valid TOML: {error}. Mend it or put the shipped file back.") from None
    return policy_from_mapping(data, source)


def policy_from_mapping(data: Mapping[str, Any], source: str) -> Policy:
    """A policy from the tables of `policies.toml`, in TOML's or in JSON's types.

    Raises `OperatorError` naming every fault by table and key.  Unknown keys are left alone, so that a
    newer server's rules can be read.
    """
    reader = _Reader()
    grounds = tuple(_ground(reader.table(row, "ground", place)) for place, row in reader.rows(data, "ground"))
    thresholds = tuple(
        Threshold(table.integer("points", 1), _measure(table))
        for table in (reader.table(row, "threshold", place) for place, row in reader.rows(data, "threshold"))
    )
    immediates = tuple(
        Immediate(table.text("ground"), table.integer("offences", 1), _measure(table))
        for table in (reader.table(row, "immediate", place) for place, row in reader.rows(data, "immediate"))
    )
    top = reader.table(data, "", 0)
    policy = Policy(
        version=top.text("version"),
        window_days=top.integer("window_days", 1),
        merge_hours=top.integer("merge_hours", 0),
        daily_cap=top.integer("daily_cap", 1),
        grounds=grounds,
        thresholds=tuple(sorted(thresholds, key=lambda threshold: threshold.points)),
        immediates=immediates,
    )
    _check_meaning(policy, reader.faults)
    if reader.faults:
        listed = "\n".join(f"  {fault}" for fault in reader.faults)
        raise OperatorError(f"{source} has {len(reader.faults)} fault(s); whoever keeps it must mend them:\n{listed}")
    return policy


def policy_to_mapping(policy: Policy) -> dict[str, Any]:
    """The tables of a policy in JSON's types: what `policy_from_mapping` reads."""

    def measure(value: Measure) -> dict[str, Any]:
        days = {} if value.days is None else {"days": value.days}
        return {"measure": value.kind.value, "scope": value.scope, **days}

    return {
        "version": policy.version,
        "window_days": policy.window_days,
        "merge_hours": policy.merge_hours,
        "daily_cap": policy.daily_cap,
        "ground": [
            {
                "id": ground.id,
                "title": ground.title,
                "description": ground.description,
                "clause": ground.clause,
                "action": ground.action.value,
                "points": ground.points,
                "sla_hours": ground.sla_hours,
                "evidence": list(ground.evidence),
                "proof_can_cure": ground.proof_can_cure,
                "dsa_category": ground.dsa_category,
                "dsa_keyword": ground.dsa_keyword,
                "key": ground.key,
            }
            for ground in policy.grounds
        ],
        "threshold": [{"points": row.points, **measure(row.measure)} for row in policy.thresholds],
        "immediate": [
            {"ground": row.ground, "offences": row.offences, **measure(row.measure)} for row in policy.immediates
        ],
    }


class _Table:
    """One table while it is read: wrong keys become faults, and a stand-in value keeps the reading going."""

    def __init__(self, row: Mapping[str, Any], name: str, faults: list[str]) -> None:
        self.row = row
        self.name = name
        self.faults = faults

    def fault(self, key: str, words: str) -> None:
        self.faults.append(f"{self.name}{key}: {words}")

    def text(self, key: str, default: str | None = None) -> str:
        value = self.row.get(key, default)
        if not isinstance(value, str) or (default is None and not value):
            self.fault(key, "is missing" if key not in self.row else "must be a text that is not empty")
            return ""
        return value

    def integer(self, key: str, least: int) -> int:
        value = self.row.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            self.fault(key, "is missing" if key not in self.row else f"must be a whole number of at least {least}")
            return least
        return value

    def flag(self, key: str) -> bool:
        value = self.row.get(key, False)
        if not isinstance(value, bool):
            self.fault(key, "must be true or false")
            return False
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.row.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.fault(key, "must be a list of texts")
            return ()
        return tuple(value)


class _Reader:
    def __init__(self) -> None:
        self.faults: list[str] = []

    def rows(self, data: Mapping[str, Any], name: str) -> list[tuple[int, Mapping[str, Any]]]:
        rows = data.get(name, [])
        if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
            self.faults.append(f"[[{name}]]: must be a list of tables")
            return []
        return list(enumerate(rows, start=1))

    def table(self, row: Mapping[str, Any], name: str, place: int) -> _Table:
        label = f"[[{name}]] {row.get('id') or f'number {place}'}, " if name else ""
        return _Table(row, label, self.faults)


def _ground(table: _Table) -> Ground:
    action = table.text("action")
    if action and action not in set(DecisionKind) - {DecisionKind.WITHDRAW}:
        table.fault("action", f"no such decision: {action!r}")
    return Ground(
        id=table.text("id"),
        title=table.text("title"),
        description=table.text("description", ""),
        clause=table.text("clause", ""),
        action=DecisionKind(action) if action in set(DecisionKind) else DecisionKind.TAKEDOWN,
        points=table.integer("points", 0),
        sla_hours=table.integer("sla_hours", 1),
        evidence=table.texts("evidence"),
        proof_can_cure=table.flag("proof_can_cure"),
        dsa_category=table.text("dsa_category", ""),
        dsa_keyword=table.text("dsa_keyword", ""),
        key=table.text("key", ""),
    )


def _measure(table: _Table) -> Measure:
    kind = table.text("measure")
    if kind and kind not in set(MeasureKind):
        table.fault("measure", f"no such measure: {kind!r}")
    scope = table.text("scope", "all")
    if scope not in ("listing", "brand", "category", "all"):
        table.fault("scope", "must be listing, brand, category or all")
    days = table.integer("days", 1) if "days" in table.row else None
    return Measure(MeasureKind(kind) if kind in set(MeasureKind) else MeasureKind.SELLER_WARNED, scope, days)


def _check_meaning(policy: Policy, faults: list[str]) -> None:
    if not policy.grounds:
        faults.append("[[ground]]: there must be at least one")
    seen: set[str] = set()
    keys: dict[str, str] = {}
    for ground in policy.grounds:
        if ground.id in seen:
            faults.append(f"[[ground]] {ground.id}, id: stands twice")
        seen.add(ground.id)
        if ground.key and (len(ground.key) != 1 or not ("A" <= ground.key <= "Z")):
            faults.append(f"[[ground]] {ground.id}, key: must be one letter A to Z")
        elif ground.key in keys:
            faults.append(f"[[ground]] {ground.id}, key: {ground.key} is also the key of {keys[ground.key]}")
        elif ground.key:
            keys[ground.key] = ground.id
    points = [threshold.points for threshold in policy.thresholds]
    for doubled in sorted({value for value in points if points.count(value) > 1}):
        faults.append(f"[[threshold]] points: {doubled} stands twice")
    for immediate in policy.immediates:
        if immediate.ground not in seen:
            faults.append(f"[[immediate]] ground: no such ground: {immediate.ground!r}")
