"""The keys of workstations' logs: enrolled by the signed-in account, vouched for by the hub, revoked by a lead."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from reviewer.domain.values import format_time
from reviewer.errors import OperatorError
from reviewer.hub.auth import Account
from reviewer.hub.locks import AUDIT, hold
from reviewer.hub.messages_audit import KeyRequest
from reviewer.hub.problems import Problem
from reviewer.hub.schema import Record, accounts
from reviewer.hub.schema_audit import log_keys
from reviewer.hub.signing import HubKey
from reviewer.ledger.heads import enrol, possession_bytes
from reviewer.ledger.keys import is_signed

_LEAST_DIGITS = 8


def enrol_key(connection: Connection, hub: HubKey, account: Account, message: KeyRequest, now: datetime) -> Any:
    """Vouch for the key of a log; the same again gives the same answer.

    Raises `Problem` where the account does not show that it holds the key, where the key was revoked, or where
    another one is enrolled for the log.
    """
    hold(connection, AUDIT)
    proof = possession_bytes(message.log, message.key, account.id)
    if not is_signed(bytes.fromhex(message.key), bytes.fromhex(message.signature), proof):
        raise Problem("key-refused", "The signature does not show that this account's workstation holds the key.")
    rows = connection.execute(select(log_keys).where(log_keys.c.log == message.log)).all()
    known = next((row for row in rows if row.key == message.key), None)
    if known is not None and known.revoked_at is not None:
        raise Problem(
            "key-refused",
            f"This workstation's key was revoked on {known.revoked_at[:10]}. It needs a new one; ask your lead.",
        )
    if known is None and any(row.revoked_at is None for row in rows):
        raise Problem(
            "key-refused",
            "Another key is enrolled for this workstation's log. A lead must revoke that one before this one counts.",
        )
    if known is None:
        name = message.name or f"workstation {message.key[:8]}"
        made = enrol(hub.key, message.log, message.key, name, format_time(now))
        values = {
            "log": made.log, "key": made.key, "name": made.name, "account_id": account.id, "at": made.at,
            "vouched_by": made.by, "signature": made.signature.hex(), "revoked_at": None, "revoked_by": "",
        }  # fmt: skip
        connection.execute(insert(log_keys), values)
        known = connection.execute(
            select(log_keys).where(log_keys.c.log == message.log, log_keys.c.key == message.key)
        ).one()
    return {
        "log": known.log, "key": known.key, "name": known.name, "at": known.at, "signature": known.signature,
        "hub": _hub(hub),
    }  # fmt: skip


def _hub(hub: HubKey) -> dict[str, str]:
    return {"log": hub.log, "key": hub.key.public, "name": hub.name, "at": hub.at}


def key_of(connection: Connection, log: str, key: str) -> Record | None:
    """The enrolment of a key for a log, or None."""
    return connection.execute(select(log_keys).where(log_keys.c.log == log, log_keys.c.key == key)).first()


def is_enrolled(connection: Connection, key: str) -> bool:
    """Whether a key is enrolled for any log and not revoked."""
    query = select(log_keys.c.seq).where(log_keys.c.key == key, log_keys.c.revoked_at.is_(None))
    return connection.execute(query).first() is not None


def listed_keys(connection: Connection) -> list[dict[str, Any]]:
    """All keys in the order of their enrolment, with whose account enrolled them."""
    rows = connection.execute(
        select(log_keys, accounts.c.name.label("account_name"))
        .outerjoin(accounts, accounts.c.id == log_keys.c.account_id)
        .order_by(log_keys.c.seq)
    )
    return [
        {
            "log": row.log, "key": row.key, "name": row.name, "account_id": row.account_id,
            "account_name": row.account_name or "", "at": row.at, "revoked_at": row.revoked_at,
            "revoked_by": row.revoked_by,
        }
        for row in rows
    ]  # fmt: skip


def whole_key(connection: Connection, start: str) -> str:
    """The enrolled key that begins so.  Raises `OperatorError` where none or several do."""
    start = start.strip().removeprefix("ed25519:").lower()
    if len(start) < _LEAST_DIGITS:
        raise OperatorError(f"Give the key, or its first {_LEAST_DIGITS} digits or more.")
    found = {row["key"] for row in listed_keys(connection) if row["key"].startswith(start)}
    if len(found) != 1:
        raise OperatorError(
            f"There is no key {start[:64]!a} here; reviewer hub keys list has them all."
            if not found
            else f"{len(found)} keys begin with {start!a}: give more of it."
        )
    return str(found.pop())


def revoke_key(connection: Connection, key: str, by: str, now: datetime) -> dict[str, Any]:
    """Take a key back for all its logs; what it signed before stays.  Raises `Problem` for an unknown key."""
    hold(connection, AUDIT)
    rows = connection.execute(select(log_keys).where(log_keys.c.key == key)).all()
    if not rows:
        raise Problem("not-found", "There is no such key here.")
    connection.execute(
        update(log_keys)
        .where(log_keys.c.key == key, log_keys.c.revoked_at.is_(None))
        .values(revoked_at=format_time(now), revoked_by=by)
    )
    at = connection.execute(select(log_keys.c.revoked_at).where(log_keys.c.key == key)).scalars().first()
    return {"key": key, "revoked_at": at}
