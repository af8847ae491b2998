"""Upserts: listings with their sellers and flags, from a marketplace's own detection or a scan."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from reviewer.domain.listing import revision_digest
from reviewer.domain.urgency import reach_of, severity_of, trust_of
from reviewer.domain.values import format_time, gtin_is_valid, parse_time
from reviewer.hub.changes import record_changes
from reviewer.hub.decisions import GONE_STATES
from reviewer.hub.links import sketch_again
from reviewer.hub.locks import FEED, hold
from reviewer.hub.messages import FlagMessage, ListingMessage, ListingUpsert, SellerMessage
from reviewer.hub.notice_outcomes import follow_decisions
from reviewer.hub.schema import (
    Record,
    cases,
    flags,
    listing_pictures,
    listings,
    marketplaces,
    reference_products,
    sellers,
)
from reviewer.hub.sellers import ACTIVE_STATES
from reviewer.policy.policy import Policy

#: Sorts after every time: the place of a case without a due time.
NO_TIME = "~"


class _Refused(Exception):
    """An item that is not taken; the others go on."""


def upsert_listings(
    connection: Connection, items: Sequence[ListingUpsert], policy: Policy, now: datetime
) -> list[dict[str, Any]]:
    """Makes or changes each listing, and opens a case where there is a new flag and no case waits."""
    hold(connection, FEED)
    _lock_sellers(connection, {item.seller.id for item in items})
    known = {row.id for row in connection.execute(select(marketplaces.c.id))}
    answers: list[dict[str, Any]] = []
    for item in items:
        answer = {"listing_id": item.listing.id, "case_id": "", "revision": "", "status": "refused", "detail": ""}
        try:
            _check(connection, item, known)
            answer.update(_upsert(connection, item, policy, now))
        except _Refused as refusal:
            answer["detail"] = str(refusal)
        answers.append(answer)
    return answers


def _lock_sellers(connection: Connection, ids: set[str]) -> None:
    query = select(sellers.c.id).where(sellers.c.id.in_(ids)).order_by(sellers.c.id)
    connection.execute(query.with_for_update(key_share=True)).all()


def _check(connection: Connection, item: ListingUpsert, known: set[str]) -> None:
    listing = item.listing
    if listing.marketplace not in known:
        raise _Refused("There is no such marketplace on this hub.")
    if listing.gtin and not gtin_is_valid(listing.gtin):
        raise _Refused("The GTIN's check digit is wrong.")
    if item.seller.marketplace not in ("", listing.marketplace):
        raise _Refused("The seller is of another marketplace.")
    missing = set(item.references) - {
        row.id
        for row in connection.execute(
            select(reference_products.c.id).where(reference_products.c.id.in_(item.references))
        )
    }
    if missing:
        raise _Refused(f"There is no such reference product: {sorted(missing)[0]}")


def revision_of(listing: ListingMessage) -> str:
    """The name of the content state of a listing as it was sent."""
    price = listing.price
    return revision_digest(
        title=listing.title,
        description=listing.description,
        brand=listing.brand,
        category=listing.category,
        price=price.amount if price else "",
        currency=(price.currency or "") if price else "",
        gtin=listing.gtin,
        pictures=[picture.sha256 for picture in listing.pictures],
    )


def _upsert(connection: Connection, item: ListingUpsert, policy: Policy, now: datetime) -> dict[str, Any]:
    moment = format_time(now)
    found = connection.execute(select(listings).where(listings.c.id == item.listing.id)).first()
    if found is not None and found.seller_id != item.seller.id:
        raise _Refused("The listing belongs to another seller.")
    _put_seller(connection, item.seller, item.listing.marketplace)
    revision = revision_of(item.listing)
    status = _put_listing(connection, item, found, revision)
    case_id = _put_flags(connection, item, policy, moment, now)
    if status == "updated" and found is not None:
        _tell_cases(connection, item.listing, found.revision != revision, moment)
        if item.listing.state in GONE_STATES:
            follow_decisions(connection, "", [item.listing.id], {}, policy, now)
    if case_id and status == "unchanged":
        status = "updated"
    if not case_id:
        waiting = _waiting_case(connection, item.listing.id)
        case_id = waiting.id if waiting else ""
    return {"status": status, "revision": revision, "case_id": case_id}


def _put_seller(connection: Connection, seller: SellerMessage, marketplace: str) -> None:
    values = seller.model_dump(exclude_unset=True) | {"marketplace": marketplace}
    if values.get("joined_at"):
        values["joined_at"] = format_time(parse_time(values["joined_at"]))
    changed = connection.execute(update(sellers).where(sellers.c.id == seller.id).values(**values))
    if not changed.rowcount:
        connection.execute(insert(sellers).values(**values))


def listing_row(listing: ListingMessage, seller_id: str, revision: str) -> dict[str, Any]:
    """The columns of a listing but its id, state and previous content."""
    body = listing.model_dump() | {"revision": revision}
    if listing.listed_at:
        body["listed_at"] = format_time(parse_time(listing.listed_at))
    price = listing.price
    return {
        "marketplace": listing.marketplace,
        "seller_id": seller_id,
        "title": listing.title,
        "brand": listing.brand,
        "category": listing.category,
        "language": listing.language,
        "price_amount": price.amount if price else None,
        "price_currency": price.currency if price else None,
        "picture": listing.pictures[0].sha256 if listing.pictures else "",
        "revision": revision,
        "base_state": listing.state,
        "body": msgspec.json.encode(body).decode(),
    }


def picture_rows(listing: ListingMessage) -> list[dict[str, Any]]:
    """The rows by which listings with the same picture are found."""
    return [
        {"listing_id": listing.id, "place": place, "sha256": picture.sha256}
        for place, picture in enumerate(listing.pictures)
    ]


def _put_listing(connection: Connection, item: ListingUpsert, found: Record | None, revision: str) -> str:
    listing = item.listing
    values = listing_row(listing, item.seller.id, revision)
    if found is None:
        connection.execute(insert(listings).values(id=listing.id, state=listing.state, previous=None, **values))
    else:
        if found.body == values["body"]:
            return "unchanged"
        if found.revision != revision:
            values["previous"] = found.body
        if found.state == found.base_state:
            values["state"] = listing.state
        connection.execute(update(listings).where(listings.c.id == listing.id).values(**values))
        connection.execute(delete(listing_pictures).where(listing_pictures.c.listing_id == listing.id))
    if listing.pictures:
        connection.execute(insert(listing_pictures), picture_rows(listing))
    sketch_again(connection, listing.id, f"{listing.title}\n{listing.description}")
    return "created" if found is None else "updated"


def _waiting_case(connection: Connection, listing_id: str) -> Record | None:
    return connection.execute(
        select(cases.c.id, cases.c.flag_count, cases.c.priority, cases.c.severity, cases.c.trust)
        .where(cases.c.listing_id == listing_id, cases.c.state.in_(ACTIVE_STATES), cases.c.kind != "appeal")
        .order_by(cases.c.seq)
        .with_for_update(key_share=True)
    ).first()


def _put_flags(connection: Connection, item: ListingUpsert, policy: Policy, moment: str, now: datetime) -> str:
    """Adds the flags that are new for this listing to its waiting case or to a new one; its id, or ""."""
    sent = {flag.id: flag for flag in item.flags}
    old = connection.execute(
        select(flags.c.id)
        .join(cases, cases.c.id == flags.c.case_id)
        .where(cases.c.listing_id == item.listing.id, flags.c.id.in_(list(sent)))
    )
    known = {row.id for row in old}
    fresh = [flag for flag in sent.values() if flag.id not in known]
    if not fresh or item.listing.state in GONE_STATES:
        return ""
    waiting = _waiting_case(connection, item.listing.id)
    if waiting is None:
        case_id = _open_case(connection, item, fresh, policy, moment, now)
    else:
        case_id = waiting.id
        connection.execute(
            update(cases)
            .where(cases.c.id == case_id)
            .values(
                flag_count=waiting.flag_count + len(fresh),
                priority=max(waiting.priority, item.priority),
                severity=max(waiting.severity, _severity(fresh, policy)),
                trust=max(waiting.trust, trust_of(flag.source for flag in fresh)),
            )
        )
        record_changes(connection, "case_changed", [case_id], moment)
    connection.execute(insert(flags), [_flag_row(flag, case_id) for flag in fresh])
    return case_id


def _flag_row(flag: FlagMessage, case_id: str) -> dict[str, Any]:
    return flag.model_dump() | {
        "case_id": case_id,
        "at": format_time(parse_time(flag.at)),
        "settled_by": "",
    }


def _open_case(
    connection: Connection, item: ListingUpsert, fresh: list[FlagMessage], policy: Policy, moment: str, now: datetime
) -> str:
    """Opens a case; without a due time, the shortest of the flags' grounds and sources counts."""
    case_id = "case-" + uuid.uuid4().hex[:20]
    hours = [told for flag in fresh if (told := policy.due_hours(flag.reason, flag.source)) is not None]
    due = format_time(parse_time(item.due_at)) if item.due_at else None
    if due is None and hours:
        due = format_time(now + timedelta(hours=min(hours)))
    connection.execute(
        insert(cases).values(
            id=case_id,
            marketplace=item.listing.marketplace,
            listing_id=item.listing.id,
            seller_id=item.seller.id,
            queue="open",
            state="open",
            priority=item.priority,
            severity=_severity(fresh, policy),
            reach=reach_of(item.listing.units_sold),
            trust=trust_of(flag.source for flag in fresh),
            due_at=due,
            due_order=due or NO_TIME,
            opened_at=moment,
            ground=fresh[0].reason,
            source=fresh[0].source,
            flag_count=len(fresh),
            reference_ids=msgspec.json.encode(item.references).decode(),
        )
    )
    record_changes(connection, "case_opened", [case_id], moment)
    return case_id


def _severity(fresh: list[FlagMessage], policy: Policy) -> int:
    return severity_of((flag.reason for flag in fresh), policy.severity)


def _tell_cases(connection: Connection, listing: ListingMessage, other_content: bool, moment: str) -> None:
    """Tells of a changed listing; where it is no longer offered, its waiting cases are withdrawn."""
    waiting = cases.c.listing_id == listing.id, cases.c.state.in_(ACTIVE_STATES), cases.c.kind != "appeal"
    query = select(cases.c.id).where(*waiting).order_by(cases.c.id).with_for_update(key_share=True)
    ids = [row.id for row in connection.execute(query)]
    connection.execute(update(cases).where(*waiting).values(reach=reach_of(listing.units_sold)))
    if listing.state in GONE_STATES:
        connection.execute(
            update(cases)
            .where(*waiting)
            .values(state="withdrawn", lease_owner=None, lease_id="", lease_expires_at=None)
        )
        record_changes(connection, "case_closed", ids, moment)
    else:
        record_changes(connection, "listing_changed" if other_content else "case_changed", ids, moment)
