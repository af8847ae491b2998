"""Writing a report's files: one HTML page, a CSV for each table and chart, and what the PDF is made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from reviewer.audit.findings import Findings, read_findings
from reviewer.audit.history import History, Opinion, read_history
from reviewer.audit.tables import Report, chart_rows, csv_text, html_text
from reviewer.audit.team import team
from reviewer.audit.yearly import dsa, ip_year
from reviewer.errors import OperatorError

KINDS: dict[str, Callable[[History, int | None], Report]] = {
    "ip-year": ip_year,
    "dsa": dsa,
    "team": lambda history, _: team(history),
}


def make_report(pack: Path, kind: str, year: int | None = None, findings: Sequence[Path] = ()) -> Report:
    """A report on a pack, with the second opinions of findings files beside those in it.

    Raises `OperatorError` for a kind or a year that there is not, a file that is no pack, or findings that are not as
    they were signed.
    """
    if kind not in KINDS:
        raise OperatorError(f"There is no report {kind!r}: choose one of {', '.join(KINDS)}.")
    history = read_history(pack)
    for path in findings:
        history = with_findings(history, read_findings(path))
    return KINDS[kind](history, year)


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
