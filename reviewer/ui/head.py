"""The head bar: which queue, how long the lease lasts, what is due, whether it is online, how the day goes."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QSizePolicy, QWidget

from reviewer.services.clock import steady
from reviewer.services.model import Desk, Status
from reviewer.ui import words
from reviewer.ui.plain import ElidedLabel, button, label_text, tooltip
from reviewer.ui.theme import Theme

_LEASE_WARNING_S = 60.0
_SETTLE_MS = 30


class HeadBar(QFrame):
    """Each part is a button: `asked_for` carries `queue`, `lease`, `due`, `connectors`, `outbox` or `today`."""

    asked_for = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._status = Status()
        self._desk = Desk(None)
        self._focus = ""
        self._reviewing = False
        self.setProperty("role", "head")
        self.setAccessibleName(self.tr("State of the work"))
        self.queue = self._part("queue", self.tr("Queue"))
        self.lease = self._part("lease", self.tr("Lease"))
        self.due = self._part("due", self.tr("Due"))
        self.line = self._part("connectors", self.tr("Connection"))
        self.unsent = self._part("outbox", self.tr("Unsent decisions"))
        self.sending = ElidedLabel(role="muted")
        self.today = self._part("today", self.tr("Today"))
        line = QHBoxLayout(self)
        gap = theme.em(0.3)
        line.setContentsMargins(gap, gap, gap, gap)
        line.setSpacing(gap)
        for part in (self.queue, self.lease, self.due, self.line, self.unsent):
            line.addWidget(part)
        line.addWidget(self.sending, 1)
        line.addWidget(self.today)
        self._clock = QTimer(self)
        self._clock.setInterval(1_000)
        self._clock.timeout.connect(self._show_lease)
        self._clock.start()
        # The case that comes with a desk is painted first.
        self._soon = QTimer(self, singleShot=True, interval=_SETTLE_MS)
        self._soon.timeout.connect(self._show)
        theme.changed.connect(self._show)
        self._show()

    def show_status(self, status: Status) -> None:
        """The numbers of the whole desk."""
        self._status = status
        self._show()

    def show_desk(self, desk: Desk) -> None:
        """The current case and the day."""
        self._desk = desk
        self._soon.start()

    def show_focus(self, words_of_it: str) -> None:
        """The filter under review; empty for the whole queue."""
        self._focus = words_of_it
        self._show()

    def show_view(self, name: str) -> None:
        """The view that is shown below: what it says itself is not said here."""
        self._reviewing = name == "review"
        self._show()

    def _part(self, asked_for: str, name: str) -> QPushButton:
        part = button("", "flat", name=name)
        part.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        part.clicked.connect(lambda _checked=False: self.asked_for.emit(asked_for))
        return part

    def _show(self) -> None:
        status = self._status
        self._say(self.queue, self._queue_words(), "queue", "muted")
        self._show_due(status)
        self._show_line(status)
        counts = self._desk.counts
        pace = "" if counts.seconds_per_case is None else self.tr(", {0} s/case").format(round(counts.seconds_per_case))
        self._say(self.today, self.tr("today {0}").format(f"{counts.total:,}") + pace, "clock", "muted")
        self._show_lease()

    def _queue_words(self) -> str:
        name = self._focus or self.tr("All queues")
        return self.tr("{0}  {1} open").format(name, f"{self._status.open_cases:,}")

    def _show_due(self, status: Status) -> None:
        parts = []
        if status.overdue:
            parts.append(self.tr("{0} overdue").format(f"{status.overdue:,}"))
        if status.due_soon:
            parts.append(self.tr("{0} due soon").format(f"{status.due_soon:,}"))
        self.due.setVisible(bool(parts))
        role = "danger" if status.overdue else "warning"
        self._say(self.due, ", ".join(parts), "overdue" if status.overdue else "soon", role)

    def _show_line(self, status: Status) -> None:
        states = [account.state for account in status.accounts]
        online = sum(state == "online" for state in states)
        if status.offline_until_s is not None:
            text, icon, role = (
                self.tr("offline work, {0} left").format(words.span(status.offline_until_s)),
                "offline",
                "accent",
            )
        elif not states:
            text, icon, role = self.tr("no account"), "offline", "muted"
        elif online == len(states):
            text, icon, role = self.tr("online"), "online", "ok"
        elif online:
            text, icon, role = self.tr("{0} of {1} online").format(online, len(states)), "offline", "warning"
        elif "sign_in" in states:
            text, icon, role = self.tr("sign in"), "lock", "warning"
        elif set(states) == {"connecting"}:
            text, icon, role = self.tr("connecting"), "clock", "muted"
        else:
            text, icon, role = self.tr("offline"), "offline", "warning"
        self._say(self.line, text, icon, role)
        waits = online == 0 and bool(status.unsent)
        unsent = self.tr("{0} waiting") if waits else self.tr("{0} unsent")
        self._say(self.unsent, unsent.format(f"{status.unsent:,}"), "outbox", "warning" if waits else "muted")
        if status.oldest_unsent_s is not None:
            self.unsent.setToolTip(
                tooltip(self.tr("The oldest waits for {0}.").format(words.span(status.oldest_unsent_s)))
            )
        sending = ""  # on the review screen its foot says it
        if not self._reviewing and status.next_send_s is not None and status.next_send_label:
            sending = self.tr("sent in {0}: {1}").format(
                words.span(status.next_send_s), words.step(status.next_send_label)
            )
        self.sending.setText(sending)

    def _show_lease(self) -> None:
        current = self._desk.current
        deadline = current.lease_deadline if current is not None else None
        self.lease.setVisible(deadline is not None)
        if deadline is None:
            return
        left = deadline - steady()
        text = self.tr("lease {0}").format(words.countdown(left)) if left > 0 else self.tr("lease over")
        self._say(self.lease, text, "clock", "muted" if left > _LEASE_WARNING_S else "warning")

    def _say(self, part: QPushButton, text: str, icon: str, role: str) -> None:
        shown = label_text(text)
        if part.text() != shown:
            part.setText(shown)
            part.setAccessibleDescription(text)
        if part.property("tone") != role:
            part.setProperty("tone", role)
            part.style().unpolish(part)
            part.style().polish(part)
        drawn = self._theme.icon(icon, role)
        if part.icon().cacheKey() != drawn.cacheKey():
            part.setIcon(drawn)
