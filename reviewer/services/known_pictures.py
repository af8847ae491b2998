"""What is known of a listing's pictures: matches, earlier decisions, other open cases.  On the store's thread."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from reviewer.domain.case import Case
from reviewer.domain.evidence import BankEntry, Earlier, Found
from reviewer.domain.facts import CLASSES, Match
from reviewer.domain.values import format_time
from reviewer.services.model import CaseOnDesk
from reviewer.storage import decisions, near_cases
from reviewer.storage import evidence as table
from reviewer.storage.database import Database


def matches_of(
    database: Database, case: Case, version: str, open_cases: dict[str, list[CaseOnDesk]]
) -> Iterable[Match]:
    """All that is known; `open_cases` are those on the desk, by their pictures."""
    own = {picture.sha256: product.id for product in case.references for picture in product.pictures}
    listing = dict.fromkeys(picture.sha256 for picture in case.listing.pictures)
    for picture in listing:
        compared = table.matches(database, picture, version)
        for other, found in compared.items():
            if table.no_match(database, picture, other):
                continue
            method = "pdq" if found.method == "fingerprint" else "keypoints"
            if other in own:
                yield Match(picture, other, "reference", own[other], method, 0, found)
                continue
            if other in listing:
                yield Match(picture, other, "within", case.listing.id, method, 0, found)
                continue
            for _, entry in table.bank_entries(database, other):
                if entry.listing_id != case.listing.id:
                    yield _of_bank(picture, other, method, found, entry)
            yield from _open(picture, other, method, found, case, open_cases)
            product = table.reference_of(database, other)
            if product is not None:
                label = f"{product.brand} {product.model}"
                yield Match(picture, other, "reference", product.id, method, 0, found, label)
        yield from _elsewhere(database, picture, compared, case, open_cases)
        if picture in own:
            continue
        for _, entry in table.bank_entries(database, picture):
            if entry.listing_id != case.listing.id:
                yield _of_bank(picture, picture, "sha256", None, entry)
        yield from _open(picture, picture, "sha256", None, case, open_cases)


def _elsewhere(
    database: Database, picture: str, compared: Mapping[str, Found], case: Case, open_cases: dict[str, list[CaseOnDesk]]
) -> Iterable[Match]:
    """Open cases that are not on the desk, as the server told: with the same picture, or with one that was compared."""
    here = {entry.case.id for entries in open_cases.values() for entry in entries}
    brand = {one.sha256 for product in case.references for one in product.pictures}
    for near in near_cases.near(database, picture):
        if near.case_id in here or near.listing_id == case.listing.id or near.other in brand:
            continue
        found = compared.get(near.other)
        if near.other != picture and (found is None or table.no_match(database, picture, near.other)):
            continue
        method = "sha256" if found is None else "pdq" if found.method == "fingerprint" else "keypoints"
        yield Match(picture, near.other, "listing", near.case_id, method, 0, found, near.listing_title)


def _open(
    picture: str, other: str, method: str, found: Found | None, case: Case, open_cases: dict[str, list[CaseOnDesk]]
) -> Iterable[Match]:
    for entry in open_cases.get(other, ()):
        if entry.case.listing.id != case.listing.id:
            title = entry.case.listing.title
            yield Match(picture, other, "listing", entry.case.id, method, 0, found, title)


def _of_bank(picture: str, other: str, method: str, found: Found | None, entry: BankEntry) -> Match:
    at = format_time(entry.at)[:10] if entry.at else ""
    return Match(
        picture, other, "infringing", entry.listing_id or entry.id, method, 0, found,
        entry.listing_title or entry.source or entry.label, at,
    )  # fmt: skip


def earlier_of(
    database: Database, case: Case, matches: Sequence[Match], open_cases: Iterable[CaseOnDesk]
) -> Iterable[Earlier]:
    shared: dict[str, list[Match]] = {}
    for match in matches:
        if CLASSES.index(match.kind) >= CLASSES.index("recoloured"):
            shared.setdefault(match.other, []).append(match)
    told: set[str] = set()
    brand = {picture.sha256 for product in case.references for picture in product.pictures}
    for other, found in shared.items():
        pictures = tuple(dict.fromkeys(match.picture for match in found))
        for _, entry in table.bank_entries(database, other):
            if entry.listing_id == case.listing.id or entry.decision_id in told or other in brand:
                continue
            told.add(entry.decision_id or entry.id)
            yield Earlier(
                pictures, entry.listing_title or entry.source, entry.seller_name, "takedown", entry.label, entry.note,
                entry.reviewer, entry.at, listing_id=entry.listing_id, picture=other,
            )  # fmt: skip
    for picture in dict.fromkeys([*(p.sha256 for p in case.listing.pictures), *shared]):
        if picture in brand:
            continue
        pictures = tuple(dict.fromkeys(m.picture for m in shared.get(picture, ()))) or (picture,)
        for _, decision_id in table.decided_before(database, picture, case.listing.id):
            decision = decisions.read(database, decision_id)
            if decision is None or decision_id in told:
                continue
            told.add(decision_id)
            title = decisions.title_of(database, decision_id)
            yield Earlier(
                pictures, title, "", decision.kind.value, decision.ground, decision.note, "", decision.decided_at,
                listing_id=decision.listing_id, picture=picture,
            )  # fmt: skip
    open_ones = {
        near.case_id: (near.listing_id, near.listing_title, near.seller_name)
        for picture in case.listing.pictures
        for near in near_cases.near(database, picture.sha256)
    }
    for one in open_cases:
        listing = one.case.listing
        open_ones[one.case.id] = listing.id, listing.title, one.case.seller.display_name
    listed: set[str] = set()
    for match in matches:
        same = CLASSES.index(match.kind) >= CLASSES.index("recoloured")
        if match.source != "listing" or not same or match.source_id in listed or match.source_id not in open_ones:
            continue
        listed.add(match.source_id)
        listing_id, title, seller = open_ones[match.source_id]
        pictures = tuple(m.picture for m in matches if m.source == "listing" and m.source_id == match.source_id)
        yield Earlier(
            tuple(dict.fromkeys(pictures)), title, seller, case_id=match.source_id, listing_id=listing_id,
            picture=match.other,
        )  # fmt: skip
