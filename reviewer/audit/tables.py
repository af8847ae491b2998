"""Tables of a report, and their way into CSV and HTML."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from html import escape

from reviewer.audit.chart import Chart, svg

Cell = str | int | float | None


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
        head = "".join(f"<th>{escape(name)}</th>" for name in table.columns)
        rows = "".join(f"<tr>{''.join(_cell(value) for value in row)}</tr>" for row in table.rows)
        note = f'<p class="note">{escape(table.note)}</p>' if table.note else ""
        parts.append(f'<h2>{escape(table.title)}</h2><table width="100%"><tr>{head}</tr>{rows}</table>{note}')
    return "".join([*parts, "</body></html>\n"])


def _cell(value: Cell) -> str:
    if value is None:
        return "<td>–</td>"
    if isinstance(value, str):
        return f"<td>{escape(value)}</td>"
    words = f"{value:,}" if isinstance(value, int) else f"{value:,.3f}".rstrip("0").rstrip(".")
    return f'<td class="n" align="right">{words}</td>'
