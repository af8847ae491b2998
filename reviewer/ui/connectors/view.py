"""The connectors view: each account with its state, and each connector with its version or its fault."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QHBoxLayout,
    QMessageBox,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from reviewer.domain.text import visible
from reviewer.services.accounts import ConnectorKind
from reviewer.services.changes import Changed
from reviewer.services.clock import now
from reviewer.services.model import AccountStatus, Status
from reviewer.ui import words
from reviewer.ui.connectors.editor import AccountEditor
from reviewer.ui.connectors.form import SettingsForm
from reviewer.ui.connectors.kinds import LogDialog, ask_to_approve, card_frame, kind_card
from reviewer.ui.faults import words_of
from reviewer.ui.plain import PlainLabel, button, message_box
from reviewer.ui.ports import AccountLike, Accounts, KindLike
from reviewer.ui.tasks import Latest, Tasks
from reviewer.ui.theme import Theme

_STATE_ROLES = {"online": "ok", "offline": "warning", "sign_in": "warning", "failed": "danger"}
_STATE_ICONS = {"online": "online", "offline": "offline", "sign_in": "lock", "failed": "error"}


@dataclass(frozen=True)
class Known:
    """What the view shows: connectors and accounts."""

    kinds: tuple[ConnectorKind, ...] = ()
    accounts: tuple[AccountLike, ...] = ()


class ConnectorsView(QScrollArea):
    """`accounts_changed` follows when one was added, changed or removed here."""

    accounts_changed = Signal()

    def __init__(self, accounts: Accounts, tasks: Tasks, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._accounts = accounts
        self._tasks = tasks
        self._theme = theme
        self._known = Known()
        self._states: dict[str, AccountStatus] = {}
        self.setObjectName("connectors")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName(self.tr("Connectors"))
        self.add_button = button(self.tr("Add an account …"), "primary")
        self.demo_button = button(self.tr("Add the demo"))
        self.message = PlainLabel().wrapped()
        self.message.hide()
        self.cards: dict[str, QFrame] = {}
        self._refresher = Latest(self._ask)
        self._body = QVBoxLayout()
        self._lay_out()
        self.add_button.clicked.connect(lambda: self.edit(None))
        self.demo_button.clicked.connect(self._start_demo)
        tasks.changed.connect(self._changed)
        theme.changed.connect(self._fill)

    @property
    def kinds(self) -> tuple[ConnectorKind, ...]:
        """The connectors as they are shown now."""
        return self._known.kinds

    def refresh(self) -> None:
        """Read accounts and connectors again."""
        self._refresher.refresh()

    def show_status(self, status: Status) -> None:
        """The states of the accounts."""
        states = {account.account: account for account in status.accounts}
        if states != self._states:
            self._states = states
            self._fill()

    def edit(self, account: AccountLike | None) -> AccountDialog:
        """Set up a new account or change one."""
        dialog = AccountDialog(self._accounts, self._tasks, self._theme, self)
        dialog.editor.show_kinds(self._known.kinds, account)
        dialog.editor.saved.connect(lambda _account: self._was_changed(self.tr("Saved.")))
        dialog.open()
        return dialog

    def sign_in(self, account: AccountLike) -> SignInDialog:
        """Ask for the secrets of an account again."""
        kind = next((kind for kind in self._known.kinds if kind.id == account.connector), None)
        dialog = SignInDialog(account, kind, self._accounts, self._tasks, self)
        dialog.signed_in.connect(lambda: self._was_changed(self.tr("Signed in.")))
        dialog.open()
        return dialog

    def account(self, account_id: str) -> AccountLike | None:
        """The account of that id."""
        return next((account for account in self._known.accounts if account.id == account_id), None)

    def remove(self, account: AccountLike) -> QMessageBox:
        """Ask, then forget an account."""
        name = visible(account.name, limit=80, keep_lines=False)
        box = message_box(
            self,
            QMessageBox.Icon.Question,
            self.tr("Remove the account?"),
            self.tr("Remove “{0}”?").format(name),
            self.tr("Its cases leave this desk. Decisions that are not sent yet are kept and shown."),
        )
        yes = box.addButton(self.tr("Remove"), QMessageBox.ButtonRole.DestructiveRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        yes.clicked.connect(lambda: self._run(partial(self._accounts.remove, account.id), self.tr("Removed.")))
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()
        return box

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def _lay_out(self) -> None:
        page = QWidget()
        whole = QVBoxLayout(page)
        margin = self._theme.em(0.8)
        whole.setContentsMargins(margin, margin, margin, margin)
        whole.setSpacing(self._theme.em(0.6))
        head = QHBoxLayout()
        head.addWidget(PlainLabel(self.tr("Accounts"), "title"))
        head.addStretch(1)
        head.addWidget(self.demo_button)
        head.addWidget(self.add_button)
        whole.addLayout(head)
        whole.addWidget(self.message)
        self._body.setSpacing(self._theme.em(0.6))
        whole.addLayout(self._body)
        whole.addStretch(1)
        self.setWidget(page)

    def _fill(self) -> None:
        while (item := self._body.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.cards = {}
        for account in self._known.accounts:
            card = self._account_card(account)
            self.cards[account.id] = card
            self._body.addWidget(card)
        if not self._known.accounts:
            text = self.tr("No account yet. Add the demo, or the account that you were given.")
            self._body.addWidget(PlainLabel(text, "muted").wrapped())
        self._body.addWidget(PlainLabel(self.tr("Connectors"), "title"))
        for kind in self._known.kinds:
            self._body.addWidget(kind_card(kind, self.approve, self.show_log))

    def _account_card(self, account: AccountLike) -> QFrame:
        card, layout, line = card_frame(visible(account.name, limit=80, keep_lines=False))
        status = self._states.get(account.id)
        state = status.state if status is not None else "connecting"
        role = _STATE_ROLES.get(state, "muted")
        sign = PlainLabel()
        sign.setPixmap(self._theme.icon(_STATE_ICONS.get(state, "clock"), role).pixmap(self._theme.em(1.3)))
        sign.setAccessibleName(words.account_state(state))
        line.insertWidget(0, sign)
        line.addWidget(PlainLabel(words.account_state(state), role))
        for text, style, call in (
            (self.tr("Sign in …"), "primary" if state == "sign_in" else "", lambda: self.sign_in(account)),
            (self.tr("Edit …"), "", lambda: self.edit(account)),
            (self.tr("Remove …"), "danger", lambda: self.remove(account)),
        ):
            made = button(text, style, name=f"{text} {account.name}")
            made.clicked.connect(lambda _checked=False, call=call: call())
            line.addWidget(made)
        layout.addWidget(PlainLabel(self._facts(account, status), "muted").wrapped())
        if status is not None and status.error:
            layout.addWidget(PlainLabel(visible(status.error, limit=1000), "danger").wrapped())
        return card

    def _facts(self, account: AccountLike, status: AccountStatus | None) -> str:
        kind = next((kind for kind in self._known.kinds if kind.id == account.connector), None)
        parts = [f"{kind.name} {kind.version}" if kind is not None else account.connector]
        told = [value for value in account.settings.values() if isinstance(value, str) and value]
        parts += [visible(value, limit=120, keep_lines=False) for value in told]
        if status is not None and status.reviewer_name:
            who = f"{status.reviewer_name} ({status.role})" if status.role else status.reviewer_name
            parts.append(self.tr("signed in as {0}").format(visible(who, limit=80, keep_lines=False)))
        if status is not None and status.since is not None:
            parts.append(self.tr("since {0}").format(words.span((now() - status.since).total_seconds())))
        return " · ".join(parts)

    def approve(self, kind: ConnectorKind) -> QMessageBox:
        """Say what a connector may do, ask, and let it run."""
        return ask_to_approve(
            self, kind, lambda: self._run(partial(self._accounts.approve, kind.id), self.tr("Approved."))
        )

    def show_log(self, kind: ConnectorKind) -> LogDialog:
        """Show what a connector wrote and how it failed."""
        dialog = LogDialog(kind, self._theme, self)
        dialog.open()
        return dialog

    def _ask(self, ended: Callable[[], None]) -> None:
        def arrived(known: Known) -> None:
            self._known = known
            self._fill()
            ended()

        def failed(error: Exception) -> None:
            self._failed(error)
            ended()

        self._tasks.in_background(
            lambda: Known(tuple(self._accounts.kinds()), tuple(self._accounts.accounts())),
            arrived,
            failed,
            owner=self,
        )

    def _start_demo(self) -> None:
        self._say(self.tr("Starting the demo …"), "muted")
        self._run(self._accounts.start_demo, self.tr("The demo is there."))

    def _run(self, call: Callable[[], Any], done: str) -> None:
        self._tasks.in_background(call, lambda _done: self._was_changed(done), self._failed, owner=self)

    def _was_changed(self, text: str) -> None:
        self._say(text, "ok")
        self.refresh()
        self.accounts_changed.emit()

    def _changed(self, changed: Changed) -> None:
        if self.isVisible() and "accounts" in changed.topics:
            self.refresh()

    def _failed(self, error: Exception) -> None:
        self._say(words_of(error), "danger")

    def _say(self, text: str, role: str) -> None:
        self.message.set_role(role)
        self.message.setText(text)
        self.message.setVisible(bool(text))


class AccountDialog(QDialog):
    """The editor in a window of its own."""

    def __init__(self, accounts: Accounts, tasks: Tasks, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Account"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(theme.em(40))
        self.editor = AccountEditor(accounts, tasks, theme)
        self.editor.saved.connect(lambda _account: self.accept())
        self.editor.abandoned.connect(self.reject)
        scrolled = QScrollArea()
        scrolled.setWidgetResizable(True)
        scrolled.setFrameShape(QFrame.Shape.NoFrame)
        scrolled.setWidget(self.editor)
        # What the test said, the preview and the buttons stand below a long form: they come into view with a result.
        bar = scrolled.verticalScrollBar()
        bar.rangeChanged.connect(lambda _least, most: bar.setValue(most) if self.editor.result.isVisible() else None)
        self.editor.told.connect(lambda: bar.setValue(bar.maximum()))
        QVBoxLayout(self).addWidget(scrolled)
        self.resize(theme.em(60), theme.em(44))


class SecretsOnly:
    """A connector's form reduced to its secrets."""

    def __init__(self, kind: KindLike) -> None:
        self.id = kind.id
        self.name = kind.name
        self.version = kind.version
        self.problem = kind.problem
        self.settings = tuple(setting for setting in kind.settings if setting.kind == "secret")


class SignInDialog(QDialog):
    """Asks for an account's secrets; `signed_in` follows when the server took them."""

    signed_in = Signal()

    def __init__(
        self,
        account: AccountLike,
        kind: KindLike | None,
        accounts: Accounts,
        tasks: Tasks,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._account = account
        self._accounts = accounts
        self._tasks = tasks
        self.setWindowTitle(self.tr("Sign in"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.form = SettingsForm()
        self.outcome = PlainLabel(role="danger").wrapped()
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.sign_in_button = button(self.tr("Sign in"), "primary")
        self.buttons.addButton(self.sign_in_button, QDialogButtonBox.ButtonRole.ActionRole)
        whole = QVBoxLayout(self)
        whole.addWidget(PlainLabel(visible(account.name, limit=80, keep_lines=False), "heading"))
        whole.addWidget(self.form)
        whole.addWidget(self.outcome)
        whole.addWidget(self.buttons)
        if kind is not None:
            self.form.show_kind(SecretsOnly(kind))
            self.form.focus_first()
        self.sign_in_button.clicked.connect(self.try_it)
        self.buttons.rejected.connect(self.reject)

    def try_it(self) -> None:
        """Hand the secrets to the account."""
        if not self.form.check():
            return
        secrets: Mapping[str, str] = self.form.read()[1]
        self.sign_in_button.setEnabled(False)
        self._tasks.in_background(
            partial(self._accounts.sign_in, self._account.id, secrets), self._done, self._failed, owner=self
        )

    def _done(self, _answer: object) -> None:
        self.signed_in.emit()
        self.accept()

    def _failed(self, error: Exception) -> None:
        self.sign_in_button.setEnabled(True)
        self.outcome.setText(words_of(error))
