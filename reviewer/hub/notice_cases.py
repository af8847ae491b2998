"""What notices do to the queue: flags on the waiting cases of the listings, or new cases; in bulk."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, select, update

from reviewer.domain.urgency import reach_of, severity_of, trust_of
from reviewer.domain.values import format_time
from reviewer.hub.changes import record_changes
from reviewer.hub.listings import NO_TIME
from reviewer.hub.locks import is_shared
from reviewer.hub.prepared import Prepared, among, given, inserting
from reviewer.hub.schema import cases, flags, listings, sellers
from reviewer.hub.sellers import ACTIVE_STATES
from reviewer.policy.policy import Policy

_WAITING = Prepared(
    select(
        cases.c.id,
        cases.c.listing_id,
        cases.c.flag_count,
        cases.c.priority,
        cases.c.due_at,
        cases.c.reference_ids,
        cases.c.severity,
        cases.c.trust,
    )
    .where(among(cases.c.listing_id, "listings"), cases.c.state.in_(ACTIVE_STATES), cases.c.kind != "appeal")
    .order_by(cases.c.seq)
)
#: The products that a listing was compared with in its last case, for the next one.
_REFERENCES = Prepared(
    select(cases.c.listing_id, cases.c.reference_ids).where(among(cases.c.listing_id, "listings")).order_by(cases.c.seq)
)
_LOCK = Prepared(
    select(sellers.c.id).where(among(sellers.c.id, "sellers")).order_by(sellers.c.id).with_for_update(key_share=True)
)
_OPEN = Prepared(inserting(cases))
_FLAG = Prepared(insert(flags).values({column.name: given(column.name) for column in flags.c if column.name != "seq"}))
_RAISE = Prepared(
    update(cases)
    .where(cases.c.id == given("case"))
    .values(
        flag_count=given("flags"),
        priority=given("priority"),
        due_at=given("due"),
        due_order=given("order"),
        severity=given("severity"),
        trust=given("trust"),
    )
)
_BODIES = Prepared(select(listings.c.id, listings.c.body).where(among(listings.c.id, "listings")))


class _Sold(msgspec.Struct):
    units_sold: int | None = None


_SOLD = msgspec.json.Decoder(_Sold)


@dataclass(slots=True)
class _Waiting:
    """A case that still has to be decided, as it is after what was added to it so far."""

    id: str
    flags: int
    priority: int
    due: str | None
    severity: int = 0
    trust: int = 0
    new: dict[str, Any] | None = None
    touched: bool = False


@dataclass(frozen=True, slots=True)
class Complained:
    """A listing that is complained of: what a case of it needs to know."""

    listing_id: str
    marketplace: str
    seller_id: str


class QueueOfNotices:
    """The waiting cases of some listings; what notices add to them is written by `close`."""

    def __init__(self, connection: Connection, listed: Sequence[Complained], policy: Policy, now: datetime) -> None:
        self._connection = connection
        self._policy = policy
        self._now = now
        self._moment = format_time(now)
        self._flags: list[dict[str, Any]] = []
        self._cases: dict[str, _Waiting] = {}
        if is_shared(connection):
            _LOCK.rows(connection, sellers=sorted({one.seller_id for one in listed}))
        names = sorted({one.listing_id for one in listed})
        for row in _WAITING.rows(connection, listings=names):
            if row.listing_id not in self._cases:
                self._cases[row.listing_id] = _Waiting(
                    row.id, row.flag_count, row.priority, row.due_at, row.severity, row.trust
                )
        without = [name for name in names if name not in self._cases]
        self._references = {row.listing_id: row.reference_ids for row in _REFERENCES.rows(connection, listings=without)}

        self._reach = {
            row.id: reach_of(_SOLD.decode(row.body).units_sold) for row in _BODIES.rows(connection, listings=without)
        }

    def case_of(self, listing_id: str) -> str:
        """The id of the waiting case of a listing, or ''."""
        found = self._cases.get(listing_id)
        return found.id if found is not None else ""

    def complain(self, listed: Complained, flag: dict[str, Any], *, priority: int, fast: bool) -> str:
        """Adds a flag to the listing's waiting case or to a new one; answers the case's id.

        Without fast handling the case is due when its ground says, whoever complains.
        """
        hours = self._policy.due_hours(flag["reason"], flag["source"] if fast else "")
        due = None if hours is None else format_time(self._now + timedelta(hours=hours))
        case = self._cases.get(listed.listing_id)
        if case is None:
            case = self._cases[listed.listing_id] = _Waiting("case-" + uuid.uuid4().hex[:20], 0, 0, None)
            case.new = {
                "id": case.id,
                "marketplace": listed.marketplace,
                "listing_id": listed.listing_id,
                "seller_id": listed.seller_id,
                "queue": "open",
                "state": "open",
                "opened_at": self._moment,
                "ground": flag["reason"],
                "source": flag["source"],
                "reference_ids": self._references.get(listed.listing_id, "[]"),
                "lease_id": "",
                "lease_token": 0,
                "lease_owner": None,
                "lease_expires_at": None,
                "decision_id": "",
                "reach": self._reach.get(listed.listing_id, 0),
                "kind": "listing",
                "proof_id": "",
                "appeal_id": "",
            }
        case.touched = True
        case.flags += 1
        case.priority = max(case.priority, priority)
        case.severity = max(case.severity, severity_of([flag["reason"]], self._policy.severity))
        case.trust = max(case.trust, trust_of([flag["source"]]))
        case.due = min(filter(None, (case.due, due)), default=None)
        self._flags.append(flag | {"case_id": case.id, "settled_by": ""})
        return case.id

    def close(self) -> None:
        """Writes the cases, the flags and the changes."""
        touched = [case for case in self._cases.values() if case.touched]
        opened = [
            case.new
            | {
                "flag_count": case.flags,
                "priority": case.priority,
                "due_at": case.due,
                "due_order": case.due or NO_TIME,
                "severity": case.severity,
                "trust": case.trust,
            }
            for case in touched
            if case.new is not None
        ]
        changed = [case for case in touched if case.new is None]
        if opened:
            _OPEN.run_all(self._connection, opened)
        rows = [
            {"case": case.id, "flags": case.flags, "priority": case.priority, "due": case.due,
             "order": case.due or NO_TIME, "severity": case.severity, "trust": case.trust}
            for case in changed
        ]  # fmt: skip
        if rows:
            _RAISE.run_all(self._connection, rows)
        if self._flags:
            _FLAG.run_all(self._connection, self._flags)
        record_changes(self._connection, "case_opened", [row["id"] for row in opened], self._moment)
        record_changes(self._connection, "case_changed", [case.id for case in changed], self._moment)
