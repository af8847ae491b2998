"""One picture on the screen, or two of them one over the other."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from reviewer.ui.review.aligned import Homography, Region, draw_onto, paint_regions
from reviewer.ui.review.glyphs import paint_glyph
from reviewer.ui.review.looks import Looks
from reviewer.ui.review.pixmaps import Shown
from reviewer.ui.review.viewport import Viewport
from reviewer.ui.review.wording import translate


class Mode(StrEnum):
    """How the two pictures of a pair are laid over one another."""

    SINGLE = "single"
    FLICK = "flick"
    SPLIT = "split"
    DIFFERENCE = "difference"
    ONION = "onion"


@dataclass(frozen=True, slots=True)
class Frame:
    """What one side shows.

    `shown` is the picture, None until it is there; `refusal` says why there never will be one; `nothing`
    says that there is none to show.  `regions` are what it has in common with the other side's; with `aligned`
    it is laid onto the other where it matches.
    """

    sha256: str = ""
    shown: Shown | None = None
    refusal: str = ""
    nothing: str = ""
    sensitive: bool = False
    regions: tuple[Region, ...] = ()
    aligned: Homography = ()

    @property
    def settled(self) -> bool:
        """Whether what is to be seen is there: the picture, or the words that say why there is none."""
        return self.shown is not None or bool(self.refusal or self.nothing)


@dataclass(frozen=True, slots=True)
class Spot:
    """A numbered mark: `region` as fractions of the picture; `passed` None where not looked at yet."""

    number: int
    region: tuple[float, float, float, float]
    passed: bool | None = None
    current: bool = False


class PictureCanvas(QWidget):
    """Paints a picture with zoom and pan; keeps the last picture until the next one is there.

    `viewport_moved` carries a `Viewport` that the mouse made; `painted` comes after every painting;
    `box_changed` when the size changed for which pictures should be asked; `retry_asked` from the tile of a
    picture that failed; `spot_picked` carries the number of a mark.
    """

    viewport_moved = Signal(object)
    painted = Signal()
    box_changed = Signal()
    retry_asked = Signal()
    spot_picked = Signal(int)

    def __init__(self, theme: Looks, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._frame = Frame()
        self._other = Frame()
        self._kept: Shown | None = None
        self._mode = Mode.SINGLE
        self._view = Viewport()
        self._spots: tuple[Spot, ...] = ()
        self._split = 0.5
        self._dragged: QPointF | None = None
        self._splitting = False
        self._veils: dict[int, QPixmap] = {}
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(120, 120)
        theme.changed.connect(self.update)

    @property
    def frame(self) -> Frame:
        """What it was last told to show."""
        return self._frame

    @property
    def view(self) -> Viewport:
        """What part is seen."""
        return self._view

    @property
    def mode(self) -> Mode:
        """How the pair is laid over."""
        return self._mode

    def box(self) -> QSize:
        """The size in device pixels for which a picture should be asked."""
        ratio = self.devicePixelRatioF()
        return QSize(round(self.width() * ratio), round(self.height() * ratio))

    def show_frame(self, frame: Frame, other: Frame) -> None:
        """Show a picture; `other` is what flick, split and difference lay over it."""
        if frame.shown is not None:
            self._kept = frame.shown
        elif frame.settled:
            self._kept = None
        if self._words_of(frame) != self._words_of(self._frame):
            self.setAccessibleDescription(self._words_of(frame))
        self._frame, self._other = frame, other
        self._veils.clear()
        self.update()

    def show_view(self, view: Viewport) -> None:
        """Look at another part."""
        if view != self._view:
            self._view = view
            self.update()

    def show_mode(self, mode: Mode) -> None:
        """Lay the pair over one another in another way."""
        if mode != self._mode:
            self._mode = mode
            self.update()

    def show_spots(self, spots: tuple[Spot, ...]) -> None:
        """Show these marks."""
        if spots != self._spots:
            self._spots = spots
            self.update()

    def scale_to_source(self) -> float:
        """Device pixels to a pixel of the source, in the view that fits."""
        shown = self._frame.shown
        if shown is None:
            return 1.0
        target = Viewport().target(QRectF(self.rect()), QSizeF(shown.source))
        return max(0.001, target.width() * self.devicePixelRatioF() / max(1, shown.source.width()))

    def zoom_at(self, factor: float, at: QPointF) -> None:
        """Zoom about a point of the screen and tell of it."""
        shown = self._frame.shown or self._kept
        if shown is not None:
            self.viewport_moved.emit(self._view.zoomed(factor, at, QRectF(self.rect()), QSizeF(shown.source)))

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.zoom_at(1.0015 ** event.angleDelta().y(), event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() not in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            return
        place = event.position()
        if self._frame.refusal:
            self.retry_asked.emit()
            return
        self._splitting = self._mode == Mode.SPLIT and abs(place.x() - self._split * self.width()) < 12
        self._dragged = place
        spot = next((spot for spot in reversed(self._spots) if self._badge(spot).contains(place)), None)
        if spot is not None:
            self.spot_picked.emit(spot.number)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragged is None:
            return
        by, self._dragged = event.position() - self._dragged, event.position()
        if self._splitting:
            self._split = max(0.0, min(1.0, event.position().x() / max(1, self.width())))
            self.update()
        elif self._frame.shown is not None:
            area, source = QRectF(self.rect()), QSizeF(self._frame.shown.source)
            self.viewport_moved.emit(self._view.panned(by, area, source))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._dragged = None
        self._splitting = False

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.viewport_moved.emit(Viewport())

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.box_changed.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.colour("canvas"))
        if self._frame.nothing or self._frame.refusal:
            self._paint_words(painter)
        else:
            self._paint_pictures(painter)
            shown = self._frame.shown
            if shown is not None and self._frame.regions and self._mode == Mode.SINGLE:
                target = self._view.target(QRectF(self.rect()), QSizeF(shown.source))
                paint_regions(painter, self._frame.regions, target, self._theme.colour("accent"))
            for spot in self._spots:
                self._paint_spot(painter, spot)
        painter.end()
        self.painted.emit()

    def _paint_pictures(self, painter: QPainter) -> None:
        base = self._frame.shown or self._kept
        if base is None:
            self._paint_note(painter, translate("Review", "loading the picture …"))
            return
        over = self._other.shown
        if self._frame.shown is None:
            painter.setOpacity(0.35)
            self._draw(painter, base, self._frame)
            painter.setOpacity(1.0)
            self._paint_note(painter, translate("Review", "loading the picture …"))
        elif over is None or self._mode == Mode.SINGLE:
            self._draw(painter, base, self._frame)
        elif self._mode == Mode.FLICK:
            self._draw_over(painter, base, over)
            self._paint_note(
                painter,
                translate("Review", "B, the reference, laid onto A where it matches")
                if self._other.aligned
                else translate("Review", "B, the reference, in place of A"),
            )
        elif self._mode == Mode.ONION:
            self._draw(painter, base, self._frame)
            painter.setOpacity(0.5)
            self._draw_over(painter, base, over)
            painter.setOpacity(1.0)
            self._paint_note(painter, translate("Review", "A and B half each, one through the other"))
        elif self._mode == Mode.SPLIT:
            self._paint_split(painter, base, over)
        else:
            self._paint_difference(painter, base, over)

    def _draw(self, painter: QPainter, shown: Shown, frame: Frame, target: QRectF | None = None) -> None:
        area = QRectF(self.rect())
        target = self._view.target(area, QSizeF(shown.source)) if target is None else target
        pixmap = self._veiled(shown) if frame.sensitive else shown.pixmap
        ratio = self.devicePixelRatioF()
        if abs(target.width() * ratio - pixmap.width()) < 2 and abs(target.height() * ratio - pixmap.height()) < 2:
            left, top = round(target.left() * ratio) / ratio, round(target.top() * ratio) / ratio
            exact = QRectF(left, top, pixmap.width() / ratio, pixmap.height() / ratio)
            painter.drawPixmap(exact, pixmap, QRectF(pixmap.rect()))
            return
        seen = target.intersected(area)
        if seen.isEmpty():
            return
        across, down = pixmap.width() / target.width(), pixmap.height() / target.height()
        part = QRectF(
            (seen.left() - target.left()) * across,
            (seen.top() - target.top()) * down,
            seen.width() * across,
            seen.height() * down,
        )
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, across < 1.6 * ratio)
        painter.drawPixmap(seen, pixmap, part)

    def _draw_over(self, painter: QPainter, base: Shown, over: Shown, target: QRectF | None = None) -> None:
        """The other side's picture: where it matches, as far as that is known, else over the same area."""
        if not self._other.aligned:
            self._draw(painter, over, self._other, target)
            return
        place = self._view.target(QRectF(self.rect()), QSizeF(base.source)) if target is None else target
        pixmap = self._veiled(over) if self._other.sensitive else over.pixmap
        draw_onto(painter, pixmap, self._other.aligned, place)

    def _veiled(self, shown: Shown) -> QPixmap:
        """The picture blurred and grey, for eyes that would rather not."""
        key = shown.pixmap.cacheKey()
        if key not in self._veils:
            small = shown.pixmap.toImage().scaled(
                14, 14, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
            )
            grey = small.convertToFormat(QImage.Format.Format_Grayscale8)
            self._veils[key] = QPixmap.fromImage(
                grey.scaled(
                    shown.pixmap.size(),
                    Qt.AspectRatioMode.IgnoreAspectRatio,
                    Qt.TransformationMode.SmoothTransformation,
                )
            )
        return self._veils[key]

    def _paint_split(self, painter: QPainter, base: Shown, over: Shown) -> None:
        at = self._split * self.width()
        painter.save()
        painter.setClipRect(QRectF(0, 0, at, self.height()))
        self._draw(painter, base, self._frame)
        painter.setClipRect(QRectF(at, 0, self.width() - at, self.height()))
        self._draw_over(painter, base, over)
        painter.restore()
        painter.setPen(QPen(self._theme.colour("accent"), 2))
        painter.drawLine(QPointF(at, 0), QPointF(at, self.height()))
        painter.setBrush(self._theme.colour("accent"))
        painter.drawEllipse(QPointF(at, self.height() / 2), 8, 8)
        self._paint_letter(painter, "A", at - 22)
        self._paint_letter(painter, "B", at + 6)

    def _paint_difference(self, painter: QPainter, base: Shown, over: Shown) -> None:
        ratio = self.devicePixelRatioF()
        buffer = QPixmap(self.box())
        buffer.setDevicePixelRatio(ratio)
        buffer.fill(QColor(0, 0, 0))
        target = self._view.target(QRectF(self.rect()), QSizeF(base.source))
        inner = QPainter(buffer)
        self._draw(inner, base, self._frame, target)
        inner.setCompositionMode(QPainter.CompositionMode.CompositionMode_Difference)
        self._draw_over(inner, base, over, target)
        inner.end()
        bright = QPixmap(buffer)
        inner = QPainter(bright)
        inner.setCompositionMode(QPainter.CompositionMode.CompositionMode_Plus)
        inner.drawPixmap(0, 0, buffer)
        inner.end()
        painter.drawPixmap(0, 0, bright)
        self._paint_note(painter, translate("Review", "difference of A and B, twice as bright; black is the same"))

    def _paint_letter(self, painter: QPainter, letter: str, x: float) -> None:
        box = QRectF(x, 6, 16, 18)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.colour("raised"))
        painter.drawRoundedRect(box, 3, 3)
        painter.setPen(self._theme.colour("text"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, letter)

    def _paint_note(self, painter: QPainter, text: str) -> None:
        em = self._theme.em(1)
        wide = min(self.width() - em, painter.fontMetrics().horizontalAdvance(text) + em)
        box = QRectF((self.width() - wide) / 2, self.height() - 2.1 * em, wide, 1.6 * em)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.colour("raised"))
        painter.drawRoundedRect(box, em * 0.3, em * 0.3)
        painter.setPen(self._theme.colour("text"))
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(wide - em * 0.5))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, shown)

    @staticmethod
    def _words_of(frame: Frame) -> str:
        """Why there is no picture; empty where there is one, or will be."""
        if not frame.refusal:
            return frame.nothing
        words = translate(
            "Review", "This picture can't be shown: {0}\nF5 or a click tries again; you can decide without it."
        )
        return words.format(frame.refusal)

    def _paint_words(self, painter: QPainter) -> None:
        em = self._theme.em(1)
        failed = bool(self._frame.refusal)
        text = self._words_of(self._frame)
        side = 2.2 * em
        middle = QRectF(self.rect()).center()
        top = middle.y() - 2.6 * em
        role = "danger" if failed else "muted"
        glyph = "warning" if failed else "box"
        box = QRectF(middle.x() - side / 2, top - side / 2, side, side)
        paint_glyph(painter, glyph, box, self._theme.colour(role))
        painter.setPen(self._theme.colour("text" if failed else "muted"))
        room = QRectF(em, top + side * 0.7, self.width() - 2 * em, self.height() - top - side)
        flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
        painter.drawText(room, int(flags), text)

    def _place(self, spot: Spot) -> QRectF:
        shown = self._frame.shown
        if shown is None:
            return QRectF()
        target = self._view.target(QRectF(self.rect()), QSizeF(shown.source))
        left, top, width, height = spot.region
        return QRectF(
            target.left() + left * target.width(),
            target.top() + top * target.height(),
            width * target.width(),
            height * target.height(),
        )

    def _badge(self, spot: Spot) -> QRectF:
        side = self._theme.em(1.5)
        place = self._place(spot)
        return QRectF(place.left() - side / 2, place.top() - side / 2, side, side) if not place.isEmpty() else QRectF()

    def _paint_spot(self, painter: QPainter, spot: Spot) -> None:
        place, badge = self._place(spot), self._badge(spot)
        if place.isEmpty():
            return
        role = "accent" if spot.passed is None else ("ok" if spot.passed else "danger")
        colour = self._theme.colour(role)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for width, tint in (
            (4.0 if spot.current else 3.0, QColor(0, 0, 0, 130)),
            (2.2 if spot.current else 1.3, colour),
        ):
            painter.setPen(QPen(tint, width))
            painter.drawRoundedRect(place, 4, 4)
        painter.setPen(QPen(self._theme.colour("raised"), 1.5))
        painter.setBrush(colour)
        painter.drawEllipse(badge)
        if spot.passed is None:
            painter.setPen(self._theme.colour("on_accent"))
            painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, str(spot.number))
        else:
            paint_glyph(
                painter, "check" if spot.passed else "cross", badge.adjusted(3, 3, -3, -3), self._theme.colour("raised")
            )
        painter.restore()
