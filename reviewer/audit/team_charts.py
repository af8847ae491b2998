"""Volume, time, backlog, timeliness, drift and pace: the team's charts, and the tables of what they draw."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date
from statistics import median

from reviewer.audit.auditors import Rated
from reviewer.audit.chart import Chart
from reviewer.audit.history import History
from reviewer.audit.tables import Cell, Table

#: The weeks over which drift is told: one week alone has too few second opinions.
WEEKS = 8


def all_charts(history: History, pairs: list[Rated]) -> tuple[Chart, ...]:
    """All of them."""
    return (
        _volume(history), _time(history), _backlog(history), _timely(history), _drift(history, pairs),
        _pace(history, pairs),
    )  # fmt: skip


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


Months = dict[str, tuple[int, int, int, int]]


def _flow(history: History) -> Months:
    """By month: cases that were opened, decided, open at its end, and of these overdue; of those that the pack holds.

    A case counts once: later decisions on it change nothing here.
    """
    opened, closed, late_on, late_off = (Counter[str]() for _ in range(4))
    for row in history.decisions:
        if not row.opened_at or row.supersedes:
            continue
        start, end, due = row.opened_at[:7], row.decided_at, row.due_at
        opened[start] += 1
        closed[end[:7]] += 1
        if due and due < end:
            late_on[due[:7]] += 1
            late_off[end[:7]] += 1
    found, now, late = {}, 0, 0
    for label in sorted(set(opened) | set(closed)):
        now += opened[label] - closed[label]
        late += late_on[label] - late_off[label]
        found[label] = (opened[label], closed[label], now, late)
    return found


def timely_by_month(history: History) -> dict[str, tuple[int, int]]:
    """By month of decision: cases with a due time, and of these decided in time."""
    found: defaultdict[str, list[bool]] = defaultdict(list)
    for row in history.decisions:
        if row.due_at and not row.supersedes:
            found[row.decided_at[:7]].append(row.decided_at <= row.due_at)
    return {label: (len(of), sum(of)) for label, of in sorted(found.items())}


def backlog_by_month(history: History) -> Table:
    """Backlog and SLA month by month."""
    timely = timely_by_month(history)
    rows: list[tuple[Cell, ...]] = []
    for label, (opened, closed, left, late) in _flow(history).items():
        due, kept = timely.get(label, (0, 0))
        rows.append((label, opened, closed, left, late, due, round(100 * kept / due, 2) if due else None))
    columns = ("Month", "Opened", "Decided", "Open at its end", "Of these overdue", "Decided with a due time",
               "Within SLA, %")  # fmt: skip
    return Table("backlog", "Backlog and SLA", columns, tuple(rows), "Of the cases whose decisions are here.")


def _backlog(history: History) -> Chart:
    flow = _flow(history)
    series = (
        ("open", tuple(float(left) for _, _, left, _ in flow.values())),
        ("overdue", tuple(float(late) for _, _, _, late in flow.values())),
    )
    return Chart("backlog", "Backlog at the end of each month", tuple(flow), series)


def _timely(history: History) -> Chart:
    found = timely_by_month(history)
    points = tuple(100 * kept / due for due, kept in found.values())
    return Chart("sla", "Decided within SLA, %", tuple(found), (("within SLA, %", points),))


def _week(text: str) -> str:
    year, week, _ = date.fromisoformat(text[:10]).isocalendar()
    return f"{year}-W{week:02d}"


def _weeks(pairs: list[Rated]) -> dict[str, tuple[int, int, int, int]]:
    """By week of decision: looked at again, of these not agreed, and both over the last eight weeks that have any."""
    weeks: defaultdict[str, list[bool]] = defaultdict(list)
    for row, item in pairs:
        weeks[_week(row.decided_at)].append(item.verdict != "agree")
    labels = sorted(weeks)
    found = {}
    for place, label in enumerate(labels):
        looked = [wrong for of in labels[max(0, place - WEEKS + 1) : place + 1] for wrong in weeks[of]]
        found[label] = (len(weeks[label]), sum(weeks[label]), len(looked), sum(looked))
    return found


def drift_by_week(history: History, pairs: list[Rated]) -> Table:
    """Drift over weeks: how much auditors did not agree with, and the pace."""
    times: defaultdict[str, list[float]] = defaultdict(list)
    for row in history.decisions:
        times[_week(row.decided_at)].append(row.seconds)
    found = _weeks(pairs)
    rows: list[tuple[Cell, ...]] = []
    for label in sorted(times):
        looked, wrong, over, of = found.get(label, (0, 0, 0, 0))
        share = round(100 * of / over, 2) if over else None
        rows.append((label, len(times[label]), round(median(times[label]), 2), looked, wrong, share))
    columns = ("Week", "Decisions", "Median seconds", "Looked at again", "Not agreed", "Not agreed over 8 weeks, %")
    return Table("drift", "Drift over weeks", columns, tuple(rows), "Weeks of ISO 8601, by the day of the decision.")


def _drift(history: History, pairs: list[Rated]) -> Chart:
    """The share that auditors did not agree with, over eight weeks each."""
    found = _weeks(pairs)
    points = tuple(100 * wrong / looked for _, _, looked, wrong in found.values())
    title = "Not agreed, % (over eight weeks each)"
    return Chart("drift", title, tuple(found), (("not agreed, %", points),))


def _pace(history: History, pairs: list[Rated]) -> Chart:
    times: defaultdict[str, list[float]] = defaultdict(list)
    wrong: defaultdict[str, list[bool]] = defaultdict(list)
    for row in history.decisions:
        times[row.reviewer].append(row.seconds)
    for row, item in pairs:
        wrong[row.reviewer].append(item.verdict != "agree")
    labels = tuple(sorted(times, key=lambda name: median(times[name])))
    error = tuple(100 * sum(wrong[name]) / len(wrong[name]) if wrong[name] else None for name in labels)
    series = (("median seconds", tuple(median(times[name]) for name in labels)), ("not agreed, %", error))
    return Chart("pace", "Pace against error, the fastest first", labels, series, bars=True)
