"""Cases as JSON: whole with all that a reviewer needs, or as a row of the queue table."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, and_, or_, select

from reviewer.domain.values import format_time
from reviewer.hub.appeals import appeals_for_desk
from reviewer.hub.notice_lists import notices_of_cases
from reviewer.hub.prepared import Prepared, given
from reviewer.hub.proofs import accepted_of, brand_key, proofs_by_id
from reviewer.hub.references import priced_in, read_references
from reviewer.hub.schema import Record, accounts, cases, flags, listing_pictures, listings, sellers
from reviewer.hub.sellers import ACTIVE_STATES, sellers_as_json
from reviewer.policy.model import Policy

_SIBLINGS = 12


_CASE = Prepared(
    select(
        cases,
        listings.c.body,
        listings.c.previous,
        listings.c.price_currency,
        listings.c.state.label("listing_state"),
    )
    .join(listings, listings.c.id == cases.c.listing_id)
    .where(cases.c.id == given("case"))
)
_FLAGS = Prepared(select(flags).where(flags.c.case_id == given("case")).order_by(flags.c.seq))


def cases_as_json(connection: Connection, ids: Iterable[str], now: datetime, policy: Policy) -> list[dict[str, Any]]:
    """The Case shape of each named case that exists, in that order."""
    rows = [row for name in ids if (row := _CASE.first(connection, case=name)) is not None]
    seller_json = sellers_as_json(connection, {row.seller_id for row in rows}, now)
    reference_ids = {row.id: msgspec.json.decode(row.reference_ids, type=list[str]) for row in rows}
    products = read_references(connection, {name for names in reference_ids.values() for name in names})
    brands = _pictures_of(products.values())
    asked = proofs_by_id(connection, (row.proof_id for row in rows))
    held = accepted_of(connection, (row.seller_id for row in rows), format_time(now))
    filed = appeals_for_desk(connection, (row.appeal_id for row in rows if row.kind == "appeal"), policy)
    bodies = {row.id: listing_as_json(row.body, row.listing_state) for row in rows}
    behind = notices_of_cases(connection, [row.id for row in rows], policy.notices, now)
    return [
        {
            "id": row.id,
            "marketplace": row.marketplace,
            "state": row.state,
            "priority": row.priority,
            "due_at": row.due_at,
            "opened_at": row.opened_at,
            "listing": bodies[row.id],
            "seller": seller_json[row.seller_id],
            "flags": [_flag(flag) for flag in _FLAGS.rows(connection, case=row.id)],
            "references": [
                priced_in(products[name], row.price_currency) for name in reference_ids[row.id] if name in products
            ],
            "siblings": _siblings(connection, row, bodies[row.id], brands),
            "previous": msgspec.Raw(row.previous.encode()) if row.previous else None,
            "notices": behind.get(row.id, []),
            "kind": row.kind,
            "proof": asked.get(row.proof_id),
            "appeal": filed.get(row.appeal_id),
            "proofs": held.get((row.seller_id, brand_key(bodies[row.id].get("brand", ""))), []),
        }
        for row in rows
    ]


def listing_as_json(body: str, state: str) -> dict[str, Any]:
    """The Listing shape with its state of now."""
    listing: dict[str, Any] = msgspec.json.decode(body)
    listing["state"] = state
    return listing


def _flag(row: Record) -> dict[str, Any]:
    return {
        "id": row.id,
        "source": row.source,
        "reason": row.reason,
        "at": row.at,
        "explanation": row.explanation,
        "confidence": row.confidence,
        "notice_id": row.notice_id,
        "claimant": row.claimant,
        "claimant_upheld": row.claimant_upheld,
    }


def _pictures_of(products: Iterable[Mapping[str, Any]]) -> set[str]:
    return {picture["sha256"] for product in products for picture in product["pictures"]}


_OTHERS = (
    select(cases.c.id, cases.c.marketplace, listings.c.title, listings.c.picture, sellers.c.display_name)
    .join(listings, listings.c.id == cases.c.listing_id)
    .join(sellers, sellers.c.id == cases.c.seller_id)
    .where(cases.c.state.in_(ACTIVE_STATES), cases.c.id != given("case"))
    .limit(_SIBLINGS)
)
_OF_SELLER = Prepared(_OTHERS.where(cases.c.seller_id == given("seller")))
_OF_PICTURE = Prepared(
    _OTHERS.join(listing_pictures, listing_pictures.c.listing_id == cases.c.listing_id).where(
        listing_pictures.c.sha256 == given("sha256"), cases.c.listing_id != given("listing")
    )
)


def _siblings(
    connection: Connection, case: Record, listing: Mapping[str, Any], brands: Container[str]
) -> list[dict[str, Any]]:
    """Some other active cases with a picture in common (first) or of the same seller.

    The pictures of the brands themselves (`brands`) make no relation: everybody copies those.
    """
    found: dict[str, dict[str, Any]] = {}
    for picture in listing["pictures"][:_SIBLINGS]:
        if picture["sha256"] not in brands:
            rows = _OF_PICTURE.rows(connection, case=case.id, listing=case.listing_id, sha256=picture["sha256"])
            _add_siblings(found, rows, "same_pictures")
    if len(found) < _SIBLINGS:
        _add_siblings(found, _OF_SELLER.rows(connection, case=case.id, seller=case.seller_id), "same_seller")
    return list(found.values())


def _add_siblings(found: dict[str, dict[str, Any]], rows: Iterable[Record], relation: str) -> None:
    for row in rows:
        if row.id not in found and len(found) < _SIBLINGS:
            found[row.id] = {
                "case_id": row.id,
                "relation": relation,
                "title": row.title,
                "marketplace": row.marketplace,
                "picture": row.picture,
                "seller_name": row.display_name,
            }


def case_rows_query() -> Select[Any]:
    """The query that `case_row` reads rows of; callers add their conditions."""
    return (
        select(
            cases.c.seq,
            cases.c.id,
            cases.c.marketplace,
            cases.c.state,
            cases.c.priority,
            cases.c.due_at,
            cases.c.seller_id,
            cases.c.ground,
            cases.c.source,
            cases.c.flag_count,
            cases.c.severity,
            cases.c.reach,
            cases.c.trust,
            cases.c.kind,
            listings.c.title,
            listings.c.brand,
            listings.c.category,
            listings.c.price_amount,
            listings.c.price_currency,
            listings.c.language,
            sellers.c.display_name,
            sellers.c.standing,
            accounts.c.name.label("leased_by"),
        )
        .join(listings, listings.c.id == cases.c.listing_id)
        .join(sellers, sellers.c.id == cases.c.seller_id)
        .outerjoin(accounts, and_(accounts.c.id == cases.c.lease_owner, cases.c.state == "leased"))
    )


def case_row(row: Record) -> dict[str, Any]:
    """The CaseRow shape."""
    price = None if row.price_amount is None else {"amount": row.price_amount, "currency": row.price_currency}
    return {
        "id": row.id,
        "marketplace": row.marketplace,
        "state": row.state,
        "priority": row.priority,
        "due_at": row.due_at,
        "title": row.title,
        "brand": row.brand,
        "category": row.category,
        "seller_id": row.seller_id,
        "seller_name": row.display_name,
        "standing": row.standing,
        "ground": row.ground,
        "source": row.source,
        "flags": row.flag_count,
        "price": price,
        "language": row.language,
        "leased_by": row.leased_by or "",
        "severity": row.severity,
        "reach": row.reach,
        "trust": row.trust,
        "kind": row.kind,
    }


def case_page(
    connection: Connection,
    after: int,
    limit: int,
    *,
    state: str | None = None,
    seller: str | None = None,
    text: str | None = None,
    marketplace: str | None = None,
    due_before: str | None = None,
    kind: str | None = None,
) -> tuple[list[dict[str, Any]], int | None]:
    """Rows in the order of opening after a sequence number, and the number to go on from."""
    query = case_rows_query().where(cases.c.seq > after).order_by(cases.c.seq).limit(limit + 1)
    if state:
        query = query.where(cases.c.state == state)
    if kind:
        query = query.where(cases.c.kind == kind)
    if seller:
        query = query.where(cases.c.seller_id == seller)
    if marketplace:
        query = query.where(cases.c.marketplace == marketplace)
    if due_before:
        query = query.where(cases.c.due_at < due_before)
    if text:
        places = (listings.c.title, listings.c.brand, sellers.c.display_name, cases.c.id)
        query = query.where(or_(*(place.icontains(text, autoescape=True) for place in places)))
    rows = connection.execute(query).all()
    return [case_row(row) for row in rows[:limit]], rows[limit - 1].seq if len(rows) > limit else None
