"""Small shapes that say without colour what a colour says: painted, so that no font need have them."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap

#: Strokes in a square of 16 by 16: points of a line that is drawn through them.
_STROKES: dict[str, tuple[tuple[tuple[float, float], ...], ...]] = {
    "plus": (((8, 3), (8, 13)), ((3, 8), (13, 8))),
    "minus": (((3, 8), (13, 8)),),
    "check": (((3, 8.5), (6.5, 12), (13, 4)),),
    "cross": (((4, 4), (12, 12)), ((12, 4), (4, 12))),
    "warning": (((8, 2.5), (14, 13.5), (2, 13.5), (8, 2.5)), ((8, 6.5), (8, 9.6)), ((8, 11.4), (8, 11.9))),
    "pause": (((5.5, 3.5), (5.5, 12.5)), ((10.5, 3.5), (10.5, 12.5))),
    "flag": (((4, 14), (4, 2.5), (12.5, 4.5), (10.5, 7), (12.5, 9.5), (4, 8.5)),),
    "shield": (((8, 2), (13.5, 4), (12.5, 10), (8, 14), (3.5, 10), (2.5, 4), (8, 2)),),
    "arrow": (((3, 8), (13, 8)), ((9, 4), (13, 8), (9, 12))),
    "retry": (((12.5, 5), (12.5, 2), (12.5, 5), (9.5, 5)),),
    "box": (((3, 3), (13, 3), (13, 13), (3, 13), (3, 3)),),
    "box_checked": (((3, 3), (13, 3), (13, 13), (3, 13), (3, 3)), ((5.2, 8.2), (7.3, 10.4), (11, 5.6))),
    "link": (
        ((6.5, 9.5), (9.5, 6.5)),
        ((7, 4.5), (9, 2.5), (13.5, 7), (11.5, 9)),
        ((4.5, 7), (2.5, 9), (7, 13.5), (9, 11.5)),
    ),
}


def paint_glyph(painter: QPainter, name: str, box: QRectF, colour: QColor) -> None:
    """Paint a shape into a square; unknown names paint a dot."""
    ratio = painter.device().devicePixelRatio()
    side = max(1, round(min(box.width(), box.height()) * ratio))
    place = QRectF(0, 0, side / ratio, side / ratio)
    place.moveCenter(box.center())
    corner = QPointF(round(place.left() * ratio) / ratio, round(place.top() * ratio) / ratio)
    painter.drawPixmap(corner, _drawn(name, side, colour.rgba(), ratio))


@lru_cache(maxsize=512)
def _drawn(name: str, side: int, rgba: int, ratio: float) -> QPixmap:
    pixmap = QPixmap(side, side)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    _draw(painter, name, QRectF(0, 0, side, side), QColor.fromRgba(rgba))
    painter.end()
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def _draw(painter: QPainter, name: str, box: QRectF, colour: QColor) -> None:
    side = min(box.width(), box.height())
    unit = side / 16
    left, top = box.center().x() - side / 2, box.center().y() - side / 2
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(
        QPen(colour, max(1.2, 1.7 * unit), Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    )
    painter.setBrush(Qt.BrushStyle.NoBrush)

    def circle(x: float, y: float, radius: float) -> None:
        painter.drawEllipse(QPointF(left + x * unit, top + y * unit), radius * unit, radius * unit)

    for stroke in _STROKES.get(name, ()):
        painter.drawPolyline([QPointF(left + x * unit, top + y * unit) for x, y in stroke])
    if name == "clock":
        circle(8, 8, 5.8)
        painter.drawPolyline([QPointF(left + x * unit, top + y * unit) for x, y in ((8, 4.6), (8, 8), (10.6, 9.6))])
    elif name == "person":
        circle(8, 5, 2.7)
        painter.drawArc(QRectF(left + 2.7 * unit, top + 9 * unit, 10.6 * unit, 10 * unit), 0, 180 * 16)
    elif name == "seal":
        circle(8, 6, 3.8)
        painter.drawPolyline(
            [QPointF(left + x * unit, top + y * unit) for x, y in ((6, 9.5), (5, 14), (8, 12), (11, 14), (10, 9.5))]
        )
    elif name == "gear":
        circle(8, 8, 3.2)
        for x, y in ((8, 1.8), (8, 14.2), (1.8, 8), (14.2, 8), (3.6, 3.6), (12.4, 12.4), (12.4, 3.6), (3.6, 12.4)):
            painter.drawLine(
                QPointF(left + x * unit, top + y * unit),
                QPointF(left + (x * 0.72 + 2.24) * unit, top + (y * 0.72 + 2.24) * unit),
            )
    elif name == "bar":
        circle(8, 8, 5.8)
        painter.drawLine(QPointF(left + 4.8 * unit, top + 8 * unit), QPointF(left + 11.2 * unit, top + 8 * unit))
    elif name == "eye":
        painter.drawArc(QRectF(left + unit, top + 4 * unit, 14 * unit, 12 * unit), 25 * 16, 130 * 16)
        painter.drawArc(QRectF(left + unit, top, 14 * unit, 12 * unit), -155 * 16, 130 * 16)
        circle(8, 8, 1.8)
    elif name not in _STROKES:
        painter.setBrush(colour)
        circle(8, 8, 2.2)
    if name == "retry":
        painter.drawArc(QRectF(left + 3 * unit, top + 3 * unit, 10 * unit, 10 * unit), 40 * 16, 290 * 16)
    painter.restore()
