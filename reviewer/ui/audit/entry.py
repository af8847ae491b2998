"""The entries of the palette that open the audit window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from reviewer.services.audit_desk import AuditDesk
from reviewer.ui.audit.export import ExportDialog
from reviewer.ui.audit.keys import register
from reviewer.ui.audit.window import AuditWindow
from reviewer.ui.commands import Command, Scope
from reviewer.ui.ports import FindingsDoor

if TYPE_CHECKING:
    from reviewer.ui.main_window import MainWindow


class AuditEntry:
    """The entries of the palette that open the audit window; one window at a time."""

    def __init__(self, window: MainWindow, folder: Path, findings: Callable[[], FindingsDoor]) -> None:
        self._window = window
        self._findings = findings
        self._folder = folder
        self.shown: AuditWindow | None = None
        group = window.tr("Audit")
        for name, title, handler in (
            ("audit.open", window.tr("Audit a pack …"), self.show),
            ("audit.live", window.tr("Audit this workstation's history"), self.show_live),
            ("audit.export", window.tr("Export an audit pack …"), self.show_export),
        ):
            window.commands.register(Command(name, title, "", Scope.WINDOW, handler, group=group))
        register(window.commands, lambda: self.shown.opinions if self.shown is not None else None)

    def show(self) -> AuditWindow:
        """Show the audit window."""
        if self.shown is None:
            window = self._window
            desk = AuditDesk(self._folder)
            self.shown = AuditWindow(
                desk, window.tasks, window.theme, window.commands, window, findings=self._findings()
            )
            self.shown.finished.connect(self._closed)
            window.closing.connect(self.shown.close)
            # What was judged so far stays as it is behind the cover.
            window.lock.locked.connect(self.shown.hide)
            window.lock.unlocked.connect(self.shown.show)
        self.shown.show()
        self.shown.raise_()
        self.shown.activateWindow()
        return self.shown

    def show_live(self) -> AuditWindow:
        """Show the audit window on this workstation's history."""
        shown = self.show()
        shown.open_live()
        return shown

    def show_export(self) -> ExportDialog:
        """Show the audit window with the export before it."""
        return self.show().ask_export()

    def _closed(self) -> None:
        shown, self.shown = self.shown, None
        if shown is not None:
            shown.deleteLater()
