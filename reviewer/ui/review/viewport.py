"""Which part of a picture is looked at, in coordinates that fit pictures of every size."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSizeF

#: How far one can go in, as a multiple of the size that fits.
FARTHEST = 40.0


@dataclass(frozen=True, slots=True)
class Viewport:
    """`zoom` 1 fits the whole picture; `x` and `y` are the middle of what is seen, as fractions of the picture."""

    zoom: float = 1.0
    x: float = 0.5
    y: float = 0.5

    def target(self, area: QRectF, source: QSizeF) -> QRectF:
        """Where the whole picture lies on the screen; no further out than its edges allow."""
        if source.isEmpty() or area.isEmpty():
            return QRectF()
        fit = min(area.width() / source.width(), area.height() / source.height())
        wide, high = source.width() * fit * self.zoom, source.height() * fit * self.zoom
        left = area.center().x() - _held(self.x, area.width() / wide) * wide
        top = area.center().y() - _held(self.y, area.height() / high) * high
        return QRectF(left, top, wide, high)

    def zoomed(self, factor: float, at: QPointF, area: QRectF, source: QSizeF) -> Viewport:
        """In or out by a factor, with what lies under the point staying there."""
        target = self.target(area, source)
        if target.isEmpty():
            return self
        zoom = max(1.0, min(FARTHEST, self.zoom * factor))
        held = QPointF((at.x() - target.left()) / target.width(), (at.y() - target.top()) / target.height())
        wide, high = target.width() * zoom / self.zoom, target.height() * zoom / self.zoom
        x = held.x() - (at.x() - area.center().x()) / wide
        y = held.y() - (at.y() - area.center().y()) / high
        return Viewport(zoom, _held(x, area.width() / wide), _held(y, area.height() / high))

    def panned(self, by: QPointF, area: QRectF, source: QSizeF) -> Viewport:
        """Moved by that many pixels of the screen."""
        target = self.target(area, source)
        if target.isEmpty():
            return self
        x = _held(self.x, area.width() / target.width()) - by.x() / target.width()
        y = _held(self.y, area.height() / target.height()) - by.y() / target.height()
        return Viewport(self.zoom, _held(x, area.width() / target.width()), _held(y, area.height() / target.height()))

    def around(self, region: tuple[float, float, float, float]) -> Viewport:
        """A look at a region given as fractions, with room about it."""
        left, top, width, height = region
        share = max(width, height, 0.02)
        return Viewport(max(1.0, min(FARTHEST, 0.55 / share)), left + width / 2, top + height / 2)


def _held(place: float, seen: float) -> float:
    """A middle that keeps the picture's edges at or outside the area's: `seen` is the share that is visible."""
    if seen >= 1.0:
        return 0.5
    return max(seen / 2, min(1.0 - seen / 2, place))
