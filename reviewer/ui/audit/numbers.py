"""The tables and charts of the team's report, in the window."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QLabel,
    QScrollArea,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from reviewer.audit.chart import Chart, svg
from reviewer.audit.tables import Report, chart_rows, csv_text
from reviewer.ui.plain import PlainLabel, button
from reviewer.ui.printing import picture_of
from reviewer.ui.theme import Theme


class TablesPane(QWidget):
    """One table of the report at a time."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._report: Report | None = None
        self.chooser = QComboBox()
        self.chooser.setAccessibleName(self.tr("Table"))
        self.note = PlainLabel(role="muted").wrapped()
        self.table = QTableWidget()
        self.table.setAccessibleName(self.tr("Numbers"))
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.verticalHeader().hide()
        column = QVBoxLayout(self)
        column.setSpacing(theme.em(0.5))
        for widget in (self.chooser, self.table, self.note):
            column.addWidget(widget)
        self.chooser.currentIndexChanged.connect(self._choose)

    def show_report(self, report: Report | None) -> None:
        """Show the tables of a report, or none."""
        self._report = report
        self.chooser.clear()
        self.table.setRowCount(0)
        if report is not None:
            self.chooser.addItems([table.title for table in report.tables])

    def _choose(self, place: int) -> None:
        if self._report is None or place < 0:
            return
        chosen = self._report.tables[place]
        self.note.setText(chosen.note)
        self.table.setColumnCount(len(chosen.columns))
        self.table.setRowCount(len(chosen.rows))
        self.table.setHorizontalHeaderLabels(list(chosen.columns))
        for at, row in enumerate(chosen.rows):
            for across, value in enumerate(row):
                item = QTableWidgetItem(
                    "–" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
                )
                if not isinstance(value, str):
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.table.setItem(at, across, item)
        self.table.resizeColumnsToContents()


class ChartsPane(QScrollArea):
    """The charts one below another, drawn for light or dark, each with its data as CSV."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._charts: tuple[Chart, ...] = ()
        self.setWidgetResizable(True)
        self.setAccessibleName(self.tr("Charts"))
        theme.changed.connect(self._draw)

    def show_report(self, report: Report | None) -> None:
        """Draw the charts of a report, or none."""
        self._charts = report.charts if report is not None else ()
        self._draw()

    def _draw(self) -> None:
        inside = QWidget()
        column = QVBoxLayout(inside)
        ink, paper = self._theme.colour("text").name(), self._theme.colour("surface").name()
        ratio = self.devicePixelRatioF()
        for chart in self._charts:
            picture = QPixmap.fromImage(picture_of(svg(chart, ink=ink, paper=paper), ratio))
            picture.setDevicePixelRatio(ratio)
            label = QLabel()
            label.setPixmap(picture)
            label.setAccessibleName(chart.title)
            column.addWidget(label)
            save = button(
                self.tr("Save the data as CSV …"), "flat", name=self.tr("Save the data of {0}").format(chart.title)
            )
            save.clicked.connect(lambda _checked=False, chart=chart: self._ask_where(chart))
            column.addWidget(save, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)
        self.setWidget(inside)

    def save(self, chart: Chart, path: Path) -> None:
        """Write the points of a chart."""
        path.write_bytes(csv_text(*chart_rows(chart)).encode("utf-8"))

    def _ask_where(self, chart: Chart) -> None:
        path, _ = QFileDialog.getSaveFileName(self, self.tr("Save the data"), f"{chart.name}.csv", "CSV (*.csv)")
        if path:
            self.save(chart, Path(path))
