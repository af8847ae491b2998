"""The usual price of each category: the base that a listing's price is held against."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from statistics import median
from typing import Any

from sqlalchemy import Connection, select

from reviewer.hub.schema import listings

#: A category with fewer offers has no usual price.
LEAST = 5
_MOST_CATEGORIES = 2000


def category_prices(connection: Connection) -> list[dict[str, Any]]:
    """The middle price (median) of each category and currency over all listings but the removed ones.

    Prices of listings that were taken down would pull the base to the price of copies.
    """
    found: dict[tuple[str, str], list[Decimal]] = {}
    query = select(listings.c.category, listings.c.price_currency, listings.c.price_amount).where(
        listings.c.category != "",
        listings.c.price_amount.is_not(None),
        listings.c.price_currency.is_not(None),
        listings.c.state != "removed",
    )
    for category, currency, text in connection.execute(query):
        try:
            amount = Decimal(text)
        except InvalidOperation:
            continue
        if amount > 0:
            found.setdefault((category, currency), []).append(amount)
    return [
        {
            "category": category,
            "middle": {"amount": str(median(amounts)), "currency": currency},
            "listings": len(amounts),
        }
        for (category, currency), amounts in sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
        if len(amounts) >= LEAST
    ][:_MOST_CATEGORIES]
