"""Databases: made, brought forward, refused; what happens when another transaction is in the way."""

from __future__ import annotations

import asyncio
import re
import sqlite3
import threading
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import event, inspect, select, text
from sqlalchemy.exc import OperationalError

from reviewer.errors import OperatorError
from reviewer.hub import database as database_module
from reviewer.hub.app import create_app
from reviewer.hub.changes import record_changes
from reviewer.hub.database import Database, Unavailable
from reviewer.hub.engines import Fault, fault_of, open_engines
from reviewer.hub.schema import cases, changes, decisions, facts, metadata, policies
from reviewer.hub.store import open_store
from tests.unit.hub.asgi import Calls
from tests.unit.hub.conftest import START
from tests.unit.hub.databases import connected, new_database

OLD = Path(__file__).with_name("schema_1.sql")


def old_database(folder):
    """A hub's folder as the first version left it."""
    with sqlite3.connect(folder / "hub.db") as connection:
        connection.executescript(OLD.read_text("utf-8"))
    connection.close()
    return folder


def tables_of(path):
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'").fetchall()
    connection.close()
    return {name: re.sub(r'[\s"]+', "", sql or "") for name, sql in rows}


def test_a_database_of_the_first_version_is_brought_forward(tmp_path):
    folder = old_database(tmp_path)
    open_store(tmp_path / "new").close()
    store = open_store(folder)
    calls = Calls(create_app(store))
    try:
        bearer = {"Authorization": "Bearer reviewer"}
        rows = calls.request("GET", "/v1/cases", headers=bearer).json()["items"]
        past = calls.request("GET", "/v1/decisions", headers=bearer).json()["items"]
        assert len(rows) == 6
        assert [item["receipt"]["status"] for item in past] == ["accepted", "accepted", "accepted", "stale"]
        resent = calls.request("POST", "/v1/decisions", headers=bearer, json={"decisions": [past[0]["decision"]]})
        assert resent.json()["receipts"][0]["status"] == "duplicate"
    finally:
        store.close()
    assert tables_of(folder / "hub.db") == tables_of(tmp_path / "new" / "hub.db")
    open_store(folder).close()


# SQLAlchemy passes over an index of expressions in SQLite; the test above compares its text.
@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
def test_the_migrations_make_the_tables_that_the_program_reads(place, tmp_path):
    store = place.open(tmp_path / "hub")
    try:
        found = store.database.read(lambda connection: _shape(inspect(connection)))
    finally:
        store.close()
    assert found == {
        table.name: (
            {column.name: bool(column.nullable) for column in table.columns},
            {index.name for index in table.indexes} - {"cases_queue"},
        )
        for table in metadata.sorted_tables
    }


def _shape(found):
    return {
        name: (
            {column["name"]: column["nullable"] for column in found.get_columns(name)},
            {index["name"] for index in found.get_indexes(name) if not index.get("duplicates_constraint")}
            - {"cases_queue"},
        )
        for name in found.get_table_names()
        if name != "alembic_version"
    }


@pytest.mark.parametrize(
    "newer",
    ["UPDATE alembic_version SET version_num = '9999'", "UPDATE facts SET value = '9'; DROP TABLE alembic_version"],
)
def test_a_newer_database_is_refused_untouched(tmp_path, newer):
    open_store(tmp_path).close()
    with sqlite3.connect(tmp_path / "hub.db") as connection:
        connection.executescript(newer)
    connection.close()
    before = (tmp_path / "hub.db").read_bytes()
    with pytest.raises(OperatorError, match="newer"):
        open_store(tmp_path)
    assert (tmp_path / "hub.db").read_bytes() == before


def test_a_newer_database_is_refused_on_postgresql():
    url = new_database()
    with connected(url) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)")
        connection.execute("INSERT INTO alembic_version VALUES ('9999')")
    with pytest.raises(OperatorError, match="newer"):
        Database(url, 3)
    with connected(url) as connection:
        found = connection.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        assert found.fetchall() == [("alembic_version",)]


def test_hubs_that_start_at_once_make_the_tables_once():
    url = new_database()
    failed: list[BaseException] = []

    def start():
        try:
            Database(url, 3).close()
        except BaseException as error:  # noqa: BLE001 - told below
            failed.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("mysql://x", "driver"),
        ("nonsense", "driver"),
        ("postgresql+psycopg://ana:secret@127.0.0.1:1/none", "can't be used"),
        ("sqlite:////nowhere/at/all/hub.db", "can't be used"),
    ],
)
def test_what_can_not_be_opened_is_said_without_the_password(url, word):
    with pytest.raises(OperatorError) as refused:
        Database(url)
    assert word in str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_url_without_a_driver_means_ours():
    engines = open_engines("postgresql://ana:secret@host/name", 9)
    assert (engines.writing.dialect.driver, engines.writers, engines.readers) == ("psycopg", 6, 3)
    assert (engines.shown, engines.file) == ("postgresql+psycopg://ana:***@host/name", None)


def test_a_database_of_another_encoding_is_refused():
    with connected(new_database()) as connection:
        connection.execute("CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
        url = f"postgresql+psycopg://postgres@/latin?host={connection.info.host}"
    with pytest.raises(OperatorError, match="UTF8"):
        Database(url, 3)


def test_work_is_done_again_after_a_deadlock(hub, monkeypatch):
    attempts = []

    def work(connection):
        attempts.append(connection)
        if len(attempts) < 3:
            raise psycopg.errors.DeadlockDetected("made to fail")
        return "done"

    monkeypatch.setattr(database_module, "fault_of", lambda error: Fault.AGAIN)
    assert hub.store.database.write(work) == "done"
    assert len(attempts) == 3


def test_work_that_always_collides_is_given_up(hub, monkeypatch):
    monkeypatch.setattr(database_module, "fault_of", lambda error: Fault.AGAIN)

    def work(_connection):
        raise psycopg.errors.DeadlockDetected("made to fail")

    with pytest.raises(psycopg.errors.DeadlockDetected):
        hub.store.database.write(work)


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (psycopg.errors.DeadlockDetected("x"), Fault.AGAIN),
        (psycopg.errors.UniqueViolation("x"), Fault.AGAIN),
        (psycopg.errors.LockNotAvailable("x"), Fault.AWAY),
        (psycopg.errors.AdminShutdown("x"), Fault.AWAY),
        (psycopg.errors.ConnectionException("x"), Fault.AWAY),
        (psycopg.OperationalError("the connection is lost"), Fault.AWAY),
        (OperationalError("SELECT", {}, psycopg.OperationalError("lost")), Fault.AWAY),
        (psycopg.errors.UndefinedColumn("x"), Fault.OURS),
        (sqlite3.OperationalError("no such column"), Fault.OURS),
        (sqlite3.IntegrityError("x"), Fault.OURS),
    ],
)
def test_what_an_error_asks_for(error, fault):
    assert fault_of(error) is fault


def test_a_busy_sqlite_file_is_not_there_at_the_moment(tmp_path):
    store = open_store(tmp_path)
    other = sqlite3.connect(tmp_path / "hub.db", isolation_level=None)
    try:
        store.database.write(lambda connection: connection.execute(text("PRAGMA busy_timeout=10")).close())
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable):
            store.database.write(lambda connection: None)
    finally:
        other.execute("ROLLBACK")
        other.close()
        store.close()


def test_a_lost_connection_is_told_and_made_again(tmp_path):
    url = new_database()
    store = open_store(tmp_path, database_url=url, connections=2)
    calls = Calls(create_app(store))
    try:
        assert calls.request("GET", "/v1").status_code == 401
        store.database.read(lambda connection: None)
        with connected(url) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'reviewer-hub'"
            )
        lost = calls.request("GET", "/v1", headers={"Authorization": "Bearer nobody"})
        assert (lost.status_code, lost.json()["type"]) == (503, "unavailable")
        assert lost.headers["retry-after"] == "5"
        assert calls.request("GET", "/v1", headers={"Authorization": "Bearer nobody"}).status_code == 401
    finally:
        store.close()


def test_a_case_can_not_have_two_current_decisions(hub):
    case_id = hub.open_case()
    hub.decide(hub.decision(hub.claim()[0]))

    def second(connection):
        row = dict(connection.execute(select(decisions).where(decisions.c.case_id == case_id)).mappings().one())
        row.pop("seq")
        connection.execute(decisions.insert(), row | {"id": "another"})

    with pytest.raises(Exception, match=r"(?i)unique"):
        hub.store.database.write(second)


def test_a_new_policy_counts_at_once(hub):
    def store_newer(connection):
        row = connection.execute(select(policies)).mappings().one()
        body = row["body"].replace(row["version"], "2031-1")
        connection.execute(policies.insert(), {"version": "2031-1", "body": body})

    hub.store.database.write(store_newer)
    assert hub.get("/v1")["policy_version"] == "2031-1"
    assert hub.get("/v1/policies")["version"] == "2031-1"
    hub.store.database.write(lambda connection: connection.execute(policies.delete().where(policies.c.seq > 1)))
    assert hub.get("/v1")["policy_version"] != "2031-1"


def test_texts_with_a_zero_byte_are_kept_with_a_mark(hub):
    hub.upsert(hub.item("l-a", title="a\0b", brand="\0", description="x\0y"))
    leased = hub.claim()[0]
    assert (leased["case"]["listing"]["title"], leased["case"]["listing"]["brand"]) == ("a\ufffdb", "\ufffd")
    assert hub.get("/v1/cases")["items"][0]["title"] == "a\ufffdb"
    assert hub.get("/v1/cases?text=a%00b&seller=%00")["items"] == []
    assert hub.decide(hub.decision(leased, note="\0") | {"kind": "\0"})[0]["status"] == "rejected"
    assert hub.decide(hub.decision(leased, note="\0", facts=["\0"]))[0]["status"] == "accepted"


def test_hubs_that_share_a_database_take_their_time_from_it(tmp_path, place):
    store = place.open(tmp_path / "hub")
    try:
        hosts = store.clock()
        assert abs(store.database.read(store.now) - hosts) < timedelta(seconds=30)
        store.clock = lambda: START
        assert store.database.read(store.now) == START
    finally:
        store.close()


def test_large_numbers_fit(hub):
    seller = {"id": "s1", "display_name": "S", "units_sold": 2**53 - 1, "listings_live": 2**53 - 1}
    item = hub.item("l-a", units_sold=2**53 - 1) | {"seller": seller}
    hub.upsert(item)
    assert hub.seller()["units_sold"] == 2**53 - 1
    assert hub.get(f"/v1/cases?cursor={10**15 - 1}")["items"] == []
    renewed = hub.post("/v1/leases/renew", {"leases": [{"id": "none", "token": 2**53 - 1}]})
    assert renewed["items"][0]["status"] == "lease_lost"
    count = hub.store.database.read(lambda connection: len(connection.execute(select(cases.c.id)).all()))
    assert count == 1


@pytest.fixture
def sqlite_store(tmp_path):
    store = open_store(tmp_path)
    yield store
    store.close()


def together(store, *works):
    """What becomes of units of work that wait for the writing thread at the same time."""
    busy, free = threading.Event(), threading.Event()

    def hold(_connection):
        busy.set()
        free.wait(10)

    async def gather():
        holding = asyncio.ensure_future(store.database.writing(hold))
        await asyncio.to_thread(busy.wait, 10)
        waiting = [asyncio.ensure_future(store.database.writing(work)) for work in works]
        await asyncio.sleep(0)
        free.set()
        await holding
        return await asyncio.gather(*waiting, return_exceptions=True)

    return asyncio.run(gather())


def remember(name, error=None):
    def work(connection):
        connection.execute(facts.insert(), {"name": name, "value": "x"})
        record_changes(connection, "policy_changed", [""], name)
        if error is not None:
            raise error
        return name

    return work


def remembered(store):
    names = select(facts.c.name).where(facts.c.value == "x").order_by(facts.c.name)
    moments = select(changes.c.at).order_by(changes.c.seq)
    return store.database.read(
        lambda connection: (connection.execute(names).scalars().all(), connection.execute(moments).scalars().all())
    )


def test_what_waits_is_written_with_one_commit_and_what_fails_leaves_nothing(sqlite_store):
    commits: list[object] = []
    event.listen(sqlite_store.database._engines.writing, "commit", commits.append)
    failed = ValueError("made to fail")
    answers = together(sqlite_store, remember("a"), remember("b", failed), remember("c"))
    assert answers == ["a", failed, "c"]
    assert remembered(sqlite_store) == (["a", "c"], ["a", "c"])
    assert len(commits) <= 2


def test_where_the_commit_of_all_fails_each_is_written_alone(sqlite_store):
    tries = []

    def broken(connection):
        tries.append(1)
        connection.execute(facts.insert(), {"name": "b", "value": "x"})
        raise sqlite3.IntegrityError("made to fail")

    answers = together(sqlite_store, remember("a"), broken, remember("c"))
    assert (answers[0], type(answers[1]), answers[2]) == ("a", sqlite3.IntegrityError, "c")
    assert remembered(sqlite_store) == (["a", "c"], ["a", "c"])
    assert len(tries) == 2


def test_whoever_waits_is_answered_where_nothing_can_be_opened(sqlite_store, monkeypatch):
    def refuse(*_):
        raise sqlite3.OperationalError("unable to open database file")

    monkeypatch.setattr(sqlite_store.database, "_attempt", refuse)
    with pytest.raises(sqlite3.OperationalError, match="unable"):
        sqlite_store.database.write(remember("a"))
