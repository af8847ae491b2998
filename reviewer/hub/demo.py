"""The demo: three made-up marketplaces with fictional brands, the same for the same seed and time."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Connection, insert

from reviewer.errors import OperatorError
from reviewer.hub.auth import DEMO_ACCOUNTS, add_account
from reviewer.hub.demo_catalogue import DemoProduct, read_products, reference_of
from reviewer.hub.demo_history import make_history
from reviewer.hub.demo_listings import Writer, make_case, read_texts
from reviewer.hub.demo_notices import DemoNotices, joined
from reviewer.hub.demo_sellers import MARKETPLACES, DemoMarketplace, make_sellers
from reviewer.hub.demo_special import make_special
from reviewer.hub.links import sketch_texts
from reviewer.hub.media import MediaStore
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
    places = {place.id: place for place in MARKETPLACES}
    history = make_history(
        rng,
        now,
        store.policy,
        sellers,
        lambda seller, number, scenario: make_case(
            writer, places[seller.marketplace], seller, number, scenario=scenario
        ),
    )
    open_cases = joined(_make_cases(writer, sellers, cases, store.media))

    def write(connection: Connection) -> None:
        connection.execute(insert(marketplaces), [marketplace_row(place) for place in MARKETPLACES])
        for token, (name, role) in DEMO_ACCOUNTS.items():
            add_account(connection, name, role, token, now)
        put_references(connection, [reference_of(product, _authorised(product, sellers)) for product in products])
        write_sellers(connection, sellers)
        write_history(connection, history, store.policy, now)
        write_cases(connection, open_cases, now, store.policy)
        DemoNotices(connection, products, store.policy, now, seed).write(open_cases, history)
        told = [case.listing for case in [*open_cases, *_cases_of(history)]]
        sketch_texts(connection, [(listing.id, f"{listing.title}\n{listing.description}") for listing in told])
        record_pictures(connection, store.media, [case.listing.pictures for case in [*open_cases, *_cases_of(history)]])
        record_pictures(
            connection, store.media, [[p.message for role in q.pictures.values() for p in role] for q in products]
        )

    store.database.write(write)
    name_hub(store, "Demo hub (fictional brands and sellers)", demo=True)
    return len(open_cases)


def _cases_of(history: list[SeededDecision]) -> list[SeededCase]:
    return [decision.case for decision in history]


def marketplace_row(place: DemoMarketplace) -> dict[str, str]:
    """The columns of a marketplace."""
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


def record_pictures(connection: Connection, folder: MediaStore, lists: list[list[PictureMessage]]) -> None:
    """Writes that the files of these pictures are there; those that were written before are left alone."""
    found = {picture.sha256: picture.media_type for pictures in lists for picture in pictures}
    known = {row.sha256 for row in connection.execute(media.select())}
    rows = [
        {"sha256": sha256, "media_type": kind, "bytes": folder.size(sha256) or 0}
        for sha256, kind in sorted(found.items())
        if sha256 not in known
    ]
    if rows:
        connection.execute(insert(media), rows)


def _make_cases(writer: Writer, sellers: list[SeededSeller], count: int, folder: MediaStore) -> list[SeededCase]:
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
