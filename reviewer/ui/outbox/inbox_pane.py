"""What came back and needs an answer."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QModelIndex, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from reviewer.domain.text import visible
from reviewer.services.model import CaseRef, InboxItem
from reviewer.ui.faults import words_of
from reviewer.ui.outbox.detail import InboxDetail
from reviewer.ui.outbox.listing import make_table, swap_items
from reviewer.ui.outbox.tables import ItemTable, inbox_columns
from reviewer.ui.plain import PlainLabel
from reviewer.ui.ports import Delivery
from reviewer.ui.tasks import Tasks
from reviewer.ui.theme import Theme


class InboxPane(QWidget):
    """`opened` carries the ref of a case on the desk, `resolved` follows each answer, `said` words and their role."""

    opened = Signal(object)
    resolved = Signal()
    said = Signal(str, str)

    def __init__(self, delivery: Delivery, tasks: Tasks, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._delivery = delivery
        self._tasks = tasks
        self._awaited: dict[int, CaseRef | None] = {}
        self.model = ItemTable[InboxItem](inbox_columns(), lambda item: item.id, theme, self)
        self.table = make_table(self.model, self.tr("What came back"), theme)
        self.detail = InboxDetail(theme)
        self.empty = PlainLabel(self.tr("Nothing came back. Refused decisions appear here."), "muted")
        pair = QHBoxLayout()
        pair.addWidget(self.table, 3)
        pair.addWidget(self.detail, 2)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, theme.em(0.4))
        whole.addWidget(PlainLabel(self.tr("Came back"), "heading"))
        whole.addWidget(self.empty)
        whole.addLayout(pair, 1)
        whole.addStretch(0)
        self.detail.action_chosen.connect(self.answer)
        self.table.selectionModel().currentRowChanged.connect(self._chosen)
        self.table.doubleClicked.connect(lambda _index: self.answer("again"))
        self.show_items(())

    def show_items(self, items: tuple[InboxItem, ...]) -> None:
        """Show these."""
        swap_items(self.model, self.table, items)
        self.table.setVisible(bool(items))
        self.empty.setVisible(not items)
        self._chosen(self.table.currentIndex())
        self._settle(items)

    def answer(self, action: str) -> None:
        """Deal with the chosen item: `again` (claims the case, then brings it with the draft), `moot` …"""
        item = self.model.item_at(self.table.currentIndex().row())
        if item is None or item.id in self._awaited or action not in item.actions:
            return
        self._awaited[item.id] = item.ref if action == "again" else None
        title = visible(item.title, limit=80, keep_lines=False)
        self.said.emit(self.tr("Claiming “{0}” …").format(title) if action == "again" else "", "muted")
        self._tasks.on_desk(
            partial(self._delivery.resolve, item.id, action),
            lambda _done: self.resolved.emit(),
            partial(self._failed, item.id),
            owner=self,
        )

    def _chosen(self, index: QModelIndex, _previous: QModelIndex | None = None) -> None:
        self.detail.show_item(self.model.item_at(index.row()))

    def _settle(self, items: tuple[InboxItem, ...]) -> None:
        """Items that are gone were answered; a case that was claimed again lies on the desk."""
        left = {item.id for item in items}
        for item_id in [item_id for item_id in self._awaited if item_id not in left]:
            ref = self._awaited.pop(item_id)
            self.said.emit(self.tr("Recorded.") if ref is None else self.tr("The case lies on the desk."), "ok")
            if ref is not None:
                self.opened.emit(ref)

    def _failed(self, item_id: int, error: Exception) -> None:
        self._awaited.pop(item_id, None)
        self.said.emit(words_of(error), "danger")
