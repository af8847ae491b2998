"""Thin adapters over the outbox rows and the inbox items."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QAbstractTableModel, QCoreApplication, QModelIndex, QObject, QPersistentModelIndex, Qt

from reviewer.domain.text import visible
from reviewer.services.clock import now
from reviewer.services.model import InboxItem, OutboxRow
from reviewer.ui import words
from reviewer.ui.plain import tooltip
from reviewer.ui.theme import Theme

ItemT = TypeVar("ItemT")
_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class Column(Generic[ItemT]):
    """A heading, the text of an item under it, and the colour role and icon of that text."""

    heading: str
    text: Callable[[ItemT], str]
    role: Callable[[ItemT], str] = lambda _item: ""
    icon: Callable[[ItemT], str] = lambda _item: ""


class ItemTable(QAbstractTableModel, Generic[ItemT]):
    """A table over a short list that is swapped as a whole; `key` tells which items are the same."""

    def __init__(
        self,
        columns: Sequence[Column[ItemT]],
        key: Callable[[ItemT], object],
        theme: Theme,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._columns = tuple(columns)
        self._key = key
        self._theme = theme
        self._items: tuple[ItemT, ...] = ()

    @property
    def items(self) -> tuple[ItemT, ...]:
        """The items, in order."""
        return self._items

    def show_items(self, items: Sequence[ItemT]) -> None:
        """Swap the list; where the same items stand in the same order, only their texts are painted anew."""
        same = [self._key(item) for item in items] == [self._key(item) for item in self._items]
        if not same:
            self.beginResetModel()
        self._items = tuple(items)
        if not same:
            self.endResetModel()
        elif items:
            self.dataChanged.emit(self.index(0, 0), self.index(len(items) - 1, len(self._columns) - 1))

    def item_at(self, row: int) -> ItemT | None:
        """The item of a row."""
        return self._items[row] if 0 <= row < len(self._items) else None

    def row_of(self, key: object) -> int:
        """The row of an item by its key, or -1."""
        return next((row for row, item in enumerate(self._items) if self._key(item) == key), -1)

    def rowCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._items)

    def columnCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._columns[section].heading
        return int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter) if role == 7 else None

    def data(self, index: _Index, role: int = 0) -> Any:
        item = self.item_at(index.row())
        if item is None:
            return None
        column = self._columns[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.text(item)
        if role == Qt.ItemDataRole.ToolTipRole:
            return tooltip(column.text(item))
        if role == Qt.ItemDataRole.ForegroundRole and column.role(item):
            return self._theme.colour(column.role(item))
        if role == Qt.ItemDataRole.DecorationRole and column.icon(item):
            return self._theme.icon(column.icon(item), column.role(item) or "muted")
        return None


def outbox_columns() -> tuple[Column[OutboxRow], ...]:
    """The columns of what is unsent."""
    translate = QCoreApplication.translate
    return (
        Column(translate("outbox", "State"), _outbox_state, _outbox_role, _outbox_icon),
        Column(translate("outbox", "Decision"), lambda row: decision_words(row)),
        Column(translate("outbox", "Listing"), lambda row: _shown(row.title)),
        Column(translate("outbox", "Case"), lambda row: _shown(row.ref.case_id)),
        Column(translate("outbox", "Decided"), lambda row: words.ago(row.decided_at, now())),
        Column(translate("outbox", "Attempts"), lambda row: str(row.attempts)),
        Column(translate("outbox", "Why it is not sent"), _outbox_reason, lambda row: _reason_role(row)),
    )


def inbox_columns() -> tuple[Column[InboxItem], ...]:
    """The columns of what came back."""
    translate = QCoreApplication.translate
    return (
        Column(
            translate("outbox", "What happened"),
            lambda item: words.receipt_short(item.status),
            lambda _item: "warning",
            lambda _item: "inbox",
        ),
        Column(translate("outbox", "You decided"), lambda item: decision_words(item)),
        Column(translate("outbox", "Listing"), lambda item: _shown(item.title)),
        Column(translate("outbox", "Case"), lambda item: _shown(item.ref.case_id)),
        Column(translate("outbox", "Came back"), lambda item: words.ago(item.at, now())),
    )


def decision_words(item: OutboxRow | InboxItem) -> str:
    """A decision with its ground."""
    kind = words.decision(item.decision.kind)
    return f"{kind} · {words.ground(item.decision.ground)}" if item.decision.ground else kind


def _outbox_state(row: OutboxRow) -> str:
    translate = QCoreApplication.translate
    if row.state == "waiting" and row.send_in_s > 0:
        return translate("outbox", "Sent in {0}").format(words.span(row.send_in_s))
    known = {
        "waiting": translate("outbox", "Waiting"),
        "sending": translate("outbox", "Sending"),
        "parked": translate("outbox", "Parked"),
    }
    return known.get(row.state) or words.plain_id(row.state)


def _outbox_reason(row: OutboxRow) -> str:
    translate = QCoreApplication.translate
    if row.last_error:
        return _shown(row.last_error)
    if row.state == "waiting" and row.send_in_s > 0:
        return translate("outbox", "Held back for a moment, so that it can be undone unsent")
    return translate("outbox", "On its way") if row.state == "sending" else translate("outbox", "Next in line")


def _outbox_role(row: OutboxRow) -> str:
    return {"parked": "danger", "sending": "accent"}.get(row.state, "muted")


def _outbox_icon(row: OutboxRow) -> str:
    return {"parked": "error", "sending": "outbox"}.get(row.state, "clock")


def _reason_role(row: OutboxRow) -> str:
    return "danger" if row.state == "parked" else "muted"


def _shown(text: str) -> str:
    return visible(text, limit=300, keep_lines=False)
