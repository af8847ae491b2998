"""What a decision does to its listing, its seller and other cases, and how exactly that is undone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, case, delete, insert, select, update

from reviewer.domain.decision import AGAINST_SELLER, DecisionKind, MeasureKind
from reviewer.domain.seller import Offence
from reviewer.domain.values import format_time, parse_time
from reviewer.hub.changes import record_changes
from reviewer.hub.messages import DecisionMessage
from reviewer.hub.prepared import Prepared, given, inserting
from reviewer.hub.schema import Record, case_effects, cases, flags, listings, measures, offences, sellers
from reviewer.hub.sellers import refresh_standing
from reviewer.policy.ladder import ladder_step
from reviewer.policy.policy import Policy

#: What the other open cases of a seller whose account was closed gain in priority.
RAISE = 100

_LISTING_KINDS = (MeasureKind.LISTING_REMOVED, MeasureKind.LISTING_HIDDEN)
_SELLER_KINDS = (
    MeasureKind.SELLER_WARNED,
    MeasureKind.SELLER_RESTRICTED,
    MeasureKind.ACCOUNT_SUSPENDED,
    MeasureKind.ACCOUNT_CLOSED,
)
_WAITING = ("open", "leased", "escalated", "awaiting_proof")


@dataclass(frozen=True, slots=True)
class _Measure:
    kind: MeasureKind
    scope: str
    days: int | None


_OFFENCES = Prepared(select(offences).where(offences.c.seller_id == given("seller")))
_ADD_OFFENCE = Prepared(inserting(offences))
_ADD_MEASURE = Prepared(inserting(measures))
_ON_LISTING = Prepared(
    select(measures.c.kind).where(measures.c.listing_id == given("listing"), measures.c.undone.is_(False))
)
_BASE_STATE = Prepared(select(listings.c.base_state).where(listings.c.id == given("listing")))
_SET_LISTING = Prepared(update(listings).where(listings.c.id == given("listing")).values(state=given("state")))
_COUNT_REMOVED = Prepared(
    update(sellers)
    .where(sellers.c.id == given("seller"))
    .values(
        listings_removed=sellers.c.listings_removed + given("by"),
        listings_live=case((sellers.c.listings_live >= given("by"), sellers.c.listings_live - given("by")), else_=0),
    )
)
_SAME_LISTING = Prepared(
    select(cases.c.id, cases.c.queue, cases.c.state).where(
        cases.c.listing_id == given("listing"), cases.c.id != given("case"), cases.c.state.in_(_WAITING)
    )
)


def apply_effects(
    connection: Connection, decision: DecisionMessage, found: Record, policy: Policy, now: datetime
) -> list[str]:
    """Writes everything a decision does beyond its own case, and says it in words.

    `found` has the case's `case_id`, `seller_id`, `listing_id` and `listing_title`.
    """
    kind = DecisionKind(decision.kind)
    moment = format_time(now)
    words: list[str] = []
    if kind in AGAINST_SELLER:
        words += _add_offence(connection, decision, found, policy, now)
    for measure in _measures_of(kind, decision):
        words += _add_measure(connection, decision.id, found, measure, now)
    if kind is DecisionKind.TAKEDOWN:
        words += _withdraw_siblings(connection, decision.id, found, moment)
    if any(measure.kind is MeasureKind.ACCOUNT_CLOSED for measure in _measures_of(kind, decision)):
        words += _raise_others(connection, decision.id, found, moment)
    if kind is DecisionKind.ESCALATE:
        words.append("Put into the leads' queue")
    if kind is DecisionKind.REQUEST_PROOF:
        words.append("Proof of authenticity asked of the seller")
    if kind is DecisionKind.CLEAR:
        words.append("Listing left as it is, its flags settled")
    return words


def _measures_of(kind: DecisionKind, decision: DecisionMessage) -> list[_Measure]:
    """The decision's own measure and the ladder's; where both are on the seller, the graver stands."""
    made: list[_Measure] = []
    if kind is DecisionKind.TAKEDOWN:
        made.append(_Measure(MeasureKind.LISTING_REMOVED, "listing", None))
    due = decision.measure
    if due is not None and kind in AGAINST_SELLER and MeasureKind(due.kind) is not MeasureKind.LISTING_REMOVED:
        made.append(_Measure(MeasureKind(due.kind), due.scope, due.days))
    own = {DecisionKind.WARN: MeasureKind.SELLER_WARNED, DecisionKind.RESTRICT: MeasureKind.SELLER_RESTRICTED}
    if kind in own:
        floor = _SELLER_KINDS.index(own[kind])
        given = [measure for measure in made if measure.kind in _SELLER_KINDS]
        if not any(_SELLER_KINDS.index(measure.kind) >= floor for measure in given):
            made = [measure for measure in made if measure.kind not in _SELLER_KINDS]
            made.append(_Measure(own[kind], "all", None))
    return made


def _add_offence(
    connection: Connection, decision: DecisionMessage, found: Record, policy: Policy, now: datetime
) -> list[str]:
    rows = _OFFENCES.rows(connection, seller=found.seller_id)
    standing = [
        Offence(
            row.decision_id,
            parse_time(row.at),
            row.kind,
            row.ground,
            row.points,
            parse_time(row.expires_at) if row.expires_at else None,
            bool(row.overturned),
        )
        for row in rows
    ]
    step = ladder_step(policy, standing, DecisionKind(decision.kind), decision.ground, now)
    expires = format_time(now + timedelta(days=policy.window_days))
    _ADD_OFFENCE.run(
        connection,
        decision_id=decision.id,
        seller_id=found.seller_id,
        at=format_time(now),
        kind=decision.kind,
        ground=decision.ground,
        points=step.adds,
        expires_at=expires,
        overturned=False,
        listing_id=found.listing_id,
        listing_title=found.listing_title,
    )
    points = "1 point" if step.adds == 1 else f"{step.adds} points"
    return [f"{points} to the seller until {expires[:10]}; {step.after} count now"]


def _add_measure(
    connection: Connection, decision_id: str, found: Record, measure: _Measure, now: datetime
) -> list[str]:
    ends = None if measure.days is None else now + timedelta(days=measure.days)
    on_listing = measure.kind in _LISTING_KINDS
    moment = format_time(now)
    _ADD_MEASURE.run(
        connection,
        decision_id=decision_id,
        seller_id=found.seller_id,
        listing_id=found.listing_id if on_listing else "",
        kind=measure.kind.value,
        scope=measure.scope,
        starts_at=moment,
        ends_at=format_time(ends) if ends else None,
        undone=False,
    )
    if on_listing:
        _refresh_listing(connection, found.listing_id)
    elif measure.kind in _SELLER_KINDS:
        refresh_standing(connection, found.seller_id, moment)
    if measure.kind is MeasureKind.LISTING_REMOVED:
        _COUNT_REMOVED.run(connection, seller=found.seller_id, by=1)
    until = f" until {format_time(ends)[:10]}" if ends else ""
    scope = "" if measure.scope in ("listing", "all") else f" for this {measure.scope}"
    return [_WORDS[measure.kind] + scope + until]


_WORDS = {
    MeasureKind.LISTING_REMOVED: "Listing removed",
    MeasureKind.LISTING_HIDDEN: "Listing hidden",
    MeasureKind.SELLER_WARNED: "Seller warned",
    MeasureKind.SELLER_RESTRICTED: "Seller restricted",
    MeasureKind.ACCOUNT_SUSPENDED: "Seller's account suspended",
    MeasureKind.ACCOUNT_CLOSED: "Seller's account closed",
    MeasureKind.REFUND_ADVISED: "Refund of buyers advised",
}


def _refresh_listing(connection: Connection, listing_id: str) -> None:
    kinds = {row.kind for row in _ON_LISTING.rows(connection, listing=listing_id)}
    state = _BASE_STATE.first(connection, listing=listing_id).base_state
    if MeasureKind.LISTING_REMOVED in kinds:
        state = "removed"
    elif MeasureKind.LISTING_HIDDEN in kinds:
        state = "hidden"
    _SET_LISTING.run(connection, listing=listing_id, state=state)


def _withdraw_siblings(connection: Connection, decision_id: str, found: Record, moment: str) -> list[str]:
    rows = _SAME_LISTING.rows(connection, listing=found.listing_id, case=found.case_id)
    if not rows:
        return []
    ids = [row.id for row in rows]
    before = {row.id: row.state if row.state == "awaiting_proof" else row.queue for row in rows}
    connection.execute(
        insert(case_effects),
        [
            {"decision_id": decision_id, "case_id": i, "kind": "withdrawn", "before": before[i], "amount": 0}
            for i in ids
        ],
    )
    connection.execute(
        update(cases)
        .where(cases.c.id.in_(ids))
        .values(state="withdrawn", lease_owner=None, lease_expires_at=None, lease_id="")
    )
    connection.execute(
        update(flags).where(flags.c.case_id.in_(ids), flags.c.settled_by == "").values(settled_by=decision_id)
    )
    record_changes(connection, "case_closed", ids, moment)
    return [f"{len(ids)} other open {'case' if len(ids) == 1 else 'cases'} of this listing settled with it"]


def _raise_others(connection: Connection, decision_id: str, found: Record, moment: str) -> list[str]:
    others = and_(cases.c.seller_id == found.seller_id, cases.c.id != found.case_id, cases.c.state.in_(_WAITING))
    ids = [row.id for row in connection.execute(select(cases.c.id).where(others))]
    if not ids:
        return []
    connection.execute(
        insert(case_effects),
        [{"decision_id": decision_id, "case_id": i, "kind": "raised", "before": "", "amount": RAISE} for i in ids],
    )
    connection.execute(update(cases).where(cases.c.id.in_(ids)).values(priority=cases.c.priority + RAISE))
    record_changes(connection, "case_changed", ids, moment)
    return [f"{len(ids)} other open {'case' if len(ids) == 1 else 'cases'} of this seller raised in priority"]


def undo_effects(connection: Connection, decision_id: str, found: Record, now: datetime) -> list[str]:
    """Takes back everything that `apply_effects` wrote for that decision, and says it in words."""
    moment = format_time(now)
    words: list[str] = []
    overturned = connection.execute(
        update(offences)
        .where(offences.c.decision_id == decision_id, offences.c.overturned.is_(False))
        .values(overturned=True)
    )
    if overturned.rowcount:
        words.append("Offence and its points taken back")
    words += _undo_measures(connection, decision_id, found, moment)
    rows = connection.execute(select(case_effects).where(case_effects.c.decision_id == decision_id)).all()
    reopened = [row for row in rows if row.kind == "withdrawn"]
    for row in reopened:
        connection.execute(
            update(cases).where(cases.c.id == row.case_id, cases.c.state == "withdrawn").values(state=row.before)
        )
    for row in rows:
        if row.kind == "raised":
            connection.execute(
                update(cases).where(cases.c.id == row.case_id).values(priority=cases.c.priority - row.amount)
            )
    connection.execute(update(flags).where(flags.c.settled_by == decision_id).values(settled_by=""))
    connection.execute(delete(case_effects).where(case_effects.c.decision_id == decision_id))
    if reopened:
        words.append(f"{len(reopened)} {'case' if len(reopened) == 1 else 'cases'} of this listing reopened")
    raised = [row.case_id for row in rows if row.kind == "raised"]
    if raised:
        words.append(f"{len(raised)} {'case' if len(raised) == 1 else 'cases'} of this seller back to their priority")
    record_changes(connection, "case_opened", [row.case_id for row in reopened], moment)
    record_changes(connection, "case_changed", raised, moment)
    return words


def _undo_measures(connection: Connection, decision_id: str, found: Record, moment: str) -> list[str]:
    mine = and_(measures.c.decision_id == decision_id, measures.c.undone.is_(False))
    kinds = [MeasureKind(row.kind) for row in connection.execute(select(measures.c.kind).where(mine))]
    if not kinds:
        return []
    connection.execute(update(measures).where(mine).values(undone=True))
    if any(kind in _LISTING_KINDS for kind in kinds):
        _refresh_listing(connection, found.listing_id)
    if MeasureKind.LISTING_REMOVED in kinds:
        _COUNT_REMOVED.run(connection, seller=found.seller_id, by=-1)
    if any(kind in _SELLER_KINDS for kind in kinds):
        refresh_standing(connection, found.seller_id, moment)
    return [f"Taken back: {_WORDS[kind][0].lower()}{_WORDS[kind][1:]}" for kind in kinds]
