"""The outbox view: what came back and needs an answer, and what is not sent yet and why."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QSplitter,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from reviewer.domain.text import visible
from reviewer.services.changes import Changed
from reviewer.services.model import CaseOnDesk, InboxItem, OutboxRow
from reviewer.ui.commands import Command, Commands, Scope
from reviewer.ui.faults import words_of
from reviewer.ui.keys import KeySurface
from reviewer.ui.outbox.detail import InboxDetail
from reviewer.ui.outbox.tables import ItemT, ItemTable, inbox_columns, outbox_columns
from reviewer.ui.plain import PlainLabel, button
from reviewer.ui.ports import Workstation
from reviewer.ui.tasks import Latest, Tasks
from reviewer.ui.theme import Theme

_TICK_MS = 1_000


class OutboxView(QWidget):
    """`opened` follows when a case lies on top of the desk to be decided again."""

    opened = Signal(object)

    def __init__(
        self,
        workstation: Workstation,
        tasks: Tasks,
        commands: Commands,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._workstation = workstation
        self._tasks = tasks
        self._commands = commands
        self._theme = theme
        self._busy = False
        self.setObjectName("outbox")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.inbox = ItemTable[InboxItem](inbox_columns(), lambda item: item.id, theme, self)
        self.unsent = ItemTable[OutboxRow](outbox_columns(), lambda row: row.decision.id, theme, self)
        self.inbox_table = self._table(self.inbox, self.tr("What came back"))
        self.unsent_table = self._table(self.unsent, self.tr("Unsent decisions"))
        self.detail = InboxDetail(theme)
        self.inbox_empty = PlainLabel(self.tr("Nothing came back. Refused decisions appear here."), "muted")
        self.unsent_empty = PlainLabel(self.tr("Everything is sent."), "muted")
        self.message = PlainLabel(role="muted").wrapped()
        self.send_button = button(self.tr("Send now"))
        self.retry_button = button(self.tr("Retry"))
        self.export_button = button(self.tr("Export …"), tip=self.tr("Write the unsent decisions to a file"))
        self._refresher = Latest(self._ask)
        self._register()
        self._lay_out()
        self._connect()
        self.surface = KeySurface(self, commands, Scope.OUTBOX)
        self._show()

    def refresh(self) -> None:
        """Read both lists again."""
        self._refresher.refresh()

    def send_now(self) -> None:
        """Do not wait for the moment in which a decision can be undone unsent."""
        self._act(self._tasks.on_desk, self._workstation.delivery.send_now, self.tr("Sending."))

    def retry(self) -> None:
        """Send the chosen row again."""
        row = self.unsent.item_at(self.unsent_table.currentIndex().row())
        if row is not None:
            call = partial(self._workstation.delivery.retry, row.decision.id)
            self._act(self._tasks.on_desk, call, self.tr("It is sent again."))

    def export(self) -> None:
        """Ask for a file and write the unsent decisions into it."""
        path, _ = QFileDialog.getSaveFileName(
            self, self.tr("Export unsent decisions"), "unsent-decisions.json", "JSON (*.json)"
        )
        if path:
            self.export_to(Path(path))

    def export_to(self, path: Path) -> None:
        """Write the unsent decisions into a file."""
        self._tasks.in_background(
            partial(self._workstation.delivery.export_outbox, path),
            lambda count: self._say(self.tr("{0} decisions written to {1}").format(count, path)),
            self._failed,
            owner=self,
        )

    def answer(self, action: str) -> None:
        """Deal with the chosen item: `again`, `moot` or `escalate`."""
        item = self.inbox.item_at(self.inbox_table.currentIndex().row())
        if item is None or self._busy or action not in item.actions:
            return
        self._busy = True
        if action != "again":
            self._resolve(item, action)
            return
        self._say(self.tr("Claiming the case …"))
        self._tasks.in_background(
            partial(self._workstation.intake.claim_named, item.ref.account, (item.ref.case_id,)),
            partial(self._claimed, item),
            self._failed,
            owner=self,
        )

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()
        (self.inbox_table if self.inbox.items else self.unsent_table).setFocus()

    def _register(self) -> None:
        group = self.tr("Outbox")
        for command_id, title, chord, handler in (
            ("inbox.again", self.tr("Decide again"), "A", partial(self.answer, "again")),
            ("inbox.escalate", self.tr("Escalate what came back"), "E", partial(self.answer, "escalate")),
            ("inbox.moot", self.tr("Record as moot"), "M", partial(self.answer, "moot")),
            ("outbox.send_now", self.tr("Send unsent decisions now"), "S", self.send_now),
            ("outbox.retry", self.tr("Retry the chosen decision"), "R", self.retry),
            ("outbox.export", self.tr("Export unsent decisions"), "X", self.export),
        ):
            self._commands.register(Command(command_id, title, chord, Scope.OUTBOX, handler, group=group))
        self._commands.rebound.connect(self._show_keys)

    def _table(self, model: ItemTable[Any], name: str) -> QTableView:
        table = QTableView()
        table.setModel(model)
        table.setAccessibleName(name)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setWordWrap(False)
        table.setShowGrid(False)
        table.setTabKeyNavigation(False)
        table.verticalHeader().setVisible(False)
        table.verticalHeader().setDefaultSectionSize(self._theme.em(2.1))
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        header.setMaximumSectionSize(self._theme.em(30))
        return table

    def _lay_out(self) -> None:
        margin = self._theme.em(0.8)
        above = QWidget()
        upper = QVBoxLayout(above)
        upper.setContentsMargins(0, 0, 0, margin // 2)
        upper.addWidget(PlainLabel(self.tr("Came back"), "heading"))
        upper.addWidget(self.inbox_empty)
        pair = QHBoxLayout()
        pair.addWidget(self.inbox_table, 3)
        pair.addWidget(self.detail, 2)
        upper.addLayout(pair, 1)
        upper.addStretch(0)
        below = QWidget()
        lower = QVBoxLayout(below)
        lower.setContentsMargins(0, margin // 2, 0, 0)
        line = QHBoxLayout()
        line.addWidget(PlainLabel(self.tr("Unsent"), "heading"))
        line.addStretch(1)
        for made in (self.send_button, self.retry_button, self.export_button):
            line.addWidget(made)
        lower.addLayout(line)
        lower.addWidget(self.unsent_empty)
        lower.addWidget(self.unsent_table, 1)
        lower.addStretch(0)
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(above)
        self.splitter.addWidget(below)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(margin, margin, margin, margin)
        whole.addWidget(self.splitter, 1)
        whole.addWidget(self.message)

    def _connect(self) -> None:
        self.send_button.clicked.connect(self.send_now)
        self.retry_button.clicked.connect(self.retry)
        self.export_button.clicked.connect(self.export)
        self.detail.action_chosen.connect(self.answer)
        self.inbox_table.selectionModel().currentRowChanged.connect(self._chosen)
        self.inbox_table.doubleClicked.connect(lambda _index: self.answer("again"))
        self.unsent_table.selectionModel().currentRowChanged.connect(lambda *_rows: self._enable())
        self._tasks.changed.connect(self._changed)
        tick = QTimer(self)
        tick.setInterval(_TICK_MS)
        tick.timeout.connect(self._tick)
        tick.start()
        self._show_keys()

    def _show_keys(self, _command_id: str = "") -> None:
        chord = self._commands.chord_text
        self.detail.show_keys({name: chord(f"inbox.{name}") for name in ("again", "moot", "escalate")})
        for made, command_id in (
            (self.send_button, "outbox.send_now"),
            (self.retry_button, "outbox.retry"),
            (self.export_button, "outbox.export"),
        ):
            made.setText(f"{chord(command_id)}  {made.accessibleName()}".strip())

    def _changed(self, changed: Changed) -> None:
        if self.isVisible() and changed.topics & {"outbox", "inbox", "status"}:
            self.refresh()

    def _tick(self) -> None:
        if self.isVisible() and any(row.send_in_s > 0 or row.state == "sending" for row in self.unsent.items):
            self.refresh()

    def _ask(self, ended: Callable[[], None]) -> None:
        delivery = self._workstation.delivery

        def arrived(both: tuple[tuple[OutboxRow, ...], tuple[InboxItem, ...]]) -> None:
            self._arrived(*both)
            ended()

        def failed(error: Exception) -> None:
            self._failed(error)
            ended()

        self._tasks.on_reader(lambda: (delivery.outbox_rows(), delivery.inbox_items()), arrived, failed, owner=self)

    def _arrived(self, rows: tuple[OutboxRow, ...], items: tuple[InboxItem, ...]) -> None:
        _swap(self.unsent, self.unsent_table, rows)
        _swap(self.inbox, self.inbox_table, items)
        self._show()

    def _show(self) -> None:
        for table, empty, filled in (
            (self.inbox_table, self.inbox_empty, bool(self.inbox.items)),
            (self.unsent_table, self.unsent_empty, bool(self.unsent.items)),
        ):
            table.setVisible(filled)
            empty.setVisible(not filled)
        self._chosen(self.inbox_table.currentIndex())
        self._enable()

    def _chosen(self, index: QModelIndex, _previous: QModelIndex | None = None) -> None:
        self.detail.show_item(self.inbox.item_at(index.row()))

    def _enable(self) -> None:
        self.send_button.setEnabled(bool(self.unsent.items))
        self.export_button.setEnabled(bool(self.unsent.items))
        row = self.unsent.item_at(self.unsent_table.currentIndex().row())
        self.retry_button.setEnabled(row is not None and row.state != "sending")

    def _claimed(self, item: InboxItem, found: tuple[CaseOnDesk, ...]) -> None:
        if not found:
            self._busy = False
            words = self.tr("Somebody else holds “{0}” now. Try again later, or record it as moot.")
            self._say(words.format(visible(item.title, limit=80, keep_lines=False)), "warning")
            return
        ref = found[0].ref

        def again() -> None:
            self._workstation.delivery.resolve(item.id, "again")
            self._workstation.review.bring(ref)

        self._tasks.on_desk(again, lambda _done: self._resolved(item, ref), self._failed, owner=self)

    def _resolve(self, item: InboxItem, action: str) -> None:
        self._tasks.on_desk(
            partial(self._workstation.delivery.resolve, item.id, action),
            lambda _done: self._resolved(item, None),
            self._failed,
            owner=self,
        )

    def _resolved(self, _item: InboxItem, ref: object) -> None:
        self._busy = False
        self._say(self.tr("The case lies on the desk.") if ref else self.tr("Recorded."))
        self.refresh()
        if ref is not None:
            self.opened.emit(ref)

    def _act(self, run: Callable[..., object], call: Callable[[], None], done: str) -> None:
        def arrived(_done: None) -> None:
            self._say(done)
            self.refresh()

        run(call, arrived, self._failed, owner=self)

    def _failed(self, error: Exception) -> None:
        self._busy = False
        self._say(words_of(error), "danger")

    def _say(self, text: str, role: str = "muted") -> None:
        self.message.set_role(role)
        self.message.setText(text)


def _swap(model: ItemTable[ItemT], table: QTableView, fresh: tuple[ItemT, ...]) -> None:
    """Swap a list and keep a row chosen: the same place, where the row itself is gone."""
    row = table.currentIndex().row()
    model.show_items(fresh)
    if fresh and not table.currentIndex().isValid():
        table.setCurrentIndex(model.index(min(max(0, row), len(fresh) - 1), 0))
