"""One process of a connector as the program sees it: started, asked, listened to, ended."""

from __future__ import annotations

import itertools
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import psutil

import reviewer
from reviewer.connectors import wire
from reviewer.connectors.api import (
    CursorLost,
    RateLimited,
    Refused,
    Unauthorized,
    Unavailable,
)
from reviewer.connectors.manifest import Manifest
from reviewer.connectors.opener import Opening
from reviewer.errors import OperatorError

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None  # type: ignore[assignment]

_KEPT: Final = (
    "PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "LANG", "LC_ALL", "HOME",
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR",
)  # fmt: skip
_PIPE_BYTES = 512 * 1024
_LINE = 2000
_LINES = 200
#: A connector that writes more than this in a minute floods its log.
FLOOD_BYTES = 8 * 1024 * 1024
_MINUTE_S = 60.0
#: How long a process may take to end in order.
_END_S = 2.0


@dataclass(frozen=True, slots=True)
class HostLimits:
    """What a connector's process may take: seconds to start and for a call, bytes of memory and of log in a minute."""

    start_s: float = 20.0
    call_s: float = 90.0
    memory_bytes: int = 512 * 1024 * 1024
    flood_bytes: int = FLOOD_BYTES
    first_wait_s: float = 1.0
    longest_wait_s: float = 60.0


class ConnectorFault(Unavailable):
    """The connector itself failed: it raised what it must not, answered what it must not, or its process ended.

    `trace` is for its author.
    """

    def __init__(self, message: str, trace: str = "") -> None:
        super().__init__(message)
        self.trace = trace


class HostLost(Exception):
    """The process ended or was ended; the text says why."""


class _Waiting:
    """Who waits for an answer."""

    __slots__ = ("answer", "arrived")

    def __init__(self) -> None:
        self.arrived = threading.Lock()
        self.arrived.acquire()
        self.answer: wire.Answer | wire.Problem | None = None

    def hand(self, answer: wire.Answer | wire.Problem | None) -> None:
        """Called once, by whoever took it out of the waiting."""
        self.answer = answer
        self.arrived.release()


class HostProcess:
    """A started process.  The constructor returns at once; any thread may ask.  Raises OSError where it can't start.

    Two threads listen: to its answers, and to what it writes to its log.
    """

    def __init__(self, opening: Opening, limits: HostLimits, name: str) -> None:
        self._limits = limits
        self._name = name
        self._secrets = [value for value in opening.secrets.values() if len(value) > 3]
        self._log = logging.getLogger(f"connector.{opening.manifest.id}")
        self._process = subprocess.Popen(
            _command(opening.manifest),
            env=_environment(),
            cwd=opening.manifest.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=sys.platform != "win32",
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        _widen(self._process.stdout)
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._waiting: dict[int, _Waiting] = {}
        self._ended = ""
        self._cause = ""
        self.protection = ""
        self.lines: deque[str] = deque(maxlen=_LINES)
        self.began = time.monotonic()
        self._ready = _Waiting()
        self._waiting[0] = self._ready
        start = wire.Start(
            str(opening.manifest.folder), dict(opening.settings), dict(opening.secrets),
            (opening.limits.connect_s, opening.limits.idle_s, opening.limits.whole_s), opening.keep,
            limits.memory_bytes, opening.skew_s,
        )  # fmt: skip
        self._threads = [
            threading.Thread(target=self._listen, name=f"{name}-answers", daemon=True),
            threading.Thread(target=self._listen_to_log, name=f"{name}-log", daemon=True),
        ]
        for thread in self._threads:
            thread.start()
        with suppress(OSError, HostLost):  # an end at once is told to whoever asks first
            self._write(wire.frame(start))

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def ended(self) -> str:
        """Why it ended; empty while it runs."""
        with self._lock:
            return self._ended

    def wait_ready(self) -> None:
        """Wait until it can be asked; raises `HostLost`."""
        if self.protection:
            return
        if not self._ready.arrived.acquire(timeout=self._limits.start_s):
            self.kill(f"did not start within {self._limits.start_s:g} s")
        self._ready.arrived.release()
        if not self.protection:
            raise HostLost(self._why())

    def ask(self, lane: int, call: str, arguments: tuple[Any, ...], within_s: float | None = None) -> Any:
        """Ask and wait.  Raises the API's errors, `OperatorError`, `ConnectorFault`, or `HostLost`."""
        waiting = _Waiting()
        with self._lock:
            if self._ended:
                raise HostLost(self._ended)
            number = next(self._numbers)
            self._waiting[number] = waiting
        try:
            self._write(wire.frame(wire.Ask(number, lane, call, wire.pack(arguments))))
        except OSError:
            self._wait_for_end()
            raise HostLost(self._why()) from None
        seconds = self._limits.call_s if within_s is None else within_s
        if not waiting.arrived.acquire(timeout=seconds):
            self.kill(f"did not answer {call}() within {seconds:g} s")
            waiting.arrived.acquire()
        answer = waiting.answer
        if answer is None:
            raise HostLost(self._why())
        if isinstance(answer, wire.Problem):
            raise self._error(answer, call)
        try:
            return wire.answer_from(call, answer)
        except wire.WireError as error:
            raise ConnectorFault(f"The connector {self._name} failed: {error}. Its author must mend it.") from error

    def memory(self) -> int:
        """Resident bytes, 0 where the process is gone."""
        try:
            return int(psutil.Process(self.pid).memory_info().rss)
        except psutil.Error:
            return 0

    def check_memory(self) -> None:
        """End the process where it takes more than it may."""
        if not self.ended and self.memory() > self._limits.memory_bytes:
            self.kill(f"took more than {self._limits.memory_bytes // 2**20} MiB of memory")

    def kill(self, cause: str) -> None:
        """End the process and everything that it started; who waits gets `HostLost` with the cause."""
        with self._lock:
            self._cause = self._cause or cause
        if sys.platform == "win32":
            _kill_tree(self.pid)
        else:
            with suppress(OSError):
                os.killpg(self.pid, signal.SIGKILL)
        with suppress(OSError):
            self._process.kill()

    def close(self) -> None:
        """End the process in order, or by force after two seconds; waits for its threads."""
        with self._lock:
            self._cause = self._cause or "was closed"
        with suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_END_S)
        self.kill("was closed")
        self._process.wait()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(_END_S)

    def _write(self, body: bytes) -> None:
        sink = self._process.stdin
        if sink is None:
            raise HostLost("has no pipe")
        with self._writing:
            view = memoryview(body)
            while view:
                try:
                    view = view[sink.write(view) :]
                except ValueError as error:  # closed meanwhile
                    raise OSError from error

    def _listen(self) -> None:
        source = self._process.stdout
        cause = ""
        try:
            while source is not None and (body := wire.read_frame(source.read)) is not None:
                self._take(wire.message_from(body))
        except wire.WireError as error:
            cause = f"wrote {error} to its answers"
        except (OSError, ValueError):
            cause = ""
        if cause:
            self.kill(cause)
        self._wait_for_end()
        with self._lock:
            self._ended = self._ended or self._cause or _exit_words(self._process.returncode)
            waiting, self._waiting = list(self._waiting.values()), {}
        for one in waiting:
            one.hand(None)
        for pipe in (self._process.stdout, self._process.stdin):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()

    def _take(self, message: wire.Message) -> None:
        if isinstance(message, wire.Ready):
            self.protection = message.protection or "none"
            with self._lock:
                waiting = self._waiting.pop(0, None)
            if waiting is not None:
                waiting.hand(None)
            return
        with self._lock:
            waiting = self._waiting.pop(message.number, None)
        if waiting is None:
            raise wire.WireError("an answer that nobody asked for")
        waiting.hand(message)

    def _listen_to_log(self) -> None:
        source = self._process.stderr
        if source is None:
            return
        rest, since, written = b"", time.monotonic(), 0
        while True:
            try:
                part = source.read(1 << 16)
            except (OSError, ValueError):
                break
            if not part:
                break
            at = time.monotonic()
            if at - since > _MINUTE_S:
                since, written = at, 0
            written += len(part)
            if written > self._limits.flood_bytes:
                self.kill(f"flooded its log with more than {self._limits.flood_bytes // 2**20} MiB")
                continue
            *lines, rest = (rest + part).split(b"\n")
            rest = rest[-_LINE:]
            for line in lines[-_LINES:]:
                self._say(line)
        if rest:
            self._say(rest)
        with suppress(OSError):
            source.close()

    def _say(self, line: bytes) -> None:
        words = line[:_LINE].decode("utf-8", "replace").rstrip()
        for secret in self._secrets:
            words = words.replace(secret, "•••")
        if words:
            self.lines.append(words)
            self._log.info("%s", words)

    def _wait_for_end(self) -> None:
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:  # it closed its pipe and lives on
            self.kill("closed its pipe")
            self._process.wait()

    def _why(self) -> str:
        with self._lock:
            return self._ended or self._cause or _exit_words(self._process.returncode)

    def _error(self, problem: wire.Problem, call: str) -> Exception:
        words, trace = problem.words, problem.trace
        for secret in self._secrets:
            words, trace = words.replace(secret, "•••"), trace.replace(secret, "•••")
        match problem.kind:
            case "unavailable":
                return Unavailable(words)
            case "unauthorized":
                return Unauthorized(words)
            case "rate_limited":
                return RateLimited(words, max(0.0, problem.after_s))
            case "cursor_lost":
                return CursorLost(words)
            case "refused":
                return Refused(words, problem.case_id)
            case "operator":
                return OperatorError(words, detail=trace)
            case _:
                text = f"The connector {self._name} failed in {call}(): {words}. Its author must mend it."
                return ConnectorFault(text, trace)


def _widen(pipe: IO[bytes] | None) -> None:
    """Let a whole page of answers lie in the pipe: else the process waits in the middle of writing it."""
    if pipe is not None and fcntl is not None and hasattr(fcntl, "F_SETPIPE_SZ"):
        with suppress(OSError):  # the system allows no more to this user
            fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def _command(manifest: Manifest) -> list[str]:
    """How the process is started; raises `OperatorError` where the connector's own Python can't be used."""
    if not manifest.own_environment:
        return [sys.executable, "-P", "-s", "-m", "reviewer.connectors.hosted"]
    environment = manifest.folder / ".venv"
    python = environment / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    wanted = f"{sys.version_info.major}.{sys.version_info.minor}"
    if not python.is_file():
        raise OperatorError(
            f"The connector {manifest.name} wants a Python of its own, and {environment} is missing. Make it with "
            f"Python {wanted} and install what its README names."
        )
    try:
        told = (environment / "pyvenv.cfg").read_text(encoding="utf-8")
    except OSError:
        told = ""
    version = next((line.partition("=")[2].strip() for line in told.splitlines() if line.startswith("version")), "")
    if ".".join(version.split(".")[:2]) != wanted:
        raise OperatorError(
            f"The Python of the connector {manifest.name} is {version or 'unknown'}; make its .venv with {wanted}."
        )
    # Its own packages come first, the program's after them.
    code = f"import sys; sys.path += {sys.path[1:]!r}; import runpy; runpy.run_module('reviewer.connectors.hosted', run_name='__main__')"  # noqa: E501
    return [str(python), "-P", "-s", "-c", code]


def _environment() -> dict[str, str]:
    """A small environment: no tokens of others; the path to this very package."""
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    environment["PYTHONPATH"] = str(Path(reviewer.__file__).resolve().parent.parent)
    environment["PYTHONUTF8"] = "1"
    environment["PYTHONUNBUFFERED"] = "1"
    return environment


def _exit_words(code: int | None) -> str:
    if code is None:
        return "ended"
    if code < 0:
        with suppress(ValueError):
            return f"was ended by {signal.Signals(-code).name}"
    return f"ended with {code}"


def _kill_tree(pid: int) -> None:
    with suppress(psutil.Error):
        for child in psutil.Process(pid).children(recursive=True):
            with suppress(psutil.Error):
                child.kill()
