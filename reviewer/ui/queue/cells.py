"""What the queue table writes into its cells: made beside the window's thread, painted from memory."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import QCoreApplication

from reviewer.domain.text import visible
from reviewer.services.model import Names, QueuePage, QueueRow
from reviewer.ui import words

#: The columns from left to right, with the key each is sorted by (empty: not sortable).
COLUMNS = (
    ("due", "due_at"),
    ("marketplace", "marketplace"),
    ("title", "title"),
    ("brand", "brand"),
    ("seller", "seller_name"),
    ("standing", ""),
    ("ground", "ground"),
    ("source", "source"),
    ("flags", ""),
    ("price", "price"),
    ("state", ""),
)
NAMES = tuple(name for name, _ in COLUMNS)
DUE, TITLE, SELLER, STANDING, PRICE, STATE = map(NAMES.index, ("due", "title", "seller", "standing", "price", "state"))
_LIMIT = 300


def heading(name: str) -> str:
    """The heading of a column."""
    translate = QCoreApplication.translate
    return {
        "due": translate("queue", "Due"),
        "marketplace": translate("queue", "Marketplace"),
        "title": translate("queue", "Listing"),
        "brand": translate("queue", "Brand"),
        "seller": translate("queue", "Seller"),
        "standing": translate("queue", "Standing"),
        "ground": translate("queue", "Ground"),
        "source": translate("queue", "Source"),
        "flags": translate("queue", "Flags"),
        "price": translate("queue", "Price"),
        "state": translate("queue", "State"),
    }[name]


@dataclass(frozen=True, slots=True)
class Cells:
    """A row and its texts; the due text is left empty, since it changes by the minute."""

    row: QueueRow
    texts: tuple[str, ...]

    def due(self, now: datetime) -> tuple[str, str]:
        """The due text and its urgency."""
        return words.due(self.row.row.due_at, now)


def cells_of(page: QueuePage) -> tuple[Cells, ...]:
    """The cells of a page."""
    return tuple(Cells(row, _texts(row, page.names)) for row in page.rows)


def _texts(row: QueueRow, names: Names) -> tuple[str, ...]:
    case = row.row
    return (
        "",
        words.named(case.marketplace, names.marketplaces),
        _shown(case.title),
        _shown(case.brand),
        _shown(case.seller_name),
        words.standing(case.standing) if case.standing else "",
        words.named(case.ground, names.grounds),
        words.source(case.source) if case.source else "",
        str(case.flags),
        _shown(str(case.price)) if case.price else "",
        _state(row),
    )


def _state(row: QueueRow) -> str:
    translate = QCoreApplication.translate
    if row.pending:
        return translate("queue", "{0}, unsent").format(words.decision(row.pending))
    if row.on_desk:
        return translate("queue", "On this desk")
    if row.row.leased_by:
        return translate("queue", "With {0}").format(_shown(row.row.leased_by))
    return words.state(row.row.state)


def _shown(text: str) -> str:
    return visible(text, limit=_LIMIT, keep_lines=False)
