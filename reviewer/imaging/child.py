"""One decode worker as its parent sees it: started, asked, watched, ended."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import reviewer
from reviewer.errors import BugError
from reviewer.imaging.messages import (
    ANSWER,
    HELLO,
    Hello,
    Picture,
    ProtocolError,
    Refusal,
    Request,
    read_exactly,
    read_message,
    write_message,
)
from reviewer.imaging.pictures import Decoded, RefusalCode, RefusedPicture

if sys.platform == "linux":
    import fcntl
    import resource

    _PAGE: Final = resource.getpagesize()
else:
    import psutil

MAX_RESIDENT_BYTES: Final = 512 * 1024 * 1024
_PIPE_BYTES: Final = 1024 * 1024
_KEPT: Final = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "TEMP", "TMP", "LANG", "LC_ALL")
_SINGLE_THREADED: Final = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


class WorkerLost(Exception):
    """The worker ended, was ended, or broke the protocol; `code` says which, where its watcher knows."""

    def __init__(self, code: RefusalCode) -> None:
        super().__init__(code)
        self.code: RefusalCode = code


def worker_command() -> list[str]:
    """How the worker is started from a checkout or an installed package."""
    return [sys.executable, "-P", "-s", "-m", "reviewer.imaging.worker"]


def worker_environment() -> dict[str, str]:
    """A small environment: no tokens, no proxies; the path to this very package; one thread a library."""
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    environment["PYTHONPATH"] = str(Path(reviewer.__file__).resolve().parent.parent)
    environment.update(dict.fromkeys(_SINGLE_THREADED, "1"))
    return environment


class WorkerProcess:
    """A started worker.  One thread asks it; `watch` and `kill` may be called from any other thread.

    The constructor starts the process and returns at once; it raises OSError where that fails.  On Linux
    the worker ends with the thread that constructed it (PR_SET_PDEATHSIG follows the thread).
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            list(command),
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        if self._process.stdin is None or self._process.stdout is None:
            raise BugError("a worker without pipes")
        self._sink = self._process.stdin
        self._source = os.fdopen(os.dup(self._process.stdout.fileno()), "rb", buffering=4096)
        self._process.stdout.close()
        self._lock = threading.Lock()
        self._deadline: float | None = None
        self._cause: RefusalCode | None = None
        self.answered = 0
        """How many pictures this worker has answered."""
        if sys.platform == "linux":
            for end in (self._sink, self._source):
                with suppress(OSError):  # the user's share of pipe memory may be used up
                    fcntl.fcntl(end, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def ended(self) -> bool:
        """Whether the process is gone; never waits."""
        return self._process.poll() is not None

    def greet(self, seconds: float) -> Hello:
        """Wait for the worker's hello; raises WorkerLost when none came in `seconds`."""
        self._set_deadline(seconds)
        try:
            hello = read_message(self._source, HELLO)
        except (ProtocolError, OSError) as error:
            raise self._lost() from error
        self._set_deadline(None)
        if hello is None:
            raise self._lost()
        return hello

    def decode(self, request: Request, data: bytes, seconds: float) -> Decoded | RefusedPicture:
        """Send one picture and return the checked answer; raises WorkerLost when none came in `seconds`."""
        self._set_deadline(seconds)
        try:
            write_message(self._sink, request, data)
            answer = read_message(self._source, ANSWER)
            if answer is None:
                raise ProtocolError("no answer")
            result = self._checked(request, answer)
        except (ProtocolError, OSError) as error:
            raise self._lost() from error
        self._set_deadline(None)
        self.answered += 1
        return result

    def _checked(self, request: Request, answer: Picture | Refusal) -> Decoded | RefusedPicture:
        if answer.identity != request.identity:
            raise ProtocolError("an answer to another question")
        if isinstance(answer, Refusal):
            return RefusedPicture(answer.code, answer.reason)
        width, height = (request.max_width, request.max_height) if request.pixels else (0, 0)
        if not (
            bool(answer.width) == bool(answer.height) == request.pixels
            and answer.width <= width
            and answer.height <= height
            and answer.stride == 4 * answer.width
            and answer.length == answer.stride * answer.height
            and (request.fingerprint or answer.fingerprint is None)
        ):
            raise ProtocolError("an answer that does not fit its question")
        return Decoded(
            answer.width,
            answer.height,
            answer.stride,
            read_exactly(self._source, answer.length),
            answer.source_width,
            answer.source_height,
            answer.format,
            answer.frames,
            answer.fingerprint,
        )

    def watch(self, now: float) -> None:
        """Kill the worker if its time (`now` is `time.monotonic`) or its memory has run out while it works."""
        with self._lock:
            deadline = self._deadline
        if deadline is None:
            return
        if now >= deadline:
            self.kill("timeout")
        elif self.resident_bytes() > MAX_RESIDENT_BYTES:
            self.kill("memory")

    def resident_bytes(self) -> int:
        """The worker's resident memory, 0 when it is gone."""
        if sys.platform == "linux":
            try:
                return int(Path(f"/proc/{self.pid}/statm").read_bytes().split()[1]) * _PAGE
            except (OSError, IndexError):
                return 0
        else:
            try:
                return int(psutil.Process(self.pid).memory_info().rss)
            except psutil.Error:
                return 0

    def kill(self, cause: RefusalCode) -> None:
        """End the process at once; the one who waits for its answer gets WorkerLost with `cause`."""
        with self._lock:
            if self._cause is None:
                self._cause = cause
            with suppress(OSError):
                self._process.kill()

    def close(self) -> None:
        """End the process, wait for it and give its pipes back; only the asking thread calls this."""
        self.kill("stopped")
        self._process.wait()
        for end in (self._sink, self._source):
            with suppress(OSError):
                end.close()

    def _set_deadline(self, seconds: float | None) -> None:
        with self._lock:
            self._deadline = None if seconds is None else time.monotonic() + seconds

    def _lost(self) -> WorkerLost:
        with self._lock:
            self._deadline = None
            return WorkerLost(self._cause or "crashed")
