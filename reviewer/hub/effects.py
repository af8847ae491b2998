"""What a decision does to its listing, its seller and other cases, and how exactly that is undone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, case, delete, insert, select, update

from reviewer.domain.decision import AGAINST_SELLER, DecisionKind, MeasureKind
from reviewer.domain.seller import Offence
from reviewer.domain.values import format_time
from reviewer.hub.banks import empty, fill, refill
from reviewer.hub.batch import REMOVED_BY_RULE, WAITING, Batch, CaseNow
from reviewer.hub.changes import record_changes
from reviewer.hub.messages import DecisionMessage
from reviewer.hub.prepared import Prepared, given, inserting
from reviewer.hub.schema import case_effects, cases, flags, listings, measures, offences, sellers
from reviewer.hub.sellers import SET_STANDING, worst_standing
from reviewer.policy.ladder import ladder_step, settled

#: What the other open cases of a seller whose account was closed gain in priority.
RAISE = 100

_LISTING_KINDS = (MeasureKind.LISTING_REMOVED, MeasureKind.LISTING_HIDDEN)
_SELLER_KINDS = (
    MeasureKind.SELLER_WARNED,
    MeasureKind.SELLER_RESTRICTED,
    MeasureKind.ACCOUNT_SUSPENDED,
    MeasureKind.ACCOUNT_CLOSED,
)


@dataclass(frozen=True, slots=True)
class _Measure:
    kind: MeasureKind
    scope: str
    days: int | None


_ADD_OFFENCE = Prepared(inserting(offences))
_ADD_MEASURE = Prepared(inserting(measures))
_SET_LISTING = Prepared(update(listings).where(listings.c.id == given("listing")).values(state=given("state")))
_COUNT_REMOVED = Prepared(
    update(sellers)
    .where(sellers.c.id == given("seller"))
    .values(
        listings_removed=sellers.c.listings_removed + given("by"),
        listings_live=case((sellers.c.listings_live >= given("by"), sellers.c.listings_live - given("by")), else_=0),
    )
)


def apply_effects(
    batch: Batch, decision: DecisionMessage, found: CaseNow, *, since: datetime | None = None
) -> list[str]:
    """Writes everything a decision does beyond its own case, and says it in words.

    `since` is the time of the offence where the decision takes the place of an earlier one.
    """
    kind = DecisionKind(decision.kind)
    words: list[str] = []
    if kind in AGAINST_SELLER:
        words += _add_offence(batch, decision, found, since or batch.now)
    wanted = _measures_of(kind, decision)
    for measure in wanted:
        words += _add_measure(batch, decision.id, found, measure)
    if kind is DecisionKind.TAKEDOWN:
        words += _withdraw_siblings(batch, decision.id, found)
        fill(batch.connection, batch.account, decision, batch.moment)
    if any(measure.kind is MeasureKind.ACCOUNT_CLOSED for measure in wanted):
        words += _raise_others(batch, decision.id, found)
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
    if decision.refund_months and kind in AGAINST_SELLER and not any(_is_refund(one) for one in made):
        made.append(_Measure(MeasureKind.REFUND_ADVISED, "listing", None))
    own = {DecisionKind.WARN: MeasureKind.SELLER_WARNED, DecisionKind.RESTRICT: MeasureKind.SELLER_RESTRICTED}
    if kind in own:
        floor = _SELLER_KINDS.index(own[kind])
        given = [measure for measure in made if measure.kind in _SELLER_KINDS]
        if not any(_SELLER_KINDS.index(measure.kind) >= floor for measure in given):
            made = [measure for measure in made if measure.kind not in _SELLER_KINDS]
            made.append(_Measure(own[kind], "all", None))
    return made


def _is_refund(measure: _Measure) -> bool:
    return measure.kind is MeasureKind.REFUND_ADVISED


def _add_offence(batch: Batch, decision: DecisionMessage, found: CaseNow, at: datetime) -> list[str]:
    earlier = batch.offences(found.seller_id)
    step = ladder_step(batch.policy, earlier, DecisionKind(decision.kind), decision.ground, at)
    ends = at + timedelta(days=batch.policy.window_of(decision.ground))
    ground = batch.policy.ground(decision.ground)
    full = ground.points if ground is not None else 0
    earlier.append(Offence(decision.id, at, decision.kind, decision.ground, step.adds, ends, False, full_points=full))
    expires = format_time(ends)
    batch.write(
        _ADD_OFFENCE,
        decision_id=decision.id,
        seller_id=found.seller_id,
        at=format_time(at),
        kind=decision.kind,
        ground=decision.ground,
        points=step.adds,
        expires_at=expires,
        overturned=False,
        listing_id=found.listing_id,
        listing_title=found.listing_title,
        full_points=full,
    )
    points = "1 point" if step.adds == 1 else f"{step.adds} points"
    return [f"{points} to the seller until {expires[:10]}; {step.after} count now"]


def _add_measure(batch: Batch, decision_id: str, found: CaseNow, measure: _Measure) -> list[str]:
    ends = None if measure.days is None else format_time(batch.now + timedelta(days=measure.days))
    on_listing = measure.kind in _LISTING_KINDS
    batch.write(
        _ADD_MEASURE,
        decision_id=decision_id,
        seller_id=found.seller_id,
        listing_id=found.listing_id if on_listing else "",
        kind=measure.kind.value,
        scope=measure.scope,
        starts_at=batch.moment,
        ends_at=ends,
        undone=False,
        rule="",
    )
    batch.standing(found.seller_id).measures.append((measure.kind.value, ends))
    if on_listing:
        batch.on_listing(found.listing_id).append(measure.kind.value)
        _refresh_listing(batch, found)
    elif measure.kind in _SELLER_KINDS:
        _refresh_seller(batch, found)
    if measure.kind is MeasureKind.LISTING_REMOVED:
        batch.write(_COUNT_REMOVED, seller=found.seller_id, by=1)
    until = f" until {ends[:10]}" if ends else ""
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


def _refresh_listing(batch: Batch, found: CaseNow) -> None:
    kinds = batch.on_listing(found.listing_id)
    state = found.base_state
    if MeasureKind.LISTING_REMOVED in kinds:
        state = "removed"
    elif REMOVED_BY_RULE in kinds:
        state = REMOVED_BY_RULE
    elif MeasureKind.LISTING_HIDDEN in kinds:
        state = "hidden"
    batch.write(_SET_LISTING, listing=found.listing_id, state=state)


def _refresh_seller(batch: Batch, found: CaseNow) -> None:
    now = batch.standing(found.seller_id)
    standing, until = worst_standing(now.base, now.measures, batch.moment)
    batch.write(SET_STANDING, seller=found.seller_id, standing=standing, until=until)


def _withdraw_siblings(batch: Batch, decision_id: str, found: CaseNow) -> list[str]:
    others = batch.siblings(found)
    if not others:
        return []
    connection = batch.connection
    batch.flush()
    ids = [name for name, _, _ in others]
    connection.execute(
        insert(case_effects),
        [
            {
                "decision_id": decision_id,
                "case_id": name,
                "kind": "withdrawn",
                "before": state if state == "awaiting_proof" else queue,
                "amount": 0,
            }
            for name, queue, state in others
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
    batch.forget(found)
    record_changes(connection, "case_closed", ids, batch.moment)
    return [f"{len(ids)} other open {'case' if len(ids) == 1 else 'cases'} of this listing settled with it"]


def _raise_others(batch: Batch, decision_id: str, found: CaseNow) -> list[str]:
    connection = batch.connection
    batch.flush()
    others = and_(cases.c.seller_id == found.seller_id, cases.c.id != found.case_id, cases.c.state.in_(WAITING))
    query = select(cases.c.id).where(others).order_by(cases.c.id).with_for_update(key_share=True)
    ids = [row.id for row in connection.execute(query)]
    if not ids:
        return []
    connection.execute(
        insert(case_effects),
        [{"decision_id": decision_id, "case_id": i, "kind": "raised", "before": "", "amount": RAISE} for i in ids],
    )
    connection.execute(update(cases).where(cases.c.id.in_(ids)).values(priority=cases.c.priority + RAISE))
    record_changes(connection, "case_changed", ids, batch.moment)
    return [f"{len(ids)} other open {'case' if len(ids) == 1 else 'cases'} of this seller raised in priority"]


_OVERTURN = Prepared(
    update(offences)
    .where(offences.c.decision_id == given("decision"), offences.c.overturned.is_(False))
    .values(overturned=True)
)
_MINE = and_(measures.c.decision_id == given("decision"), measures.c.undone.is_(False))
_KINDS_MADE = Prepared(select(measures.c.kind).where(_MINE).order_by(measures.c.seq))
_UNDO_MEASURES = Prepared(update(measures).where(_MINE).values(undone=True))
_ON_CASES = Prepared(
    select(case_effects).where(case_effects.c.decision_id == given("decision")).order_by(case_effects.c.case_id)
)
_REOPEN = Prepared(
    update(cases).where(cases.c.id == given("case"), cases.c.state == "withdrawn").values(state=given("state"))
)
_LOWER = Prepared(update(cases).where(cases.c.id == given("case")).values(priority=cases.c.priority - given("amount")))
_UNSETTLE = Prepared(
    update(flags).where(flags.c.case_id == given("case"), flags.c.settled_by == given("decision")).values(settled_by="")
)
_FORGET = Prepared(delete(case_effects).where(case_effects.c.decision_id == given("decision")))


def undo_effects(batch: Batch, decision_id: str, found: CaseNow) -> list[str]:
    """Takes back everything that `apply_effects` wrote for that decision, and says it in words."""
    connection = batch.connection
    batch.flush()
    words: list[str] = []
    if _OVERTURN.run(connection, decision=decision_id):
        words.append("Offence and its points taken back")
        words += _reckon_again(batch, found)
    words += _undo_measures(batch, decision_id, found)
    if gone := empty(connection, decision_id):
        words.append(f"{gone} {'picture' if gone == 1 else 'pictures'} taken out of the bank of infringing pictures")
    rows = _ON_CASES.rows(connection, decision=decision_id)
    reopened = [row.case_id for row in rows if row.kind == "withdrawn"]
    raised = [row.case_id for row in rows if row.kind == "raised"]
    for row in rows:
        if row.kind == "withdrawn":
            _REOPEN.run(connection, case=row.case_id, state=row.before)
        else:
            _LOWER.run(connection, case=row.case_id, amount=row.amount)
    _UNSETTLE.run_all(connection, [{"case": name, "decision": decision_id} for name in (found.case_id, *reopened)])
    if rows:
        _FORGET.run(connection, decision=decision_id)
    batch.forget(found)
    if reopened:
        words.append(f"{len(reopened)} {'case' if len(reopened) == 1 else 'cases'} of this listing reopened")
    if raised:
        words.append(f"{len(raised)} {'case' if len(raised) == 1 else 'cases'} of this seller back to their priority")
    record_changes(connection, "case_opened", reopened, batch.moment)
    record_changes(connection, "case_changed", raised, batch.moment)
    return words


_COUNT_AGAIN = Prepared(
    update(offences)
    .where(offences.c.decision_id == given("decision"), offences.c.overturned.is_(True))
    .values(overturned=False)
)
_REDO_MEASURES = Prepared(
    update(measures)
    .where(measures.c.decision_id == given("decision"), measures.c.undone.is_(True))
    .values(undone=False)
)


def redo_effects(batch: Batch, decision_id: str, found: CaseNow) -> list[str]:
    """Brings back what `undo_effects` took from a decision: a reversal was itself taken back.

    Cases of the listing that were opened since are settled with it, and those of the seller rise, as when it was made.
    """
    connection = batch.connection
    batch.flush()
    words: list[str] = []
    if _COUNT_AGAIN.run(connection, decision=decision_id):
        words.append("Offence and its points count again")
        words += _reckon_again(batch, found)
    _REDO_MEASURES.run(connection, decision=decision_id)
    kinds = [MeasureKind(row.kind) for row in _KINDS_MADE.rows(connection, decision=decision_id)]
    batch.forget(found)
    if any(kind in _LISTING_KINDS for kind in kinds):
        _refresh_listing(batch, found)
    if MeasureKind.LISTING_REMOVED in kinds:
        batch.write(_COUNT_REMOVED, seller=found.seller_id, by=1)
        refill(connection, decision_id)
        words += _withdraw_siblings(batch, decision_id, found)
    if any(kind in _SELLER_KINDS for kind in kinds):
        _refresh_seller(batch, found)
    if MeasureKind.ACCOUNT_CLOSED in kinds:
        words += _raise_others(batch, decision_id, found)
    return words + [f"In force again: {_WORDS[kind][0].lower()}{_WORDS[kind][1:]}" for kind in kinds]


_SET_POINTS = Prepared(
    update(offences).where(offences.c.decision_id == given("decision")).values(points=given("points"))
)


def _reckon_again(batch: Batch, found: CaseNow) -> list[str]:
    """Gives the seller's other offences the points that the one taken back had merged or capped away."""
    batch.forget(found)
    before = {offence.decision_id: offence for offence in batch.offences(found.seller_id)}
    again = [
        offence
        for offence in settled(batch.policy, before.values())
        if offence.points != before[offence.decision_id].points
    ]
    for offence in again:
        _SET_POINTS.run(batch.connection, decision=offence.decision_id, points=offence.points)
    batch.forget(found)
    return [f"{offence.points} points count again for an earlier offence" for offence in again]


def _undo_measures(batch: Batch, decision_id: str, found: CaseNow) -> list[str]:
    connection = batch.connection
    kinds = [MeasureKind(row.kind) for row in _KINDS_MADE.rows(connection, decision=decision_id)]
    if not kinds:
        return []
    _UNDO_MEASURES.run(connection, decision=decision_id)
    batch.forget(found)
    if any(kind in _LISTING_KINDS for kind in kinds):
        _refresh_listing(batch, found)
    if MeasureKind.LISTING_REMOVED in kinds:
        batch.write(_COUNT_REMOVED, seller=found.seller_id, by=-1)
    if any(kind in _SELLER_KINDS for kind in kinds):
        _refresh_seller(batch, found)
    return [f"Taken back: {_WORDS[kind][0].lower()}{_WORDS[kind][1:]}" for kind in kinds]
