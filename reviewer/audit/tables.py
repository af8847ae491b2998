"""Tables of a report, and their way into CSV and HTML."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from html import escape

from reviewer.audit.chart import Chart, svg

Cell = str | int | float | None
#: The columns of an interval, after the number that it is around.
INTERVAL = ("95% from", "95% to")
#: A table of more columns is set smaller, so that it fits a page.
_MANY = 7
_RIGHT = ' align="right"'


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under their columns; `name` is that of the CSV file."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """A report: what it is about, its tables and its charts."""

    kind: str
    title: str
    subtitle: str
    tables: tuple[Table, ...]
    charts: tuple[Chart, ...] = ()


def csv_text(columns: tuple[str, ...], rows: tuple[tuple[Cell, ...], ...]) -> str:
    """RFC 4180: CRLF, quoted where needed; a text that a spreadsheet would run as a formula gets a quote before it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([_safe(name) for name in columns])
    for row in rows:
        writer.writerow([_safe(value) for value in row])
    return out.getvalue()


def _safe(value: Cell) -> Cell:
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r", "\n"):
        return f"'{value}"
    return value


def chart_rows(chart: Chart) -> tuple[tuple[str, ...], tuple[tuple[Cell, ...], ...]]:
    """The points of a chart as columns and rows."""
    columns = ("label", *(name for name, _ in chart.series))
    points = [values for _, values in chart.series]
    return columns, tuple((label, *(values[place] for values in points)) for place, label in enumerate(chart.labels))


_STYLE = """
:root{color-scheme:light dark}
body{font-family:"Noto Sans","Noto Sans CJK KR","Waree","Malgun Gothic","Microsoft YaHei","Leelawadee UI",sans-serif;
  margin:2em auto;max-width:60em;padding:0 1em;line-height:1.4}
table{border-collapse:collapse;margin:.5em 0 1.5em;width:100%}
th,td{text-align:left;padding:.25em .6em;border-bottom:1px solid #999999}
td.n{text-align:right;font-variant-numeric:tabular-nums}
.note{font-size:.9em;opacity:.8}
svg{max-width:100%;height:auto}
@media print{body{margin:0;max-width:none}h2{break-after:avoid}tr{break-inside:avoid}}
"""


def html_text(report: Report, pictures: dict[str, str] | None = None) -> str:
    """The report as one HTML page with nothing outside of it; `pictures` puts images in the place of the SVG charts."""
    parts = [
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{escape(report.title)}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{escape(report.title)}</h1><p>{escape(report.subtitle)}</p>"
    ]
    parts += [
        f'<p><img src="{escape(pictures[chart.name])}" width="640" height="231"></p>'
        if pictures
        else f"<p>{svg(chart)}</p>"
        for chart in report.charts
    ]
    for table in report.tables:
        columns, rows = with_intervals(table)
        size = ' style="font-size:small"' if len(columns) > _MANY else ""
        right = [any(_is_number(row[at]) for row in rows) for at in range(len(columns))]
        head = "".join(
            f"<th{_RIGHT if numeric else ''}>{escape(name)}</th>" for name, numeric in zip(columns, right, strict=True)
        )
        cells = ("".join(_cell(value, numeric) for value, numeric in zip(row, right, strict=True)) for row in rows)
        body = "".join(f"<tr>{of}</tr>" for of in cells)
        note = f'<p class="note">{escape(table.note)}</p>' if table.note else ""
        parts.append(f'<h2>{escape(table.title)}</h2><table width="100%"{size}><tr>{head}</tr>{body}</table>{note}')
    return "".join([*parts, "</body></html>\n"])


@dataclass(frozen=True, slots=True)
class Interval:
    """A number with the interval around it, for people: one cell instead of three."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{_words(self.value)} ({_words(self.low)} to {_words(self.high)})"


def with_intervals(table: Table) -> tuple[tuple[str, ...], tuple[tuple[Cell | Interval, ...], ...]]:
    """Columns and rows as they are read: a number and the two columns of its interval are one."""
    at, keep = 0, []
    while at < len(table.columns):
        whole = table.columns[at + 1 : at + 3] == INTERVAL
        keep.append((at, whole))
        at += 3 if whole else 1
    columns = tuple(f"{table.columns[at]} (95%)" if whole else table.columns[at] for at, whole in keep)
    rows = tuple(tuple(_joined(row[at : at + 3]) if whole else row[at] for at, whole in keep) for row in table.rows)
    return columns, rows


def _joined(cells: tuple[Cell, ...]) -> Cell | Interval:
    value, low, high = cells
    if isinstance(value, str) or isinstance(low, str) or isinstance(high, str):
        return value
    return value if value is None or low is None or high is None else Interval(value, low, high)


def _is_number(value: Cell | Interval) -> bool:
    return value is not None and not isinstance(value, str)


def _words(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.3f}".rstrip("0").rstrip(".")


def _cell(value: Cell | Interval, numeric: bool) -> str:
    side = f' class="n"{_RIGHT}' if numeric else ""
    if value is None:
        return f"<td{side}>–</td>"
    if isinstance(value, str):
        return f"<td{side}>{escape(value)}</td>"
    return f"<td{side}>{value if isinstance(value, Interval) else _words(value)}</td>"
