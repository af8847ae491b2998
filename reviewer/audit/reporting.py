"""Writing a report's files: one HTML page, a CSV for each table and chart, and what the PDF is made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from reviewer.audit.choosing import Chosen
from reviewer.audit.findings import Findings, read_findings
from reviewer.audit.history import History, Opinion, read_history
from reviewer.audit.tables import Report, chart_rows, csv_text, html_text
from reviewer.audit.team import team
from reviewer.audit.transparency import dsa
from reviewer.audit.yearly import ip_year
from reviewer.errors import OperatorError

KINDS: dict[str, Callable[[History, int | None], Report]] = {
    "ip-year": ip_year,
    "dsa": dsa,
    "team": lambda history, _: team(history),
}


def make_report(
    pack: Path, kind: str, year: int | None = None, findings: Sequence[Path] = (), chosen: Chosen | None = None
) -> Report:
    """A report on a pack or the chosen part of it, with the second opinions of findings files beside those in it.

    Raises `OperatorError` for a kind or a year that there is not, a file that is no pack, or findings that are not as
    they were signed.
    """
    if kind not in KINDS:
        raise OperatorError(f"There is no report {kind!r}: choose one of {', '.join(KINDS)}.")
    return report_on(read_with(pack, findings), kind, year, chosen or Chosen())


def report_on(history: History, kind: str, year: int | None, chosen: Chosen) -> Report:
    """A report on the chosen part of a history, which it names."""
    report = KINDS[kind](chosen.choose(history), year)
    return report if chosen.is_empty else replace(report, subtitle=f"{report.subtitle} Only: {chosen.told()}.")


def read_with(pack: Path, findings: Sequence[Path] = ()) -> History:
    """A pack's history with the second opinions of findings files."""
    history = read_history(pack)
    for path in findings:
        history = with_findings(history, read_findings(path))
    return history


def with_findings(history: History, findings: Findings) -> History:
    """A history with second opinions from beside its pack; those on decisions that it does not hold are left out."""
    known = {row.id for row in history.decisions}
    more = [
        Opinion(
            item.decision_id, findings.draw, item.auditor, item.at, item.verdict, item.kind, item.ground, item.note,
            int(item.blind), int(item.golden), item.seconds,
        )
        for item in findings.items
        if item.decision_id in known
    ]  # fmt: skip
    return replace(history, opinions=tuple(dict.fromkeys((*history.opinions, *more))))


def write_files(report: Report, folder: Path) -> list[Path]:
    """Write HTML and CSV into a folder; answers the files."""
    files = {f"{report.kind}.html": html_text(report)}
    files |= {f"{report.kind}-{table.name}.csv": csv_text(table.columns, table.rows) for table in report.tables}
    files |= {f"{report.kind}-chart-{chart.name}.csv": csv_text(*chart_rows(chart)) for chart in report.charts}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_bytes(text.encode("utf-8"))
    except OSError as error:
        raise OperatorError(f"{folder} can't be written to: {error.strerror}. Choose another folder.") from error
    return [folder / name for name in files]
