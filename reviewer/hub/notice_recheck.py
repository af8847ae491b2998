"""Checklists computed anew, by the rules and the records of now, for the day on which each notice came."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, select, update

from reviewer.domain.values import parse_time
from reviewer.hub.claimants import find_claimants
from reviewer.hub.notice_reading import (
    checklist_of,
    offer_of,
    read_earlier,
    read_listings,
    read_rights,
    with_missing,
)
from reviewer.hub.prepared import Prepared, given
from reviewer.hub.schema import notice_listings, notices
from reviewer.policy.policy import Policy

_ROWS = Prepared(
    select(
        notice_listings.c.seq,
        notice_listings.c.listing_id,
        notice_listings.c.right_key,
        notice_listings.c.gtin,
        notice_listings.c.checks,
    )
    .where(notice_listings.c.notice_id == given("notice"))
    .order_by(notice_listings.c.seq)
)
_SET_CHECKS = Prepared(
    update(notice_listings)
    .where(notice_listings.c.notice_id == given("notice"), notice_listings.c.listing_id == given("listing"))
    .values(checks=given("checks"))
)


def recheck(connection: Connection, policy: Policy, notice_id: str = "") -> tuple[int, int]:
    """Computes the checklists of one notice, or of all that are open; how many listings were looked at and changed."""
    query = select(notices).order_by(notices.c.seq)
    if notice_id:
        query = query.where(notices.c.id == notice_id)
    else:
        query = query.where(notices.c.open_count > 0, notices.c.withdrawn_at.is_(None))
    looked = changed = 0
    for row in connection.execute(query).all():
        listed, different = _recheck_one(connection, policy, row)
        looked += listed
        changed += different
    return looked, changed


def _recheck_one(connection: Connection, policy: Policy, row: Any) -> tuple[int, int]:
    rows = _ROWS.rows(connection, notice=row.id)
    ids = {one.listing_id for one in rows}
    listed = read_listings(connection, ids)
    known = read_rights(connection, [row.right_key]).get(row.right_key)
    earlier = read_earlier(connection, ids)
    claimant = find_claimants(connection, [row.claimant_id])[row.claimant_id]
    checklist = checklist_of(msgspec.json.decode(row.body), claimant, policy, parse_time(row.received_at), known)
    asked: dict[str, None] = {}
    missing: list[str] = []
    changed = []
    for one in rows:
        before = [told for seq, told in earlier.get((one.listing_id, one.right_key), ()) if seq < one.seq]
        shown = listed.get(one.listing_id)
        told = before[-1].told() if before else None
        found = checklist.of(offer_of(shown, one.gtin), told) if shown is not None else checklist.common()
        asked |= dict.fromkeys(found.asked)
        if shown is None:
            missing.append(one.listing_id)
        checks = msgspec.json.encode(found.checks).decode()
        if checks != one.checks:
            changed.append({"notice": row.id, "listing": one.listing_id, "checks": checks})
    if changed:
        _SET_CHECKS.run_all(connection, changed)
    wanted = with_missing(asked, missing)
    values = {"complete": not wanted, "asked": msgspec.json.encode(wanted).decode()}
    connection.execute(update(notices).where(notices.c.id == row.id).values(**values))
    return len(rows), len(changed)
