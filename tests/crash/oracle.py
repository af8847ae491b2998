"""Says of a desk and a hub, after all kills, whether what the window showed as made is true."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reviewer.audit.checking import check_pack
from reviewer.audit.pins import NAME
from reviewer.audit.verifier import NotAPack
from reviewer.domain.decision import AGAINST_SELLER
from reviewer.ledger.chain import first_broken
from reviewer.storage import decisions
from reviewer.storage.database import Database
from tests.crash.journal import Step, read_journal


@dataclass(slots=True)
class Judgement:
    """What is wrong, in words; all empty when every promise held."""

    acked: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    torn: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether nothing was lost, doubled or torn."""
        return not (self.lost or self.doubled or self.torn)


@dataclass(frozen=True, slots=True)
class _Row:
    id: str
    case: str
    kind: str
    state: str
    supersedes: str
    digest: str


def judge(folder: Path, hub: Path, *, all_or_nothing: bool | None = None) -> Judgement:
    """Judge a desk's folder against its hub's; both are closed.

    `all_or_nothing`: False where the interrupted key press must have left nothing behind (killed before
    COMMIT), True where it must be there whole (killed after it), None where either is right.
    """
    found = Judgement()
    starts, steps = read_journal(folder / "journal")
    found.acked = sum(len(step.cases) for step in steps if step.end == "shown" and step.op in ("decide", "undo"))
    rows = _desk(folder / "workstation.sqlite3", found)
    _shown_is_kept(starts, steps, rows, found, all_or_nothing)
    _kept_is_there(rows, _hub(hub / "hub.db", found), found)
    _export(folder / "outbox.json", found)
    _pack(folder / "history.pack", found)
    return found


def _desk(path: Path, found: Judgement) -> list[_Row]:
    database = Database(path)
    try:
        for row in database.execute("PRAGMA integrity_check"):
            if row[0] != "ok":
                found.torn.append(f"desk: {row[0]}")
        for row in database.execute("PRAGMA foreign_key_check"):
            found.torn.append(f"desk: a row of {row[0]} refers to nothing")
        found.torn += decisions.disagreements(database)
        broken = first_broken(decisions.chain(database))
        if broken:
            found.torn.append(f"audit row {broken[0]}: {broken[1]}")
        counts = [database.one(f"SELECT count(*) FROM {t}") for t in ("decision", "outbox", "audit")]  # noqa: S608
        if len({row[0] for row in counts if row}) != 1:
            found.torn.append(f"decision, outbox and audit rows: {[row[0] for row in counts if row]}")
        rows = database.execute(
            "SELECT d.id, d.case_id, d.kind, o.state, coalesce(d.supersedes, ''), o.digest FROM decision d"
            " JOIN outbox o ON o.sequence = d.sequence ORDER BY d.sequence"
        )
        return [_Row(*row) for row in rows.fetchall()]
    finally:
        database.close()


def _shown_is_kept(
    starts: list[int], steps: list[Step], rows: list[_Row], found: Judgement, whole: bool | None
) -> None:
    """Life by life and case by case the rows are what was shown, in order, and what was interrupted."""
    kept: dict[tuple[int, str], list[_Row]] = defaultdict(list)
    for place, row in enumerate(rows):
        kept[max(life for life, start in enumerate(starts) if start <= place), row.case].append(row)
    interrupted: dict[int, set[bool]] = defaultdict(set)
    for place, step in enumerate(steps):
        if step.op not in ("decide", "undo"):
            continue
        kind = step.kind if step.op == "decide" else "withdraw"
        for case in step.cases:
            left = kept[step.life, case]
            there = bool(left) and left[0].kind == kind
            if there:
                left.pop(0)
            if step.end == "shown" and not there:
                found.lost.append(f"{kind} on {case}: shown as made and not kept")
            elif step.end == "refused" and there:
                found.torn.append(f"{kind} on {case}: refused and yet kept")
            elif step.end == "open":
                interrupted[place].add(there)
    for place, parts in interrupted.items():
        if len(parts) > 1:
            found.torn.append(f"{steps[place]}: half of it is kept")
        elif whole is not None and place == min(interrupted) and parts != {whole}:
            found.torn.append(f"{steps[place]}: {'not' if whole else 'yet'} kept")
    found.torn += [f"{row.kind} on {case}: kept and never shown" for (_, case), left in kept.items() for row in left]


def _hub(path: Path, found: Judgement) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(path)) as database:
        database.row_factory = sqlite3.Row
        for row in database.execute("PRAGMA integrity_check"):
            if row[0] != "ok":
                found.torn.append(f"hub: {row[0]}")
        for row in database.execute("PRAGMA foreign_key_check"):
            found.torn.append(f"hub: a row of {row[0]} refers to nothing")
        offences = Counter(row[0] for row in database.execute("SELECT decision_id FROM offences WHERE NOT overturned"))
        rows = [dict(row) for row in database.execute("SELECT * FROM decisions ORDER BY seq")]
        case_of = dict(database.execute("SELECT id, decision_id FROM cases").fetchall())
    accepted = [row for row in rows if row["status"] == "accepted"]
    superseded = {row["supersedes"] for row in accepted}
    for row in accepted:
        due = int(row["kind"] in AGAINST_SELLER and row["id"] not in superseded)
        if offences.pop(row["id"], 0) != due:
            found.torn.append(f"hub: {row['kind']} on {row['case_id']} has not {due} offences")
        if bool(row["current"]) != (case_of[row["case_id"]] == row["id"]):
            found.torn.append(f"hub: {row['case_id']} names another decision than the current one")
    found.torn += [f"hub: an offence of {name} without its decision" for name in offences]
    return rows


def _kept_is_there(rows: list[_Row], hub: list[dict[str, Any]], found: Judgement) -> None:
    on_hub: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for one in hub:
        on_hub[one["id"]].append(one)
    standing: dict[str, str] = {}
    for row in rows:
        there = on_hub.pop(row.id, [])
        accepted = [one for one in there if one["status"] == "accepted"]
        words = f"{row.kind} on {row.case} ({row.state})"
        if len(there) > 1:
            found.doubled.append(f"{words}: {len(there)} times on the hub")
        if row.state == "settled" and not accepted:
            found.lost.append(f"{words}: receipted and not on the hub")
        elif row.state in ("waiting", "sending"):
            found.lost.append(f"{words}: still there after the drain")
        elif row.state == "parked":
            found.lost.append(f"{words}: came back, with nobody else at this hub")
        elif row.state == "withdrawn" and there:
            found.doubled.append(f"{words}: withdrawn here before sending, yet on the hub")
        if any(one["body_sha256"] != row.digest for one in there):
            found.torn.append(f"{words}: other bytes on the hub")
        if accepted:
            if row.supersedes != standing.get(row.case, "") and (row.supersedes or row.case in standing):
                found.doubled.append(f"{words}: beside another decision of the same case")
            standing[row.case] = row.id
    found.doubled += [f"{name}: on the hub and unknown to the desk" for name in on_hub]


def _export(path: Path, found: Judgement) -> None:
    if not path.exists():
        return
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        whole = {"exported_at", "unsent", "came_back"} <= document.keys()
    except ValueError:
        whole = False
    if not whole:
        found.torn.append("outbox.json is neither the old export nor the new one")


def _pack(path: Path, found: Judgement) -> None:
    if not path.exists():
        return
    try:
        verdict = check_pack(path, path.with_name(NAME))
    except NotAPack as problem:
        found.torn.append(f"history.pack is neither the old pack nor the new one: {problem}")
        return
    if not verdict.verified:
        found.torn.append(f"history.pack: {verdict.lines[-1]}")
