"""Connectors in processes of their own: shared by an account's lanes, watched, started again with patience."""

from __future__ import annotations

import hashlib
import itertools
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import msgspec

from reviewer.connectors.api import Connector, Unavailable
from reviewer.connectors.approvals import UnreadableFolder, folder_digest
from reviewer.connectors.host_process import ConnectorFault, HostLimits, HostLost, HostProcess
from reviewer.connectors.instance import HostedConnector
from reviewer.connectors.opener import HostReport, Opening
from reviewer.errors import OperatorError

_log = logging.getLogger(__name__)
#: A process that lived so long is not thought of as failing again and again.
_SOUND_S = 60.0
_WATCH_S = 1.0
_CLOSE_S = 2.0
_FAULTS = 100


@dataclass(slots=True)
class _Health:
    """What is remembered of a connector over its processes."""

    restarts: int = 0
    failures: int = 0
    not_before: float = 0.0
    error: str = ""
    trace: str = ""
    log: tuple[str, ...] = ()


class Host:
    """The processes of one opening, one after another.  Safe on any thread."""

    def __init__(
        self, opening: Opening, limits: HostLimits, starter: Executor, tell: Callable[[str], None] = lambda _: None
    ) -> None:
        self.opening = opening
        self._tell = tell
        self._limits = limits
        self._starter = starter
        self._clock = time.monotonic
        self._lock = threading.Lock()
        self._starting = threading.Lock()
        self._process: HostProcess | None = None
        self._health = _Health()
        self._lanes = itertools.count(1)
        self._users = 0
        self._closed = False

    @property
    def name(self) -> str:
        """The connector's name for people."""
        return self.opening.manifest.name

    def enter(self) -> int:
        """One more instance; answers its lane."""
        with self._lock:
            self._users += 1
            return next(self._lanes)

    def leave(self) -> bool:
        """One instance less; whether it was the last, and the process ended."""
        with self._lock:
            self._users -= 1
            if self._users > 0:
                return False
        self.close()
        return True

    def running(self) -> HostProcess:
        """The process, started where there is none.  Raises `Unavailable` while it waits for its next start,
        `OperatorError` where it can't be started."""
        with self._starting:
            with self._lock:
                process = self._process
                if self._closed:
                    raise Unavailable(f"The connector {self.name} is being closed.")
                if process is not None and not process.ended:
                    return process
                wait = self._health.not_before - self._clock()
            if process is not None:
                self.lost(process)
                with self._lock:
                    wait = self._health.not_before - self._clock()
            if wait > 0:
                raise Unavailable(
                    f"The connector {self.name} {self._health.error}. It will be started again in {wait:.0f} s."
                )
            return self._start()

    def lost(self, process: HostProcess) -> None:
        """A process ended by itself: remember why, and wait a little longer each time before the next."""
        with self._lock:
            if self._process is not process:
                return
            self._process = None
            health = self._health
            health.failures = 1 if self._clock() - process.began > _SOUND_S else health.failures + 1
            pause = self._limits.first_wait_s * 2 ** min(health.failures - 1, 16)
            health.not_before = self._clock() + min(self._limits.longest_wait_s, pause)
            health.error = process.ended or "ended"
            health.log = tuple(process.lines)
        _log.warning("the connector %s of %s %s", self.opening.manifest.id, self.opening.account, health.error)
        self._tell(f"{self.opening.account}: {health.error}")
        process.close()

    def failed(self, fault: ConnectorFault) -> None:
        """Remember a fault, for the view of connectors."""
        with self._lock:
            self._health.error, self._health.trace = str(fault), fault.trace
        self._tell(f"{self.opening.account}: {fault}")

    def report(self) -> HostReport:
        """How it stands."""
        with self._lock:
            process, health = self._process, self._health
            alive = process is not None and not process.ended
            state = "running" if alive else "waiting" if health.error and not self._closed else "stopped"
            log = tuple(process.lines) if process is not None else health.log
            return HostReport(
                account=self.opening.account,
                connector=self.opening.manifest.id,
                state=state,
                pid=process.pid if process is not None and alive else 0,
                memory=process.memory() if process is not None and alive else 0,
                restarts=health.restarts,
                error=health.error,
                trace=health.trace,
                log=log,
            )

    def watch(self) -> None:
        """End the process where it takes too much memory."""
        with self._lock:
            process = self._process
        if process is not None:
            process.check_memory()

    def close(self) -> None:
        """End the process."""
        with self._lock:
            process, self._process, self._closed = self._process, None, True
            if process is not None:
                self._health.log = tuple(process.lines)
        if process is not None:
            process.close()

    def _start(self) -> HostProcess:
        opening = self.opening
        if opening.digest:
            try:
                digest = folder_digest(opening.manifest.folder)
            except UnreadableFolder as error:
                raise OperatorError(f"The connector {self.name} can't be started: {error}.") from error
            if digest != opening.digest:
                raise OperatorError(
                    f"The files of the connector {self.name} changed. Find out why, then approve it again."
                )
        if opening.keep:
            Path(opening.keep).mkdir(parents=True, exist_ok=True)
        try:
            process = self._starter.submit(HostProcess, opening, self._limits, self.name).result()
        except (OSError, RuntimeError) as error:
            raise OperatorError(f"The connector {self.name} can't be started: {error}.") from error
        with self._lock:
            if self._health.error:
                self._health.restarts += 1
            self._process = process
        try:
            process.wait_ready()
        except HostLost as error:
            self.lost(process)
            raise Unavailable(f"The connector {self.name} {error}. It will be started again.") from None
        return process


class ConnectorHosts:
    """Opens each connector in a process of its own; instances of one account share it.

    A thread looks at the memory of all processes every second while there are any.
    """

    def __init__(self, limits: HostLimits | None = None) -> None:
        self._limits = limits or HostLimits()
        self._lock = threading.Lock()
        self._hosts: dict[str, Host] = {}
        self._watcher: threading.Thread | None = None
        # One thread starts all processes: on Linux they end with the thread that started them.
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="connector-start")
        self._woken = threading.Event()
        self._closed = False
        #: What went wrong with any of them, the last hundred; also of those that are closed.
        self.faults: deque[str] = deque(maxlen=_FAULTS)

    def open(self, opening: Opening) -> Connector:
        """A connector for an account.  Raises `OperatorError` or the API's errors."""
        key = _key(opening)
        with self._lock:
            if self._closed:
                raise OperatorError("The program is being closed.")
            host = self._hosts.get(key)
            if host is None:
                host = self._hosts[key] = Host(opening, self._limits, self._starter, self.faults.append)
            connector = HostedConnector(host, lambda ended: self._forget(key, ended))
            if self._watcher is None:
                self._watcher = threading.Thread(target=self._watch, name="connector-watch", daemon=True)
                self._watcher.start()
        try:
            connector.open()
        except BaseException:
            connector.close()
            raise
        return cast("Connector", connector)

    def reports(self) -> tuple[HostReport, ...]:
        """How it stands with every process."""
        with self._lock:
            hosts = list(self._hosts.values())
        return tuple(host.report() for host in hosts)

    def close(self) -> None:
        """End every process, whoever still holds a connector."""
        with self._lock:
            self._closed = True
            hosts, self._hosts = list(self._hosts.values()), {}
            watcher, self._watcher = self._watcher, None
        self._woken.set()
        for host in hosts:
            host.close()
        self._starter.shutdown()
        if watcher is not None:
            watcher.join(_CLOSE_S)

    def _forget(self, key: str, host: Host) -> None:
        with self._lock:
            if self._hosts.get(key) is host:
                del self._hosts[key]

    def _watch(self) -> None:
        while not self._woken.wait(_WATCH_S):
            with self._lock:
                hosts = list(self._hosts.values())
            for host in hosts:
                host.watch()


def _key(opening: Opening) -> str:
    """Names an opening: other settings or secrets are another process."""
    told = (
        opening.account, str(opening.manifest.folder), opening.digest, dict(opening.settings), dict(opening.secrets),
        opening.skew_s, opening.limits,
    )  # fmt: skip
    return hashlib.sha256(msgspec.json.encode(told)).hexdigest()
