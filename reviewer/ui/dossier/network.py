"""A small picture of who is linked to whom: the seller in the middle, the strongest links around."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from reviewer.domain.seller import SellerLink, Standing
from reviewer.domain.text import visible
from reviewer.policy.links import combined
from reviewer.ui.plain import tooltip
from reviewer.ui.review.looks import Looks
from reviewer.ui.review.wording import link_text, standing_look, translate

#: So many accounts are drawn; the list beside it has all.
MOST = 10
_SOFT = frozenset({"pictures", "texts", "address"})


@dataclass(frozen=True, slots=True)
class Node:
    """An account with everything that links it."""

    seller_id: str
    name: str
    standing: str
    kinds: tuple[str, ...]
    strength: float

    def words(self) -> str:
        """In a sentence: who, what is shared, how strong, how it stands."""
        shared = ", ".join(link_text(kind) for kind in self.kinds)
        return f"{self.name}: {shared}, {self.strength:.0%}, {standing_look(self.standing)[0]}"


def nodes_of(links: Sequence[SellerLink]) -> tuple[Node, ...]:
    """One node an account: those that share more than photos, texts or an address first, the strongest of them."""
    by_account: dict[str, list[SellerLink]] = {}
    for link in links:
        by_account.setdefault(link.seller_id, []).append(link)
    found = [
        Node(
            account,
            visible(shared[0].display_name, limit=40, keep_lines=False),
            shared[0].standing,
            tuple(dict.fromkeys(link.kind for link in shared)),
            combined(link.strength for link in shared),
        )
        for account, shared in by_account.items()
    ]
    return tuple(sorted(found, key=lambda node: (set(node.kinds) <= _SOFT, -node.strength, node.seller_id)))


class NetworkPicture(QWidget):
    """Closed accounts are crossed and red; what only photos, texts or an address link is dashed."""

    def __init__(self, looks: Looks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._looks = looks
        self._name = ""
        self._nodes: tuple[Node, ...] = ()
        self._more = 0
        self._places: list[tuple[QRectF, Node]] = []
        self.setAccessibleName(translate("Dossier", "Linked sellers as a picture"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        looks.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(self._looks.em(24), self._looks.em(15))

    def minimumSizeHint(self) -> QSize:
        return QSize(self._looks.em(14), self._looks.em(10))

    def show_links(self, name: str, links: Sequence[SellerLink]) -> None:
        """Draw the strongest links of a seller."""
        found = nodes_of(links)
        self._name = visible(name, limit=40, keep_lines=False)
        self._nodes, self._more = found[:MOST], max(0, len(found) - MOST)
        self.setAccessibleDescription("\n".join(node.words() for node in found[:50]))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        look, area = self._looks, QRectF(self.rect())
        painter.setFont(look.font("", 0.85))
        metrics = QFontMetricsF(painter.font())
        if not self._nodes:
            painter.setPen(look.colour("muted"))
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, translate("Dossier", "No linked sellers"))
            return
        middle = area.center()
        across, down = area.width() / 2 - look.em(5.2), area.height() / 2 - look.em(2.0)
        self._places = []
        for place, node in enumerate(self._nodes):
            angle = -math.pi / 2 + 2 * math.pi * place / len(self._nodes)
            far = 0.68 if place % 2 and len(self._nodes) > 5 else 1.0
            at = QPointF(middle.x() + far * across * math.cos(angle), middle.y() + far * down * math.sin(angle))
            self._draw_link(painter, middle, at, node)
            self._draw_node(painter, metrics, at, node, below=math.sin(angle) > -0.2)
        self._draw_middle(painter, metrics, middle)
        if self._more:
            painter.setPen(look.colour("muted"))
            words = translate("Dossier", "and {0} more in the list").format(self._more)
            painter.drawText(area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom, words)

    def _draw_link(self, painter: QPainter, middle: QPointF, at: QPointF, node: Node) -> None:
        closed = node.standing == Standing.BANNED
        pen = QPen(self._looks.colour("danger" if closed else "muted"), 0.8 + 4.0 * node.strength)
        if set(node.kinds) <= _SOFT:
            pen.setStyle(Qt.PenStyle.DashLine)
        painter.setPen(pen)
        painter.drawLine(middle, at)

    def _draw_node(self, painter: QPainter, metrics: QFontMetricsF, at: QPointF, node: Node, *, below: bool) -> None:
        look, size = self._looks, float(self._looks.em(0.55))
        role = standing_look(node.standing)[2]
        painter.setPen(QPen(look.colour("surface"), 1.5))
        painter.setBrush(look.colour(role))
        painter.drawEllipse(at, size, size)
        if node.standing == Standing.BANNED:
            painter.setPen(QPen(look.colour("surface"), 2.0))
            arm = size * 0.5
            painter.drawLine(at + QPointF(-arm, -arm), at + QPointF(arm, arm))
            painter.drawLine(at + QPointF(-arm, arm), at + QPointF(arm, -arm))
        width = float(look.em(8.5))
        top = at.y() + size if below else at.y() - size - metrics.height()
        box = QRectF(at.x() - width / 2, top, width, metrics.height())
        box.moveLeft(min(max(0.0, box.left()), self.width() - width))
        shown = metrics.elidedText(f"{node.name} {node.strength:.0%}", Qt.TextElideMode.ElideRight, width)
        self._label(painter, metrics, box, shown, role)
        self._places.append((box.united(QRectF(at.x() - size, at.y() - size, 2 * size, 2 * size)), node))

    def _draw_middle(self, painter: QPainter, metrics: QFontMetricsF, middle: QPointF) -> None:
        look = self._looks
        shown = metrics.elidedText(self._name, Qt.TextElideMode.ElideRight, look.em(11))
        box = QRectF(0, 0, metrics.horizontalAdvance(shown) + look.em(1), metrics.height() + look.em(0.4))
        box.moveCenter(middle)
        painter.setPen(QPen(look.colour("accent"), 1.5))
        painter.setBrush(look.colour("raised"))
        painter.drawRoundedRect(box, look.em(0.4), look.em(0.4))
        painter.setPen(look.colour("text"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, shown)

    def _label(self, painter: QPainter, metrics: QFontMetricsF, box: QRectF, text: str, role: str) -> None:
        back = QRectF(0, 0, metrics.horizontalAdvance(text) + 4, metrics.height())
        back.moveCenter(box.center())
        painter.fillRect(back, self._looks.colour("surface"))
        painter.setPen(self._looks.colour("danger" if role == "danger" else "text"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            found = next((node for box, node in self._places if box.contains(QPointF(event.pos()))), None)
            QToolTip.showText(event.globalPos(), tooltip(found.words()) if found else "", self)
            return True
        return super().event(event)
