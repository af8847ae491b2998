"""What the checklist of a notice reads: listings, earlier notices of them, and rights that brands have on record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from reviewer.domain.notice import Outcome
from reviewer.domain.reference import Right
from reviewer.domain.values import parse_time
from reviewer.hub.claimants import Claimant
from reviewer.hub.prepared import Prepared, among
from reviewer.hub.rights import right_of
from reviewer.hub.schema import claimants, listings, marketplaces, notice_listings, notices, rights
from reviewer.policy.notice_checks import Checklist, Complaint, EarlierNotice, Offer
from reviewer.policy.policy import Policy

_SHOWN = 5

_LISTINGS = Prepared(
    select(
        listings.c.id,
        listings.c.marketplace,
        listings.c.seller_id,
        listings.c.category,
        listings.c.revision,
        listings.c.state,
        listings.c.body,
        marketplaces.c.country,
    )
    .join(marketplaces, marketplaces.c.id == listings.c.marketplace, isouter=True)
    .where(among(listings.c.id, "ids"))
)
_EARLIER = Prepared(
    select(
        notice_listings.c.seq,
        notice_listings.c.listing_id,
        notice_listings.c.right_key,
        notice_listings.c.notice_id,
        notice_listings.c.claimant_id,
        claimants.c.name,
        notices.c.received_at,
        notice_listings.c.revision,
        notice_listings.c.outcome,
        notices.c.body,
    )
    .join(notices, notices.c.id == notice_listings.c.notice_id)
    .join(claimants, claimants.c.id == notice_listings.c.claimant_id)
    .where(among(notice_listings.c.listing_id, "listings"), notices.c.withdrawn_at.is_(None))
    .order_by(notice_listings.c.seq)
)
_RIGHTS = Prepared(select(rights.c.key, rights.c.body).where(among(rights.c.key, "keys")))


class _Place(msgspec.Struct):
    """What of a listing's body the checklist reads."""

    country: str = ""
    gtin: str = ""


class _Sent(msgspec.Struct):
    """What of an earlier notice tells whether anything is new."""

    evidence: list[str] = []


_PLACES = msgspec.json.Decoder(_Place)
_SENT = msgspec.json.Decoder(_Sent)


@dataclass(frozen=True, slots=True)
class Before:
    """An earlier notice of the same listing and right."""

    notice_id: str
    claimant_id: str
    name: str
    received_at: str
    revision: str
    outcome: str
    evidence: tuple[str, ...]

    def told(self) -> EarlierNotice:
        """It as the checklist speaks of it."""
        outcome = "" if self.outcome == Outcome.OPEN else self.outcome
        return EarlierNotice(self.notice_id, parse_time(self.received_at), self.name, outcome)


def read_listings(connection: Connection, ids: Iterable[str]) -> dict[str, Any]:
    """The rows of the named listings that exist."""
    return {row.id: row for row in _LISTINGS.rows(connection, ids=sorted(ids))}


def read_rights(connection: Connection, keys: Iterable[str]) -> dict[str, Right]:
    """The rights that brands have on record, by key."""
    rows = _RIGHTS.rows(connection, keys=sorted(keys))
    return {row.key: right_of(msgspec.json.decode(row.body)) for row in rows}


def read_earlier(connection: Connection, ids: Iterable[str]) -> dict[tuple[str, str], list[tuple[int, Before]]]:
    """The notices of some listings that were not withdrawn, by listing and right: their numbers, oldest first."""
    found: dict[tuple[str, str], list[tuple[int, Before]]] = {}
    for row in _EARLIER.rows(connection, listings=sorted(ids)):
        evidence = tuple(_SENT.decode(row.body).evidence)
        before = Before(row.notice_id, row.claimant_id, row.name, row.received_at, row.revision, row.outcome, evidence)
        found.setdefault((row.listing_id, row.right_key), []).append((row.seq, before))
    return found


def checklist_of(
    body: Mapping[str, Any], claimant: Claimant, policy: Policy, day: datetime, known: Right | None
) -> Checklist:
    """The checklist of a notice (its JSON shape, the listings may be missing) on a day."""
    complaint = Complaint(
        source=claimant.source,
        claimant=claimant.name,
        statement=body.get("statement", ""),
        good_faith=body.get("good_faith", False),
        right=right_of(body["right"]) if body.get("right") else None,
        acting_as=body.get("acting_as", ""),
        owners=claimant.owners,
        evidence=tuple(body.get("evidence", ())),
    )
    return Checklist(complaint, day, policy.goods, known)


def offer_of(row: Any, gtin: str) -> Offer:
    """A listing as the checklist sees it: offered in its own country, else in its marketplace's."""
    place = _PLACES.decode(row.body)
    return Offer(row.category, place.country or row.country or "", place.gtin, gtin)


def with_missing(asked: Iterable[str], missing: Sequence[str]) -> list[str]:
    """What is asked of a claimant, each once, with the listings that are not known here."""
    words = list(dict.fromkeys(asked))
    if missing:
        more = f" and {len(missing) - _SHOWN:,} more" if len(missing) > _SHOWN else ""
        shown = ", ".join(missing[:_SHOWN]) + more
        words.append(f"Not known here: {shown}. Check the listing's id as the marketplace shows it.")
    return words
