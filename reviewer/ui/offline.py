"""Takes work along for a time without network: how long, how many cases, how far it is."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QProgressBar,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import Shiboken

from reviewer.ui.faults import words_of
from reviewer.ui.plain import PlainLabel, button
from reviewer.ui.ports import Intake
from reviewer.ui.tasks import Task, Tasks
from reviewer.ui.theme import Theme


class OfflineDialog(QDialog):
    """`taken` carries the number of cases that were claimed."""

    taken = Signal(int)
    _advanced = Signal(int, int)

    def __init__(self, intake: Intake, tasks: Tasks, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._intake = intake
        self._tasks = tasks
        self._task: Task | None = None
        self.setWindowTitle(self.tr("Take work offline"))
        self.setMinimumWidth(theme.em(34))
        self.hours = QDoubleSpinBox()
        self.hours.setRange(0.5, 72.0)
        self.hours.setSingleStep(0.5)
        self.hours.setValue(8.0)
        self.hours.setSuffix(self.tr(" h"))
        self.hours.setAccessibleName(self.tr("Hours without network"))
        self.cases = QSpinBox()
        self.cases.setRange(1, 2000)
        self.cases.setValue(200)
        self.cases.setAccessibleName(self.tr("Number of cases"))
        self.progress = QProgressBar()
        self.progress.setRange(0, 0)
        self.progress.setAccessibleName(self.tr("Cases are being claimed"))
        self.progress.hide()
        self.outcome = PlainLabel(role="muted").wrapped()
        self.take_button = button(self.tr("Take along"), "primary")
        self.end_button = button(self.tr("End offline work"), tip=self.tr("Give back what is not decided"))
        self.cancel_button = button(self.tr("Cancel"))
        self._lay_out()
        self._advanced.connect(self._show_progress)
        self.take_button.clicked.connect(self.take)
        self.end_button.clicked.connect(self.end)
        self.cancel_button.clicked.connect(self.reject)

    def take(self) -> None:
        """Claim the cases."""
        call = partial(self._intake.take_offline, self.hours.value(), self.cases.value(), self._report)
        self.progress.setRange(0, 0)
        self._busy(True, self.tr("Claiming cases and fetching their pictures …"))
        self._task = self._tasks.in_background(call, self._taken, self._failed, owner=self)

    def end(self) -> None:
        """Give back what was not decided."""
        self._busy(True, self.tr("Giving cases back …"))
        self._task = self._tasks.in_background(
            self._intake.end_offline, lambda _done: self.accept(), self._failed, owner=self
        )

    def reject(self) -> None:
        """Do not wait any longer; cases that were claimed already stay on the desk."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        super().reject()

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.addRow(PlainLabel(self.tr("For how long")), self.hours)
        form.addRow(PlainLabel(self.tr("Cases")), self.cases)
        row = QHBoxLayout()
        row.addWidget(self.end_button)
        row.addStretch(1)
        row.addWidget(self.cancel_button)
        row.addWidget(self.take_button)
        whole = QVBoxLayout(self)
        hint = self.tr(
            "Claims cases for longer and keeps their pictures on this computer. "
            "What you decide waits here until there is a network again."
        )
        whole.addWidget(PlainLabel(hint, "muted").wrapped())
        whole.addLayout(form)
        whole.addWidget(self.progress)
        whole.addWidget(self.outcome)
        whole.addLayout(row)
        whole.setAlignment(Qt.AlignmentFlag.AlignTop)

    def _report(self, done: int, total: int) -> None:
        """Called on the thread that fetches the pictures."""
        if Shiboken.isValid(self):
            self._advanced.emit(done, total)

    def _show_progress(self, done: int, total: int) -> None:
        self.progress.setRange(0, total)
        self.progress.setValue(done)

    def _taken(self, count: int) -> None:
        self._task = None
        self._busy(False, self.tr("{0} cases are on this desk now.").format(count))
        self.outcome.set_role("ok")
        self.cancel_button.setText(self.tr("Close"))
        self.taken.emit(count)

    def _failed(self, error: Exception) -> None:
        self._task = None
        self._busy(False, words_of(error))
        self.outcome.set_role("danger")

    def _busy(self, busy: bool, text: str) -> None:
        self.progress.setVisible(busy)
        for widget in (self.take_button, self.end_button, self.hours, self.cases):
            widget.setEnabled(not busy)
        self.outcome.set_role("muted")
        self.outcome.setText(text)
