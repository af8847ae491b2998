"""Reference products: written by the operator, read by everybody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from reviewer.hub.locks import FEED, hold
from reviewer.hub.prepared import Prepared, given
from reviewer.hub.rights import known_rights
from reviewer.hub.schema import reference_products, rights

_PRODUCT = Prepared(
    select(reference_products.c.body, reference_products.c.prices).where(reference_products.c.id == given("id"))
)


def put_references(connection: Connection, products: Iterable[tuple[Mapping[str, Any], Mapping[str, str]]]) -> None:
    """Writes ReferenceProducts (JSON shapes), each with its list prices by currency; a known one is replaced."""
    table = reference_products
    hold(connection, FEED)
    listed = list(products)
    for product, prices in listed:
        values = {"body": msgspec.json.encode(product).decode(), "prices": msgspec.json.encode(prices).decode()}
        changed = connection.execute(update(table).where(table.c.id == product["id"]).values(**values))
        if not changed.rowcount:
            connection.execute(insert(table).values(id=product["id"], **values))
    known = known_rights(product for product, _ in listed)
    if known:
        connection.execute(delete(rights).where(rights.c.key.in_(known)))
        connection.execute(insert(rights), [{"key": key, "body": body} for key, body in known.items()])


def read_references(connection: Connection, ids: set[str]) -> dict[str, dict[str, Any]]:
    """The JSON of the named products that exist, with `prices` besides: see `priced_in`."""
    found = {}
    for name in ids:
        row = _PRODUCT.first(connection, id=name)
        if row is not None:
            body: dict[str, Any] = msgspec.json.decode(row.body)
            found[name] = body | {"prices": msgspec.json.decode(row.prices)}
    return found


def priced_in(product: Mapping[str, Any], currency: str | None) -> dict[str, Any]:
    """The product with its list price in that currency where there is one, so that prices can be compared."""
    shown = {key: value for key, value in product.items() if key != "prices"}
    if currency in product["prices"]:
        shown["list_price"] = {"amount": product["prices"][currency], "currency": currency}
    return shown


def reference_page(connection: Connection, after: int, limit: int) -> tuple[list[msgspec.Raw], int | None]:
    """Products after a sequence number, and the number to go on from, or None at the end."""
    table = reference_products
    rows = connection.execute(
        select(table.c.seq, table.c.body).where(table.c.seq > after).order_by(table.c.seq).limit(limit + 1)
    ).all()
    items = [msgspec.Raw(row.body.encode()) for row in rows[:limit]]
    return items, rows[limit - 1].seq if len(rows) > limit else None
