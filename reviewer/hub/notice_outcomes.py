"""What becomes of notices: outcomes that follow the decisions and their reversals, and withdrawals by claimants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, case, func, select, update

from reviewer.domain.decision import AGAINST_SELLER, DecisionKind
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
        notice_listings.c.outcome,
        notice_listings.c.decision_id,
        notice_listings.c.upheld_by,
        cases.c.state,
        cases.c.decision_id.label("case_decision"),
        case_effects.c.decision_id.label("effect"),
        cases.c.kind.label("case_kind"),
        appeals.c.decision_id.label("appealed"),
        appeals.c.first_kind,
    )
    .join(cases, cases.c.id == notice_listings.c.case_id)
    .join(appeals, appeals.c.id == cases.c.appeal_id, isouter=True)
    .join(
        case_effects,
        and_(case_effects.c.case_id == cases.c.id, case_effects.c.kind == "withdrawn"),
        isouter=True,
    )
    .where(among(notice_listings.c.listing_id, "listings"), notice_listings.c.outcome.in_(_FOLLOWING))
    .order_by(notice_listings.c.seq)
)
_KINDS = Prepared(select(decisions.c.id, decisions.c.kind).where(among(decisions.c.id, "ids")))
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
    known = dict(kinds)
    wanted = sorted({row.case_decision for row in rows} - {""} - set(known))
    known |= {row.id: row.kind for row in _KINDS.rows(connection, ids=wanted)}
    moment = format_time(now)
    changed = []
    for row in rows:
        outcome, decision = _now(row, known, account_id)
        if outcome != row.outcome or (decision != row.decision_id and outcome is not Outcome.OPEN):
            changed.append((row, outcome, decision))
    _write(connection, changed, account_id, moment)
    judged = {row.claimant_id for row, outcome, _ in changed if outcome in (Outcome.REJECTED, Outcome.REVERSED)}
    for claimant in find_claimants(connection, judged).values():
        judge_misuse(connection, claimant, policy.notices, now)


def _now(row: Any, kinds: Mapping[str, str], account_id: str) -> tuple[Outcome, str]:
    """The outcome that follows from the case as it is, and the decision behind it.

    While an appeal is pending, and after it was not granted, it is that of the decision appealed against.
    """
    left = row.state in ACTIVE_STATES or kinds.get(row.case_decision) == DecisionKind.UPHOLD
    if row.case_kind == "appeal" and row.appealed and left:
        return (Outcome.UPHELD if row.first_kind in AGAINST_SELLER else Outcome.REJECTED), row.appealed
    if row.state in ACTIVE_STATES:
        return Outcome.OPEN, ""
    if row.state == "withdrawn":
        if row.effect:
            return Outcome.UPHELD, row.effect
        return (Outcome.UNAVAILABLE, "") if row.outcome == Outcome.OPEN else (Outcome(row.outcome), row.decision_id)
    if kinds.get(row.case_decision) in AGAINST_SELLER:
        return Outcome.UPHELD, row.case_decision
    turned = row.upheld_by not in ("", account_id) or row.outcome == Outcome.REVERSED
    return (Outcome.REVERSED if turned else Outcome.REJECTED), row.case_decision


def _write(connection: Connection, changed: Sequence[tuple[Any, Outcome, str]], account_id: str, moment: str) -> None:
    counts: Counter[str] = Counter()
    rows = []
    for row, outcome, decision in changed:
        upheld_by = row.upheld_by
        if outcome is Outcome.UPHELD:
            upheld_by = account_id
        elif outcome is Outcome.OPEN and upheld_by not in ("", account_id):
            upheld_by = TAKEN_BACK
        counts[row.notice_id] += (outcome is Outcome.OPEN) - (row.outcome == Outcome.OPEN)
        rows.append(
            {
                "notice": row.notice_id,
                "listing": row.listing_id,
                "outcome": outcome.value,
                "decision": decision,
                "upheld_by": upheld_by,
                "settled_at": None if outcome is Outcome.OPEN else moment,
            }
        )
    _SET.run_all(connection, rows)
    _COUNT.run_all(connection, [{"notice": name, "by": by} for name, by in sorted(counts.items()) if by])
    told = [_change(row.notice_id, row.listing_id, row.claimant_id, outcome, moment, decision)
            for row, outcome, decision in changed]  # fmt: skip
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
