"""The team's history for an export: the hub's own log and those of workstations, row by row with what they tell of.

A decision that a workstation's countersigned log tells of is told there, where the workstation's own signature stands
for it; the hub's log tells of the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, func, select

from reviewer.domain.values import format_time, sha256_hex
from reviewer.hub.own_log import texts_of
from reviewer.hub.schema import Record, accounts, cases, decisions, flags, listings, reference_products, sellers
from reviewer.hub.schema_audit import log_rows, own_rows, tree_heads
from reviewer.hub.signing import HubKey
from reviewer.ledger.chain import GENESIS
from reviewer.ledger.heads import Head, sign_checkpoint, witness
from reviewer.ledger.tree import Tree

_PART = 400


def history_start(connection: Connection, hub: HubKey, now: datetime) -> dict[str, Any]:
    """The logs that there are to export, and how far each goes: to what is countersigned, the hub's own to its end,
    which the hub signs as it is."""
    newest = select(tree_heads.c.log, func.max(tree_heads.c.size).label("size")).group_by(tree_heads.c.log).subquery()
    rows = connection.execute(
        select(tree_heads.c.log, tree_heads.c.size, tree_heads.c.root)
        .join(newest, and_(newest.c.log == tree_heads.c.log, newest.c.size == tree_heads.c.size))
        .order_by(tree_heads.c.log)
    )
    tree = Tree()
    for (digest,) in connection.execute(select(own_rows.c.digest).order_by(own_rows.c.sequence)):
        tree.append(bytes.fromhex(digest))
    own = [_own_head(hub, Head(hub.log, tree.size, tree.head().hex(), format_time(now)))] if tree.size else []
    logs = [{"log": row.log, "size": row.size, "root": row.root} for row in rows]
    identity = {"log": hub.log, "key": hub.key.public, "name": hub.name, "at": hub.at}
    return {"hub": identity, "logs": own + logs}


def _own_head(hub: HubKey, head: Head) -> dict[str, Any]:
    signed, witnessed = sign_checkpoint(hub.key, head), witness(hub.key, head)
    return {
        "log": head.log, "size": head.size, "root": head.root,
        "checkpoints": {"at": head.at, "signature": signed.signature.hex()},
        "witnesses": {"at": head.at, "signature": witnessed.signature.hex()},
    }  # fmt: skip


def history_rows(connection: Connection, hub: HubKey, log: str, after: int, limit: int) -> list[dict[str, Any]]:
    """The rows of a log after a number, in order.

    Each has `sequence`, `previous`, `digest`; where its content is known also `content`, `salt`, `text` and what is
    known of its decision and case.  Of the hub's own log, `told_in` names the workstation's log and row that tell
    of the same decision.
    """
    own = log == hub.log
    rows = _own(connection, after, limit) if own else _of_log(connection, log, after, limit)
    if not rows:
        return []
    previous = _digest_at(connection, hub, log, after) if after else GENESIS
    stored = _decisions(connection, [row.decision_id for row in rows if row.decision_id])
    told = _Cases(connection, stored.values())
    found = []
    for row in rows:
        item = _row(row, previous, stored.get(row.decision_id), told)
        if own and row.other_log is not None:
            item["told_in"] = [row.other_log, row.other_sequence]
        found.append(item)
        previous = row.digest
    return found


def _own(connection: Connection, after: int, limit: int) -> Sequence[Record]:
    other = and_(log_rows.c.decision_id == own_rows.c.decision_id, log_rows.c.content.is_not(None))
    return connection.execute(
        select(own_rows, log_rows.c.log.label("other_log"), log_rows.c.sequence.label("other_sequence"))
        .outerjoin(log_rows, other)
        .where(own_rows.c.sequence > after)
        .order_by(own_rows.c.sequence)
        .limit(limit)
    ).all()


def _of_log(connection: Connection, log: str, after: int, limit: int) -> Sequence[Record]:
    return connection.execute(
        select(log_rows)
        .where(log_rows.c.log == log, log_rows.c.sequence > after)
        .order_by(log_rows.c.sequence)
        .limit(limit)
    ).all()


def _digest_at(connection: Connection, hub: HubKey, log: str, sequence: int) -> str:
    query = select(own_rows.c.digest).where(own_rows.c.sequence == sequence)
    if log != hub.log:
        query = select(log_rows.c.digest).where(log_rows.c.log == log, log_rows.c.sequence == sequence)
    return str(connection.execute(query).scalar() or GENESIS)


def _decisions(connection: Connection, names: Sequence[str]) -> dict[str, Record]:
    found: dict[str, Record] = {}
    for start in range(0, len(names), _PART):
        query = (
            select(decisions, accounts.c.name.label("reviewer_name"))
            .outerjoin(accounts, accounts.c.id == decisions.c.reviewer_id)
            .where(decisions.c.id.in_(names[start : start + _PART]))
        )
        found.update({row.id: row for row in connection.execute(query)})
    return found


def _row(row: Record, previous: str, decision: Record | None, told: _Cases) -> dict[str, Any]:
    item: dict[str, Any] = {"sequence": row.sequence, "previous": previous, "digest": row.digest}
    if row.content is None:
        return item
    text, salt = None, row.salt or None
    if decision is not None and salt is not None:
        found = texts_of(decision.body)
        commitment = msgspec.json.decode(row.content, type=_Commitment).text
        text = found.decode() if sha256_hex(bytes.fromhex(salt) + found) == commitment else None
    item |= {"content": row.content, "salt": salt if text is not None else None, "text": text}
    if decision is None:
        return item | {"reviewer_name": "", "delivery": "not received"}
    item |= {"reviewer_name": decision.reviewer_name or "", "delivery": decision.status}
    return item | told.of(decision)


class _Commitment(msgspec.Struct):
    text: str


class _Cases:
    """The cases of some decisions with listing, seller, flags and reference products, read for all of them at once."""

    def __init__(self, connection: Connection, rows: Iterable[Record]) -> None:
        names = sorted({row.case_id for row in rows})
        self._cases: dict[str, Record] = {}
        self._flags: dict[str, list[dict[str, Any]]] = {}
        for start in range(0, len(names), _PART):
            part = names[start : start + _PART]
            query = (
                select(
                    cases.c.id, cases.c.marketplace, cases.c.opened_at, cases.c.due_at, cases.c.seller_id,
                    cases.c.reference_ids, listings.c.body, listings.c.previous, listings.c.title,
                    sellers.c.display_name, sellers.c.country, sellers.c.standing,
                )
                .join(listings, listings.c.id == cases.c.listing_id)
                .join(sellers, sellers.c.id == cases.c.seller_id)
                .where(cases.c.id.in_(part))
            )  # fmt: skip
            self._cases.update({row.id: row for row in connection.execute(query)})
            for row in connection.execute(select(flags).where(flags.c.case_id.in_(part)).order_by(flags.c.seq)):
                self._flags.setdefault(row.case_id, []).append(_flag(row))
        self._references = _references(connection, self._cases.values())

    def of(self, decision: Record) -> dict[str, Any]:
        """`case` and `revision` by the names of the pack's columns, and the pictures that were compared."""
        case = self._cases.get(decision.case_id)
        if case is None:
            return {}
        seen = msgspec.json.decode(decision.body, type=_Seen).revision
        shown = msgspec.json.decode(case.body)
        if shown.get("revision") != seen and case.previous:
            before = msgspec.json.decode(case.previous)
            shown = before if before.get("revision") == seen else shown
        raised = self._flags.get(case.id, [])
        first: Mapping[str, Any] = raised[0] if raised else {}
        names = msgspec.json.decode(case.reference_ids, type=list[str])
        compared = [self._references[name] for name in names if name in self._references]
        told = {
            "marketplace": case.marketplace, "title": shown.get("title", case.title), "opened_at": case.opened_at,
            "due_at": case.due_at, "source": first.get("source", ""), "reason": first.get("reason", ""),
            "claimant": first.get("claimant", ""), "flags": raised, "seller_id": case.seller_id,
            "seller_name": case.display_name, "seller_country": case.country, "seller_standing": case.standing,
            "units_sold": shown.get("units_sold"), "due_measure": "", "references": compared,
        }  # fmt: skip
        return {"case": told, "revision": _revision(case.marketplace, shown) if shown.get("revision") == seen else None}


class _Seen(msgspec.Struct):
    revision: str = ""


def _flag(row: Record) -> dict[str, Any]:
    return {
        "id": row.id, "source": row.source, "reason": row.reason, "at": row.at, "explanation": row.explanation,
        "confidence": row.confidence, "notice": row.notice_id, "claimant": row.claimant,
    }  # fmt: skip


def _references(connection: Connection, rows: Iterable[Record]) -> dict[str, dict[str, Any]]:
    names = sorted({name for row in rows for name in msgspec.json.decode(row.reference_ids, type=list[str])})
    found = {}
    for start in range(0, len(names), _PART):
        query = select(reference_products).where(reference_products.c.id.in_(names[start : start + _PART]))
        for row in connection.execute(query):
            product = msgspec.json.decode(row.body)
            pictures = [picture["sha256"] for picture in product.get("pictures", ())]
            found[row.id] = {
                "id": row.id, "brand": product.get("brand", ""), "model": product.get("model", ""),
                "pictures": pictures,
            }  # fmt: skip
    return found


def _revision(marketplace: str, shown: Mapping[str, Any]) -> dict[str, Any]:
    price = shown.get("price") or {}
    pictures = [{"sha256": one["sha256"], "view": one.get("view", "")} for one in shown.get("pictures", ())]
    names = ("title", "description", "brand", "category", "country", "language")
    return {
        "marketplace": marketplace, "listing_id": shown["id"], "revision": shown["revision"], "seen_at": "",
        **{name: shown.get(name, "") for name in names}, "price": price.get("amount", ""),
        "currency": price.get("currency") or "", "units_sold": shown.get("units_sold"), "pictures": pictures,
    }  # fmt: skip
