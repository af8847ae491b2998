"""Proofs and appeals for a demo hub: asked for, brought and filed through the hub's own doors."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, select

from reviewer.domain.values import format_time
from reviewer.hub.auth import Account
from reviewer.hub.decisions import submit
from reviewer.hub.filing import file_appeal
from reviewer.hub.leases import claim
from reviewer.hub.media import media_type, record_media
from reviewer.hub.messages import AppealRequest, ClaimRequest, DecisionMessage, DocumentsRequest
from reviewer.hub.problems import Problem
from reviewer.hub.schema import cases, decisions, listings, sellers
from reviewer.hub.store import Store
from reviewer.hub.submissions import submit_documents

_NAMES = uuid.UUID("6d7a7a0a-4a5b-4d0e-8d3e-0d6f5a6f7b11")
_REVIEWER = Account("reviewer", "Ines Carvalho", "reviewer")
_TEXTS = (
    "The article is genuine. I bought it from the brand's own distributor and enclose the invoice.",
    "이 상품은 정품입니다. 공식 대리점에서 구입했으며 영수증을 첨부합니다.",
    "สินค้านี้เป็นของแท้ ซื้อจากตัวแทนจำหน่ายอย่างเป็นทางการ ขอให้พิจารณาอีกครั้ง",
)


def seed_redress(store: Store) -> tuple[int, int]:
    """Asks for three proofs, two of which came, and files three appeals; answers how many of each there are."""
    return store.database.write(lambda connection: (_proofs(store, connection), _appeals(store, connection)))


def _proofs(store: Store, connection: Connection) -> int:
    now, policy = store.now(connection), store.rules_in_force(connection)
    rows = connection.execute(
        select(
            cases.c.id, listings.c.id.label("listing"), listings.c.revision, listings.c.brand, sellers.c.display_name
        )
        .join(listings, listings.c.id == cases.c.listing_id)
        .join(sellers, sellers.c.id == cases.c.seller_id)
        .where(cases.c.state == "open", cases.c.kind == "listing", listings.c.brand != "")
        .order_by(cases.c.priority, cases.c.due_order.desc(), cases.c.seq)
        .limit(3)
    ).all()
    claim(connection, _REVIEWER, ClaimRequest(count=len(rows), case_ids=[row.id for row in rows]), store.rules, now)
    for place, row in enumerate(rows):
        lease = connection.execute(select(cases.c.lease_id, cases.c.lease_token).where(cases.c.id == row.id)).one()
        body: dict[str, Any] = {
            "id": str(uuid.uuid5(_NAMES, row.id)),
            "case_id": row.id,
            "listing_id": row.listing,
            "revision": row.revision,
            "kind": "request_proof",
            "decided_at": format_time(now - timedelta(minutes=5)),
            "lease": {"id": lease.lease_id, "token": lease.lease_token},
            "note": "Please send the invoice of your supplier.",
        }
        submit(connection, _REVIEWER, [(DecisionMessage.model_validate(body), body)], policy, now)
        if place < 2:
            _send(store, connection, row, place)
    return len(rows)


def _send(store: Store, connection: Connection, row: Any, place: int) -> None:
    """An invoice of two pages; the second seller's is made out to somebody else and has run out."""
    now, policy = store.now(connection), store.rules_in_force(connection)
    other = place == 1
    to = "Another Trader Ltd" if other else row.display_name
    shown = to.encode("ascii", "replace").decode()
    pages = (
        (f"INVOICE 2026-{100 + place}", f"{row.brand} Distribution AB", f"to: {shown}", "2 articles, 240.00 EUR"),
        ("Terms of sale", "Goods are sold once; the invoice names the article."),
    )
    data = made_document(pages)
    sha256 = store.media.put(data)
    record_media(connection, sha256, media_type(data), len(data))
    case = connection.execute(select(cases.c.proof_id, cases.c.seller_id).where(cases.c.id == row.id)).one()
    document = {
        "sha256": sha256,
        "kind": "licence" if other else "invoice",
        "name": "licence.pdf" if other else "invoice.pdf",
        "issuer": f"{row.brand} Distribution AB",
        "issued_to": to,
        "issued_on": (now - timedelta(days=40)).date().isoformat(),
        "expires_on": (now - timedelta(days=3)).date().isoformat() if other else None,
    }
    request = DocumentsRequest.model_validate({"seller_id": case.seller_id, "documents": [document]})
    submit_documents(connection, case.proof_id, request, policy, now)


def _appeals(store: Store, connection: Connection) -> int:
    now, policy = store.now(connection), store.rules_in_force(connection)
    since = format_time(now - timedelta(days=150))
    rows = connection.execute(
        select(decisions.c.id, cases.c.seller_id)
        .join(cases, cases.c.decision_id == decisions.c.id)
        .where(decisions.c.kind == "takedown", cases.c.state == "decided", decisions.c.received_at > since)
        .order_by(decisions.c.received_at.desc())
    ).all()
    filed = 0
    for row in rows:
        body = {
            "id": str(uuid.uuid5(_NAMES, row.id)),
            "decision_id": row.id,
            "appellant": "seller",
            "party": row.seller_id,
            "text": _TEXTS[filed % len(_TEXTS)],
        }
        try:
            file_appeal(connection, AppealRequest.model_validate(body), body, policy, now)
        except Problem:
            continue  # what a notice or another decision changed since
        filed += 1
        if filed == len(_TEXTS):
            break
    return filed


def made_document(pages: Sequence[Sequence[str]]) -> bytes:
    """A PDF of plain lines in Helvetica, a page for each sequence; only ASCII is written."""
    kids = " ".join(f"{4 + 2 * place} 0 R" for place in range(len(pages)))
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Kids[{kids}]/Count {len(pages)}>>",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    for place, lines in enumerate(pages):
        drawn = " T* ".join(f"({_escaped(line)}) Tj" for line in lines)
        content = f"BT /F 16 Tf 24 TL 60 760 Td {drawn} ET"
        objects.append(
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents {5 + 2 * place} 0 R"
            "/Resources<</Font<</F 3 0 R>>>>>>"
        )
        objects.append(f"<</Length {len(content)}>>stream\n{content}\nendstream")
    body = "%PDF-1.4\n" + "".join(f"{number} 0 obj\n{one}\nendobj\n" for number, one in enumerate(objects, 1))
    return (body + f"trailer<</Root 1 0 R/Size {len(objects) + 1}>>\n%%EOF\n").encode("ascii", "replace")


def _escaped(line: str) -> str:
    return line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
