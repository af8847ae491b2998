"""The one bridge between threads: calls go out, results come back to the window's thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from functools import partial
from typing import Any, Protocol, TypeVar

from PySide6.QtCore import QObject, Qt, Signal, Slot
from shiboken6 import Shiboken

from reviewer.services.changes import Changed, Notifier

ResultT = TypeVar("ResultT")
_Run = Callable[[Callable[[], Any]], Future[Any]]


class Threads(Protocol):
    """What runs a call on one of its threads and promises the result."""

    @property
    def notifier(self) -> Notifier: ...

    def on_desk(self, call: Callable[[], ResultT]) -> Future[ResultT]:
        """On the thread that writes."""

    def on_reader(self, call: Callable[[], ResultT]) -> Future[ResultT]:
        """On the thread that only reads, for slow questions."""

    def in_background(self, call: Callable[[], ResultT]) -> Future[ResultT]:
        """On a thread that may wait for the network or the disk."""


class Task:
    """A call that was handed out.  `cancel` drops its result; what it does elsewhere is not undone."""

    def __init__(
        self,
        done: Callable[[Any], object] | None,
        failed: Callable[[Exception], object] | None,
        owner: QObject | None,
    ) -> None:
        self._done = done
        self._failed = failed
        self._owner = owner
        self._cancelled = False
        self._future: Future[Any] | None = None

    def cancel(self) -> None:
        """Drop the result, and the call as well where it has not begun."""
        self._cancelled = True
        if self._future is not None:
            self._future.cancel()

    @property
    def cancelled(self) -> bool:
        """Whether the result is not wanted any more."""
        return self._cancelled or (self._owner is not None and not Shiboken.isValid(self._owner))

    def begin(self, future: Future[Any]) -> None:
        """Remember the promise, so that it can be withdrawn."""
        self._future = future

    def finish(self, future: Future[Any]) -> Exception | None:
        """Call back with the outcome, on this thread; answers an exception that nobody took."""
        if self.cancelled:
            return None
        try:
            result = future.result(timeout=0)
        except CancelledError:
            return None
        except Exception as error:  # noqa: BLE001 - whatever it is, it is handed on
            if self._failed is None:
                return error
            self._failed(error)
            return None
        if self._done is not None:
            self._done(result)
        return None


class Tasks(QObject):
    """Runs calls elsewhere and brings what comes of them back to the thread this object lives on.

    `done` and `failed` are always called from the event loop, never from within the asking call, and not
    at all once `owner` has been destroyed.  An exception without a `failed` goes to `failed_unexpectedly`.
    `changed` is the notifier's `Changed`, one signal an origin and turn of the event loop.
    """

    changed = Signal(object)
    failed_unexpectedly = Signal(object)
    _arrived = Signal(object, object)
    _stirred = Signal()

    def __init__(self, threads: Threads, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._threads = threads
        self._closed = False
        self._lock = threading.Lock()
        self._pending: dict[str, set[str]] = {}
        self._arrived.connect(self._finish, Qt.ConnectionType.QueuedConnection)
        self._stirred.connect(self._tell, Qt.ConnectionType.QueuedConnection)
        self._unsubscribe = threads.notifier.subscribe(self._stir)

    def on_desk(
        self,
        call: Callable[[], ResultT],
        done: Callable[[ResultT], object] | None = None,
        failed: Callable[[Exception], object] | None = None,
        *,
        owner: QObject | None = None,
    ) -> Task:
        """Run on the thread that writes."""
        return self._run(self._threads.on_desk, call, Task(done, failed, owner))

    def on_reader(
        self,
        call: Callable[[], ResultT],
        done: Callable[[ResultT], object] | None = None,
        failed: Callable[[Exception], object] | None = None,
        *,
        owner: QObject | None = None,
    ) -> Task:
        """Run on the thread that only reads."""
        return self._run(self._threads.on_reader, call, Task(done, failed, owner))

    def in_background(
        self,
        call: Callable[[], ResultT],
        done: Callable[[ResultT], object] | None = None,
        failed: Callable[[Exception], object] | None = None,
        *,
        owner: QObject | None = None,
    ) -> Task:
        """Run where waiting for the network or the disk harms nobody."""
        return self._run(self._threads.in_background, call, Task(done, failed, owner))

    def close(self) -> None:
        """Bring nothing back any more."""
        self._closed = True
        self._unsubscribe()

    def _run(self, run: _Run, call: Callable[[], Any], task: Task) -> Task:
        if self._closed:
            task.cancel()
            return task
        future = run(call)
        task.begin(future)
        future.add_done_callback(partial(self._bring, task))
        return task

    def _bring(self, task: Task, future: Future[Any]) -> None:
        """Called on whatever thread finished the call."""
        if not self._closed and Shiboken.isValid(self):
            self._arrived.emit(task, future)

    @Slot(object, object)
    def _finish(self, task: Task, future: Future[Any]) -> None:
        if self._closed:
            return
        error = task.finish(future)
        if error is not None:
            self.failed_unexpectedly.emit(error)

    def _stir(self, changed: Changed) -> None:
        """Called on whatever thread caused the change."""
        with self._lock:
            first = not self._pending
            self._pending.setdefault(changed.origin, set()).update(changed.topics)
        if first and not self._closed and Shiboken.isValid(self):
            self._stirred.emit()

    @Slot()
    def _tell(self) -> None:
        with self._lock:
            pending, self._pending = self._pending, {}
        if self._closed:
            return
        for origin, topics in pending.items():
            self.changed.emit(Changed(frozenset(topics), origin))


class Latest:
    """Asks one question again and again, one at a time: asked meanwhile, it asks once more."""

    def __init__(self, ask: Callable[[Callable[[], None]], object]) -> None:
        """`ask(ended)` starts the question and calls `ended` when its answer is there, good or bad."""
        self._ask = ask
        self._under_way = False
        self._again = False

    def refresh(self) -> None:
        """Ask now, or as soon as the answer under way is there."""
        if self._under_way:
            self._again = True
            return
        self._under_way = True
        self._ask(self._ended)

    def _ended(self) -> None:
        self._under_way = False
        if self._again:
            self._again = False
            self.refresh()
