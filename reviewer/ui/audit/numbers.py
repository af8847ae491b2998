"""The tables and charts of the reports, in the window."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSortFilterProxyModel, Qt, QTimer, Signal
from PySide6.QtGui import QPixmap, QResizeEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from reviewer.audit.chart import HEIGHT, WIDTH, Chart, svg
from reviewer.audit.tables import Cell, Report, chart_rows, csv_text, html_text
from reviewer.domain.text import visible
from reviewer.errors import OperatorError
from reviewer.services.audit_desk import AuditDesk
from reviewer.ui.plain import PlainLabel, button
from reviewer.ui.printing import picture_of, write_pdf
from reviewer.ui.theme import Theme

#: A chart is at least so wide, in pixels, where two stand in a row.
_NARROWEST = 590
_SORT = int(Qt.ItemDataRole.UserRole)


class TablesPane(QWidget):
    """One table of a report at a time.  `save_asked` comes where the report shall be written."""

    save_asked = Signal()
    kind_chosen = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._report: Report | None = None
        self.kind = QComboBox()
        self.kind.setAccessibleName(self.tr("Report"))
        for name, title in (
            ("team", self.tr("Team report")), ("ip-year", self.tr("Yearly IP report")),
            ("dsa", self.tr("DSA transparency report")),
        ):  # fmt: skip
            self.kind.addItem(title, name)
        self.kind.activated.connect(lambda _: self.kind_chosen.emit())
        self.chooser = QComboBox()
        self.chooser.setAccessibleName(self.tr("Table"))
        self.csv_button = button(self.tr("Table as CSV …"))
        self.csv_button.clicked.connect(self._ask_where)
        self.save_button = button(self.tr("Save the report …"), tip=self.tr("HTML, PDF, and a CSV for each table"))
        self.save_button.clicked.connect(self.save_asked.emit)
        self.about = PlainLabel(role="muted").wrapped()
        self.note = PlainLabel(role="muted").wrapped()
        self.model = QStandardItemModel(self)
        self._sorted = QSortFilterProxyModel(self)
        self._sorted.setSourceModel(self.model)
        self._sorted.setSortRole(_SORT)
        self.table = QTableView()
        self.table.setModel(self._sorted)
        self.table.setSortingEnabled(True)
        self.table.setAccessibleName(self.tr("Numbers"))
        self.table.setEditTriggers(QTableView.EditTrigger.NoEditTriggers)
        self.table.setAlternatingRowColors(True)
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.verticalHeader().hide()
        top = QHBoxLayout()
        top.addWidget(self.kind)
        top.addWidget(self.chooser, 1)
        for made in (self.csv_button, self.save_button):
            top.addWidget(made)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.em(0.5), theme.em(0.5), theme.em(0.5), theme.em(0.5))
        column.setSpacing(theme.em(0.5))
        column.addLayout(top)
        column.addWidget(self.about)
        column.addWidget(self.table, 1)
        column.addWidget(self.note)
        self.chooser.currentIndexChanged.connect(self._choose)

    @property
    def report_kind(self) -> str:
        """Which report is wanted."""
        return str(self.kind.currentData())

    def say(self, text: str) -> None:
        """Say something above the table."""
        self.about.set_role("muted")
        self.about.setText(text)

    def show_report(self, report: Report | None, problem: str = "") -> None:
        """Show the tables of a report, or why there is none."""
        kept = self.chooser.currentText()
        self._report = report
        self.chooser.clear()
        self.model.clear()
        self.note.clear()
        for widget in (self.chooser, self.csv_button, self.save_button):
            widget.setEnabled(report is not None)
        if report is None:
            self.say(problem)
            return
        self.say(visible(report.subtitle, limit=600))
        self.chooser.addItems([table.title for table in report.tables])
        self.chooser.setCurrentIndex(max(0, self.chooser.findText(kept)))

    def save(self, desk: AuditDesk, report: Report, folder: Path) -> None:
        """Write the report as HTML, PDF and CSV into a folder, and say so."""
        charts = {chart.name: svg(chart) for chart in report.charts}
        try:
            files = desk.save_report(report, folder)
            pdf = folder / f"{report.kind}.pdf"
            write_pdf(html_text(report, {name: name for name in charts}), pdf, title=report.title, pictures=charts)
        except OperatorError as error:
            self.about.set_role("danger")
            self.about.setText(str(error))
            return
        self.say(self.tr("{0} files are in {1}.").format(len(files) + 1, folder))

    def save_table(self, path: Path) -> None:
        """Write the table that is shown."""
        if self._report is not None and self.chooser.currentIndex() >= 0:
            table = self._report.tables[self.chooser.currentIndex()]
            path.write_bytes(csv_text(table.columns, table.rows).encode("utf-8"))

    def _choose(self, place: int) -> None:
        if self._report is None or place < 0:
            return
        chosen = self._report.tables[place]
        self.note.setText(chosen.note)
        self.note.setVisible(bool(chosen.note))
        self.model.clear()
        self.model.setHorizontalHeaderLabels(list(chosen.columns))
        numbers = [any(isinstance(row[at], (int, float)) for row in chosen.rows) for at in range(len(chosen.columns))]
        for row in chosen.rows:
            self.model.appendRow([_item(value, numeric) for value, numeric in zip(row, numbers, strict=True)])
        for at, numeric in enumerate(numbers):
            if numeric:
                right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                self.model.setHeaderData(at, Qt.Orientation.Horizontal, right, Qt.ItemDataRole.TextAlignmentRole)
        self._sorted.sort(-1)
        self.table.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.table.resizeColumnsToContents()
        self._fill()

    def _fill(self) -> None:
        """A few narrow columns take no more room than they need; one that is very long is cut."""
        header = self.table.horizontalHeader()
        most = max(200, self.table.viewport().width() // 2)
        for at in range(self.model.columnCount()):
            if header.sectionSize(at) > most:
                header.resizeSection(at, most)
        header.setStretchLastSection(False)

    def _ask_where(self) -> None:
        if self._report is None or self.chooser.currentIndex() < 0:
            return
        name = f"{self._report.kind}-{self._report.tables[self.chooser.currentIndex()].name}.csv"
        path, _ = QFileDialog.getSaveFileName(self, self.tr("Save the table"), name, "CSV (*.csv)")
        if path:
            try:
                self.save_table(Path(path))
            except OSError as error:
                self.say(self.tr("{0} can't be written: {1}.").format(path, error.strerror))


class ChartsPane(QScrollArea):
    """The charts, one or two in a row, drawn for light or dark, each with its data as CSV."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._charts: tuple[Chart, ...] = ()
        self._problem = ""
        self._drawn_for = (0, 0.0)
        self._settled = QTimer(self, singleShot=True, interval=60)
        self._settled.timeout.connect(self._draw)
        self.setWidgetResizable(True)
        self.setAccessibleName(self.tr("Charts"))
        theme.changed.connect(self._draw)

    @property
    def shown(self) -> tuple[Chart, ...]:
        """The charts that are drawn."""
        return self._charts

    def show_charts(self, charts: Sequence[Chart], problem: str = "") -> None:
        """Draw charts, or say why there are none."""
        self._charts = tuple(charts)
        self._problem = problem or self.tr("This report has no charts.")
        self._draw()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._fitting() != self._drawn_for:
            self._settled.start()

    def _fitting(self) -> tuple[int, float]:
        """How many charts stand in a row, and their scale."""
        room = self.viewport().width() - self._theme.em(2)
        columns = max(1, min(3, room // _NARROWEST))
        return columns, max(0.6, min(1.25, (room / columns - self._theme.em(1)) / WIDTH))

    def _draw(self) -> None:
        inside = QWidget()
        grid = QGridLayout(inside)
        grid.setSpacing(self._theme.em(0.8))
        ink, paper = self._theme.colour("text").name(), self._theme.colour("raised").name()
        ratio = self.devicePixelRatioF()
        self._drawn_for = self._fitting()
        columns, scale = self._drawn_for
        for place, chart in enumerate(self._charts):
            drawn = svg(chart, ink=ink, paper=paper, dark=self._theme.dark)
            picture = QPixmap.fromImage(picture_of(drawn, ratio * scale))
            picture.setDevicePixelRatio(ratio)
            label = QLabel()
            label.setPixmap(picture)
            label.setFixedSize(round(WIDTH * scale), round(HEIGHT * scale))
            label.setAccessibleName(chart.title)
            save = button(self.tr("Data as CSV …"), "flat", name=self.tr("Save the data of {0}").format(chart.title))
            save.clicked.connect(lambda _checked=False, chart=chart: self._ask_where(chart))
            cell = QVBoxLayout()
            cell.setSpacing(0)
            cell.addWidget(label)
            cell.addWidget(save, 0, Qt.AlignmentFlag.AlignLeft)
            grid.addLayout(cell, place // columns, place % columns)
        if not self._charts:
            grid.addWidget(PlainLabel(self._problem, "muted").wrapped(), 0, 0)
        grid.setRowStretch(len(self._charts) + 1, 1)
        grid.setColumnStretch(columns, 1)
        self.setWidget(inside)

    def save(self, chart: Chart, path: Path) -> None:
        """Write the points of a chart."""
        path.write_bytes(csv_text(*chart_rows(chart)).encode("utf-8"))

    def _ask_where(self, chart: Chart) -> None:
        path, _ = QFileDialog.getSaveFileName(self, self.tr("Save the data"), f"{chart.name}.csv", "CSV (*.csv)")
        if path:
            self.save(chart, Path(path))


def _item(value: Cell, numeric: bool) -> QStandardItem:
    text = "–" if value is None else f"{value:,}" if isinstance(value, (int, float)) else visible(value, limit=400)
    item = QStandardItem(text)
    item.setData(value if value is not None else float("-inf") if numeric else "", _SORT)
    if numeric:
        item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return item
