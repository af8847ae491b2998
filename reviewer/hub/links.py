"""What accounts share: hashed identifiers, photos and near-equal texts.

Identifiers come from marketplaces, in the clear or hashed by them.  Either way the hub keeps and serves nothing but
HMAC-SHA-256 under a secret of its own: whoever reads its tables or a desk's store can't try telephone numbers.
"""

from __future__ import annotations

import hmac
import re
import secrets
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, delete, func, insert, or_, select

from reviewer.domain.shingles import NEAR, bands, likeness, shingles
from reviewer.hub.locks import FEED, hold
from reviewer.hub.messages import IdentifierMessage
from reviewer.hub.prepared import Prepared, given
from reviewer.hub.schema import (
    cases,
    facts,
    fingerprints,
    listing_pictures,
    listings,
    reference_products,
    seller_identifiers,
    seller_links,
    sellers,
    text_bands,
)
from reviewer.policy.links import CROWD, IDENTIFIERS, photo_strength, text_strength

_SALT = "identifier_salt"
_NOT_OF_A_NUMBER = re.compile(r"[^0-9a-z]")
#: So many near texts and photos of one seller are looked at.
_MOST = 2000


def take_identifiers(connection: Connection, items: Sequence[IdentifierMessage]) -> list[str]:
    """Writes hashed identifiers and the links that follow.

    Says of each `stored`, `known`, `removed`, `unknown_seller`, or `refused` where it has not one of value and digest.
    The order of arrival changes no link.
    """
    hold(connection, FEED)
    salt = _salt(connection)
    known = {
        row.id
        for row in connection.execute(select(sellers.c.id).where(sellers.c.id.in_({item.seller_id for item in items})))
    }
    answers: list[str] = []
    touched: set[tuple[str, str]] = set()
    table = seller_identifiers
    for item in items:
        if item.seller_id not in known:
            answers.append("unknown_seller")
            continue
        if bool(item.value.strip()) == bool(item.digest):
            answers.append("refused")
            continue
        digest = digest_of(salt, item.kind, item.value, item.digest)
        key = and_(table.c.kind == item.kind, table.c.digest == digest, table.c.seller_id == item.seller_id)
        there = connection.execute(select(table.c.kind).where(key)).first() is not None
        if there == (not item.removed):
            answers.append("known")
            continue
        if item.removed:
            connection.execute(delete(table).where(key))
        else:
            row = {"kind": item.kind, "digest": digest, "seller_id": item.seller_id}
            connection.execute(insert(table), row)
        answers.append("removed" if item.removed else "stored")
        touched |= {(item.kind, item.seller_id)} | {
            (item.kind, other) for other in _at_the_edge(connection, item.kind, digest)
        }
    for kind, seller_id in sorted(touched):
        _link(connection, kind, seller_id)
    return answers


def digest_of(salt: bytes, kind: str, value: str, digest: str) -> str:
    """What is kept of an identifier in the clear, however it is spaced and written, or of a marketplace's hash."""
    plain = digest
    if value:
        plain = " ".join(unicodedata.normalize("NFKC", value).casefold().split())
        if kind != "address":
            plain = _NOT_OF_A_NUMBER.sub("", plain) or plain
    return hmac.new(salt, f"{kind}:{plain}".encode(), sha256).hexdigest()


def _salt(connection: Connection) -> bytes:
    kept = connection.execute(select(facts.c.value).where(facts.c.name == _SALT)).scalar()
    if kept is None:
        kept = secrets.token_hex(32)
        connection.execute(insert(facts), {"name": _SALT, "value": kept})
    return bytes.fromhex(kept)


def _at_the_edge(connection: Connection, kind: str, digest: str) -> list[str]:
    """All accounts with an identifier that has just become, or is just no longer, everybody's."""
    table, crowd = seller_identifiers, IDENTIFIERS[kind].crowd
    having = and_(table.c.kind == kind, table.c.digest == digest)
    found = [row.seller_id for row in connection.execute(select(table.c.seller_id).where(having).limit(crowd + 2))]
    return found if len(found) in (crowd, crowd + 1) else []


def _link(connection: Connection, kind: str, seller_id: str) -> None:
    """Writes anew the links of one kind that a seller has, in both directions."""
    links = seller_links
    old = and_(links.c.kind == kind, links.c.seller_id == seller_id)
    others = [row.other_id for row in connection.execute(select(links.c.other_id).where(old))]
    if others:
        back = and_(links.c.kind == kind, links.c.seller_id.in_(others), links.c.other_id == seller_id)
        connection.execute(delete(links).where(or_(old, back)))
    mine, theirs = seller_identifiers, seller_identifiers.alias()
    digests = [
        row.digest
        for row in connection.execute(select(mine.c.digest).where(mine.c.kind == kind, mine.c.seller_id == seller_id))
    ]
    weight = IDENTIFIERS[kind]
    shared: set[str] = set()
    for digest in digests:
        having = and_(theirs.c.kind == kind, theirs.c.digest == digest)
        query = select(theirs.c.seller_id).where(having).limit(weight.crowd + 1)
        found = [row.seller_id for row in connection.execute(query)]
        if len(found) <= weight.crowd:
            shared |= set(found)
    _write_links(connection, [(seller_id, other, kind) for other in sorted(shared - {seller_id})])


def _write_links(connection: Connection, pairs: Sequence[tuple[str, str, str]]) -> None:
    rows = [
        {"seller_id": one, "other_id": other, "kind": kind, "strength": IDENTIFIERS[kind].strength}
        for first, second, kind in pairs
        for one, other in ((first, second), (second, first))
    ]
    if rows:
        connection.execute(insert(seller_links), rows)


def seed_identifiers(connection: Connection, marks: Mapping[str, Mapping[str, str]]) -> None:
    """The same for an empty hub, in bulk: hashes by kind, by seller."""
    salt = _salt(connection)
    rows = [
        {"kind": kind, "digest": digest_of(salt, kind, "", mark), "seller_id": seller_id}
        for seller_id, kinds in marks.items()
        for kind, mark in kinds.items()
    ]
    if not rows:
        return
    connection.execute(insert(seller_identifiers), rows)
    groups: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        groups.setdefault((row["kind"], row["digest"]), []).append(row["seller_id"])
    pairs = {
        (one, other, kind)
        for (kind, _), members in groups.items()
        if len(members) <= IDENTIFIERS[kind].crowd
        for place, one in enumerate(members)
        for other in members[place + 1 :]
    }
    _write_links(connection, sorted(pairs))


def identifiers_of(connection: Connection, seller_id: str) -> list[dict[str, Any]]:
    """The hashed identifiers of a seller, each with how many accounts have it (this one counted)."""
    mine, theirs = seller_identifiers, seller_identifiers.alias()
    query = (
        select(mine.c.kind, mine.c.digest, func.count().label("accounts"))
        .join(theirs, and_(theirs.c.kind == mine.c.kind, theirs.c.digest == mine.c.digest))
        .where(mine.c.seller_id == seller_id)
        .group_by(mine.c.kind, mine.c.digest)
        .order_by(mine.c.kind, mine.c.digest)
        .limit(200)
    )
    rows = connection.execute(query)
    return [{"kind": row.kind, "digest": row.digest, "accounts": row.accounts} for row in rows]


_FORGET_BANDS = Prepared(delete(text_bands).where(text_bands.c.listing_id == given("listing")))
_ADD_BAND = Prepared(
    insert(text_bands).values(band=given("band"), value=given("value"), listing_id=given("listing_id"))
)


def sketch_texts(connection: Connection, texts: Iterable[tuple[str, str]]) -> None:
    """Keeps of each listing's text (its id, its title and description) what near-equal ones are found by."""
    rows = [
        {"band": band, "value": value, "listing_id": listing}
        for listing, text in texts
        for band, value in bands(shingles(text))
    ]
    if rows:
        _ADD_BAND.run_all(connection, rows)


def sketch_again(connection: Connection, listing: str, text: str) -> None:
    """The same for a listing whose text may have changed."""
    _FORGET_BANDS.run(connection, listing=listing)
    sketch_texts(connection, [(listing, text)])


def links_by_content(connection: Connection, seller_id: str) -> list[dict[str, Any]]:
    """Links by shared photos and by near-equal texts: other seller, kind, strength and how many."""
    photos, texts = _shared_photos(connection, seller_id), _near_texts(connection, seller_id)
    found = [
        {"other_id": other, "kind": "pictures", "strength": photo_strength(count), "count": count}
        for other, count in photos.items()
    ]
    found += [
        {"other_id": other, "kind": "texts", "strength": text_strength(count, best), "count": count}
        for other, (count, best) in texts.items()
    ]
    return found


def _shared_photos(connection: Connection, seller_id: str) -> dict[str, int]:
    """How many photos each other seller has in common with this one: the same file, or the same fingerprint.

    The brands' own photos say nothing, nor do photos that more than `CROWD` sellers have.
    """
    mine = (
        select(listing_pictures.c.sha256)
        .join(listings, listings.c.id == listing_pictures.c.listing_id)
        .where(listings.c.seller_id == seller_id)
        .distinct()
        .limit(_MOST)
    )
    pictures = {row.sha256 for row in connection.execute(mine)} - _of_brands(connection, seller_id)
    like = _same_fingerprint(connection, pictures)
    holders: dict[str, set[str]] = {}
    names = sorted(pictures | like.keys())
    for start in range(0, len(names), 500):
        query = (
            select(listing_pictures.c.sha256, listings.c.seller_id)
            .join(listings, listings.c.id == listing_pictures.c.listing_id)
            .where(listing_pictures.c.sha256.in_(names[start : start + 500]))
            .distinct()
            .limit(_MOST * 5)
        )
        for row in connection.execute(query):
            holders.setdefault(like.get(row.sha256, row.sha256), set()).add(row.seller_id)
    shared: dict[str, int] = {}
    for having in holders.values():
        if len(having) <= CROWD:
            for other in having - {seller_id}:
                shared[other] = shared.get(other, 0) + 1
    return shared


def _of_brands(connection: Connection, seller_id: str) -> set[str]:
    rows = connection.execute(
        select(cases.c.reference_ids).where(cases.c.seller_id == seller_id).distinct().limit(_MOST)
    )
    ids = {name for row in rows for name in msgspec.json.decode(row.reference_ids, type=list[str])}
    bodies = connection.execute(select(reference_products.c.body).where(reference_products.c.id.in_(ids)))
    return {picture["sha256"] for row in bodies for picture in msgspec.json.decode(row.body)["pictures"]}


def _same_fingerprint(connection: Connection, pictures: set[str]) -> dict[str, str]:
    """Other pictures with the very fingerprint of one of these, by which of these it is."""
    mine, theirs = fingerprints, fingerprints.alias()
    found: dict[str, str] = {}
    names = sorted(pictures)
    for start in range(0, len(names), 500):
        same = and_(
            theirs.c.codes == mine.c.codes,
            theirs.c.algorithm == mine.c.algorithm,
            theirs.c.version == mine.c.version,
            theirs.c.picture != mine.c.picture,
        )
        query = (
            select(theirs.c.picture, mine.c.picture.label("own"))
            .join(theirs, same)
            .where(mine.c.picture.in_(names[start : start + 500]), mine.c.quality >= 50)
            .limit(_MOST)
        )
        found |= {row.picture: row.own for row in connection.execute(query)}
    return {picture: own for picture, own in found.items() if picture not in pictures}


def _near_texts(connection: Connection, seller_id: str) -> dict[str, tuple[int, float]]:
    """For each other seller how many texts of this one are near-equal to one of theirs, and how near the nearest is."""
    mine, theirs, other = text_bands, text_bands.alias(), listings.alias()
    query = (
        select(mine.c.listing_id, theirs.c.listing_id.label("other_listing"), other.c.seller_id)
        .join(listings, listings.c.id == mine.c.listing_id)
        .join(theirs, and_(theirs.c.band == mine.c.band, theirs.c.value == mine.c.value))
        .join(other, other.c.id == theirs.c.listing_id)
        .where(listings.c.seller_id == seller_id, other.c.seller_id != seller_id)
        .distinct()
        .limit(_MOST)
    )
    pairs = [(row.listing_id, row.other_listing, row.seller_id) for row in connection.execute(query)]
    sets = _shingle_sets(connection, {name for one, two, _ in pairs for name in (one, two)})
    near: dict[str, dict[str, float]] = {}
    for own, there, seller in pairs:
        alike = likeness(sets[own], sets[there])
        if alike >= NEAR:
            of_text = near.setdefault(own, {})
            of_text[seller] = max(alike, of_text.get(seller, 0.0))
    found: dict[str, tuple[int, float]] = {}
    for sharing in near.values():
        if len(sharing) < CROWD:
            for seller, alike in sharing.items():
                count, best = found.get(seller, (0, 0.0))
                found[seller] = (count + 1, max(best, alike))
    return found


def _shingle_sets(connection: Connection, names: set[str]) -> dict[str, frozenset[int]]:
    found: dict[str, frozenset[int]] = {}
    ordered = sorted(names)
    for start in range(0, len(ordered), 500):
        query = select(listings.c.id, listings.c.body).where(listings.c.id.in_(ordered[start : start + 500]))
        for row in connection.execute(query):
            found[row.id] = shingles(text_of(msgspec.json.decode(row.body)))
    return found


def text_of(listing: Mapping[str, Any]) -> str:
    """The text of a listing that is compared."""
    return f"{listing['title']}\n{listing['description']}"
