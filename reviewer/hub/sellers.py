"""Sellers as JSON: profile, standing, offences, links; and the standing that follows from the measures."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, update

from reviewer.domain.decision import MeasureKind
from reviewer.domain.seller import Standing
from reviewer.domain.values import format_time
from reviewer.hub.prepared import Prepared, given
from reviewer.hub.schema import Record, cases, measures, offences, seller_links, sellers

#: The states of a case that still has to be worked on.
ACTIVE_STATES = ("open", "leased", "escalated", "awaiting_proof")

_STANDING_OF = {
    MeasureKind.SELLER_WARNED: Standing.WARNED,
    MeasureKind.SELLER_RESTRICTED: Standing.RESTRICTED,
    MeasureKind.ACCOUNT_SUSPENDED: Standing.SUSPENDED,
    MeasureKind.ACCOUNT_CLOSED: Standing.BANNED,
}
#: The kinds of measures that a standing follows from.
STANDING_KINDS = tuple(kind.value for kind in _STANDING_OF)
_ORDER = list(Standing)
_OFFENCE_LIMIT = 500
_FOREVER = "9999-12-31T23:59:59.999Z"


_SELLER = Prepared(select(sellers).where(sellers.c.id == given("seller")))
_OFFENCES = Prepared(
    select(offences).where(offences.c.seller_id == given("seller")).order_by(offences.c.at.desc()).limit(_OFFENCE_LIMIT)
)
_LINKS = Prepared(
    select(
        seller_links.c.other_id,
        seller_links.c.kind,
        seller_links.c.strength,
        sellers.c.display_name,
        sellers.c.standing,
    )
    .join(sellers, sellers.c.id == seller_links.c.other_id)
    .where(seller_links.c.seller_id == given("seller"))
    .order_by(seller_links.c.strength.desc(), seller_links.c.other_id)
)
_OPEN_CASES = Prepared(
    select(func.count().label("found")).where(cases.c.seller_id == given("seller"), cases.c.state.in_(ACTIVE_STATES))
)


def sellers_as_json(connection: Connection, ids: Iterable[str], now: datetime) -> dict[str, dict[str, Any]]:
    """The Seller shape of each named seller that exists, with the latest 500 offences."""
    moment = format_time(now)
    found: dict[str, dict[str, Any]] = {}
    for seller_id in ids:
        row = _SELLER.first(connection, seller=seller_id)
        if row is not None:
            found[seller_id] = _seller(
                row,
                _OFFENCES.rows(connection, seller=seller_id),
                _LINKS.rows(connection, seller=seller_id),
                _OPEN_CASES.first(connection, seller=seller_id).found,
                _standing(connection, row, moment),
            )
    return found


def _seller(
    row: Record,
    offence_rows: list[Record],
    link_rows: list[Record],
    open_cases: int,
    standing: tuple[str, str | None],
) -> dict[str, Any]:
    return {
        "id": row.id,
        "display_name": row.display_name,
        "marketplace": row.marketplace,
        "country": row.country,
        "joined_at": row.joined_at,
        "verification": row.verification,
        "standing": standing[0],
        "standing_until": standing[1],
        "listings_live": row.listings_live,
        "listings_removed": row.listings_removed,
        "units_sold": row.units_sold,
        "open_cases": open_cases,
        "offences": [
            {
                "decision_id": offence.decision_id,
                "at": offence.at,
                "kind": offence.kind,
                "ground": offence.ground,
                "points": offence.points,
                "expires_at": offence.expires_at,
                "overturned": bool(offence.overturned),
                "listing_id": offence.listing_id,
                "listing_title": offence.listing_title,
                "full_points": offence.full_points,
            }
            for offence in offence_rows
        ],
        "links": [
            {
                "seller_id": link.other_id,
                "display_name": link.display_name,
                "kind": link.kind,
                "strength": link.strength,
                "standing": link.standing,
            }
            for link in link_rows
        ],
    }


def _standing(connection: Connection, row: Record, moment: str) -> tuple[str, str | None]:
    if row.standing_until is None or row.standing_until > moment:
        return row.standing, row.standing_until
    return standing_in_force(connection, row.id, moment)


_BASE = Prepared(select(sellers.c.base_standing).where(sellers.c.id == given("seller")))
_IN_FORCE = Prepared(
    select(measures.c.kind, measures.c.ends_at).where(
        measures.c.seller_id == given("seller"), measures.c.undone.is_(False), measures.c.kind.in_(STANDING_KINDS)
    )
)
SET_STANDING = Prepared(
    update(sellers)
    .where(sellers.c.id == given("seller"))
    .values(standing=given("standing"), standing_until=given("until"))
)


def worst_standing(base: str, in_force: Iterable[tuple[str, str | None]], moment: str) -> tuple[str, str | None]:
    """The worst of a marketplace's own standing and of measures (kind, end), and until when it lasts."""
    worst = (_ORDER.index(Standing(base)) if base in _ORDER else 0, _FOREVER)
    for kind, end in in_force:
        ends = end or _FOREVER
        if ends > moment and kind in _STANDING_OF:
            worst = max(worst, (_ORDER.index(_STANDING_OF[MeasureKind(kind)]), ends))
    return _ORDER[worst[0]].value, None if worst[1] == _FOREVER else worst[1]


def standing_in_force(connection: Connection, seller_id: str, moment: str) -> tuple[str, str | None]:
    """The standing that the measures in force make, and until when it lasts."""
    base = _BASE.first(connection, seller=seller_id).base_standing
    rows = _IN_FORCE.rows(connection, seller=seller_id)
    return worst_standing(base, ((row.kind, row.ends_at) for row in rows), moment)


def refresh_standing(connection: Connection, seller_id: str, moment: str) -> tuple[str, str | None]:
    """Writes and returns the standing that the measures in force make."""
    standing, until = standing_in_force(connection, seller_id, moment)
    SET_STANDING.run(connection, seller=seller_id, standing=standing, until=until)
    return standing, until
