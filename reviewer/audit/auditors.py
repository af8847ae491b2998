"""Several auditors: what each of them found, how far they agree with one another, and where they do not."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import combinations
from statistics import median

from reviewer.audit.agreement import kappa, share
from reviewer.audit.history import Decided, Opinion
from reviewer.audit.tables import Cell, Table

Rated = tuple[Decided, Opinion]
#: Disagreements that a table names; the number of all stands in its note.
MOST = 500


def known_answers(rated: list[Rated]) -> dict[str, Opinion]:
    """The known answer of each golden case by its decision: the first opinion that was marked as golden."""
    known: dict[str, Opinion] = {}
    for _, item in rated:
        before = known.get(item.decision_id)
        if item.golden and (before is None or item.at < before.at):
            known[item.decision_id] = item
    return known


def auditors(rated: list[Rated]) -> Table:
    """What each auditor found, and how often the known answers of golden cases were met."""
    known = known_answers(rated)
    of: defaultdict[str, list[Opinion]] = defaultdict(list)
    for _, item in rated:
        of[item.auditor].append(item)
    rows: list[tuple[Cell, ...]] = []
    for name, items in sorted(of.items()):
        counts = Counter(item.verdict for item in items)
        tested = [item for item in items if item.decision_id in known and known[item.decision_id] is not item]
        right = sum(_ruling(item) == _ruling(known[item.decision_id]) for item in tested)
        met = share(right, len(tested)).value
        times = [item.seconds for item in items if item.seconds]
        rows.append(
            (name, len(items), counts["agree"], counts["fix"], counts["return"], sum(bool(i.blind) for i in items),
             len(tested), None if met is None else round(100 * met, 2), round(median(times), 1) if times else None)
        )  # fmt: skip
    columns = ("Auditor", "Opinions", "Agreed", "Fixed", "Returned", "Blind", "Golden cases of others",
               "Answered as known, %", "Median seconds")  # fmt: skip
    return Table("auditors", "Auditors", columns, tuple(rows))


def between(rated: list[Rated]) -> Table:
    """Cohen's kappa of each two auditors over the decisions that both looked at."""
    latest = _latest(rated)
    rows: list[tuple[Cell, ...]] = []
    for one, other in combinations(sorted({name for of in latest.values() for name in of}), 2):
        both = [(of[one], of[other]) for of in latest.values() if one in of and other in of]
        if both:
            same = sum(_ruling(first) == _ruling(second) for first, second in both)
            found = kappa([(first.kind, second.kind) for first, second in both])
            values = [None if v is None else round(v, 4) for v in (found.value, found.low, found.high)]
            rows.append((one, other, len(both), round(100 * same / len(both), 2), *values))
    columns = ("Auditor", "and", "Cases of both", "Same ruling, %", "Cohen's kappa", "95% from", "95% to")
    return Table("between_auditors", "Auditors among themselves", columns, tuple(rows))


def disagreements(rated: list[Rated]) -> Table:
    """The decisions on which auditors ruled differently, the latest first."""
    rows: list[tuple[Cell, ...]] = []
    first = {row.id: row for row, _ in rated}
    for identity, of in _latest(rated).items():
        if len({_ruling(item) for item in of.values()}) > 1:
            row = first[identity]
            said = "; ".join(f"{name}: {_words(*_ruling(item))}" for name, item in sorted(of.items()))
            rows.append((row.decided_at[:10], row.title, row.reviewer, _words(row.kind, row.ground), said, identity))
    rows.sort(key=lambda row: str(row[0]), reverse=True)
    columns = ("Day", "Title", "Reviewer", "Decided", "Auditors", "Decision")
    note = f"{len(rows):,} decisions" + (f"; the latest {MOST:,} are shown." if len(rows) > MOST else ".")
    return Table("disagreements", "Where auditors disagree", columns, tuple(rows[:MOST]), note)


def _latest(rated: list[Rated]) -> dict[str, dict[str, Opinion]]:
    """By decision and auditor the opinion that each gave last."""
    found: defaultdict[str, dict[str, Opinion]] = defaultdict(dict)
    for row, item in rated:
        before = found[row.id].get(item.auditor)
        if before is None or item.at >= before.at:
            found[row.id][item.auditor] = item
    return found


def _ruling(item: Opinion) -> tuple[str, str]:
    return item.kind, item.ground


def _words(kind: str, ground: str) -> str:
    return f"{kind} {ground}".strip()
