"""The team's report: agreement, golden cases, appeals, time, drift, backlog, pace against error."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date
from statistics import median

from reviewer.audit.agreement import Estimate, alpha, confusion, kappa, share
from reviewer.audit.chart import Chart
from reviewer.audit.history import Decided, History, Opinion
from reviewer.audit.tables import Cell, Report, Table
from reviewer.errors import OperatorError

Rated = tuple[Decided, Opinion]
_INTERVAL = ("Value", "95% from", "95% to", "Cases")


def team(history: History) -> Report:
    """How the team decides, as far as second opinions and appeals show it."""
    if not history.decisions:
        raise OperatorError("The pack holds no decision: there is nothing to report on.")
    rated = _rated(history)
    first, last = history.decisions[0].decided_at, history.decisions[0].decided_at
    for row in history.decisions:
        first, last = min(first, row.decided_at), max(last, row.decided_at)
    tables = (
        Table("agreement", "Agreement with second opinions", ("Over", *_INTERVAL), _agreement(rated), _AGREEMENT),
        Table("kappa_by_ground", "Cohen's kappa by ground", ("Ground", *_INTERVAL), _by_ground(rated), _GROUND),
        *(
            Table(f"kappa_by_{name}", f"Cohen's kappa by {name}", (name.capitalize(), *_INTERVAL), _by(rated, key))
            for name, key in _GROUPS.items()
        ),
        _confusion(rated),
        _reviewers(history, rated),
    )
    period = f"{history.title}: {len(history.decisions):,} decisions from {first[:10]} to {last[:10]}."
    return Report("team", "Team report", period, tables, charts(history))


def charts(history: History) -> tuple[Chart, ...]:
    """Volume, time, backlog, drift, and pace against error."""
    rated = _rated(history)
    return _volume(history), _time(history), _backlog(history), _drift(rated), _pace(history, rated)


def _rated(history: History) -> list[Rated]:
    known = {row.id: row for row in history.decisions}
    return [(known[item.decision_id], item) for item in history.opinions if item.decision_id in known]


_AGREEMENT = (
    "Kappa: Cohen 1960, of reviewer and auditor, on the kind of decision. Alpha: Krippendorff 2011, nominal, of "
    "reviewer and all auditors. Intervals: percentile bootstrap over cases. Golden: share of golden cases decided as "
    "is known, with Wilson's interval."
)
_GROUND = "Whether it is this ground or not, over all cases that were looked at again."
_GROUPS: dict[str, Callable[[Rated], str]] = {
    "marketplace": lambda pair: pair[0].marketplace,
    "reviewer": lambda pair: pair[0].reviewer,
    "source": lambda pair: pair[0].source or "unknown",
}


def _row(name: str, estimate: Estimate) -> tuple[Cell, ...]:
    values = (estimate.value, estimate.low, estimate.high)
    return (name, *(None if value is None else round(value, 4) for value in values), estimate.count)


def _pairs(rated: list[Rated]) -> list[tuple[str, str]]:
    return [(row.kind, item.kind) for row, item in rated]


def _agreement(rated: list[Rated]) -> tuple[tuple[Cell, ...], ...]:
    units: defaultdict[str, list[str]] = defaultdict(list)
    for row, item in rated:
        units[row.id] = units[row.id] or [row.kind]
        units[row.id].append(item.kind)
    golden = [(row, item) for row, item in rated if item.golden]
    right = sum(row.kind == item.kind and row.ground == item.ground for row, item in golden)
    same = sum(row.kind == item.kind and row.ground == item.ground for row, item in rated)
    return (
        _row("Same decision and ground", share(same, len(rated))),
        _row("Cohen's kappa", kappa(_pairs(rated))),
        _row("Cohen's kappa, blind only", kappa(_pairs([pair for pair in rated if pair[1].blind]))),
        _row("Krippendorff's alpha", alpha(list(units.values()))),
        _row("Golden cases decided as known", share(right, len(golden))),
    )


def _by(rated: list[Rated], key: Callable[[Rated], str]) -> tuple[tuple[Cell, ...], ...]:
    groups: defaultdict[str, list[Rated]] = defaultdict(list)
    for pair in rated:
        groups[key(pair)].append(pair)
    return tuple(_row(name, kappa(_pairs(pairs))) for name, pairs in sorted(groups.items()))


def _by_ground(rated: list[Rated]) -> tuple[tuple[Cell, ...], ...]:
    grounds = sorted({ground for row, item in rated for ground in (row.ground, item.ground) if ground})
    return tuple(
        _row(ground, kappa([(str(row.ground == ground), str(item.ground == ground)) for row, item in rated]))
        for ground in grounds
    )


def _confusion(rated: list[Rated]) -> Table:
    labels, matrix = confusion(_pairs(rated))
    rows: list[tuple[Cell, ...]] = [
        (label, *(int(count) for count in matrix[place])) for place, label in enumerate(labels)
    ]
    columns = ("Reviewer decided", *(f"auditor: {label}" for label in labels))
    return Table("confusion", "Confusion matrix", columns, tuple(rows))


def _reviewers(history: History, rated: list[Rated]) -> Table:
    decided: defaultdict[str, list[Decided]] = defaultdict(list)
    for row in history.decisions:
        decided[row.reviewer].append(row)
    overturned = {str(row["decision_id"]) for row in history.rows("appeals") if row["outcome"] == "overturned"}
    rows: list[tuple[Cell, ...]] = []
    for name, of in sorted(decided.items()):
        looked = [item for row, item in rated if row.reviewer == name]
        wrong = share(sum(item.verdict != "agree" for item in looked), len(looked))
        timely = [row.decided_at <= row.due_at for row in of if row.due_at]
        appealed = sum(row.id in overturned for row in of)
        error = (_percent(wrong.value), _percent(wrong.low), _percent(wrong.high))
        pace = round(median(row.seconds for row in of), 2)
        within = _percent(sum(timely) / len(timely)) if timely else None
        rows.append((name, len(of), pace, len(looked), *error, appealed, within))
    columns = ("Reviewer", "Decisions", "Median seconds", "Looked at again", "Not agreed, %", "95% from", "95% to",
               "Overturned on appeal", "Within SLA, %")  # fmt: skip
    return Table("reviewers", "Reviewers: pace against error", columns, tuple(rows))


def _percent(value: float | None) -> float | None:
    return None if value is None else round(100 * value, 2)


def _week(text: str) -> str:
    year, week, _ = date.fromisoformat(text[:10]).isocalendar()
    return f"{year}-W{week:02d}"


def _volume(history: History) -> Chart:
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in history.decisions:
        counts[row.decided_at[:7]][row.kind] += 1
    labels = tuple(sorted(counts))
    kinds = sorted({kind for of in counts.values() for kind in of})
    series = tuple((kind, tuple(float(counts[label][kind]) for label in labels)) for kind in kinds)
    return Chart("volume", "Decisions by month", labels, series)


def _time(history: History) -> Chart:
    times: defaultdict[str, list[float]] = defaultdict(list)
    for row in history.decisions:
        times[row.decided_at[:7]].append(row.seconds)
    labels = tuple(sorted(times))
    return Chart("time", "Median seconds a decision", labels, (("seconds", tuple(median(times[at]) for at in labels)),))


def _backlog(history: History) -> Chart:
    """Cases that were open, and overdue, at the end of each month: of those that the pack holds."""
    spans = [
        (row.opened_at, row.decided_at, row.due_at) for row in history.decisions if row.opened_at and not row.supersedes
    ]
    opened, closed, late_on, late_off = (Counter[str]() for _ in range(4))
    for start, end, due in spans:
        opened[start[:7]] += 1
        closed[end[:7]] += 1
        if due and due < end:
            late_on[due[:7]] += 1
            late_off[end[:7]] += 1
    labels = tuple(sorted(set(opened) | set(closed)))
    backlog, overdue, now, late = [], [], 0, 0
    for label in labels:
        now += opened[label] - closed[label]
        late += late_on[label] - late_off[label]
        backlog.append(float(now))
        overdue.append(float(late))
    title = "Backlog at the end of each month"
    return Chart("backlog", title, labels, (("open", tuple(backlog)), ("overdue", tuple(overdue))))


def _drift(rated: list[Rated]) -> Chart:
    """The share that auditors did not agree with, over eight weeks each."""
    weeks: defaultdict[str, list[bool]] = defaultdict(list)
    for row, item in rated:
        weeks[_week(row.decided_at)].append(item.verdict != "agree")
    labels = tuple(sorted(weeks))
    points = []
    for place in range(len(labels)):
        looked = [wrong for label in labels[max(0, place - 7) : place + 1] for wrong in weeks[label]]
        points.append(100 * sum(looked) / len(looked) if looked else None)
    return Chart("drift", "Not agreed, % (over eight weeks each)", labels, (("not agreed", tuple(points)),))


def _pace(history: History, rated: list[Rated]) -> Chart:
    times: defaultdict[str, list[float]] = defaultdict(list)
    wrong: defaultdict[str, list[bool]] = defaultdict(list)
    for row in history.decisions:
        times[row.reviewer].append(row.seconds)
    for row, item in rated:
        wrong[row.reviewer].append(item.verdict != "agree")
    labels = tuple(sorted(times, key=lambda name: median(times[name])))
    error = tuple(100 * sum(wrong[name]) / len(wrong[name]) if wrong[name] else None for name in labels)
    series = (("median seconds", tuple(median(times[name]) for name in labels)), ("not agreed, %", error))
    return Chart("pace", "Pace against error, the fastest first", labels, series, bars=True)
