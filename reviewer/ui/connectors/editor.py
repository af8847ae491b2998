"""Sets up one account: name, connector, settings, the test of the connection, and saving it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from reviewer.connectors.api import Preview, Service
from reviewer.domain.text import visible
from reviewer.services.accounts import AccountForm
from reviewer.ui.connectors.form import SettingsForm
from reviewer.ui.connectors.preview import PreviewTable
from reviewer.ui.faults import words_of
from reviewer.ui.plain import PlainLabel, button, label_text
from reviewer.ui.ports import AccountLike, Accounts, KindLike
from reviewer.ui.tasks import Task, Tasks
from reviewer.ui.theme import Theme


class AccountEditor(QWidget):
    """`saved` carries the account's id; `told` follows when there is something to read below the form.

    Saving needs a passed test of exactly what is entered, or the switch.
    """

    saved = Signal(str)
    abandoned = Signal()
    told = Signal()

    def __init__(self, accounts: Accounts, tasks: Tasks, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._accounts = accounts
        self._tasks = tasks
        self._kinds: dict[str, KindLike] = {}
        self._account: AccountLike | None = None
        self._tested: AccountForm | None = None
        self._task: Task | None = None
        self.kind = QComboBox()
        self.kind.setAccessibleName(self.tr("Kind of marketplace server"))
        self.name = QLineEdit()
        self.name.setAccessibleName(self.tr("Name of the account"))
        self.name.setPlaceholderText(self.tr("As you want to see it here; empty: the server's own name"))
        self.name.setMaxLength(80)
        self.form = SettingsForm()
        self.result = PlainLabel().wrapped()
        self.result.setAccessibleName(self.tr("Result"))
        self.preview = PreviewTable()
        self.test_button = button(self.tr("Test connection"))
        self.save_button = button(self.tr("Save"), "primary")
        self.cancel_button = button(self.tr("Cancel"), "flat")
        self.anyway = QCheckBox(self.tr("Save without a passed test"))
        self.anyway.setAccessibleName(self.tr("Save without a passed test"))
        self._lay_out(theme)
        self.kind.currentIndexChanged.connect(lambda _place: self._kind_chosen())
        self.form.edited.connect(self._edited)
        self.name.textEdited.connect(lambda _text: self._enable())
        self.anyway.toggled.connect(lambda _on: self._enable())
        self.test_button.clicked.connect(self.test)
        self.save_button.clicked.connect(self.save)
        self.cancel_button.clicked.connect(self.abandoned)

    def show_kinds(self, kinds: Sequence[KindLike], account: AccountLike | None = None) -> None:
        """Begin with an account to change, or with a new one."""
        self._account = account
        usable = [kind for kind in kinds if not kind.problem]
        self._kinds = {kind.id: kind for kind in usable}
        self.kind.blockSignals(True)
        self.kind.clear()
        for kind in usable:
            self.kind.addItem(label_text(visible(kind.name, limit=80, keep_lines=False)), kind.id)
        if account is not None:
            self.kind.setCurrentIndex(max(0, self.kind.findData(account.connector)))
        self.kind.setEnabled(account is None and len(usable) > 1)
        self.kind.blockSignals(False)
        self.name.setText(account.name if account is not None else "")
        self.anyway.setChecked(False)
        self._kind_chosen()
        if not usable:
            self._say(self.tr("No connector can be used: see the list of connectors for the reasons."), "danger")

    def entered(self) -> AccountForm:
        """What is entered now."""
        settings, secrets = self.form.read()
        return AccountForm(
            connector=str(self.kind.currentData() or ""),
            name=self.name.text().strip(),
            settings=settings,
            secrets=secrets,
            id=self._account.id if self._account is not None else "",
        )

    def test(self) -> None:
        """Ask the server who it is."""
        if not self.form.check(secrets_known=self._account is not None):
            self._say(self.tr("Please mend the marked fields first."), "danger")
            return
        form = self.entered()
        self._work(True, self.tr("Asking the server …"))
        self._task = self._tasks.in_background(
            partial(self._accounts.test, form), partial(self._passed, form), self._failed, owner=self
        )

    def save(self) -> None:
        """Keep the account."""
        if not self.form.check(secrets_known=self._account is not None):
            self._say(self.tr("Please mend the marked fields first."), "danger")
            return
        self._work(True, self.tr("Saving …"))
        self._task = self._tasks.in_background(
            partial(self._accounts.save, self.entered()), self._saved, self._failed, owner=self
        )

    def _lay_out(self, theme: Theme) -> None:
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.em(0.5))
        for text, widget in ((self.tr("Connector"), self.kind), (self.tr("Name (optional)"), self.name)):
            label = PlainLabel(text)
            label.setBuddy(widget)
            whole.addWidget(label)
            whole.addWidget(widget)
        whole.addWidget(self.form)
        whole.addWidget(self.result)
        whole.addWidget(self.preview)
        row = QHBoxLayout()
        row.addWidget(self.test_button)
        row.addWidget(self.save_button)
        row.addWidget(self.anyway)
        row.addStretch(1)
        row.addWidget(self.cancel_button)
        whole.addLayout(row)

    def _kind_chosen(self) -> None:
        kind = self._kinds.get(str(self.kind.currentData()))
        if kind is not None:
            self.form.show_kind(kind, self._account.settings if self._account is not None else None)
        self._edited()

    def _edited(self) -> None:
        self._tested = None
        self.preview.show_preview(None)
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._work(False, "")

    def _passed(self, form: AccountForm, service: Service) -> None:
        self._tested = form
        text = self.tr("Connected to {0} as {1} ({2}), {3} marketplaces.").format(
            visible(service.name, limit=80, keep_lines=False),
            visible(service.reviewer_name or service.reviewer_id, limit=80, keep_lines=False),
            visible(service.role, limit=40, keep_lines=False),
            len(service.marketplaces),
        )
        self._work(False, text, "ok")
        self.save_button.setFocus()
        self._task = self._tasks.in_background(
            partial(self._accounts.preview, form), self.preview.show_preview, self._no_preview, owner=self
        )

    def _no_preview(self, error: Exception) -> None:
        self.preview.show_preview(Preview(words_of(error)))

    def _saved(self, account_id: Any) -> None:
        self._work(False, self.tr("Saved."), "ok")
        self.saved.emit(str(account_id or ""))

    def _failed(self, error: Exception) -> None:
        self._work(False, words_of(error), "danger")

    def _work(self, busy: bool, text: str, role: str = "") -> None:
        self.test_button.setEnabled(not busy and bool(self._kinds))
        self._say(text, role)
        self._enable(busy)

    def _enable(self, busy: bool = False) -> None:
        self.save_button.setEnabled(not busy and (self._tested is not None or self.anyway.isChecked()))

    def _say(self, text: str, role: str = "") -> None:
        self.result.set_role(role)
        self.result.setText(text)
        self.result.setVisible(bool(text))
        if text:
            self.told.emit()
