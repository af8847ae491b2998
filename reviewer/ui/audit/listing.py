"""The chosen decisions as a table: a thin adapter over the rows in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QVBoxLayout, QWidget

from reviewer.audit.history import Decided, Opinion
from reviewer.audit.sample import is_override
from reviewer.domain.text import visible
from reviewer.ui import words
from reviewer.ui.plain import PlainLabel, tooltip
from reviewer.ui.review.wording import kind_text
from reviewer.ui.theme import Theme

_Index = QModelIndex | QPersistentModelIndex
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
_SECONDS, _TITLE, _OPINIONS = 6, 3, 8
_LANGUAGES = ((0x0E00, 0x0E7F, "th"), (0xAC00, 0xD7AF, "ko"), (0x3040, 0x30FF, "ja"), (0x4E00, 0x9FFF, "zh"))


class DecisionsTable(QAbstractTableModel):
    """One row a decision; `opinions` are second opinions by decision."""

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.rows: list[Decided] = []
        self._opinions: dict[str, list[Opinion]] = {}
        self._sorted: tuple[int, Qt.SortOrder] = (0, Qt.SortOrder.DescendingOrder)
        self._titles = (
            self.tr("Decided at"), self.tr("Decision"), self.tr("Ground"), self.tr("Listing"), self.tr("Marketplace"),
            self.tr("Reviewer"), self.tr("Seconds"), self.tr("Flagged by"), self.tr("Second opinions"),
        )  # fmt: skip
        self._keys: tuple[Callable[[Decided], Any], ...] = (
            lambda row: row.decided_at, lambda row: row.kind, lambda row: row.ground, lambda row: row.title,
            lambda row: row.marketplace, lambda row: row.reviewer, lambda row: row.seconds, lambda row: row.source,
            lambda row: self._said(row),
        )  # fmt: skip

    def show(self, rows: Sequence[Decided], opinions: Sequence[Opinion]) -> None:
        """Show these decisions."""
        self.beginResetModel()
        self.rows = list(rows)
        self._opinions = {}
        for item in opinions:
            self._opinions.setdefault(item.decision_id, []).append(item)
        self._order()
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._titles)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._titles[section]
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row, column = self.rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(row, column)
        if role == Qt.ItemDataRole.TextAlignmentRole and column == _SECONDS:
            return _RIGHT
        if role == Qt.ItemDataRole.ToolTipRole and column in (_TITLE, _OPINIONS):
            return tooltip(visible(row.title, limit=600) if column == _TITLE else self._said(row))
        if role == Qt.ItemDataRole.FontRole and column == _TITLE:
            language = _language(row.title)
            return self._theme.font(language) if language else None
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self.layoutAboutToBeChanged.emit()
        self._sorted = (column, order)
        self._order()
        self.layoutChanged.emit()

    def _order(self) -> None:
        column, order = self._sorted
        self.rows.sort(key=self._keys[column], reverse=order == Qt.SortOrder.DescendingOrder)

    def _said(self, row: Decided) -> str:
        return "; ".join(
            f"{visible(item.auditor, limit=40, keep_lines=False)}: {verdict_name(item.verdict)}"
            for item in self._opinions.get(row.id, ())
        )

    def _text(self, row: Decided, column: int) -> str:
        if column == 0:
            return row.decided_at[:16].replace("T", " ")
        if column == 1:
            return kind_text(row.kind) + (self.tr(", measure off") if is_override(row) else "")
        if column == 2:
            return words.plain_id(row.ground) if row.ground else "–"
        if column == _TITLE:
            return visible(row.title, limit=200, keep_lines=False)
        if column == _SECONDS:
            return f"{row.seconds:,.1f}"
        if column == 7:
            return words.source(row.source) if row.source else "–"
        if column == _OPINIONS:
            return self._said(row)
        return visible(row.marketplace if column == 4 else row.reviewer, limit=60, keep_lines=False)


class ListPane(QWidget):
    """The table.  `picked` carries the decision that was opened by Enter or a double click."""

    picked = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.model = DecisionsTable(theme, self)
        self.empty = PlainLabel(self.tr("No decision is left: take a filter away."), "muted")
        self.empty.hide()
        self.table = QTableView()
        self.table.setAccessibleName(self.tr("Decisions"))
        self.table.setModel(self.model)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setWordWrap(False)
        self.table.setShowGrid(False)
        self.table.setAlternatingRowColors(True)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(theme.em(2))
        self.table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header = self.table.horizontalHeader()
        for place, ems in enumerate((10, 9, 9, 20, 9, 10, 6, 9, 18)):
            header.resizeSection(place, theme.em(ems))
        header.setSectionResizeMode(_TITLE, QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(theme.em(5))
        header.setSortIndicator(0, Qt.SortOrder.DescendingOrder)
        self.table.setSortingEnabled(True)
        self.table.activated.connect(self._activated)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.em(0.5), theme.em(0.5), theme.em(0.5), theme.em(0.5))
        column.addWidget(self.empty)
        column.addWidget(self.table, 1)

    def show_rows(self, rows: Sequence[Decided], opinions: Sequence[Opinion], *, opened: bool) -> None:
        """Show these decisions; with none the table says why."""
        self.model.show(rows, opinions)
        self.empty.setVisible(opened and not rows)

    def _activated(self, index: QModelIndex) -> None:
        self.picked.emit(self.model.rows[index.row()])


def verdict_name(verdict: str) -> str:
    """What a verdict is called."""
    known = {
        "agree": words.translate("audit", "agreed"), "fix": words.translate("audit", "fixed"),
        "return": words.translate("audit", "returned"),
    }  # fmt: skip
    return known.get(verdict) or visible(verdict, limit=20, keep_lines=False)


def _language(text: str) -> str:
    for mark in text[:60]:
        for first, last, language in _LANGUAGES:
            if first <= ord(mark) <= last:
                return language
    return ""
