"""What is offered: listings, their pictures, and the digest that names a revision."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from reviewer.domain.values import Money, sha256_hex


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture by its digest.  `width` and `height` are pixels, 0 where the server does not know them."""

    sha256: str
    view: str = ""
    media_type: str = "image/jpeg"
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class Listing:
    """A seller's offer in one content state (`revision`)."""

    id: str
    marketplace: str
    title: str
    revision: str
    description: str = ""
    brand: str = ""
    category: str = ""
    price: Money | None = None
    gtin: str = ""
    country: str = ""
    language: str = ""
    url: str = ""
    units_sold: int | None = None
    listed_at: datetime | None = None
    state: str = "live"
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True, slots=True)
class CategoryPrice:
    """What the listings of a category cost in a currency: the middle price (median), and of how many listings."""

    middle: Money
    listings: int
    category: str = ""


def revision_digest(
    *,
    title: str,
    description: str,
    brand: str,
    category: str,
    price: str,
    currency: str,
    gtin: str,
    pictures: Sequence[str],
) -> str:
    """The name of a content state: SHA-256 over what a buyer sees, in a fixed order.

    `pictures` are SHA-256 names in the order of display.  Units sold and the listing's state are left
    out: they change without the offer changing.
    """
    content = [title, description, brand, category, price, currency, gtin, list(pictures)]
    return sha256_hex(json.dumps(content, ensure_ascii=True, separators=(",", ":")).encode("ascii"))
