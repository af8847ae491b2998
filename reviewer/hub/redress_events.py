"""Proofs and appeals as events of a seller's history; what a rule did is an automated measure, never a decision."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from reviewer.hub.automatic import is_in_force
from reviewer.hub.documents import documents_of
from reviewer.hub.prepared import Prepared, among
from reviewer.hub.schema import appeals, cases, proofs

_PROOFS = Prepared(select(proofs).where(among(proofs.c.seller_id, "sellers")).order_by(proofs.c.seq))
_APPEALS = Prepared(
    select(appeals, cases.c.listing_id)
    .join(cases, cases.c.id == appeals.c.case_id)
    .where(among(appeals.c.seller_id, "sellers"))
    .order_by(appeals.c.seq)
)


def redress_events(connection: Connection, sellers: list[str]) -> Iterator[dict[str, Any]]:
    """The events of these accounts as the timeline tells them."""
    asked = _PROOFS.rows(connection, sellers=sellers)
    papers = documents_of(connection, [row.id for row in asked])
    for row in asked:
        yield from _of_proof(row, len(papers[row.id]))
    for row in _APPEALS.rows(connection, sellers=sellers):
        yield from _of_appeal(row)


def _base(row: Any, kind: str) -> dict[str, Any]:
    return {
        "seller_id": row.seller_id,
        "kind": kind,
        "ground": "",
        "note": "",
        "by": "",
        "case_id": row.case_id,
        "listing_id": row.listing_id,
        "reference": row.id,
    }


def _of_proof(row: Any, documents: int) -> Iterator[dict[str, Any]]:
    base = _base(row, "proof")
    asked = ", ".join(msgspec.json.decode(row.asked, type=list[str])).replace("_", " ")
    words = f"{asked}; until {row.due_at[:16].replace('T', ' ')} UTC"
    yield base | {"at": row.requested_at, "what": "proof requested", "words": words}
    if row.submitted_at:
        told = f"{documents} document" + ("" if documents == 1 else "s")
        yield base | {"at": row.submitted_at, "what": "proof submitted", "words": told}
    if row.judged_at:
        accepted = row.state in ("accepted", "expired")
        words = f"until {(row.valid_until or '')[:10]}" if accepted else row.reason
        yield base | {"at": row.judged_at, "what": "proof accepted" if accepted else "proof rejected", "words": words}
    if row.state == "expired":
        yield base | {"at": row.valid_until, "what": "proof expired", "words": ""}
    if row.automatic_id:
        words = "listing removed by rule, no points: no proof by the deadline"
        words += "" if is_in_force(row) else "; taken back"
        yield base | {
            "at": row.removed_at,
            "what": "automated measure",
            "kind": "listing_removed",
            "ground": row.automatic_ground,
            "words": words,
            "reference": row.automatic_id,
        }


def _of_appeal(row: Any) -> Iterator[dict[str, Any]]:
    base = _base(row, row.appellant)
    yield base | {"at": row.received_at, "what": "appeal", "words": row.text}
    if row.ruled_at:
        yield base | {"at": row.ruled_at, "what": "ruling", "words": f"{row.state}: {row.reason}"}
