"""The filters over a history: the same for list, numbers and draw."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLineEdit, QWidget

from reviewer.audit.choosing import Chosen, values
from reviewer.audit.history import History
from reviewer.domain.text import visible
from reviewer.errors import OperatorError
from reviewer.ui import words
from reviewer.ui.plain import PlainLabel, button
from reviewer.ui.review.wording import kind_text
from reviewer.ui.theme import Theme

_FIELDS = ("reviewer", "marketplace", "ground", "decision", "source")
_SETTLE_MS = 250


class FilterBar(QWidget):
    """Two rows of filters.  `chosen_changed` comes when another set is in force."""

    chosen_changed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.chosen = Chosen()
        self.since, self.until = QLineEdit(), QLineEdit()
        for line, name in ((self.since, self.tr("From day")), (self.until, self.tr("Before day"))):
            line.setAccessibleName(name)
            line.setPlaceholderText(name)
            line.setClearButtonEnabled(True)
            line.setMinimumWidth(theme.em(8))
            line.textEdited.connect(self._soon)
        names = {
            "reviewer": self.tr("Reviewer: all"), "marketplace": self.tr("Marketplace: all"),
            "ground": self.tr("Ground: all"), "decision": self.tr("Decision: all"), "source": self.tr("Source: all"),
        }  # fmt: skip
        self._all = names
        self.combos = {field: QComboBox() for field in _FIELDS}
        for field, combo in self.combos.items():
            combo.setAccessibleName(names[field].partition(":")[0])
            combo.setMinimumWidth(theme.em(8))
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            combo.setMinimumContentsLength(12)
            combo.activated.connect(self._changed)
        self.overrides = QCheckBox(self.tr("Measure switched off"))
        self.fast = QCheckBox(self.tr("Fast decisions"))
        self.fast.setToolTip(self.tr("Less than 0.4 of the reviewer's median time"))
        for box in (self.overrides, self.fast):
            box.toggled.connect(self._changed)
        self.reset_button = button(self.tr("All decisions"), "flat")
        self.reset_button.clicked.connect(self.reset)
        self.state = PlainLabel(role="muted").wrapped()
        self.state.setAccessibleName(self.tr("What is chosen"))
        self._timer = QTimer(self, singleShot=True, interval=_SETTLE_MS)
        self._timer.timeout.connect(self._changed)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(theme.em(0.4))
        for place, widget in enumerate((self.since, self.until, *self.combos.values())):
            grid.addWidget(widget, 0, place)
            grid.setColumnStretch(place, 1 if place < 2 else 2)
        grid.addWidget(self.overrides, 1, 0, 1, 2)
        grid.addWidget(self.fast, 1, 2)
        grid.addWidget(self.reset_button, 1, 3)
        grid.addWidget(self.state, 1, 4, 1, 3)
        self.show_history(None)

    def show_history(self, history: History | None) -> None:
        """Offer what a history holds; the filters begin anew."""
        counted = values(history) if history is not None else {}
        for field, combo in self.combos.items():
            combo.clear()
            combo.addItem(self._all[field], "")
            for value, count in counted.get(field, ()):
                combo.addItem(f"{_named(field, value)} ({count:,})", value)
        for widget in (self.since, self.until, *self.combos.values(), self.overrides, self.fast, self.reset_button):
            widget.setEnabled(history is not None)
        self.reset()

    def show_count(self, chosen: int, of: int) -> None:
        """Say how many decisions are chosen."""
        self.state.set_role("muted")
        text = self.tr("{0} of {1} decisions") if chosen != of else self.tr("{1} decisions")
        self.state.setText(text.format(f"{chosen:,}", f"{of:,}"))

    def reset(self) -> None:
        """Leave nothing out."""
        for line in (self.since, self.until):
            line.clear()
        for combo in self.combos.values():
            combo.setCurrentIndex(0)
        for box in (self.overrides, self.fast):
            box.blockSignals(True)
            box.setChecked(False)
            box.blockSignals(False)
        self.state.clear()
        self._changed()

    def _soon(self) -> None:
        self._timer.start()

    def _changed(self) -> None:
        self._timer.stop()
        picked = {field: str(combo.currentData() or "") for field, combo in self.combos.items()}
        try:
            chosen = Chosen(
                self.since.text().strip(), self.until.text().strip(), **picked,
                overrides=self.overrides.isChecked(), fast=self.fast.isChecked(),
            )  # fmt: skip
        except OperatorError as error:
            self.state.set_role("danger")
            self.state.setText(str(error))
            return
        if chosen != self.chosen:
            self.chosen = chosen
            self.chosen_changed.emit()


def _named(field: str, value: str) -> str:
    if field == "decision":
        return kind_text(value)
    if field == "source":
        return words.source(value)
    return words.plain_id(value) if field == "ground" else visible(value, limit=60, keep_lines=False)
