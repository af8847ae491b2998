"""The tables of the outbox view, dressed alike."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from reviewer.ui.outbox.tables import ItemT, ItemTable
from reviewer.ui.theme import Theme

_LISTING = 2


def make_table(model: ItemTable[Any], name: str, theme: Theme) -> QTableView:
    """A table of whole rows over a model; the listing's title takes what is left."""
    table = QTableView()
    table.setModel(model)
    table.setAccessibleName(name)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setWordWrap(False)
    table.setShowGrid(False)
    table.setTabKeyNavigation(False)
    table.verticalHeader().setVisible(False)
    table.verticalHeader().setDefaultSectionSize(theme.em(2.1))
    header = table.horizontalHeader()
    header.setHighlightSections(False)
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    header.setSectionResizeMode(_LISTING, QHeaderView.ResizeMode.Stretch)
    header.setMaximumSectionSize(theme.em(30))
    return table


def swap_items(model: ItemTable[ItemT], table: QTableView, fresh: tuple[ItemT, ...]) -> None:
    """Swap a list and keep a row chosen: the same place, where the row itself is gone."""
    row = table.currentIndex().row()
    model.show_items(fresh)
    if fresh and not table.currentIndex().isValid():
        table.setCurrentIndex(model.index(min(max(0, row), len(fresh) - 1), 0))
