"""Sheets that lie over the review screen for a moment: grounds and facts by letter, and the batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QGuiApplication, QIcon, QKeyEvent, QPixmap
from PySide6.QtWidgets import QFrame, QListView, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from reviewer.ui.keys import chord_of
from reviewer.ui.plain import PlainLabel, tooltip
from reviewer.ui.review.looks import Looks


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to choose: `key` is its letter, `checked` None where it is not a tick box."""

    id: str
    key: str
    text: str
    detail: str = ""
    checked: bool | None = None
    enabled: bool = True


class KeyList(QListWidget):
    """A list that hears every key by its place first.

    It counts as a field for text, so that the review surface leaves its keys alone; input methods stay off.
    """

    def __init__(self, heard: Callable[[str], bool], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._heard = heard
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setEditTriggers(QListWidget.EditTrigger.NoEditTriggers)
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled)

    def currentChanged(
        self, current: QModelIndex | QPersistentModelIndex, previous: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().currentChanged(current, previous)
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled)

    def inputMethodQuery(self, query: Qt.InputMethodQuery) -> object:
        return False if query == Qt.InputMethodQuery.ImEnabled else super().inputMethodQuery(query)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._heard(chord_of(event, QGuiApplication.platformName())):
            super().keyPressEvent(event)


class Sheet(QFrame):
    """A frame over the review screen with a title, a list and a line of help.  `closed` when it goes away."""

    closed = Signal()

    def __init__(self, theme: Looks, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = theme
        self._outer = parent
        self.setObjectName("sheet")
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAutoFillBackground(True)
        self.title = PlainLabel("", "heading").wrapped()
        self.hint = PlainLabel("", "muted").wrapped()
        self.list = KeyList(self.heard, self)
        layout = QVBoxLayout(self)
        for widget in (self.title, self.list, self.hint):
            layout.addWidget(widget)
        self.hide()
        parent.installEventFilter(self)

    def heard(self, chord: str) -> bool:
        """A key by its place; answers whether it was taken."""
        if chord == "Esc":
            self.close_sheet()
            return True
        return False

    def open_sheet(self, title: str, hint: str) -> None:
        """Lie over the screen and take the keys."""
        self.title.setText(title)
        self.hint.setText(hint)
        self.list.setAccessibleName(title)
        self.setAccessibleName(title)
        self.place()
        self.show()
        self.raise_()
        self.list.setFocus()

    def close_sheet(self) -> None:
        """Go away."""
        if self.isVisible():
            self.hide()
            self.closed.emit()

    def wanted(self) -> QSize:
        """The size it would like."""
        rows = sum(self.list.sizeHintForRow(row) + 1 for row in range(self.list.count()))
        wide = max(self.theme.em(36), self.list.sizeHintForColumn(0) + self.theme.em(4))
        return QSize(wide, rows + self.theme.em(6))

    def place(self) -> None:
        """Stand in the middle, above the bar, as large as wanted and there is room for."""
        outer = self._outer.size()
        wanted = self.wanted()
        wide = min(wanted.width(), outer.width() - self.theme.em(2))
        foot = self.theme.em(10.5)
        high = min(wanted.height(), outer.height() - foot - self.theme.em(1))
        self.setGeometry((outer.width() - wide) // 2, outer.height() - foot - high, wide, high)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self.place()
        return False


class ChoiceSheet(Sheet):
    """Chooses one of several by letter, Return or click, or ticks several.

    `chosen` carries the id; a sheet of ticks stays open.
    """

    chosen = Signal(str)

    def __init__(self, theme: Looks, parent: QWidget) -> None:
        super().__init__(theme, parent)
        self._choices: tuple[Choice, ...] = ()
        self.list.itemClicked.connect(self._clicked)

    def ask(self, title: str, hint: str, choices: Sequence[Choice], current: str = "") -> None:
        """Offer these."""
        self._fill(tuple(choices), current)
        self.open_sheet(title, hint)

    def renew(self, choices: Sequence[Choice]) -> None:
        """Show ticks as they are now."""
        self._fill(tuple(choices), self._current())

    def heard(self, chord: str) -> bool:
        if chord in ("Return", "Space"):
            self._choose(self._current())
            return True
        for choice in self._choices:
            if choice.key and chord == choice.key:
                self._choose(choice.id)
                return True
        return super().heard(chord) or (len(chord) == 1 and chord.isalnum())

    def _fill(self, choices: tuple[Choice, ...], current: str) -> None:
        self._choices = choices
        self.list.clear()
        for choice in choices:
            tick = "" if choice.checked is None else ("☑ " if choice.checked else "☐ ")
            text = f"{choice.key}   {tick}{choice.text}" if choice.key else f"{tick}{choice.text}"
            item = QListWidgetItem(text)
            item.setToolTip(tooltip(choice.detail or choice.text))
            item.setData(Qt.ItemDataRole.UserRole, choice.id)
            item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, choice.detail)
            self.list.addItem(item)
            if choice.id == current:
                self.list.setCurrentItem(item)
        if self.list.currentRow() < 0 and choices:
            self.list.setCurrentRow(0)

    def _current(self) -> str:
        item = self.list.currentItem()
        return str(item.data(Qt.ItemDataRole.UserRole)) if item is not None else ""

    def _clicked(self, item: QListWidgetItem) -> None:
        self._choose(str(item.data(Qt.ItemDataRole.UserRole)))

    def _choose(self, choice_id: str) -> None:
        found = next((choice for choice in self._choices if choice.id == choice_id), None)
        if found is None:
            return
        if found.checked is None:
            self.hide()
            self.chosen.emit(choice_id)
            self.closed.emit()
        else:
            self.chosen.emit(choice_id)


class BatchSheet(Sheet):
    """The contact sheet of cases that go together.  `decided` carries the chord of the decision's key."""

    decided = Signal(str)

    def __init__(self, theme: Looks, parent: QWidget) -> None:
        super().__init__(theme, parent)
        self.list.setViewMode(QListView.ViewMode.IconMode)
        self.list.setResizeMode(QListView.ResizeMode.Adjust)
        self.list.setMovement(QListView.Movement.Static)
        self.list.setWordWrap(True)
        self.list.setSpacing(theme.em(0.4))
        self.list.itemActivated.connect(self._toggle)

    def offer(self, title: str, hint: str, choices: Sequence[Choice]) -> None:
        """Show these cases, ticked where they can be decided."""
        side = self.theme.em(9)
        self.list.setIconSize(QSize(side, side))
        self.list.setGridSize(QSize(side + self.theme.em(2), side + self.theme.em(5)))
        self.list.clear()
        blank = QPixmap(side, side)
        blank.fill(self.theme.colour("canvas"))
        for choice in choices:
            item = QListWidgetItem(QIcon(blank), choice.text)
            item.setData(Qt.ItemDataRole.UserRole, choice.id)
            item.setToolTip(tooltip(f"{choice.text}\n{choice.detail}"))
            item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, choice.detail)
            flags = Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsSelectable
            item.setFlags(flags | Qt.ItemFlag.ItemIsEnabled if choice.enabled else flags)
            item.setCheckState(Qt.CheckState.Checked if choice.checked and choice.enabled else Qt.CheckState.Unchecked)
            self.list.addItem(item)
        if choices:
            self.list.setCurrentRow(0)
        self.open_sheet(title, hint)

    def show_picture(self, choice_id: str, pixmap: QPixmap) -> None:
        """Paint the first picture of a case."""
        for item in self._items():
            if item.data(Qt.ItemDataRole.UserRole) == choice_id:
                item.setIcon(QIcon(pixmap))

    def ticked(self) -> tuple[str, ...]:
        """The ids of the cases that are ticked."""
        return tuple(
            str(item.data(Qt.ItemDataRole.UserRole))
            for item in self._items()
            if item.checkState() == Qt.CheckState.Checked and item.flags() & Qt.ItemFlag.ItemIsEnabled
        )

    def wanted(self) -> QSize:
        rows = -(-self.list.count() // 5)
        return QSize(self.theme.em(62), self.theme.em(8 + 15 * min(3, rows)))

    def heard(self, chord: str) -> bool:
        if len(chord) == 1 and chord.isalnum():
            self.decided.emit(chord)
            return True
        if chord == "Space" and self.list.currentItem() is not None:
            self._toggle(self.list.currentItem())
            return True
        return super().heard(chord)

    def _toggle(self, item: QListWidgetItem) -> None:
        if item.flags() & Qt.ItemFlag.ItemIsEnabled:
            on = item.checkState() == Qt.CheckState.Checked
            item.setCheckState(Qt.CheckState.Unchecked if on else Qt.CheckState.Checked)

    def _items(self) -> list[QListWidgetItem]:
        return [self.list.item(row) for row in range(self.list.count())]
