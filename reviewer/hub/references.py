"""Reference products: written by the operator, read by everybody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, select, update

from reviewer.hub.schema import reference_products


def put_references(connection: Connection, products: Iterable[Mapping[str, Any]]) -> None:
    """Writes ReferenceProducts (JSON shapes); one that is known is replaced."""
    for product in products:
        body = msgspec.json.encode(product).decode()
        table = reference_products
        changed = connection.execute(update(table).where(table.c.id == product["id"]).values(body=body))
        if not changed.rowcount:
            connection.execute(insert(table), {"id": product["id"], "body": body})


def read_references(connection: Connection, ids: set[str]) -> dict[str, msgspec.Raw]:
    """The JSON of the named products that exist."""
    if not ids:
        return {}
    table = reference_products
    rows = connection.execute(select(table.c.id, table.c.body).where(table.c.id.in_(sorted(ids))))
    return {row.id: msgspec.Raw(row.body.encode()) for row in rows}


def reference_page(connection: Connection, after: int, limit: int) -> tuple[list[msgspec.Raw], int | None]:
    """Products after a sequence number, and the number to go on from, or None at the end."""
    table = reference_products
    rows = connection.execute(
        select(table.c.seq, table.c.body).where(table.c.seq > after).order_by(table.c.seq).limit(limit + 1)
    ).all()
    items = [msgspec.Raw(row.body.encode()) for row in rows[:limit]]
    return items, rows[limit - 1].seq if len(rows) > limit else None
