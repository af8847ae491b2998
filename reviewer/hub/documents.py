"""Documents of proofs and appeals: named by the digest of bytes that were put before, judged by those bytes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, insert, select

from reviewer.hub.messages import DocumentMessage
from reviewer.hub.prepared import Prepared, among
from reviewer.hub.problems import Problem
from reviewer.hub.schema import Record, documents, media

#: What a reviewer can look at; told by the bytes, whatever the sender says.
DOCUMENT_TYPES = ("application/pdf", "image/jpeg", "image/png", "image/webp", "image/avif", "image/gif")
DOCUMENT_BYTES = 10 * 2**20
DOCUMENTS_EACH = 10

_OF_OWNERS = Prepared(
    select(documents).where(among(documents.c.owner_id, "owners")).order_by(documents.c.owner_id, documents.c.seq)
)


def documents_of(connection: Connection, owners: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """The Document shapes of proofs and appeals, by their ids, in the order of arrival."""
    found: dict[str, list[dict[str, Any]]] = {owner: [] for owner in owners}
    for row in _OF_OWNERS.rows(connection, owners=sorted(found)) if found else ():
        found[row.owner_id].append(
            {
                "sha256": row.sha256,
                "kind": row.kind,
                "name": row.name,
                "media_type": row.media_type,
                "size": row.bytes,
                "issuer": row.issuer,
                "issued_to": row.issued_to,
                "issued_on": row.issued_on,
                "expires_on": row.expires_on,
            }
        )
    return found


def add_documents(
    connection: Connection,
    owner: str,
    seller_id: str,
    sent: Sequence[DocumentMessage],
    moment: str,
    kinds: Sequence[str] | None = None,
) -> list[dict[str, str]]:
    """Keeps documents, all or none; `stored` or `known` for each, with what is to be said of it.

    Raises `Problem` for one that is not there, is of a type or a size that is not taken, or was sent for
    another seller.  One that has expired is kept, and it is said.
    """
    known = {row["sha256"] for row in documents_of(connection, [owner])[owner]}
    fresh = {one.sha256: one for one in sent if one.sha256 not in known}
    if len(known) + len(fresh) > DOCUMENTS_EACH:
        raise Problem("conflict", f"At most {DOCUMENTS_EACH} documents are taken; {len(known)} are there.")
    for place, one in enumerate(sent):
        if kinds is not None and one.kind not in (*kinds, "other"):
            asked = ", ".join(kinds)
            raise _fault(
                place, "kind", f"{one.kind[:40]!r} was not asked for; asked were {asked} (or send it as other)"
            )
    rows = [_row(connection, owner, seller_id, place, one, moment) for place, one in enumerate(fresh.values())]
    if rows:
        connection.execute(insert(documents), rows)
    today = moment[:10]
    return [
        {
            "sha256": one.sha256,
            "status": "stored" if one.sha256 in fresh else "known",
            "detail": f"expired on {one.expires_on}" if one.expires_on and one.expires_on < today else "",
        }
        for one in sent
    ]


def _row(
    connection: Connection, owner: str, seller_id: str, place: int, sent: DocumentMessage, moment: str
) -> dict[str, Any]:
    stored = connection.execute(select(media).where(media.c.sha256 == sent.sha256)).first()
    if stored is None:
        raise _fault(place, "sha256", "there are no such bytes; put them to /v1/media first")
    if stored.media_type not in DOCUMENT_TYPES:
        raise Problem("not-acceptable", f"Document {place + 1} is neither a PDF nor a picture that can be shown.")
    if stored.bytes > DOCUMENT_BYTES:
        raise Problem("too-large", f"Document {place + 1} is larger than {DOCUMENT_BYTES >> 20} MiB.")
    elsewhere = select(documents.c.owner_id).where(
        documents.c.sha256 == sent.sha256, documents.c.seller_id != seller_id
    )
    if connection.execute(elsewhere).first() is not None:
        raise Problem("conflict", f"Document {place + 1} was sent for another seller: it can't be this one's as well.")
    return sent.model_dump() | {
        "owner_id": owner,
        "seller_id": seller_id,
        "media_type": stored.media_type,
        "bytes": stored.bytes,
        "received_at": moment,
    }


def _fault(place: int, key: str, words: str) -> Problem:
    errors = [{"pointer": f"/documents/{place}/{key}", "detail": words}]
    return Problem("invalid-request", f"Document {place + 1}: {words}.", errors=errors)


def holds_until(rows: Sequence[Record | dict[str, Any]], on: date) -> tuple[bool, date | None]:
    """Whether any of these documents holds on that day, and the last day of the first that ends (None: no end)."""
    ends = [row["expires_on"] if isinstance(row, dict) else row.expires_on for row in rows]
    lasting = [date.fromisoformat(end) for end in ends if end and date.fromisoformat(end) >= on]
    return bool(lasting) or any(not end for end in ends), min(lasting, default=None)
