"""Notices as JSON: for lists, for the cases behind which they stand, and as outcomes for claimants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, select

from reviewer.domain.case import FlagSource
from reviewer.domain.decision import DecisionKind
from reviewer.domain.notice import ClaimantRecord, Outcome
from reviewer.domain.values import format_time
from reviewer.hub.claimants import Claimant, events_of, find_claimants, record
from reviewer.hub.prepared import Prepared, among, given
from reviewer.hub.schema import claimants, decisions, notice_changes, notice_listings, notices
from reviewer.policy.model import NoticeRules
from reviewer.policy.policy import Policy

#: So many of a notice's listings are named in a list; `GET /v1/notices/{id}/listings` has all.
SHOWN_LISTINGS = 50
#: So many notices go with a case; a listing that a thousand buyers report has no need of all.
CASE_NOTICES = 50

_STATES = ("open", "closed", "withdrawn")
_OF_CASES = Prepared(
    select(
        notices,
        notice_listings.c.case_id,
        notice_listings.c.listing_id,
        notice_listings.c.outcome,
        notice_listings.c.checks,
    )
    .join(notices, notices.c.id == notice_listings.c.notice_id)
    .where(among(notice_listings.c.case_id, "cases"))
    .order_by(notice_listings.c.seq)
)
_FIRST = Prepared(
    select(notice_listings.c.listing_id)
    .where(notice_listings.c.notice_id == given("notice"))
    .order_by(notice_listings.c.seq)
    .limit(SHOWN_LISTINGS)
)
_COUNTED = Prepared(select(notice_listings.c.outcome).where(notice_listings.c.notice_id == given("notice")))
_ONE = Prepared(select(notices).where(notices.c.id == given("notice")))


def notices_of_cases(
    connection: Connection, case_ids: Sequence[str], rules: NoticeRules, now: datetime
) -> dict[str, list[dict[str, Any]]]:
    """The notices behind some cases, each with the checklist of the case's listing and the claimant's record."""
    rows = _OF_CASES.rows(connection, cases=list(case_ids))
    if not rows:
        return {}
    known = find_claimants(connection, {row.claimant_id for row in rows})
    records = {name: record_json(record(connection, one, rules, now)) for name, one in known.items()}
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        shown = _notice(row, known[row.claimant_id].name, [row.listing_id])
        shown |= {
            "outcome": row.outcome,
            "checks": msgspec.Raw(row.checks.encode()),
            "record": records[row.claimant_id],
        }
        found.setdefault(row.case_id, []).append(shown)
    return {case_id: _most_telling(behind) for case_id, behind in found.items()}


def _most_telling(behind: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """So many of a case's notices as fit a screen, those of buyers last, in the order in which they came."""
    if len(behind) <= CASE_NOTICES:
        return behind
    kept = sorted(range(len(behind)), key=lambda place: (behind[place]["source"] == FlagSource.CONSUMER, place))
    return [behind[place] for place in sorted(kept[:CASE_NOTICES])]


def record_json(found: ClaimantRecord) -> dict[str, Any]:
    """The ClaimantRecord shape."""
    made: dict[str, Any] = msgspec.to_builtins(found)
    for name in ("warned_at", "suspended_until"):
        at = getattr(found, name)
        made[name] = format_time(at) if at is not None else None
    return made


def _notice(row: Any, claimant: str, listing_ids: list[str]) -> dict[str, Any]:
    body = msgspec.json.decode(row.body)
    return {
        "id": row.id,
        "claimant": claimant,
        "claimant_id": row.claimant_id,
        "source": row.source,
        "ground": row.ground,
        "received_at": row.received_at,
        "statement": body.get("statement", ""),
        "right": body.get("right"),
        "acting_as": body.get("acting_as", ""),
        "good_faith": body.get("good_faith", False),
        "evidence": body.get("evidence", []),
        "listing_ids": listing_ids,
        "listing_count": row.listing_count,
        "state": state_of(row),
        "withdrawn_at": row.withdrawn_at,
        "complete": bool(row.complete),
        "asked": msgspec.json.decode(row.asked),
    }


def state_of(row: Any) -> str:
    """`withdrawn`, `open` while a listing waits for its decision, or `closed`."""
    if row.withdrawn_at is not None:
        return "withdrawn"
    return "open" if row.open_count else "closed"


def notice_page(
    connection: Connection,
    after: int,
    limit: int,
    *,
    claimant: str | None = None,
    state: str | None = None,
    source: str | None = None,
) -> tuple[list[dict[str, Any]], int | None]:
    """Notices in the order of arrival, and the number to go on from, or None at the end."""
    query = (
        select(notices, claimants.c.name)
        .join(claimants, claimants.c.id == notices.c.claimant_id)
        .where(notices.c.seq > after)
        .order_by(notices.c.seq)
        .limit(limit + 1)
    )
    if claimant is not None:
        query = query.where(notices.c.claimant_id == claimant)
    if source is not None:
        query = query.where(notices.c.source == source)
    if state in _STATES:
        gone = notices.c.withdrawn_at.is_not(None)
        waits = notices.c.open_count > 0
        query = query.where({"withdrawn": gone, "open": and_(~gone, waits), "closed": and_(~gone, ~waits)}[state])
    rows = connection.execute(query).all()
    items = [
        _notice(row, row.name, [one.listing_id for one in _FIRST.rows(connection, notice=row.id)])
        for row in rows[:limit]
    ]
    return items, rows[limit - 1].seq if len(rows) > limit else None


def notice_whole(
    connection: Connection, notice_id: str, claimant_id: str | None, policy: Policy, now: datetime
) -> dict[str, Any] | None:
    """A notice with how many of its listings ended how and the claimant's record; None where it is not there.

    With a `claimant_id` only that claimant's own are.
    """
    row = _ONE.first(connection, notice=notice_id)
    if row is None or claimant_id not in (None, row.claimant_id):
        return None
    claimant = find_claimants(connection, [row.claimant_id])[row.claimant_id]
    shown = _notice(row, claimant.name, [one.listing_id for one in _FIRST.rows(connection, notice=notice_id)])
    counts = Counter(one.outcome for one in _COUNTED.rows(connection, notice=notice_id))
    known = record_json(record(connection, claimant, policy.notices, now))
    return shown | {"outcomes": dict(sorted(counts.items())), "withdrawn_why": row.withdrawn_why, "record": known}


def listing_page(
    connection: Connection, notice_id: str, after: int, limit: int, policy: Policy
) -> tuple[list[dict[str, Any]], int | None]:
    """The listings of a notice with checklist, outcome and what the claimant can do about it."""
    rows = connection.execute(
        select(notice_listings, decisions.c.kind)
        .join(decisions, decisions.c.id == notice_listings.c.decision_id, isouter=True)
        .where(notice_listings.c.notice_id == notice_id, notice_listings.c.seq > after)
        .order_by(notice_listings.c.seq)
        .limit(limit + 1)
    ).all()
    items = [
        {
            "listing_id": row.listing_id,
            "case_id": row.case_id,
            "gtin": row.gtin,
            "outcome": row.outcome,
            "settled_at": row.settled_at,
            "checks": msgspec.Raw(row.checks.encode()),
        }
        | told(row.outcome, row.kind or "", policy, by_rule=bool(row.decision_id) and row.kind is None)
        for row in rows[:limit]
    ]
    return items, rows[limit - 1].seq if len(rows) > limit else None


def outcome_page(
    connection: Connection, after: int, limit: int, policy: Policy, *, claimant: str | None = None
) -> tuple[list[dict[str, Any]], int]:
    """What became of listings in the order in which it did, and the number to go on from."""
    query = (
        select(notice_changes, decisions.c.kind)
        .join(decisions, decisions.c.id == notice_changes.c.decision_id, isouter=True)
        .where(notice_changes.c.seq > after)
        .order_by(notice_changes.c.seq)
        .limit(limit)
    )
    if claimant is not None:
        query = query.where(notice_changes.c.claimant_id == claimant)
    rows = connection.execute(query).all()
    items = [
        {"notice_id": row.notice_id, "listing_id": row.listing_id, "outcome": row.outcome, "at": row.at}
        | told(row.outcome, row.kind or "", policy, by_rule=bool(row.decision_id) and row.kind is None)
        for row in rows
    ]
    return items, rows[-1].seq if rows else after


_UPHELD = {
    DecisionKind.TAKEDOWN: "The notice was upheld: the listing was removed.",
    DecisionKind.WARN: "The notice was upheld: the seller was warned; the listing stays.",
    DecisionKind.RESTRICT: "The notice was upheld: the seller was restricted.",
}
_WORDS: Mapping[str, str] = {
    Outcome.OPEN: "Received; a person will decide.",
    Outcome.UPHELD: "The notice was upheld.",
    Outcome.REJECTED: "No infringement was found; the listing stays.",
    Outcome.REVERSED: "The decision against the listing was taken back; the listing is offered again.",
    Outcome.WITHDRAWN: "You took the notice back.",
    Outcome.REPEATED: "Your earlier notice of this listing on this right was decided, and nothing is new.",
    Outcome.UNAVAILABLE: "The listing was removed before, or is no longer offered.",
    Outcome.NOT_FOUND: "There is no such listing here: check its id.",
}
_APPEALABLE = (Outcome.REJECTED, Outcome.REVERSED, Outcome.REPEATED)


def told(outcome: str, kind: str, policy: Policy, *, by_rule: bool = False) -> dict[str, str]:
    """The outcome in words, and the claimant's redress (DSA Art. 16(5) and (6), Art. 20 and 21)."""
    if by_rule and outcome == Outcome.UPHELD:
        return {
            "words": "The listing was removed by a rule, since no proof of authenticity came by the deadline.",
            "redress": "An automated measure by the policy's rule, no decision. The seller can complain against it "
            f"within {policy.appeals.months} months.",
        }
    words = _UPHELD.get(DecisionKind(kind), _WORDS[Outcome.UPHELD]) if outcome == Outcome.UPHELD and kind else ""
    redress = ""
    if outcome in (*_APPEALABLE, Outcome.UPHELD):
        decided = "Decided by a person"
        if outcome in _APPEALABLE:
            redress = (
                f"{decided}. You can complain to us free of charge within {policy.appeals.months} months (DSA Art. 20),"
                " turn to a certified body of out-of-court dispute settlement (Art. 21), or go to court."
            )
        else:
            redress = f"{decided}. The seller can complain against it within {policy.appeals.months} months."
    return {"words": words or _WORDS.get(outcome, outcome), "redress": redress}


def claimant_json(connection: Connection, claimant: Claimant, policy: Policy, now: datetime) -> dict[str, Any]:
    """A claimant with its record, its meter's limits and what was done about it."""
    rules = policy.notices
    return {
        "id": claimant.id,
        "name": claimant.name,
        "source": claimant.source,
        "owners": list(claimant.owners),
        "record": record_json(record(connection, claimant, rules, now)),
        "limits": {
            "upheld_percent": rules.upheld_percent,
            "countered_percent": rules.countered_percent,
            "least_notices": rules.least_notices,
            "misuse_percent": rules.misuse_percent,
            "per_hour": rules.per_hour,
            "listings_per_hour": rules.listings_per_hour,
        },
        "events": events_of(connection, claimant.id),
    }
