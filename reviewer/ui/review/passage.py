"""Paragraphs that are painted, not laid out as widgets: a whole panel is set and painted within a millisecond or two.

Everything in it is plain text.  A screen reader reads the panel's description, which holds all of its lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAction,
    QBrush,
    QContextMenuEvent,
    QFont,
    QFontMetricsF,
    QGuiApplication,
    QHelpEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
    QTextCharFormat,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QMenu, QSizePolicy, QToolTip, QWidget

from reviewer.ui.plain import tooltip
from reviewer.ui.review.glyphs import paint_glyph
from reviewer.ui.review.looks import Looks
from reviewer.ui.review.wording import translate

#: Between two lines, in heights of the text.
_LEADING = 0.14
_TELL_MS = 100


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch of a line with another look: `back` is a colour role behind it, or empty."""

    start: int
    length: int
    role: str = ""
    back: str = ""
    bold: bool = False
    strike: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One paragraph.

    `role` and `glyph_role` are colour roles of the theme; `trailing` stands at the right edge of its first
    row; `indent` and `gap` (space above) are in heights of the text; `rows` cuts it after that many rows,
    0 never; `key` makes it clickable; `meter` is drawn under the text (see `Meter`).
    """

    text: str
    role: str = "text"
    glyph: str = ""
    glyph_role: str = ""
    bold: bool = False
    scale: float = 1.0
    strike: bool = False
    indent: float = 0.0
    gap: float = 0.0
    rows: int = 0
    trailing: str = ""
    trailing_role: str = "muted"
    tooltip: str = ""
    key: str = ""
    language: str = ""
    back: str = ""
    marks: tuple[Mark, ...] = ()
    meter: Meter | None = None


@dataclass(frozen=True, slots=True)
class Meter:
    """A bar from 0 to `top` with ticks at `thresholds`; `after` is drawn hatched beyond `value`."""

    value: int
    after: int
    top: int
    thresholds: tuple[int, ...]
    role: str = "warning"


@dataclass(slots=True)
class _Set:
    """A line with its place."""

    line: Line
    top: float
    height: float
    left: float
    layout: QTextLayout
    cut: bool = False
    ascent: float = 0.0
    row_height: float = 0.0


@dataclass(slots=True)
class _Type:
    font: QFont
    metrics: QFontMetricsF = field(init=False)

    def __post_init__(self) -> None:
        self.metrics = QFontMetricsF(self.font)


class Passage(QWidget):
    """A column of lines.  `line_clicked` carries the key of a clicked line."""

    line_clicked = Signal(str)

    def __init__(self, theme: Looks, name: str, parent: QWidget | None = None, *, padding: float = 0.5) -> None:
        super().__init__(parent)
        self._theme = theme
        self._padding = padding
        self._lines: tuple[Line, ...] = ()
        self._sets: list[_Set] = []
        self._types: dict[tuple[str, float, bool, bool], _Type] = {}
        self._arranged: dict[int, tuple[list[_Set], float]] = {}
        self._ready: tuple[tuple[Line, ...], dict[int, tuple[list[_Set], float]]] | None = None
        self._picture: tuple[list[_Set], QPixmap] | None = None
        self._coming: tuple[list[_Set], QPixmap] | None = None
        self._asked: tuple[int, ...] = ()
        self._width = -1
        self._height = 0.0
        # Screen readers are told once the painting is done.
        self._telling = QTimer(self, singleShot=True, interval=_TELL_MS)
        self._telling.timeout.connect(self._tell)
        # What was shown last, which is let go after the painting: giving its memory back takes time.
        self._past: list[object] = []
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMouseTracking(True)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        theme.changed.connect(self._restyle)

    def set_lines(self, lines: Sequence[Line]) -> None:
        """Show these lines; nothing happens where they are the same."""
        fresh = tuple(lines)
        if fresh == self._lines:
            return
        ready = self._ready is not None and (self._ready[0] is fresh or self._ready[0] == fresh)
        self._past += (self._lines, self._picture, self._arranged)
        self._lines = fresh
        self._asked = tuple(self._arranged)
        self._picture = self._coming if ready else None
        self._arranged = self._ready[1] if ready and self._ready is not None else {}
        self._ready = self._coming = None
        before = self._height
        self._arrange(self.width())
        if self._height != before:
            self.updateGeometry()
        self.update()
        self._telling.start()

    def prepare(self, lines: Sequence[Line]) -> None:
        """Lay these lines out now, so that showing them next costs nothing."""
        ahead = tuple(lines)
        if ahead == self._lines or (self._ready is not None and self._ready[0] is ahead):
            return
        if self._ready is None or self._ready[0] != ahead:
            # The layout around asks for the same few widths for every case, such as with and without a scroll bar.
            widths = dict.fromkeys((self._width, *self._arranged, *self._asked))
            laid_out = {width: self._laid_out(ahead, width) for width in widths}
            self._ready = (ahead, laid_out)
            self._coming = (laid_out[self._width][0], self._drawn(*laid_out[self._width]))
        self._ready = (ahead, self._ready[1])

    def text(self) -> str:
        """All lines as plain text."""
        return "\n".join(f"{line.text}  {line.trailing}".strip() for line in self._lines)

    def lines(self) -> tuple[Line, ...]:
        """What is shown."""
        return self._lines

    def extent_of(self, key: str) -> tuple[int, int]:
        """Top and height of the line with that key; 0 and 0 where there is none."""
        item = next((item for item in self._sets if item.line.key == key), None)
        return (round(item.top), round(item.height)) if item is not None else (0, 0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return round(self._arrangement(width)[1] + 0.5)

    def sizeHint(self) -> QSize:
        width = self.width() if self.width() > 0 else self._theme.em(20)
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.em(6), self._theme.em(1))

    def resizeEvent(self, event: QResizeEvent) -> None:
        if event.size().width() != self._width:
            self._arrange(event.size().width())
            self.updateGeometry()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        shown = QRectF(event.rect())
        if self._picture is not None and self._picture[0] is self._sets:
            pixmap = self._picture[1]
            ratio = pixmap.devicePixelRatio()
            part = QRectF(shown.left() * ratio, shown.top() * ratio, shown.width() * ratio, shown.height() * ratio)
            painter.drawPixmap(shown, pixmap, part)
        else:
            for item in self._sets:
                if item.top + item.height >= shown.top() and item.top <= shown.bottom():
                    self._paint(painter, item)
        if self.hasFocus():
            painter.setPen(self._theme.colour("focus"))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            item = self._at(event.pos().y())
            text = "" if item is None else item.line.tooltip or (item.line.text if item.cut else "")
            QToolTip.showText(event.globalPos(), tooltip(text), self)
            return True
        return super().event(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        item = self._at(int(event.position().y()))
        hand = item is not None and bool(item.line.key)
        self.setCursor(Qt.CursorShape.PointingHandCursor if hand else Qt.CursorShape.ArrowCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        item = self._at(int(event.position().y()))
        if event.button() == Qt.MouseButton.LeftButton and item is not None and item.line.key:
            self.line_clicked.emit(item.line.key)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        item = self._at(event.pos().y())
        menu = QMenu(self)
        for title, text in (
            (translate("Review", "Copy this line"), item.line.text if item is not None else ""),
            (translate("Review", "Copy everything here"), self.text()),
        ):
            action = QAction(title, menu)
            action.setEnabled(bool(text))
            action.triggered.connect(lambda _checked=False, text=text: QGuiApplication.clipboard().setText(text))
            menu.addAction(action)
        menu.exec(event.globalPos())

    def _tell(self) -> None:
        self._past.clear()
        self.setAccessibleDescription(self.text())

    def _restyle(self) -> None:
        self._types.clear()
        self._arranged.clear()
        self._picture = self._coming = self._ready = None
        self._width = -1
        self._arrange(self.width())
        self.updateGeometry()
        self.update()

    def _at(self, y: int) -> _Set | None:
        return next((item for item in self._sets if item.top <= y < item.top + item.height), None)

    def _type(self, line: Line) -> _Type:
        key = (line.language, line.scale, line.bold, line.strike)
        found = self._types.get(key)
        if found is None:
            font = self._theme.font(line.language, line.scale, line.bold)
            font.setStrikeOut(line.strike)
            found = self._types[key] = _Type(font)
        return found

    def _arrange(self, width: int) -> None:
        self._width = width
        self._sets, self._height = self._arrangement(width)

    def _arrangement(self, width: int) -> tuple[list[_Set], float]:
        """The lines with their places at a width, and their height; layouts ask for a few widths again and again."""
        known = self._arranged.get(width)
        if known is None:
            if len(self._arranged) > 4:
                self._arranged.clear()
            known = self._arranged[width] = self._laid_out(self._lines, width)
        return known

    def _laid_out(self, lines: tuple[Line, ...], width: int) -> tuple[list[_Set], float]:
        em = self._theme.em(1)
        pad = em * self._padding
        top = pad * 0.6
        sets = []
        for line in lines:
            kind = self._type(line)
            top += line.gap * em
            left = pad + line.indent * em + (1.35 * em * line.scale if line.glyph else 0.0)
            trailing = kind.metrics.horizontalAdvance(line.trailing) + 0.8 * em if line.trailing else 0.0
            item = _lay_out(line, kind, left, top, max(2.0 * em, width - left - pad), trailing)
            if line.meter is not None:
                item.height += 1.0 * em
            sets.append(item)
            top += item.height + _LEADING * em
        return sets, top + pad * 0.6

    def _drawn(self, sets: list[_Set], height: float) -> QPixmap:
        """Lines painted ahead on what lies under them."""
        ratio = self.devicePixelRatioF()
        pixmap = QPixmap(round(max(1, self._width) * ratio), round((height + 2) * ratio))
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        for item in sets:
            self._paint(painter, item)
        painter.end()
        return pixmap

    def _paint(self, painter: QPainter, item: _Set) -> None:
        line, em = item.line, self._theme.em(1)
        pad = em * self._padding
        if line.back:
            back = QRectF(pad * 0.4, item.top, self.width() - pad * 0.8, item.height)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.colour(line.back))
            painter.drawRoundedRect(back, em * 0.25, em * 0.25)
        if line.glyph:
            side = em * 1.05 * line.scale
            box = QRectF(item.left - 1.35 * em * line.scale, item.top + (item.row_height - side) / 2, side, side)
            paint_glyph(painter, line.glyph, box, self._theme.colour(line.glyph_role or line.role))
        painter.setPen(self._theme.colour(line.role))
        item.layout.draw(painter, QPointF(item.left, item.top), self._formats(item))
        if line.trailing:
            kind = self._type(replace(line, strike=False, bold=False))
            painter.setFont(kind.font)
            painter.setPen(self._theme.colour(line.trailing_role))
            place = self.width() - pad - kind.metrics.horizontalAdvance(line.trailing)
            painter.drawText(QPointF(place, item.top + item.ascent), line.trailing)
        if line.meter is not None:
            box = QRectF(item.left, item.top + item.height - 0.8 * em, self.width() - item.left - pad, 0.55 * em)
            _paint_meter(painter, line.meter, box, self._theme)

    def _formats(self, item: _Set) -> list[QTextLayout.FormatRange]:
        ranges = []
        for mark in item.line.marks:
            look = QTextCharFormat()
            if mark.role:
                look.setForeground(self._theme.colour(mark.role))
            if mark.back:
                look.setBackground(self._theme.colour(mark.back))
            if mark.strike:
                look.setFontStrikeOut(True)
            one = QTextLayout.FormatRange()
            one.start, one.length, one.format = mark.start, mark.length, look
            ranges.append(one)
        return ranges


def _lay_out(line: Line, kind: _Type, left: float, top: float, width: float, trailing: float) -> _Set:
    text = line.text.replace("\n", "\u2028")
    first = max(width * 0.3, width - trailing)
    if line.rows == 1:
        shown = kind.metrics.elidedText(text.replace("\u2028", " "), Qt.TextElideMode.ElideRight, first)
        layout, height = _rows(shown, kind.font, width, width, 1)
        return _Set(line, top, height, left, layout, shown != text, layout.lineAt(0).ascent(), height)
    layout, height = _rows(text, kind.font, first, width, 0)
    count = layout.lineCount()
    cut = bool(line.rows) and count > line.rows
    if cut:
        start = layout.lineAt(line.rows - 1).textStart()
        rest = kind.metrics.elidedText(text[start : start + 400], Qt.TextElideMode.ElideRight, width - 2)
        layout, height = _rows(text[:start] + rest, kind.font, first, width, line.rows)
        count = layout.lineCount()
    row = height / max(1, count)
    ascent = layout.lineAt(0).ascent() if count else kind.metrics.ascent()
    return _Set(line, top, max(height, kind.metrics.height()), left, layout, cut, ascent, row)


def _rows(text: str, font: QFont, first: float, width: float, limit: int) -> tuple[QTextLayout, float]:
    layout = QTextLayout(text, font)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    layout.setCacheEnabled(True)
    layout.beginLayout()
    height, place = 0.0, 0
    while not limit or place < limit:
        row = layout.createLine()
        if not row.isValid():
            break
        row.setLineWidth(first if place == 0 else width)
        row.setPosition(QPointF(0, height))
        height += row.height()
        place += 1
    layout.endLayout()
    return layout, height


def _paint_meter(painter: QPainter, meter: Meter, box: QRectF, theme: Looks) -> None:
    top = max(1, meter.top)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    edges = sorted({0, *meter.thresholds, top})
    for low, high in zip(edges, edges[1:], strict=False):
        cell = QRectF(
            box.left() + box.width() * low / top, box.top(), box.width() * (high - low) / top - 2, box.height()
        )
        painter.setBrush(theme.colour("border"))
        painter.drawRect(cell)
        for value, style, role in (
            (meter.after, Qt.BrushStyle.BDiagPattern, "danger"),
            (meter.value, Qt.BrushStyle.SolidPattern, meter.role),
        ):
            share = max(0.0, min(1.0, (value - low) / (high - low)))
            if share:
                painter.setBrush(QBrush(theme.colour(role), style))
                painter.drawRect(QRectF(cell.left(), cell.top(), cell.width() * share, cell.height()))
    painter.restore()
