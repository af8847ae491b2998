"""What the listing claims to be: reference products, rights, and points of authentication."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from reviewer.domain.listing import Picture
from reviewer.domain.values import Money


@dataclass(frozen=True, slots=True)
class Right:
    """A registered right: `trademark`, `copyright`, `design` or `patent`, with its registration."""

    kind: str
    number: str
    sign: str = ""
    office: str = ""
    owner: str = ""
    nice_classes: tuple[int, ...] = ()
    territories: tuple[str, ...] = ()
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuthenticationPoint:
    """What to look at on the genuine article.

    `region` is (left, top, width, height) as fractions of the reference picture `picture`
    (its SHA-256), or None where the point has no place on a picture.
    """

    id: str
    words: str
    copies: str = ""
    picture: str = ""
    region: tuple[float, float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class ReferenceProduct:
    """The genuine article, as the brand describes it."""

    id: str
    brand: str
    model: str
    gtin: str = ""
    category: str = ""
    list_price: Money | None = None
    pictures: tuple[Picture, ...] = ()
    rights: tuple[Right, ...] = ()
    authorised_sellers: tuple[str, ...] = ()
    authentication_points: tuple[AuthenticationPoint, ...] = ()
