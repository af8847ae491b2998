"""The threads that own a connection: one that writes, one that reads."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from reviewer.errors import BugError
from reviewer.storage.database import Database

ResultT = TypeVar("ResultT")


class StoreThread:
    """Runs calls one after another on a thread of its own that owns a `Database`.

    Urgent calls go before ordinary ones, so that a decision never waits behind a page of the queue.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self._path = path
        self._read_only = read_only
        self._ready = threading.Condition()
        self._urgent: deque[tuple[Callable[[Database], Any], Future[Any]]] = deque()
        self._ordinary: deque[tuple[Callable[[Database], Any], Future[Any]]] = deque()
        self._closing = False
        self._opened: Future[None] = Future()
        self._database: Database | None = None
        self._told: Callable[[], None] = lambda: None
        name = "store-reader" if read_only else "store-writer"
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Open the store.  Raises what `Database` raises; the thread has then ended."""
        self._thread.start()
        try:
            self._opened.result()
        except BaseException:
            self._thread.join()
            raise

    def submit(self, call: Callable[[Database], ResultT], *, urgent: bool = False) -> Future[ResultT]:
        """Run `call(database)` on the thread.  Safe on any thread."""
        future: Future[ResultT] = Future()
        with self._ready:
            if self._closing:
                future.set_exception(BugError("the store is closed"))
                return future
            (self._urgent if urgent else self._ordinary).append((call, future))
            self._ready.notify()
        return future

    def run(self, call: Callable[[Database], ResultT], *, urgent: bool = False) -> ResultT:
        """`submit` and wait.  On the store's own thread the call runs at once."""
        if threading.current_thread() is self._thread:
            if self._database is None:
                raise BugError("the store is not open")
            return call(self._database)
        return self.submit(call, urgent=urgent).result()

    @property
    def trouble(self) -> str:
        """Why the last write failed, in words for the window; empty where it went well."""
        return self._database.trouble if self._database is not None else ""

    def watch(self, told: Callable[[], None]) -> None:
        """Call `told()` on this thread whenever `trouble` has changed."""
        self._told = told

    def interrupt(self) -> None:
        """Stop the statement that runs now, if there is one."""
        if self._database is not None:
            self._database.interrupt()

    def close(self) -> None:
        """Finish what was submitted, close the store, end the thread."""
        with self._ready:
            self._closing = True
            self._ready.notify()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        try:
            self._database = Database(self._path, read_only=self._read_only)
        except BaseException as error:  # noqa: BLE001 - handed to the caller of start()
            self._opened.set_exception(error)
            return
        self._opened.set_result(None)
        while (job := self._next()) is not None:
            call, future = job
            if not future.set_running_or_notify_cancel():
                continue
            trouble = self._database.trouble
            try:
                result = call(self._database)
            except BaseException as error:  # noqa: BLE001 - handed to whoever waits for the result
                future.set_exception(error)
            else:
                future.set_result(result)
            if self._database.trouble != trouble:
                self._told()
            if not self._read_only and not self._urgent and not self._ordinary:
                self._database.checkpoint_if_due()
        self._database.close()

    def _next(self) -> tuple[Callable[[Database], Any], Future[Any]] | None:
        with self._ready:
            while not self._urgent and not self._ordinary:
                if self._closing:
                    return None
                self._ready.wait()
            return self._urgent.popleft() if self._urgent else self._ordinary.popleft()
