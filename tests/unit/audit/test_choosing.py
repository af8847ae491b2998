"""The filters of list, numbers, draw and command line: each leaves exactly what plain SQL does."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from reviewer.audit.choosing import Chosen, values
from reviewer.audit.drawing import Plan, draw_by, drawn_rows, lot_of, size_of
from reviewer.audit.history import History, read_history
from reviewer.audit.reporting import make_report
from reviewer.cli.audit import audit_app
from reviewer.errors import OperatorError
from tests.unit.audit.conftest import Made


@pytest.fixture(scope="module")
def history(demo: Made) -> History:
    return read_history(demo.path)


@pytest.fixture(scope="module")
def sql(demo: Made) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(demo.path)
    yield connection
    connection.close()


_MEDIANS = (
    "(SELECT avg(seconds) FROM (SELECT seconds, row_number() OVER (ORDER BY seconds) AS n, count(*) OVER () AS of"
    " FROM decisions other WHERE other.reviewer_name = d.reviewer_name) WHERE n IN ((of + 1) / 2, of / 2 + 1))"
)


@pytest.mark.parametrize(
    ("chosen", "where"),
    [
        (Chosen(since="2024-05-03"), "d.decided_at >= '2024-05-03'"),
        (Chosen(until="2024-05-03"), "d.decided_at < '2024-05-03'"),
        (Chosen(reviewer="Jun Han"), "d.reviewer_name = 'Jun Han'"),
        (Chosen(marketplace="mercadia"), "c.marketplace = 'mercadia'"),
        (Chosen(ground="counterfeit"), "d.ground = 'counterfeit'"),
        (Chosen(decision="warn"), "d.kind = 'warn'"),
        (Chosen(source="consumer"), "c.source = 'consumer'"),
        (Chosen(overrides=True), "c.due_measure <> '' AND d.measure = ''"),
        (Chosen(fast=True), f"d.seconds < 0.4 * {_MEDIANS}"),
        (
            Chosen("2024-03-01", "2025-09-01", "Tomás Vega", "", "", "takedown", "automated", False, False),
            "d.decided_at >= '2024-03-01' AND d.decided_at < '2025-09-01' AND d.reviewer_name = 'Tomás Vega'"
            " AND d.kind = 'takedown' AND c.source = 'automated'",
        ),
    ],
)
def test_each_filter_leaves_what_plain_sql_does(
    history: History, sql: sqlite3.Connection, chosen: Chosen, where: str
) -> None:
    wanted = {
        identity
        for (identity,) in sql.execute(f"SELECT d.id FROM decisions d JOIN cases c USING (part, row) WHERE {where}")
    }
    found = chosen.choose(history)
    assert {row.id for row in found.decisions} == wanted
    assert 0 < len(wanted) < len(history.decisions)
    assert {item.decision_id for item in found.opinions} == {
        item.decision_id for item in history.opinions if item.decision_id in wanted
    }
    assert set(found.standing()) == wanted & set(history.standing())
    assert chosen.told()


def test_no_filter_leaves_everything_and_a_wrong_day_is_said(history: History) -> None:
    assert Chosen().choose(history) is history
    with pytest.raises(OperatorError, match="'tomorrow' is no day"):
        Chosen(since="tomorrow")


def test_what_can_be_chosen_is_counted(history: History, sql: sqlite3.Connection) -> None:
    found = values(history)
    for field, column in (("decision", "d.kind"), ("ground", "d.ground"), ("source", "c.source")):
        assert dict(found[field]) == dict(
            sql.execute(
                f"SELECT {column}, count(*) FROM decisions d JOIN cases c USING (part, row) WHERE {column} <> ''"
                " GROUP BY 1"
            )
        )


def test_a_report_on_a_part_names_it(demo: Made, history: History) -> None:
    chosen = Chosen(marketplace="norrmarkt", since="2025-01-01")
    report = make_report(demo.path, "team", chosen=chosen)
    assert report.subtitle.endswith("Only: since 2025-01-01, marketplace norrmarkt.")
    assert f"{len(chosen.of(history)):,} decisions" in report.subtitle
    with pytest.raises(OperatorError, match="nothing to report"):
        make_report(demo.path, "team", chosen=Chosen(reviewer="nobody"))


def test_the_command_draws_what_the_window_draws(demo: Made, history: History, tmp_path: Path) -> None:
    plan = Plan("2026-11", "I", by=("reviewer", "speed"), golden=4, auditor="Ines Okafor",
                chosen=Chosen(source="automated", until="2025-07-01"))  # fmt: skip
    out = tmp_path / "draw.csv"
    result = CliRunner().invoke(
        audit_app,
        ["sample", "--pack", str(demo.path), "--seed", "2026-11", "--level", "I", "--by", "reviewer,speed", "--golden",
         "4", "--auditor", "Ines Okafor", "--source", "automated", "--until", "2025-07-01", "--out", str(out)],
    )  # fmt: skip
    assert result.exit_code == 0
    drawn = draw_by(history, plan)
    assert f"{drawn.size} of {drawn.lot}, code letter {drawn.letter}" in result.stderr
    assert f"source automated, draw {drawn.digest}" in result.stderr
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    assert [row[1] for row in rows] == list(drawn.ids) == [row[1] for row in drawn_rows(history, drawn)]
    lot = lot_of(history, plan)
    assert drawn.lot == len(lot)
    assert size_of(len(lot), plan)[1] == drawn.letter
    assert draw_by(history, Plan("s", size=40, golden=None)).golden
