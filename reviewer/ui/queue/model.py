"""A thin adapter between the queue table and its pages: rows come as they are looked at, never all."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor, QFont, QIcon

from reviewer.domain.urgency import urgency_of_row
from reviewer.services.clock import now
from reviewer.services.model import CaseRef, Names, QueueFilter
from reviewer.ui import words
from reviewer.ui.plain import tooltip
from reviewer.ui.ports import Queue
from reviewer.ui.queue.cells import COLUMNS, DUE, NAMES, PRICE, SELLER, STANDING, STATE, TITLE, Cells, cells_of, heading
from reviewer.ui.review.wording import reasons_text
from reviewer.ui.tasks import Task, Tasks
from reviewer.ui.theme import Theme

PAGE_ROWS = 200
KEPT_PAGES = 40
UNDER_WAY = 3

_Index = QModelIndex | QPersistentModelIndex
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_STANDINGS = {"": "muted", "active": "muted", "warned": "warning", "restricted": "warning"}


class Look(NamedTuple):
    """How a cell looks: its text, the role of its colour, its icon, the language that its font is for."""

    text: str
    role: str = ""
    icon: str = ""
    language: str = ""


_WAITING = Look("…", "muted")


class QueueTable(QAbstractTableModel):
    """The filtered, sorted table.

    `page_arrived` carries the first row of a page that is there now, `total_changed` the number of rows,
    `named` what ids are called, `failed` the exception of a page that could not be read.  Rows that are not
    there yet show “…”.
    """

    page_arrived = Signal(int)
    total_changed = Signal(int)
    named = Signal(object)
    failed = Signal(object)

    def __init__(self, tasks: Tasks, queue: Queue, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self._queue = queue
        self._theme = theme
        self._filter = QueueFilter()
        self._total = 0
        #: Whether the search finds more rows than there are here.
        self.more = False
        self._known = False
        self.names = Names()
        self._pages: OrderedDict[int, tuple[Cells, ...]] = OrderedDict()
        self._stale: dict[int, tuple[Cells, ...]] = {}
        self._asked: OrderedDict[int, Task | None] = OrderedDict()
        self._roles: dict[int, Callable[[Cells, int], Any]] = {
            int(Qt.ItemDataRole.DisplayRole): self._text,
            int(Qt.ItemDataRole.ForegroundRole): self._colour,
            int(Qt.ItemDataRole.DecorationRole): self._icon,
            int(Qt.ItemDataRole.FontRole): self._font,
            int(Qt.ItemDataRole.ToolTipRole): self._tip,
            int(Qt.ItemDataRole.AccessibleTextRole): self._accessible,
        }
        self.clock: Callable[[], datetime] = now

    @property
    def chosen(self) -> QueueFilter:
        """The filter in force."""
        return self._filter

    @property
    def total(self) -> int | None:
        """How many rows the filter has, or None where that is not known yet."""
        return self._total if self._known else None

    def show_filter(self, chosen: QueueFilter) -> None:
        """Take another filter or order: asks for the first page; nothing is shown of the old one then."""
        self._filter = chosen
        self._forget()
        self._stale.clear()
        self._ask(0)

    def refresh(self) -> None:
        """Read again what is looked at; until it is there, the old rows stay."""
        self._stale.update(self._pages)
        self._forget()
        if not self._total:
            self._ask(0)
        self._touch()

    def row_at(self, row: int) -> Cells | None:
        """The row, where it is there."""
        page = self._pages.get(row // PAGE_ROWS)
        if page is None:
            page = self._stale.get(row // PAGE_ROWS)
        place = row % PAGE_ROWS
        return page[place] if page is not None and place < len(page) else None

    def find(self, ref: CaseRef, page_start: int) -> int | None:
        """The row of a case within a page that is there."""
        for place, cells in enumerate(self._pages.get(page_start // PAGE_ROWS, ())):
            if cells.row.ref == ref:
                return page_start + place
        return None

    def rowCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else self._total

    def columnCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return heading(NAMES[section])
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if section == PRICE else _LEFT
        return None

    def data(self, index: _Index, role: int = 0) -> Any:
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if index.column() == PRICE else _LEFT
        painted = self._roles.get(role)
        if painted is None:
            return None
        self._want(index.row() // PAGE_ROWS)
        cells = self.row_at(index.row())
        if cells is None:
            return _WAITING.text if role == Qt.ItemDataRole.DisplayRole else None
        return painted(cells, index.column())

    def look(self, row: int, column: int) -> Look:
        """How a cell looks, asking for its page where that is not there yet."""
        self._want(row // PAGE_ROWS)
        cells = self.row_at(row)
        return _WAITING if cells is None else self._look(cells, column)

    def _look(self, cells: Cells, column: int) -> Look:
        text = cells.texts[column]
        case = cells.row.row
        if column == DUE:
            text, urgency = cells.due(self.clock())
            return Look(text, "danger" if urgency == "overdue" else "warning", urgency) if urgency else Look(text)
        if column == STANDING:
            return Look(text, _STANDINGS.get(case.standing, "danger"))
        if column == STATE:
            if cells.row.pending:
                return Look(text, "accent", "outbox")
            return Look(text, "accent", "desk") if cells.row.on_desk else Look(text, "muted")
        return Look(text, language=case.language if column in (TITLE, SELLER) and not text.isascii() else "")

    def _text(self, cells: Cells, column: int) -> str:
        return self._look(cells, column).text

    def _colour(self, cells: Cells, column: int) -> QColor | None:
        role = self._look(cells, column).role
        return self._theme.colour(role) if role else None

    def _icon(self, cells: Cells, column: int) -> QIcon | None:
        look = self._look(cells, column)
        return self._theme.icon(look.icon, look.role) if look.icon else None

    def _font(self, cells: Cells, column: int) -> QFont | None:
        language = self._look(cells, column).language
        return self._theme.font(language) if language else None

    def _tip(self, cells: Cells, column: int) -> str | None:
        if column == DUE:
            row = cells.row.row
            due = row.due_at.astimezone().strftime("%Y-%m-%d %H:%M") if row.due_at is not None else ""
            return tooltip(f"{due}\n{reasons_text(urgency_of_row(row), self.clock())}".strip())
        return tooltip(cells.texts[column]) or None

    def _accessible(self, cells: Cells, column: int) -> str:
        text = f"{heading(NAMES[column])}: {self._text(cells, column)}"
        return f"{text}; {reasons_text(urgency_of_row(cells.row.row), self.clock())}" if column == DUE else text

    def _want(self, page: int) -> None:
        if page not in self._pages and page not in self._asked:
            self._ask(page)

    def _ask(self, page: int) -> None:
        """Ask for a page; what was looked at last comes first, and what was only passed by is dropped."""
        self._asked[page] = None
        waiting = [number for number, task in self._asked.items() if task is None]
        for passed in waiting[:-UNDER_WAY]:
            del self._asked[passed]
        self._send()

    def _send(self) -> None:
        under_way = sum(task is not None for task in self._asked.values())
        for page in reversed([number for number, task in self._asked.items() if task is None]):
            if under_way >= UNDER_WAY:
                return
            under_way += 1
            self._asked[page] = self._tasks.on_reader(
                partial(_read, self._queue, self._filter, page),
                partial(self._arrived, page),
                partial(self._failed, page),
                owner=self,
            )

    def _arrived(self, page: int, answer: tuple[int, tuple[Cells, ...], Names, bool]) -> None:
        total, cells, names, self.more = answer
        self._asked.pop(page, None)
        self._stale.pop(page, None)
        self._pages[page] = cells
        while len(self._pages) > KEPT_PAGES:
            self._pages.popitem(last=False)
        self._resize(total)
        first = page * PAGE_ROWS
        if cells:
            last = min(first + len(cells), self._total) - 1
            self.dataChanged.emit(self.index(first, 0), self.index(last, len(COLUMNS) - 1))
        if names != self.names:
            self.names = names
            self.named.emit(names)
        self.page_arrived.emit(first)
        self._send()

    def _failed(self, page: int, error: Exception) -> None:
        self._asked.pop(page, None)
        self._pages[page] = ()
        self.failed.emit(error)

    def _resize(self, total: int) -> None:
        known, self._known = self._known, True
        if total > self._total:
            self.beginInsertRows(QModelIndex(), self._total, total - 1)
            self._total = total
            self.endInsertRows()
        elif total < self._total:
            self.beginRemoveRows(QModelIndex(), total, self._total - 1)
            self._total = total
            self.endRemoveRows()
        elif known:
            return
        self.total_changed.emit(total)

    def _forget(self) -> None:
        for task in self._asked.values():
            if task is not None:
                task.cancel()
        self._asked.clear()
        self._pages.clear()

    def _touch(self) -> None:
        if self._total:
            self.dataChanged.emit(self.index(0, 0), self.index(self._total - 1, len(COLUMNS) - 1))


def sorted_by(chosen: QueueFilter, column: int, descending: bool) -> QueueFilter:
    """The filter with the order of a column; without one (below 0) the most urgent come first."""
    key = COLUMNS[column][1] if column >= 0 else ""
    return replace(chosen, sort=key or "urgency", descending=descending and bool(key))


def column_of(chosen: QueueFilter) -> int:
    """The column that a filter sorts by, or -1."""
    return next((place for place, (_, key) in enumerate(COLUMNS) if key == chosen.sort), -1)


def _read(queue: Queue, chosen: QueueFilter, page: int) -> tuple[int, tuple[Cells, ...], Names, bool]:
    answer = queue.page(chosen, page * PAGE_ROWS, PAGE_ROWS)
    return answer.total, cells_of(answer), answer.names, answer.more


def summary(chosen: QueueFilter, names: Names) -> str:
    """A filter in a few words, for the head of the window; empty where nothing is filtered."""
    parts = [
        *(words.named(value, names.marketplaces) for value in chosen.marketplaces),
        *(words.named(value, names.grounds) for value in chosen.grounds),
    ]
    return ", ".join(parts)
