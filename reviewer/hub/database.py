"""The hub's database: one thread that writes, a few that read.  The one module that knows SQLite."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, insert, select
from sqlalchemy.exc import DBAPIError, NoSuchModuleError
from sqlalchemy.pool import NullPool

from reviewer.errors import OperatorError
from reviewer.hub.schema import SCHEMA_VERSION, facts, metadata

Answer = TypeVar("Answer")
Work = Callable[[Connection], Answer]

_READERS = 2


class Database:
    """Runs units of work: each writing one is one transaction on the one writing thread.

    A unit of work is a function of a connection; it must not keep the connection.  On PostgreSQL the
    writing thread would become a pool, and `claim_lock` and `sequence_lock` would say something.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        try:
            self._writing = create_engine(url, poolclass=NullPool)
            self._reading = create_engine(url, poolclass=NullPool)
        except (NoSuchModuleError, ImportError, ValueError) as error:
            raise OperatorError(f"No driver for the database {url}: {error}") from None
        if self._writing.dialect.name != "sqlite":
            raise OperatorError("This hub keeps its data in SQLite; give a URL that begins with sqlite:///")
        _prepare_sqlite(self._writing, "BEGIN IMMEDIATE", ("journal_mode=WAL", "synchronous=FULL"))
        _prepare_sqlite(self._reading, "BEGIN", ("query_only=ON",))
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="hub-writer")
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="hub-reader")
        self._connections = threading.local()
        self._opened: list[Connection] = []
        self._lock = threading.Lock()
        self._refuse_newer()

    def _refuse_newer(self) -> None:
        try:
            self.write(metadata.create_all)
            found = self.write(_stamp_version)
        except DBAPIError as error:
            self.close()
            raise OperatorError(f"The hub's database {self.url} can't be used: {error.orig}") from None
        if found > SCHEMA_VERSION:
            self.close()
            raise OperatorError(f"The database {self.url} was made by a newer hub; run that version.")

    def write(self, work: Work[Answer]) -> Answer:
        """Runs a unit of work as one transaction and waits for it."""
        return self._submit(self._writer, self._writing, work).result()

    def read(self, work: Work[Answer]) -> Answer:
        """Runs a unit of work that only reads, on one consistent state, and waits for it."""
        return self._submit(self._readers, self._reading, work).result()

    async def writing(self, work: Work[Answer]) -> Answer:
        """`write` for coroutines."""
        return await asyncio.wrap_future(self._submit(self._writer, self._writing, work))

    async def reading(self, work: Work[Answer]) -> Answer:
        """`read` for coroutines."""
        return await asyncio.wrap_future(self._submit(self._readers, self._reading, work))

    def close(self) -> None:
        """Ends the threads after the work at hand and closes the connections."""
        self._readers.shutdown(wait=True)
        self._writer.submit(self._close_all)
        self._writer.shutdown(wait=True)
        self._writing.dispose()
        self._reading.dispose()

    def _close_all(self) -> None:
        while self._opened:
            self._opened.pop().close()

    def _submit(self, executor: ThreadPoolExecutor, engine: Engine, work: Work[Answer]) -> Future[Answer]:
        return executor.submit(self._run, engine, work)

    def _run(self, engine: Engine, work: Work[Answer]) -> Answer:
        connection: Connection | None = getattr(self._connections, "connection", None)
        if connection is None:
            connection = engine.connect()
            self._connections.connection = connection
            with self._lock:
                self._opened.append(connection)
        with connection.begin():
            return work(connection)


def _stamp_version(connection: Connection) -> int:
    found = connection.execute(select(facts.c.value).where(facts.c.name == "schema")).scalar()
    if found is None:
        connection.execute(insert(facts), {"name": "schema", "value": str(SCHEMA_VERSION)})
        return SCHEMA_VERSION
    return int(found)


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
