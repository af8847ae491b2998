"""The rows that scrolling shows next, made ready while the reviewer looks at those that are shown."""

from __future__ import annotations

from collections import deque
from time import perf_counter

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QTableView

from reviewer.ui.queue.painting import CellPainter

#: Works so long at once and then lets the window live.
_WORK_S = 0.002
_SETTLE_MS, _BREATH_MS = 8, 2


class RowsAhead(QObject):
    """Lays out the texts of the page below and of the page above, a few rows at a time."""

    def __init__(self, table: QTableView, painter: CellPainter) -> None:
        super().__init__(table)
        self._table = table
        self._painter = painter
        self._rows: deque[int] = deque()
        self._settled = QTimer(self, singleShot=True, interval=_SETTLE_MS)
        self._settled.timeout.connect(self._begin)
        self._work = QTimer(self, singleShot=True, interval=_BREATH_MS)
        self._work.timeout.connect(self._go_on)
        table.verticalScrollBar().valueChanged.connect(self.start)

    def start(self) -> None:
        """Look again what comes next, a moment after the painting."""
        self._settled.start()

    def _begin(self) -> None:
        table = self._table
        top, bottom = table.rowAt(0), table.rowAt(table.viewport().height() - 1)
        if top < 0 or not table.isVisible():
            return
        last = table.model().rowCount() - 1
        bottom = last if bottom < 0 else bottom
        page = bottom - top + 2
        below, above = range(bottom, min(last, bottom + page) + 1), range(top, max(-1, top - page), -1)
        self._rows = deque([*below, *above])
        self._work.start()

    def _go_on(self) -> None:
        until = perf_counter() + _WORK_S
        widths = [self._table.columnWidth(column) for column in range(self._table.model().columnCount())]
        while self._rows and perf_counter() < until:
            self._painter.prepare(self._rows.popleft(), widths)
        if self._rows:
            self._work.start()
