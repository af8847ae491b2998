"""A strip of small pictures with their numbers: which one is shown, which match, which failed."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from reviewer.ui.plain import tooltip
from reviewer.ui.review.glyphs import paint_glyph
from reviewer.ui.review.looks import Looks
from reviewer.ui.review.pixmaps import Shown
from reviewer.ui.review.wording import translate


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """One small picture.  `matched` marks it as part of a match; `veiled` hides what is on it."""

    sha256: str
    view: str = ""
    shown: Shown | None = None
    refused: bool = False
    matched: bool = False
    veiled: bool = False


#: All that a strip's picture hangs on: what is in it, which is large above, how far it is moved, size and ratio.
_Look = tuple[tuple[Thumbnail, ...], int, float, QSize, float]


class ThumbnailStrip(QWidget):
    """The strip.  `picked` carries the place of the picture that was clicked."""

    picked = Signal(int)

    def __init__(self, theme: Looks, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._name = name
        self._items: tuple[Thumbnail, ...] = ()
        self._current = 0
        self._shift = 0.0
        self._drawn: tuple[_Look, QPixmap] | None = None
        self._coming: tuple[_Look, QPixmap] | None = None
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(name)
        theme.changed.connect(self._restyle)

    def side(self) -> int:
        """The side of a thumbnail in pixels of the screen."""
        return self._theme.em(3.4)

    def box(self) -> QSize:
        """The size in device pixels for which thumbnails should be asked."""
        side = round(self.side() * self.devicePixelRatioF())
        return QSize(side, side)

    def show_items(self, items: tuple[Thumbnail, ...], current: int) -> None:
        """Show these, with one of them as the one that is large above."""
        moved = current != self._current or len(items) != len(self._items)
        self._items, self._current = items, current
        if moved:
            self._shift = self._centred(items, current)
        self.setAccessibleDescription(
            translate("Review", "picture {0} of {1}").format(current + 1, len(items)) if items else ""
        )
        self.update()

    def prepare(self, items: tuple[Thumbnail, ...], current: int) -> None:
        """Draw ahead what is shown next, so that painting it costs nothing."""
        look = (items, current, self._centred(items, current), self.size(), self.devicePixelRatioF())
        if self._coming is None or self._coming[0] != look:
            self._coming = (look, self._picture(look))

    def sizeHint(self) -> QSize:
        return QSize(self._theme.em(12), self.side() + self._theme.em(0.5))

    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.em(4), self.side() + self._theme.em(0.5))

    def paintEvent(self, event: QPaintEvent) -> None:
        look = (self._items, self._current, self._shift, self.size(), self.devicePixelRatioF())
        if self._drawn is None or self._drawn[0] != look:
            ready = self._coming is not None and self._coming[0] == look
            self._drawn, self._coming = (self._coming if ready else (look, self._picture(look))), None
        painter = QPainter(self)
        if self._drawn is not None:
            painter.drawPixmap(0, 0, self._drawn[1])
        painter.end()

    def _picture(self, look: _Look) -> QPixmap:
        items, current, shift, size, ratio = look
        picture = QPixmap(round(max(1, size.width()) * ratio), round(max(1, size.height()) * ratio))
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setFont(self.font())
        for place, item in enumerate(items):
            box = self._place(place, shift)
            if box.right() >= 0 and box.left() <= size.width():
                self._paint(painter, place, item, box, current=place == current)
        painter.end()
        return picture

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._shift = self._centred(self._items, self._current)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self._at(event.position().x())
        if place >= 0:
            self.picked.emit(place)

    def wheelEvent(self, event: QWheelEvent) -> None:
        by = event.angleDelta().y() or event.angleDelta().x()
        self._shift = self._limited(self._shift - by, len(self._items))
        self.update()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            place = self._at(event.pos().x())
            text = ""
            if place >= 0:
                text = translate("Review", "picture {0} of {1}").format(place + 1, len(self._items))
                text += f": {self._items[place].view}" if self._items[place].view else ""
            QToolTip.showText(event.globalPos(), tooltip(text), self)
            return True
        return super().event(event)

    def _restyle(self) -> None:
        self._drawn = self._coming = None
        self.updateGeometry()
        self.update()

    def _place(self, place: int, shift: float) -> QRectF:
        side, gap = self.side(), self._theme.em(0.3)
        return QRectF(gap + place * (side + gap) - shift, gap * 0.8, side, side)

    def _at(self, x: float) -> int:
        places = ((place, self._place(place, self._shift)) for place in range(len(self._items)))
        return next((place for place, box in places if box.left() <= x <= box.right()), -1)

    def _centred(self, items: tuple[Thumbnail, ...], current: int) -> float:
        """How far the strip is moved so that one picture is in its middle."""
        return self._limited(self._place(current, 0.0).center().x() - self.width() / 2, len(items))

    def _limited(self, shift: float, count: int) -> float:
        whole = count * (self.side() + self._theme.em(0.3)) + self._theme.em(0.6)
        return max(0.0, min(shift, whole - self.width()))

    def _paint(self, painter: QPainter, place: int, item: Thumbnail, box: QRectF, *, current: bool) -> None:
        colour = self._theme.colour
        painter.fillRect(box, colour("canvas"))
        if item.refused:
            paint_glyph(painter, "warning", box.adjusted(12, 12, -12, -12), colour("danger"))
        elif item.shown is not None and not item.veiled:
            size = item.shown.source.scaled(box.size().toSize(), Qt.AspectRatioMode.KeepAspectRatio)
            inner = QRectF(0, 0, size.width(), size.height())
            inner.moveCenter(box.center())
            pixmap, ratio = item.shown.pixmap, self.devicePixelRatioF()
            if abs(pixmap.width() - inner.width() * ratio) < 2 and abs(pixmap.height() - inner.height() * ratio) < 2:
                inner = QRectF(round(inner.left()), round(inner.top()), pixmap.width() / ratio, pixmap.height() / ratio)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawPixmap(inner, pixmap, QRectF(pixmap.rect()))
        elif item.veiled:
            paint_glyph(painter, "eye", box.adjusted(12, 12, -12, -12), colour("muted"))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour("accent" if current else "border"), 3 if current else 1))
        painter.drawRect(box.adjusted(1, 1, -1, -1) if current else box)
        em = self._theme.em(1)
        tag = QRectF(
            box.left(), box.bottom() - em, painter.fontMetrics().horizontalAdvance(str(place + 1)) + 0.4 * em, em
        )
        painter.fillRect(tag, colour("raised"))
        painter.setPen(colour("text"))
        painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, str(place + 1))
        if item.matched:
            badge = QRectF(box.right() - em * 1.1, box.top() + 1, em * 1.1, em * 1.1)
            painter.fillRect(badge, colour("raised"))
            paint_glyph(painter, "link", badge, colour("for"))
