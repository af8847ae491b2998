"""The way of a lead's findings to the hub, which gives returned cases to their reviewers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMenu, QPushButton

from reviewer.audit.findings import findings_beside
from reviewer.domain.audit import FindingsTaken
from reviewer.errors import OperatorError
from reviewer.services.model import AccountStatus
from reviewer.ui.plain import button, label_text
from reviewer.ui.ports import FindingsDoor
from reviewer.ui.tasks import Tasks


class Sending(QObject):
    """The button that sends the findings on what is open.  `said` carries words, and whether it went well."""

    said = Signal(str, bool)

    def __init__(self, door: FindingsDoor | None, tasks: Tasks, pack: Callable[[], Path | None]) -> None:
        super().__init__()
        self._door = door
        self._tasks = tasks
        self._pack = pack
        self.button: QPushButton = button(
            self.tr("Send findings …"), tip=self.tr("To the hub: what you returned goes to its reviewers' inboxes")
        )
        self.button.clicked.connect(self.ask)
        self.button.setVisible(door is not None)
        self.menu: QMenu | None = None

    def renew(self) -> None:
        """Look again whether there is something to send."""
        pack = self._pack()
        self.button.setEnabled(pack is not None and findings_beside(pack).exists())

    def ask(self) -> None:
        """Send by the account of a lead; ask which, where there are several."""
        if self._door is not None:
            self._tasks.in_background(self._door.accounts, self._choose, self._failed, owner=self)

    def _choose(self, accounts: Sequence[AccountStatus]) -> None:
        if len(accounts) == 1:
            self._send(accounts[0].account)
        elif not accounts:
            words = self.tr(
                "No account here can send findings: sign in as a lead (Connectors), or give the findings file to "
                "whoever leads the team."
            )
            self.said.emit(words, False)
        else:
            self.menu = QMenu(self.button)
            for status in accounts:
                action = self.menu.addAction(label_text(f"{status.name}: {status.reviewer_name}"))
                action.triggered.connect(partial(self._send, status.account))
            self.menu.popup(self.button.mapToGlobal(self.button.rect().bottomLeft()))

    def _send(self, account: str, _checked: bool = False) -> None:
        pack = self._pack()
        if self._door is None or pack is None:
            return
        self.button.setEnabled(False)
        self.said.emit(self.tr("Sending the findings …"), True)
        send = partial(self._door.send, account, findings_beside(pack))
        self._tasks.in_background(send, self._taken, self._failed, owner=self)

    def _taken(self, taken: FindingsTaken) -> None:
        words = self.tr("Sent: {0} new opinions, {1} known, {2} about decisions of other hubs; {3} go back.")
        self.said.emit(words.format(taken.new, taken.known, taken.elsewhere, taken.back), True)
        self.renew()

    def _failed(self, error: Exception) -> None:
        known = isinstance(error, OperatorError)
        self.said.emit(str(error) if known else self.tr("That did not work ({0}).").format(type(error).__name__), False)
        self.renew()
