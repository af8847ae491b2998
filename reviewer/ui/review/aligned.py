"""One picture laid onto another where it matches, by the homography of the evidence, in shares of both sizes."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap, QPolygonF, QTransform

from reviewer.domain.evidence import Found
from reviewer.domain.facts import Match

Homography = tuple[float, ...]
Region = tuple[tuple[float, float], ...]

#: A region that covers almost the whole picture says nothing and would only stand in the way.
_WHOLE = 0.93


def onto(homography: Homography, target: QRectF, pixmap: QPixmap) -> QTransform:
    """From pixels of the picture that is laid over to the screen; `target` is where the other one lies there."""
    a, b, c, d, e, f, g, h, i = homography
    shares = QTransform.fromScale(1.0 / max(1, pixmap.width()), 1.0 / max(1, pixmap.height()))
    # Qt multiplies rows from the left, so the matrix stands on its side.
    place = QTransform(a, d, g, b, e, h, c, f, i)
    there = QTransform(target.width(), 0.0, 0.0, target.height(), target.left(), target.top())
    return shares * place * there


def draw_onto(painter: QPainter, pixmap: QPixmap, homography: Homography, target: QRectF) -> None:
    """Draw a picture where it matches."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.setTransform(onto(homography, target, pixmap), True)
    painter.drawPixmap(0, 0, pixmap)
    painter.restore()


def paint_regions(painter: QPainter, regions: Sequence[Region], target: QRectF, colour: QColor) -> None:
    """Outline what two pictures have in common."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for region in regions:
        corners = QPolygonF(
            [QPointF(target.left() + x * target.width(), target.top() + y * target.height()) for x, y in region]
        )
        for width, tint in ((3.5, QColor(0, 0, 0, 120)), (1.6, colour)):
            pen = QPen(tint, width)
            pen.setStyle(Qt.PenStyle.DashLine if tint == colour else Qt.PenStyle.SolidLine)
            painter.setPen(pen)
            painter.drawPolygon(corners)
    painter.restore()


def shown_region(region: Region) -> tuple[Region, ...]:
    """The region as it is worth an outline: none where it is almost the whole picture."""
    if len(region) < 3:
        return ()
    area = 0.0
    for (x, y), (u, v) in zip(region, (*region[1:], region[0]), strict=True):
        area += x * v - u * y
    return (region,) if abs(area) / 2.0 < _WHOLE else ()


def carried(region: tuple[float, float, float, float], homography: Homography) -> tuple[float, float, float, float]:
    """The box (left, top, width, height) about where a box of the other picture lies on this one, cut at its edges."""
    left, top, width, height = region
    a, b, c, d, e, f, g, h, i = homography
    across, down = [], []
    for x, y in ((left, top), (left + width, top), (left, top + height), (left + width, top + height)):
        depth = g * x + h * y + i
        if abs(depth) < 1e-9:
            return region
        across.append(min(max((a * x + b * y + c) / depth, 0.0), 1.0))
        down.append(min(max((d * x + e * y + f) / depth, 0.0), 1.0))
    return min(across), min(down), max(across) - min(across), max(down) - min(down)


def found_between(matches: Sequence[Match], picture: str, other: str) -> Found | None:
    """What the evidence says of these two pictures, where it places the one on the other."""
    for match in matches:
        found = match.found
        if (match.picture, match.other) == (picture, other) and found is not None and len(found.homography) == 9:
            return found
    return None
