"""How the hub opens SQLite and PostgreSQL, and what the faults of the two mean."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Final

import psycopg
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import NullPool

from reviewer.errors import OperatorError

#: Connections of one hub to PostgreSQL, unless it is told otherwise.
CONNECTIONS: Final = 12
#: What a unit of work may fail with on its way to the database.
DRIVER_ERRORS: Final = (DBAPIError, sqlite3.Error, psycopg.Error)

_PARAMETERS: Final = {
    "lock_timeout": "20s",
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "60s",
    "application_name": "reviewer-hub",
}
#: A deadlock, or another transaction that was first with the same key: the same work again finds that out.
_AGAIN: Final = frozenset({"40001", "40P01", "23505"})
_AWAY: Final = frozenset({"53100", "53200", "53300", "55P03", "57014", "57P01", "57P02", "57P03", "25P03", "25P04"})
_SQLITE_AWAY: Final = frozenset(
    {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}
)


class Fault(Enum):
    """What to do about an error of the driver."""

    AGAIN = "run the work again"
    AWAY = "the database can't do it now"
    OURS = "a fault of the program"


@dataclass(frozen=True, slots=True)
class Engines:
    """One engine for units of work that write and one for those that read, and how many threads use each."""

    writing: Engine
    reading: Engine
    writers: int
    readers: int
    shown: str

    @property
    def shared(self) -> bool:
        """Whether other hubs may work on the same database."""
        return self.writing.dialect.name == "postgresql"

    @property
    def file(self) -> Path | None:
        """The file of a SQLite database."""
        name = self.writing.url.database
        return None if self.shared or not name else Path(name)

    def dispose(self) -> None:
        """Closes what is left open."""
        self.writing.dispose()
        self.reading.dispose()


def open_engines(url: str, connections: int = CONNECTIONS) -> Engines:
    """Engines for a URL that begins with `sqlite:` or `postgresql:`; nothing is connected yet.

    Each thread keeps one connection, so the threads are the pool.  Raises `OperatorError` for any other URL.
    """
    try:
        parsed = make_url(url)
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        shown = parsed.render_as_string(hide_password=True)
        if parsed.drivername in ("sqlite", "sqlite+pysqlite"):
            return _sqlite(parsed, shown)
        if parsed.drivername == "postgresql+psycopg":
            return _postgresql(parsed, shown, connections)
        create_engine(parsed)
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError) as error:
        scheme = url.partition(":")[0][:40]
        raise OperatorError(f"No driver for a database of the kind {scheme!r}: {str(error)[:200]}") from None
    raise OperatorError("The hub keeps its data in SQLite or PostgreSQL: sqlite:///… or postgresql+psycopg://…")


def _sqlite(url: URL, shown: str) -> Engines:
    writing, reading = (create_engine(url, poolclass=NullPool) for _ in range(2))
    _prepare_sqlite(writing, "BEGIN IMMEDIATE", ("journal_mode=WAL", "synchronous=FULL"))
    _prepare_sqlite(reading, "BEGIN", ("query_only=ON",))
    return Engines(writing, reading, 1, 2, shown)


def _prepare_sqlite(engine: Engine, begin: str, pragmas: tuple[str, ...]) -> None:
    @event.listens_for(engine, "connect")
    def connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("busy_timeout=10000", "foreign_keys=ON", "cache_size=-65536", *pragmas):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        connection.exec_driver_sql(begin)


def _postgresql(url: URL, shown: str, connections: int) -> Engines:
    readers = max(1, connections // 3)
    writing = create_engine(url, poolclass=NullPool, isolation_level="READ COMMITTED")
    reading = create_engine(
        url,
        poolclass=NullPool,
        isolation_level="REPEATABLE READ",
        execution_options={"postgresql_readonly": True},
    )
    for engine in (writing, reading):
        event.listen(engine, "connect", _set_parameters)
    return Engines(writing, reading, max(1, connections - readers), readers, shown)


def _set_parameters(connection: Any, _record: Any) -> None:
    words = ", ".join(f"set_config('{name}', '{value}', false)" for name, value in _PARAMETERS.items())
    before = connection.autocommit
    connection.autocommit = True
    found = connection.execute(f"SELECT {words}, current_setting('server_encoding')").fetchone()
    connection.autocommit = before
    if found[-1] != "UTF8":
        raise OperatorError(f"The database must have the encoding UTF8; it has {found[-1]}.")


def fault_of(error: BaseException) -> Fault:
    """What an error of `DRIVER_ERRORS` asks for."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, psycopg.Error):
        state = cause.sqlstate or ""
        if state in _AGAIN:
            return Fault.AGAIN
        lost = isinstance(cause, psycopg.OperationalError) and not state
        return Fault.AWAY if lost or state in _AWAY or state.startswith("08") else Fault.OURS
    if isinstance(cause, sqlite3.OperationalError) and (getattr(cause, "sqlite_errorcode", 0) & 0xFF) in _SQLITE_AWAY:
        return Fault.AWAY
    return Fault.OURS
