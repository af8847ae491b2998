"""A few cases that a tidy demo would not have: what sellers and servers really send."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reviewer.hub.demo_catalogue import DemoProduct
from reviewer.hub.media import MediaStore
from reviewer.hub.messages import FlagMessage, ListingMessage, MoneyMessage, PictureMessage
from reviewer.hub.seeding import SeededCase

_LONG = (
    "READ BEFORE BUYING. Shipping policy: parcels leave on working days. Size chart, washing, warranty, invoices and "
    "returns are explained below; please read everything, we do not answer questions that are answered here.\n"
)


def make_special(base: list[SeededCase], products: list[DemoProduct], media: MediaStore) -> list[SeededCase]:
    """Changes the first of the given cases into one special case each; the others are returned as they are."""
    changes = (_no_pictures, _many_pictures, _long_text, _markup, _no_currency, _unknown_source, _broken_picture)
    changed = [change(case, products, media) for change, case in zip(changes, base, strict=False)]
    return changed + base[len(changed) :]


def _with(case: SeededCase, listing: ListingMessage, flags: Sequence[FlagMessage] | None = None) -> SeededCase:
    return replace(case, listing=listing, flags=flags or case.flags, previous=None)


def _no_pictures(case: SeededCase, _products: list[DemoProduct], _media: MediaStore) -> SeededCase:
    return _with(case, case.listing.model_copy(update={"pictures": []}))


def _many_pictures(case: SeededCase, products: list[DemoProduct], _media: MediaStore) -> SeededCase:
    every = [picture.message for product in products for role in product.pictures.values() for picture in role]
    title = "MEGA CATALOGUE bags watches shoes perfume all brands 1:1, ask for the model you want"
    return _with(case, case.listing.model_copy(update={"pictures": every[::4][:40], "title": title}))


def _long_text(case: SeededCase, _products: list[DemoProduct], _media: MediaStore) -> SeededCase:
    text = (case.listing.description + "\n" + _LONG * 60)[:10_000]
    return _with(case, case.listing.model_copy(update={"description": text}))


def _markup(case: SeededCase, _products: list[DemoProduct], _media: MediaStore) -> SeededCase:
    title = f"<b>{case.listing.title}</b> \u202elanigiro\u202c \u200b100%"
    text = (
        f"<h1>OFFICIAL</h1><img src='file:///etc/hostname'><a href='http://pay.example'>pay here</a>\n"
        f"*{case.listing.title}* \u2066hidden\u2069\u200b\u200d &lt;script&gt;alert(1)&lt;/script&gt;\n"
        f"{case.listing.description}"
    )
    return _with(case, case.listing.model_copy(update={"title": title, "description": text}))


def _no_currency(case: SeededCase, _products: list[DemoProduct], _media: MediaStore) -> SeededCase:
    amount = case.listing.price.amount if case.listing.price else "45"
    return _with(case, case.listing.model_copy(update={"price": MoneyMessage(amount=amount, currency=None)}))


def _unknown_source(case: SeededCase, _products: list[DemoProduct], _media: MediaStore) -> SeededCase:
    told = case.flags[0].model_copy(
        update={"source": "brand_bot", "explanation": "brand_bot v3: score 0.88, class FAKE_LOGO", "confidence": 0.88}
    )
    return _with(case, case.listing, [told, *case.flags[1:]])


def _broken_picture(case: SeededCase, products: list[DemoProduct], media: MediaStore) -> SeededCase:
    whole = products[0].pictures["counterfeit"][0].message
    data = media.get(whole.sha256) or b""
    broken = media.put(data[: len(data) * 2 // 5])
    picture = PictureMessage(sha256=broken, width=whole.width, height=whole.height)
    return _with(case, case.listing.model_copy(update={"pictures": [picture, *case.listing.pictures]}))
