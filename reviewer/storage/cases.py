"""Cases that were leased to this desk, the listing revisions that were seen, and drafts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reviewer.domain.case import Case
from reviewer.domain.server import LeasedCase
from reviewer.errors import BugError
from reviewer.storage import people
from reviewer.storage.database import Database
from reviewer.storage.records import decode, encode


@dataclass(frozen=True, slots=True)
class DeskRow:
    """A case on the desk: `lease_until` is wall time, for a restart only; `pending` says that a decision of
    this desk on it is not settled yet; `decided` that one stands."""

    account: str
    case: Case
    place: int
    lease_id: str
    lease_token: int
    lease_until: str
    state: str
    fetched_at: str
    pending: bool
    decided: bool


_SELECT = f"""
SELECT c.*,
  EXISTS (SELECT 1 FROM outbox o JOIN decision d ON d.sequence = o.sequence
          WHERE d.account = c.account AND d.case_id = c.case_id AND o.state IN ('waiting', 'sending')
          AND {people.MINE}) AS pending,
  EXISTS (SELECT 1 FROM standing_decision s WHERE s.account = c.account AND s.case_id = c.case_id) AS decided
FROM desk_case c
"""


def ingest(database: Database, account: str, leased: Iterable[LeasedCase], at: str, lease_until: str) -> int:
    """Put leased cases on the desk.  Fetching the same again changes nothing but the lease.

    Call inside a transaction.  Answers how many were new.
    """
    new = 0
    last = database.one("SELECT coalesce(max(place), 0) FROM desk_case")
    place = last[0] if last else 0
    for item in leased:
        case, lease = item.case, item.lease
        body = encode(case)
        place += 1
        known = database.one("SELECT state FROM desk_case WHERE account = ? AND case_id = ?", (account, case.id))
        if known is None or known["state"] != "held":
            new += 1
        database.execute(
            "INSERT INTO desk_case (account, case_id, place, lease_id, lease_token, lease_until, state, revision,"
            " fetched_at, body) VALUES (?, ?, ?, ?, ?, ?, 'held', ?, ?, ?)"
            " ON CONFLICT (account, case_id) DO UPDATE SET lease_id = excluded.lease_id,"
            " lease_token = excluded.lease_token, lease_until = excluded.lease_until, state = 'held',"
            " revision = excluded.revision, fetched_at = excluded.fetched_at, body = excluded.body,"
            " place = CASE WHEN state = 'held' THEN place ELSE excluded.place END",
            (account, case.id, place, lease.id, lease.token, lease_until, case.listing.revision, at, body),
        )
        database.execute(
            "INSERT INTO listing_revision VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (account, case.listing.id, case.listing.revision, at, encode(case.listing)),
        )
    return new


def held(database: Database) -> list[DeskRow]:
    """Cases whose lease this desk holds, the next one first."""
    return _rows(database, "WHERE c.state = 'held' ORDER BY c.place, c.account, c.case_id")


def find(database: Database, account: str, case_id: str) -> DeskRow | None:
    """A case that is or was on the desk, or None."""
    rows = _rows(database, "WHERE c.account = ? AND c.case_id = ?", (account, case_id))
    return rows[0] if rows else None


def stored(database: Database, account: str, case_id: str) -> DeskRow:
    """A case that surely is or was on the desk: its row is never deleted.  Raises `BugError` where it was not."""
    row = find(database, account, case_id)
    if row is None:
        raise BugError(f"the case {case_id} of {account} never lay on the desk")
    return row


def _rows(database: Database, where: str, values: tuple[object, ...] = ()) -> list[DeskRow]:
    return [
        DeskRow(
            account=row["account"],
            case=decode(bytes(row["body"]), Case),
            place=row["place"],
            lease_id=row["lease_id"],
            lease_token=row["lease_token"],
            lease_until=row["lease_until"],
            state=row["state"],
            fetched_at=row["fetched_at"],
            pending=bool(row["pending"]),
            decided=bool(row["decided"]),
        )
        for row in database.execute(_SELECT + where, values).fetchall()
    ]


def set_state(database: Database, account: str, case_id: str, state: str) -> None:
    """`held`, `lost`, `given_back` or `done`.  Call inside a transaction."""
    database.execute("UPDATE desk_case SET state = ? WHERE account = ? AND case_id = ?", (state, account, case_id))


def prolong(database: Database, account: str, lease_ids: Iterable[str], until: str) -> None:
    """Write down that leases were renewed.  Call inside a transaction."""
    database.executemany(
        "UPDATE desk_case SET lease_until = ? WHERE account = ? AND lease_id = ?",
        [(until, account, lease_id) for lease_id in lease_ids],
    )


def save_draft(database: Database, account: str, case_id: str, body: bytes) -> None:
    """Keep what was typed for a case.  Call inside a transaction."""
    database.execute(
        "INSERT INTO draft VALUES (?, ?, ?) ON CONFLICT (account, case_id) DO UPDATE SET body = excluded.body",
        (account, case_id, body),
    )


def draft(database: Database, account: str, case_id: str) -> bytes | None:
    """The draft of a case, or None."""
    row = database.one("SELECT body FROM draft WHERE account = ? AND case_id = ?", (account, case_id))
    return bytes(row["body"]) if row else None
