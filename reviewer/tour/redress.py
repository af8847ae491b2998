"""The tour's proof of authenticity, from the seller's document to its acceptance, and an appeal against a colleague."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
from PySide6.QtCore import QBuffer, QIODevice, QRectF, Qt
from PySide6.QtGui import QPageSize, QPainter, QPdfWriter

from reviewer.domain.decision import DecisionKind
from reviewer.tour.guide import Guide
from reviewer.tour.oracle import HubView

_APPEAL = (
    "이 상품은 정품입니다. 공식 대리점에서 구입했으며 영수증을 첨부합니다.\n"
    "The article is genuine. I bought it from the brand's own distributor; the invoice is enclosed."
)
#: So many decisions are tried: one may be too old for an appeal, or none of this hub's making.
_TRIED = 60


@dataclass(frozen=True, slots=True)
class Marketplace:
    """Speaks to the hub as the marketplace does: it hands on what sellers send."""

    hub: HubView
    token: str

    def put(self, data: bytes, kind: str) -> str:
        """Put bytes to the hub; answers their SHA-256."""
        sha256 = hashlib.sha256(data).hexdigest()
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": kind}
        url = f"{self.hub.url}/v1/media/{sha256}"
        self.hub.session.put(url, data=data, headers=headers, timeout=30).raise_for_status()
        return sha256

    def post(self, path: str, body: dict[str, Any]) -> requests.Response:
        """Post JSON."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return self.hub.session.post(self.hub.url + path, json=body, headers=headers, timeout=30)


def show_proof(guide: Guide, hub: HubView, token: str, bring: Callable[[str], bool]) -> bool:
    """The seller sends the invoice that was asked for in this tour; it is looked at and accepted."""
    market = Marketplace(hub, token)
    asked = hub.get("/v1/proofs", state="requested", limit=50)["items"]
    for proof in sorted(asked, key=lambda proof: not proof["brand"]):
        seller = hub.get(f"/v1/sellers/{proof['seller_id']}")["display_name"]
        document = {
            "sha256": market.put(invoice(proof["brand"], seller), "application/pdf"), "kind": proof["asked"][0],
            "name": "invoice.pdf", "issuer": f"{proof['brand']} Distribution AB", "issued_to": seller,
            "issued_on": (datetime.now(UTC) - timedelta(days=40)).date().isoformat(),
        }  # fmt: skip
        body = {"seller_id": proof["seller_id"], "documents": [document]}
        market.post(f"/v1/proofs/{proof['id']}/documents", body).raise_for_status()
        if bring(proof["case_id"]):
            guide.album.take(guide.window, "proof-document", settle_s=1.2)
            guide.keyboard.press("Right")
            guide.album.take(guide.window, "proof-second-page", settle_s=0.8)
            guide.decide(DecisionKind.CLEAR)
            return True
    return False


def show_appeal(guide: Guide, hub: HubView, token: str, bring: Callable[[str], bool]) -> bool:
    """A seller appeals against a takedown of another reviewer; its case is looked at, light and dark."""
    market, own = Marketplace(hub, token), hub.reviewer()
    rows = hub.get("/v1/decisions", limit=500)["items"]
    takedowns = [row for row in rows if row["decision"]["kind"] == "takedown" and row["current"]]
    for row in [row for row in takedowns if row["reviewer"] != own][-_TRIED:]:
        case = hub.get(f"/v1/cases/{row['decision']['case_id']}")
        filed = market.post(
            "/v1/appeals",
            {
                "id": str(uuid.uuid4()), "decision_id": row["decision"]["id"], "appellant": "seller",
                "party": case["seller"]["id"], "text": _APPEAL,
            },
        )  # fmt: skip
        if filed.status_code == requests.codes.created and bring(case["id"]):
            theme = guide.desktop.theme
            before = theme.choice
            guide.album.take(guide.window, "appeal", settle_s=0.8)
            theme.choose("light" if theme.dark else "dark")
            guide.album.take(guide.window, f"appeal-{'dark' if theme.dark else 'light'}", settle_s=0.6)
            theme.choose(before)
            return True
    return False


def invoice(brand: str, seller: str) -> bytes:
    """A PDF of two pages: an invoice made out to a seller, and its terms."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    writer.setResolution(96)
    painter = QPainter(writer)
    room = QRectF(40, 60, writer.width() - 80, writer.height() - 120)
    font = painter.font()
    font.setPointSize(14)
    painter.setFont(font)
    words = (
        f"INVOICE 2026-0117\n\n{brand} Distribution AB\n\nto: {seller}\n\n"
        "2 articles      240.00 EUR\nVAT 25 %       60.00 EUR"
    )
    painter.drawText(room, int(Qt.TextFlag.TextWordWrap), words)
    writer.newPage()
    painter.drawText(
        room, int(Qt.TextFlag.TextWordWrap), "Terms of sale\n\nThe invoice names the article that was sold."
    )
    painter.end()
    return bytes(buffer.data().data())
