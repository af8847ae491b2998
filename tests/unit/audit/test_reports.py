"""A report's figures equal those of plain SQL; its files are whole, safe and readable."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from reviewer.audit.chart import Chart, svg
from reviewer.audit.history import read_history
from reviewer.audit.reporting import make_report, write_files
from reviewer.audit.tables import INTERVAL, Report, Table, csv_text, html_text, with_intervals
from reviewer.errors import OperatorError
from tests.unit.audit.conftest import Made

_STANDING = (
    "FROM decisions d JOIN cases c USING (part, row) WHERE d.kind <> 'withdraw' AND d.decided_at LIKE '{year}%'"
    " AND NOT EXISTS (SELECT 1 FROM decisions later WHERE later.supersedes = d.id)"
)


@pytest.fixture(scope="module")
def sql(demo: Made) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(demo.path)
    yield connection
    connection.close()


def value(sql: sqlite3.Connection, query: str) -> object:
    return sql.execute(query).fetchone()[0]


def rows_of(report: Report, name: str) -> list[tuple[object, ...]]:
    return [tuple(row) for table in report.tables if table.name == name for row in table.rows]


@pytest.mark.parametrize("year", [2024, 2025])
def test_the_yearly_figures_are_those_of_plain_sql(demo: Made, sql: sqlite3.Connection, year: int) -> None:
    report = make_report(demo.path, "ip-year", year)
    figures = {str(row[0]): row[1] for row in rows_of(report, "figures")}
    standing = _STANDING.format(year=year)
    taken = f"{standing} AND d.kind = 'takedown'"
    hours = "(julianday(d.decided_at) - julianday(c.opened_at)) * 24"

    def percent(condition: str, of: str = taken) -> object:
        return pytest.approx(value(sql, f"SELECT round(100.0 * avg({condition}), 2) {of}"), abs=0.011)

    assert figures["Listings removed"] == value(sql, f"SELECT count(*) {taken}")
    assert figures["Listings removed"]
    assert figures["Removed before any sale, %"] == percent("c.units_sold = 0")
    assert figures["Removed within 24 hours, %"] == percent(f"{hours} <= 24.0000001")
    assert figures["Found by our own means, %"] == percent("c.source IN ('automated', 'staff')")
    assert figures["Trusted flaggers' share of notices that led to removal, %"] == percent(
        "c.source = 'trusted_flagger'", f"{taken} AND c.source NOT IN ('automated', 'staff', '')"
    )
    assert figures["Shops closed"] == value(
        sql, f"SELECT count(DISTINCT c.seller_id) {standing} AND d.measure = 'account_closed'"
    )
    assert figures["Suspected-counterfeit returns per 10,000 orders"] == value(
        sql,
        "SELECT round(10000.0 * sum(CASE name WHEN 'suspected_counterfeit_returns' THEN value END)"
        f" / sum(CASE name WHEN 'orders' THEN value END), 2) FROM figures WHERE month LIKE '{year}%'",
    )
    assert figures["Referrals to authorities"] == value(sql, f"SELECT count(*) FROM referrals WHERE at LIKE '{year}%'")
    middle = sql.execute(f"SELECT {hours} {taken} ORDER BY 1").fetchall()
    median = (middle[(len(middle) - 1) // 2][0] + middle[len(middle) // 2][0]) / 2
    assert figures["Median hours to removal"] == pytest.approx(median, abs=0.006)
    for name, column in (("by_ground", "d.ground"), ("by_marketplace", "c.marketplace"), ("by_source", "c.source")):
        expected = dict(sql.execute(f"SELECT {column}, count(*) {taken} GROUP BY 1").fetchall())
        assert {row[0]: row[1] for row in rows_of(report, name) if row[1]} == expected
    assert {row[0]: row[1] for row in rows_of(report, "referrals") if row[1]} == dict(
        sql.execute(f"SELECT outcome, count(*) FROM referrals WHERE at LIKE '{year}%' GROUP BY 1").fetchall()
    )


def test_the_transparency_figures_are_those_of_plain_sql(demo: Made, sql: sqlite3.Connection) -> None:
    report = make_report(demo.path, "dsa", 2025)
    assert {row[:3] for row in rows_of(report, "4_notices")} == set(
        sql.execute(
            "SELECT ground, count(*), sum(outcome = 'upheld') FROM notices WHERE at LIKE '2025%'"
            " AND source IN ('rights_holder', 'trusted_flagger', 'consumer') GROUP BY 1"
        ).fetchall()
    )
    assert {row[:3] for row in rows_of(report, "3_orders")} == set(
        sql.execute(
            "SELECT ground, count(*), sum(outcome = 'upheld') FROM notices WHERE at LIKE '2025%'"
            " AND source = 'authority' GROUP BY 1"
        ).fetchall()
    )
    own = (
        "SELECT d.ground, count(*), sum(d.kind = 'takedown'), sum(d.measure IN ('seller_restricted',"
        " 'account_suspended', 'account_closed')), sum(c.source = 'automated') FROM decisions d JOIN cases c"
        " USING (part, row) WHERE d.decided_at LIKE '2025%' AND d.supersedes = ''"
        " AND d.kind IN ('takedown', 'warn', 'restrict')"
        " AND c.source IN ('automated', 'staff') AND d.ground {} 'misleading' GROUP BY 1"
    )
    assert set(rows_of(report, "5_own_initiative_illegal")) == set(sql.execute(own.format("<>")).fetchall())
    assert set(rows_of(report, "6_own_initiative_terms")) == set(sql.execute(own.format("=")).fetchall())
    assert {row[:4] for row in rows_of(report, "7_appeals")} == set(
        sql.execute(
            "SELECT d.ground, count(*), sum(a.outcome = 'rejected'), sum(a.outcome = 'overturned') FROM appeals a"
            " JOIN decisions d ON d.id = a.decision_id WHERE a.filed_at LIKE '2025%' GROUP BY 1"
        ).fetchall()
    )
    automated = rows_of(report, "8_automated_means")
    assert automated[0][1] == value(
        sql,
        "SELECT count(*) FROM decisions d JOIN cases c USING (part, row) WHERE d.decided_at LIKE '2025%'"
        " AND d.supersedes = '' AND c.source = 'automated'",
    )
    assert all(rows_of(report, table.name) for table in report.tables)


def test_the_teams_figures_are_those_of_plain_sql(demo: Made, sql: sqlite3.Connection) -> None:
    report = make_report(demo.path, "team")
    same = rows_of(report, "agreement")[0]
    assert (same[1], same[4]) == (
        value(
            sql,
            "SELECT round(avg(o.kind = d.kind AND o.ground = d.ground), 4) FROM opinions o"
            " JOIN decisions d ON d.id = o.decision_id",
        ),
        value(sql, "SELECT count(*) FROM opinions"),
    )  # fmt: skip
    golden = rows_of(report, "agreement")[4]
    answers = (
        "FROM (SELECT *, row_number() OVER (PARTITION BY decision_id ORDER BY at) AS place FROM opinions WHERE golden)"
        " o JOIN decisions d ON d.id = o.decision_id WHERE place = 1"
    )
    assert golden[4] == value(sql, f"SELECT count(*) {answers}")
    assert golden[1] == value(sql, f"SELECT round(avg(o.kind = d.kind AND o.ground = d.ground), 4) {answers}")
    overturned = rows_of(report, "agreement")[5]
    assert overturned[1] == value(sql, "SELECT round(avg(outcome = 'overturned'), 4) FROM appeals")
    assert {row[:3] for row in rows_of(report, "appeals")} == set(
        sql.execute(
            "SELECT d.ground, count(*), sum(a.outcome = 'overturned') FROM appeals a JOIN decisions d"
            " ON d.id = a.decision_id GROUP BY 1"
        )
    )
    labels = [str(row[0]) for row in rows_of(report, "confusion")]
    for row in rows_of(report, "confusion"):
        for label, count in zip(labels, row[1:], strict=True):
            assert count == value(
                sql,
                "SELECT count(*) FROM opinions o JOIN decisions d ON d.id = o.decision_id"
                f" WHERE d.kind = '{row[0]}' AND o.kind = '{label}'",
            )
    for row in rows_of(report, "reviewers"):
        where = f"FROM decisions d JOIN cases c USING (part, row) WHERE d.reviewer_name = '{row[0]}'"
        assert row[1] == value(sql, f"SELECT count(*) {where}")
        assert row[10] == pytest.approx(
            value(sql, f"SELECT round(100.0 * avg(d.decided_at <= c.due_at), 2) {where} AND d.supersedes = ''"),
            abs=0.011,
        )
        assert (row[7], row[8]) == sql.execute(
            "SELECT count(*), round(100.0 * avg(o.kind = d.kind AND o.ground = d.ground), 2) "
            f"{answers} AND d.reviewer_name = '{row[0]}'"
        ).fetchone()
        assert row[9] == value(
            sql,
            "SELECT count(DISTINCT d.id) FROM decisions d JOIN appeals a ON a.decision_id = d.id"
            f" WHERE a.outcome = 'overturned' AND d.reviewer_name = '{row[0]}'",
        )
    volume = next(chart for chart in report.charts if chart.name == "volume")
    points = {(label, kind): of[place] for kind, of in volume.series for place, label in enumerate(volume.labels)}
    assert {key: count for key, count in points.items() if count} == {
        (month, kind): float(count)
        for month, kind, count in sql.execute(
            "SELECT substr(decided_at, 1, 7), kind, count(*) FROM decisions GROUP BY 1, 2"
        )
    }
    backlog = next(chart for chart in report.charts if chart.name == "backlog")
    for place, month in enumerate(backlog.labels):
        at = f"'{month}-31T24'"
        opened = (
            "FROM decisions d JOIN cases c USING (part, row) WHERE d.supersedes = ''"
            f" AND c.opened_at < {at} AND d.decided_at > {at}"
        )
        assert backlog.series[0][1][place] == value(sql, f"SELECT count(*) {opened}")
        assert backlog.series[1][1][place] == value(sql, f"SELECT count(*) {opened} AND c.due_at < {at}")


_RATED = "FROM opinions o JOIN decisions d ON d.id = o.decision_id JOIN cases c ON c.row = d.row AND c.part = d.part"


_KAPPA = """
, k(kind) AS (SELECT a FROM r UNION SELECT b FROM r),
e AS (SELECT sum((SELECT 1.0 * count(*) FROM r WHERE a = kind) * (SELECT count(*) FROM r WHERE b = kind))
  / (SELECT count(*) * count(*) FROM r) AS x FROM k)
SELECT CASE WHEN x < 1 THEN round(((SELECT avg(a = b) FROM r) - x) / (1 - x), 4) END FROM e"""
_ALPHA = """
, l AS (SELECT DISTINCT id, a AS kind, 0 AS n FROM r UNION ALL SELECT id, b, row_number() OVER () FROM r),
m AS (SELECT id, count(*) AS m FROM l GROUP BY id),
o AS (SELECT sum(1.0 / (m - 1)) AS d FROM l JOIN l AS other ON other.id = l.id AND other.kind <> l.kind
  JOIN m ON m.id = l.id),
t AS (SELECT kind, count(*) AS n FROM l GROUP BY kind)
SELECT round(1 - coalesce((SELECT d FROM o), 0) * ((SELECT count(*) FROM l) - 1)
  / (SELECT sum(1.0 * t.n * other.n) FROM t JOIN t AS other ON other.kind <> t.kind), 4)"""


def middle(values: list[float]) -> float:
    ordered = sorted(values)
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


@pytest.mark.parametrize(
    ("table", "column"),
    [("by_marketplace", "c.marketplace"), ("by_reviewer", "d.reviewer_name"), ("by_source", "c.source")],
)
def test_agreement_of_each_group_is_that_of_plain_sql(
    demo: Made, sql: sqlite3.Connection, table: str, column: str
) -> None:
    """Kappa by its definition, in SQL: observed and expected agreement from counts.  Alpha from coincidences."""
    found = rows_of(make_report(demo.path, "team"), table)
    assert {(row[0], row[1]) for row in found} == set(sql.execute(f"SELECT {column}, count(*) {_RATED} GROUP BY 1"))
    for row in found:
        rated = f"WITH r AS (SELECT d.id, d.kind AS a, o.kind AS b, d.ground = o.ground AS g {_RATED}"
        rated += f" WHERE {column} = '{row[0]}')"
        agreed = value(sql, f"{rated} SELECT round(100.0 * avg(a = b AND g), 2) FROM r")
        assert row[2] == pytest.approx(agreed, abs=0.011)
        for place, found_by in ((5, _KAPPA), (8, _ALPHA)):
            number, low, high = (None if cell is None else float(str(cell)) for cell in row[place : place + 3])
            assert number == pytest.approx(value(sql, rated + found_by), abs=0.00011)
            if number is not None and low is not None and high is not None:
                assert low <= number <= high


def test_time_backlog_and_drift_are_those_of_plain_sql(demo: Made, sql: sqlite3.Connection) -> None:
    report = make_report(demo.path, "team")
    columns = {"decision": "d.kind", "ground": "coalesce(nullif(d.ground, ''), 'none')",
               "marketplace": "c.marketplace", "source": "c.source", "all": "''"}  # fmt: skip
    seen = 0
    for by, name, count, half, mean, most in rows_of(report, "time"):
        times = [
            seconds
            for (seconds,) in sql.execute(
                f"SELECT d.seconds FROM decisions d JOIN cases c USING (part, row) WHERE {columns[str(by)]} = ?",
                (name,),
            )
        ]
        seen += by == "marketplace"
        assert count == len(times)
        assert half == pytest.approx(middle(times), abs=0.0051)
        assert mean == pytest.approx(sum(times) / len(times), abs=0.0051)
        assert sum(seconds <= float(str(most)) + 0.005 for seconds in times) / len(times) >= 0.9
    assert seen == value(sql, "SELECT count(DISTINCT marketplace) FROM cases")
    for month, opened, decided, _, _, due, kept in rows_of(report, "backlog"):
        where = (
            f"FROM decisions d JOIN cases c USING (part, row) WHERE d.supersedes = '' AND d.decided_at LIKE '{month}%'"
        )
        assert (decided, due) == sql.execute(f"SELECT count(*), sum(c.due_at IS NOT NULL) {where}").fetchone()
        if due:
            assert kept == pytest.approx(
                value(sql, f"SELECT 100.0 * avg(d.decided_at <= c.due_at) {where}"), abs=0.0051
            )
        assert opened == value(
            sql,
            "SELECT count(*) FROM decisions d JOIN cases c USING (part, row) WHERE d.supersedes = ''"
            f" AND c.opened_at LIKE '{month}%'",
        )
    weeks = {
        row[0]: row[1:]
        for row in sql.execute(
            "SELECT strftime('%G-W%V', substr(d.decided_at, 1, 10)), count(*), count(o.decision_id),"
            " sum(o.verdict <> 'agree') FROM decisions d LEFT JOIN opinions o ON o.decision_id = d.id GROUP BY 1"
        )
    } if sqlite3.sqlite_version_info >= (3, 46) else {}  # fmt: skip
    drift = rows_of(report, "drift")
    assert sum(int(str(row[1])) for row in drift) == value(sql, "SELECT count(*) FROM decisions")
    assert sum(int(str(row[3])) for row in drift) == value(sql, "SELECT count(*) FROM opinions")
    assert sum(int(str(row[4])) for row in drift) == value(sql, "SELECT sum(verdict <> 'agree') FROM opinions")
    for row in drift:
        if weeks and row[0] in weeks and not weeks[row[0]][1]:
            assert (row[1], row[3]) == weeks[row[0]][:2]
    eight = [row for row in drift if row[3]][-8:]
    wrong, looked = (sum(int(str(row[place])) for row in eight) for place in (4, 3))
    assert eight[-1][5] == pytest.approx(100 * wrong / looked, abs=0.0051)


def test_what_auditors_found_is_that_of_plain_sql(demo: Made, sql: sqlite3.Connection) -> None:
    report = make_report(demo.path, "team")
    assert {row[:6] for row in rows_of(report, "auditors")} == set(
        sql.execute(
            "SELECT auditor, count(*), sum(verdict = 'agree'), sum(verdict = 'fix'), sum(verdict = 'return'),"
            " sum(blind) FROM opinions GROUP BY 1"
        )
    )
    both = "FROM opinions a JOIN opinions b USING (decision_id) WHERE a.auditor < b.auditor"
    same = "a.kind = b.kind AND a.ground = b.ground"
    assert {row[:4] for row in rows_of(report, "between_auditors")} == set(
        sql.execute(f"SELECT a.auditor, b.auditor, count(*), round(100.0 * avg({same}), 2) {both} GROUP BY 1, 2")
    )
    assert {row[5] for row in rows_of(report, "disagreements")} == {
        identity for (identity,) in sql.execute(f"SELECT decision_id {both} AND NOT ({same})")
    }


@pytest.mark.parametrize("year", [2024, 2025])
def test_medians_and_trends_are_those_of_plain_sql(demo: Made, sql: sqlite3.Connection, year: int) -> None:
    report = make_report(demo.path, "dsa", 2025)
    figures = {str(row[0]): row[1 if year == 2025 else 2] for row in rows_of(report, "trends")}
    notice = f"FROM notices WHERE at LIKE '{year}%' AND source IN ('rights_holder', 'trusted_flagger', 'consumer')"
    order = f"FROM notices WHERE at LIKE '{year}%' AND source = 'authority'"
    hours = "(julianday(settled_at) - julianday(at)) * 24"
    for name, of in (("Median hours to decision on a notice", notice), ("Median hours to effect of an order", order)):
        waits = [wait for (wait,) in sql.execute(f"SELECT {hours} {of} AND settled_at IS NOT NULL")]
        assert figures[name] == pytest.approx(middle(waits), abs=0.0051)
    filed = f"FROM appeals WHERE filed_at LIKE '{year}%'"
    days = [wait for (wait,) in sql.execute(f"SELECT julianday(ruled_at) - julianday(filed_at) {filed}")]
    assert figures["Median days to ruling on a complaint"] == pytest.approx(middle(days), abs=0.0051)
    first = f"FROM decisions d JOIN cases c USING (part, row) WHERE d.decided_at LIKE '{year}%' AND d.supersedes = ''"
    own = f"{first} AND d.kind IN ('takedown', 'warn', 'restrict') AND c.source IN ('automated', 'staff')"
    for name, query in (
        ("Orders of authorities", f"SELECT count(*) {order}"),
        ("Notices", f"SELECT count(*) {notice}"),
        ("Of these by trusted flaggers", f"SELECT sum(source = 'trusted_flagger') {notice}"),
        ("Notices that led to a measure, %", f"SELECT round(100.0 * avg(outcome = 'upheld'), 2) {notice}"),
        ("Measures on own initiative", f"SELECT count(*) {own}"),
        ("Of these detected by automated means, %", f"SELECT round(100.0 * avg(c.source = 'automated'), 2) {own}"),
        ("Complaints", f"SELECT count(*) {filed}"),
        ("Complaints that reversed the decision, %", f"SELECT round(100.0 * avg(outcome = 'overturned'), 2) {filed}"),
        (
            "Measures against accounts",
            f"SELECT count(*) {first} AND d.measure IN ('seller_restricted', 'account_suspended', 'account_closed')",
        ),
        (
            "Automated detection: a measure was taken, %",
            "SELECT round(100.0 * avg(d.kind IN ('takedown', 'warn', 'restrict')), 2)"
            f" {first} AND c.source = 'automated'",
        ),
    ):
        assert figures[name] == pytest.approx(value(sql, query), abs=0.011), name
    for row in rows_of(report, "4_notices"):
        waits = [
            wait
            for (wait,) in sql.execute(f"SELECT {hours} {notice.replace(str(year), '2025')} AND ground = '{row[0]}'")
        ]
        assert row[3] == pytest.approx(middle(waits), abs=0.0051)
    for row in rows_of(report, "7_suspensions"):
        assert (
            row[1:]
            == sql.execute(
                "SELECT count(*), count(DISTINCT c.seller_id)"
                f" {first.replace(str(year), '2025')} AND d.measure = '{row[0]}'"
            ).fetchone()
        )
    assert [len(chart.labels) for chart in report.charts] == [24, 24, 24]


class _Balanced(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """It is closed by itself."""

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("kind", ["ip-year", "dsa", "team"])
def test_the_files_of_a_report_are_whole(demo: Made, tmp_path: Path, kind: str) -> None:
    report = make_report(demo.path, kind)
    files = write_files(report, tmp_path / "out")
    page = (tmp_path / "out" / f"{kind}.html").read_text("utf-8")
    parser = _Balanced()
    parser.feed(page)
    assert parser.open == []
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")
    for table in report.tables:
        with (tmp_path / "out" / f"{kind}-{table.name}.csv").open(encoding="utf-8", newline="") as file:
            found = list(csv.reader(file))
        assert found[0] == list(table.columns)
        assert len(found) == len(table.rows) + 1
        assert table.title.replace("'", "&#x27;") in page
    assert len(files) == 1 + len(report.tables) + len(report.charts)


def test_csv_is_rfc_4180_and_runs_no_formula() -> None:
    cells = ("=1+1", "+x", "-x", "@x", "\tx", "\rx", 'a "b"', "한국, ไทย", -5, None)
    assert csv_text(("a",), tuple((cell,) for cell in cells)) == (
        'a\r\n\'=1+1\r\n\'+x\r\n\'-x\r\n\'@x\r\n\'\tx\r\n"\'\rx"\r\n"a ""b"""\r\n"한국, ไทย"\r\n-5\r\n""\r\n'
    )


def test_texts_of_a_pack_are_never_markup() -> None:
    chart = Chart("c", "<b>&", ("<i>",), (("<u>", (1.0,)),), bars=True)
    page = html_text(Report("team", "<script>", "<p>", (), (chart,)))
    for tag in ("<script>", "<b>", "<i>", "<u>"):
        assert tag not in page


def test_charts_of_nothing_and_of_gaps_are_drawn() -> None:
    assert svg(Chart("c", "Empty", (), ())).endswith("</svg>")
    drawn = svg(Chart("c", "Gaps", ("a", "b", "c"), (("x", (1.0, None, 3.0)),)))
    assert drawn.count("<polyline") == 2


def test_what_is_no_report_or_no_pack_is_said(demo: Made, copy: Path, tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="no report 'x'"):
        make_report(demo.path, "x")
    with pytest.raises(OperatorError, match="no decision of 1999: choose one of 2024, 2025"):
        make_report(demo.path, "dsa", 1999)
    with pytest.raises(OperatorError, match="not a readable pack"):
        make_report(Path(__file__), "dsa")
    (tmp_path / "file").write_text("x")
    with pytest.raises(OperatorError, match="can't be written to"):
        write_files(make_report(demo.path, "dsa"), tmp_path / "file")
    connection = sqlite3.connect(copy)
    with connection:
        connection.execute("UPDATE decisions SET kind = x'00' WHERE row = 4")
    with pytest.raises(OperatorError, match="wrong type"):
        read_history(copy)
    with connection:
        connection.execute("DROP VIEW a_month")
        connection.execute("CREATE VIEW a_month AS SELECT 1")
    connection.close()
    with pytest.raises(OperatorError, match="declares tables, views or triggers"):
        read_history(copy)


def test_a_number_and_its_interval_are_one_cell_for_people_and_three_in_csv() -> None:
    table = Table(
        "t",
        "T",
        ("Name", "Kappa", *INTERVAL, "Cases", "95% from"),
        (("a", 0.5, 0.25, 0.75, 4, 1), ("b", None, None, None, 0, 2)),
    )
    columns, rows = with_intervals(table)
    assert columns == ("Name", "Kappa (95%)", "Cases", "95% from")
    assert [str(row[1]) for row in rows] == ["0.5 (0.25 to 0.75)", "None"]
    page = html_text(Report("team", "T", "", (table,)))
    assert '<td class="n" align="right">0.5 (0.25 to 0.75)</td>' in page
    assert '<td class="n" align="right">–</td>' in page
    assert csv_text(table.columns, table.rows).splitlines()[1] == "a,0.5,0.25,0.75,4,1"
