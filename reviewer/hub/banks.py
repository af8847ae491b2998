"""The banks of pictures: those of listings that were taken down, pairs that are no match, and hash lists of others.

Pictures are never decoded here: workstations send fingerprints with their decisions.  A picture of a listing that was
taken down stays in the bank as long as the decision stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, and_, select, text, update

from reviewer.domain.values import sha256_hex
from reviewer.hub.auth import Account
from reviewer.hub.messages import DecisionMessage, FingerprintMessage, HashMessage, PairMessage
from reviewer.hub.prepared import Prepared, among, given, inserting
from reviewer.hub.schema import bank_changes, bank_entries, decisions, fingerprints, listing_pictures, listings, sellers
from reviewer.hub.sequenced import write_at_end

Bank = Literal["infringing", "negative"]

_LISTING = Prepared(
    select(listings.c.title, listings.c.marketplace, listings.c.seller_id, sellers.c.display_name)
    .join(sellers, sellers.c.id == listings.c.seller_id)
    .where(listings.c.id == given("listing"))
)
_PICTURES = Prepared(
    select(listing_pictures.c.sha256)
    .where(listing_pictures.c.listing_id == given("listing"))
    .order_by(listing_pictures.c.place)
)
_OF_DECISION = Prepared(
    select(bank_entries.c.id)
    .where(bank_entries.c.decision_id == given("decision"), bank_entries.c.removed.is_(False))
    .order_by(bank_entries.c.id)
)
_ADD = Prepared(inserting(bank_entries))
_GONE_OF_DECISION = Prepared(
    select(bank_entries.c.id)
    .where(bank_entries.c.decision_id == given("decision"), bank_entries.c.removed.is_(True))
    .order_by(bank_entries.c.id)
)
_RETURN = Prepared(update(bank_entries).where(bank_entries.c.id == given("entry")).values(removed=False))
_REMOVE = Prepared(update(bank_entries).where(bank_entries.c.id == given("entry")).values(removed=True))
_RECORD = Prepared(inserting(bank_changes))
_CODES = Prepared(
    select(fingerprints).where(among(fingerprints.c.picture, "pictures")).order_by(fingerprints.c.algorithm)
)
#: Both databases read this alike; what is known of a picture stays as it came first.
_KEEP = text(
    "INSERT INTO fingerprints (picture, algorithm, version, quality, codes)"
    " VALUES (:picture, :algorithm, :version, :quality, :codes) ON CONFLICT DO NOTHING"
)

_COLUMNS = [column.name for column in bank_entries.c]
#: Two clients may send the same line at once: the second finds it known.
_ADD_NEW = text(
    f"INSERT INTO bank_entries ({', '.join(_COLUMNS)}) VALUES ({', '.join(f':{name}' for name in _COLUMNS)})"
    " ON CONFLICT DO NOTHING"
)


def keep_fingerprints(connection: Connection, prints: Sequence[FingerprintMessage]) -> None:
    """Keeps what a workstation computed; the first answer for a picture and a version of an algorithm stays."""
    if prints:
        connection.execute(
            _KEEP,
            [
                {
                    "picture": one.picture,
                    "algorithm": one.algorithm,
                    "version": one.version,
                    "quality": one.quality,
                    "codes": " ".join(one.codes),
                }
                for one in sorted(prints, key=lambda one: (one.picture, one.algorithm, one.version))
            ],
        )


def fill(connection: Connection, account: Account, decision: DecisionMessage, moment: str) -> int:
    """Puts the pictures of a listing that is taken down into the infringing bank; answers how many came."""
    names = list(dict.fromkeys(row.sha256 for row in _PICTURES.rows(connection, listing=decision.listing_id)))
    listing = _LISTING.first(connection, listing=decision.listing_id)
    if not names or listing is None:
        return 0
    rows = [
        _entry(
            f"{decision.id}:{name[:32]}",
            "infringing",
            moment,
            picture=name,
            label=decision.ground,
            listing_id=decision.listing_id,
            listing_title=listing.title,
            marketplace=listing.marketplace,
            seller_id=listing.seller_id,
            seller_name=listing.display_name,
            decision_id=decision.id,
            reviewer=account.name,
        )
        for name in names
    ]
    _ADD.run_all(connection, rows)
    _record(connection, [row["id"] for row in rows])
    return len(rows)


def empty(connection: Connection, decision_id: str) -> int:
    """Takes out what a decision put in; answers how many went."""
    names = [row.id for row in _OF_DECISION.rows(connection, decision=decision_id)]
    _REMOVE.run_all(connection, [{"entry": name} for name in names])
    _record(connection, names)
    return len(names)


def refill(connection: Connection, decision_id: str) -> None:
    """Puts in again what `empty` took out."""
    names = [row.id for row in _GONE_OF_DECISION.rows(connection, decision=decision_id)]
    _RETURN.run_all(connection, [{"entry": name} for name in names])
    _record(connection, names)


def take_pairs(connection: Connection, account: Account, pairs: Sequence[PairMessage], moment: str) -> list[str]:
    """Confirms that pictures are no match, or takes that back; `stored` or `known` for each, in order."""
    answers = []
    for pair in pairs:
        first, second = sorted((pair.picture, pair.other))
        name = "n:" + sha256_hex(f"{first} {second}".encode())
        query = select(bank_entries.c.removed).where(bank_entries.c.id == name).with_for_update()
        known = connection.execute(query).first()
        if known is not None and bool(known.removed) == pair.removed:
            answers.append("known")
            continue
        if known is None and pair.removed:
            answers.append("known")
            continue
        if known is None:
            row = _entry(
                name, "negative", moment, picture=first, other=second, note=pair.note, reviewer=account.name,
                decision_id=pair.decision_id,
            )  # fmt: skip
            if not connection.execute(_ADD_NEW, row).rowcount:
                answers.append("known")
                continue
        else:
            values = {"removed": pair.removed, "note": pair.note, "reviewer": account.name, "at": moment}
            connection.execute(update(bank_entries).where(bank_entries.c.id == name).values(values))
        _record(connection, [name])
        answers.append("stored")
    return answers


def take_hashes(connection: Connection, reviewer: str, hashes: Iterable[HashMessage], moment: str) -> list[str]:
    """Adds a hash list of somebody else to the infringing bank; `stored` or `known` for each, in order."""
    answers = []
    for one in hashes:
        name = "h:" + sha256_hex(f"{one.algorithm} {one.version} {one.hash}".encode())
        row = _entry(name, "infringing", moment, picture=name, label=one.label, source=one.source, reviewer=reviewer)
        if not connection.execute(_ADD_NEW, row).rowcount:
            answers.append("known")
            continue
        connection.execute(
            _KEEP,
            {
                "picture": name,
                "algorithm": one.algorithm,
                "version": one.version,
                "quality": one.quality,
                "codes": one.hash,
            },
        )
        _record(connection, [name])
        answers.append("stored")
    return answers


def bank_page(connection: Connection, bank: Bank, after: int, limit: int) -> tuple[list[dict[str, Any]], int]:
    """Entries that came or went after a number, as they are now, and the number to go on from."""
    rows = connection.execute(
        select(bank_changes.c.seq.label("change"), bank_entries, decisions.c.body)
        .join(bank_entries, bank_entries.c.id == bank_changes.c.entry_id)
        .outerjoin(decisions, and_(decisions.c.id == bank_entries.c.decision_id, bank_entries.c.decision_id != ""))
        .where(bank_changes.c.seq > after, bank_entries.c.bank == bank)
        .order_by(bank_changes.c.seq)
        .limit(limit)
    ).all()
    latest = {row.id: row for row in rows}
    prints: dict[str, list[dict[str, Any]]] = {}
    for row in _CODES.rows(connection, pictures=sorted({row.picture for row in latest.values()})):
        prints.setdefault(row.picture, []).append(
            {
                "algorithm": row.algorithm,
                "version": row.version,
                "quality": row.quality,
                "codes": row.codes.split(),
            }
        )
    items = [_shown(row, prints.get(row.picture, [])) for row in latest.values()]
    return items, rows[-1].change if rows else after


def _shown(row: Any, prints: list[dict[str, Any]]) -> dict[str, Any]:
    said = msgspec.json.decode(row.body, type=_Said) if row.body else _Said(note=row.note)
    return {
        "id": row.id,
        "picture": row.picture if not row.picture.startswith("h:") else "",
        "other": row.other,
        "label": row.label,
        "source": row.source,
        "listing_id": row.listing_id,
        "listing_title": row.listing_title,
        "marketplace": row.marketplace,
        "seller_id": row.seller_id,
        "seller_name": row.seller_name,
        "decision_id": row.decision_id,
        "reviewer": row.reviewer,
        "note": said.note,
        "at": row.at,
        "removed": bool(row.removed),
        "fingerprints": prints,
    }


class _Said(msgspec.Struct):
    note: str = ""


def _entry(name: str, bank: Bank, moment: str, **values: Any) -> dict[str, Any]:
    blank = {column.name: "" for column in bank_entries.c}
    return blank | {"id": name, "bank": bank, "at": moment, "removed": False} | values


def _record(connection: Connection, names: Iterable[str]) -> None:
    write_at_end(connection, _RECORD, [{"entry_id": name} for name in names])
