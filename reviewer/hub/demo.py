"""The demo: three made-up marketplaces with fictional brands, the same for the same seed and time."""

from __future__ import annotations

import random
import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, insert

from reviewer.errors import OperatorError
from reviewer.hub.auth import DEMO_ACCOUNTS, add_account
from reviewer.hub.demo_catalogue import DemoProduct, read_products, reference_of
from reviewer.hub.demo_listings import Writer, make_case, read_texts
from reviewer.hub.demo_sellers import MARKETPLACES, DemoMarketplace, make_sellers
from reviewer.hub.demo_special import make_special
from reviewer.hub.media import MediaFolder
from reviewer.hub.messages import PictureMessage
from reviewer.hub.references import put_references
from reviewer.hub.schema import marketplaces, media
from reviewer.hub.seeding import (
    SeededCase,
    SeededDecision,
    SeededSeller,
    write_cases,
    write_history,
    write_sellers,
)
from reviewer.hub.store import Store, name_hub
from reviewer.resources import resources_folder

SEED = 7
OPEN_CASES = 300
_COPIES = 24

#: Careers: for each profile how many past decisions, and what they were.
_CAREERS = {
    "spotless": (0, 1),
    "private": (0, 1),
    "new": (0, 0),
    "mixed": (1, 3),
    "repeat": (2, 5),
    "banned": (5, 6),
    "back": (0, 0),
}
_ENDS = {
    "mixed": (("seller_warned", "all", None), ("seller_restricted", "brand", 7)),
    "repeat": (("seller_warned", "all", None), ("seller_restricted", "category", 14), ("account_suspended", "all", 21)),
    "banned": (("account_closed", "all", None),),
}


def fill_demo(store: Store, *, seed: int = SEED, cases: int = OPEN_CASES, folder: Path | None = None) -> int:
    """Fills an empty store and returns the number of open cases; times are relative to the store's clock.

    Raises `OperatorError` where the demo's files are missing from the installation.
    """
    resources = resources_folder()
    now = store.clock()
    rng = random.Random(seed)  # noqa: S311 - a demo, no secret
    try:
        products = read_products(folder or resources / "demo", store.media)
        texts = read_texts(resources / "demo_texts")
    except FileNotFoundError as error:
        raise OperatorError(f"The demo's files are not complete: {error.filename} is missing.") from None
    writer = Writer(rng, now, store.policy, products, texts)
    sellers = make_sellers(rng, now)
    history = _make_history(writer, sellers)
    open_cases = _make_cases(writer, sellers, cases, store.media)

    def write(connection: Connection) -> None:
        connection.execute(insert(marketplaces), [_marketplace(place) for place in MARKETPLACES])
        for token, (name, role) in DEMO_ACCOUNTS.items():
            add_account(connection, name, role, token, now)
        put_references(connection, [reference_of(product, _authorised(product, sellers)) for product in products])
        write_sellers(connection, sellers)
        write_history(connection, history, store.policy, now)
        write_cases(connection, open_cases, now)
        record_pictures(connection, store.media, [case.listing.pictures for case in [*open_cases, *_cases_of(history)]])
        record_pictures(
            connection, store.media, [[p.message for role in q.pictures.values() for p in role] for q in products]
        )

    store.database.write(write)
    name_hub(store, "Demo hub (fictional brands and sellers)", demo=True)
    return len(open_cases)


def _cases_of(history: list[SeededDecision]) -> list[SeededCase]:
    return [decision.case for decision in history]


def _marketplace(place: DemoMarketplace) -> dict[str, str]:
    return {
        "id": place.id,
        "name": place.name,
        "currency": place.currency,
        "language": place.language,
        "country": place.country,
    }


def _authorised(product: DemoProduct, sellers: list[SeededSeller]) -> list[str]:
    """Spotless sellers are authorised for some of the brands, the same for all products of a brand."""
    spotless = [seller.id for seller in sellers if seller.profile == "spotless"]
    return [name for place, name in enumerate(spotless) if (place + len(product.brand)) % 3 == 0]


def record_pictures(connection: Connection, folder: MediaFolder, lists: list[list[PictureMessage]]) -> None:
    """Writes that the files of these pictures are there; those that were written before are left alone."""
    found = {picture.sha256: picture.media_type for pictures in lists for picture in pictures}
    known = {row.sha256 for row in connection.execute(media.select())}
    rows = [
        {"sha256": sha256, "media_type": kind, "bytes": folder.path(sha256).stat().st_size}
        for sha256, kind in sorted(found.items())
        if sha256 not in known
    ]
    if rows:
        connection.execute(insert(media), rows)


def _make_cases(writer: Writer, sellers: list[SeededSeller], count: int, folder: MediaFolder) -> list[SeededCase]:
    """Open cases: some sellers have many, and some listings have a twin at another seller."""
    rng = writer.rng
    active = [seller for seller in sellers if seller.profile != "banned"]
    places = {place.id: place for place in MARKETPLACES}
    weights = [{"repeat": 5, "back": 6, "mixed": 3, "private": 1}.get(seller.profile, 2) for seller in active]
    made: list[SeededCase] = []
    for number in range(1, count - _COPIES + 1):
        seller = active[number - 1] if number <= len(active) else rng.choices(active, weights)[0]
        made.append(make_case(writer, places[seller.marketplace], seller, number))
    bad = [seller for seller in active if seller.profile in ("repeat", "back", "new", "mixed")]
    products = {product.id: product for product in writer.products}
    for number in range(count - _COPIES + 1, count + 1):
        model = rng.choice([case for case in made if len(case.listing.pictures) > 1])
        seller = rng.choice([seller for seller in bad if seller.id != model.seller_id])
        product = products[model.references[0]]
        twin = make_case(writer, places[seller.marketplace], seller, number, scenario="counterfeit", product=product)
        listing = twin.listing.model_copy(update={"pictures": list(model.listing.pictures)})
        made.append(replace(twin, listing=listing, previous=None))
    calm = sorted(made, key=lambda case: (case.priority, case.id))[40:47]
    special = {case.id: case for case in make_special(calm, writer.products, folder)}
    return [special.get(case.id, case) for case in made]


def _make_history(writer: Writer, sellers: list[SeededSeller]) -> list[SeededDecision]:
    """Past decisions of each career, the oldest first, some overturned; the last gives the standing."""
    rng = writer.rng
    places = {place.id: place for place in MARKETPLACES}
    made: list[SeededDecision] = []
    for seller in sellers:
        count = rng.randint(*_CAREERS[seller.profile])
        age = (writer.now - seller.joined).days
        ends = _ENDS.get(seller.profile, (("seller_warned", "all", None),))
        days = sorted((rng.randint(1, max(2, min(age, 420))) for _ in range(count)), reverse=True)
        for place, back in enumerate(days):
            last = place == len(days) - 1
            number = 9_000 + len(made)
            scenario = "used" if seller.profile in ("spotless", "private") else None
            case = make_case(writer, places[seller.marketplace], seller, number, scenario=scenario)
            at = writer.now - timedelta(days=back, minutes=rng.randint(10, 1200))
            measure = rng.choice(ends) if last else ("seller_warned", "all", None)
            made.append(_decided(writer, seller, case, at, measure, last))
    return made


def _decided(
    writer: Writer,
    seller: SeededSeller,
    case: SeededCase,
    at: datetime,
    measure: tuple[str, str, int | None],
    last: bool,
) -> SeededDecision:
    rng = writer.rng
    bad = seller.profile in ("mixed", "repeat", "banned")
    kind = rng.choice(("takedown", "takedown", "warn")) if bad else rng.choice(("clear", "warn"))
    ground_id = case.flags[0].reason if kind == "takedown" else "misleading"
    if seller.profile == "banned" and last:
        kind, ground_id = "takedown", "counterfeit"
    ground = writer.policy.ground(ground_id)
    overturned = kind != "clear" and not last and rng.random() < 0.15
    opened = at - timedelta(hours=rng.randint(2, 30))
    return SeededDecision(
        id=str(uuid.UUID(int=rng.getrandbits(128), version=4)),
        case=replace(case, opened=opened, due=opened + timedelta(hours=24), previous=None),
        kind=kind,
        ground="" if kind == "clear" else ground_id,
        at=at,
        reviewer_id=rng.choice(("reviewer", "reviewer-2", "lead")),
        points=ground.points if ground and kind != "clear" else 0,
        overturned=overturned,
        measure=None if kind == "clear" else measure,
    )
