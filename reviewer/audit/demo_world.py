"""The made-up team, shops, sellers and products of the demo history."""

from __future__ import annotations

import csv
import random
import tomllib
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from reviewer.domain.listing import Listing, Picture, revision_digest
from reviewer.domain.reference import ReferenceProduct
from reviewer.domain.seller import Seller
from reviewer.domain.values import Money, sha256_hex
from reviewer.resources import resources_folder


@dataclass(frozen=True, slots=True)
class Person:
    """A reviewer of the demo: `pace` is the median of seconds a case, `error` the share of wrong rulings at
    first and `drift` what two years add to it."""

    id: str
    name: str
    log: str
    pace: float
    error: float
    drift: float
    from_month: int = 0


TEAM = (
    Person("ines", "Ines Okafor", "desk-north", 21.0, 0.03, 0.01),
    Person("jun", "Jun Han", "desk-north", 14.0, 0.07, 0.02),
    Person("mali", "Mali Srisai", "desk-north", 17.5, 0.05, -0.02),
    Person("tomas", "Tomás Vega", "desk-south", 11.0, 0.10, 0.05),
    Person("rosa", "Rosa Lindqvist", "desk-south", 24.0, 0.04, 0.0),
    Person("arif", "Arif Wirawan", "desk-south", 16.0, 0.09, -0.05, from_month=10),
)
LEADS = (("lead-kim", "Kim Aalto"), ("lead-omar", "Omar Duarte"))
LOGS = {"desk-north": "Desk north", "desk-south": "Desk south"}
MARKETPLACES = {
    "hanmaru": ("Hanmaru Market", "KRW", "ko", "KR", "1600"),
    "pasarlink": ("PasarLink", "IDR", "id", "ID", "18000"),
    "mercadia": ("Mercadía", "MXN", "es", "MX", "21"),
    "norrmarkt": ("Norrmarkt", "EUR", "en", "SE", "1"),
}
_WORDS = {
    "ko": ("{brand} {model} 새상품 당일발송", "국내 배송, 미개봉 상품입니다."),
    "id": ("{brand} {model} murah siap kirim", "Barang baru, kirim hari ini dari Jakarta."),
    "es": ("{brand} {model} nuevo envío gratis", "Nuevo, con caja. Envío en 24 horas."),
    "en": ("{brand} {model}, new in box", "New, boxed. Sent within two days."),
}
_SHOPS = (
    "Blue Harbour", "서울리빙샵", "Toko Sinar Jaya", "Casa Luna", "Kado Ceria", "모던데일리", "Lautan Elektronik",
    "ร้านมะลิบิวตี้", "Norr Outlet", "广州潮品仓", "Top Mirror Store", "Casa Vega", "럭스미러", "Golden Lion Trading",
)  # fmt: skip
_EUROS = {"KRW": "1600", "GBP": "0.86", "EUR": "1"}


@dataclass(frozen=True, slots=True)
class Product:
    """A product of the demo with its pictures by role (reference, genuine, counterfeit, lookalike, stolen)."""

    reference: ReferenceProduct
    euros: Decimal
    pictures: dict[str, tuple[Picture, ...]]


@dataclass(frozen=True, slots=True)
class World:
    """Products, sellers by marketplace, and where the bytes of each picture lie."""

    products: tuple[Product, ...]
    sellers: dict[str, tuple[Seller, ...]]
    files: dict[str, Path]


def read_world(rng: random.Random, start: datetime) -> World:
    """The world of the shipped demo pictures; sellers are drawn."""
    folder = resources_folder() / "demo"
    pictures: dict[str, dict[str, list[Picture]]] = {}
    files: dict[str, Path] = {}
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            path = folder / row["file"]
            name = sha256_hex(path.read_bytes())
            files[name] = path
            picture = Picture(name, row["view"], "image/jpeg", int(row["width"]), int(row["height"]))
            pictures.setdefault(row["product"], {}).setdefault(row["role"], []).append(picture)
    with (folder / "products.toml").open("rb") as source:
        rows = tomllib.load(source)["product"]
    products = tuple(
        Product(
            ReferenceProduct(
                row["id"],
                row["brand"],
                row["model"],
                row["gtin"],
                row["category"],
                pictures=tuple(pictures[row["id"]]["reference"]),
            ),
            Decimal(row["list_price"]) / Decimal(_EUROS.get(row["currency"], "1")),
            {role: tuple(found) for role, found in pictures[row["id"]].items()},
        )
        for row in rows
    )
    sellers = {marketplace: tuple(_sellers(rng, marketplace, start)) for marketplace in MARKETPLACES}
    return World(products, sellers, files)


def _sellers(rng: random.Random, marketplace: str, start: datetime) -> list[Seller]:
    country = MARKETPLACES[marketplace][3]
    return [
        Seller(
            f"{marketplace}-s{number:03d}",
            f"{rng.choice(_SHOPS)} {number}",
            marketplace,
            rng.choice((country, country, "CN")),
            start - timedelta(days=rng.randint(5, 900)),
            rng.choice(("verified", "verified", "unverified")),
        )
        for number in range(1, 61)
    ]


def make_listing(
    rng: random.Random, product: Product, marketplace: str, number: int, role: str, listed: datetime
) -> Listing:
    """A listing that shows pictures of that role."""
    _, currency, language, country, rate = MARKETPLACES[marketplace]
    title, description = _WORDS[language]
    reference = product.reference
    factor = (
        Decimal(rng.randint(6, 30)) / 100
        if role in ("counterfeit", "lookalike")
        else Decimal(rng.randint(60, 98)) / 100
    )
    price = Money((product.euros * factor * Decimal(rate)).quantize(Decimal(1)), currency)
    shown = product.pictures[role]
    pictures = tuple(rng.sample(shown, min(len(shown), rng.randint(1, 3))))
    words = title.format(brand=reference.brand, model=reference.model)
    revision = revision_digest(
        title=words, description=description, brand=reference.brand, category=reference.category,
        price=str(price.amount), currency=currency, gtin=reference.gtin, pictures=[p.sha256 for p in pictures],
    )  # fmt: skip
    return Listing(
        f"{marketplace}-{number:06d}", marketplace, words, revision, description, reference.brand, reference.category,
        price, reference.gtin, country, language, "", 0 if rng.random() < 0.62 else rng.randint(1, 40), listed,
        "live", pictures,
    )  # fmt: skip
