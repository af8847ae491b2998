"""The outbox: what has not been receipted, and the inbox of what came back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reviewer.domain.decision import Decision, Receipt, ReceiptStatus
from reviewer.failpoints import failpoint
from reviewer.storage import decisions, people, returned
from reviewer.storage.database import Database
from reviewer.storage.records import encode

_PUT_BACK = (
    "UPDATE outbox SET state = 'waiting', last_error = ?"
    " WHERE sequence = (SELECT sequence FROM decision WHERE id = ?) AND state = 'sending'"
)
_UNSENT = (
    f"outbox o JOIN decision d ON d.sequence = o.sequence WHERE o.state IN ('waiting', 'sending') AND {people.MINE}"
)
#: Receipts after which the decision is on the server.
_DONE = (ReceiptStatus.ACCEPTED, ReceiptStatus.DUPLICATE)


@dataclass(frozen=True, slots=True)
class Unsent:
    """An outbox row on its way: `sequence` orders decisions, `body` is what goes out."""

    sequence: int
    decision_id: str
    account: str
    listing_id: str
    body: bytes
    attempts: int


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """An outbox row with its decision, for showing."""

    decision: Decision
    account: str
    title: str
    state: str
    attempts: int
    last_error: str


@dataclass(frozen=True, slots=True)
class InboxEntry:
    """What came back for a decision, for showing."""

    id: int
    decision: Decision
    account: str
    title: str
    status: str
    detail: str
    at: str


def waiting(database: Database, account: str) -> list[Unsent]:
    """The oldest unsettled decision of each listing, oldest first: later ones wait for it.

    Only those of the person whose turn it is.
    """
    reviewer = people.person(database, account)
    rows = database.execute(
        "SELECT o.sequence, d.id AS decision_id, o.account, o.listing_id, o.body, o.attempts FROM"
        " (SELECT min(o.sequence) AS sequence FROM outbox o JOIN decision d ON d.sequence = o.sequence"
        "  WHERE o.account = ?1 AND o.state IN ('waiting', 'sending') AND (?2 = '' OR d.reviewer IN ('', ?2))"
        "  GROUP BY o.listing_id) oldest"
        " JOIN outbox o ON o.sequence = oldest.sequence JOIN decision d ON d.sequence = o.sequence ORDER BY 1",
        (account, reviewer),
    )
    return [
        Unsent(row["sequence"], row["decision_id"], row["account"], row["listing_id"], bytes(row["body"]),
               row["attempts"])
        for row in rows
    ]  # fmt: skip


def start_sending(database: Database, decision_ids: Sequence[str]) -> list[str]:
    """Mark rows as being sent: from here on an undo is a reversal.  Answers those still to send.

    One transaction of its own.
    """
    with database.transaction():
        return [
            decision_id
            for decision_id in decision_ids
            if database.execute(
                "UPDATE outbox SET state = 'sending', attempts = attempts + 1"
                " WHERE sequence = (SELECT sequence FROM decision WHERE id = ?) AND state IN ('waiting', 'sending')",
                (decision_id,),
            ).rowcount
        ]


def put_back(database: Database, decision_ids: Iterable[str], error: str) -> None:
    """Delivery failed, its outcome unknown: the rows wait for the next try.  One transaction."""
    with database.transaction():
        database.executemany(
            _PUT_BACK,
            [(error, decision_id) for decision_id in decision_ids],
        )


def settle(database: Database, receipts: Iterable[Receipt], at: str) -> list[Receipt]:
    """Write receipts down; answers those that came back as something to resolve.  One transaction.

    A case whose decision got its final answer leaves the desk, until it is claimed anew.
    """
    returned: list[Receipt] = []
    with database.transaction():
        for receipt in receipts:
            if receipt.status is ReceiptStatus.DEFERRED:
                database.execute(
                    _PUT_BACK,
                    (receipt.detail, receipt.decision_id),
                )
            elif receipt.status in _DONE:
                _close(database, receipt, "settled")
            elif park(database, receipt, at):
                returned.append(receipt)
        failpoint("C13")
    return returned


def _close(database: Database, receipt: Receipt, state: str) -> bool:
    keep_bytes = state == "parked"
    changed = database.execute(
        "UPDATE outbox SET state = ?, body = CASE WHEN ? THEN body END, receipt = ?, last_error = ''"
        " WHERE sequence = (SELECT sequence FROM decision WHERE id = ?) AND state IN ('waiting', 'sending')",
        (state, keep_bytes, encode(receipt), receipt.decision_id),
    ).rowcount
    if changed:
        database.execute(
            "UPDATE desk_case SET state = 'done' WHERE state = 'held'"
            " AND (account, case_id) = (SELECT account, case_id FROM decision WHERE id = ?)",
            (receipt.decision_id,),
        )
    return bool(changed)


def park(database: Database, receipt: Receipt, at: str) -> bool:
    """A decision comes back as something to resolve.  Call inside a transaction.  False where it was settled."""
    if not _close(database, receipt, "parked"):
        return False
    _withdraw_followers(database, receipt.decision_id)
    _add_to_inbox(database, receipt, at)
    return True


def _withdraw_followers(database: Database, decision_id: str) -> None:
    """A reversal of what never took effect has nothing to reverse: it is withdrawn before sending."""
    database.execute(
        "UPDATE outbox SET state = 'withdrawn' WHERE state = 'waiting' AND attempts = 0 AND sequence IN"
        " (SELECT sequence FROM decision WHERE supersedes = ? AND kind = 'withdraw')",
        (decision_id,),
    )


def _add_to_inbox(database: Database, receipt: Receipt, at: str) -> None:
    moot = receipt.status is ReceiptStatus.GONE
    database.execute(
        "INSERT INTO inbox (sequence, status, detail, at, resolved_at, resolution)"
        " SELECT sequence, ?, ?, ?, ?, ? FROM decision WHERE id = ? ON CONFLICT (sequence) DO NOTHING",
        (receipt.status.value, receipt.detail, at, at if moot else None, "moot" if moot else "", receipt.decision_id),
    )


def resolve(database: Database, item_id: int, resolution: str, at: str) -> bool:
    """Mark an inbox item as resolved.  Call inside a transaction.  False where it was already."""
    return bool(
        database.execute(
            "UPDATE inbox SET resolved_at = ?, resolution = ? WHERE id = ? AND resolved_at IS NULL",
            (at, resolution, item_id),
        ).rowcount
    )


def entries(database: Database, *, of_all: bool = False) -> list[OutboxEntry]:
    """What is unsent, oldest first; with `of_all` not only of the person whose turn it is."""
    rows = database.execute(
        "SELECT d.id AS decision_id, o.account, title, state, attempts, last_error FROM outbox o"
        " JOIN decision d ON d.sequence = o.sequence WHERE state IN ('waiting', 'sending')"
        f" AND ({int(of_all)} OR {people.MINE}) ORDER BY o.sequence"
    ).fetchall()
    return [
        OutboxEntry(decisions.stored(database, row["decision_id"]), row["account"], row["title"], row["state"],
                    row["attempts"], row["last_error"])
        for row in rows
    ]  # fmt: skip


def inbox(database: Database, *, of_all: bool = False) -> list[InboxEntry]:
    """What came back and is not resolved, newest first; with `of_all` not only of the person whose turn it is."""
    rows = database.execute(
        "SELECT i.id, d.id AS decision_id, d.account, d.title, i.status, i.detail, i.at FROM inbox i"
        " JOIN decision d ON d.sequence = i.sequence WHERE i.resolved_at IS NULL"
        f" AND ({int(of_all)} OR {people.MINE}) ORDER BY i.id DESC"
    ).fetchall()
    return [
        InboxEntry(row["id"], decisions.stored(database, row["decision_id"]), row["account"], row["title"],
                   row["status"], row["detail"], row["at"])
        for row in rows
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Delivered:
    """Where a decision is: `state` is the outbox row's."""

    decision_id: str
    case_id: str
    kind: str
    state: str
    supersedes: str


def history(database: Database) -> list[Delivered]:
    """Every decision of the person whose turn it is with where it is, oldest first."""
    rows = database.execute(
        "SELECT d.id, d.case_id, d.kind, o.state, coalesce(d.supersedes, '') AS supersedes FROM decision d"
        f" JOIN outbox o ON o.sequence = d.sequence WHERE {people.MINE} ORDER BY d.sequence"
    )
    return [Delivered(row["id"], row["case_id"], row["kind"], row["state"], row["supersedes"]) for row in rows]


def counts(database: Database) -> tuple[int, int]:
    """How many decisions are unsent, and how many inbox items are open, what auditors sent back among them."""
    unsent = database.one(f"SELECT count(*) FROM {_UNSENT}")
    open_items = database.one(
        "SELECT count(*) FROM inbox i JOIN decision d ON d.sequence = i.sequence"
        f" WHERE i.resolved_at IS NULL AND {people.MINE}"
    )
    return (unsent[0] if unsent else 0), (open_items[0] if open_items else 0) + returned.count(database)


def oldest_unsent(database: Database) -> str:
    """When the oldest unsent decision was made; empty where none is unsent."""
    row = database.one(f"SELECT d.decided_at FROM {_UNSENT} ORDER BY o.sequence LIMIT 1")
    return row["decided_at"] if row else ""
