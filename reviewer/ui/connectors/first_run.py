"""The first page of a fresh installation: the demo, or a marketplace."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from reviewer.ui.connectors.editor import AccountEditor
from reviewer.ui.faults import words_of
from reviewer.ui.plain import PlainLabel, button
from reviewer.ui.ports import Accounts, KindLike
from reviewer.ui.tasks import Tasks
from reviewer.ui.theme import Theme


class FirstRunPage(QScrollArea):
    """`account_added` follows when there is an account, by the demo or by hand."""

    account_added = Signal()

    def __init__(self, accounts: Accounts, tasks: Tasks, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._accounts = accounts
        self._tasks = tasks
        self.setObjectName("firstRun")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName(self.tr("Welcome"))
        self.demo_button = button(self.tr("Try the demo"), "primary")
        self.demo_result = PlainLabel(role="danger").wrapped()
        self.demo_result.hide()
        self.connect_button = button(self.tr("Connect a marketplace …"))
        self.editor = AccountEditor(accounts, tasks, theme)
        self.editor.cancel_button.hide()
        self.editor.hide()
        self._lay_out(theme)
        self.demo_button.clicked.connect(self.start_demo)
        self.connect_button.clicked.connect(self.connect_marketplace)
        self.editor.saved.connect(lambda _account: self.account_added.emit())

    def start_demo(self) -> None:
        """Start the demo hub on this computer and make an account on it."""
        self._busy(True, self.tr("Starting the demo …"))
        self._tasks.in_background(self._accounts.start_demo, self._demo_ready, self._demo_failed, owner=self)

    def connect_marketplace(self) -> None:
        """Show the form."""
        self._tasks.in_background(self._accounts.kinds, self._show_form, self._demo_failed, owner=self)

    def _lay_out(self, theme: Theme) -> None:
        column = QWidget()
        column.setMaximumWidth(theme.em(52))
        inner = QVBoxLayout(column)
        inner.setSpacing(theme.em(0.8))
        inner.addStretch(1)
        inner.addWidget(PlainLabel(self.tr("Decide flagged listings, one key each"), "title").wrapped())
        hint = self.tr("Start with made-up cases on this computer, or connect the marketplace you work for.")
        inner.addWidget(PlainLabel(hint, "muted").wrapped())
        for title, text, widgets in (
            (
                self.tr("Demo"),
                self.tr(
                    "A queue server runs on this computer with made-up listings and real pictures. "
                    "Nothing leaves this computer."
                ),
                (self.demo_button, self.demo_result),
            ),
            (
                self.tr("Marketplace"),
                self.tr("You need the address of its queue server and a token from whoever runs it."),
                (self.connect_button, self.editor),
            ),
        ):
            card = QFrame()
            card.setProperty("role", "card")
            card.setAccessibleName(title)
            box = QVBoxLayout(card)
            box.addWidget(PlainLabel(title, "heading"))
            box.addWidget(PlainLabel(text, "muted").wrapped())
            for widget in widgets:
                narrow = widget in (self.demo_button, self.connect_button)
                box.addWidget(widget, 0, Qt.AlignmentFlag.AlignLeft if narrow else Qt.AlignmentFlag(0))
            inner.addWidget(card)
        inner.addStretch(2)
        page = QWidget()
        around = QHBoxLayout(page)
        around.addStretch(1)
        around.addWidget(column, 8)
        around.addStretch(1)
        self.setWidget(page)

    def _show_form(self, kinds: Sequence[KindLike]) -> None:
        self.connect_button.hide()
        self.editor.show()
        self.editor.show_kinds(kinds)
        self.editor.form.focus_first()

    def _demo_ready(self, _account: object) -> None:
        self._busy(False, "")
        self.account_added.emit()

    def _demo_failed(self, error: Exception) -> None:
        self._busy(False, words_of(error), "danger")

    def _busy(self, busy: bool, text: str, role: str = "muted") -> None:
        self.demo_button.setEnabled(not busy)
        self.demo_result.set_role(role)
        self.demo_result.setText(text)
        self.demo_result.setVisible(bool(text))
