"""The bar above the queue table: search, choosers, due chips."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from reviewer.services.model import Names, QueueFilter, Status
from reviewer.ui import words
from reviewer.ui.plain import button, label_text
from reviewer.ui.queue.chooser import Chooser
from reviewer.ui.theme import Theme

DEBOUNCE_MS = 120


class SearchField(QLineEdit):
    """Esc empties it, and then leads on: `left`."""

    left = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() != Qt.Key.Key_Escape:
            super().keyPressEvent(event)
        elif self.text():
            self.clear()
        else:
            self.left.emit()


class FilterBar(QWidget):
    """Makes a `QueueFilter`.  `filter_changed` carries it; typing waits for a short pause."""

    filter_changed = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._filter = QueueFilter()
        self.search = SearchField()
        self.search.setPlaceholderText(self.tr("Search titles, brands, sellers, numbers"))
        self.search.setAccessibleName(self.tr("Search the queue"))
        self.search.setClearButtonEnabled(True)
        self.search.setMaxLength(200)
        self.choosers: dict[str, Chooser] = {
            "marketplace": Chooser(self.tr("Marketplace"), partial(words.named, names={})),
            "ground": Chooser(self.tr("Ground"), partial(words.named, names={})),
            "source": Chooser(self.tr("Source"), words.source),
            "state": Chooser(self.tr("State"), words.state),
            "standing": Chooser(self.tr("Standing"), words.standing),
        }
        self.overdue = self._chip(self.tr("Overdue"))
        self.soon = self._chip(self.tr("Due soon"))
        self.local = self._chip(self.tr("On this desk"))
        self.clear = button(self.tr("Clear filters"), "flat")
        self._debounce = QTimer(self)
        self._debounce.setSingleShot(True)
        self._debounce.setInterval(DEBOUNCE_MS)
        self._debounce.timeout.connect(self._changed)
        self._lay_out()
        self._connect()
        self._dress()

    @property
    def chosen(self) -> QueueFilter:
        """The filter as the bar shows it."""
        return replace(
            self._filter,
            text=self.search.text().strip(),
            marketplaces=self.choosers["marketplace"].chosen,
            grounds=self.choosers["ground"].chosen,
            sources=self.choosers["source"].chosen,
            states=self.choosers["state"].chosen,
            standings=self.choosers["standing"].chosen,
            due="overdue" if self.overdue.isChecked() else "soon" if self.soon.isChecked() else "",
            where="local" if self.local.isChecked() else "",
        )

    def show_filter(self, chosen: QueueFilter) -> None:
        """Show a filter that comes from elsewhere, and tell of it."""
        self._filter = chosen
        self.search.blockSignals(True)
        self.search.setText(chosen.text)
        self.search.blockSignals(False)
        for key, values in (
            ("marketplace", chosen.marketplaces),
            ("ground", chosen.grounds),
            ("source", chosen.sources),
            ("state", chosen.states),
            ("standing", chosen.standings),
        ):
            self.choosers[key].choose(values)
        self.overdue.setChecked(chosen.due == "overdue")
        self.soon.setChecked(chosen.due == "soon")
        self.local.setChecked(chosen.where == "local")
        self._changed()

    def show_facets(self, facets: Mapping[str, tuple[tuple[str, int], ...]]) -> None:
        """The values to choose from."""
        for key, chooser in self.choosers.items():
            chooser.set_values(facets.get(key, ()))

    def show_names(self, names: Names) -> None:
        """What marketplaces and grounds are called."""
        self.choosers["marketplace"].set_words(partial(words.named, names=names.marketplaces))
        self.choosers["ground"].set_words(partial(words.named, names=names.grounds))

    def show_status(self, status: Status) -> None:
        """The counts on the chips."""
        self._name(self.overdue, self.tr("Overdue"), status.overdue)
        self._name(self.soon, self.tr("Due soon"), status.due_soon)

    def _name(self, chip: QPushButton, words_of_it: str, count: int) -> None:
        text = f"{words_of_it} {count:,}" if count else words_of_it
        chip.setText(label_text(text))
        chip.setAccessibleName(text)

    def _chip(self, text: str) -> QPushButton:
        chip = button(text, "chip")
        chip.setCheckable(True)
        return chip

    def _lay_out(self) -> None:
        above = QHBoxLayout()
        above.addWidget(self.search, 1)
        for chip in (self.overdue, self.soon, self.local):
            above.addWidget(chip)
        below = QHBoxLayout()
        for chooser in self.choosers.values():
            below.addWidget(chooser)
        below.addStretch(1)
        below.addWidget(self.clear)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(self._theme.em(0.5))
        whole.addLayout(above)
        whole.addLayout(below)

    def _connect(self) -> None:
        self.search.textChanged.connect(self._debounce.start)
        self.search.returnPressed.connect(self._changed)
        for chooser in self.choosers.values():
            chooser.chosen_changed.connect(self._changed)
        self.overdue.clicked.connect(lambda on: self._due(self.soon, on))
        self.soon.clicked.connect(lambda on: self._due(self.overdue, on))
        self.local.clicked.connect(self._changed)
        self.clear.clicked.connect(self.clear_all)
        self._theme.changed.connect(self._dress)

    def clear_all(self) -> None:
        """Filter nothing, keep the order."""
        self.show_filter(QueueFilter(sort=self._filter.sort, descending=self._filter.descending))

    def set_order(self, ordered: QueueFilter) -> None:
        """Take the order of another filter."""
        self._filter = replace(self._filter, sort=ordered.sort, descending=ordered.descending)
        self._changed()

    def _due(self, other: QPushButton, on: bool) -> None:
        if on:
            other.setChecked(False)
        self._changed()

    def _changed(self) -> None:
        self._debounce.stop()
        self._filter = self.chosen
        plain = QueueFilter(sort=self._filter.sort, descending=self._filter.descending)
        self.clear.setEnabled(self._filter != plain)
        self.filter_changed.emit(self._filter)

    def _dress(self) -> None:
        self.overdue.setIcon(self._theme.icon("overdue", "danger"))
        self.soon.setIcon(self._theme.icon("soon", "warning"))
        self.local.setIcon(self._theme.icon("desk", "muted"))
