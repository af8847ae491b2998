"""The outbox view: what came back and needs an answer, and what is not sent yet and why."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from reviewer.services.changes import Changed
from reviewer.services.model import InboxItem, OutboxRow
from reviewer.ui.commands import Command, Commands, Scope
from reviewer.ui.faults import words_of
from reviewer.ui.keys import KeySurface
from reviewer.ui.outbox.inbox_pane import InboxPane
from reviewer.ui.outbox.unsent_pane import UnsentPane
from reviewer.ui.plain import PlainLabel
from reviewer.ui.ports import Workstation
from reviewer.ui.tasks import Latest, Tasks
from reviewer.ui.theme import Theme

_TICK_MS = 1_000
_NO_LIMIT = 16_777_215  # QWIDGETSIZE_MAX


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
        self._delivery = workstation.delivery
        self._tasks = tasks
        self._commands = commands
        self.setObjectName("outbox")
        self.setAccessibleName(self.tr("Outbox"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.inbox = InboxPane(workstation.delivery, tasks, theme)
        self.unsent = UnsentPane(workstation.delivery, tasks, theme)
        self.message = PlainLabel(role="muted").wrapped()
        self.message.setAccessibleName(self.tr("Message"))
        self._refresher = Latest(self._ask)
        self._shrunk = False
        self._sizes = [1000, 1000]
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(self.inbox)
        self.splitter.addWidget(self.unsent)
        self.splitter.setSizes([1000, 1000])
        margin = theme.em(0.8)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(margin, margin, margin, margin)
        whole.addWidget(self.splitter, 1)
        whole.addWidget(self.message)
        self._register()
        self._connect()
        self.surface = KeySurface(self, commands, Scope.OUTBOX)

    def refresh(self) -> None:
        """Read both lists again."""
        self._refresher.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()
        (self.inbox.table if self.inbox.model.items else self.unsent.table).setFocus()

    def _register(self) -> None:
        group = self.tr("Outbox")
        for command_id, title, chord, handler in (
            ("inbox.again", self.tr("Decide again"), "A", partial(self.inbox.answer, "again")),
            ("inbox.escalate", self.tr("Escalate what came back"), "E", partial(self.inbox.answer, "escalate")),
            ("inbox.moot", self.tr("Record as moot"), "M", partial(self.inbox.answer, "moot")),
            ("inbox.uphold", self.tr("Stand by what was sent back"), "B", partial(self.inbox.answer, "uphold")),
            ("outbox.send_now", self.tr("Send unsent decisions now"), "S", self.unsent.send_now),
            ("outbox.retry", self.tr("Retry the chosen decision"), "R", self.unsent.retry),
            ("outbox.export", self.tr("Export unsent decisions"), "X", self.unsent.export),
        ):
            self._commands.register(Command(command_id, title, chord, Scope.OUTBOX, handler, group=group))

    def _connect(self) -> None:
        self.inbox.opened.connect(self.opened)
        for pane in (self.inbox, self.unsent):
            pane.said.connect(self._say)
        self.inbox.resolved.connect(self.refresh)
        self.unsent.acted.connect(self.refresh)
        self._commands.rebound.connect(self._show_keys)
        self._tasks.changed.connect(self._changed)
        tick = QTimer(self)
        tick.setInterval(_TICK_MS)
        tick.timeout.connect(self._tick)
        tick.start()
        self._show_keys()

    def _show_keys(self, _command_id: str = "") -> None:
        chord = self._commands.chord_text
        self.inbox.detail.show_keys({name: chord(f"inbox.{name}") for name in ("again", "moot", "escalate", "uphold")})
        for made, command_id in (
            (self.unsent.send_button, "outbox.send_now"),
            (self.unsent.retry_button, "outbox.retry"),
            (self.unsent.export_button, "outbox.export"),
        ):
            made.setText(f"{chord(command_id)}  {made.accessibleName()}".strip())

    def _changed(self, changed: Changed) -> None:
        if self.isVisible() and changed.topics & {"outbox", "inbox", "status"}:
            self.refresh()

    def _tick(self) -> None:
        """Count down what is held back."""
        rows = self.unsent.model.items
        if self.isVisible() and any(row.send_in_s > 0 or row.state == "sending" for row in rows):
            self.refresh()

    def _ask(self, ended: Callable[[], None]) -> None:
        def arrived(both: tuple[tuple[OutboxRow, ...], tuple[InboxItem, ...]]) -> None:
            self.unsent.show_rows(both[0])
            self.inbox.show_items(both[1])
            self._share()
            ended()

        def failed(error: Exception) -> None:
            self._say(words_of(error), "danger")
            ended()

        delivery = self._delivery
        self._tasks.on_reader(lambda: (delivery.outbox_rows(), delivery.inbox_items()), arrived, failed, owner=self)

    def _share(self) -> None:
        """Where nothing came back, what is unsent has the room."""
        empty = not self.inbox.model.items
        if empty == self._shrunk:
            return
        self._shrunk = empty
        if empty:
            self._sizes = self.splitter.sizes()
            self.inbox.setMaximumHeight(self.inbox.minimumSizeHint().height())
        else:
            self.inbox.setMaximumHeight(_NO_LIMIT)
            self.splitter.setSizes(self._sizes)

    def _say(self, text: str, role: str) -> None:
        self.message.set_role(role)
        self.message.setText(text)
