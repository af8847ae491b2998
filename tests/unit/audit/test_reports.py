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
from reviewer.audit.tables import Report, csv_text, html_text
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
    assert golden[4] == value(sql, "SELECT count(*) FROM opinions WHERE golden")
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
        assert row[8] == pytest.approx(
            value(sql, f"SELECT round(100.0 * avg(d.decided_at <= c.due_at), 2) {where}"), abs=0.011
        )
        assert row[7] == value(
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
