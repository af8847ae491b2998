"""Open cases whose listings show near pictures, whoever has them on the desk or nobody.

Workstations send the fingerprints of what they see; nothing is decoded here.  The search is exact: two codes of 256
bits that differ in at most 31 have, of 16 parts of 16 bits, one that differs in at most one bit.  So each code is kept
under its 16 parts, and is looked up under those and all that are one bit off (Norouzi et al., "Fast search in Hamming
space with multi-index hashing", 2012).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, exists, select, text

from reviewer.hub.banks import keep_fingerprints
from reviewer.hub.messages import SeenPicture
from reviewer.hub.prepared import Prepared, among, given
from reviewer.hub.schema import cases, fingerprints, listing_pictures, listings, media, picture_bands, sellers
from reviewer.hub.sellers import ACTIVE_STATES

ALGORITHM, VERSION, BITS = "pdq", 1, 256
#: PDQ's usual limit; the parts find all within it.
RADIUS = 31
_PARTS = 16
_PART_BITS = BITS // _PARTS
#: Cases that are told for one picture, the nearest first.
MOST = 50

_KEEP = text("INSERT INTO picture_bands (band, picture) VALUES (:band, :picture) ON CONFLICT DO NOTHING")
_BANDED = Prepared(select(picture_bands.c.picture).where(among(picture_bands.c.band, "bands")).distinct())
_CODES = Prepared(
    select(fingerprints.c.picture, fingerprints.c.codes).where(
        among(fingerprints.c.picture, "pictures"),
        fingerprints.c.algorithm == ALGORITHM,
        fingerprints.c.version == VERSION,
    )
)
_CASES = Prepared(
    select(
        listing_pictures.c.sha256,
        cases.c.id,
        cases.c.marketplace,
        cases.c.listing_id,
        listings.c.title,
        cases.c.seller_id,
        sellers.c.display_name,
    )
    .join(cases, cases.c.listing_id == listing_pictures.c.listing_id)
    .join(listings, listings.c.id == cases.c.listing_id)
    .join(sellers, sellers.c.id == cases.c.seller_id)
    .where(among(listing_pictures.c.sha256, "pictures"), cases.c.state.in_(ACTIVE_STATES))
    .order_by(cases.c.seq)
)
_UNSEEN = Prepared(
    select(listing_pictures.c.sha256)
    .join(cases, cases.c.listing_id == listing_pictures.c.listing_id)
    .join(media, media.c.sha256 == listing_pictures.c.sha256)
    .where(
        cases.c.state.in_(ACTIVE_STATES),
        listing_pictures.c.sha256 >= given("start"),
        ~exists().where(
            fingerprints.c.picture == listing_pictures.c.sha256,
            fingerprints.c.algorithm == ALGORITHM,
            fingerprints.c.version == VERSION,
        ),
    )
    .distinct()
    .order_by(listing_pictures.c.sha256)
    .limit(given("count"))
)


def keep_seen(connection: Connection, seen: Sequence[SeenPicture]) -> None:
    """Keeps the fingerprints of pictures, and the parts by which they are found; what is known already stays."""
    keep_fingerprints(connection, seen)
    kept = {row.picture: row.codes for row in _CODES.rows(connection, pictures=sorted({one.picture for one in seen}))}
    rows = [
        {"band": band, "picture": name}
        for name, codes in sorted(kept.items())
        for band in sorted({_named(*band) for code in _whole(codes.split()) for band in _bands(code)})
    ]
    if rows:
        connection.execute(_KEEP, rows)


def near_cases(connection: Connection, seen: Iterable[SeenPicture]) -> list[list[dict[str, Any]]]:
    """For each picture the open cases with a picture within 31 bits of any of its `searched` codes, nearest first."""
    return [_near(connection, one) for one in seen]


def unseen_pictures(connection: Connection, start: str, count: int) -> list[str]:
    """Pictures of open cases that no workstation has told of, from a digest on, and then from the first one."""
    found = [row.sha256 for row in _UNSEEN.rows(connection, start=start, count=count)]
    if len(found) < count and start:
        again = [row.sha256 for row in _UNSEEN.rows(connection, start="", count=count - len(found))]
        found += [name for name in again if name < start]
    return found


def _near(connection: Connection, one: SeenPicture) -> list[dict[str, Any]]:
    asked = _whole([*one.codes, *one.searched])
    distances = {one.picture: 0}
    if asked:
        bands = sorted({near for code in asked for band in _bands(code) for near in _one_off(band)})
        names = [row.picture for row in _BANDED.rows(connection, bands=bands)]
        for row in _CODES.rows(connection, pictures=names):
            bits = min((a ^ b).bit_count() for a in asked for b in _whole(row.codes.split()))
            if bits <= RADIUS and row.picture != one.picture:
                distances[row.picture] = bits
    rows = _CASES.rows(connection, pictures=sorted(distances))
    nearest: dict[str, Any] = {}
    for row in sorted(rows, key=lambda row: distances[row.sha256]):
        nearest.setdefault(row.id, row)
    return [
        {
            "picture": one.picture,
            "other": row.sha256,
            "bits": distances[row.sha256],
            "case_id": row.id,
            "listing_id": row.listing_id,
            "listing_title": row.title,
            "marketplace": row.marketplace,
            "seller_id": row.seller_id,
            "seller_name": row.display_name,
        }
        for row in list(nearest.values())[:MOST]
    ]


def _whole(codes: Iterable[str]) -> list[int]:
    return [int(code, 16) for code in dict.fromkeys(codes) if len(code) == BITS // 4]


def _bands(code: int) -> list[tuple[int, int]]:
    mask = (1 << _PART_BITS) - 1
    return [(part, code >> (part * _PART_BITS) & mask) for part in range(_PARTS)]


def _one_off(band: tuple[int, int]) -> list[str]:
    part, value = band
    return [_named(part, value), *(_named(part, value ^ 1 << bit) for bit in range(_PART_BITS))]


def _named(part: int, value: int) -> str:
    return f"{part:x}{value:04x}"
