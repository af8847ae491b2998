"""Opening the store: made once, a newer one refused, a damaged one left alone, one writer."""

from __future__ import annotations

import os
import random
import sqlite3
import sys
import threading
from concurrent.futures import CancelledError
from pathlib import Path

import pytest
from sqlite_utils.migrations import Migrations

from reviewer.errors import BugError, OperatorError
from reviewer.storage import migrations
from reviewer.storage.database import Database, StorageProblem, storage_error
from reviewer.storage.lock import FolderInUse, FolderLock
from reviewer.storage.threads import StoreThread
from tests.unit.storage.making import keep, made


def schema_of(path: Path) -> list[tuple[str, ...]]:
    database = Database(path, read_only=True)
    try:
        return [tuple(row) for row in database.execute("SELECT type, name, sql FROM sqlite_master ORDER BY name")]
    finally:
        database.close()


def bytes_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_schema_is_made_once_and_opening_again_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "store.sqlite3"
    Database(path).close()
    first = schema_of(path)
    Database(path).close()
    assert schema_of(path) == first
    assert {"decision", "outbox", "audit", "queue_text"} <= {row[1] for row in first}


def test_the_writer_is_durable_and_checks_keys(tmp_path: Path) -> None:
    database = Database(tmp_path / "store.sqlite3")
    pragmas = {
        name: database.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "foreign_keys")
    }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    with pytest.raises(sqlite3.IntegrityError):
        database.execute("INSERT INTO audit VALUES (1, '', x'', '')")
    database.close()


def test_a_reader_sees_what_is_committed_and_writes_nothing(tmp_path: Path) -> None:
    writer = Database(tmp_path / "store.sqlite3")
    reader = Database(tmp_path / "store.sqlite3", read_only=True)
    keep(writer, made(1))
    assert reader.execute("SELECT count(*) FROM decision").fetchone()[0] == 1
    with pytest.raises(StorageProblem, match="can't be written to"):
        reader.execute("DELETE FROM queue_row")
    with writer.transaction():
        writer.execute("INSERT INTO kept VALUES ('a', 'b')")
        assert reader.execute("SELECT count(*) FROM kept").fetchone()[0] == 0
    reader.close()
    writer.close()


def test_a_store_of_a_newer_program_is_refused_and_left_untouched(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    database = Database(path)
    keep(database, made(1))
    database.execute(
        "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('workstation', 'year_2031', '')"
    )
    database.close()
    before = bytes_in(tmp_path)
    with pytest.raises(StorageProblem, match=r"newer version of the program. Nothing was changed") as caught:
        Database(path)
    assert "year_2031" in caught.value.detail
    assert bytes_in(tmp_path) == before


def test_a_step_that_fails_leaves_the_store_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "store.sqlite3"
    Database(path).close()
    before = schema_of(path)
    steps = Migrations("workstation")
    steps()(migrations.initial)
    steps()(migrations.queue_facets)
    steps()(migrations.picture_evidence)
    steps()(migrations.signed_checkpoints)
    steps()(migrations.audit_by_servers)
    steps()(migrations.queue_rank)
    steps()(migrations.dossiers)
    steps()(migrations.near_cases)

    @steps()
    def broken(database: object) -> None:
        migrations.run_script(database, "CREATE TABLE extra (a);\nCREATE TABLE extra (b);\n")  # type: ignore[arg-type]

    monkeypatch.setattr("reviewer.storage.database.SCHEMA", steps)
    with pytest.raises(sqlite3.OperationalError, match="already exists"):
        Database(path)
    assert schema_of(path) == before


@pytest.mark.parametrize(
    "content", [b"", b"not a database at all" * 300, os.urandom(8192)], ids=["empty", "text", "noise"]
)
def test_a_file_that_is_no_store_is_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "store.sqlite3"
    path.write_bytes(content)
    if not content:
        Database(path).close()  # an empty file is a new store
        return
    with pytest.raises(StorageProblem, match="is damaged"):
        Database(path)
    assert path.read_bytes() == content


def test_a_store_with_damaged_pages_is_said_in_words_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    Database(path).close()
    data = bytearray(path.read_bytes())
    noise = random.Random(7)
    for place in range(100, 4096):
        data[place] = noise.randrange(256)
    path.write_bytes(data)
    with pytest.raises(StorageProblem, match="is damaged"):
        Database(path)
    assert path.read_bytes() == bytes(data)


def test_an_error_inside_a_transaction_is_said_in_words(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    for words, shown in (
        ("database or disk is full", "is full"),
        ("attempt to write a readonly database", "can't be written to"),
        ("disk I/O error", "reports an error"),
        ("database disk image is malformed", "is damaged"),
    ):
        assert shown in str(storage_error(sqlite3.OperationalError(words), path))
    bug = sqlite3.OperationalError("no such table: x")
    assert storage_error(bug, path) is bug


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="needs a person without all rights")
def test_a_read_only_folder_is_said_in_words(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OperatorError, match="can't be written to"):
        FolderLock(tmp_path / "data")
    with pytest.raises(StorageProblem, match="can't be written to"):
        Database(tmp_path / "data" / "store.sqlite3")


@pytest.mark.skipif(not Path("/sys/kernel").is_dir(), reason="needs a folder that nobody may write to")
def test_a_folder_that_can_not_be_made_is_said_in_words() -> None:
    with pytest.raises(OperatorError, match="can't be written to"):
        FolderLock(Path("/sys/kernel/reviewer"))
    with pytest.raises(StorageProblem, match="can't be written to"):
        Database(Path("/sys/kernel/reviewer/store.sqlite3"))


def test_a_folder_lets_one_workstation_in_at_a_time(tmp_path: Path) -> None:
    first = FolderLock(tmp_path)
    with pytest.raises(FolderInUse, match="already open"):
        FolderLock(tmp_path)
    first.release()
    FolderLock(tmp_path).release()


@pytest.fixture
def thread(tmp_path: Path):
    store = StoreThread(tmp_path / "store.sqlite3")
    store.start()
    yield store
    store.close()


def test_urgent_calls_go_before_ordinary_ones(thread: StoreThread) -> None:
    begin, order = threading.Event(), []
    first = thread.submit(lambda _: begin.wait(10))
    futures = [thread.submit(lambda _, n=n: order.append(n), urgent=n >= 3) for n in range(6)]  # type: ignore[misc]
    begin.set()
    assert first.result(10)
    for future in futures:
        future.result(10)
    assert order == [3, 4, 5, 0, 1, 2]


def test_a_call_that_fails_tells_who_waits_and_the_next_goes_on(thread: StoreThread) -> None:
    with pytest.raises(ZeroDivisionError):
        thread.run(lambda _: 1 // 0)
    with pytest.raises(SystemExit):
        thread.run(lambda _: sys.exit(3))
    assert thread.run(lambda database: database.execute("SELECT 1").fetchone()[0]) == 1


def test_a_call_from_the_thread_itself_runs_at_once(thread: StoreThread) -> None:
    assert thread.run(lambda _: thread.run(lambda _: threading.current_thread().name)) == "store-writer"


def test_a_long_statement_can_be_interrupted(thread: StoreThread) -> None:
    started = threading.Event()

    def endless(database: Database) -> None:
        started.set()
        database.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
        ).fetchone()

    future = thread.submit(endless)
    assert started.wait(10)
    while not future.done():
        thread.interrupt()
    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        future.result()
    assert thread.run(lambda database: database.execute("SELECT 1").fetchone()[0]) == 1


def test_a_cancelled_call_is_not_run(thread: StoreThread) -> None:
    begin = threading.Event()
    thread.submit(lambda _: begin.wait(10))
    ran: list[int] = []
    future = thread.submit(lambda _: ran.append(1))
    assert future.cancel()
    begin.set()
    assert thread.run(lambda _: True)
    assert ran == []
    with pytest.raises(CancelledError):
        future.result()


def test_closing_finishes_what_was_asked_and_takes_no_more(tmp_path: Path) -> None:
    store = StoreThread(tmp_path / "store.sqlite3")
    store.start()
    futures = [store.submit(lambda database, n=n: keep(database, made(n))) for n in range(1, 20)]  # type: ignore[misc]
    store.close()
    assert all(future.done() and future.exception() is None for future in futures)
    with pytest.raises(BugError, match="closed"):
        store.run(lambda _: None)
    assert not any(other.name == "store-writer" for other in threading.enumerate())


def test_a_thread_whose_store_can_not_be_opened_ends_with_words(tmp_path: Path) -> None:
    (tmp_path / "store.sqlite3").write_bytes(b"noise" * 1000)
    store = StoreThread(tmp_path / "store.sqlite3")
    with pytest.raises(StorageProblem, match="damaged"):
        store.start()
    assert not any(other.name == "store-writer" for other in threading.enumerate())


def test_a_long_log_is_moved_into_the_file_when_nothing_waits(thread: StoreThread, tmp_path: Path) -> None:
    def fill(database: Database) -> None:
        with database.transaction():
            database.execute("INSERT INTO kept VALUES ('big', ?)", ("x" * 6_000_000,))

    thread.run(fill)
    thread.run(lambda _: None)
    thread.run(lambda _: None)
    assert (tmp_path / "store.sqlite3-wal").stat().st_size < 4 * 1024 * 1024
