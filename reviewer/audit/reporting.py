"""Writing a report's files: one HTML page, a CSV for each table and chart, and what the PDF is made of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from reviewer.audit.history import History, read_history
from reviewer.audit.tables import Report, chart_rows, csv_text, html_text
from reviewer.audit.team import team
from reviewer.audit.yearly import dsa, ip_year
from reviewer.errors import OperatorError

KINDS: dict[str, Callable[[History, int | None], Report]] = {
    "ip-year": ip_year,
    "dsa": dsa,
    "team": lambda history, _: team(history),
}


def make_report(pack: Path, kind: str, year: int | None = None) -> Report:
    """A report on a pack.  Raises `OperatorError` for a kind or a year that there is not, or a file that is no pack."""
    if kind not in KINDS:
        raise OperatorError(f"There is no report {kind!r}: choose one of {', '.join(KINDS)}.")
    return KINDS[kind](read_history(pack), year)


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
