"""What the hub alone knows beside the logs, as rows of the audit pack's tables by the names of their columns.

Each table is read in an order that stays, page by page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection, Select, select

from reviewer.hub.schema import (
    Record,
    appeals,
    claimants,
    decisions,
    listings,
    measures,
    notice_listings,
    notices,
    offences,
    policies,
    proofs,
    referrals,
    statements,
)
from reviewer.hub.schema_audit import findings, findings_files, log_keys, refused_heads, tree_heads

_Rows = Callable[[Record], dict[str, Any]]


def _keys() -> tuple[Select[Any], _Rows]:
    def row(found: Record) -> dict[str, Any]:
        return {
            "log": found.log, "name": found.name, "role": "workstation", "key": found.key, "at": found.at,
            "by": found.vouched_by, "signature": found.signature,
        }  # fmt: skip

    return select(log_keys).order_by(log_keys.c.seq), row


def _revocations() -> tuple[Select[Any], _Rows]:
    query = select(log_keys).where(log_keys.c.revoked_at.is_not(None)).order_by(log_keys.c.seq)
    return query, lambda found: {
        "log": found.log, "key": found.key, "at": found.revoked_at, "by": found.revoked_by
    }  # fmt: skip


def _refusals() -> tuple[Select[Any], _Rows]:
    names = ("log", "size", "root", "key", "at", "reason")
    return select(refused_heads).order_by(refused_heads.c.seq), lambda found: {
        name: getattr(found, name) for name in names
    }


def _checkpoints() -> tuple[Select[Any], _Rows]:
    names = ("log", "size", "root", "at", "key", "signature")
    query = select(tree_heads).order_by(tree_heads.c.log, tree_heads.c.size)
    return query, lambda found: {name: getattr(found, name) for name in names}


def _witnesses() -> tuple[Select[Any], _Rows]:
    query = select(tree_heads).order_by(tree_heads.c.log, tree_heads.c.size)
    return query, lambda found: {
        "log": found.log, "size": found.size, "root": found.root, "at": found.witnessed_at,
        "key": found.witness_key, "signature": found.witness,
    }  # fmt: skip


def _statements() -> tuple[Select[Any], _Rows]:
    return select(statements).order_by(statements.c.seq), lambda found: {
        "id": found.puid,
        "decision_id": found.decision_id,
        "at": found.made_at,
        "body": found.body,
    }


def _receipts() -> tuple[Select[Any], _Rows]:
    names = ("received_at", "status", "detail", "effects")
    return select(decisions).order_by(decisions.c.seq), lambda found: {
        "decision_id": found.id,
        **{name: getattr(found, name) for name in names},
    }


def _measures() -> tuple[Select[Any], _Rows]:
    names = ("decision_id", "kind", "scope", "seller_id", "listing_id", "starts_at", "ends_at", "rule")
    return select(measures).order_by(measures.c.seq), lambda found: {
        **{name: getattr(found, name) for name in names},
        "undone": int(found.undone),
    }


def _offences() -> tuple[Select[Any], _Rows]:
    names = ("decision_id", "seller_id", "at", "kind", "ground", "points", "expires_at")
    return select(offences).order_by(offences.c.at, offences.c.decision_id), lambda found: {
        **{name: getattr(found, name) for name in names},
        "overturned": int(found.overturned),
    }


def _opinions() -> tuple[Select[Any], _Rows]:
    names = ("decision_id", "auditor", "at", "verdict", "kind", "ground", "note", "blind", "golden")
    query = (
        select(findings, findings_files.c.draw)
        .join(findings_files, findings_files.c.id == findings.c.file_id)
        .order_by(findings.c.seq)
    )
    return query, lambda found: {
        **{name: getattr(found, name) for name in names},
        "sample": found.draw,
        "seconds": float(found.seconds),
    }


def _notices() -> tuple[Select[Any], _Rows]:
    """A row for each listing that a notice names: what is judged is the listing."""
    query = (
        select(notice_listings, notices.c.source, notices.c.ground, notices.c.received_at, notices.c.withdrawn_at,
               notices.c.claimant_id.label("by"), listings.c.marketplace, claimants.c.name)
        .join(notices, notices.c.id == notice_listings.c.notice_id)
        .outerjoin(listings, listings.c.id == notice_listings.c.listing_id)
        .outerjoin(claimants, claimants.c.id == notices.c.claimant_id)
        .order_by(notice_listings.c.seq)
    )  # fmt: skip
    return query, lambda found: {
        "id": found.notice_id, "marketplace": found.marketplace or "", "source": found.source,
        "claimant": found.name or found.by, "ground": found.ground, "listing_id": found.listing_id,
        "at": found.received_at, "settled_at": found.settled_at or found.withdrawn_at,
        "outcome": "" if found.outcome == "open" else found.outcome, "automated": 0,
    }  # fmt: skip


#: What became of an appeal, in the words of reports: the complaint was rejected, or the decision overturned.
_RULINGS = {"pending": "", "upheld": "rejected", "reversed": "overturned"}


def _appeals() -> tuple[Select[Any], _Rows]:
    return select(appeals).order_by(appeals.c.seq), lambda found: {
        "id": found.id, "decision_id": found.decision_id, "by": found.appellant, "filed_at": found.filed_at,
        "ruled_at": found.ruled_at, "outcome": _RULINGS.get(found.state, found.state),
    }  # fmt: skip


def _proofs() -> tuple[Select[Any], _Rows]:
    names = (
        "id", "decision_id", "listing_id", "seller_id", "brand", "state", "requested_at", "due_at", "submitted_at",
        "judged_at", "reason", "valid_until", "removed_at",
    )  # fmt: skip
    return select(proofs).order_by(proofs.c.seq), lambda found: {name: getattr(found, name) for name in names}


def _referrals() -> tuple[Select[Any], _Rows]:
    """Packs that a second person confirmed; to whom they went, and what came of them, a hub is not told."""
    query = select(referrals).where(referrals.c.confirmed_at.is_not(None)).order_by(referrals.c.id)
    return query, lambda found: {"id": found.id, "at": found.confirmed_at}


def _policies() -> tuple[Select[Any], _Rows]:
    query = select(policies).order_by(policies.c.seq)
    return query, lambda found: {"version": found.version, "body": found.body}


_QUERIES: Mapping[str, Callable[[], tuple[Select[Any], _Rows]]] = {
    "keys": _keys,
    "checkpoints": _checkpoints,
    "witnesses": _witnesses,
    "revocations": _revocations,
    "refusals": _refusals,
    "policies": _policies,
    "statements": _statements,
    "receipts": _receipts,
    "measures": _measures,
    "offences": _offences,
    "opinions": _opinions,
    "notices": _notices,
    "appeals": _appeals,
    "proofs": _proofs,
    "referrals": _referrals,
}

TABLES = tuple(_QUERIES)


def table_page(connection: Connection, name: str, after: int, limit: int) -> tuple[list[dict[str, Any]], int | None]:
    """Rows of a table after so many, and after how many to go on; None at the end.  Raises KeyError for no table."""
    query, row = _QUERIES[name]()
    found = connection.execute(query.limit(limit + 1).offset(after)).all()
    return [row(one) for one in found[:limit]], after + limit if len(found) > limit else None
