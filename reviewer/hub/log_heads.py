"""Countersigning: a head is taken where it goes on from what was seen of its log, and refused where it does not.

The tree is that of RFC 6962 over the digests of a log's rows.  A head comes with the proof that it extends one that
was countersigned (2.1.2), and with the rows that are new: they make the hub's copy of the log, which must have that
very head.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, insert, select

from reviewer.domain.values import format_time
from reviewer.hub.auth import Account
from reviewer.hub.locks import AUDIT, hold
from reviewer.hub.log_keys import key_of
from reviewer.hub.messages_audit import HeadRequest, LogRowMessage
from reviewer.hub.schema import Record, decisions
from reviewer.hub.schema_audit import log_rows, refused_heads, tree_heads
from reviewer.hub.signing import HubKey
from reviewer.ledger.chain import GENESIS, row_digest
from reviewer.ledger.heads import Head, SignedHead, is_checkpoint, witness
from reviewer.ledger.tree import EMPTY, Tree, is_consistent

_PART = 400
_ID = 128


@dataclass(frozen=True, slots=True)
class RefusedHead:
    """Why a head was not countersigned: `kind` names the problem."""

    kind: str
    words: str


class _Refuse(Exception):
    pass


def countersign(
    connection: Connection, hub: HubKey, account: Account, message: HeadRequest, now: datetime
) -> dict[str, Any] | RefusedHead:
    """The hub's signature on a head, or why there is none; a refusal is noted, and must be committed as well.

    A head that was countersigned before gets the same answer again.
    """
    hold(connection, AUDIT)
    at = format_time(now)
    kind = "key-refused"
    try:
        _check_key(connection, message)
        kind = "log-refused"
        known = _head(connection, message.log, message.size)
        if known is not None:
            if known.root != message.root:
                raise _Refuse(f"the log {message.log} was seen with {message.size} other rows (a fork)")
            return _answer(known)
        return _extend(connection, hub, account, message, at)
    except _Refuse as refusal:
        _note(connection, account, message, at, str(refusal))
        return RefusedHead(kind, f"Not countersigned: {refusal}.")


def _check_key(connection: Connection, message: HeadRequest) -> None:
    enrolled = key_of(connection, message.log, message.key)
    if enrolled is None:
        raise _Refuse(f"the key {message.key[:16]}… is not enrolled here for the log {message.log}")
    if enrolled.revoked_at is not None:
        raise _Refuse(f"the key {message.key[:16]}… was revoked on {enrolled.revoked_at[:10]}")
    head = Head(message.log, message.size, message.root, message.at)
    if not is_checkpoint(SignedHead(head, message.key, bytes.fromhex(message.signature))):
        raise _Refuse("the signature of the head does not fit")


def _extend(connection: Connection, hub: HubKey, account: Account, message: HeadRequest, at: str) -> dict[str, Any]:
    last = connection.execute(
        select(tree_heads).where(tree_heads.c.log == message.log).order_by(tree_heads.c.size.desc()).limit(1)
    ).first()
    seen = last.size if last is not None else 0
    if message.size < seen:
        raise _Refuse(f"the log {message.log} ends at row {message.size}, and {seen} rows were seen before")
    _check_proof(connection, message)
    _check_overlap(connection, message, seen)
    tree = _tree(last)
    new = message.rows[seen - message.first :]
    tree.extend(bytes.fromhex(row.digest) for row in new)
    if tree.head().hex() != message.root:
        raise _Refuse(f"the rows of the log {message.log} do not have the head that was signed")
    _keep_rows(connection, message, seen, new)
    signed = witness(hub.key, Head(message.log, message.size, message.root, at))
    values = {
        "log": message.log, "size": message.size, "root": message.root, "at": message.at, "key": message.key,
        "signature": message.signature, "witnessed_at": at, "witness_key": signed.key,
        "witness": signed.signature.hex(), "peaks": b"".join(tree.peaks).hex(), "account_id": account.id,
    }  # fmt: skip
    connection.execute(insert(tree_heads), values)
    return _shown(message.log, message.size, message.root, at, signed.key, signed.signature.hex())


def _check_proof(connection: Connection, message: HeadRequest) -> None:
    """The proof of RFC 6962 that this head extends the one of `first` rows, which was countersigned."""
    before = _head(connection, message.log, message.first) if message.first else None
    if message.first and before is None:
        raise _Refuse(f"no head of {message.first} rows of the log {message.log} was countersigned here")
    root = bytes.fromhex(before.root) if before is not None else EMPTY
    proof = [bytes.fromhex(step) for step in message.proof]
    if len(message.rows) != message.size - message.first:
        raise _Refuse(f"{message.size - message.first} rows go with this head, and {len(message.rows)} came")
    if not is_consistent(message.first, root, message.size, bytes.fromhex(message.root), proof):
        raise _Refuse(f"the log {message.log} does not go on from the {message.first} rows that were seen (a fork)")


def _check_overlap(connection: Connection, message: HeadRequest, seen: int) -> None:
    """Rows that were seen already are the same rows."""
    if message.first >= seen:
        return
    known = connection.execute(
        select(log_rows.c.sequence, log_rows.c.digest)
        .where(log_rows.c.log == message.log, log_rows.c.sequence > message.first)
        .order_by(log_rows.c.sequence)
    )
    for row in known:
        if message.rows[row.sequence - message.first - 1].digest != row.digest:
            raise _Refuse(f"row {row.sequence} of the log {message.log} is not the one that was seen (a fork)")


def _tree(last: Record | None) -> Tree:
    if last is None:
        return Tree()
    peaks = bytes.fromhex(last.peaks)
    return Tree([peaks[place : place + 32] for place in range(0, len(peaks), 32)], last.size)


def _keep_rows(connection: Connection, message: HeadRequest, seen: int, rows: Sequence[LogRowMessage]) -> None:
    previous = GENESIS
    if seen:
        previous = connection.execute(
            select(log_rows.c.digest).where(log_rows.c.log == message.log, log_rows.c.sequence == seen)
        ).scalar_one()
    told = {}
    for sequence, row in enumerate(rows, seen + 1):
        if row.content is not None:
            told[sequence] = _told(message.log, sequence, previous, row.digest, row.content)
        previous = row.digest
    names = sorted({name for name, _ in told.values()})
    sent = dict(_pairs(connection, decisions.c.id, decisions.c.body_sha256, names))
    elsewhere = dict(_pairs(connection, log_rows.c.decision_id, log_rows.c.log, names, told_only=True))
    values = []
    for sequence, row in enumerate(rows, seen + 1):
        name, outbox = told.get(sequence, ("", ""))
        if name in sent and sent[name] != outbox:
            raise _Refuse(f"row {sequence} of the log {message.log} tells another decision {name} than was sent")
        kept = bool(name) and name not in elsewhere  # a decision that was salvaged into another log is told once
        if kept:
            elsewhere[name] = message.log
        values.append(
            {
                "log": message.log, "sequence": sequence, "digest": row.digest, "decision_id": name,
                "content": row.content if kept else None, "salt": row.salt if kept else None,
            }
        )  # fmt: skip
    if values:
        connection.execute(insert(log_rows), values)


def _told(log: str, sequence: int, previous: str, digest: str, content: str) -> tuple[str, str]:
    """The decision of a row by its id, and the digest of what was to be sent of it."""
    try:
        if row_digest(sequence, previous, content.encode()) != digest:
            raise _Refuse(f"row {sequence} of the log {log} does not have its digest")
        value = msgspec.json.decode(content, type=_Content)
        name = value.decision.id
        if not (0 < len(name) <= _ID and name.isprintable()):
            raise ValueError
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise _Refuse(f"row {sequence} of the log {log} tells no decision") from None
    return name, value.outbox


class _Measure(msgspec.Struct):
    kind: str
    scope: str
    days: int | None


class _Lease(msgspec.Struct):
    id: str
    token: int


class _Decision(msgspec.Struct):
    id: str
    case_id: str
    listing_id: str
    revision: str
    kind: str
    ground: str
    clause: str
    policy_version: str
    decided_at: str
    seconds: float
    supersedes: str
    measure: _Measure | None
    evidence: list[str]
    lease: _Lease | None


class _Content(msgspec.Struct):
    """What a row of a log must say of its decision, so that a pack can show it."""

    account: str
    reviewer: str
    outbox: str
    text: str
    decision: _Decision


def _pairs(
    connection: Connection, key: Any, value: Any, names: Sequence[str], *, told_only: bool = False
) -> Iterator[tuple[str, str]]:
    for start in range(0, len(names), _PART):
        query = select(key, value).where(key.in_(names[start : start + _PART]))
        if told_only:
            query = query.where(log_rows.c.content.is_not(None))
        for row in connection.execute(query):
            yield row[0], row[1]


def _head(connection: Connection, log: str, size: int) -> Record | None:
    return connection.execute(
        select(tree_heads).where(and_(tree_heads.c.log == log, tree_heads.c.size == size))
    ).first()


def _note(connection: Connection, account: Account, message: HeadRequest, at: str, reason: str) -> None:
    """The same head of the same key is noted once for each reason."""
    found = connection.execute(
        select(refused_heads.c.seq).where(
            refused_heads.c.log == message.log,
            refused_heads.c.size == message.size,
            refused_heads.c.root == message.root,
            refused_heads.c.key == message.key,
            refused_heads.c.reason == reason,
        )
    ).first()
    if found is None:
        values = {
            "log": message.log, "size": message.size, "root": message.root, "key": message.key,
            "account_id": account.id, "at": at, "reason": reason,
        }  # fmt: skip
        connection.execute(insert(refused_heads), values)


def _answer(row: Record) -> dict[str, Any]:
    return _shown(row.log, row.size, row.root, row.witnessed_at, row.witness_key, row.witness)


def _shown(log: str, size: int, root: str, at: str, key: str, signature: str) -> dict[str, Any]:
    return {"log": log, "size": size, "root": root, "at": at, "key": key, "signature": signature}
