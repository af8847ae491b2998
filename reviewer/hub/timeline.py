"""What happened to a seller, from every table that tells of it: flags, notices, decisions, reversals, measures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from reviewer.domain.decision import DecisionKind
from reviewer.hub.prepared import Prepared, among
from reviewer.hub.redress_events import redress_events
from reviewer.hub.referrals import referral_events
from reviewer.hub.schema import accounts, cases, decisions, flags, listings, measures, notice_listings, notices

Event = dict[str, Any]

#: So many of the newest events are told; a dossier says how many there are in all.
MOST_EVENTS = 10_000

_FLAGS = Prepared(
    select(
        flags.c.at, flags.c.id, flags.c.source, flags.c.reason, flags.c.explanation, flags.c.notice_id,
        flags.c.claimant, flags.c.case_id, cases.c.seller_id, cases.c.listing_id,
    )
    .join(cases, cases.c.id == flags.c.case_id)
    .where(among(cases.c.seller_id, "sellers"))
)  # fmt: skip
_DECISIONS = Prepared(
    select(
        decisions.c.received_at, decisions.c.id, decisions.c.kind, decisions.c.body, decisions.c.case_id,
        cases.c.seller_id, cases.c.listing_id, accounts.c.name,
    )
    .join(cases, cases.c.id == decisions.c.case_id)
    .outerjoin(accounts, accounts.c.id == decisions.c.reviewer_id)
    .where(among(cases.c.seller_id, "sellers"), decisions.c.status == "accepted")
)  # fmt: skip
_MEASURES = Prepared(
    select(
        measures.c.starts_at, measures.c.ends_at, measures.c.kind, measures.c.scope, measures.c.undone,
        measures.c.seller_id, measures.c.listing_id, measures.c.decision_id,
    ).where(among(measures.c.seller_id, "sellers"), measures.c.rule == "")
)  # fmt: skip

_NOTICES = Prepared(
    select(
        notice_listings.c.settled_at, notice_listings.c.outcome, notice_listings.c.notice_id,
        notice_listings.c.listing_id, notice_listings.c.case_id, listings.c.seller_id, notices.c.ground,
    )
    .join(listings, listings.c.id == notice_listings.c.listing_id)
    .join(notices, notices.c.id == notice_listings.c.notice_id)
    .where(among(listings.c.seller_id, "sellers"), notice_listings.c.settled_at.is_not(None))
)  # fmt: skip


class _Body(msgspec.Struct):
    ground: str = ""
    facts: list[str] = []
    note: str = ""
    refund_months: int = 0


_BODY = msgspec.json.Decoder(_Body)


def _of_flags(connection: Connection, sellers: list[str]) -> Iterable[Event]:
    for at, name, source, reason, words, notice, claimant, case_id, seller_id, listing_id in _FLAGS.rows(
        connection, sellers=sellers
    ):
        yield {
            "at": at, "what": "notice" if notice else "flag", "seller_id": seller_id, "kind": source,
            "ground": reason, "words": words, "note": "", "by": claimant, "case_id": case_id,
            "listing_id": listing_id, "reference": notice or name,
        }  # fmt: skip


def _of_decisions(connection: Connection, sellers: list[str]) -> Iterable[Event]:
    for row in _DECISIONS.rows(connection, sellers=sellers):
        body = _BODY.decode(row.body)
        words = "; ".join(body.facts)
        if body.refund_months:
            words = f"{words}; " * bool(words) + f"refund advised to buyers of the last {body.refund_months} months"
        yield {
            "at": row.received_at, "what": "reversal" if row.kind == DecisionKind.WITHDRAW else "decision",
            "seller_id": row.seller_id, "kind": row.kind, "ground": body.ground, "words": words, "note": body.note,
            "by": row.name or "", "case_id": row.case_id, "listing_id": row.listing_id, "reference": row.id,
        }  # fmt: skip


def _of_notices(connection: Connection, sellers: list[str]) -> Iterable[Event]:
    """What became of the notices that named the sellers' listings."""
    for row in _NOTICES.rows(connection, sellers=sellers):
        yield {
            "at": row.settled_at, "what": "notice", "seller_id": row.seller_id, "kind": row.outcome,
            "ground": row.ground, "words": "", "note": "", "by": "",
            "case_id": row.case_id, "listing_id": row.listing_id, "reference": row.notice_id,
        }  # fmt: skip


def _of_measures(connection: Connection, sellers: list[str]) -> Iterable[Event]:
    for row in _MEASURES.rows(connection, sellers=sellers):
        words = "taken back" if row.undone else (f"until {row.ends_at[:10]}" if row.ends_at else "")
        yield {
            "at": row.starts_at, "what": "measure", "seller_id": row.seller_id, "kind": row.kind, "ground": "",
            "words": words, "note": "", "by": "", "case_id": "", "listing_id": row.listing_id,
            "reference": row.decision_id,
        }  # fmt: skip


#: Each table that tells of a seller; what comes to a hub later is added here.
SOURCES: Sequence[Callable[[Connection, list[str]], Iterable[Event]]] = (
    _of_flags,
    _of_decisions,
    _of_measures,
    _of_notices,
    referral_events,
    redress_events,
)
_ORDER = itemgetter("at", "what", "reference")


def timeline(connection: Connection, sellers: Sequence[str]) -> tuple[list[Event], int]:
    """The newest events of these accounts, the newest first, and how many there are in all."""
    found = [event for source in SOURCES for event in source(connection, list(sellers))]
    found.sort(key=_ORDER, reverse=True)
    return found[:MOST_EVENTS], len(found)
