"""Referrals: who made a pack, who confirmed it, and the hub's signed word for both."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from reviewer.domain.referral import ReferralWitness
from reviewer.domain.values import format_time, parse_time
from reviewer.hub.auth import Account
from reviewer.hub.locks import FEED, hold
from reviewer.hub.messages import ReferralMessage
from reviewer.hub.problems import Problem
from reviewer.hub.schema import accounts, facts, referrals, sellers
from reviewer.ledger.keys import SigningKey
from reviewer.ledger.referrals import referral_bytes

_SEED = "referral_seed"


def take_referral(connection: Connection, account: Account, message: ReferralMessage, now: datetime) -> dict[str, Any]:
    """Writes down that a pack was made or confirmed, and answers the hub's word for it; repeating it changes nothing.

    Raises `Problem`: `not-found` for an unknown seller or pack, `not-yours` where the second person is the first,
    `other-pack` where the pack is not the one that was made.
    """
    hold(connection, FEED)
    row = connection.execute(select(referrals).where(referrals.c.id == message.id)).first()
    if message.act == "made" and row is None:
        if connection.execute(select(sellers.c.id).where(sellers.c.id == message.seller_id)).first() is None:
            raise Problem("not-found", "There is no such seller.")
        values = {"id": message.id, "digest": message.digest, "seller_id": message.seller_id, "made_by": account.id}
        connection.execute(insert(referrals), values | {"made_at": format_time(now)})
        return _witness(connection, message.id)
    if row is None:
        raise Problem("not-found", "No pack of that id was made here.")
    if (row.digest, row.seller_id) != (message.digest, message.seller_id):
        raise Problem("other-pack", "Another pack was made under that id: it was changed since, or belongs elsewhere.")
    if message.act == "made" and row.made_by != account.id:
        raise Problem("other-pack", "Somebody else made that pack.")
    if message.act == "confirmed":
        if row.made_by == account.id:
            raise Problem("same-person", "You made this pack: another person must confirm it, with their own token.")
        if row.confirmed_by is None:
            done = {"confirmed_by": account.id, "confirmed_at": format_time(now)}
            connection.execute(update(referrals).where(referrals.c.id == message.id).values(**done))
    return _witness(connection, message.id)


def _witness(connection: Connection, referral_id: str) -> dict[str, Any]:
    row = connection.execute(select(referrals).where(referrals.c.id == referral_id)).one()
    key = _key(connection)
    found = ReferralWitness(
        row.id,
        row.digest,
        row.seller_id,
        row.made_by,
        _name(connection, row.made_by),
        parse_time(row.made_at),
        row.confirmed_by or "",
        _name(connection, row.confirmed_by),
        parse_time(row.confirmed_at) if row.confirmed_at else None,
        key.public,
    )
    found = replace(found, signature=key.sign(referral_bytes(found)).hex())
    return {name: getattr(found, name) for name in found.__slots__} | {
        "made_at": row.made_at,
        "confirmed_at": row.confirmed_at,
    }


def _name(connection: Connection, account_id: str | None) -> str:
    return str(connection.execute(select(accounts.c.name).where(accounts.c.id == account_id)).scalar() or "")


def referral_key(connection: Connection) -> str:
    """The public key, hexadecimal; made where there is none yet."""
    hold(connection, FEED)
    return _key(connection).public


def _key(connection: Connection) -> SigningKey:
    kept = connection.execute(select(facts.c.value).where(facts.c.name == _SEED)).scalar()
    if kept is None:
        key = SigningKey.generate()
        connection.execute(insert(facts), {"name": _SEED, "value": key.seed.hex()})
        return key
    return SigningKey(bytes.fromhex(kept))


def referral_events(connection: Connection, seller_ids: list[str]) -> list[dict[str, Any]]:
    """For the timeline: packs that were made and confirmed."""
    query = (
        select(referrals, accounts.c.name)
        .join(accounts, accounts.c.id == referrals.c.made_by)
        .where(referrals.c.seller_id.in_(seller_ids))
    )
    return [
        {
            "at": row.made_at,
            "what": "referral",
            "seller_id": row.seller_id,
            "kind": "confirmed" if row.confirmed_by else "draft",
            "ground": "",
            "words": "confirmed by " + _name(connection, row.confirmed_by) if row.confirmed_by else "",
            "note": "",
            "by": row.name,
            "case_id": "",
            "listing_id": "",
            "reference": row.id,
        }
        for row in connection.execute(query)
    ]
