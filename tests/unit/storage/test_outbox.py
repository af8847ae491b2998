"""The outbox and the inbox."""

from __future__ import annotations

import itertools

import pytest

from reviewer.domain.decision import Receipt, ReceiptStatus
from reviewer.domain.values import format_time
from reviewer.storage import decisions, outbox
from reviewer.storage.database import Database
from tests.unit.storage.making import NOW, keep, made, withdrawal

AT = format_time(NOW)
RETURNED = [
    ReceiptStatus.STALE,
    ReceiptStatus.LEASE_LOST,
    ReceiptStatus.REJECTED,
    ReceiptStatus.CONFLICT,
    ReceiptStatus.GONE,
]


def ids(rows: list[outbox.Unsent]) -> list[str]:
    return [row.decision_id for row in rows]


def states(database: Database) -> list[str]:
    return [row["state"] for row in database.execute("SELECT state FROM outbox ORDER BY sequence")]


def send(database: Database, number: int, status: ReceiptStatus, detail: str = "") -> list[Receipt]:
    decision_id = made(number).id
    assert outbox.start_sending(database, [decision_id]) == [decision_id]
    return outbox.settle(database, [Receipt(decision_id, status, detail)], AT)


def test_decisions_of_one_listing_wait_for_each_other_and_others_do_not(database: Database) -> None:
    keep(database, made(1, listing="x"), made(2), made(3, listing="x"), made(4))
    keep(database, made(5, listing="x"), account="b")
    assert ids(outbox.waiting(database, "a")) == [made(1).id, made(2).id, made(4).id]
    send(database, 1, ReceiptStatus.ACCEPTED)
    assert ids(outbox.waiting(database, "a")) == [made(2).id, made(3).id, made(4).id]
    assert ids(outbox.waiting(database, "b")) == [made(5).id]


def test_sending_counts_the_tries_and_takes_only_what_is_unsettled(database: Database) -> None:
    keep(database, made(1), made(2))
    send(database, 1, ReceiptStatus.ACCEPTED)
    assert outbox.start_sending(database, [made(1).id, made(2).id, "unknown"]) == [made(2).id]
    assert outbox.start_sending(database, [made(2).id]) == [made(2).id]
    assert outbox.waiting(database, "a")[0].attempts == 2


def test_what_was_put_back_waits_with_its_words(database: Database) -> None:
    keep(database, made(1))
    outbox.start_sending(database, [made(1).id])
    outbox.put_back(database, [made(1).id], "no answer")
    entry = outbox.entries(database)[0]
    assert (entry.state, entry.attempts, entry.last_error) == ("waiting", 1, "no answer")
    assert entry.title == "title of case-1"


def test_putting_back_never_reopens_what_is_settled(database: Database) -> None:
    keep(database, made(1))
    send(database, 1, ReceiptStatus.ACCEPTED)
    outbox.put_back(database, [made(1).id], "late")
    assert states(database) == ["settled"]


@pytest.mark.parametrize("status", [ReceiptStatus.ACCEPTED, ReceiptStatus.DUPLICATE])
def test_an_accepted_decision_is_settled_and_its_bytes_shrink_to_their_digest(
    database: Database, status: ReceiptStatus
) -> None:
    keep(database, made(1))
    assert send(database, 1, status) == []
    row = database.execute("SELECT * FROM outbox").fetchone()
    assert (row["state"], row["body"], len(row["digest"])) == ("settled", None, 64)
    assert outbox.counts(database) == (0, 0)
    assert decisions.disagreements(database) == []


def test_a_deferred_decision_waits_again(database: Database) -> None:
    keep(database, made(1))
    assert send(database, 1, ReceiptStatus.DEFERRED, "busy") == []
    assert [(entry.state, entry.last_error) for entry in outbox.entries(database)] == [("waiting", "busy")]


@pytest.mark.parametrize("status", RETURNED)
def test_what_came_back_is_never_dropped(database: Database, status: ReceiptStatus) -> None:
    keep(database, made(1))
    returned = send(database, 1, status, "its own words")
    assert [receipt.status for receipt in returned] == [status]
    assert states(database) == ["parked"]
    assert database.execute("SELECT body FROM outbox").fetchone()["body"] is not None
    item = database.execute("SELECT * FROM inbox").fetchone()
    assert (item["status"], item["detail"]) == (status.value, "its own words")
    assert decisions.came_back(database, made(1).id)
    assert outbox.waiting(database, "a") == []
    moot = status is ReceiptStatus.GONE
    assert outbox.counts(database) == (0, 0 if moot else 1)
    assert (item["resolution"], bool(item["resolved_at"])) == (("moot", True) if moot else ("", False))


def test_a_receipt_that_comes_twice_changes_nothing(database: Database) -> None:
    keep(database, made(1))
    send(database, 1, ReceiptStatus.STALE)
    receipt = Receipt(made(1).id, ReceiptStatus.STALE)
    assert outbox.settle(database, [receipt], AT) == []
    assert outbox.settle(database, [Receipt(made(1).id, ReceiptStatus.ACCEPTED)], AT) == []
    assert states(database) == ["parked"]
    assert outbox.counts(database) == (0, 1)


@pytest.mark.parametrize("status", RETURNED)
def test_a_reversal_of_what_came_back_is_withdrawn(database: Database, status: ReceiptStatus) -> None:
    first = made(1)
    keep(database, first, withdrawal(2, first))
    send(database, 1, status)
    assert states(database) == ["parked", "withdrawn"]


def test_a_reversal_of_what_was_accepted_goes_out(database: Database) -> None:
    first = made(1)
    keep(database, first, withdrawal(2, first))
    send(database, 1, ReceiptStatus.ACCEPTED)
    assert ids(outbox.waiting(database, "a")) == [made(2).id]


def test_an_inbox_item_is_resolved_once(database: Database) -> None:
    keep(database, made(1), made(2))
    send(database, 1, ReceiptStatus.STALE)
    send(database, 2, ReceiptStatus.LEASE_LOST, "gone to another")
    items = outbox.inbox(database)
    assert [(item.decision.id, item.status) for item in items] == [(made(2).id, "lease_lost"), (made(1).id, "stale")]
    with database.transaction():
        assert outbox.resolve(database, items[0].id, "moot", AT)
        assert not outbox.resolve(database, items[0].id, "again", AT)
    assert [item.decision.id for item in outbox.inbox(database)] == [made(1).id]


@pytest.mark.parametrize("order", list(itertools.permutations([1, 2, 3])))
def test_receipts_in_any_order_settle_the_same(database: Database, order: tuple[int, ...]) -> None:
    keep(database, made(1), made(2), made(3))
    outbox.start_sending(database, [made(number).id for number in order])
    statuses = {1: ReceiptStatus.ACCEPTED, 2: ReceiptStatus.REJECTED, 3: ReceiptStatus.DEFERRED}
    outbox.settle(database, [Receipt(made(number).id, statuses[number]) for number in order], AT)
    assert states(database) == ["settled", "parked", "waiting"]


def test_the_history_says_where_every_decision_is(database: Database) -> None:
    first = made(1)
    keep(database, first, made(2), withdrawal(3, first))
    send(database, 1, ReceiptStatus.ACCEPTED)
    found = [(row.decision_id, row.case_id, row.kind, row.state, row.supersedes) for row in outbox.history(database)]
    assert found == [
        (first.id, "case-1", "takedown", "settled", ""),
        (made(2).id, "case-2", "takedown", "waiting", ""),
        (made(3).id, "case-1", "withdraw", "waiting", first.id),
    ]
