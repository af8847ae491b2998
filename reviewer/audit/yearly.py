"""The yearly IP report, from the history of a pack."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from statistics import median

from reviewer.audit.chart import Chart
from reviewer.audit.history import Decided, History
from reviewer.audit.tables import Cell, Report, Table
from reviewer.errors import OperatorError

DAY_S = 86_400.0
AGAINST = ("takedown", "warn", "restrict")
ACCOUNT = "account_closed"


def years(history: History) -> list[int]:
    """The calendar years in which decisions were made."""
    return sorted({int(row.decided_at[:4]) for row in history.decisions})


def report_year(history: History, year: int | None) -> int:
    """The year of a report: the one that was asked for, else the last in the pack."""
    known = years(history)
    if not known:
        raise OperatorError("The pack holds no decision: there is nothing to report on.")
    if year is not None and year not in known:
        raise OperatorError(f"The pack holds no decision of {year}: choose one of {', '.join(map(str, known))}.")
    return year or known[-1]


def seconds_between(first: str | None, second: str | None) -> float | None:
    """Seconds from one RFC 3339 text to another; None where one is missing or none."""
    try:
        return (datetime.fromisoformat(second or "") - datetime.fromisoformat(first or "")).total_seconds()
    except (ValueError, TypeError):
        return None


def ip_year(history: History, year: int | None = None) -> Report:
    """What yearly IP protection reports of marketplaces give, beside the year before."""
    now = report_year(history, year)
    standing = list(history.standing().values())
    columns = ("Figure", str(now), str(now - 1), "Change, %")
    this, before = (_ip_figures(history, standing, of) for of in (now, now - 1))
    rows = tuple((name, value, before[name], change(value, before[name])) for name, value in this.items())
    taken = [row for row in standing if row.kind == "takedown"]
    both = (str(now), str(now - 1))
    tables = (
        Table("figures", "The year in figures", columns, rows, _IP_NOTE),
        Table("by_ground", "Removed listings by ground", ("Ground", *both), _by(taken, "ground", now)),
        Table(
            "by_marketplace", "Removed listings by marketplace", ("Marketplace", *both), _by(taken, "marketplace", now)
        ),
        Table("by_source", "Removed listings by who flagged them first", ("Source", *both), _by(taken, "source", now)),
        Table("referrals", "Referrals and what came of them", ("Outcome", *both), _referrals(history, now)),
    )
    about = f"{history.title}: decisions that stand at the end of the pack; a listing counts once for each removal."
    charts = (_months(taken, "removed_by_month", "Removed listings by month"), _returns(history))
    return Report("ip-year", f"Intellectual property report {now}", about, tables, charts)


_IP_NOTE = (
    "Before any sale: no unit sold when the listing was decided. Within 24 hours: from when the case was opened. "
    "Returns: as the marketplaces count them, for each 10,000 orders."
)


def _ip_figures(history: History, standing: Iterable[Decided], year: int) -> dict[str, Cell]:
    mine = [row for row in standing if row.decided_at[:4] == str(year)]
    taken = [row for row in mine if row.kind == "takedown"]
    waits = [seconds_between(row.opened_at, row.decided_at) for row in taken]
    known = [wait for wait in waits if wait is not None]
    sold = [row.units_sold for row in taken if row.units_sold is not None]
    flagged = [row for row in taken if row.source not in ("", "automated", "staff")]
    figures = {name: value for name, value in _figures(history, year)}
    orders = figures.get("orders", 0)
    returned = figures.get("suspected_counterfeit_returns", 0)
    return {
        "Listings removed": len(taken),
        "Removed before any sale, %": percent(sum(units == 0 for units in sold), len(sold)),
        "Removed within 24 hours, %": percent(sum(wait <= DAY_S for wait in known), len(known)),
        "Median hours to removal": round(median(known) / 3600, 2) if known else None,
        "Shops closed": len({(row.marketplace, row.seller_id) for row in mine if row.measure == ACCOUNT}),
        "Found by our own means, %": percent(sum(row.source in ("automated", "staff") for row in taken), len(taken)),
        "Suspected-counterfeit returns per 10,000 orders": round(returned * 10_000 / orders, 2) if orders else None,
        "Listings blocked before they went live": figures.get("proactively_blocked"),
        "Referrals to authorities": sum(str(row["at"])[:4] == str(year) for row in history.rows("referrals")),
        "Trusted flaggers' share of notices that led to removal, %": percent(
            sum(row.source == "trusted_flagger" for row in flagged), len(flagged)
        ),
    }


def _figures(history: History, year: int) -> Iterator[tuple[str, int]]:
    totals: Counter[str] = Counter()
    for row in history.rows("figures"):
        if str(row["month"])[:4] == str(year) and isinstance(row["value"], int):
            totals[str(row["name"])] += row["value"]
    yield from totals.items()


def _by(rows: Iterable[Decided], name: str, year: int) -> tuple[tuple[Cell, ...], ...]:
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        counts[str(getattr(row, name)) or "none"][row.decided_at[:4]] += 1
    ordered = sorted(counts.items(), key=lambda item: (-item[1][str(year)], item[0]))
    return tuple((value, years[str(year)], years[str(year - 1)]) for value, years in ordered)


def _referrals(history: History, year: int) -> tuple[tuple[Cell, ...], ...]:
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in history.rows("referrals"):
        counts[str(row["outcome"])][str(row["at"])[:4]] += 1
    return tuple((name, of[str(year)], of[str(year - 1)]) for name, of in sorted(counts.items()))


def _months(rows: Iterable[Decided], name: str, title: str) -> Chart:
    counts = Counter(row.decided_at[:7] for row in rows)
    labels = tuple(sorted(counts))
    return Chart(name, title, labels, (("removed", tuple(float(counts[label]) for label in labels)),), bars=True)


def _returns(history: History) -> Chart:
    totals: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in history.rows("figures"):
        if isinstance(row["value"], int):
            totals[str(row["month"])][str(row["name"])] += row["value"]
    labels = tuple(sorted(totals))
    points = tuple(
        of["suspected_counterfeit_returns"] * 10_000 / of["orders"] if of["orders"] else None
        for of in (totals[label] for label in labels)
    )
    title = "Suspected-counterfeit returns per 10,000 orders"
    return Chart("suspected_returns", title, labels, (("returns per 10,000", points),))


def percent(hits: int, count: int) -> float | None:
    """A share in percent, of two places; None of nothing."""
    return round(100 * hits / count, 2) if count else None


def change(value: Cell, before: Cell) -> Cell:
    """By how many percent a figure grew; None where that says nothing."""
    if isinstance(value, str) or isinstance(before, str) or value is None or not before:
        return None
    return round((value - before) / before * 100, 1)
