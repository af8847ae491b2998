"""Fills an empty hub in bulk: marketplaces, sellers with their histories, references and cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, insert

from reviewer.domain.decision import REFUND_MONTHS, MeasureKind
from reviewer.domain.urgency import reach_of, severity_of, trust_of
from reviewer.domain.values import format_time, sha256_hex
from reviewer.hub.links import seed_identifiers
from reviewer.hub.listings import NO_TIME, listing_row, picture_rows, revision_of
from reviewer.hub.locks import FEED, ORDER, hold
from reviewer.hub.messages import FlagMessage, ListingMessage
from reviewer.hub.schema import (
    cases,
    changes,
    decisions,
    flags,
    listing_pictures,
    listings,
    measures,
    offences,
    sellers,
)
from reviewer.hub.sellers import refresh_standing
from reviewer.ledger.canonical import canonical_json
from reviewer.policy.policy import Policy


@dataclass(frozen=True, slots=True)
class SeededSeller:
    """A seller before anything is decided; `marks` are hashes (bank, phone, device) that link accounts."""

    id: str
    display_name: str
    marketplace: str
    country: str
    joined: datetime
    verification: str
    listings_live: int
    units_sold: int
    profile: str
    marks: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SeededCase:
    """An open case."""

    id: str
    listing: ListingMessage
    seller_id: str
    flags: Sequence[FlagMessage]
    references: Sequence[str]
    opened: datetime
    due: datetime | None
    priority: int
    previous: ListingMessage | None = None


@dataclass(frozen=True, slots=True)
class SeededDecision:
    """A decision of the past with the listing that it was about; `measure` is (kind, scope, days).

    `refund` says that it advised to refund the buyers of the last six months.
    """

    id: str
    case: SeededCase
    kind: str
    ground: str
    at: datetime
    reviewer_id: str
    points: int = 0
    overturned: bool = False
    measure: tuple[str, str, int | None] | None = None
    refund: bool = False


def write_sellers(connection: Connection, made: Sequence[SeededSeller]) -> None:
    """Writes sellers, and the links that follow from their shared marks."""
    connection.execute(
        insert(sellers),
        [
            {
                "id": seller.id,
                "marketplace": seller.marketplace,
                "display_name": seller.display_name,
                "country": seller.country,
                "joined_at": format_time(seller.joined),
                "verification": seller.verification,
                "base_standing": "active",
                "standing": "active",
                "standing_until": None,
                "listings_live": seller.listings_live,
                "listings_removed": 0,
                "units_sold": seller.units_sold,
            }
            for seller in made
        ],
    )
    seed_identifiers(connection, {seller.id: seller.marks for seller in made})


def write_cases(
    connection: Connection, made: Sequence[SeededCase], now: datetime, policy: Policy, state: str = "open"
) -> None:
    """Writes cases with their listings and flags; `decided` ones have theirs settled by `write_history`."""
    hold(connection, FEED)
    hold(connection, ORDER)
    connection.execute(insert(listings), [_listing(case) for case in made])
    pictures = [row for case in made for row in picture_rows(case.listing)]
    if pictures:
        connection.execute(insert(listing_pictures), pictures)
    connection.execute(insert(cases), [_case(case, state, policy) for case in made])
    connection.execute(
        insert(flags),
        [
            flag.model_dump() | {"case_id": case.id, "settled_by": "" if state == "open" else "earlier"}
            for case in made
            for flag in case.flags
        ],
    )
    if state == "open":
        at = format_time(now)
        connection.execute(insert(changes), [{"kind": "case_opened", "case_id": case.id, "at": at} for case in made])


def _listing(case: SeededCase) -> dict[str, Any]:
    previous = None
    if case.previous is not None:
        previous = listing_row(case.previous, case.seller_id, revision_of(case.previous))["body"]
    row = listing_row(case.listing, case.seller_id, revision_of(case.listing))
    return row | {"id": case.listing.id, "state": case.listing.state, "previous": previous}


def _case(case: SeededCase, state: str, policy: Policy) -> dict[str, Any]:
    due = format_time(case.due) if case.due else None
    return {
        "id": case.id,
        "marketplace": case.listing.marketplace,
        "listing_id": case.listing.id,
        "seller_id": case.seller_id,
        "queue": "open",
        "state": state,
        "priority": case.priority,
        "severity": severity_of((flag.reason for flag in case.flags), policy.severity),
        "reach": reach_of(case.listing.units_sold),
        "trust": trust_of(flag.source for flag in case.flags),
        "due_at": due,
        "due_order": due or NO_TIME,
        "opened_at": format_time(case.opened),
        "ground": case.flags[0].reason if case.flags else "",
        "source": case.flags[0].source if case.flags else "",
        "flag_count": len(case.flags),
        "reference_ids": msgspec.json.encode(list(case.references)).decode(),
        "lease_id": "",
        "lease_token": 0,
        "lease_owner": None,
        "lease_expires_at": None,
        "decision_id": "",
    }


def write_history(connection: Connection, made: Sequence[SeededDecision], policy: Policy, now: datetime) -> None:
    """Writes decisions of the past with their offences and measures, and the standing that they leave."""
    if not made:
        return
    write_cases(connection, [decision.case for decision in made], now, policy, "decided")
    connection.execute(insert(decisions), [_decision(decision, policy) for decision in made])
    against = [decision for decision in made if decision.kind in ("takedown", "warn", "restrict")]
    connection.execute(insert(offences), [_offence(decision, policy) for decision in against])
    connection.execute(insert(measures), [row for decision in against for row in _measures(decision)])
    for decision in made:
        case = cases.update().where(cases.c.id == decision.case.id)
        connection.execute(case.values(decision_id=decision.id))
        if decision.kind == "takedown" and not decision.overturned:
            listing = listings.update().where(listings.c.id == decision.case.listing.id)
            connection.execute(listing.values(state="removed"))
            seller = sellers.update().where(sellers.c.id == decision.case.seller_id)
            connection.execute(seller.values(listings_removed=sellers.c.listings_removed + 1))
    for seller_id in sorted({decision.case.seller_id for decision in against}):
        refresh_standing(connection, seller_id, format_time(now))


def _decision(decision: SeededDecision, policy: Policy) -> dict[str, Any]:
    kind, scope, days = decision.measure or ("", "", None)
    body = {
        "id": decision.id,
        "case_id": decision.case.id,
        "listing_id": decision.case.listing.id,
        "revision": revision_of(decision.case.listing),
        "kind": decision.kind,
        "decided_at": format_time(decision.at),
        "lease": None,
        "ground": decision.ground,
        "clause": "",
        "facts": [],
        "note": "",
        "evidence": [picture.sha256 for picture in decision.case.listing.pictures[:1]],
        "measure": {"kind": kind, "scope": scope, "days": days} if decision.measure else None,
        "measure_off_reason": "",
        "policy_version": policy.version,
        "seconds": 20.0,
        "supersedes": "",
    }
    if decision.refund:
        body["refund_months"] = REFUND_MONTHS
    text = canonical_json(body)
    return {
        "id": decision.id,
        "case_id": decision.case.id,
        "reviewer_id": decision.reviewer_id,
        "kind": decision.kind,
        "received_at": format_time(decision.at + timedelta(seconds=2)),
        "body": text.decode(),
        "body_sha256": sha256_hex(text),
        "status": "accepted",
        "detail": "",
        "effects": "[]",
        "current": True,
        "supersedes": "",
    }


def _offence(decision: SeededDecision, policy: Policy) -> dict[str, Any]:
    return {
        "decision_id": decision.id,
        "seller_id": decision.case.seller_id,
        "at": format_time(decision.at),
        "kind": decision.kind,
        "ground": decision.ground,
        "points": decision.points,
        "expires_at": format_time(decision.at + timedelta(days=policy.window_days)),
        "overturned": decision.overturned,
        "listing_id": decision.case.listing.id,
        "listing_title": decision.case.listing.title,
    }


def _measures(decision: SeededDecision) -> list[dict[str, Any]]:
    wanted: list[tuple[str, str, int | None]] = (
        [("listing_removed", "listing", None)] if decision.kind == "takedown" else []
    )
    if decision.measure:
        wanted.append(decision.measure)
    if decision.refund:
        wanted.append((MeasureKind.REFUND_ADVISED.value, "listing", None))
    return [
        {
            "decision_id": decision.id,
            "seller_id": decision.case.seller_id,
            "listing_id": decision.case.listing.id if kind == "listing_removed" else "",
            "kind": kind,
            "scope": scope,
            "starts_at": format_time(decision.at),
            "ends_at": format_time(decision.at + timedelta(days=days)) if days else None,
            "undone": decision.overturned,
            "rule": "",
        }
        for kind, scope, days in wanted
    ]
