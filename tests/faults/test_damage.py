"""Damaged, incomplete, newer and copied stores: what is unsent is found again, and nothing is deleted."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from reviewer.cli import app
from reviewer.domain.decision import Receipt, ReceiptStatus
from reviewer.ledger.chain import first_broken
from reviewer.storage import decisions, outbox
from reviewer.storage.accounts import AccountRow, all_accounts, save_account
from reviewer.storage.carve import log_is_broken
from reviewer.storage.database import Database, StorageProblem
from reviewer.storage.lock import FolderInUse
from reviewer.storage.salvage import salvage
from reviewer.storage.set_aside import look_through, make_whole, take_over
from tests.faults.conftest import Desk, Open
from tests.unit.storage.making import keep, made, withdrawal

STORE = "workstation.sqlite3"
AT = "2026-11-20T09:00:00.000Z"
COUNT = 60
PAGE = 4096


def kind_of(number: int) -> str:
    return ("waiting", "settled", "tried", "withdrawn", "parked", "waiting")[number % 6]


def fill(path: Path) -> dict[str, str]:
    """A store with decisions of every kind; answers where each is."""
    database = Database(path)
    save_account(database, AccountRow("a", "queue_api", "Bazaar", {"address": "https://queue.example.com"}, None))
    states: dict[str, str] = {}
    for number in range(1, COUNT + 1):
        decision = made(number, note=f"note {number} " * (1 if number % 7 else 900))
        keep(database, decision)
        kind = kind_of(number)
        states[decision.id] = {"tried": "waiting"}.get(kind, kind)
        if kind in ("settled", "tried", "parked"):
            outbox.start_sending(database, [decision.id])
        if kind == "settled":
            outbox.settle(database, [Receipt(decision.id, ReceiptStatus.ACCEPTED)], AT)
        if kind == "parked":
            outbox.settle(database, [Receipt(decision.id, ReceiptStatus.LEASE_LOST, "Somebody has it.")], AT)
        if kind == "tried":
            outbox.put_back(database, [decision.id], "no answer")
        if kind == "withdrawn":
            undone = withdrawal(number + 1000, decision)
            with database.transaction():
                decisions.withdraw_before_sending(database, undone, account="a", reviewer="ana", title="t")
            states[undone.id] = "withdrawn"
        if number == COUNT // 2:
            database.checkpoint()
    if path.parent.name == "in-the-file":
        database.checkpoint()
    live = path.parent / "live"
    live.mkdir()
    for ending in ("", "-wal", "-shm"):
        shutil.copyfile(path.with_name(path.name + ending), live / (STORE + ending))
    database.close()
    return states


@pytest.fixture(scope="module", params=["in-the-file", "half-in-the-log"])
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    place = tmp_path_factory.mktemp("stores") / request.param
    place.mkdir()
    states = fill(place / STORE)
    return place / "live", states


def copied(filled: tuple[Path, dict[str, str]], folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    for source in filled[0].iterdir():
        shutil.copyfile(source, folder / source.name)
    return folder / STORE


def behead(path: Path) -> None:
    """Blank the file's header, and the newer one in the log, where there is one."""
    log = path.with_name(path.name + "-wal")
    path.write_bytes(b"\0" * 100 + path.read_bytes()[100:])
    if log.exists() and log.stat().st_size:
        data = bytearray(log.read_bytes())
        for place in range(32, len(data), 24 + PAGE):
            if data[place : place + 4] == b"\0\0\0\1":
                data[place + 24 : place + 124] = b"\0" * 100
        log.write_bytes(data)


def opened(path: Path) -> tuple[Database, bool]:
    """As the program opens it: whether it was set aside, and the store that it then works with."""
    aside = make_whole(path, AT)
    database = Database(path)
    take_over(database, AT)
    return database, aside is not None


def states_in(database: Database) -> dict[str, str]:
    found = database.one("PRAGMA integrity_check")
    assert found is not None
    assert found[0] == "ok"
    assert decisions.disagreements(database) == []
    assert first_broken(decisions.chain(database)) is None
    return {row.decision_id: row.state for row in outbox.history(database)}


def unsent(states: dict[str, str]) -> dict[str, str]:
    return {name: state for name, state in states.items() if state in ("waiting", "parked")}


def test_pages_tell_what_the_database_tells(filled: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    path = copied(filled, tmp_path / "data")
    found = salvage(path)
    assert {row.decision.id: row.state for row in found.decisions} == unsent(filled[1])
    assert found.unreadable == ()
    assert [row.id for row in found.accounts] == ["a"]
    with closing(sqlite3.connect(path)) as database:
        bodies = dict(database.execute("SELECT d.id, o.body FROM decision d JOIN outbox o USING (sequence)"))
    assert all(row.body == bodies[row.decision.id] for row in found.decisions)
    assert {(row.reviewer, row.account) for row in found.decisions} == {("ana", "a")}


@pytest.mark.parametrize("seed", range(5))
def test_a_damaged_header(filled: tuple[Path, dict[str, str]], tmp_path: Path, seed: int) -> None:
    path = copied(filled, tmp_path / "data")
    data = bytearray(path.read_bytes())
    noise = random.Random(seed)
    data[:16] = noise.randbytes(16)
    for _ in range(40):
        data[noise.randrange(100)] = noise.randrange(256)
    path.write_bytes(data)
    database, aside = opened(path)
    # A header that is in the log as well is not read from the file.
    assert aside or (path.parent / f"{STORE}-wal").stat().st_size
    assert unsent(states_in(database)) == unsent(filled[1])
    assert [row.name for row in all_accounts(database)] == ["Bazaar"]
    database.close()


def test_any_one_page_lost(filled: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    """Whatever page it is, every unsent decision is found: to be sent, or to be looked at."""
    whole = filled[0] / STORE
    for number in range(whole.stat().st_size // PAGE):
        path = copied(filled, tmp_path / f"page-{number}")
        data = bytearray(path.read_bytes())
        data[number * PAGE : (number + 1) * PAGE] = random.Random(number).randbytes(PAGE)
        path.write_bytes(data)
        database, aside = opened(path)
        states = states_in(database)
        if aside:
            assert states.keys() >= unsent(filled[1]).keys(), f"page {number + 1}"
            assert all(states[name] in ("waiting", "parked") for name in unsent(filled[1]))
            gone = {name for name in states if filled[1][name] in ("settled", "withdrawn")}
            assert all(states[name] == "parked" for name in gone), "what was settled is never sent blindly"
        else:
            assert states == filled[1]
        database.close()


def test_a_row_that_its_index_does_not_know_is_found_after_the_start(
    filled: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    path = copied(filled, tmp_path / "data")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        name = "sqlite_autoindex_decision_1"
        (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (name,)).fetchone()
    data = bytearray(path.read_bytes())
    data[root * PAGE - 20] ^= 1  # within the first id that the index holds
    path.write_bytes(data)
    assert make_whole(path, AT) is None
    assert "missing from index" in look_through(path)
    database, aside = opened(path)
    assert aside
    assert unsent(states_in(database)) == unsent(filled[1])
    database.close()


@pytest.mark.parametrize("seed", range(24))
def test_flipped_bytes_anywhere(filled: tuple[Path, dict[str, str]], tmp_path: Path, seed: int) -> None:
    path = copied(filled, tmp_path / "data")
    noise = random.Random(seed)
    for ending in ("", "-wal"):
        file = path.with_name(path.name + ending)
        data = bytearray(file.read_bytes())
        for _ in range(noise.randrange(1, 30) if data else 0):
            data[noise.randrange(len(data))] ^= 1 << noise.randrange(8)
        file.write_bytes(data)
    opened(path)[0].close()
    look_through(path)  # as after a start, for the next one
    database, _ = opened(path)
    for name, state in states_in(database).items():
        assert state != "waiting" or filled[1][name] in ("waiting", "parked")
    for row in database.execute("SELECT body, digest FROM outbox WHERE state = 'waiting'"):
        body = json.loads(row["body"])
        note = body["note"].strip()
        assert note == "" or note.split()[0] == "note"
    keep(database, made(5000))
    database.close()


def test_a_log_that_is_damaged_in_its_middle_loses_nothing(filled: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    """SQLite would end at the damaged place and drop what was committed behind it without a word."""
    path = copied(filled, tmp_path / "data")
    log = path.with_name(path.name + "-wal")
    data = bytearray(log.read_bytes())
    if not data:
        assert not log_is_broken(path)
        return
    assert not log_is_broken(path)
    for place in (8, 16, 32 + 4 + 24 + 1000, 32 + 8, len(data) // 2):
        broken = bytearray(data)
        broken[place] ^= 0x10
        log.write_bytes(broken)
        assert log_is_broken(path), place
    log.write_bytes(data[: -PAGE // 2])
    assert not log_is_broken(path), "a torn end is what a power cut leaves"
    broken = bytearray(data)
    broken[32 + 24 + 1000] ^= 0x10
    log.write_bytes(broken)
    database, aside = opened(path)
    assert aside
    assert unsent(states_in(database)).keys() >= unsent(filled[1]).keys()
    database.close()


def test_files_are_set_aside_together_and_stay(filled: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    path = copied(filled, tmp_path / "data")
    behead(path)
    before = {file.name: file.read_bytes() for file in path.parent.iterdir() if not file.name.endswith("-shm")}
    database, _ = opened(path)
    first = states_in(database)
    database.close()
    folder = next(path.parent.glob("damaged-*"))
    assert {file.name for file in folder.iterdir()} == {STORE, f"{STORE}-wal", f"{STORE}-shm", "salvaged.json"}
    for _ in range(2):
        database, aside = opened(path)
        assert not aside
        assert states_in(database) == first
        database.close()
    assert {name: (folder / name).read_bytes() for name in before} == before


def test_a_salvage_that_was_interrupted_is_done_again(filled: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    path = copied(filled, tmp_path / "data")
    behead(path)
    folder = make_whole(path, AT)
    assert folder is not None
    for _ in range(2):  # killed before the report was written, then run to its end
        database = Database(path)
        take_over(database, AT)
        assert states_in(database) == unsent(filled[1])
        database.close()
        (folder / "salvaged.json").unlink()


def test_a_look_through_marks_a_damaged_store_for_the_next_start(
    filled: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    path = copied(filled, tmp_path / "data")
    assert look_through(path) == ""
    for ending in ("", "-wal"):
        file = path.with_name(path.name + ending)
        file.write_bytes(file.read_bytes().replace(b'"kind":"takedown"', b'"kind":"takeover"'))
    assert "does not have its digest" in look_through(path)
    database, aside = opened(path)
    assert aside
    states_in(database)
    database.close()


def test_the_program_tells_and_sends_what_was_salvaged(open_desk: Open) -> None:
    desk = open_desk(delay_s=30.0)
    desk.ready(4)
    made_here = [desk.decide().case_id for _ in range(3)]
    desk.close()
    path = desk.folder / STORE
    behead(path)
    again = open_desk(connected=False)
    banner = again.banner("salvaged:")
    assert banner is not None
    assert "3 unsent decisions were salvaged" in banner.text
    assert [row.ref.case_id for row in again.unsent()] == made_here
    assert {row.last_error.split(" from ")[0] for row in again.unsent()} == {"salvaged"}
    again.drained()
    assert {row.state for row in again.history()} == {"settled"}


def test_a_log_that_is_gone_is_told(filled: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    """As where somebody restores a store that was open without its log."""
    path = copied(filled, tmp_path / "data")
    (tmp_path / "data" / "workstation.lock").write_bytes(b"open\n")
    for ending in ("-wal", "-shm"):
        path.with_name(path.name + ending).unlink()
    desk = Desk(tmp_path / "data")
    try:
        banner = desk.banner("log_missing")
        assert banner is not None
        assert set(desk.workstation._store.run(states_in)) <= set(filled[1])
    finally:
        desk.close()
    again = Desk(tmp_path / "data")
    assert again.banner("log_missing") is None
    again.close()


def test_a_newer_store_is_refused_untouched_and_can_be_exported(
    filled: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    path = copied(filled, tmp_path / "data")
    with closing(sqlite3.connect(path)) as database:
        database.execute("INSERT INTO _sqlite_migrations VALUES ((SELECT max(id) + 1 FROM _sqlite_migrations),"
                         " 'workstation', 'year_2031', '')" if _has_id(database) else
                         "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
                         " VALUES ('workstation', 'year_2031', '')")  # fmt: skip
        database.commit()
    before = path.read_bytes()
    with pytest.raises(StorageProblem, match="newer version of the program. Nothing was changed"):
        Desk(tmp_path / "data")
    assert path.read_bytes() == before
    out = tmp_path / "unsent.json"
    ran = CliRunner().invoke(app, ["outbox", "export", "--data", str(tmp_path / "data"), "--out", str(out)])
    assert ran.exit_code == 0, ran.output
    document = json.loads(out.read_text(encoding="utf-8"))
    exported = {row["decision"]["id"] for part in ("unsent", "came_back") for row in document[part]}
    assert exported == unsent(filled[1]).keys()
    assert path.read_bytes() == before


def _has_id(database: sqlite3.Connection) -> bool:
    return "id" in [row[1] for row in database.execute("PRAGMA table_info(_sqlite_migrations)")]


def test_a_damaged_store_can_be_exported_as_it_lies(filled: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    path = copied(filled, tmp_path / "data")
    behead(path)
    out = tmp_path / "unsent.json"
    ran = CliRunner().invoke(app, ["outbox", "export", "--data", str(tmp_path / "data"), "--out", str(out)])
    assert ran.exit_code == 0, ran.output
    document = json.loads(out.read_text(encoding="utf-8"))
    exported = {row["decision"]["id"] for part in ("unsent", "came_back") for row in document[part]}
    assert exported == unsent(filled[1]).keys()


def test_a_first_start_that_was_killed_is_no_damage(tmp_path: Path) -> None:
    path = tmp_path / STORE
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode = WAL")
    out = tmp_path / "unsent.json"
    ran = CliRunner().invoke(app, ["outbox", "export", "--data", str(tmp_path), "--out", str(out)])
    assert ran.exit_code == 0, ran.output
    store, aside = opened(path)
    assert not aside
    keep(store, made(1))
    store.close()


def test_a_second_instance_is_kept_out_and_changes_nothing(open_desk: Open) -> None:
    desk = open_desk(delay_s=30.0)
    desk.ready(4)
    desk.decide()
    with pytest.raises(FolderInUse, match="already open"):
        Desk(desk.folder)
    desk.workstation.delivery.send_now()
    desk.drained()


@pytest.mark.parametrize("seed", range(6))
def test_a_copy_taken_while_it_is_written(tmp_path: Path, seed: int) -> None:
    """The copy opens, perhaps after being set aside; what it holds is whole."""
    path = tmp_path / "live" / STORE
    database = Database(path)
    keep(database, made(1))
    stop, copy = threading.Event(), tmp_path / "copy"
    copy.mkdir()

    def take() -> None:
        for ending in ("", "-wal") if seed % 2 else ("-wal", ""):
            shutil.copyfile(path.with_name(path.name + ending), copy / (STORE + ending))
        stop.set()

    thread = threading.Thread(target=take)
    number = 1
    while not stop.is_set():
        number += 1
        keep(database, made(number, note="x" * 3000))
        if number % 5 == 0:
            database.checkpoint()
        if number == 10 + seed:
            thread.start()
    thread.join()
    database.close()
    taken, _ = opened(copy / STORE)
    assert set(states_in(taken)) <= {made(each).id for each in range(1, number + 1)}
    taken.close()
