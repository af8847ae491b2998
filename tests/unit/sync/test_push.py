"""One pass over the outbox, against a server of every mood."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reviewer.connectors.api import (
    OutgoingDecision,
    RateLimited,
    Receipt,
    ReceiptStatus,
    Refused,
    Unauthorized,
    Unavailable,
)
from reviewer.storage import decisions, outbox
from reviewer.storage.threads import StoreThread
from reviewer.sync.push import Pushed, push_pass
from tests.fakes_connector import FakeConnector, FakeServer, made_case
from tests.unit.storage.making import keep, made

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[StoreThread]:
    opened = StoreThread(tmp_path / "store.sqlite3")
    opened.start()
    yield opened
    assert opened.run(decisions.disagreements) == []
    opened.close()


@pytest.fixture
def server() -> FakeServer:
    server = FakeServer([made_case(number, listing="l-shared" if number > 7 else "") for number in range(1, 11)])
    server.answer = lambda item: Receipt(item.decision.id, ReceiptStatus.ACCEPTED)
    return server


def push(store: StoreThread, connector: Any, *, batch: int = 100, due: Any = lambda _: True) -> Pushed:
    return push_pass(store, connector, "a", batch=batch, is_due=due, now=lambda: NOW)


def states(store: StoreThread) -> list[str]:
    return store.run(
        lambda database: [row[0] for row in database.execute("SELECT state FROM outbox ORDER BY sequence")]
    )


def record(store: StoreThread, *numbers: int, listing: str = "") -> None:
    store.run(lambda database: keep(database, *(made(number, listing=listing) for number in numbers)))


def test_nothing_to_send_asks_nothing_of_the_server(store: StoreThread, server: FakeServer) -> None:
    assert push(store, FakeConnector(server, "token")) == Pushed()
    assert server.calls == []


def test_what_is_due_goes_out_once_and_in_order(store: StoreThread, server: FakeServer) -> None:
    record(store, 1, 2, 3)
    pushed = push(store, FakeConnector(server, "token"), due=lambda name: name != made(2).id)
    assert [receipt.decision_id for receipt in pushed.receipts] == [made(1).id, made(3).id]
    assert states(store) == ["settled", "waiting", "settled"]
    assert push(store, FakeConnector(server, "token")).receipts[0].decision_id == made(2).id
    assert push(store, FakeConnector(server, "token")) == Pushed()
    assert len(server.taken) == 3


def test_a_batch_is_no_larger_than_the_server_takes(store: StoreThread, server: FakeServer) -> None:
    record(store, 1, 2, 3, 4, 5)
    assert push(store, FakeConnector(server, "token"), batch=2).more
    assert push(store, FakeConnector(server, "token"), batch=2).more
    assert not push(store, FakeConnector(server, "token"), batch=2).more
    assert [len(batch) for batch in server.submitted] == [2, 2, 1]


def test_decisions_of_one_listing_go_in_order_while_others_go_on(store: StoreThread, server: FakeServer) -> None:
    record(store, 8, 9, 10, listing="l-shared")
    record(store, 1, 2)
    server.answer = lambda item: Receipt(
        item.decision.id, ReceiptStatus.DEFERRED if item.decision.case_id == "case-8" else ReceiptStatus.ACCEPTED
    )
    push(store, FakeConnector(server, "token"))
    assert states(store) == ["waiting", "waiting", "waiting", "settled", "settled"]
    server.answer = lambda item: Receipt(item.decision.id, ReceiptStatus.ACCEPTED)
    for _ in range(3):
        push(store, FakeConnector(server, "token"))
    sent = [list(server.taken).index(made(number).id) for number in (8, 9, 10)]
    assert sent == sorted(sent)


@pytest.mark.parametrize(
    ("status", "state", "returned"),
    [
        (ReceiptStatus.ACCEPTED, "settled", False),
        (ReceiptStatus.DUPLICATE, "settled", False),
        (ReceiptStatus.DEFERRED, "waiting", False),
        (ReceiptStatus.STALE, "parked", True),
        (ReceiptStatus.LEASE_LOST, "parked", True),
        (ReceiptStatus.GONE, "parked", True),
        (ReceiptStatus.REJECTED, "parked", True),
        (ReceiptStatus.CONFLICT, "parked", True),
    ],
)
def test_every_receipt_settles_its_row(
    store: StoreThread, server: FakeServer, status: ReceiptStatus, state: str, returned: bool
) -> None:
    record(store, 1, 2)
    server.answer = lambda item: Receipt(
        item.decision.id, status if item.decision.case_id == "case-1" else ReceiptStatus.ACCEPTED
    )
    pushed = push(store, FakeConnector(server, "token"))
    assert states(store) == [state, "settled"]
    assert [receipt.decision_id for receipt in pushed.returned] == ([made(1).id] if returned else [])
    assert pushed.closed == (("case-2",) if state == "waiting" else ("case-1", "case-2"))


@pytest.mark.parametrize(("after", "waited"), [(90.0, 90.0), (None, 5.0), (0.0, 5.0)])
def test_a_deferred_decision_says_how_long_it_wants_to_wait(
    store: StoreThread, server: FakeServer, after: float | None, waited: float
) -> None:
    record(store, 1)
    server.answer = lambda item: Receipt(item.decision.id, ReceiptStatus.DEFERRED, "busy", retry_after_s=after)
    pushed = push(store, FakeConnector(server, "token"))
    assert pushed.deferred == {made(1).id: waited}
    assert store.run(outbox.entries)[0].last_error == "busy"


@pytest.mark.parametrize(
    "error",
    [
        Unavailable("the server is away"),
        Unauthorized("who are you"),
        RateLimited("slowly", 7.0),
        Refused("no"),
        KeyError("a fault of its own"),
        RecursionError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_after_an_error_the_same_bytes_wait_for_the_next_try(
    store: StoreThread, server: FakeServer, error: Exception
) -> None:
    record(store, 1, 2)
    connector = FakeConnector(server, "token")
    server.errors["submit"] = error
    with pytest.raises(type(error)):
        push(store, connector)
    assert states(store) == ["waiting", "waiting"]
    entry = store.run(outbox.entries)[0]
    assert entry.attempts == 1
    assert entry.last_error
    server.errors.clear()
    push(store, connector)
    assert server.submitted[0] == server.submitted[1]
    assert states(store) == ["settled", "settled"]


class Odd(FakeConnector):
    """Spoils the list of receipts on its way."""

    spoil: Any = staticmethod(list)

    def submit(self, decisions: Sequence[OutgoingDecision]) -> tuple[Receipt, ...]:
        return tuple(self.spoil(list(super().submit(decisions))))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda rows: rows[:1],
        lambda rows: rows[::-1],
        lambda rows: rows + rows,
        lambda rows: [],
        lambda rows: [rows[0], rows[0]],
        lambda rows: [rows[0], replace(rows[1], decision_id="unknown")],
        lambda rows: [rows[0], None],
    ],
    ids=["fewer", "another order", "more", "none", "doubled", "unknown", "no receipt"],
)
def test_receipts_that_do_not_match_settle_nothing_and_sending_again_is_harmless(
    store: StoreThread, server: FakeServer, spoil: Any
) -> None:
    record(store, 1, 2)
    odd = Odd(server, "token")
    odd.spoil = spoil
    with pytest.raises((Unavailable, AttributeError)):
        push(store, odd)
    assert states(store) == ["waiting", "waiting"]
    pushed = push(store, FakeConnector(server, "token"))
    assert [receipt.status for receipt in pushed.receipts] == [ReceiptStatus.DUPLICATE] * 2
    assert len(server.taken) == 2


def test_what_was_being_sent_when_the_program_ended_is_sent_again(store: StoreThread, server: FakeServer) -> None:
    record(store, 1)
    store.run(lambda database: outbox.start_sending(database, [made(1).id]))
    push(store, FakeConnector(server, "token"))
    assert states(store) == ["settled"]


def test_what_was_withdrawn_between_choosing_and_sending_stays_here(store: StoreThread, server: FakeServer) -> None:
    record(store, 1, 2)

    def due(name: str) -> bool:
        store.run(lambda database: database.execute("UPDATE outbox SET state = 'withdrawn' WHERE sequence = 1"))
        return True

    push(store, FakeConnector(server, "token"), due=due)
    assert list(server.taken) == [made(2).id]


def test_where_all_were_withdrawn_meanwhile_nothing_is_asked_of_the_server(
    store: StoreThread, server: FakeServer
) -> None:
    record(store, 1, 2)

    def due(name: str) -> bool:
        store.run(lambda database: database.execute("UPDATE outbox SET state = 'withdrawn' WHERE sequence = 1"))
        return True

    pushed = push(store, FakeConnector(server, "token"), batch=1, due=due)
    assert pushed == Pushed(more=True)
    assert server.calls == []
    assert states(store) == ["withdrawn", "waiting"]
