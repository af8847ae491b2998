"""One thread an account: everything that waits for its server happens there, one call at a time."""

from __future__ import annotations

import logging
import math
import random
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime
from typing import Any, TypeVar

from reviewer.connectors.api import Connector, ConnectorError, RateLimited, Refused, Service, Unauthorized
from reviewer.errors import OperatorError
from reviewer.services.model import AccountStatus
from reviewer.storage.database import StorageProblem

ResultT = TypeVar("ResultT")
_log = logging.getLogger(__name__)

_BACKOFF_LEAST_S = 1.0
_BACKOFF_MOST_S = 30.0
#: How long the account rests where this computer's disk is the trouble, not the server.
_STORAGE_S = 5.0
#: No server and no duty is waited for longer without another look.
_LONGEST_S = 3600.0
#: How long the program waits at its end for a call that hangs.
_STOP_S = 5.0


class Duty:
    """Something that is done again and again while the account is online.

    `run(connector)` answers after how many seconds it wants to run again; `soon()` and `by()` make it due
    earlier, on any thread, and also while it runs.
    """

    def __init__(self, name: str, run: Callable[[Connector], float]) -> None:
        self.name = name
        self._run = run
        self._lock = threading.Lock()
        self._due_at = 0.0

    @property
    def due_at(self) -> float:
        """When it wants to run, on the worker's clock."""
        with self._lock:
            return self._due_at

    def soon(self) -> None:
        """Due at the next look."""
        self.by(0.0)

    def by(self, at: float) -> None:
        """Due no later than that."""
        with self._lock:
            self._due_at = min(self._due_at, at)

    def do(self, connector: Connector, clock: Callable[[], float]) -> None:
        """Run it once; where it fails it wants to run again in a second."""
        with self._lock:
            self._due_at = math.inf
        wait_s = 1.0
        try:
            wait_s = min(_LONGEST_S, max(0.0, self._run(connector)))
        finally:
            self.by(clock() + wait_s)


class AccountWorker:
    """Connects an account, keeps its duties, and runs what others ask of its server.

    States: `connecting`, `online`, `offline` (tries again, with jittered backoff), `sign_in` (waits for a
    new token), `failed` (waits for a person).
    """

    def __init__(
        self,
        account: str,
        name: str,
        open_connector: Callable[[], Connector],
        connected: Callable[[Connector, Service], None],
        changed: Callable[[AccountStatus], None],
        trouble: Callable[[str], None],
        *,
        clock: Callable[[], float],
        now: Callable[[], datetime],
    ) -> None:
        self.account = account
        self._name = name
        self._open = open_connector
        self._connected = connected
        self._changed = changed
        self._trouble = trouble
        self._clock = clock
        self._now = now
        self._duties: list[Duty] = []
        self._woken = threading.Condition()
        self._jobs: deque[tuple[Callable[[Connector], Any], Future[Any]]] = deque()
        self._stopping = False
        self._failures = 0
        self._retry_at = 0.0
        self._connector: Connector | None = None
        self._reopen = False
        self._online = False
        self.status = AccountStatus(account, name, "connecting", since=now())
        self._thread = threading.Thread(target=self._run, name=f"account-{account}", daemon=True)

    def add_duty(self, duty: Duty) -> None:
        """Before `start()`."""
        self._duties.append(duty)

    def start(self) -> None:
        """Begin to connect."""
        self._thread.start()

    def wake(self, *, retry: bool = False) -> None:
        """Look for work now; with `retry` also where the account waits for its next try."""
        with self._woken:
            if retry:
                self._retry_at = 0.0
                self._reopen = self.status.state in ("sign_in", "failed", "offline")
            self._woken.notify()

    def request(self, call: Callable[[Connector], ResultT]) -> Future[ResultT]:
        """Run `call(connector)` on the thread as soon as it is free.  Its errors are the future's."""
        future: Future[ResultT] = Future()
        with self._woken:
            if self._stopping:
                future.set_exception(OperatorError(f"{self._name} is being closed."))
                return future
            self._jobs.append((call, future))
            self._woken.notify()
        return future

    def stop(self) -> None:
        """End after the call that runs now; one that hangs is left behind after a few seconds.

        What was asked and not begun fails with words.
        """
        with self._woken:
            self._stopping = True
            self._woken.notify()
        if self._thread.is_alive():
            self._thread.join(_STOP_S)

    def _run(self) -> None:
        while True:
            with self._woken:
                while not self._stopping and not self._jobs and (wait := self._wait_s()) > 0:
                    self._woken.wait(wait)
                if self._stopping:
                    break
                job = self._jobs.popleft() if self._jobs else None
            if job is not None:
                self._do_job(*job)
            else:
                self._do_duties()
        for _, future in self._jobs:
            future.set_exception(OperatorError(f"{self._name} is being closed."))
        self._drop_connector()

    def _wait_s(self) -> float:
        at = self._clock()
        if not self._online:
            return max(0.0, self._retry_at - at)
        due = min((duty.due_at for duty in self._duties), default=at + 3600.0)
        return max(0.0, max(due, self._retry_at) - at)

    def _do_job(self, call: Callable[[Connector], Any], future: Future[Any]) -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            if self._connector is None or not self._online:
                self._connect()
            result = call(self._connector_or_fail())
        except Exception as error:  # noqa: BLE001 - handed to whoever waits for the result
            self._note(error)
            future.set_exception(error)
        else:
            future.set_result(result)

    def _do_duties(self) -> None:
        try:
            if not self._online:
                self._connect()
            for duty in self._duties:
                if self._jobs or self._stopping:
                    return
                if duty.due_at <= self._clock():
                    duty.do(self._connector_or_fail(), self._clock)
            self._failures = 0  # a whole round went well: waits are short again
        except Exception as error:  # noqa: BLE001 - becomes the account's state
            self._note(error)

    def _connect(self) -> None:
        if self._reopen:  # dropped here, since the thread that asked for it may not touch what this one uses
            self._reopen = False
            self._drop_connector()
        if self._connector is None:
            self._connector = self._open()
        service = self._connector.service()
        self._connected(self._connector, service)
        self._online = True
        self._retry_at = 0.0
        for duty in self._duties:
            duty.soon()
        self._set_state("online", "", service)

    def _connector_or_fail(self) -> Connector:
        if self._connector is None:
            raise OperatorError(f"{self._name} is not connected.")
        return self._connector

    def _note(self, error: Exception) -> None:
        """An error becomes the state of the account."""
        if isinstance(error, StorageProblem):
            self._retry_at = self._clock() + _STORAGE_S
            self._trouble(str(error))
        elif isinstance(error, RateLimited):
            self._retry_at = self._clock() + min(_LONGEST_S, max(0.0, error.after_s))
            if not self._online:
                self._set_state("offline", str(error))
        elif isinstance(error, Unauthorized):
            self._pause("sign_in", str(error))
        elif isinstance(error, Refused):
            if not self._online:
                self._pause("failed", str(error))
            else:
                _log.warning("%s refused: %s", self.account, error)
        elif isinstance(error, ConnectorError):
            self._back_off(str(error))
        elif isinstance(error, OperatorError):
            if self._online:
                self._back_off(str(error))
            else:
                self._pause("failed", str(error))
        else:
            _log.exception("a fault of the connector of %s", self.account, exc_info=error)
            self._back_off(f"A fault of the connector: {type(error).__name__}. Its author must mend it.")

    def _back_off(self, words: str) -> None:
        self._failures += 1
        longest = min(_BACKOFF_MOST_S, _BACKOFF_LEAST_S * 2 ** min(self._failures - 1, 10))
        self._retry_at = self._clock() + random.uniform(longest / 2, longest)  # noqa: S311 - jitter
        self._online = False
        self._set_state("offline", words)

    def _pause(self, state: str, words: str) -> None:
        self._online = False
        self._retry_at = self._clock() + 3600.0
        self._set_state(state, words)

    def _set_state(self, state: str, words: str, service: Service | None = None) -> None:
        before = self.status
        self.status = AccountStatus(
            account=self.account,
            name=service.name if service else before.name,
            state=state,
            error=words,
            since=before.since if before.state == state else self._now(),
            reviewer_name=service.reviewer_name if service else before.reviewer_name,
            role=service.role if service else before.role,
        )
        if self.status != before:
            self._changed(self.status)

    def _drop_connector(self) -> None:
        connector, self._connector, self._online = self._connector, None, False
        if connector is not None:
            try:
                connector.close()
            except Exception:  # noqa: BLE001 - a connector that can't even close is dropped all the same
                _log.exception("the connector of %s failed to close", self.account)
