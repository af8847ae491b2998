"""The window's door to picture evidence: one process behind a queue.  No picture library is imported here."""

import itertools
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Generic, Self, TypeVar

from reviewer.errors import BugError
from reviewer.imaging.child import worker_environment
from reviewer.imaging.evidence_messages import (
    ANSWER,
    BACKGROUND,
    CODE_BYTES,
    AddCodes,
    Answer,
    ClearIndex,
    Done,
    Failed,
    FingerprintPicture,
    Forget,
    Hello,
    IndexState,
    Learn,
    Matches,
    MatchPicture,
    Neighbours,
    OpenIndex,
    PictureCodes,
    Question,
    RemoveCodes,
    SaveIndex,
    SearchCodes,
    Unknown,
    read,
    write,
)
from reviewer.imaging.frames import ProtocolError
from reviewer.imaging.matches import Match
from reviewer.imaging.pictures import Decoded

EVIDENCE_SIDE: Final = 512
"""Decode to a box of this side for `match`, `learn` and `fingerprint`; more is shrunk, less finds less."""
SECONDS_A_QUESTION: Final = 60.0
_SECONDS_TO_START: Final = 30.0
_TRIES: Final = 2
_FIRST_BACKOFF: Final = 0.1
_LONGEST_BACKOFF: Final = 5.0
_BATCH: Final = 50_000
ResultT = TypeVar("ResultT")
AnswerT = TypeVar("AnswerT")


class EvidenceLost(Exception):
    """The evidence process ended while it worked on this, twice, or does not start; the review goes on without."""


class UnknownReferences(Exception):
    """These references must be given with their pixels first (a restarted process knows none)."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(", ".join(names))
        self.names = tuple(names)


@dataclass(frozen=True, slots=True)
class IndexSource:
    """Where the index lies, and how it is built again from the store where it is missing or damaged."""

    path: Path
    rebuild: Callable[[], Iterable[tuple[int, bytes]]]
    count: Callable[[], int] | None = None
    """How many codes it must hold; with another number it is built again."""


def evidence_command(*, background: bool) -> list[str]:
    """How the process is started from a checkout or an installed package."""
    command = [sys.executable, "-P", "-s", "-m", "reviewer.imaging.evidence_process"]
    return [*command, BACKGROUND] if background else command


@dataclass(slots=True)
class _Job(Generic[ResultT]):
    work: "Callable[[_Process], ResultT]"
    future: "Future[ResultT]"
    rank: int


class _Process:
    """A started evidence process; asked by one thread, ended by any."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], seconds: float) -> None:
        self._child = subprocess.Popen(
            list(command),
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        if self._child.stdin is None or self._child.stdout is None:
            raise BugError("an evidence process without pipes")
        self._sink, self._source = self._child.stdin, self._child.stdout
        self._seconds = seconds
        self._numbers = itertools.count(1)
        self.learned: set[str] = set()

    @property
    def pid(self) -> int:
        return self._child.pid

    def greet(self) -> None:
        with self._limit(_SECONDS_TO_START):
            answer = read(self._source, ANSWER)
            if not isinstance(answer, Hello):
                raise ProtocolError("no hello")

    def number(self) -> int:
        return next(self._numbers)

    def ask(self, question: Question, data: bytes | memoryview, kind: type[AnswerT]) -> AnswerT:
        """The answer; raises ProtocolError or OSError when the process is gone, BugError for a wrong question."""
        with self._limit(self._seconds):
            write(self._sink, question, data)
            self._sink.flush()
            answer: Answer | None = read(self._source, ANSWER)
        if answer is None or answer.number != question.number:
            raise ProtocolError("no answer, or one to another question")
        if isinstance(answer, Failed):
            raise BugError(f"the evidence process refused: {answer.reason}")
        if isinstance(answer, Unknown):
            raise UnknownReferences(answer.names)
        if not isinstance(answer, kind):
            raise ProtocolError("an answer of another kind")
        return answer

    def kill(self) -> None:
        with suppress(OSError):
            self._child.kill()

    def close(self) -> None:
        self.kill()
        self._child.wait()
        for end in (self._sink, self._source):
            with suppress(OSError):
                end.close()

    def _limit(self, seconds: float) -> "_Limit":
        return _Limit(seconds, self.kill)


class _Limit:
    """Calls something if the block takes longer."""

    def __init__(self, seconds: float, late: Callable[[], None]) -> None:
        self._timer = threading.Timer(seconds, late)
        self._timer.daemon = True

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()


class Evidence:
    """Asks one evidence process.  Every method may be called from any thread and answers with a future at once.

    The process starts with the first question, ends with this process (or with `close`), and is started again when
    it is lost; a question that it was lost on is asked once more, then its future raises EvidenceLost.  Callbacks of
    the futures run on the thread that asks.  In the `background` the process lets others go first.  Questions
    marked `urgent` come before the others.
    """

    def __init__(
        self,
        index: IndexSource | None = None,
        *,
        background: bool = True,
        seconds: float = SECONDS_A_QUESTION,
        command: Sequence[str] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._index = index
        self._seconds = seconds
        self._command = list(command or evidence_command(background=background))
        self._environment = dict(environment) if environment is not None else worker_environment()
        self._jobs: queue.PriorityQueue[tuple[int, int, _Job[Any] | None]] = queue.PriorityQueue()
        self._numbers = itertools.count()
        self._closing = threading.Event()
        self._process: _Process | None = None
        self._started = 0
        self._thread = threading.Thread(target=self._serve, name="evidence", daemon=True)
        self._thread.start()

    def match(
        self, picture: Decoded, candidates: Sequence[tuple[str, Decoded]], *, urgent: bool = False
    ) -> "Future[list[Match]]":
        """Match a picture against candidates (a lasting name, such as the digest, and the pixels), strongest first.

        Pixels of a name are sent once in the life of the process.
        """

        def work(process: _Process) -> list[Match]:
            for name, pixels in candidates:
                if name not in process.learned:
                    _learn(process, name, pixels)
            return _match(process, picture, [name for name, _ in candidates])

        return self._put(work, urgent=urgent)

    def match_known(
        self, picture: Decoded, names: Sequence[str] | None = None, *, urgent: bool = False
    ) -> "Future[list[Match]]":
        """Match against references that are known already (all where None); the future may raise UnknownReferences."""
        chosen = None if names is None else list(names)
        return self._put(lambda process: _match(process, picture, chosen), urgent=urgent)

    def learn(self, name: str, picture: Decoded) -> "Future[int]":
        """Make a reference known ahead of time; answers its number of keypoints."""
        return self._put(lambda process: _learn(process, name, picture))

    def forget(self, names: Sequence[str]) -> "Future[int]":
        """Forget references; answers how many were known."""

        def work(process: _Process) -> int:
            process.learned.difference_update(names)
            return process.ask(Forget(process.number(), names=list(names)), b"", Done).count

        return self._put(work)

    def fingerprint(self, picture: Decoded) -> "Future[PictureCodes]":
        """PDQ of a picture; see `PictureCodes`."""

        def work(process: _Process) -> PictureCodes:
            question = FingerprintPicture(
                process.number(), len(picture.pixels), width=picture.width, height=picture.height
            )
            return process.ask(question, picture.pixels, PictureCodes)

        return self._put(work)

    def add(self, codes: Sequence[tuple[int, bytes]]) -> "Future[int]":
        """Add codes (32 bytes each) under their 64-bit ids to the index, durably."""
        return self._put(lambda process: _add(process, codes, rebuilding=False))

    def remove(self, identities: Sequence[int]) -> "Future[int]":
        """Remove every code of these ids from the index, durably; answers how many went."""
        question_ids = list(identities)
        return self._put(
            lambda process: process.ask(RemoveCodes(process.number(), identities=question_ids), b"", Done).count
        )

    def search(self, codes: Sequence[bytes], radius: int, *, urgent: bool = False) -> "Future[list[tuple[int, int]]]":
        """Ids and distances (bits) within the radius of any of one picture's `searched` codes, nearest first."""
        data = b"".join(codes)
        return self._put(
            lambda process: process.ask(SearchCodes(process.number(), len(data), radius=radius), data, Neighbours).rows,
            urgent=urgent,
        )

    def save(self) -> "Future[int]":
        """Write the index anew, which shortens its log; answers how many codes it holds."""
        return self._put(lambda process: process.ask(SaveIndex(process.number()), b"", Done).count)

    def reopen(self) -> None:
        """Start another process with the next question, which then looks whether the index fits the store."""
        self._put(lambda _: self._drop(), urgent=True)

    @property
    def pid(self) -> int | None:
        """The process id, None while none runs."""
        process = self._process
        return None if process is None else process.pid

    def close(self) -> None:
        """End the process; futures that wait raise EvidenceLost."""
        if self._closing.is_set():
            return
        self._closing.set()
        if (process := self._process) is not None:
            process.kill()
        self._jobs.put((-1, -1, None))
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _put(self, work: "Callable[[_Process], ResultT]", *, urgent: bool = False) -> "Future[ResultT]":
        if self._closing.is_set():
            raise BugError("the evidence door is closed")
        future: Future[ResultT] = Future()
        rank = 0 if urgent else 1
        self._jobs.put((rank, next(self._numbers), _Job(work, future, rank)))
        return future

    def _serve(self) -> None:
        while not self._closing.is_set():
            _, _, job = self._jobs.get()
            if job is not None and job.future.set_running_or_notify_cancel():
                self._do(job)
        self._drop()
        while not self._jobs.empty():
            _, _, job = self._jobs.get()
            if job is not None and job.future.set_running_or_notify_cancel():
                job.future.set_exception(EvidenceLost("the program was closed"))

    def _do(self, job: _Job[Any]) -> None:
        for attempt in range(_TRIES):
            try:
                process = self._ready()
                job.future.set_result(job.work(process))
                return
            except (ProtocolError, OSError) as error:
                self._drop()
                reason = str(error)
                if attempt + 1 < _TRIES:
                    self._closing.wait(min(_FIRST_BACKOFF * 2.0**self._started, _LONGEST_BACKOFF))
            except Exception as error:  # noqa: BLE001  (what a question raises belongs to who asked it)
                job.future.set_exception(error)
                return
            if self._closing.is_set():
                break
        job.future.set_exception(EvidenceLost(reason))

    def _ready(self) -> _Process:
        """The process, started, greeted and with its index, where that is not so yet."""
        if self._process is not None:
            return self._process
        process = _Process(self._command, self._environment, self._seconds)
        self._process = process
        self._started += 1
        process.greet()
        if self._index is not None:
            self._open(process, self._index)
        self._started = 0
        return process

    def _open(self, process: _Process, index: IndexSource) -> None:
        path = os.fspath(index.path)
        opened = process.ask(OpenIndex(process.number(), path=path), b"", IndexState)
        if opened.state == "loaded" and (index.count is None or index.count() == opened.count):
            return
        if opened.count:
            process.ask(ClearIndex(process.number()), b"", Done)
        rows = iter(index.rebuild())
        while batch := list(itertools.islice(rows, _BATCH)):
            _add(process, batch, rebuilding=True)
        process.ask(SaveIndex(process.number()), b"", Done)

    def _drop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.close()


def _learn(process: _Process, name: str, picture: Decoded) -> int:
    question = Learn(process.number(), len(picture.pixels), name=name, width=picture.width, height=picture.height)
    count = process.ask(question, picture.pixels, Done).count
    process.learned.add(name)
    return count


def _match(process: _Process, picture: Decoded, names: list[str] | None) -> list[Match]:
    question = MatchPicture(
        process.number(), len(picture.pixels), width=picture.width, height=picture.height, names=names
    )
    return process.ask(question, picture.pixels, Matches).matches


def _add(process: _Process, codes: Sequence[tuple[int, bytes]], *, rebuilding: bool) -> int:
    if any(len(code) != CODE_BYTES for _, code in codes):
        raise BugError(f"a code that has not {CODE_BYTES} bytes")
    data = b"".join(code for _, code in codes)
    question = AddCodes(
        process.number(), len(data), identities=[identity for identity, _ in codes], rebuilding=rebuilding
    )
    return process.ask(question, data, Done).count
