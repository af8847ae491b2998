"""Policy as data: read from TOML or from a server's JSON, with all faults named at once by table and key."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import lru_cache
from typing import Any

from reviewer.domain.case import FlagSource
from reviewer.domain.decision import DecisionKind, Measure, MeasureKind
from reviewer.errors import OperatorError
from reviewer.policy.meaning import UNREADABLE, check_meaning
from reviewer.policy.model import (
    AppealRules,
    DueTime,
    Goods,
    Ground,
    Immediate,
    NoticeRules,
    Policy,
    ProofRules,
    Sign,
    Threshold,
)
from reviewer.policy.rules import RULES
from reviewer.policy.statement_lists import categories, keywords
from reviewer.policy.tables import Reader, Table
from reviewer.resources import resources_folder

__all__ = ["Ground", "Immediate", "Policy", "Sign", "Threshold", "policy_faults", "policy_from_mapping",
           "policy_from_toml", "policy_to_mapping", "shipped_policy"]  # fmt: skip

_SCOPES = ("listing", "brand", "category", "all")
_EVIDENCE = ("picture", "document", "authentication_point", "test_purchase")
_TOP = ("base", "ground", "threshold", "immediate", "sign", "due_time", "notices", "proofs", "appeals", "goods")
#: What a preset or a house's file may start from: the shipped file, named so.
_BASE = "shipped"
_NUMBERS = ("window_days", "merge_hours", "daily_cap")


def policy_from_toml(text: str, source: str = "policies.toml") -> Policy:
    """A policy from a file that a person keeps; raises `OperatorError` naming every fault by table and key."""
    policy, faults = policy_faults(text)
    if policy is None or faults:
        if faults and faults[0].startswith(_NO_TOML):
            why = faults[0].removeprefix(_NO_TOML)
            raise OperatorError(f"{source} is not valid TOML: {why}. Mend it or put the shipped file back.")
        raise OperatorError(_words(source, faults))
    return policy


_NO_TOML = "not valid TOML: "


def policy_faults(text: str) -> tuple[Policy | None, tuple[str, ...]]:
    """A policy from TOML and all faults of it by table and key; the policy is None where there are faults."""
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return None, (f"{_NO_TOML}{error}",)
    reader = Reader(strict=True)
    policy = _read(_on_base(data, reader), reader)
    return (None if reader.faults else policy), tuple(dict.fromkeys(reader.faults))


def policy_from_mapping(data: Mapping[str, Any], source: str) -> Policy:
    """A policy from the tables of `policies.toml` as a server sends them, in TOML's or in JSON's types.

    Raises `OperatorError` naming every fault by table and key.  Unknown keys are left alone, so that a
    newer server's rules can be read; signs and statement lists that are unknown here are passed over.
    """
    reader = Reader(strict=False)
    policy = _read(data, reader)
    if reader.faults:
        raise OperatorError(_words(source, reader.faults))
    return policy


def shipped_policy() -> Policy:
    """The rules that ship with the program."""
    path = resources_folder() / "policies.toml"
    return policy_from_toml(path.read_text("utf-8"), str(path))


@lru_cache(maxsize=1)
def _shipped_tables() -> dict[str, Any]:
    return tomllib.loads((resources_folder() / "policies.toml").read_text("utf-8"))


def _words(source: str, faults: Sequence[str]) -> str:
    listed = "\n".join(f"  {fault}" for fault in faults)
    return f"{source} has {len(faults)} fault(s); whoever keeps it must mend them:\n{listed}"


def _on_base(data: Mapping[str, Any], reader: Reader) -> Mapping[str, Any]:
    """The tables with those of the base under them: grounds and signs one by one by id, the others whole."""
    if "base" not in data:
        return data
    if data["base"] != _BASE:
        reader.faults.append(f"base: must be {_BASE!r}, or left out")
        return data
    base = _shipped_tables()
    merged = base | dict(data)
    for name in ("ground", "sign"):
        own = data.get(name, [])
        if not isinstance(own, list) or not all(isinstance(row, Mapping) for row in own):
            continue
        rows = {row["id"]: row for row in base[name]}
        changed = {row.get("id"): row for row in own if isinstance(row.get("id"), str) and row["id"] in rows}
        rest = [row for row in own if changed.get(row.get("id")) is not row]
        merged[name] = [{**row, **changed.get(row_id, {})} for row_id, row in rows.items()] + rest
    return merged


def _read(data: Mapping[str, Any], reader: Reader) -> Policy:
    top = reader.table(data, "", 0)
    grounds = tuple(map(_ground, reader.tables(data, "ground")))
    thresholds = []
    for table in reader.tables(data, "threshold"):
        faults = len(reader.faults)
        points = table.integer("points", 1, 100_000)
        readable = len(reader.faults) == faults
        measure = _measure(table)
        if readable:
            thresholds.append(Threshold(points, measure))
        table.close()
    immediates = []
    for table in reader.tables(data, "immediate"):
        immediates.append(Immediate(table.text("ground"), table.integer("offences", 1, 1000), _measure(table)))
        table.close()
    if not reader.strict and "sign" not in data:  # a server from before there were signs
        data = {**data, "sign": _shipped_tables()["sign"]}
    if not reader.strict and "goods" not in data:
        data = {**data, "goods": _shipped_tables()["goods"]}
    signs = [sign for table in reader.tables(data, "sign") if (sign := _sign(table)) is not None]
    policy = Policy(
        version=top.text("version"),
        window_days=top.integer("window_days", 1, 3650),
        merge_hours=top.integer("merge_hours", 0, 87_600),
        daily_cap=top.integer("daily_cap", 1, 100_000),
        grounds=grounds,
        thresholds=tuple(sorted(thresholds, key=lambda threshold: threshold.points)),
        immediates=tuple(immediates),
        signs=tuple(signs),
        due_times=tuple(map(_due_time, reader.tables(data, "due_time"))),
        notices=_notices(reader.single(data, "notices")),
        proofs=_proofs(reader.single(data, "proofs")),
        appeals=_appeals(reader.single(data, "appeals")),
        goods=tuple(map(_goods, reader.tables(data, "goods"))),
    )
    top.close(_TOP)
    check_meaning(policy, reader.faults, strict=reader.strict)
    return policy


def _ground(table: Table) -> Ground:
    action = table.text("action")
    if action and action not in set(DecisionKind) - {DecisionKind.WITHDRAW, DecisionKind.UPHOLD}:
        table.fault("action", f"no such decision: {action!r}")
    evidence = table.texts("evidence")
    for name in evidence:
        if name not in _EVIDENCE:
            table.strict_fault("evidence", f"no such kind of evidence: {name!r}; there are {', '.join(_EVIDENCE)}")
    ground = Ground(
        id=table.text("id"),
        title=table.text("title"),
        description=table.text("description", ""),
        clause=table.text("clause", ""),
        action=DecisionKind(action) if action in set(DecisionKind) else DecisionKind.TAKEDOWN,
        points=table.integer("points", 0, 1000),
        sla_hours=table.integer("sla_hours", 1, 8760),
        evidence=evidence,
        proof_can_cure=table.flag("proof_can_cure"),
        dsa_category=_listed(table, "dsa_category", categories(), "category of statements"),
        dsa_keyword=_listed(table, "dsa_keyword", keywords(), "keyword of statements"),
        key=table.text("key", ""),
        window_days=table.integer("window_days", 1, 3650) if "window_days" in table.row else 0,
        illegal=table.flag("illegal"),
        law=table.text("law", ""),
        explanation=table.text("explanation", ""),
        severity=table.integer("severity", 1, 5, 3),
    )
    table.close(("window_days",))
    return ground


def _listed(table: Table, key: str, known: frozenset[str], what: str) -> str:
    """A name of the transparency database: a fault in a kept file; '' where a server has one that is unknown."""
    if table.strict:
        table.one_of(key, sorted(known), "", what)
        value = table.row.get(key, "")
        return value if isinstance(value, str) else ""
    value = table.text(key, "")
    return value if value in known else ""


def _measure(table: Table) -> Measure:
    faults = len(table.faults)
    kind = table.text("measure")
    if kind and kind not in set(MeasureKind):
        table.fault("measure", f"no such measure: {kind!r}")
    scope = table.text("scope", "all")
    if scope not in _SCOPES:
        table.fault("scope", "must be listing, brand, category or all")
    days = table.integer("days", 1, 3650) if "days" in table.row else None
    table.asked.add("days")
    if len(table.faults) > faults:
        return UNREADABLE
    return Measure(MeasureKind(kind), scope, days)


def _sign(table: Table) -> Sign | None:
    """A sign, or None where its rule is unknown to this program (a newer server's)."""
    name = table.text("id")
    if table.strict:
        rule = table.one_of("rule", sorted(RULES), None, "rule of signs")
        if rule not in RULES or table.row.get("rule") != rule:
            return None
    else:
        rule = table.text("rule")
        if rule not in RULES:
            return None
    spec = RULES[rule]
    numbers = {
        key: table.number(key, bounds.least, bounds.most, whole=bounds.whole) for key, bounds in spec.numbers.items()
    }
    words = table.texts("words") if spec.words else ()
    if spec.words and not words:
        table.strict_fault("words", "is missing" if "words" not in table.row else "must name at least one")
    if rule == "words":
        table.text("language", "")
    sign = Sign(name, rule, table.number("strength", 0, 1), numbers, words)
    table.close()
    return sign


def _due_time(table: Table) -> DueTime:
    source = table.one_of("source", FlagSource, None, "source") if table.strict else table.text("source")
    made = DueTime(source, table.integer("hours", 1, 8760), table.text("ground", ""))
    table.close()
    return made


def _goods(table: Table) -> Goods:
    words = table.texts("words")
    if not words:
        table.strict_fault("words", "is missing" if "words" not in table.row else "must name at least one")
    made = Goods(table.text("id"), table.integer("nice_class", 1, 45), words)
    table.close()
    return made


def _notices(table: Table) -> NoticeRules:
    rules = NoticeRules(
        months=table.integer("months", 1, 60, 3),
        least_notices=table.integer("least_notices", 1, 100_000, 10),
        upheld_percent=table.number("upheld_percent", 0, 100, 90.0),
        countered_percent=table.number("countered_percent", 0, 100, 5.0),
        misuse_percent=table.number("misuse_percent", 0, 100, 50.0),
        suspension_days=table.integer("suspension_days", 1, 3650, 30),
        per_hour=table.integer("per_hour", 1, 10_000_000, 2000),
        listings_per_hour=table.integer("listings_per_hour", 1, 100_000_000, 20_000),
        warning_months=table.integer("warning_months", 1, 120, 12),
        priority_trusted=table.integer("priority_trusted", 0, 1_000_000, 200),
        priority_good_faith=table.integer("priority_good_faith", 0, 1_000_000, 100),
    )
    table.close()
    return rules


def _proofs(table: Table) -> ProofRules:
    rules = ProofRules(
        deadline_hours=table.integer("deadline_hours", 1, 8760, 72),
        remove_at_deadline=table.flag("remove_at_deadline", True),
        ground=table.text("ground", "no_proof"),
        valid_days=table.integer("valid_days", 1, 3650, 365),
        documents=table.texts("documents", ProofRules().documents),
    )
    table.close()
    return rules


def _appeals(table: Table) -> AppealRules:
    rules = AppealRules(months=table.integer("months", 6, 120, 6), due_days=table.integer("due_days", 1, 3650, 14))
    table.close()
    return rules


def policy_to_mapping(policy: Policy) -> dict[str, Any]:
    """The tables of a policy in JSON's types: what `policy_from_mapping` reads."""

    def measure(value: Measure) -> dict[str, Any]:
        days = {} if value.days is None else {"days": value.days}
        return {"measure": value.kind.value, "scope": value.scope, **days}

    def ground(value: Ground) -> dict[str, Any]:
        row = asdict(value) | {"action": value.action.value, "evidence": list(value.evidence)}
        return {key: entry for key, entry in row.items() if key != "window_days" or entry}

    def sign(value: Sign) -> dict[str, Any]:
        words = {"words": list(value.words)} if value.words else {}
        return {"id": value.id, "rule": value.rule, "strength": value.strength, **value.numbers, **words}

    return {
        "version": policy.version,
        **{name: getattr(policy, name) for name in _NUMBERS},
        "ground": [ground(row) for row in policy.grounds],
        "threshold": [{"points": row.points, **measure(row.measure)} for row in policy.thresholds],
        "immediate": [
            {"ground": row.ground, "offences": row.offences, **measure(row.measure)} for row in policy.immediates
        ],
        "sign": [sign(row) for row in policy.signs],
        "due_time": [asdict(row) for row in policy.due_times],
        "notices": asdict(policy.notices),
        "proofs": asdict(policy.proofs) | {"documents": list(policy.proofs.documents)},
        "appeals": asdict(policy.appeals),
        "goods": [asdict(row) | {"words": list(row.words)} for row in policy.goods],
    }
