"""Who offers it: sellers, what stands against them, and whom they are linked to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Standing(StrEnum):
    """A seller's standing, from best to worst."""

    ACTIVE = "active"
    WARNED = "warned"
    RESTRICTED = "restricted"
    SUSPENDED = "suspended"
    BANNED = "banned"


@dataclass(frozen=True, slots=True)
class Offence:
    """A decision that stands against a seller; it counts until `expires_at` unless `overturned`.

    `points` are those that count; `full_points` are those of its ground before merging and the daily cap,
    None where the server does not say.
    """

    decision_id: str
    at: datetime
    kind: str
    ground: str
    points: int
    expires_at: datetime | None = None
    overturned: bool = False
    listing_id: str = ""
    listing_title: str = ""
    full_points: int | None = None

    def counts_at(self, moment: datetime) -> bool:
        """Whether its points count at that time."""
        return not self.overturned and (self.expires_at is None or self.expires_at > moment)


@dataclass(frozen=True, slots=True)
class SellerLink:
    """Another account that shares something with this one, such as a hashed bank account.

    `kind` is `phone`, `bank`, `device`, `address`, `document`, `payout`, `pictures` or `texts`;
    `strength` is 0..1; `count` is how many photos or texts.
    """

    seller_id: str
    display_name: str
    kind: str
    strength: float
    standing: str = Standing.ACTIVE
    marketplace: str = ""
    count: int = 1


@dataclass(frozen=True, slots=True)
class Seller:
    """The trader behind listings, as the server knew it when the case was fetched."""

    id: str
    display_name: str
    marketplace: str = ""
    country: str = ""
    joined_at: datetime | None = None
    verification: str = "unknown"
    standing: str = Standing.ACTIVE
    standing_until: datetime | None = None
    listings_live: int | None = None
    listings_removed: int | None = None
    units_sold: int | None = None
    open_cases: int | None = None
    offences: tuple[Offence, ...] = ()
    links: tuple[SellerLink, ...] = ()

    def points_at(self, moment: datetime) -> int:
        """The points that count at that time."""
        return sum(offence.points for offence in self.offences if offence.counts_at(moment))
