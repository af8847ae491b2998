"""What comes in: leased cases, renewals, the mirror of the queue, the house rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from reviewer.connectors.api import Change, Claim, Connector, CursorLost, LeaseKey, Renewal
from reviewer.domain.case import CaseRow, CaseState
from reviewer.domain.values import format_time
from reviewer.policy.policy import Policy, policy_from_mapping
from reviewer.storage import accounts, cases, queue
from reviewer.storage.database import Database
from reviewer.storage.threads import StoreThread

_PAGE = 500


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to claim: up to `count` cases, or the named ones, for so long."""

    count: int
    marketplaces: tuple[str, ...] = ()
    grounds: tuple[str, ...] = ()
    case_ids: tuple[str, ...] = ()
    offline_s: float = 0.0


def claim_pass(store: StoreThread, connector: Connector, account: str, wanted: Wanted, now: datetime) -> Claim:
    """Claim and put what came on the desk, in one transaction.  Raises the connector's errors."""
    claim = connector.claim(
        wanted.count,
        marketplaces=wanted.marketplaces,
        grounds=wanted.grounds,
        case_ids=wanted.case_ids,
        offline_s=wanted.offline_s,
    )

    def ingest(database: Database) -> None:
        with database.transaction():
            for item in claim.items:
                until = format_time(now + timedelta(seconds=item.lease.ttl_s))
                cases.ingest(database, account, [item], format_time(now), until)

    if claim.items:
        store.run(ingest)
    return claim


def renew_pass(
    store: StoreThread, connector: Connector, account: str, leases: Sequence[LeaseKey], now: datetime
) -> tuple[Renewal, ...]:
    """Prolong leases and write it down.  Raises the connector's errors."""
    renewals = connector.renew(leases)

    def write(database: Database) -> None:
        with database.transaction():
            for renewal in renewals:
                if renewal.ttl_s is not None:
                    until = format_time(now + timedelta(seconds=renewal.ttl_s))
                    cases.prolong(database, account, [renewal.id], until)

    store.run(write)
    return renewals


def mirror_pass(store: StoreThread, connector: Connector, account: str) -> int:
    """Read the whole queue once; answers how many rows there are.

    The cursor of the changes is taken first, so that nothing falls between.
    """
    now_cursor = connector.changes(None).next_cursor
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = connector.cases(cursor, _PAGE)
        rows = [row for row in page.items if _is_open(row)]
        seen += [row.id for row in rows]
        store.run(lambda database, rows=rows: _write_rows(database, account, rows))  # type: ignore[misc]
        if page.next_cursor is None or page.next_cursor == cursor:
            break
        cursor = page.next_cursor

    def finish(database: Database) -> None:
        with database.transaction():
            queue.keep_only(database, account, seen)
            accounts.save_cursor(database, account, "changes", now_cursor)

    store.run(finish)
    return len(seen)


def _is_open(row: CaseRow) -> bool:
    return row.state not in (CaseState.DECIDED, CaseState.WITHDRAWN)


def _write_rows(database: Database, account: str, rows: Sequence[CaseRow]) -> None:
    with database.transaction():
        queue.upsert(database, account, rows)


def changes_pass(store: StoreThread, connector: Connector, account: str) -> list[Change]:
    """Read what changed since the last time and mirror it, a transaction a page; answers the changes."""
    cursor = store.run(lambda database: accounts.cursor(database, account, "changes"))
    if cursor is None:
        mirror_pass(store, connector, account)
        return []
    found: list[Change] = []
    while True:
        try:
            page = connector.changes(cursor, _PAGE)
        except CursorLost:
            mirror_pass(store, connector, account)
            return found
        following = page.next_cursor
        if page.items:
            found += page.items
            store.run(lambda database, page=page, c=following: _write_changes(database, account, page.items, c))  # type: ignore[misc]
        if following is None or following == cursor or not page.items:
            return found
        cursor = following


def _write_changes(database: Database, account: str, changes: Sequence[Change], cursor: str | None) -> None:
    latest = {change.case_id: change for change in changes if change.case_id}
    with database.transaction():
        open_rows = [change.row for change in latest.values() if change.row and _is_open(change.row)]
        queue.upsert(database, account, open_rows)
        queue.remove(database, account, latest.keys() - {row.id for row in open_rows})
        if cursor is not None:
            accounts.save_cursor(database, account, "changes", cursor)


def policy_pass(store: StoreThread, connector: Connector, account: str, version: str) -> Policy:
    """Fetch the house rules, check them, keep them.  Raises `OperatorError` where they have faults."""
    tables = connector.policies()
    policy = policy_from_mapping(tables, "The server's policy")
    store.run(lambda database: accounts.save_policy(database, account, policy.version or version, tables))
    return policy
