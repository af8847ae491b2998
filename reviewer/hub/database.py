"""The hub's database: units of work, each one transaction on a thread with a connection of its own."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from time import monotonic
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from reviewer.errors import OperatorError
from reviewer.hub.engines import CONNECTIONS, DRIVER_ERRORS, Fault, fault_of, open_engines
from reviewer.hub.migrate import migrate
from reviewer.hub.sequenced import begin_sequenced, write_sequenced

Answer = TypeVar("Answer")
Work = Callable[[Connection], Answer]

_ATTEMPTS: Final = 6
#: How long the writing thread goes on taking what waits before it commits.
_GROUP_S: Final = 0.02


class Unavailable(Exception):
    """The database can't do the work now; the same request may succeed later."""


class Database:
    """Runs units of work: on SQLite one that writes at a time, on PostgreSQL as many as there are connections.

    A unit of work is a function of a connection; it must not keep the connection, and it may run more than
    once: where another transaction was in its way, everything that it did is taken back first.
    """

    def __init__(self, url: str, connections: int = CONNECTIONS) -> None:
        self._engines = open_engines(url, connections)
        self.shown = self._engines.shown
        self.shared = self._engines.shared
        self.file = self._engines.file
        self._writers = ThreadPoolExecutor(self._engines.writers, thread_name_prefix="hub-writer")
        self._readers = ThreadPoolExecutor(self._engines.readers, thread_name_prefix="hub-reader")
        self._connections = threading.local()
        self._opened: list[Connection] = []
        self._lock = threading.Lock()
        self._waiting: deque[tuple[Work[Any], Future[Any]]] = deque()
        try:
            self.write(migrate)
        except (Unavailable, *DRIVER_ERRORS) as error:
            self.close()
            cause = str(getattr(error, "orig", None) or error.__cause__ or error).strip().partition("\n")[0]
            raise OperatorError(f"The hub's database {self.shown} can't be used: {cause}") from None
        except BaseException:
            self.close()
            raise

    def write(self, work: Work[Answer]) -> Answer:
        """Runs a unit of work as one transaction and waits for it; raises `Unavailable`."""
        return self._submit_writing(work).result()

    def read(self, work: Work[Answer]) -> Answer:
        """Runs a unit of work that only reads, on one consistent state, and waits for it."""
        return self._readers.submit(self._run, self._engines.reading, work).result()

    async def writing(self, work: Work[Answer]) -> Answer:
        """`write` for coroutines."""
        return await asyncio.wrap_future(self._submit_writing(work))

    async def reading(self, work: Work[Answer]) -> Answer:
        """`read` for coroutines."""
        return await asyncio.wrap_future(self._readers.submit(self._run, self._engines.reading, work))

    def close(self) -> None:
        """Ends the threads after the work at hand and closes the connections."""
        self._readers.shutdown(wait=True)
        self._writers.submit(self._close_all)
        self._writers.shutdown(wait=True)
        self._engines.dispose()

    def _close_all(self) -> None:
        while self._opened:
            with suppress(SQLAlchemyError):
                self._opened.pop().close()

    def _submit_writing(self, work: Work[Answer]) -> Future[Answer]:
        if self.shared:
            return self._writers.submit(self._run, self._engines.writing, work)
        future: Future[Answer] = Future()
        self._waiting.append((work, future))
        self._writers.submit(self._write_waiting)
        return future

    def _write_waiting(self) -> None:
        """Runs what waits for the one writing thread, with one commit for all that came while it was busy.

        Nobody is answered before the commit.  Where it fails nothing was written, and each is run alone.
        """
        done: list[tuple[Work[Any], Future[Any], Any, Exception | None]] = []

        def group(connection: Connection) -> None:
            began = monotonic()
            while monotonic() - began < _GROUP_S and (unit := self._next_waiting()) is not None:
                done.append((*unit, None, None))
                done[-1] = (*unit, *_in_savepoint(connection, unit[0]))

        if not self._waiting:  # a group before this took it along
            return
        try:
            self._attempt(self._engines.writing, group)
        except Exception:  # noqa: BLE001 - each that is run alone comes to its own fault
            for work, future, _, _ in done:
                self._write_alone(work, future)
            while (unit := self._next_waiting()) is not None:
                self._write_alone(*unit)
            return
        for _, future, answer, error in done:
            if error is None:
                future.set_result(answer)
            else:
                future.set_exception(error)

    def _next_waiting(self) -> tuple[Work[Any], Future[Any]] | None:
        while self._waiting:
            work, future = self._waiting.popleft()
            if future.set_running_or_notify_cancel():
                return work, future
        return None

    def _write_alone(self, work: Work[Any], future: Future[Any]) -> None:
        try:
            future.set_result(self._run(self._engines.writing, work))
        except Exception as error:  # noqa: BLE001 - it goes to the one who waits
            future.set_exception(error)

    def _run(self, engine: Engine, work: Work[Answer]) -> Answer:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return self._attempt(engine, work)
            except DRIVER_ERRORS as error:
                fault = fault_of(error)
                if fault is Fault.AWAY:
                    self._forget()
                    raise Unavailable("the database can't be reached, or is busy, or is full") from error
                if fault is Fault.OURS or attempt == _ATTEMPTS:
                    raise
        raise AssertionError("the last attempt ends the loop")

    def _attempt(self, engine: Engine, work: Work[Answer]) -> Answer:
        connection: Connection | None = getattr(self._connections, "connection", None)
        if connection is None:
            connection = engine.connect()
            self._connections.connection = connection
            with self._lock:
                self._opened.append(connection)
        with connection.begin():
            begin_sequenced(connection)
            answer = work(connection)
            write_sequenced(connection)
            return answer

    def _forget(self) -> None:
        """Closes this thread's connection: it may be broken, and the next work opens another."""
        connection: Connection | None = getattr(self._connections, "connection", None)
        self._connections.connection = None
        if connection is not None:
            with self._lock:
                self._opened.remove(connection)
            with suppress(*DRIVER_ERRORS, SQLAlchemyError):
                connection.invalidate()
                connection.close()


def _in_savepoint(connection: Connection, work: Work[Any]) -> tuple[Any, Exception | None]:
    """The answer of a unit of work, or what it raised; then nothing of it is left."""
    connection.exec_driver_sql("SAVEPOINT unit")
    begin_sequenced(connection)
    answer, failed = None, None
    try:
        answer = work(connection)
        write_sequenced(connection)
    except DRIVER_ERRORS:
        raise
    except Exception as error:  # noqa: BLE001 - it goes to the one who waits
        failed = error
        begin_sequenced(connection)
        connection.exec_driver_sql("ROLLBACK TO unit")
    connection.exec_driver_sql("RELEASE unit")
    return answer, failed


def database_time(connection: Connection) -> datetime:
    """The clock of a PostgreSQL server, so that hubs on several machines agree about the end of a lease."""
    found: datetime = connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
    return found.astimezone(UTC)
