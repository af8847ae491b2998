"""The DSA transparency report: the tables of the harmonised template, from the history of a pack."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from statistics import median

from reviewer.audit.chart import Chart
from reviewer.audit.history import Decided, History
from reviewer.audit.tables import Cell, Report, Table
from reviewer.audit.yearly import ACCOUNT, AGAINST, DAY_S, change, percent, report_year, seconds_between


def dsa(history: History, year: int | None = None) -> Report:
    """The tables of the harmonised template for transparency reports (Regulation (EU) 2024/2835, annex I)."""
    now = report_year(history, year)
    mine = [row for row in history.decisions if row.decided_at[:4] == str(now) and row.kind != "withdraw"]
    first = [row for row in mine if _is_first(row)]
    this, before = _trend(history, now), _trend(history, now - 1)
    statements = {str(row["decision_id"]): _body(row["body"]) for row in history.rows("statements")}
    tables = (
        Table("1_identification", "1. Identification", ("Field", "Value"),
              (("Service", history.title), ("Period", f"{now}-01-01 to {now}-12-31"), ("Decisions", len(mine)))),
        Table("3_orders", "3. Orders of authorities", ("Ground", "Orders", "Complied with", "Median hours to effect",
               "By automated means alone"),
              _notices(history, now, ("authority",))),
        Table("4_notices", "4. Notices (Art. 16)",
              ("Ground", "Notices", "Led to a measure", "Median hours to decision", "By automated means alone"),
              _notices(history, now, _NOTICES)),
        Table("4_notices_trusted_flaggers", "4. Of these, by trusted flaggers (Art. 22)",
              ("Ground", "Notices", "Led to a measure", "Median hours to decision", "By automated means alone"),
              _notices(history, now, ("trusted_flagger",))),
        Table("5_own_initiative_illegal", "5. Own initiative, illegal content", _OWN,
              _own(first, statements, illegal=True)),
        Table("6_own_initiative_terms", "6. Own initiative, terms and conditions", _OWN,
              _own(first, statements, illegal=False)),
        Table("7_appeals", "7. Complaints (Art. 20)",
              ("Ground of the decision", "Complaints", "Upheld decision", "Reversed", "Median days to ruling"),
              _appeals(history, now)),
        Table("7_suspensions", "7. Measures against accounts (Art. 23)", ("Measure", "Decisions", "Sellers"),
              _suspensions(first)),
        Table("8_automated_means", "8. Automated means", ("Figure", "Value"), _automated(history, first)),
        Table("9_human_resources", "9. Human resources", ("Figure", "Value"),
              (("People who decided", len({row.reviewer for row in mine})),
               ("Median seconds a decision", round(median(row.seconds for row in mine), 1) if mine else None))),
        Table("trends", "Beside the year before", ("Figure", str(now), str(now - 1), "Change, %"),
              tuple((name, value, before[name], change(value, before[name])) for name, value in this.items())),
    )  # fmt: skip
    return Report("dsa", f"DSA transparency report {now}", f"{history.title}. {_NOTE}", tables, _charts(history))


_NOTE = (
    "Tables follow the sections of the harmonised template. What the history does not hold is left out: orders to "
    "provide information, out-of-court disputes, and what very large platforms alone report."
)
_NOTICES = ("rights_holder", "trusted_flagger", "consumer")
_OWN_MEANS = ("automated", "staff")
_AGAINST_ACCOUNTS = ("seller_restricted", "account_suspended", ACCOUNT)
_OWN = ("Ground", "Measures", "Listings removed", "Accounts restricted or closed", "Detected by automated means")


def _body(text: object) -> dict[str, object]:
    try:
        value = json.loads(str(text))
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _notices(history: History, year: int, sources: tuple[str, ...]) -> tuple[tuple[Cell, ...], ...]:
    found: defaultdict[str, list[dict[str, object]]] = defaultdict(list)
    for row in history.rows("notices"):
        if row["source"] in sources and str(row["at"])[:4] == str(year):
            found[str(row["ground"])].append(row)
    return tuple(
        (
            ground,
            len(of),
            sum(row["outcome"] == "upheld" for row in of),
            _median_wait(of, "at", "settled_at", 3600.0),
            sum(row["automated"] == 1 for row in of),
        )
        for ground, of in sorted(found.items())
    )


def _median_wait(rows: Iterable[dict[str, object]], begun: str, ended: str, unit: float) -> float | None:
    waits = [seconds_between(str(row[begun]), str(row[ended])) for row in rows]
    known = [wait for wait in waits if wait is not None]
    return round(median(known) / unit, 2) if known else None


def _own(
    rows: Iterable[Decided], statements: dict[str, dict[str, object]], *, illegal: bool
) -> tuple[tuple[Cell, ...], ...]:
    found: defaultdict[str, list[Decided]] = defaultdict(list)
    for row in rows:
        if row.kind in AGAINST and row.source in _OWN_MEANS:
            ground = str(statements.get(row.id, {}).get("decision_ground", "DECISION_GROUND_ILLEGAL_CONTENT"))
            if (ground == "DECISION_GROUND_ILLEGAL_CONTENT") is illegal:
                found[row.ground].append(row)
    return tuple(
        (
            ground,
            len(of),
            sum(row.kind == "takedown" for row in of),
            sum(row.measure in _AGAINST_ACCOUNTS for row in of),
            sum(row.source == "automated" for row in of),
        )
        for ground, of in sorted(found.items())
    )


def _appeals(history: History, year: int) -> tuple[tuple[Cell, ...], ...]:
    grounds = {row.id: row.ground for row in history.decisions}
    found: defaultdict[str, list[dict[str, object]]] = defaultdict(list)
    for row in history.rows("appeals"):
        if str(row["filed_at"])[:4] == str(year) and str(row["decision_id"]) in grounds:
            found[grounds[str(row["decision_id"])]].append(row)
    rows = []
    for ground, of in sorted(found.items()):
        outcomes = Counter(str(row["outcome"]) for row in of)
        days = _median_wait(of, "filed_at", "ruled_at", DAY_S)
        rows.append((ground, len(of), outcomes["rejected"], outcomes["overturned"], days))
    return tuple(rows)


def _suspensions(first: list[Decided]) -> tuple[tuple[Cell, ...], ...]:
    """Measures against accounts, and how many sellers they met."""
    rows = []
    for measure in _AGAINST_ACCOUNTS:
        met = [row for row in first if row.measure == measure]
        rows.append((measure, len(met), len({(row.marketplace, row.seller_id) for row in met})))
    return tuple(rows)


def _in_year(history: History, table: str, column: str, year: int) -> list[dict[str, object]]:
    return [row for row in history.rows(table) if str(row[column])[:4] == str(year)]


def _trend(history: History, year: int) -> dict[str, Cell]:
    """The figures of one year that its trend is told by."""
    first = [row for row in history.decisions if row.decided_at[:4] == str(year) and _is_first(row)]
    own = [row for row in first if row.kind in AGAINST and row.source in _OWN_MEANS]
    known = {row.id for row in history.decisions}
    notices = [row for row in _in_year(history, "notices", "at", year) if row["source"] in _NOTICES]
    orders = [row for row in _in_year(history, "notices", "at", year) if row["source"] == "authority"]
    appeals = [row for row in _in_year(history, "appeals", "filed_at", year) if row["decision_id"] in known]
    reversed_ = sum(row["outcome"] == "overturned" for row in appeals)
    detected = [row for row in first if row.source == "automated"]
    return {
        "Orders of authorities": len(orders),
        "Median hours to effect of an order": _median_wait(orders, "at", "settled_at", 3600.0),
        "Notices": len(notices),
        "Of these by trusted flaggers": sum(row["source"] == "trusted_flagger" for row in notices),
        "Notices that led to a measure, %": percent(sum(row["outcome"] == "upheld" for row in notices), len(notices)),
        "Median hours to decision on a notice": _median_wait(notices, "at", "settled_at", 3600.0),
        "Measures on own initiative": len(own),
        "Of these detected by automated means, %": percent(sum(r.source == "automated" for r in own), len(own)),
        "Complaints": len(appeals),
        "Complaints that reversed the decision, %": percent(reversed_, len(appeals)),
        "Median days to ruling on a complaint": _median_wait(appeals, "filed_at", "ruled_at", DAY_S),
        "Measures against accounts": sum(row.measure in _AGAINST_ACCOUNTS for row in first),
        "Automated detection: a measure was taken, %": percent(
            sum(row.kind in AGAINST for row in detected), len(detected)
        ),
    }


def _is_first(row: Decided) -> bool:
    return row.kind != "withdraw" and not row.supersedes


def _charts(history: History) -> tuple[Chart, ...]:
    """Volumes and waiting times month by month, over all years that the pack holds."""
    notices, own, complaints = Counter[str](), Counter[str](), Counter[str]()
    known = {row.id for row in history.decisions}
    waits: defaultdict[str, list[dict[str, object]]] = defaultdict(list)
    rulings: defaultdict[str, list[dict[str, object]]] = defaultdict(list)
    for row in history.rows("notices"):
        if row["source"] in _NOTICES:
            notices[str(row["at"])[:7]] += 1
            waits[str(row["at"])[:7]].append(row)
    for made in history.decisions:
        own[made.decided_at[:7]] += _is_first(made) and made.kind in AGAINST and made.source in _OWN_MEANS
    for row in history.rows("appeals"):
        if row["decision_id"] in known:
            complaints[str(row["filed_at"])[:7]] += 1
            rulings[str(row["filed_at"])[:7]].append(row)
    months = tuple(sorted({*notices, *own, *complaints}))
    volumes = tuple(
        (name, tuple(float(of[month]) for month in months))
        for name, of in (("notices", notices), ("own initiative", own), ("complaints", complaints))
    )
    hours = tuple(_median_wait(waits[month], "at", "settled_at", 3600.0) for month in months)
    days = tuple(_median_wait(rulings[month], "filed_at", "ruled_at", DAY_S) for month in months)
    return (
        Chart("volumes", "Notices, measures on own initiative and complaints by month", months, volumes),
        Chart("notice_hours", "Median hours to decision on a notice", months, (("hours", hours),)),
        Chart("complaint_days", "Median days to ruling on a complaint", months, (("days", days),)),
    )


def _automated(history: History, first: list[Decided]) -> tuple[tuple[Cell, ...], ...]:
    detected = [row for row in first if row.source == "automated"]
    against = [row for row in detected if row.kind in AGAINST]
    overturned = {str(row["decision_id"]) for row in history.rows("appeals") if row["outcome"] == "overturned"}
    return (
        ("Decided cases that automated means detected", len(detected)),
        ("Of these, a measure was taken, % (indicator of accuracy)", percent(len(against), len(detected))),
        ("Of these measures, reversed on complaint, % (rate of error)",
         percent(sum(row.id in overturned for row in against), len(against))),
        ("Decisions made by automated means alone", 0),
    )  # fmt: skip
