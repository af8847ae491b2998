"""Keeps the window's numbers fresh: status and desk are read again when something changed."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from reviewer.services.changes import Changed
from reviewer.services.model import Desk, Status
from reviewer.ui.ports import Workstation
from reviewer.ui.tasks import Latest, Tasks

#: After a change: a case that comes with it is painted first.
SETTLE_MS = 40
_STATUS_TOPICS = frozenset({"status", "outbox", "inbox", "accounts", "queue", "desk"})


class Watch(QObject):
    """`status_read` and `desk_read` carry the snapshots, `failed` what went wrong.

    The desk is not read again while `desk_shown_elsewhere` answers True: then the review screen tells of it.
    """

    status_read = Signal(object)
    desk_read = Signal(object)
    failed = Signal(object)

    def __init__(
        self,
        workstation: Workstation,
        tasks: Tasks,
        desk_shown_elsewhere: Callable[[], bool],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._workstation = workstation
        self._tasks = tasks
        self._elsewhere = desk_shown_elsewhere
        self._status = Latest(self._ask_status)
        self._desk = Latest(self._ask_desk)
        self._soon = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._soon.timeout.connect(self._status.refresh)
        tasks.changed.connect(self._changed)

    def refresh(self) -> None:
        """Read both now."""
        self._status.refresh()
        self._desk.refresh()

    def _changed(self, changed: Changed) -> None:
        if changed.topics & _STATUS_TOPICS:
            self._soon.start()
        if "desk" in changed.topics and not self._elsewhere():
            self._desk.refresh()

    def _ask_status(self, ended: Callable[[], None]) -> None:
        def arrived(status: Status) -> None:
            self.status_read.emit(status)
            ended()

        self._tasks.on_desk(self._workstation.status.status, arrived, self._lost(ended), owner=self)

    def _ask_desk(self, ended: Callable[[], None]) -> None:
        def arrived(desk: Desk) -> None:
            self.desk_read.emit(desk)
            ended()

        self._tasks.on_desk(self._workstation.review.desk, arrived, self._lost(ended), owner=self)

    def _lost(self, ended: Callable[[], None]) -> Callable[[Exception], None]:
        def failed(error: Exception) -> None:
            self.failed.emit(error)
            ended()

        return failed
