"""What a test build does at its failpoints, and the taps on the sockets for those inside of the HTTP library."""

from __future__ import annotations

import http.client
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from reviewer import failpoints
from reviewer.connectors import host_process
from reviewer.failpoints import failpoint

#: The points that the process of a connector passes.
IN_CONNECTORS = ("C7", "C8", "C12")
_BATCH = b'{"decisions":['


@dataclass(frozen=True, slots=True)
class Arming:
    """Kill at the `nth` passing of `point`, or so many seconds after it: in the middle of what comes then."""

    point: str
    nth: int
    after_s: float = 0.0


class Killer:
    """Counts the passings of one point and calls `die` at the chosen one."""

    def __init__(self, arming: Arming, die: Callable[[], None]) -> None:
        self._arming = arming
        self._die = die
        self._left = arming.nth
        self._lock = threading.Lock()

    def __call__(self, name: str) -> None:
        if name != self._arming.point:
            return
        with self._lock:
            self._left -= 1
            due = self._left == 0
        if due and self._arming.after_s:
            threading.Timer(self._arming.after_s, self._die).start()
        elif due:
            self._die()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def arm(arming: Arming | None, die: Callable[[], None] = _die) -> None:
    """Arm this process; also for what lies between the workstation and the wire."""
    tap_sockets()
    failpoints.arm(Killer(arming, die) if arming else None)


def arm_connectors(arming: Arming | None) -> None:
    """Let the connectors that this process starts be armed, too, where the point lies in their process."""
    if arming is not None and arming.point in IN_CONNECTORS:
        words = (arming.point, str(arming.nth), str(arming.after_s))
        command = [sys.executable, "-P", "-s", "-m", "tests.crash.hosted", *words]
        vars(host_process)["_command"] = lambda _manifest: command


def tap_sockets() -> None:
    """Send batches of decisions in two halves and read their answers so: C7, C8 and C12 lie between."""
    connection: Any = http.client.HTTPConnection
    if getattr(connection, "tapped", False):
        return
    connection.tapped = True
    send: Callable[..., None] = connection.send
    getresponse: Callable[..., Any] = connection.getresponse

    def tapped_send(self: Any, data: Any) -> None:
        if not (isinstance(data, bytes) and data.startswith(_BATCH)):
            send(self, data)
            return
        send(self, data[: len(data) // 2])
        failpoint("C7")
        send(self, data[len(data) // 2 :])
        self.carries_batch = True
        failpoint("C8")

    def tapped_getresponse(self: Any) -> Any:
        answer = getresponse(self)
        if getattr(self, "carries_batch", False):
            self.carries_batch = False
            read, length = answer.read, answer.length or 2

            def half(amount: int | None = None) -> Any:
                answer.read = read
                part = read(max(1, min(length // 2, amount or length)))
                failpoint("C12")
                return part if amount is not None else part + read()

            answer.read = half
        return answer

    connection.send = tapped_send
    connection.getresponse = tapped_getresponse
