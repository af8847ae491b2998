"""All that a server knows of one seller, as it travels: the seller's accounts, ladder, events, listings and links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from reviewer.domain.seller import Seller, SellerLink


@dataclass(frozen=True, slots=True)
class DossierEvent:
    """Something that happened.  `what` is `flag`, `notice`, `decision`, `reversal`, `measure`, `appeal`, `proof` or
    whatever else a server has: shown as it came.  `kind` and `ground` say which, `words` tell of it, `by` names who;
    `reference` is the id of the flag, notice or decision."""

    at: datetime
    what: str
    seller_id: str = ""
    kind: str = ""
    ground: str = ""
    words: str = ""
    note: str = ""
    by: str = ""
    case_id: str = ""
    listing_id: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class DossierListing:
    """A listing of the trader; `relists` is the id of the removed listing that it repeats, or empty."""

    id: str
    title: str
    state: str
    brand: str = ""
    category: str = ""
    seller_id: str = ""
    marketplace: str = ""
    price: str = ""
    currency: str = ""
    units_sold: int | None = None
    picture: str = ""
    relists: str = ""


@dataclass(frozen=True, slots=True)
class DossierListings:
    """Counts by state, how many repeat a removed one, and the listings themselves (at most 2,000)."""

    by_state: Mapping[str, int] = field(default_factory=dict)
    relisted: int = 0
    items: tuple[DossierListing, ...] = ()


@dataclass(frozen=True, slots=True)
class SumLine:
    """An offence in the ladder's sum and what became of it: `counts`, `merged`, `capped`, `expired`, `overturned`."""

    decision_id: str
    at: datetime
    ground: str
    state: str
    points: int
    expires_at: datetime | None = None
    seller_id: str = ""
    listing_title: str = ""


@dataclass(frozen=True, slots=True)
class LadderSum:
    """The points that count now, the next threshold (None above the last), and how the sum comes about."""

    points: int = 0
    next_threshold: int | None = None
    sum: tuple[SumLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the same trader on this server: this one, and those that share bank, payout or document."""

    seller_id: str
    display_name: str
    marketplace: str = ""
    standing: str = "active"
    points: int = 0
    listings_live: int | None = None
    listings_removed: int | None = None
    units_sold: int | None = None
    joined_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Identifier:
    """Something that accounts are known by: kind, a hash under a secret of the server, how many accounts have it."""

    kind: str
    digest: str
    accounts: int = 1


@dataclass(frozen=True, slots=True)
class ProposedFlag:
    """A ground that is proposed, and why; a person decides."""

    ground: str
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sales:
    """What is known of sales: units of all accounts, turnover by currency (decimal strings), advised refunds."""

    units_sold: int | None = None
    turnover: Mapping[str, str] = field(default_factory=dict)
    refunds_advised: int = 0


@dataclass(frozen=True, slots=True)
class Dossier:
    """A seller's dossier.  `events` is how many there are in all; `timeline` has the newest of them, newest first."""

    seller: Seller
    made_at: datetime
    policy_version: str = ""
    ladder: LadderSum = LadderSum()
    accounts: tuple[Account, ...] = ()
    timeline: tuple[DossierEvent, ...] = ()
    events: int = 0
    listings: DossierListings = DossierListings()
    links: tuple[SellerLink, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    proposals: tuple[ProposedFlag, ...] = ()
    sales: Sales = Sales()
