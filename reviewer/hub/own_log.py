"""The hub's own log: every decision that it took, chained in the order of arrival; it only grows."""

from __future__ import annotations

import secrets
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, select

from reviewer.domain.values import format_time, parse_time, sha256_hex
from reviewer.hub.locks import AUDIT, hold
from reviewer.hub.schema import Record, decisions
from reviewer.hub.schema_audit import own_rows
from reviewer.hub.signing import HubKey
from reviewer.hub.store import Store
from reviewer.ledger.canonical import canonical_json
from reviewer.ledger.chain import GENESIS, next_row

#: What is kept apart from a decision, behind a salted commitment.
TEXTS = ("facts", "note", "measure_off_reason")
_PASS = 1000
_ABSENT: dict[str, Any] = {
    "lease": None, "ground": "", "clause": "", "evidence": [], "measure": None, "policy_version": "", "seconds": 0.0,
    "supersedes": "",
}  # fmt: skip


def extend_own_log(store: Store, hub: HubKey) -> None:
    """Take the decisions into the log that came since the last time, some at a time."""
    while store.database.write(lambda connection: _extend(connection, hub)):
        pass


def _extend(connection: Connection, hub: HubKey) -> int:
    hold(connection, AUDIT)
    last = connection.execute(select(own_rows).order_by(own_rows.c.sequence.desc()).limit(1)).first()
    sequence, previous, reached = (last.sequence, last.digest, last.decision_seq) if last else (0, GENESIS, 0)
    rows = connection.execute(
        select(decisions)
        .where(decisions.c.seq > reached, decisions.c.status == "accepted")
        .order_by(decisions.c.seq)
        .limit(_PASS)
    ).all()
    values = []
    for row in rows:
        sequence += 1
        salt = secrets.token_bytes(16)
        made = next_row(sequence, previous, _content(hub, row, sha256_hex(salt + texts_of(row.body))))
        previous = made.digest
        values.append(
            {
                "sequence": sequence, "decision_seq": row.seq, "decision_id": row.id, "digest": made.digest,
                "content": made.content.decode(), "salt": salt.hex(),
            }
        )  # fmt: skip
    if values:
        connection.execute(insert(own_rows), values)
    return len(values)


def texts_of(body: str) -> bytes:
    """The free texts of a stored decision as canonical JSON: what a commitment is made over."""
    said = msgspec.json.decode(body, type=dict[str, Any])
    empty: dict[str, Any] = {"facts": [], "note": "", "measure_off_reason": ""}
    return canonical_json({name: said.get(name, empty[name]) for name in TEXTS})


def _content(hub: HubKey, row: Record, commitment: str) -> dict[str, object]:
    """What the log says of a decision: all but its texts and fingerprints, with every field."""
    said = msgspec.json.decode(row.body, type=dict[str, Any])
    bare = _ABSENT | {name: value for name, value in said.items() if name not in (*TEXTS, "fingerprints")}
    bare["decided_at"] = format_time(parse_time(said["decided_at"]))
    return {
        "account": hub.log, "decision": bare, "outbox": row.body_sha256, "reviewer": row.reviewer_id,
        "text": commitment,
    }  # fmt: skip
