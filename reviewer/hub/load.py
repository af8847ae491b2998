"""A hub filled from a folder of real photos and a table of real texts; sellers and histories are simulated."""

from __future__ import annotations

import csv
import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert

from reviewer.domain.values import format_time
from reviewer.errors import OperatorError
from reviewer.hub.auth import DEMO_ACCOUNTS, add_account
from reviewer.hub.demo import marketplace_row, record_pictures
from reviewer.hub.demo_history import make_history
from reviewer.hub.demo_sellers import DemoMarketplace, make_sellers
from reviewer.hub.media import MediaStore, media_type
from reviewer.hub.messages import FlagMessage, ListingMessage, MoneyMessage, PictureMessage
from reviewer.hub.references import put_references
from reviewer.hub.schema import marketplaces
from reviewer.hub.seeding import SeededCase, SeededSeller, write_cases, write_history, write_sellers
from reviewer.hub.store import Store, name_hub

_SELLERS = 80
_MARKETPLACE = DemoMarketplace(
    "loaded",
    "Loaded listings",
    "USD",
    "en",
    "US",
    ((1, "en", "USD", "US"),),
    tuple((f"Simulated seller {number:02d}", "US") for number in range(1, _SELLERS + 1)),
)
_BACK = (("Simulated seller 01", "Simulated seller 02"), ("Simulated seller 03", "Simulated seller 04"))

#: Categories of texts that go with categories of pictures; others take whatever picture there is.
_PICTURES_FOR = {
    "shoes": ("shoes",),
    "watches": ("watch",),
    "groceries": ("grocery/juice", "grocery/milk"),
    "Gear > Fitness Equipment": ("fitness equipment",),
}
_SOURCES = ("automated", "automated", "automated", "rights_holder", "trusted_flagger", "consumer", "staff")
_GROUNDS = ("counterfeit", "counterfeit", "trademark", "copyright", "misleading")
_WORDS = {
    "automated": "Simulated flag of a detector on this listing.",
    "rights_holder": "Simulated notice of a rights holder.",
    "trusted_flagger": "Simulated notice of a trusted flagger.",
    "consumer": "Simulated complaint of a buyer.",
    "staff": "Simulated question of a colleague.",
}


@dataclass(frozen=True, slots=True)
class _Source:
    """What there is to make listings of; pictures by category, groups of views of one product, texts."""

    pictures: dict[str, list[PictureMessage]]
    groups: dict[str, list[tuple[dict[str, str], PictureMessage]]]
    texts: list[dict[str, str]]


def load(store: Store, products: Path, listings: Path, *, cases: int, seed: int) -> int:
    """Fills an empty store and returns the number of open cases.

    Raises `OperatorError` where a file is missing or has other columns than expected.
    """
    source = _read(products, listings, store.media)
    now = store.clock()
    rng = random.Random(seed)  # noqa: S311 - simulated data, no secret
    sellers = make_sellers(rng, now, (_MARKETPLACE,), _BACK)
    history = make_history(
        rng, now, store.policy, sellers, lambda seller, number, _: _case(rng, now, source, seller, number)
    )
    active = [seller for seller in sellers if seller.profile != "banned"]
    made = [_case(rng, now, source, rng.choice(active), number) for number in range(1, cases + 1)]

    def write(connection: Connection) -> None:
        connection.execute(insert(marketplaces), [marketplace_row(_MARKETPLACE)])
        for token, (name, role) in DEMO_ACCOUNTS.items():
            add_account(connection, name, role, token, now)
        put_references(connection, [(_reference(name, rows), {}) for name, rows in _with_reference(source)])
        write_sellers(connection, sellers)
        write_history(connection, history, store.policy, now)
        write_cases(connection, made, now, store.policy)
        record_pictures(connection, store.media, [list(source.pictures[name]) for name in sorted(source.pictures)])

    store.database.write(write)
    name_hub(store, f"{products.resolve().name} and {listings.stem} (simulated sellers)", demo=True)
    return len(made)


def _read(products: Path, listings: Path, folder: MediaStore) -> _Source:
    pictures: defaultdict[str, list[PictureMessage]] = defaultdict(list)
    groups: defaultdict[str, list[tuple[dict[str, str], PictureMessage]]] = defaultdict(list)
    try:
        for row in _rows(products / "products.csv"):
            data = (products / row["file"]).read_bytes()
            picture = PictureMessage(
                sha256=folder.put(data),
                view=row["view"] if row["view"] != "photo" else "",
                media_type=media_type(data),
                width=int(row["width"]),
                height=int(row["height"]),
            )
            pictures[row["category"]].append(picture)
            groups[row["product_group"]].append((row, picture))
        texts = [row for row in _rows(listings) if row["title"].strip()]
    except OSError as error:
        raise OperatorError(f"{error.filename} can't be read: {error.strerror}.") from None
    except (KeyError, ValueError) as error:
        raise OperatorError(f"The tables have other columns or values than expected: {error}.") from None
    if not pictures or not texts:
        raise OperatorError("There are no pictures or no texts to load.")
    return _Source(dict(pictures), dict(groups), texts)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _with_reference(source: _Source) -> list[tuple[str, list[tuple[dict[str, str], PictureMessage]]]]:
    return [
        (name, rows)
        for name, rows in sorted(source.groups.items())
        if rows[0][0]["brand"] and any(row["view"] == "reference" for row, _ in rows)
    ]


def _reference(name: str, rows: list[tuple[dict[str, str], PictureMessage]]) -> dict[str, Any]:
    first = rows[0][0]
    return {
        "id": name,
        "brand": first["brand"],
        "model": first["title"],
        "gtin": "",
        "category": first["category"],
        "list_price": None,
        "pictures": [picture.model_dump() for row, picture in rows if row["view"] != "photo"],
        "rights": [],
        "authorised_sellers": [],
        "authentication_points": [],
    }


def _case(rng: random.Random, now: datetime, source: _Source, seller: SeededSeller, number: int) -> SeededCase:
    """Three of five cases are a known product with its own photos, the others a text with fitting pictures."""
    text = rng.choice(source.texts)
    references: list[str] = []
    if rng.random() < 0.6:
        name, rows = rng.choice(_with_reference(source))
        shown = rng.sample(rows, min(len(rows), rng.randint(1, 4)))
        pictures = [picture for _, picture in shown]
        references = [name]
        facts = rows[0][0]
        text = {
            **text,
            "title": facts["title"],
            "brand": facts["brand"],
            "category": facts["category"],
            "language": "en",
        }
        text["description"] = ""
    else:
        fitting = [name for name in _PICTURES_FOR.get(text["category"], ()) if name in source.pictures]
        choice = source.pictures[rng.choice(fitting or sorted(source.pictures))]
        pictures = rng.sample(choice, min(len(choice), rng.randint(1, 4)))
    listing = _listing(rng, now, seller, number, text, pictures)
    case_id = f"case-{number:05d}"
    due = now + timedelta(minutes=round(rng.triangular(-420, 1560, 500)))
    opened = due - timedelta(hours=24, minutes=rng.randint(0, 90))
    flags = [_flag(rng, case_id, place, opened) for place in range(rng.choice((1, 1, 1, 2, 3)))]
    return SeededCase(case_id, listing, seller.id, flags, references, opened, due, rng.randint(0, 80))


def _listing(
    rng: random.Random,
    now: datetime,
    seller: SeededSeller,
    number: int,
    text: dict[str, str],
    pictures: list[PictureMessage],
) -> ListingMessage:
    language = text["language"]
    return ListingMessage(
        id=f"loaded-{number:05d}",
        marketplace=_MARKETPLACE.id,
        title=text["title"],
        description=text["description"],
        brand=text["brand"],
        category=text["category"],
        price=_price(text),
        country=seller.country,
        language="" if language == "und" else language,
        url=f"https://loaded.example/item/{number}",
        units_sold=int(rng.paretovariate(0.9) * 3) % 4800,
        listed_at=format_time(now - timedelta(days=rng.randint(2, 90))),
        pictures=pictures,
    )


def _price(text: dict[str, str]) -> MoneyMessage | None:
    try:
        amount = Decimal(text["price"]).quantize(Decimal("0.01"))
    except InvalidOperation:
        return None
    return MoneyMessage(amount=str(amount), currency=text["currency"] or None)


def _flag(rng: random.Random, case_id: str, place: int, opened: datetime) -> FlagMessage:
    source = rng.choice(_SOURCES)
    automated = source == "automated"
    return FlagMessage(
        id=f"{case_id}-flag-{place + 1}",
        source=source,
        reason=rng.choice(_GROUNDS),
        at=format_time(opened + timedelta(minutes=7 * place)),
        explanation=_WORDS[source],
        confidence=round(rng.uniform(0.3, 0.99), 2) if automated else None,
        claimant="" if source in ("automated", "staff") else "Simulated claimant",
    )
