"""A button with a menu of values to tick, each with its count; the menu stays open while one ticks."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from reviewer.domain.text import visible
from reviewer.ui.plain import label_text


class StayingMenu(QMenu):
    """A menu that does not close when something in it is ticked."""

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        action = self.activeAction()
        if action is not None and action.isCheckable():
            action.trigger()
            return
        super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        action = self.activeAction()
        if event.key() == Qt.Key.Key_Space and action is not None and action.isCheckable():
            action.trigger()
            return
        super().keyPressEvent(event)


class Chooser(QToolButton):
    """Chooses some of the values of one facet; none chosen means all.  `chosen_changed` follows each tick."""

    chosen_changed = Signal()

    def __init__(self, title: str, words: Callable[[str], str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = title
        self._words = words
        self._chosen: list[str] = []
        self._values: tuple[tuple[str, int], ...] = ()
        self._menu = StayingMenu(self)
        self._menu.setAccessibleName(title)
        self._menu.aboutToHide.connect(self._fill)
        self.setMenu(self._menu)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self._name()

    @property
    def chosen(self) -> tuple[str, ...]:
        """The ticked values."""
        return tuple(self._chosen)

    def choose(self, values: Iterable[str]) -> None:
        """Tick exactly these, without a signal."""
        self._chosen = list(values)
        self._fill()
        self._name()

    def set_words(self, words: Callable[[str], str]) -> None:
        """Other words for the values."""
        self._words = words
        self.set_values(self._values)
        self._name()

    def set_values(self, values: Iterable[tuple[str, int]]) -> None:
        """The values to choose from, with their counts; an open menu keeps its rows until it closes."""
        self._values = tuple(values)
        if not self._menu.isVisible():
            self._fill()

    def _fill(self) -> None:
        self._menu.clear()
        counts = dict(self._values)
        for value in [*counts, *(value for value in self._chosen if value not in counts)]:
            shown = visible(self._words(value), limit=80, keep_lines=False)
            action = QAction(label_text(f"{shown}   {counts.get(value, 0):,}"), self._menu)
            action.setCheckable(True)
            action.setChecked(value in self._chosen)
            action.setData(value)
            action.triggered.connect(lambda ticked, value=value: self._ticked(value, ticked))
            self._menu.addAction(action)
        if self._menu.isEmpty():
            self._menu.addAction(self.tr("Nothing to choose from yet")).setEnabled(False)
        self._menu.addSeparator()
        clear = self._menu.addAction(self.tr("Show all"))
        clear.setEnabled(bool(self._chosen))
        clear.triggered.connect(self._clear)

    def _ticked(self, value: str, ticked: bool) -> None:
        if ticked and value not in self._chosen:
            self._chosen.append(value)
        elif not ticked and value in self._chosen:
            self._chosen.remove(value)
        self._name()
        self.chosen_changed.emit()

    def _clear(self) -> None:
        self._chosen.clear()
        self._name()
        self.chosen_changed.emit()

    def _name(self) -> None:
        text = self._title
        if len(self._chosen) == 1:
            text = f"{self._title}: {visible(self._words(self._chosen[0]), limit=30, keep_lines=False)}"
        elif self._chosen:
            text = f"{self._title}: {len(self._chosen)}"
        self.setText(label_text(f"{text} ▾"))
        self.setAccessibleName(text)
        self.setProperty("chosen", bool(self._chosen))
        self.style().unpolish(self)
        self.style().polish(self)
