"""The answers about sellers as a whole, as models for `/openapi.json`."""

from __future__ import annotations

from typing import Literal

from reviewer.hub.shape_base import Digest, Moment, Shape
from reviewer.hub.shapes import Money


class DossierSeller(Shape):
    """The seller as a profile."""

    id: str
    display_name: str
    marketplace: str
    country: str
    joined_at: Moment | None
    verification: str
    standing: str
    standing_until: Moment | None
    listings_live: int | None
    listings_removed: int | None
    units_sold: int | None
    open_cases: int | None


class SumLine(Shape):
    """An offence in the ladder's sum."""

    decision_id: str
    at: Moment
    ground: str
    state: Literal["counts", "merged", "capped", "expired", "overturned"]
    points: int
    expires_at: Moment | None
    seller_id: str
    listing_title: str


class LadderSum(Shape):
    """The points that count now and how they come about."""

    points: int
    next_threshold: int | None
    sum: list[SumLine]


class DossierAccount(Shape):
    """An account of the same trader."""

    seller_id: str
    display_name: str
    marketplace: str
    standing: str
    points: int
    listings_live: int | None
    listings_removed: int | None
    units_sold: int | None
    joined_at: Moment | None


class DossierEvent(Shape):
    """Something that happened; kinds may be added."""

    at: Moment
    what: str
    seller_id: str
    kind: str
    ground: str
    words: str
    note: str
    by: str
    case_id: str
    listing_id: str
    reference: str


class DossierListing(Shape):
    """A listing of the trader; `relists` is the removed one that it repeats."""

    id: str
    title: str
    state: str
    brand: str
    category: str
    seller_id: str
    marketplace: str
    price: str
    currency: str
    units_sold: int | None
    picture: str
    relists: str


class DossierListings(Shape):
    """Counts by state, and listings."""

    by_state: dict[str, int]
    relisted: int
    items: list[DossierListing]


class DossierLink(Shape):
    """Another account that shares something with this one."""

    seller_id: str
    display_name: str
    kind: str
    strength: float
    standing: str
    marketplace: str
    count: int


class Identifier(Shape):
    """A hash under the hub's secret, and how many accounts have it."""

    kind: str
    digest: Digest
    accounts: int


class ProposedFlag(Shape):
    """A ground that is proposed, with its reasons."""

    ground: str
    reasons: list[str]


class Sales(Shape):
    """What is known of sales."""

    units_sold: int | None
    turnover: dict[str, str]
    refunds_advised: int


class Dossier(Shape):
    """All that the hub knows of a seller."""

    made_at: Moment
    policy_version: str
    seller: DossierSeller
    ladder: LadderSum
    accounts: list[DossierAccount]
    timeline: list[DossierEvent]
    events: int
    listings: DossierListings
    links: list[DossierLink]
    identifiers: list[Identifier]
    proposals: list[ProposedFlag]
    sales: Sales


class IdentifiersAnswer(Shape):
    """What became of each identifier, in order."""

    items: list[Literal["stored", "known", "removed", "unknown_seller", "refused"]]


class ReferralWitness(Shape):
    """Who made a pack and who confirmed it, signed by the hub (Ed25519, hexadecimal)."""

    id: str
    digest: Digest
    seller_id: str
    made_by: str
    made_name: str
    made_at: Moment
    confirmed_by: str
    confirmed_name: str
    confirmed_at: Moment | None
    key: str
    signature: str


class CategoryPrice(Shape):
    """The middle price of a category in one currency."""

    category: str
    middle: Money
    listings: int


class PricesAnswer(Shape):
    """Categories with at least five offers."""

    items: list[CategoryPrice]
