"""The window's door to picture decoding: a few locked-down worker processes behind one queue.

No picture library is imported here.  Nothing that a picture does reaches the caller as an exception: the
future's result is a `Decoded` or a `RefusedPicture`.
"""

import heapq
import itertools
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

from reviewer.errors import BugError
from reviewer.imaging.child import WorkerLost, WorkerProcess, worker_command, worker_environment
from reviewer.imaging.messages import Hello, Request
from reviewer.imaging.pictures import MAX_BYTES, MAX_PAGES, MAX_SIDE, Decoded, Protection, RefusalCode, RefusedPicture

Result = Decoded | RefusedPicture

SECONDS_A_PICTURE: Final = 2.0
PICTURES_A_WORKER: Final = 500
_SECONDS_TO_START: Final = 15.0
_SECONDS_BETWEEN_LOOKS: Final = 0.05
_STARTS_BEFORE_REFUSING: Final = 3
_FIRST_BACKOFF: Final = 0.1
_LONGEST_BACKOFF: Final = 2.0

_REASONS: Final[dict[RefusalCode, str]] = {
    "timeout": "This picture took longer than {seconds:g} seconds to decode.",
    "memory": "This picture needs more memory to decode than is allowed (512 MiB).",
    "crashed": "The decoder stopped while it read this picture; the picture is probably made to do that.",
    "unavailable": "Pictures can't be shown: the picture decoder does not start on this computer.",
    "stopped": "The program was closed before this picture was decoded.",
}


@dataclass(order=True, slots=True)
class _Job:
    """A place in the queue: urgent ones first, then in the order in which they came."""

    rank: int
    number: int
    data: bytes = field(compare=False)
    request: Request = field(compare=False)
    future: "Future[Result]" = field(compare=False)


class DecodePool:
    """Decodes pictures in `workers` processes.  Every method may be called from any thread.

    The constructor returns at once; the workers start beside it.  Each has one thread here, and one more
    thread watches time and memory while something is being decoded.  A picture that ends its worker is
    refused; the worker is started again (with growing pauses if it keeps dying) and the others go on.
    `command` and `environment` replace how a worker is started (a packaged program has its own way).
    """

    def __init__(
        self,
        workers: int = 2,
        *,
        seconds: float = SECONDS_A_PICTURE,
        pictures_a_worker: int = PICTURES_A_WORKER,
        command: Sequence[str] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        if workers < 1:
            raise BugError("a decode pool needs at least one worker")
        self._seconds = seconds
        self._pictures_a_worker = pictures_a_worker
        self._command = list(command) if command is not None else worker_command()
        self._environment = dict(environment) if environment is not None else worker_environment()
        self._lock = threading.Lock()
        self._work = threading.Condition(self._lock)
        self._busy = threading.Condition(self._lock)
        self._up = threading.Condition(self._lock)
        self._closing = threading.Event()
        self._ready = threading.Event()
        self._queue: list[_Job] = []
        self._numbers = itertools.count()
        self._children: list[WorkerProcess | None] = [None] * workers
        self._greeted: list[Hello | None] = [None] * workers
        self._starting_or_working = 0
        self._last_hello: Hello | None = None
        self._threads = [
            threading.Thread(target=self._serve, args=(slot,), name=f"decode-{slot}", daemon=True)
            for slot in range(workers)
        ]
        self._threads.append(threading.Thread(target=self._watch, name="decode-watch", daemon=True))
        for thread in self._threads:
            thread.start()

    def submit(
        self,
        data: bytes,
        max_width: int,
        max_height: int,
        *,
        fingerprint: bool = False,
        pixels: bool = True,
        urgent: bool = False,
        page: int = 0,
    ) -> "Future[Result]":
        """Queue one encoded picture, to fit `max_width` x `max_height` pixels (each 1 to `MAX_SIDE`).

        `page` is that of a document, 0 to `MAX_PAGES`.
        Urgent ones come before all that are not.  A future that is cancelled while it waits is dropped from
        the queue; one that is being decoded can't be cancelled.  The future's callbacks run in a thread of
        the pool.  Raises BugError for a box out of range and after `close`.
        """
        if not (1 <= max_width <= MAX_SIDE and 1 <= max_height <= MAX_SIDE):
            raise BugError(f"a picture box of {max_width} x {max_height} pixels")
        future: Future[Result] = Future()
        if len(data) > MAX_BYTES:
            future.set_result(RefusedPicture("too_large_bytes", f"This picture is larger than {MAX_BYTES >> 20} MiB."))
            return future
        with self._lock:
            if self._closing.is_set():
                raise BugError("the decode pool is closed")
            number = next(self._numbers)
            request = Request(number, len(data), max_width, max_height, pixels, fingerprint, min(page, MAX_PAGES))
            heapq.heappush(self._queue, _Job(0 if urgent else 1, number, data, request, future))
            self._work.notify()
        return future

    @property
    def protection(self) -> Protection:
        """How well the workers are locked in: "starting" until the first one has said it."""
        hello = self._weakest()
        return hello.protection if hello is not None else "starting"

    @property
    def protection_reason(self) -> str:
        """Why the protection is reduced, in words; empty when it is full or not known yet."""
        hello = self._weakest()
        return hello.reason if hello is not None else ""

    @property
    def hello(self) -> Hello | None:
        """The weakest worker's own report, with what it tried after its lock-down; None until one is up."""
        return self._weakest()

    def wait_ready(self, seconds: float, *, every: bool = False) -> bool:
        """Wait until a first worker (or `every` one) is up; False if it is not after `seconds`.

        Up means locked in and greeted.  Not for the GUI thread.
        """
        if not every:
            return self._ready.wait(seconds)
        with self._up:
            return self._up.wait_for(lambda: all(hello is not None for hello in self._greeted), seconds)

    def worker_pids(self) -> list[int]:
        """The process ids of the workers that live, for diagnostics."""
        with self._lock:
            return [child.pid for child in self._children if child is not None]

    def close(self) -> None:
        """End every worker and thread.  Waiting futures are cancelled, running ones are refused ("stopped").

        Returns when nothing is left; a second call does nothing.  Not from a future's callback.
        """
        with self._lock:
            self._closing.set()
            waiting, self._queue = self._queue, []
            for child in self._children:
                if child is not None:
                    child.kill("stopped")
            self._work.notify_all()
            self._busy.notify_all()
        for job in waiting:
            job.future.cancel()
        for thread in self._threads:
            thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _weakest(self) -> Hello | None:
        with self._lock:
            hellos = [hello for hello in self._greeted if hello is not None]
            return next((hello for hello in hellos if hello.protection == "reduced"), None) or self._last_hello

    def _serve(self, slot: int) -> None:
        """One worker's thread: keep it up, hand it one picture after the other."""
        deaths = 0
        while not self._closing.is_set():
            if deaths > 1:
                pause = min(_FIRST_BACKOFF * 2.0 ** (deaths - 2), _LONGEST_BACKOFF)
                self._closing.wait(pause)
            child = self._started(slot)
            if child is None:
                deaths += 1
                if deaths >= _STARTS_BEFORE_REFUSING:
                    self._refuse_waiting()
                continue
            answered = self._use(child)
            deaths = 0 if answered == self._pictures_a_worker else (deaths if not answered else 0) + 1
            self._drop(slot, child)

    def _started(self, slot: int) -> WorkerProcess | None:
        """Start a worker and wait for its hello; None where that fails or the pool closes."""
        try:
            child = WorkerProcess(self._command, self._environment)
        except OSError:
            return None
        with self._lock:
            self._children[slot] = child
            if self._closing.is_set():
                child.kill("stopped")
            self._enter()
        try:
            hello = child.greet(_SECONDS_TO_START)
        except WorkerLost:
            self._drop(slot, child)
            return None
        finally:
            self._leave()
        with self._lock:
            self._greeted[slot] = self._last_hello = hello
            self._up.notify_all()
        self._ready.set()
        return child

    def _drop(self, slot: int, child: WorkerProcess) -> None:
        child.close()
        with self._lock:
            self._children[slot] = None
            self._greeted[slot] = None

    def _use(self, child: WorkerProcess) -> int:
        """Decode until the worker is lost, has done its share, or the pool closes; returns the answers."""
        while child.answered < self._pictures_a_worker:
            job = self._next_job(child)
            if job is None:
                break
            try:
                result = child.decode(job.request, job.data, self._seconds)
            except WorkerLost as lost:
                self._leave()
                job.future.set_result(self._refusal(lost.code))
                break
            self._leave()
            job.future.set_result(result)
        return child.answered

    def _next_job(self, child: WorkerProcess) -> _Job | None:
        """Wait for the next job that nobody cancelled; None when the pool closes or `child` died idle."""
        with self._lock:
            while not self._closing.is_set():
                if not self._queue:
                    self._work.wait()
                    continue
                if child.ended():
                    self._work.notify()
                    return None
                job = heapq.heappop(self._queue)
                if job.future.set_running_or_notify_cancel():
                    self._enter()
                    return job
        return None

    def _refuse_waiting(self) -> None:
        """Answer everything that waits, if no worker is there to do it."""
        with self._lock:
            if any(hello is not None for hello in self._greeted):
                return
            waiting, self._queue = self._queue, []
        for job in waiting:
            if job.future.set_running_or_notify_cancel():
                job.future.set_result(self._refusal("unavailable"))

    def _refusal(self, code: RefusalCode) -> RefusedPicture:
        return RefusedPicture(code, _REASONS[code].format(seconds=self._seconds))

    def _enter(self) -> None:
        """Called with the lock held: one more worker has a deadline."""
        self._starting_or_working += 1
        self._busy.notify()

    def _leave(self) -> None:
        with self._lock:
            self._starting_or_working -= 1

    def _watch(self) -> None:
        """Look at time and memory every 50 ms while something runs, sleep otherwise."""
        while not self._closing.is_set():
            with self._lock:
                if not self._starting_or_working and not self._closing.is_set():
                    self._busy.wait()
                children = [child for child in self._children if child is not None]
            now = time.monotonic()
            for child in children:
                child.watch(now)
            self._closing.wait(_SECONDS_BETWEEN_LOOKS)
