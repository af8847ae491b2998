"""The demo's shipped pictures and products: media, reference products, and what copies get wrong."""

from __future__ import annotations

import csv
import tomllib
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from reviewer.hub.media import MediaStore
from reviewer.hub.messages import PictureMessage

#: Units of each currency for one euro, rounded: the demo's own rates.
RATES = {"EUR": "1", "GBP": "0.86", "KRW": "1600", "IDR": "18000", "THB": "38", "MXN": "21"}
_STEPS = {"KRW": 500, "IDR": 5000, "THB": 10, "MXN": 10}
_OFFICES = {"KR": "KIPO", "GB": "UKIPO", "EM": "EUIPO"}
_HOMES = {"KR": ["KR"], "GB": ["GB"], "EM": ["EU"]}
_EXPIRY = "2031-06-30T00:00:00.000Z"


@dataclass(frozen=True, slots=True)
class DemoPicture:
    """A shipped picture: its role is reference, genuine, counterfeit, lookalike or stolen."""

    message: PictureMessage
    role: str
    differences: str


@dataclass(frozen=True, slots=True)
class DemoProduct:
    """A fictional product with its pictures by role."""

    id: str
    brand: str
    model: str
    gtin: str
    category: str
    price: Decimal
    currency: str
    pictures: dict[str, list[DemoPicture]]
    points: list[str]
    rights: list[dict[str, Any]]

    def list_price_in(self, currency: str) -> Decimal:
        """The list price in another currency, rounded as shops do."""
        euros = self.price / Decimal(RATES[self.currency])
        if currency == self.currency:
            return self.price
        step = _STEPS.get(currency, 1)
        return (euros * Decimal(RATES[currency]) / step).quantize(Decimal(1)) * step


def read_products(folder: Path, media: MediaStore) -> list[DemoProduct]:
    """The products of the shipped demo; puts their pictures into the media store."""
    pictures: defaultdict[str, defaultdict[str, list[DemoPicture]]] = defaultdict(lambda: defaultdict(list))
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            sha256 = media.put((folder / row["file"]).read_bytes())
            message = PictureMessage(
                sha256=sha256,
                view=row["view"] if row["role"] == "reference" else "",
                media_type="image/jpeg",
                width=int(row["width"]),
                height=int(row["height"]),
            )
            pictures[row["product"]][row["role"]].append(DemoPicture(message, row["role"], row["differences"]))
    with (folder / "products.toml").open("rb") as file_of_products:
        rows = tomllib.load(file_of_products)["product"]
    return [
        DemoProduct(
            id=row["id"],
            brand=row["brand"],
            model=row["model"],
            gtin=row["gtin"],
            category=row["category"],
            price=Decimal(row["list_price"]),
            currency=row["currency"],
            pictures=pictures[row["id"]],
            points=row["authenticate"],
            rights=row["right"],
        )
        for row in rows
    ]


def reference_of(product: DemoProduct, authorised: list[str]) -> tuple[dict[str, Any], dict[str, str]]:
    """The ReferenceProduct shape, and its list prices in the marketplaces' currencies."""
    references = [picture.message for picture in product.pictures["reference"]]
    copies = [part for picture in product.pictures["counterfeit"] for part in _parts(picture.differences)]
    by_point = _copies_by_point(product.points, copies)
    shape = {
        "id": product.id,
        "brand": product.brand,
        "model": product.model,
        "gtin": product.gtin,
        "category": product.category,
        "list_price": {"amount": str(product.price), "currency": product.currency},
        "pictures": [picture.model_dump() for picture in references],
        "rights": [_right(product, row) for row in product.rights],
        "authorised_sellers": authorised,
        "authentication_points": [
            {
                "id": f"{product.id}-{number}",
                "words": words[:1].upper() + words[1:],
                "copies": "; ".join(by_point[words][:2]),
                "picture": references[0].sha256,
                "region": None,
            }
            for number, words in enumerate(product.points, start=1)
        ],
    }
    prices = {currency: str(product.list_price_in(currency)) for currency in RATES}
    return shape, prices


def _parts(differences: str) -> list[str]:
    return [part.strip() for part in differences.split(";") if part.strip()]


def _stems(words: str) -> set[str]:
    stripped = (word.strip("',.()").lower() for word in words.split())
    return {word[:5] for word in stripped if len(word) > 3} - {"inste"}


def _copies_by_point(points: list[str], copies: list[str]) -> dict[str, list[str]]:
    """Each difference of a copy at the one point that shares most words with it, if any."""
    found: dict[str, list[str]] = {words: [] for words in points}
    for copy in copies:
        best = max(points, key=lambda words: len(_stems(words) & _stems(copy)))
        if _stems(best) & _stems(copy) and copy not in found[best]:
            found[best].append(copy)
    return found


def _right(product: DemoProduct, row: dict[str, Any]) -> dict[str, Any]:
    register = row["number"].split("-")[1][:2]
    return {
        "kind": "design" if "design" in row["kind"] else "trademark",
        "number": row["number"],
        "sign": row["sign"],
        "office": _OFFICES[register],
        "owner": f"{product.brand} (fictional)",
        "nice_classes": row["nice_classes"],
        "territories": [*_HOMES[register], *(code for code in ("KR", "ID", "TH", "MX") if code != register)],
        "expires_at": _EXPIRY,
    }
