"""A small hub's data folder: a reviewer or two, and open cases without pictures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from reviewer.hub.auth import add_account
from reviewer.hub.media import record_media
from reviewer.hub.messages import FlagMessage, ListingMessage, PictureMessage
from reviewer.hub.provision import put_marketplace
from reviewer.hub.seeding import SeededCase, SeededSeller, write_cases, write_sellers
from reviewer.hub.store import open_store

#: Token and name of who may call; each token is its role's name and a number.
PEOPLE = (("reviewer-1", "Ines Carvalho"), ("reviewer-2", "Minjun Park"), ("lead-1", "Wanjiru Otieno"))
_TITLES = ("Bolso Saddle 24 original", "กระเป๋า Saddle 24 งานแท้", "Saddle 24 专柜同款", "Saddle 24 정품급")


def make_hub(
    folder: Path,
    cases: int = 40,
    *,
    picture: bytes = b"",
    people: Sequence[tuple[str, str]] = PEOPLE,
) -> None:
    """Write the data folder of a hub with so many open cases of ten sellers, each with that picture."""
    at = datetime.now(UTC).replace(microsecond=0)
    store = open_store(folder)
    try:
        market = {"id": "bazaar", "name": "Bazaar", "currency": "MXN", "language": "es", "country": "MX"}
        store.database.write(lambda connection: put_marketplace(connection, market))
        for token, name in people:
            store.database.write(partial(add_account, name=name, role=token.partition("-")[0], token=token, now=at))
        sellers = [
            SeededSeller(f"s{n}", f"Seller {n}", "bazaar", "MX", at - timedelta(days=90), "verified", 10, 5, "plain")
            for n in range(10)
        ]
        store.database.write(lambda connection: write_sellers(connection, sellers))
        pictures: tuple[PictureMessage, ...] = ()
        if picture:
            sha256 = store.media.put(picture)
            store.database.write(
                partial(record_media, sha256=sha256, kind="image/jpeg", size=len(picture)),
            )
            pictures = (PictureMessage(sha256=sha256, view="front", media_type="image/jpeg", width=40, height=40),)
        made = [_case(number, at, pictures) for number in range(cases)]
        store.database.write(lambda connection: write_cases(connection, made, at, store.policy))
    finally:
        store.close()


def _case(number: int, at: datetime, pictures: tuple[PictureMessage, ...]) -> SeededCase:
    moment = at.isoformat().replace("+00:00", "Z")
    listing = ListingMessage(
        id=f"l{number}", marketplace="bazaar", title=f"{_TITLES[number % len(_TITLES)]} #{number}", brand="Norrvik",
        category="bags", language="es", country="MX", description="Nuevo, con caja. " * (1 + number % 7),
        pictures=list(pictures),
    )  # fmt: skip
    flag = FlagMessage(id=f"f{number}", source="automated", reason="counterfeit", at=moment, confidence=0.9)
    due = at + timedelta(hours=1 + number % 5)
    return SeededCase(f"c{number}", listing, f"s{number % 10}", [flag], [], at, due, 50 + number % 7)
