"""What is not sent yet, why, and since when."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from reviewer.services.model import OutboxRow
from reviewer.ui.faults import words_of
from reviewer.ui.outbox.listing import make_table, swap_items
from reviewer.ui.outbox.tables import ItemTable, outbox_columns
from reviewer.ui.plain import PlainLabel, button
from reviewer.ui.ports import Delivery
from reviewer.ui.tasks import Tasks
from reviewer.ui.theme import Theme


class UnsentPane(QWidget):
    """`acted` follows what was done with the rows, `said` carries words and their role."""

    acted = Signal()
    said = Signal(str, str)

    def __init__(self, delivery: Delivery, tasks: Tasks, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._delivery = delivery
        self._tasks = tasks
        self.model = ItemTable[OutboxRow](outbox_columns(), lambda row: row.decision.id, theme, self)
        self.table = make_table(self.model, self.tr("Unsent decisions"), theme)
        self.empty = PlainLabel(self.tr("Everything is sent."), "muted")
        self.send_button = button(self.tr("Send now"))
        self.retry_button = button(self.tr("Retry"))
        self.export_button = button(self.tr("Export …"), tip=self.tr("Write the unsent decisions to a file"))
        line = QHBoxLayout()
        line.addWidget(PlainLabel(self.tr("Unsent"), "heading"))
        line.addStretch(1)
        for made in (self.send_button, self.retry_button, self.export_button):
            line.addWidget(made)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, theme.em(0.4), 0, 0)
        whole.addLayout(line)
        whole.addWidget(self.empty)
        whole.addWidget(self.table, 1)
        whole.addStretch(0)
        self.send_button.clicked.connect(self.send_now)
        self.retry_button.clicked.connect(self.retry)
        self.export_button.clicked.connect(self.export)
        self.table.selectionModel().currentRowChanged.connect(lambda *_rows: self._enable())
        self.show_rows(())

    def show_rows(self, rows: tuple[OutboxRow, ...]) -> None:
        """Show these."""
        swap_items(self.model, self.table, rows)
        self.table.setVisible(bool(rows))
        self.empty.setVisible(not rows)
        self._enable()

    def send_now(self) -> None:
        """Do not wait for the moment in which a decision can be undone unsent."""
        self._act(self._delivery.send_now, self.tr("Sending."))

    def retry(self) -> None:
        """Send the chosen row again."""
        row = self.model.item_at(self.table.currentIndex().row())
        if row is not None and row.state != "sending":
            self._act(partial(self._delivery.retry, row.decision.id), self.tr("It is sent again."))

    def export(self) -> None:
        """Ask for a file and write the unsent decisions into it."""
        path, _ = QFileDialog.getSaveFileName(
            self, self.tr("Export unsent decisions"), "unsent-decisions.json", "JSON (*.json)"
        )
        if path:
            self.export_to(Path(path))

    def export_to(self, path: Path) -> None:
        """Write the unsent decisions into a file."""
        text = self.tr("{0} decisions written to {1}")
        self._tasks.in_background(
            partial(self._delivery.export_outbox, path),
            lambda count: self.said.emit(text.format(count, path), "ok"),
            self._failed,
            owner=self,
        )

    def _enable(self) -> None:
        row = self.model.item_at(self.table.currentIndex().row())
        self.send_button.setEnabled(bool(self.model.items))
        self.export_button.setEnabled(bool(self.model.items))
        self.retry_button.setEnabled(row is not None and row.state != "sending")

    def _act(self, call: Callable[[], Any], words: str) -> None:
        def done(_answer: object) -> None:
            self.said.emit(words, "muted")
            self.acted.emit()

        self._tasks.on_desk(call, done, self._failed, owner=self)

    def _failed(self, error: Exception) -> None:
        self.said.emit(words_of(error), "danger")
