"""The team's report: agreement, golden cases, appeals, time, drift, backlog, pace against error."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from statistics import fmean, median

from reviewer.audit.agreement import Estimate, alpha, confusion, kappa, share
from reviewer.audit.auditors import Rated, auditors, between, disagreements, known_answers
from reviewer.audit.history import Decided, History
from reviewer.audit.tables import Cell, Report, Table
from reviewer.audit.team_charts import all_charts, backlog_by_month, drift_by_week
from reviewer.errors import OperatorError

_INTERVAL = ("Value", "95% from", "95% to", "Cases")
_FROM_TO = ("95% from", "95% to")
_AGREEMENT = (
    "Kappa: Cohen 1960, of reviewer and auditor, on the kind of decision. Alpha: Krippendorff 2011, nominal, of "
    "reviewer and all auditors. Intervals: percentile bootstrap over cases, 2,000 resamples. Golden: share of golden "
    "cases decided as is known (the first golden opinion is the known answer), with Wilson's interval. Overturned: "
    "share of ruled appeals, with Wilson's interval."
)
_GROUPED = "Agreed with Wilson's interval; kappa and alpha on the kind of decision, with bootstrap intervals."
_GROUND = (
    "Cases: decided on this ground. Kappa and alpha: whether it is this ground or not, over all cases that were "
    "looked at again."
)
GROUPS: dict[str, Callable[[Decided], str]] = {
    "marketplace": lambda row: row.marketplace,
    "reviewer": lambda row: row.reviewer,
    "source": lambda row: row.source or "unknown",
}


def team(history: History) -> Report:
    """How the team decides, as far as second opinions and appeals show it."""
    if not history.decisions:
        raise OperatorError("No decision is there: there is nothing to report on.")
    pairs = rated(history)
    first, last = (of(row.decided_at for row in history.decisions) for of in (min, max))
    group = ("Cases", "Agreed, %", *_FROM_TO, "Kappa", *_FROM_TO, "Alpha", *_FROM_TO)
    tables = (
        Table("agreement", "Agreement with second opinions", ("Over", *_INTERVAL), _agreement(history, pairs),
              _AGREEMENT),
        Table("by_ground", "Agreement by ground", ("Ground", *group), _by_ground(pairs), _GROUND),
        *(
            Table(f"by_{name}", f"Agreement by {name}", (name.capitalize(), *group), _by(pairs, key), _GROUPED)
            for name, key in GROUPS.items()
        ),
        _confusion(pairs),
        _reviewers(history, pairs),
        _appeals(history),
        _times(history),
        backlog_by_month(history),
        drift_by_week(history, pairs),
        auditors(pairs),
        between(pairs),
        disagreements(pairs),
    )  # fmt: skip
    period = f"{history.title}: {len(history.decisions):,} decisions from {first[:10]} to {last[:10]}."
    return Report("team", "Team report", period, tables, all_charts(history, pairs))


def rated(history: History) -> list[Rated]:
    """Each second opinion with the decision that it is on."""
    known = {row.id: row for row in history.decisions}
    return [(known[item.decision_id], item) for item in history.opinions if item.decision_id in known]


def _row(name: str, estimate: Estimate) -> tuple[Cell, ...]:
    return (name, *_rounded(estimate), estimate.count)


def _rounded(estimate: Estimate, by: float = 1.0, digits: int = 4) -> tuple[Cell, ...]:
    values = (estimate.value, estimate.low, estimate.high)
    return tuple(None if value is None else round(by * value, digits) for value in values)


def _kinds(pairs: Iterable[Rated]) -> list[tuple[str, str]]:
    return [(row.kind, item.kind) for row, item in pairs]


def _units(pairs: Iterable[Rated], label: Callable[[str, str], str]) -> list[list[str]]:
    """For alpha: each decision with its reviewer's label and those of all auditors."""
    units: defaultdict[str, list[str]] = defaultdict(list)
    for row, item in pairs:
        units[row.id] = units[row.id] or [label(row.kind, row.ground)]
        units[row.id].append(label(item.kind, item.ground))
    return list(units.values())


def _is_same(pair: Rated) -> bool:
    row, item = pair
    return (row.kind, row.ground) == (item.kind, item.ground)


def _agreement(history: History, pairs: list[Rated]) -> tuple[tuple[Cell, ...], ...]:
    known = known_answers(pairs)
    rows = {row.id: row for row, _ in pairs}
    right = sum(_is_same((rows[identity], item)) for identity, item in known.items())
    ruled = ruled_appeals(history)
    return (
        _row("Same decision and ground", share(sum(map(_is_same, pairs)), len(pairs))),
        _row("Cohen's kappa", kappa(_kinds(pairs))),
        _row("Cohen's kappa, blind only", kappa(_kinds(pair for pair in pairs if pair[1].blind))),
        _row("Krippendorff's alpha", alpha(_units(pairs, lambda kind, _: kind))),
        _row("Golden cases decided as known", share(right, len(known))),
        _row("Appealed decisions overturned", share(sum(outcome == "overturned" for _, outcome in ruled), len(ruled))),
    )


def ruled_appeals(history: History) -> list[tuple[Decided, str]]:
    """The appeals that were ruled on, each with its decision and outcome."""
    rows = {row.id: row for row in history.decisions}
    return [
        (rows[str(item["decision_id"])], str(item["outcome"]))
        for item in history.rows("appeals")
        if str(item["decision_id"]) in rows and item["outcome"]
    ]


def _by(pairs: list[Rated], key: Callable[[Decided], str]) -> tuple[tuple[Cell, ...], ...]:
    groups: defaultdict[str, list[Rated]] = defaultdict(list)
    for pair in pairs:
        groups[key(pair[0])].append(pair)
    return tuple(
        (
            name,
            len(of),
            *_rounded(share(sum(map(_is_same, of)), len(of)), 100, 2),
            *_rounded(kappa(_kinds(of))),
            *_rounded(alpha(_units(of, lambda kind, _: kind))),
        )
        for name, of in sorted(groups.items())
    )


def _by_ground(pairs: list[Rated]) -> tuple[tuple[Cell, ...], ...]:
    rows = []
    for ground in sorted({name for row, item in pairs for name in (row.ground, item.ground) if name}):
        mine = [pair for pair in pairs if pair[0].ground == ground]
        both = [(str(row.ground == ground), str(item.ground == ground)) for row, item in pairs]
        units = _units(pairs, lambda _, of, ground=ground: str(of == ground))  # type: ignore[misc]
        agreed = _rounded(share(sum(map(_is_same, mine)), len(mine)), 100, 2)
        rows.append((ground, len(mine), *agreed, *_rounded(kappa(both)), *_rounded(alpha(units))))
    return tuple(rows)


def _confusion(pairs: list[Rated]) -> Table:
    labels, matrix = confusion(_kinds(pairs))
    rows: list[tuple[Cell, ...]] = [
        (label, *(int(count) for count in matrix[place])) for place, label in enumerate(labels)
    ]
    columns = ("Reviewer decided", *(f"auditor: {label}" for label in labels))
    return Table("confusion", "Confusion matrix", columns, tuple(rows))


def _reviewers(history: History, pairs: list[Rated]) -> Table:
    decided: defaultdict[str, list[Decided]] = defaultdict(list)
    for row in history.decisions:
        decided[row.reviewer].append(row)
    known = known_answers(pairs)
    looked: defaultdict[str, list[Rated]] = defaultdict(list)
    for pair in pairs:
        looked[pair[0].reviewer].append(pair)
    overturned = {row.id for row, outcome in ruled_appeals(history) if outcome == "overturned"}
    rows: list[tuple[Cell, ...]] = []
    for name, of in sorted(decided.items()):
        mine = looked[name]
        wrong = share(sum(item.verdict != "agree" for _, item in mine), len(mine))
        timely = [row.decided_at <= row.due_at for row in of if row.due_at and not row.supersedes]
        golden = [_is_same((row, item)) for row, item in mine if known.get(row.id) is item]
        met = _rounded(share(sum(golden), len(golden)), 100, 2)[0]
        within = round(100 * sum(timely) / len(timely), 2) if timely else None
        pace = round(median(row.seconds for row in of), 2)
        late = sum(row.id in overturned for row in of)
        rows.append((name, len(of), pace, len(mine), *_rounded(wrong, 100, 2), len(golden), met, late, within))
    columns = ("Reviewer", "Decisions", "Median seconds", "Looked at again", "Not agreed, %", *_FROM_TO,
               "Golden cases", "As known, %", "Overturned on appeal", "Within SLA, %")  # fmt: skip
    return Table("reviewers", "Reviewers: pace against error", columns, tuple(rows))


def _appeals(history: History) -> Table:
    groups: defaultdict[str, list[bool]] = defaultdict(list)
    for row, outcome in ruled_appeals(history):
        groups[row.ground or "none"].append(outcome == "overturned")
    rows = tuple(
        (name, len(of), sum(of), *_rounded(share(sum(of), len(of)), 100, 2)) for name, of in sorted(groups.items())
    )
    columns = ("Ground", "Appeals ruled on", "Overturned", "Overturned, %", *_FROM_TO)
    return Table("appeals", "Overturned on appeal", columns, rows)


def _times(history: History) -> Table:
    """Seconds a case, over all and by decision, ground, marketplace and source."""
    keys: dict[str, Callable[[Decided], str]] = {
        "decision": lambda row: row.kind, "ground": lambda row: row.ground or "none",
        "marketplace": lambda row: row.marketplace, "source": lambda row: row.source or "unknown",
    }  # fmt: skip
    rows = [("all", "", *_spread([row.seconds for row in history.decisions]))]
    for name, key in keys.items():
        groups: defaultdict[str, list[float]] = defaultdict(list)
        for row in history.decisions:
            groups[key(row)].append(row.seconds)
        rows += [(name, of, *_spread(seconds)) for of, seconds in sorted(groups.items())]
    columns = ("By", "Value", "Decisions", "Median seconds", "Mean seconds", "90% within, seconds")
    return Table("time", "Time a case", columns, tuple(rows))


def _spread(seconds: Sequence[float]) -> tuple[Cell, ...]:
    ordered = sorted(seconds)
    within = ordered[math.ceil(0.9 * len(ordered)) - 1]
    return len(ordered), round(median(ordered), 2), round(fmean(ordered), 2), round(within, 2)
