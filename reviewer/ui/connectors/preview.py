"""What a connector's settings would read, below the form."""

from __future__ import annotations

from PySide6.QtWidgets import QAbstractItemView, QTableWidget, QTableWidgetItem, QVBoxLayout, QWidget

from reviewer.connectors.api import Preview
from reviewer.domain.text import visible
from reviewer.ui.plain import PlainLabel

_CELL = 80
_ROWS = 5


class PreviewTable(QWidget):
    """A sentence, and the first rows under their headings."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = PlainLabel("", "muted").wrapped()
        self.table = QTableWidget()
        self.table.setAccessibleName(self.tr("Preview"))
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.verticalHeader().hide()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.words)
        whole.addWidget(self.table)
        self.hide()

    def show_preview(self, shown: Preview | None) -> None:
        """Show one, or none."""
        self.setVisible(shown is not None)
        if shown is None:
            return
        self.words.setText(visible(shown.words, limit=500))
        headings = [visible(name, limit=_CELL, keep_lines=False) for name in shown.headings]
        self.table.setVisible(bool(headings))
        self.table.setColumnCount(len(headings))
        self.table.setHorizontalHeaderLabels(headings)
        self.table.setRowCount(min(_ROWS, len(shown.rows)))
        for row, cells in enumerate(shown.rows[:_ROWS]):
            for column, cell in enumerate(cells[: len(headings)]):
                self.table.setItem(row, column, QTableWidgetItem(visible(cell, limit=_CELL, keep_lines=False)))
        self.table.resizeColumnsToContents()
        line = self.table.fontMetrics().lineSpacing()
        self.table.setFixedHeight(line * 2 * (self.table.rowCount() + 2))
