"""Paints the cells of the queue table: one look-up a cell, texts cut once and remembered."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPixmap, QStaticText, QTransform
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

from reviewer.ui.queue.cells import PRICE
from reviewer.ui.queue.model import Look, QueueTable
from reviewer.ui.theme import Theme

_REMEMBERED = 8_000


class CellPainter(QStyledItemDelegate):
    """Draws plain text, elided, with its icon; `current_row` is drawn as chosen.

    A style sheet's item rules and eight questions a cell would cost ten times as much.
    """

    def __init__(self, model: QueueTable, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._theme = theme
        self._laid: dict[tuple[str, int, str], tuple[QStaticText, int, int]] = {}
        self._fonts: dict[str, tuple[QFont, QFontMetrics]] = {}
        self._pixmaps: dict[tuple[str, str, float], QPixmap] = {}
        self._colours: dict[str, QColor] = {}
        self.current_row = -1
        self._side = self._gap = 0
        self._measure()
        theme.changed.connect(self._forget)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        row, column = index.row(), index.column()
        look = self._model.look(row, column)
        rect: QRect = option.rect
        x, y, width, height = rect.x(), rect.y(), rect.width(), rect.height()
        if row == self.current_row:
            painter.fillRect(rect, self._colour("selection"))
        gap = self._gap
        x, width = x + gap, width - 2 * gap
        if look.icon:
            side = self._side
            density = painter.device().devicePixelRatio()
            pixmap = self._pixmap(look.icon, look.role, density)
            painter.drawPixmap(x, y + (height - side) // 2, pixmap)
            x, width = x + side + gap, width - side - gap
        font, metrics = self._font(look.language)
        laid = self._laid.get((look.text, width, look.language))
        if laid is None:
            laid = self._lay(look, width, font, metrics)
        text, wide, high = laid
        painter.setFont(font)
        painter.setPen(self._colour(look.role or "text"))
        painter.drawStaticText(x + (width - wide if column == PRICE else 0), y + (height - high) // 2, text)

    def prepare(self, row: int, widths: Sequence[int]) -> None:
        """Cut and shape the texts of a row ahead, at these widths of the columns; a row that is not there is left."""
        if self._model.row_at(row) is None:
            return
        for column, wide in enumerate(widths):
            look = self._model.look(row, column)
            width = wide - 2 * self._gap - (self._side + self._gap if look.icon else 0)
            if (look.text, width, look.language) not in self._laid:
                self._lay(look, width, *self._font(look.language))

    def _lay(self, look: Look, width: int, font: QFont, metrics: QFontMetrics) -> tuple[QStaticText, int, int]:
        """Cut and shape a text once: its glyphs are painted from memory afterwards."""
        if len(self._laid) > _REMEMBERED:
            self._laid.clear()
        text = QStaticText(metrics.elidedText(look.text, Qt.TextElideMode.ElideRight, width))
        text.setTextFormat(Qt.TextFormat.PlainText)
        text.prepare(QTransform(), font)
        size = text.size()
        laid = (text, round(size.width()), round(size.height()))
        self._laid[look.text, width, look.language] = laid
        return laid

    def _measure(self) -> None:
        """The side of an icon, and the gap around what stands in a cell."""
        self._side = self._font("")[1].ascent() + 3
        self._gap = self._side // 4

    def _colour(self, role: str) -> QColor:
        colour = self._colours.get(role)
        if colour is None:
            colour = self._colours[role] = self._theme.colour(role)
        return colour

    def _font(self, language: str) -> tuple[QFont, QFontMetrics]:
        found = self._fonts.get(language)
        if found is None:
            font = self._theme.font(language)
            found = self._fonts[language] = (font, QFontMetrics(font))
        return found

    def _pixmap(self, icon: str, role: str, density: float) -> QPixmap:
        key = (icon, role, density)
        found = self._pixmaps.get(key)
        if found is None:
            side = self._side
            found = self._pixmaps[key] = self._theme.icon(icon, role).pixmap(QSize(side, side), density)
        return found

    def _forget(self) -> None:
        for remembered in (self._laid, self._fonts, self._pixmaps, self._colours):
            remembered.clear()
        self._measure()
