"""Claims, renewals and releases: who may decide which case until when.

A lease is the case's `lease_id`, `lease_token`, `lease_owner` and `lease_expires_at`.  It outlives its
end until somebody else claims the case; the token never falls.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, exists, func, insert, or_, select, update

from reviewer.domain.case import CaseKind
from reviewer.domain.values import format_time, parse_time
from reviewer.hub.auth import Account, set_disabled
from reviewer.hub.cases import cases_as_json
from reviewer.hub.changes import record_changes
from reviewer.hub.locks import is_shared
from reviewer.hub.messages import ClaimRequest, LeaseName, LeaseRelease
from reviewer.hub.prepared import Prepared, among, given
from reviewer.hub.problems import Problem
from reviewer.hub.schema import URGENCY, Record, accounts, cases, sellers, skips
from reviewer.policy.model import Policy

_RETRY_S = 15
_NOT_AGAIN = ("skipped", "needs_language", "needs_expert")
#: The reason of a skip that no naming gets round.
BARRED = "decided"
_ALL_KINDS = frozenset(CaseKind)


@dataclass(frozen=True, slots=True)
class LeaseRules:
    """How long leases last and how many one person may hold."""

    lease_s: int = 600
    leases_per_reviewer: int = 400
    offline_s: int = 8 * 3600
    claim: int = 50


@dataclass(frozen=True, slots=True)
class Claimed:
    """The cases of a claim that was committed, in order of urgency; `short` where there were fewer than asked for."""

    case_ids: tuple[str, ...]
    at: datetime
    short: bool


def claim(connection: Connection, account: Account, request: ClaimRequest, rules: LeaseRules, now: datetime) -> Claimed:
    """Leases the most urgent cases, or the named ones; one transaction.

    Raises `Problem` (`lease-limit`) where the caller holds as many as one may.
    """
    moment = format_time(now)
    if is_shared(connection):
        _LOCK_ACCOUNT.rows(connection, account=account.id)
    returned = return_expired(connection, moment)
    held = _HELD.first(connection, account=account.id).held
    room = rules.leases_per_reviewer - held
    mine = {row.id for row in _MINE.rows(connection, account=account.id, cases=request.case_ids)}
    again = [name for name in dict.fromkeys(request.case_ids) if name in mine]
    if room <= 0 and not again:
        raise Problem("lease-limit", f"You hold {held} cases; decide or give back some first.")
    count = max(0, min(request.count - len(again), room))
    fresh = _most_urgent(connection, account, request, count)
    if count and not fresh and not returned and is_shared(connection):
        # What others are claiming this moment was passed over: say "nothing" only when they are done.
        fresh = _most_urgent(connection, account, request, count, wait=True)
    seconds = min(max(request.offline_s, rules.lease_s), max(rules.offline_s, rules.lease_s))
    expires = format_time(now + timedelta(seconds=seconds))
    taken = _take(connection, account, fresh, expires)
    record_changes(connection, "case_changed", taken, moment)
    ids = (*again, *taken)
    return Claimed(ids, now, len(ids) < request.count)


def claim_answer(connection: Connection, account: Account, claimed: Claimed, policy: Policy) -> bytes:
    """The JSON answer to a claim: the cases whole with their leases; where there are too few, who holds others."""
    items = _items(connection, claimed.case_ids, claimed.at, policy)
    elsewhere = leased_elsewhere(connection, account) if claimed.short else []
    return msgspec.json.encode(
        {"items": items, "next_retry_s": 0 if items else _RETRY_S, "leased_elsewhere": elsewhere}
    )


_LOCK_ACCOUNT = Prepared(select(accounts.c.id).where(accounts.c.id == given("account")).with_for_update(key_share=True))
_OWN = and_(cases.c.lease_owner == given("account"), cases.c.state == "leased")
_HELD = Prepared(select(func.count().label("held")).select_from(cases).where(_OWN))
_MINE = Prepared(select(cases.c.id).where(_OWN, among(cases.c.id, "cases")))
_CANDIDATES = (
    select(
        cases.c.id,
        cases.c.lease_id,
        cases.c.lease_token,
        cases.c.lease_owner,
        cases.c.priority,
        cases.c.due_order,
        cases.c.seq,
        cases.c.severity,
        cases.c.reach,
        cases.c.trust,
    )
    .where(cases.c.state == given("queue"))
    .order_by(*URGENCY)
    .limit(given("count"))
)
_NOT_SKIPPED = ~exists().where(skips.c.case_id == cases.c.id, skips.c.account_id == given("account"))
#: Not by naming it either: an appeal never goes to whoever decided.
_NOT_BARRED = ~exists().where(
    skips.c.case_id == cases.c.id, skips.c.account_id == given("account"), skips.c.reason == BARRED
)
_LISTINGS = _CANDIDATES.where(_NOT_SKIPPED, cases.c.kind == "listing")
_URGENT_LISTINGS = Prepared(_LISTINGS.with_for_update(of=cases, key_share=True, skip_locked=True))
_URGENT_OF_ALL_LISTINGS = Prepared(_LISTINGS.with_for_update(of=cases, key_share=True))
_URGENT = Prepared(_CANDIDATES.where(_NOT_SKIPPED).with_for_update(of=cases, key_share=True, skip_locked=True))
_URGENT_OF_ALL = Prepared(_CANDIDATES.where(_NOT_SKIPPED).with_for_update(of=cases, key_share=True))


def _most_urgent(
    connection: Connection, account: Account, request: ClaimRequest, count: int, *, wait: bool = False
) -> list[Any]:
    """The cases to lease, from each queue that the caller may work on, in order of urgency.

    On PostgreSQL they are locked; those that another transaction has locked are passed over, or waited for.
    """
    found: list[Any] = []
    kinds = frozenset(request.kinds)
    statements = {
        frozenset(): (_URGENT_LISTINGS, _URGENT_OF_ALL_LISTINGS),
        frozenset({"listing"}): (_URGENT_LISTINGS, _URGENT_OF_ALL_LISTINGS),
        _ALL_KINDS: (_URGENT, _URGENT_OF_ALL),
    }.get(kinds)
    for queue in ("open", "escalated") if account.role == "lead" else ("open",):
        if statements is not None and not (request.case_ids or request.marketplaces or request.grounds):
            statement = statements[wait]
            found += statement.rows(connection, queue=queue, account=account.id, count=count)
            continue
        query = _CANDIDATES.with_for_update(of=cases, key_share=True, skip_locked=not wait)
        if request.case_ids:
            query = query.where(cases.c.id.in_(request.case_ids), _NOT_BARRED)
        else:
            query = query.where(_NOT_SKIPPED)
        query = query.where(cases.c.kind.in_(sorted(kinds or {"listing"})))
        if request.marketplaces:
            query = query.where(cases.c.marketplace.in_(request.marketplaces))
        if request.grounds:
            query = query.where(cases.c.ground.in_(request.grounds))
        values = {"p_queue": queue, "p_account": account.id, "p_count": count}
        found += connection.execute(query, values).all()
    found.sort(key=_urgency)
    return found[:count]


def _urgency(row: Any) -> tuple[Any, ...]:
    """The order of `URGENCY`, for cases of several queues."""
    first = (-(row.priority // 100), row.due_order[:13], -row.severity, -row.reach, -row.trust)
    return (*first, -row.priority, row.due_order, row.seq)


def _take(connection: Connection, account: Account, rows: Sequence[Record], expires: str) -> list[str]:
    """Writes the leases; one's own that ran out and that nobody claimed goes on as it was."""
    values = []
    for row in rows:
        mine = row.lease_owner == account.id and row.lease_id
        values.append(
            {
                "case": row.id,
                "lease": row.lease_id if mine else uuid.uuid4().hex,
                "token": row.lease_token if mine else row.lease_token + 1,
                "owner": account.id,
                "expires": expires,
            }
        )
    if values:
        _TAKE.run_all(connection, values)
    return [row.id for row in rows]


_TAKE = Prepared(
    update(cases)
    .where(cases.c.id == given("case"))
    .values(
        state="leased",
        lease_id=given("lease"),
        lease_token=given("token"),
        lease_owner=given("owner"),
        lease_expires_at=given("expires"),
    )
)
_LEASE = Prepared(
    select(cases.c.lease_id, cases.c.lease_token, cases.c.lease_expires_at).where(cases.c.id == given("case"))
)


def _items(connection: Connection, ids: Sequence[str], now: datetime, policy: Policy) -> list[dict[str, Any]]:
    return [
        {"case": case, "lease": _lease(_LEASE.first(connection, case=case["id"]), now)}
        for case in cases_as_json(connection, ids, now, policy)
    ]


def _lease(row: Record, now: datetime) -> dict[str, Any]:
    left = (parse_time(row.lease_expires_at) - now).total_seconds()
    return {"id": row.lease_id, "token": row.lease_token, "ttl_s": round(max(0.0, left), 3)}


_ELSEWHERE = Prepared(
    select(accounts.c.name, func.count().label("held"), func.max(cases.c.lease_expires_at).label("until"))
    .join(accounts, accounts.c.id == cases.c.lease_owner)
    .where(cases.c.state == "leased", cases.c.lease_owner != given("account"))
    .group_by(cases.c.lease_owner, accounts.c.name)
    .order_by(accounts.c.name)
    .limit(50)
)


def leased_elsewhere(connection: Connection, account: Account) -> list[dict[str, Any]]:
    """Who else holds how many cases, and until when the last of them lasts."""
    rows = _ELSEWHERE.rows(connection, account=account.id)
    return [{"reviewer": row.name, "cases": row.held, "until": row.until} for row in rows]


_OVER = and_(cases.c.state == "leased", cases.c.lease_expires_at <= given("moment"))
_EXPIRED = Prepared(select(cases.c.id).where(_OVER).with_for_update(key_share=True, skip_locked=True))
_RETURN = Prepared(update(cases).where(cases.c.id == given("case")).values(state=cases.c.queue))


def return_expired(connection: Connection, moment: str) -> int:
    """Puts cases whose lease ran out back into their queue; owner and token stay until the next claim."""
    ids = [row.id for row in _EXPIRED.rows(connection, moment=moment)]
    if ids:
        _RETURN.run_all(connection, [{"case": name} for name in ids])
        record_changes(connection, "case_changed", ids, moment)
    return len(ids)


def renew(
    connection: Connection, account: Account, names: Sequence[LeaseName], rules: LeaseRules, now: datetime
) -> list[dict[str, Any]]:
    """Prolongs each lease that still holds by the usual time; one made longer for offline work is never cut."""
    moment = format_time(now)
    usual = format_time(now + timedelta(seconds=rules.lease_s))
    items: list[dict[str, Any]] = []
    longer: list[dict[str, Any]] = []
    back: list[str] = []
    for name, row in _named(connection, account, names):
        if row is None:
            items.append({"id": name.id, "status": "lease_lost", "ttl_s": 0})
            continue
        expires = max(usual, row.lease_expires_at or "")
        longer.append({"case": row.id, "expires": expires})
        if row.state != "leased":
            back.append(row.id)
        left = (parse_time(expires) - now).total_seconds()
        items.append({"id": name.id, "status": "renewed", "ttl_s": round(left, 3)})
    _RENEW.run_all(connection, longer)
    record_changes(connection, "case_changed", back, moment)
    return items


def release(
    connection: Connection, account: Account, leases: Sequence[LeaseRelease], now: datetime
) -> list[dict[str, Any]]:
    """Gives cases back to their queue; after `skipped` and the two `needs_…` not to this reviewer again."""
    moment = format_time(now)
    items: list[dict[str, Any]] = []
    back: list[str] = []
    for name, row in _named(connection, account, leases):
        if row is None:
            items.append({"id": name.id, "status": "lease_lost"})
            continue
        if name.reason in _NOT_AGAIN:
            _remember_skip(connection, row.id, account, name.reason, moment)
        back.append(row.id)
        items.append({"id": name.id, "status": "released"})
    _GIVE_BACK.run_all(connection, [{"case": case_id} for case_id in back])
    record_changes(connection, "case_changed", back, moment)
    return items


def end_account(connection: Connection, account_id: str, now: datetime) -> int:
    """Refuses an account from now on and gives what it holds back to the queues; answers how many cases.

    Raises `OperatorError` for no such account.
    """
    set_disabled(connection, account_id, now)
    ids = [row.id for row in _ALL_HELD.rows(connection, account=account_id)]
    _GIVE_BACK.run_all(connection, [{"case": case_id} for case_id in ids])
    record_changes(connection, "case_changed", ids, format_time(now))
    return len(ids)


def _remember_skip(connection: Connection, case_id: str, account: Account, reason: str, moment: str) -> None:
    key = and_(skips.c.case_id == case_id, skips.c.account_id == account.id)
    changed = connection.execute(update(skips).where(key).values(reason=reason, at=moment))
    if not changed.rowcount:
        row = {"case_id": case_id, "account_id": account.id, "reason": reason, "at": moment}
        connection.execute(insert(skips), row)


_RENEW = Prepared(
    update(cases).where(cases.c.id == given("case")).values(state="leased", lease_expires_at=given("expires"))
)
_GIVE_BACK = Prepared(
    update(cases)
    .where(cases.c.id == given("case"))
    .values(state=cases.c.queue, lease_owner=None, lease_expires_at=None, lease_id="")
)
_ALL_HELD = Prepared(select(cases.c.id).where(_OWN).order_by(cases.c.id).with_for_update(key_share=True))
_LOCK_SELLERS = Prepared(
    select(sellers.c.id)
    .where(sellers.c.id.in_(select(cases.c.seller_id).where(among(cases.c.lease_id, "leases"))))
    .order_by(sellers.c.id)
    .with_for_update(key_share=True)
)
_NAMED = Prepared(
    select(cases.c.id, cases.c.state, cases.c.lease_id, cases.c.lease_token, cases.c.lease_expires_at)
    .where(
        among(cases.c.lease_id, "leases"),
        cases.c.lease_owner == given("account"),
        or_(cases.c.state == "leased", cases.c.state == cases.c.queue),
    )
    .order_by(cases.c.id)
    .with_for_update(key_share=True)
)


def _named(connection: Connection, account: Account, names: Sequence[Any]) -> Iterable[tuple[Any, Record | None]]:
    """Each named lease with its case where the caller still holds it, else None; one named twice is held once."""
    ids = sorted({name.id for name in names})
    if is_shared(connection):
        _LOCK_SELLERS.rows(connection, leases=ids)
    held = {(row.lease_id, row.lease_token): row for row in _NAMED.rows(connection, leases=ids, account=account.id)}
    for name in names:
        yield name, held.pop((name.id, name.token), None)
