"""A disk that is full or broken at the Nth write: what is not made durable is not shown as made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from reviewer.domain.decision import Receipt, ReceiptStatus
from reviewer.errors import OperatorError
from reviewer.ledger.chain import first_broken
from reviewer.storage import decisions, outbox
from reviewer.storage.database import Database, StorageProblem
from tests.faults.conftest import Judge, Open
from tests.faults.vfs import SQLITE_FULL, SQLITE_IOERR_FSYNC, SQLITE_IOERR_WRITE, FailingDisk, failing_disk
from tests.unit.storage.making import keep, made, withdrawal

each_code = pytest.mark.parametrize(
    "code",
    [
        pytest.param(SQLITE_FULL, id="full"),
        pytest.param(SQLITE_IOERR_WRITE, id="write error", marks=pytest.mark.soak),
        pytest.param(SQLITE_IOERR_FSYNC, id="sync error", marks=pytest.mark.soak),
    ],
)
each_way = pytest.mark.parametrize("once", [True, False], ids=["once", "for ever"])


@pytest.fixture
def disk() -> Iterator[FailingDisk]:
    with failing_disk() as made_disk:
        yield made_disk


def is_whole(path: Path, expected: list[str]) -> None:
    """After a restart the store has exactly these decisions, and all that belongs to them."""
    database = Database(path)
    try:
        found = database.one("PRAGMA integrity_check")
        assert found is not None
        assert found[0] == "ok"
        assert decisions.disagreements(database) == []
        assert first_broken(decisions.chain(database)) is None
        assert [row.decision_id for row in outbox.history(database)] == expected
    finally:
        database.close()


@each_way
@each_code
def test_at_every_write_of_a_decision(disk: FailingDisk, tmp_path: Path, code: int, once: bool) -> None:
    path = tmp_path / "store.sqlite3"
    database = Database(path)
    kept = [made(1)]
    keep(database, *kept)
    number, nth, reached = 1, 0, True
    while reached:
        number, nth = number + 1, nth + 1
        decision = made(number, note="a long note " * 900)
        disk.fail(nth, code, once=once)
        with suppress(StorageProblem):
            keep(database, decision)
            kept.append(decision)
        assert database.trouble == "" if kept[-1] is decision else "Nothing was recorded" in database.trouble
        reached = disk.failed
        disk.mend()
        assert [row.decision_id for row in outbox.history(database)] == [row.id for row in kept]
        number += 1
        kept.append(made(number))
        keep(database, kept[-1])
        assert database.trouble == ""
    assert nth > 4
    database.close()
    is_whole(path, [row.id for row in kept])


@each_way
@each_code
def test_at_every_write_of_receipts(disk: FailingDisk, tmp_path: Path, code: int, once: bool) -> None:
    path = tmp_path / "store.sqlite3"
    database = Database(path)
    number, nth, reached = 0, 0, True
    while reached:
        number, nth = number + 1, nth + 1
        keep(database, made(number))
        outbox.start_sending(database, [made(number).id])
        disk.fail(nth, code, once=once)
        receipts = [Receipt(made(number).id, ReceiptStatus.ACCEPTED)]
        settled = True
        try:
            outbox.settle(database, receipts, "2026-11-20T09:00:00.000Z")
        except StorageProblem:
            settled = False
        reached = disk.failed
        disk.mend()
        assert outbox.history(database)[-1].state == ("settled" if settled else "sending")
        outbox.settle(database, receipts, "2026-11-20T09:00:00.000Z")
        assert outbox.history(database)[-1].state == "settled"
    assert nth > 2
    database.close()
    is_whole(path, [made(each).id for each in range(1, number + 1)])


@each_way
@each_code
def test_at_every_write_of_an_undo(disk: FailingDisk, tmp_path: Path, code: int, once: bool) -> None:
    path = tmp_path / "store.sqlite3"
    database = Database(path)
    expected: list[str] = []
    number, nth, reached = 0, 0, True
    while reached:
        nth += 1
        first, undone = made(number + 1), withdrawal(number + 2, made(number + 1))
        number += 2
        keep(database, first)
        disk.fail(nth, code, once=once)
        try:
            with database.transaction():
                decisions.withdraw_before_sending(database, undone, account="a", reviewer="ana", title="t")
        except StorageProblem:
            states, ids = ["waiting"], [first.id]
        else:
            states, ids = ["withdrawn", "withdrawn"], [first.id, undone.id]
        reached = disk.failed
        disk.mend()
        expected += ids
        assert [row.state for row in outbox.history(database)][-len(ids) :] == states
    assert nth > 2
    database.close()
    is_whole(path, expected)


@each_way
@each_code
def test_at_every_write_of_the_first_start(disk: FailingDisk, tmp_path: Path, code: int, once: bool) -> None:
    """A schema step is made whole or not at all, and the next start makes it."""
    nth, reached = 0, True
    while reached:
        nth += 1 if nth < 12 else 7
        path = tmp_path / str(nth) / "store.sqlite3"
        disk.fail(nth, code, once=once)
        try:
            Database(path).close()
        except StorageProblem:
            reached = True
        else:
            reached = disk.failed
        disk.mend()
        database = Database(path)
        keep(database, made(1))
        database.close()
        is_whole(path, [made(1).id])
    assert nth > 20


@each_way
@each_code
def test_at_every_write_of_a_checkpoint(disk: FailingDisk, tmp_path: Path, code: int, once: bool) -> None:
    """Each failure leaves more for the next checkpoint, so that the sweep is cut where it would run after itself."""
    path = tmp_path / "store.sqlite3"
    database = Database(path)
    number, nth, reached = 0, 0, True
    while reached and nth < 25:
        nth += 1
        number += 1
        keep(database, made(number))
        disk.fail(nth, code, once=once)
        database.checkpoint()
        reached = disk.failed
        disk.mend()
        assert len(outbox.history(database)) == number
    assert nth > 4
    database.close()
    is_whole(path, [made(each).id for each in range(1, number + 1)])


@each_way
@pytest.mark.parametrize("nth", [1, 3, *(pytest.param(nth, marks=pytest.mark.soak) for nth in (2, 5, 8))])
def test_the_case_stays_and_a_banner_says_so(
    disk: FailingDisk, open_desk: Open, judge: Judge, nth: int, once: bool
) -> None:
    desk = open_desk(delay_s=30.0)
    entry = desk.ready(4)
    before = desk.history()
    disk.fail(nth, SQLITE_FULL, once=once)
    with suppress(OperatorError):
        desk.decide(ref=entry.ref, note="typed")
    if desk.history() == before:
        current = desk.desk().current
        assert current is not None
        assert current.ref == entry.ref
        if not once:
            banner = desk.banner("storage")
            assert banner is not None
            assert banner.severity == "error"
            assert "is full. Nothing was recorded" in banner.text
        disk.mend()
        desk.decide(ref=entry.ref, note="typed")
        assert desk.banner("storage") is None
    disk.mend()
    desk.workstation.delivery.send_now()
    desk.drained()
    assert len(desk.history()) == 1
    judge.once_each(desk)


def test_a_disk_that_fails_while_receipts_come_in_sends_again_and_doubles_nothing(
    disk: FailingDisk, open_desk: Open, judge: Judge
) -> None:
    desk = open_desk(delay_s=30.0)
    desk.ready(4)
    for _ in range(3):
        desk.decide()
    disk.fail(1, SQLITE_IOERR_WRITE, once=False)
    desk.workstation.delivery.send_now()
    desk.until(lambda: desk.banner("storage"))
    assert len(desk.unsent()) == 3
    disk.mend()
    desk.workstation.intake.wake(retry=True)
    desk.drained()
    judge.once_each(desk)
