"""The dialog that exports this workstation's history as a pack, whole or in part."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QDialog, QFileDialog, QFormLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from reviewer.audit.choosing import a_day
from reviewer.errors import OperatorError
from reviewer.services.audit_desk import AuditDesk
from reviewer.services.audit_export import Scope
from reviewer.ui.plain import PlainLabel, button
from reviewer.ui.tasks import Tasks
from reviewer.ui.theme import Theme


class _Cancelled(OperatorError):
    """The person at the desk ended the export."""


class ExportDialog(QDialog):
    """Asks for what goes in, writes it in the background, and can be cancelled."""

    told = Signal(str)

    def __init__(self, desk: AuditDesk, tasks: Tasks, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._tasks = tasks
        self._stop = threading.Event()
        self._running = False
        self.setWindowTitle(self.tr("Export an audit pack"))
        self.setAccessibleName(self.tr("Export an audit pack"))
        names = {
            "since": self.tr("From day, such as 2026-01-01"), "until": self.tr("Before day"),
            "reviewer": self.tr("Reviewer, by id"), "marketplace": self.tr("Marketplace, by id"),
            "ground": self.tr("Ground"),
        }  # fmt: skip
        self.lines = {name: QLineEdit() for name in names}
        form = QFormLayout()
        for name, line in self.lines.items():
            line.setAccessibleName(names[name])
            line.setPlaceholderText(self.tr("all"))
            form.addRow(names[name], line)
        self.pseudonymous = QCheckBox(self.tr("Without names of people; texts are left out"))
        form.addRow("", self.pseudonymous)
        self.state = PlainLabel(
            self.tr("Decisions with their evidence, pictures, chain and signatures, in one file."), "muted"
        ).wrapped()
        self.state.setAccessibleName(self.tr("State of the export"))
        self.export_button = button(self.tr("Export …"), "primary")
        self.export_button.clicked.connect(self._ask_where)
        self.cancel_button = button(self.tr("Close"))
        self.cancel_button.clicked.connect(self.reject)
        row = QHBoxLayout()
        row.addStretch(1)
        for made in (self.cancel_button, self.export_button):
            row.addWidget(made)
        column = QVBoxLayout(self)
        column.setSpacing(theme.em(0.7))
        column.addLayout(form)
        column.addWidget(self.state)
        column.addStretch(1)
        column.addLayout(row)
        self.resize(theme.em(40), theme.em(24))
        self.told.connect(self._progress)

    def scope(self) -> Scope:
        """What goes in.  Raises `OperatorError` where a day is none."""
        values = {name: line.text().strip() for name, line in self.lines.items()}
        for name in ("since", "until"):
            values[name] = f"{a_day(values[name]).isoformat()}T00:00:00.000Z" if values[name] else ""
        return Scope(**values, pseudonymous=self.pseudonymous.isChecked())

    def export(self, out: Path) -> None:
        """Write the pack."""
        try:
            scope = self.scope()
        except OperatorError as error:
            self._end(str(error), "danger")
            return
        self._stop.clear()
        self._running = True
        self.export_button.setEnabled(False)
        self.cancel_button.setText(self.tr("Cancel"))
        self._progress(self.tr("Writing {0} …").format(out.name))
        work: Callable[[], tuple[int, str]] = partial(self._desk.export, out, scope, self._tell)
        self._tasks.in_background(work, partial(self._done, out), self._failed, owner=self)

    def reject(self) -> None:
        """Cancel what is being written, or close."""
        if self._running:
            self._stop.set()
            return
        super().reject()

    def _tell(self, words: str) -> None:
        """Called on the thread that writes."""
        if self._stop.is_set():
            raise _Cancelled(self.tr("Cancelled: nothing was written."))
        self.told.emit(words)

    def _progress(self, words: str) -> None:
        self.state.set_role("muted")
        self.state.setText(words)

    def _done(self, out: Path, made: tuple[int, str]) -> None:
        text = self.tr("{0} decisions are in {1}. Whoever verifies it needs this workstation's key: ed25519:{2}")
        self._end(text.format(f"{made[0]:,}", out, made[1]), "ok")

    def _failed(self, error: Exception) -> None:
        self._end(str(error), "warning" if isinstance(error, _Cancelled) else "danger")

    def _end(self, words: str, role: str) -> None:
        self._running = False
        self.export_button.setEnabled(True)
        self.cancel_button.setText(self.tr("Close"))
        self.state.set_role(role)
        self.state.setText(words)

    def _ask_where(self) -> None:
        path, _ = QFileDialog.getSaveFileName(
            self, self.tr("Export an audit pack"), "history.pack", self.tr("Audit packs (*.pack)")
        )
        if path:
            self.export(Path(path))
