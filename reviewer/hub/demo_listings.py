"""The demo's listings: scenario, texts in the marketplace's languages, price, pictures, article number."""

from __future__ import annotations

import random
import tomllib
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from reviewer.domain.values import format_time
from reviewer.hub.demo_catalogue import DemoProduct
from reviewer.hub.demo_flags import make_flags
from reviewer.hub.demo_sellers import DemoMarketplace
from reviewer.hub.messages import ListingMessage, MoneyMessage, PictureMessage
from reviewer.hub.seeding import SeededCase, SeededSeller
from reviewer.policy.policy import Policy

LANGUAGES = ("en", "ko", "th", "zh", "id", "es")

#: What sellers of each profile offer.
_SCENARIOS: dict[str, dict[str, int]] = {
    "spotless": {"reseller": 6, "lookalike": 3, "used": 1, "stolen": 1},
    "private": {"used": 8, "counterfeit": 2, "stolen": 1},
    "new": {"counterfeit": 5, "stolen": 3, "inspired": 2, "used": 1},
    "mixed": {"counterfeit": 3, "inspired": 3, "stolen": 2, "reseller": 2, "lookalike": 2},
    "repeat": {"counterfeit": 9, "stolen": 3, "inspired": 1},
    "back": {"counterfeit": 8, "stolen": 2},
}
#: Share of the list price in hundredths.
_PERCENTS = {
    "counterfeit": (5, 38),
    "stolen": (25, 60),
    "inspired": (12, 45),
    "lookalike": (15, 50),
    "used": (38, 75),
    "reseller": (78, 104),
}
#: How brands are misspelt on purpose or by bad printers.
_WRONG = {
    "Norrvik": ("Norvik", "N0RRVIK", "NORRVlK"),
    "Brackenholt": ("Brackenhold", "Brakenholt"),
    "Hanbit": ("HANBlT", "Han bit", "Hanbitt"),
    "Teluk": ("Te|uk", "Tеluk", "Telluk"),
    "Strovane": ("Strovaine", "Str0vane", "STR*VANE"),
    "Maison Orle": ("Maison Orlé", "M@ison Orle", "MAlSON ORLE"),
    "Aurelane": ("Aurelaine", "AureIane", "A*relane"),
    "Amperell": ("amperel", "Amperrell"),
    "Pikkuri": ("Pikkurri", "P1kkuri"),
    "Ottavane": ("Ottavanne", "0ttavane"),
    "Solbryn": ("Solbrin", "So1bryn"),
    "Kestrel & Vale": ("Kestrel & Vaie", "K&V", "Kestrel Vale style"),
}
_SOURCE_PRIORITY = {"authority": 45, "trusted_flagger": 30, "rights_holder": 20, "consumer": 12, "staff": 5}
_RISKY = ("skincare", "food supplement", "power bank", "perfume", "construction toy")
_STEPS = {"KRW": 100, "IDR": 1000, "THB": 1, "MXN": 1}


@dataclass(frozen=True, slots=True)
class Writer:
    """Everything that listings are written from."""

    rng: random.Random
    now: datetime
    policy: Policy
    products: list[DemoProduct]
    texts: dict[str, dict[str, Any]]


def read_texts(folder: Path) -> dict[str, dict[str, Any]]:
    """The templates of each language."""
    return {name: tomllib.loads((folder / f"{name}.toml").read_text("utf-8")) for name in LANGUAGES}


def make_case(
    writer: Writer,
    marketplace: DemoMarketplace,
    seller: SeededSeller,
    number: int,
    *,
    scenario: str | None = None,
    product: DemoProduct | None = None,
) -> SeededCase:
    """One open case of that seller."""
    rng = writer.rng
    weights = _SCENARIOS.get(seller.profile, _SCENARIOS["mixed"])
    scenario = scenario or rng.choices(list(weights), list(weights.values()))[0]
    product = product or rng.choice(writer.products)
    listing, percent, difference = _listing(writer, marketplace, seller, number, scenario, product)
    case_id = f"case-{number:04d}"
    ground = writer.policy.ground("counterfeit")
    hours = ground.sla_hours if ground else 24
    due = writer.now + timedelta(minutes=round(rng.triangular(-420, 1560, 500)))
    opened = due - timedelta(hours=hours, minutes=rng.randint(0, 90))
    flags = make_flags(rng, case_id, scenario, product, percent, difference, opened)
    previous = (
        _earlier(rng, listing, product) if scenario in ("counterfeit", "stolen") and rng.random() < 0.12 else None
    )
    return SeededCase(
        id=case_id,
        listing=listing,
        seller_id=seller.id,
        flags=flags,
        references=[product.id],
        opened=opened,
        due=due,
        priority=_priority(listing, seller, [flag.source for flag in flags], product),
        previous=previous,
    )


def _listing(
    writer: Writer,
    marketplace: DemoMarketplace,
    seller: SeededSeller,
    number: int,
    scenario: str,
    product: DemoProduct,
) -> tuple[ListingMessage, int, str]:
    rng = writer.rng
    offers = [offer for offer in marketplace.offers if offer[3] == seller.country] or list(marketplace.offers[:1])
    _, language, currency, country = rng.choices(offers, [offer[0] for offer in offers])[0]
    names = rng.random() < 0.85 or scenario != "lookalike"
    percent = rng.randint(*_PERCENTS[scenario])
    pictures, difference = _pictures(rng, scenario, product)
    title, description = _words(rng, writer.texts[language], scenario, product)
    listing = ListingMessage(
        id=f"{marketplace.id}-{10_000_000 + number * 7919 % 9_000_000}",
        marketplace=marketplace.id,
        title=title,
        description=description,
        brand=product.brand if names and scenario not in ("lookalike", "inspired") else "",
        category=product.category,
        price=_price(product, percent, currency),
        gtin=_gtin(rng, writer.products, product, scenario),
        country=country,
        language=language,
        url=f"https://{marketplace.id}.example/item/{10_000_000 + number * 7919 % 9_000_000}",
        units_sold=_sold(rng, scenario),
        listed_at=format_time(writer.now - timedelta(days=rng.randint(2, 90), minutes=rng.randint(0, 1400))),
        pictures=pictures,
    )
    return listing, percent, difference


def _words(rng: random.Random, texts: dict[str, Any], scenario: str, product: DemoProduct) -> tuple[str, str]:
    fill = {
        "brand": product.brand,
        "wrong": rng.choice(_WRONG[product.brand]),
        "model": product.model,
        "noun": texts["nouns"][product.id],
    }
    title = rng.choice(texts["titles"][scenario]).format(**fill)
    parts = [rng.choice(texts["openings"][scenario]), *texts["details"][product.id]]
    if scenario == "counterfeit" and rng.random() < 0.6:
        parts.append(rng.choice(texts["evasive"]["lines"]))
    parts.append(rng.choice(texts["closings"]))
    return title, "\n".join(parts)


def _pictures(rng: random.Random, scenario: str, product: DemoProduct) -> tuple[list[PictureMessage], str]:
    """Pictures in the order of display, and what one of them shows to be wrong."""
    by_role = product.pictures
    if scenario == "counterfeit":
        chosen = rng.sample(by_role["counterfeit"], rng.randint(1, 3))
        if rng.random() < 0.45:
            chosen.insert(rng.choice((0, len(chosen))), rng.choice(by_role["stolen"] + by_role["reference"][:2]))
    elif scenario == "stolen":
        chosen = rng.sample(by_role["stolen"], rng.randint(1, 2)) + rng.sample(by_role["reference"], rng.randint(0, 3))
    elif scenario in ("inspired", "lookalike"):
        chosen = list(by_role["lookalike"])
    else:
        chosen = rng.sample(by_role["genuine"], rng.randint(1, 2))
        if scenario == "reseller":
            chosen += rng.sample(by_role["reference"], rng.randint(0, 3))
    shown = [picture.differences for picture in chosen if picture.role == "counterfeit"]
    return [picture.message for picture in chosen], shown[0] if shown else ""


def _price(product: DemoProduct, percent: int, currency: str) -> MoneyMessage:
    step = _STEPS[currency]
    amount = (product.list_price_in(currency) * percent / 100 / step).quantize(Decimal(1)) * step
    if currency == "MXN":
        amount = amount.quantize(Decimal("0.01"))
    return MoneyMessage(amount=str(max(amount, Decimal(step))), currency=currency)


def _gtin(rng: random.Random, products: list[DemoProduct], product: DemoProduct, scenario: str) -> str:
    if scenario in ("lookalike", "inspired"):
        return ""
    drawn = rng.random()
    if drawn < (0.85 if scenario == "reseller" else 0.35):
        return product.gtin
    if drawn < 0.5 and scenario in ("counterfeit", "stolen"):
        return rng.choice([other.gtin for other in products if other.id != product.id])
    return ""


def _sold(rng: random.Random, scenario: str) -> int | None:
    if rng.random() < 0.05:
        return None
    return 0 if scenario == "used" else int(rng.paretovariate(0.9) * 3) % 4800


def _earlier(rng: random.Random, listing: ListingMessage, product: DemoProduct) -> ListingMessage:
    """The listing as it was when it was flagged: the seller has hidden or cheapened something since."""
    changed: dict[str, Any] = {"title": f"{product.brand} {listing.title}"[:200], "brand": product.brand}
    if rng.random() < 0.5 and listing.price is not None:
        amount = (Decimal(listing.price.amount) * Decimal("0.6")).quantize(Decimal(1))
        changed["price"] = MoneyMessage(amount=str(amount), currency=listing.price.currency)
    if rng.random() < 0.5:
        changed["pictures"] = [rng.choice(product.pictures["counterfeit"]).message, *listing.pictures]
    return listing.model_copy(update=changed)


def _priority(listing: ListingMessage, seller: SeededSeller, sources: list[str], product: DemoProduct) -> int:
    """0 to 100: who complains, whether it can hurt somebody, how much it sells, who sells it."""
    points = max(_SOURCE_PRIORITY.get(source, 0) for source in sources)
    points += 15 if product.category in _RISKY else 0
    points += min(20, (listing.units_sold or 0) // 25)
    points += {"back": 18, "repeat": 12, "new": 4}.get(seller.profile, 0)
    return min(100, points)
