"""Claimants: who they are, how their notices ended, what they may send, and what misuse leads to."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, func, select

from reviewer.domain.case import FlagSource
from reviewer.domain.notice import ClaimantRecord, Outcome
from reviewer.domain.values import format_time, parse_time
from reviewer.errors import OperatorError
from reviewer.hub.auth import Account
from reviewer.hub.prepared import Prepared, among, given, inserting
from reviewer.hub.schema import accounts, claimant_events, claimants, notice_listings, notices
from reviewer.policy.claimant_record import month_before, record_of
from reviewer.policy.model import NoticeRules

_HOUR = timedelta(hours=1)
#: Kinds that nobody may give himself: an administrator registers them.
_REGISTERED = (FlagSource.TRUSTED_FLAGGER, FlagSource.AUTHORITY)


@dataclass(slots=True)
class Claimant:
    """A claimant as it stands now."""

    id: str
    name: str
    source: str
    owners: tuple[str, ...] = ()
    counted_from: str = ""
    warned_at: str | None = None
    suspended_until: str | None = None

    def suspended_at(self, moment: str) -> bool:
        """Whether its notices are refused at that time."""
        return self.suspended_until is not None and self.suspended_until > moment


_BY_ID = Prepared(select(claimants).where(among(claimants.c.id, "ids")).order_by(claimants.c.id))
_BY_ACCOUNT = Prepared(select(claimants).where(claimants.c.account_id == given("account")))
_ADD = Prepared(inserting(claimants))
_ADD_EVENT = Prepared(inserting(claimant_events))
_EVENTS = Prepared(
    select(claimant_events.c.kind, claimant_events.c.at, claimant_events.c.words)
    .where(claimant_events.c.claimant_id == given("claimant"))
    .order_by(claimant_events.c.seq)
)
_SET = Prepared(
    claimants.update()
    .where(claimants.c.id == given("claimant"))
    .values(warned_at=given("warned_at"), suspended_until=given("suspended_until"), counted_from=given("counted_from"))
)
_COUNTS = Prepared(
    select(notice_listings.c.outcome, func.count().label("found"))
    .where(
        notice_listings.c.claimant_id == given("claimant"),
        notice_listings.c.settled_at > given("since"),
        notice_listings.c.outcome.in_([Outcome.UPHELD, Outcome.REJECTED, Outcome.REVERSED, Outcome.WITHDRAWN]),
    )
    .group_by(notice_listings.c.outcome)
)
_SUMS: list[ColumnElement[Any]] = [func.count().label("notices"), func.sum(notices.c.listing_count).label("listings")]
_SENT = Prepared(
    select(*_SUMS).where(notices.c.claimant_id == given("claimant"), notices.c.received_at > given("since"))
)
_SENT_EACH = Prepared(
    select(notices.c.received_at, notices.c.listing_count)
    .where(notices.c.claimant_id == given("claimant"), notices.c.received_at > given("since"))
    .order_by(notices.c.received_at)
)


def _claimant(row: Any) -> Claimant:
    owners = tuple(msgspec.json.decode(row.owners, type=list[str]))
    return Claimant(row.id, row.name, row.source, owners, row.counted_from, row.warned_at, row.suspended_until)


def find_claimants(connection: Connection, ids: Iterable[str]) -> dict[str, Claimant]:
    """The named claimants that exist."""
    return {row.id: _claimant(row) for row in _BY_ID.rows(connection, ids=sorted(set(ids)))}


def claimant_of(connection: Connection, account: Account) -> Claimant | None:
    """The claimant behind an account of that role, or None where none was registered."""
    row = _BY_ACCOUNT.first(connection, account=account.id)
    return _claimant(row) if row is not None else None


def may_name_itself(source: str) -> bool:
    """Whether a portal may make a claimant of that kind: not a trusted flagger nor an authority."""
    return source not in _REGISTERED


def add_claimant(
    connection: Connection,
    claimant_id: str,
    name: str,
    source: str,
    now: datetime,
    *,
    owners: Sequence[str] = (),
    account_id: str = "",
) -> Claimant:
    """Writes a new claimant."""
    row = {
        "id": claimant_id,
        "name": name,
        "source": source,
        "account_id": account_id,
        "owners": msgspec.json.encode(list(owners)).decode(),
        "made_at": format_time(now),
        "counted_from": "",
        "warned_at": None,
        "suspended_until": None,
    }
    _ADD.run(connection, **row)
    return Claimant(claimant_id, name, source, tuple(owners))


def register(
    connection: Connection,
    claimant_id: str,
    name: str,
    source: str,
    now: datetime,
    *,
    owners: Sequence[str] = (),
    account_id: str = "",
) -> Claimant:
    """Makes a claimant, or changes its name, kind and owners; an account is kept where none is given.

    Raises `OperatorError` where the account is none of a claimant.
    """
    if account_id:
        role = connection.execute(select(accounts.c.role).where(accounts.c.id == account_id)).scalar()
        if role != "claimant":
            raise OperatorError(f"The account {account_id} is {role or 'not there'}; a claimant's account is needed.")
    known = find_claimants(connection, [claimant_id]).get(claimant_id)
    if known is None:
        made = add_claimant(connection, claimant_id, name, source, now, owners=owners, account_id=account_id)
    else:
        values = {"name": name, "source": source, "owners": msgspec.json.encode(list(owners)).decode()}
        if account_id:
            values["account_id"] = account_id
        connection.execute(claimants.update().where(claimants.c.id == claimant_id).values(**values))
        made = find_claimants(connection, [claimant_id])[claimant_id]
    note_event(connection, claimant_id, "registered", now, f"{name}, {source}; acts for {', '.join(owners) or name}")
    return made


def note_event(connection: Connection, claimant_id: str, kind: str, now: datetime, words: str) -> None:
    """Keeps what was done about a claimant, and why."""
    _ADD_EVENT.run(connection, claimant_id=claimant_id, kind=kind, at=format_time(now), words=words)


def events_of(connection: Connection, claimant_id: str) -> list[dict[str, str]]:
    """What was done about a claimant, oldest first."""
    return [row._asdict() for row in _EVENTS.rows(connection, claimant=claimant_id)]


def record(connection: Connection, claimant: Claimant, rules: NoticeRules, now: datetime) -> ClaimantRecord:
    """The claimant's record over the months that the rules count."""
    return record_of(
        counts_since(connection, claimant.id, format_time(month_before(now, rules.months))),
        rules,
        claimant.source,
        warned_at=parse_time(claimant.warned_at) if claimant.warned_at else None,
        suspended_until=parse_time(claimant.suspended_until)
        if claimant.suspended_at(format_time(now)) and claimant.suspended_until
        else None,
    )


def counts_since(connection: Connection, claimant_id: str, since: str) -> dict[str, int]:
    """How many listings were settled how, after that time."""
    return {row.outcome: row.found for row in _COUNTS.rows(connection, claimant=claimant_id, since=since)}


def flood_wait(
    connection: Connection, claimant_id: str, count: int, named: int, rules: NoticeRules, now: datetime
) -> int:
    """0 where so many more notices that name so many listings may come now, else after how many seconds they may.

    Raises `OperatorError` where they never may: they alone are above the limit.
    """
    if count > rules.per_hour or named > rules.listings_per_hour:
        raise OperatorError(
            f"At most {rules.per_hour:,} notices with {rules.listings_per_hour:,} listings an hour are taken from one "
            f"claimant; these are {count:,} with {named:,}. Send fewer at a time."
        )
    since = format_time(now - _HOUR)
    sent = _SENT.first(connection, claimant=claimant_id, since=since)
    over = sent.notices + count - rules.per_hour
    over_listings = int(sent.listings or 0) + named - rules.listings_per_hour
    if over <= 0 and over_listings <= 0:
        return 0
    for row in _SENT_EACH.rows(connection, claimant=claimant_id, since=since):
        over -= 1
        over_listings -= row.listing_count
        if over <= 0 and over_listings <= 0:
            return max(1, math.ceil((parse_time(row.received_at) + _HOUR - now).total_seconds()))
    return int(_HOUR.total_seconds())


def judge_misuse(connection: Connection, claimant: Claimant, rules: NoticeRules, now: datetime) -> str:
    """Warns or suspends a claimant whose notices are mostly unfounded; says what was done, or ''.

    An automated measure by the policy's rule (DSA Art. 23(2) and (3)): a warning first, and a suspension only where
    the misuse goes on while a warning holds.  Each step counts what was settled after the one before.
    """
    moment = format_time(now)
    if claimant.source == FlagSource.AUTHORITY or claimant.suspended_at(moment):
        return ""
    since = max(format_time(month_before(now, rules.months)), claimant.counted_from)
    found = record_of(counts_since(connection, claimant.id, since), rules, claimant.source)
    unfounded = found.rejected + found.reversed
    if not found.judged or unfounded * 100 <= rules.misuse_percent * found.decided:
        return ""
    share = f"{unfounded} of {found.decided} listings were complained of without ground"
    warning_holds = claimant.warned_at is not None and claimant.warned_at > format_time(
        month_before(now, rules.warning_months)
    )
    if warning_holds:
        until = now + timedelta(days=rules.suspension_days)
        claimant.suspended_until = claimant.counted_from = format_time(until)
        words = f"{share} after the warning; notices are refused until {until:%Y-%m-%d} by the policy's rule"
        note_event(connection, claimant.id, "suspended", now, words)
    else:
        claimant.warned_at = claimant.counted_from = moment
        words = f"{share} (more than {rules.misuse_percent:g} %); if it goes on, notices are refused for "
        words += f"{rules.suspension_days} days by the policy's rule"
        note_event(connection, claimant.id, "warned", now, words)
    _keep(connection, claimant)
    return words


def lift(connection: Connection, claimant_id: str, now: datetime, why: str) -> None:
    """Ends a suspension and counts anew; raises `OperatorError` where there is no such claimant."""
    claimant = find_claimants(connection, [claimant_id]).get(claimant_id)
    if claimant is None:
        raise OperatorError(f"There is no claimant {claimant_id} at this hub.")
    claimant.suspended_until, claimant.counted_from = None, format_time(now)
    _keep(connection, claimant)
    note_event(connection, claimant_id, "lifted", now, why)


def _keep(connection: Connection, claimant: Claimant) -> None:
    _SET.run(
        connection,
        claimant=claimant.id,
        warned_at=claimant.warned_at,
        suspended_until=claimant.suspended_until,
        counted_from=claimant.counted_from,
    )
