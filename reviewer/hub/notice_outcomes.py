"""What becomes of notices: outcomes that follow the decisions and their reversals, and withdrawals by claimants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, case, func, select, update

from reviewer.domain.decision import AGAINST_SELLER
from reviewer.domain.notice import Outcome
from reviewer.domain.values import format_time
from reviewer.hub.changes import record_changes
from reviewer.hub.claimants import find_claimants, judge_misuse
from reviewer.hub.locks import FEED, hold, is_shared
from reviewer.hub.notice_messages import Withdrawal
from reviewer.hub.prepared import Prepared, among, given, inserting
from reviewer.hub.schema import (
    appeals,
    case_effects,
    cases,
    decisions,
    flags,
    notice_changes,
    notice_listings,
    notices,
    proofs,
    sellers,
)
from reviewer.hub.sellers import ACTIVE_STATES
from reviewer.hub.sequenced import write_at_end
from reviewer.policy.policy import Policy

#: In the place of the account whose decision upheld a notice: another person took that decision back.
TAKEN_BACK = "*"
#: What a flag is settled by whose notice its claimant took back.
WITHDRAWN_FLAG = "withdrawn"

_FOLLOWING = (Outcome.OPEN, Outcome.UPHELD, Outcome.REJECTED, Outcome.REVERSED)
_DECIDED = (Outcome.UPHELD, Outcome.REJECTED, Outcome.REVERSED)

_OF_LISTINGS = Prepared(
    select(
        notice_listings.c.notice_id,
        notice_listings.c.listing_id,
        notice_listings.c.claimant_id,
        notice_listings.c.case_id,
        notice_listings.c.outcome,
        notice_listings.c.decision_id,
        notice_listings.c.upheld_by,
        cases.c.state,
        cases.c.kind.label("case_kind"),
        cases.c.decision_id.label("case_decision"),
        case_effects.c.decision_id.label("effect"),
    )
    .join(cases, cases.c.id == notice_listings.c.case_id)
    .join(
        case_effects,
        and_(case_effects.c.case_id == cases.c.id, case_effects.c.kind == "withdrawn"),
        isouter=True,
    )
    .where(among(notice_listings.c.listing_id, "listings"), notice_listings.c.outcome.in_(_FOLLOWING))
    .order_by(notice_listings.c.seq)
)
_APPEALS = Prepared(
    select(appeals.c.case_id, appeals.c.decision_id, appeals.c.ruling_id, appeals.c.first_stands)
    .where(among(appeals.c.case_id, "cases"))
    .order_by(appeals.c.seq)
)
_REMOVED = Prepared(
    select(proofs.c.case_id, proofs.c.automatic_id, proofs.c.lifted_by)
    .where(among(proofs.c.case_id, "cases"), proofs.c.automatic_id != "")
    .order_by(proofs.c.seq)
)
_KINDS = Prepared(select(decisions.c.id, decisions.c.kind, decisions.c.reviewer_id).where(among(decisions.c.id, "ids")))
_SET = Prepared(
    update(notice_listings)
    .where(notice_listings.c.notice_id == given("notice"), notice_listings.c.listing_id == given("listing"))
    .values(
        outcome=given("outcome"),
        decision_id=given("decision"),
        upheld_by=given("upheld_by"),
        settled_at=given("settled_at"),
    )
)
_COUNT = Prepared(
    update(notices).where(notices.c.id == given("notice")).values(open_count=notices.c.open_count + given("by"))
)
ADD_CHANGE = Prepared(inserting(notice_changes))

#: A seller's row stands for the ends of its cases: a decision on one of them waits, or is waited for.
_LOCK_SELLERS = Prepared(
    select(sellers.c.id)
    .where(
        sellers.c.id.in_(
            select(cases.c.seller_id)
            .join(notice_listings, notice_listings.c.case_id == cases.c.id)
            .where(among(notice_listings.c.notice_id, "ids"))
        )
    )
    .order_by(sellers.c.id)
    .with_for_update(key_share=True)
)
_NOTICES = Prepared(select(notices).where(among(notices.c.id, "ids")))
_ROWS = Prepared(
    select(
        notice_listings.c.listing_id,
        notice_listings.c.outcome,
        notice_listings.c.case_id,
        notice_listings.c.claimant_id,
        notice_listings.c.upheld_by,
    )
    .where(notice_listings.c.notice_id == given("notice"))
    .order_by(notice_listings.c.seq)
)
_SETTLE_FLAGS = Prepared(
    update(flags)
    .where(among(flags.c.case_id, "cases"), flags.c.notice_id == given("notice"), flags.c.settled_by == "")
    .values(settled_by=WITHDRAWN_FLAG)
)
_LEFT = Prepared(
    select(cases.c.id, func.sum(case((flags.c.settled_by == "", 1), else_=0)).label("left"))
    .join(flags, flags.c.case_id == cases.c.id)
    .where(among(cases.c.id, "cases"), cases.c.state.in_(ACTIVE_STATES), cases.c.kind != "appeal")
    .group_by(cases.c.id)
    .order_by(cases.c.id)
)
_CLOSE = Prepared(
    update(cases)
    .where(among(cases.c.id, "cases"))
    .values(state="withdrawn", lease_owner=None, lease_id="", lease_expires_at=None)
)
_SET_WITHDRAWN = Prepared(
    update(notices).where(notices.c.id == given("notice")).values(withdrawn_at=given("at"), withdrawn_why=given("why"))
)


def follow_decisions(
    connection: Connection,
    account_id: str,
    listing_ids: Iterable[str],
    kinds: Mapping[str, str],
    policy: Policy,
    now: datetime,
) -> None:
    """Brings the outcomes of notices in step with the cases of those listings, in the transaction of the decisions.

    `kinds` are those of decisions that are not written yet, by id.  Claimants whose notices turn out to be without
    ground are warned or suspended by the policy's rule.
    """
    rows = _OF_LISTINGS.rows(connection, listings=sorted(set(listing_ids)))
    if not rows:
        return
    moment = format_time(now)
    standing = _Standing(connection, rows, {name: (kind, account_id) for name, kind in kinds.items()})
    changed = []
    for row in rows:
        outcome, decision, by = standing.of(row, account_id)
        if outcome != row.outcome or (decision != row.decision_id and outcome is not Outcome.OPEN):
            changed.append((row, outcome, decision, by))
    _write(connection, changed, moment)
    judged = {row.claimant_id for row, outcome, _, _ in changed if outcome in (Outcome.REJECTED, Outcome.REVERSED)}
    for claimant in find_claimants(connection, judged).values():
        judge_misuse(connection, claimant, policy.notices, now)


class _Standing:
    """What stands on the cases of some notices: decisions, the rulings that took their place, removals by rule."""

    def __init__(self, connection: Connection, rows: Sequence[Any], known: dict[str, tuple[str, str]]) -> None:
        ids = sorted({row.case_id for row in rows})
        self._known = known
        self._lifted = {row.automatic_id: bool(row.lifted_by) for row in _REMOVED.rows(connection, cases=ids)}
        self._removal = {row.case_id: row.automatic_id for row in _REMOVED.rows(connection, cases=ids)}
        self._first: dict[str, str] = {}
        self._ruled: dict[str, str] = {}
        self._appealed: set[str] = set()
        for row in _APPEALS.rows(connection, cases=ids):
            self._first.setdefault(row.case_id, row.decision_id)
            self._appealed |= {row.decision_id, row.ruling_id}
            if row.ruling_id and not row.first_stands:
                self._ruled[row.decision_id] = row.ruling_id
        wanted = {row.case_decision for row in rows} | {row.effect or "" for row in rows}
        wanted |= {*self._first.values(), *self._ruled.values()}
        for row in _KINDS.rows(connection, ids=sorted(wanted - {""} - set(known))):
            known[row.id] = (row.kind, row.reviewer_id)

    def of(self, row: Any, account_id: str) -> tuple[Outcome, str, str]:
        """The outcome of a listing of a notice, the decision behind it, and whose decision upheld it."""
        if row.state in ACTIVE_STATES and row.case_kind != "appeal":
            return Outcome.OPEN, "", row.upheld_by if row.upheld_by in ("", account_id) else TAKEN_BACK
        first = self._decision(row)
        if not first:
            gone = row.outcome == Outcome.OPEN
            return (Outcome.UNAVAILABLE, "", "") if gone else (Outcome(row.outcome), row.decision_id, row.upheld_by)
        last = first
        while last in self._ruled:
            last = self._ruled[last]
        if last in self._lifted:
            return (Outcome.REVERSED if self._lifted[last] else Outcome.UPHELD), last, TAKEN_BACK
        kind, author = self._known.get(last, ("", account_id))
        if kind in AGAINST_SELLER:
            return Outcome.UPHELD, last, author
        turned = last != first and (first in self._lifted or self._known.get(first, ("",))[0] in AGAINST_SELLER)
        turned = turned or row.outcome == Outcome.REVERSED or row.upheld_by not in ("", author)
        return (Outcome.REVERSED if turned else Outcome.REJECTED), last, row.upheld_by

    def _decision(self, row: Any) -> str:
        """What was done about the listing first: a decision on its case or on another of the listing, or a rule."""
        if row.state == "withdrawn":
            return str(row.effect or self._removal.get(row.case_id, ""))
        if row.case_id in self._first and (row.case_kind == "appeal" or row.case_decision in self._appealed):
            return self._first[row.case_id]
        return str(row.case_decision)


def _write(connection: Connection, changed: Sequence[tuple[Any, Outcome, str, str]], moment: str) -> None:
    counts: Counter[str] = Counter()
    rows = []
    for row, outcome, decision, by in changed:
        counts[row.notice_id] += (outcome is Outcome.OPEN) - (row.outcome == Outcome.OPEN)
        rows.append(
            {
                "notice": row.notice_id,
                "listing": row.listing_id,
                "outcome": outcome.value,
                "decision": decision,
                "upheld_by": by,
                "settled_at": None if outcome is Outcome.OPEN else moment,
            }
        )
    _SET.run_all(connection, rows)
    _COUNT.run_all(connection, [{"notice": name, "by": by} for name, by in sorted(counts.items()) if by])
    told = [_change(row.notice_id, row.listing_id, row.claimant_id, outcome, moment, decision)
            for row, outcome, decision, _ in changed]  # fmt: skip
    write_at_end(connection, ADD_CHANGE, told)


def _change(
    notice: str, listing: str, claimant: str, outcome: Outcome, moment: str, decision: str = ""
) -> dict[str, str]:
    return {
        "notice_id": notice,
        "listing_id": listing,
        "claimant_id": claimant,
        "outcome": outcome.value,
        "at": moment,
        "decision_id": decision,
    }


def withdraw_notices(
    connection: Connection, items: Sequence[Withdrawal], claimant_id: str | None, now: datetime
) -> list[dict[str, Any]]:
    """What became of each: `withdrawn`, `known` (was withdrawn before) or `not_found`; with counts of its listings.

    With a `claimant_id` only that claimant's own notices are there.  Cases that no other flag keeps open are closed;
    what was decided stays decided.
    """
    hold(connection, FEED)
    ids = sorted({item.id for item in items})
    if is_shared(connection):
        _LOCK_SELLERS.rows(connection, ids=ids)
    found = {row.id: row for row in _NOTICES.rows(connection, ids=ids)}
    moment = format_time(now)
    answers: list[dict[str, Any]] = []
    for item in items:
        row = found.get(item.id)
        if row is None or claimant_id not in (None, row.claimant_id):
            answers.append({"id": item.id, "status": "not_found", "withdrawn": 0, "decided": 0, "cases_closed": 0})
            continue
        status = (
            "known" if row.withdrawn_at is not None or any(one["id"] == item.id for one in answers) else "withdrawn"
        )
        answers.append({"id": item.id, "status": status} | _withdraw(connection, item, moment, status == "withdrawn"))
    return answers


def _withdraw(connection: Connection, item: Withdrawal, moment: str, new: bool) -> dict[str, int]:
    rows = _ROWS.rows(connection, notice=item.id)
    decided = sum(row.outcome in _DECIDED for row in rows)
    if not new:
        gone = sum(row.outcome == Outcome.WITHDRAWN for row in rows)
        return {"withdrawn": gone, "decided": decided, "cases_closed": 0}
    waiting = [row for row in rows if row.outcome == Outcome.OPEN]
    _SET.run_all(
        connection,
        [
            {
                "notice": item.id,
                "listing": row.listing_id,
                "outcome": Outcome.WITHDRAWN.value,
                "decision": "",
                "upheld_by": row.upheld_by,
                "settled_at": moment,
            }
            for row in waiting
        ],
    )
    _COUNT.run(connection, notice=item.id, by=-len(waiting))
    _SET_WITHDRAWN.run(connection, notice=item.id, at=moment, why=item.reason)
    told = [_change(item.id, row.listing_id, row.claimant_id, Outcome.WITHDRAWN, moment) for row in waiting]
    write_at_end(connection, ADD_CHANGE, told)
    ids = sorted({row.case_id for row in waiting if row.case_id})
    _SETTLE_FLAGS.run(connection, cases=ids, notice=item.id)
    left = {row.id: row.left for row in _LEFT.rows(connection, cases=ids)}
    closed = [name for name in ids if left.get(name) == 0]
    _CLOSE.run(connection, cases=closed)
    record_changes(connection, "case_closed", closed, moment)
    record_changes(connection, "case_changed", [name for name in ids if left.get(name)], moment)
    return {"withdrawn": len(waiting), "decided": decided, "cases_closed": len(closed)}
