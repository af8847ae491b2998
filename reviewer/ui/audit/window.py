"""The audit window: opens beside the review, on any pack, with no network."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QPlainTextEdit, QTabWidget, QVBoxLayout

from reviewer.services.audit_desk import AuditDesk, OpenedPack
from reviewer.ui.audit.numbers import ChartsPane, TablesPane
from reviewer.ui.audit.opinions import OpinionsPane
from reviewer.ui.commands import Command, Scope
from reviewer.ui.plain import PlainLabel, button
from reviewer.ui.tasks import Tasks
from reviewer.ui.theme import Theme

if TYPE_CHECKING:
    from reviewer.ui.main_window import MainWindow


class AuditWindow(QDialog):
    """A pack with its verification, numbers, charts and second opinions."""

    def __init__(self, desk: AuditDesk, tasks: Tasks, theme: Theme, parent: MainWindow | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._tasks = tasks
        self.opened: OpenedPack | None = None
        self.setWindowTitle(self.tr("Audit"))
        self.setAccessibleName(self.tr("Audit"))
        self.resize(theme.em(88), theme.em(52))
        self.verdict = PlainLabel(
            self.tr("Open an audit pack. It is read, never changed; no network is needed."), "heading"
        )
        self.verdict.wrapped().setAccessibleName(self.tr("Verdict"))
        self.open_button = button(self.tr("Open a pack …"), "primary")
        self.open_button.clicked.connect(self.ask)
        self.lines = QPlainTextEdit()
        self.lines.setReadOnly(True)
        self.lines.setAccessibleName(self.tr("Verification"))
        self.tables, self.charts = TablesPane(theme), ChartsPane(theme)
        self.opinions = OpinionsPane(desk, tasks, theme)
        self.tabs = QTabWidget()
        for widget, title in (
            (self.lines, self.tr("Verification")),
            (self.tables, self.tr("Numbers")),
            (self.charts, self.tr("Charts")),
            (self.opinions, self.tr("Second opinions")),
        ):
            self.tabs.addTab(widget, title)
        top = QHBoxLayout()
        top.addWidget(self.verdict, 1)
        top.addWidget(self.open_button)
        column = QVBoxLayout(self)
        column.addLayout(top)
        column.addWidget(self.tabs, 1)
        self.opinions.show_pack(None)

    def ask(self) -> None:
        """Ask for a pack."""
        path, _ = QFileDialog.getOpenFileName(self, self.tr("Open an audit pack"), "", self.tr("All files (*)"))
        if path:
            self.open_pack(Path(path))

    def open_pack(self, path: Path) -> None:
        """Verify and read a pack in the background."""
        self.verdict.setText(self.tr("Verifying {0} …").format(path.name))
        self._tasks.in_background(partial(self._desk.open, path), self._show, self._failed, owner=self)

    def closeEvent(self, event: QCloseEvent) -> None:
        self._desk.close()
        super().closeEvent(event)

    def _failed(self, error: Exception) -> None:
        self.verdict.setText(str(error))
        self.verdict.set_role("danger")

    def _show(self, opened: OpenedPack) -> None:
        self.opened = opened
        verdict = opened.verdict
        if verdict is None:
            self.verdict.setText(f"✕ {opened.path.name}: {opened.problem}")
            self.lines.setPlainText(opened.problem)
        else:
            sign = "✓" if verdict.verified else "✕"
            self.verdict.setText(f"{sign} {opened.path.name}: {verdict.lines[-1]}")
            self.lines.setPlainText("\n".join((*verdict.lines, opened.problem)).strip())
        self.verdict.set_role("heading" if verdict is not None and verdict.verified else "danger")
        self.tables.show_report(opened.team)
        self.charts.show_report(opened.team)
        self.opinions.show_pack(opened)


class AuditEntry:
    """The entry of the palette that opens the audit window; one window at a time."""

    def __init__(self, window: MainWindow, folder: Path) -> None:
        self._window = window
        self._folder = folder
        self.shown: AuditWindow | None = None
        title = window.tr("Audit a pack …")
        window.commands.register(Command("audit.open", title, "", Scope.WINDOW, self.show, group=window.tr("Audit")))

    def show(self) -> AuditWindow:
        """Show the audit window."""
        if self.shown is None:
            window = self._window
            self.shown = AuditWindow(AuditDesk(self._folder), window.tasks, window.theme, window)
            window.closing.connect(self.shown.close)
        self.shown.show()
        self.shown.raise_()
        self.shown.activateWindow()
        return self.shown
