"""A line that lies: real sockets between a workstation and its hub, with a fault at a chosen call."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

_CHUNK = 65536
_DRIP_S = 0.02


@dataclass(frozen=True, slots=True)
class Request:
    """A call as it arrived; `raw` is what goes on to the hub."""

    method: str
    path: str
    body: bytes
    raw: bytes
    at: float


@dataclass(slots=True)
class Line:
    """What a fault has in hand: the workstation's end, the call, and the way to the hub."""

    near: socket.socket
    request: Request
    forward: Callable[[], bytes]
    proxy: FaultProxy

    def send(self, data: bytes) -> None:
        """To the workstation; it may have gone."""
        with contextlib.suppress(OSError):
            self.near.sendall(data)

    def reset(self) -> None:
        """End the connection with RST."""
        with contextlib.suppress(OSError):
            self.near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


Fault = Callable[[Line], None]


@dataclass(slots=True)
class _Plan:
    call: str
    fault: Fault
    times: int
    met: threading.Event = field(default_factory=threading.Event)


class FaultProxy:
    """Passes whole calls on, one connection each, and keeps them; a planned fault meets the next call of its name.

    A call's name is its method and path, such as `POST /v1/decisions`; one that ends with a slash stands for
    all below it.
    """

    def __init__(self, target: str) -> None:
        parts = urlsplit(target)
        self._target = (parts.hostname or "", parts.port or 80)
        self.closing = threading.Event()
        self._lock = threading.Lock()
        self._plans: list[_Plan] = []
        self.calls: list[Request] = []
        self.held_back: list[Request] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._accept, name="fault-proxy")]
        self._threads[0].start()

    def plan(self, call: str, fault: Fault, times: int = 1) -> threading.Event:
        """Let the next `times` calls of that name meet a fault; the event tells of the last of them."""
        plan = _Plan(call, fault, times)
        with self._lock:
            self._plans.append(plan)
        return plan.met

    def behave(self) -> None:
        """No faults from here on."""
        with self._lock:
            self._plans.clear()

    def of(self, call: str) -> list[Request]:
        """The calls of that name so far."""
        with self._lock:
            return [request for request in self.calls if call == f"{request.method} {request.path.partition('?')[0]}"]

    def close(self) -> None:
        """End every connection and thread."""
        self.closing.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)

    def _accept(self) -> None:
        while not self.closing.is_set():
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(near,), name="fault-proxy-line")
            self._threads.append(thread)
            thread.start()

    def _serve(self, near: socket.socket) -> None:
        with near:
            near.settimeout(10)
            request = _read(near)
            if request is None:
                return
            with self._lock:
                self.calls.append(request)
            plan = self._next_plan(request)
            line = Line(near, request, lambda: self.to_hub(request), self)
            with contextlib.suppress(OSError):
                (plan.fault if plan else passed)(line)
            if plan and plan.times == 0:
                plan.met.set()

    def _next_plan(self, request: Request) -> _Plan | None:
        name = f"{request.method} {request.path.partition('?')[0]}"
        with self._lock:
            for plan in self._plans:
                if plan.times and (name == plan.call or (plan.call.endswith("/") and name.startswith(plan.call))):
                    plan.times -= 1
                    return plan
        return None

    def to_hub(self, request: Request) -> bytes:
        """The hub's whole answer."""
        with socket.create_connection(self._target, 10) as far:
            far.sendall(request.raw)
            return b"".join(iter(lambda: far.recv(_CHUNK), b""))


def _read(near: socket.socket) -> Request | None:
    data = b""
    with contextlib.suppress(OSError):
        while b"\r\n\r\n" not in data:
            part = near.recv(_CHUNK)
            if not part:
                return None
            data += part
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    with contextlib.suppress(OSError):
        while len(body) < int(headers.get("content-length", "0")):
            part = near.recv(_CHUNK)
            if not part:
                return None
            body += part
    method, path, _ = lines[0].split(" ", 2)
    kept = [line for line in lines[1:] if not line.lower().startswith(("connection:", "accept-encoding:"))]
    raw = "\r\n".join([lines[0], *kept, "Connection: close", "", ""]).encode("latin-1") + body
    return Request(method, path, body, raw, time.monotonic())


def answer(status: str, body: bytes, *headers: str, kind: str = "application/json") -> bytes:
    """An answer in bytes."""
    head = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", "Connection: close"]
    return "\r\n".join([*head, *headers, "", ""]).encode() + body


def problem(status: str, kind: str, *headers: str) -> bytes:
    """A problem document as the hub would send it."""
    body = json.dumps({"type": kind, "title": kind, "status": int(status[:3]), "detail": "made up"}).encode()
    return answer(status, body, *headers, kind="application/problem+json")


def said(data: bytes) -> Fault:
    """Answer so, without asking the hub."""
    return lambda line: line.send(data)


def said_after(data: bytes) -> Fault:
    """Let the hub do its work, and answer so."""

    def fault(line: Line) -> None:
        line.forward()
        line.send(data)

    return fault


def passed(line: Line) -> None:
    """No fault at all."""
    line.send(line.forward())


def delayed(line: Line) -> None:
    """The hub does its work; its answer comes after the client has given up."""
    data = line.forward()
    with contextlib.suppress(OSError):
        line.near.recv(1)  # the client's end of the connection
    line.send(data)


def reset_before(line: Line) -> None:
    """The hub never hears of it."""
    line.reset()


def reset_after(line: Line) -> None:
    """The hub has done it; nobody hears."""
    line.forward()
    line.reset()


def cut_after(count: int) -> Fault:
    """The hub's answer breaks off after so many bytes; negative: so many before its end."""

    def fault(line: Line) -> None:
        data = line.forward()
        line.send(data[:count] if count >= 0 else data[: len(data) + count])

    return fault


def half_a_body(line: Line) -> None:
    """Half of the document, with a length that says it is all."""
    head, _, body = line.forward().partition(b"\r\n\r\n")
    line.send(answer(head.split(b" ", 1)[1].split(b"\r\n")[0].decode(), body[: len(body) // 2]))


def replayed(line: Line) -> None:
    """The call reaches the hub twice, and the second answer comes back."""
    line.forward()
    line.send(line.forward())


def duplicated(line: Line) -> None:
    """The call reaches the hub twice, and the first answer comes back."""
    first = line.forward()
    line.forward()
    line.send(first)


def reordered(line: Line) -> None:
    """The call is held back: it reaches the hub after those that come later, see `let_go`."""
    line.proxy.held_back.append(line.request)
    line.reset()


def let_go(proxy: FaultProxy) -> list[bytes]:
    """What was held back arrives at last; the hub's answers."""
    return [proxy.to_hub(request) for request in proxy.held_back]


def dripping(line: Line) -> None:
    """A byte at a time, without end."""
    data = line.forward()
    _drip(line, data)


def dripping_headers(line: Line) -> None:
    """Headers without end, a byte at a time: the body never begins."""
    line.forward()
    line.send(b"HTTP/1.1 200 OK\r\n")
    _drip(line, b"X-Patience: yes\r\n" * 100_000)


def _drip(line: Line, data: bytes) -> None:
    with contextlib.suppress(OSError):
        for place in range(len(data)):
            line.near.sendall(data[place : place + 1])
            if line.proxy.closing.wait(_DRIP_S):
                return


def endless(line: Line) -> None:
    """A body without end, as fast as it goes."""
    with contextlib.suppress(OSError):
        line.near.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n[")
        while not line.proxy.closing.is_set():
            line.near.sendall(b" " * _CHUNK)


def gzip_bomb(line: Line) -> None:
    """64 MiB of blanks in 64 KiB."""
    body = gzip.compress(b" " * (64 << 20))
    line.send(answer("200 OK", body, "Content-Encoding: gzip"))


def clock_of(**step: float) -> Fault:
    """The service document of a server whose clock is elsewhere."""

    def fault(line: Line) -> None:
        head, _, body = line.forward().partition(b"\r\n\r\n")
        document = json.loads(body)
        moment = datetime.fromisoformat(document["server_time"].replace("Z", "+00:00")) + timedelta(**step)
        document["server_time"] = moment.isoformat().replace("+00:00", "Z")
        line.send(answer("200 OK", json.dumps(document).encode()))

    return fault


@contextlib.contextmanager
def fault_proxy(target: str) -> Iterator[FaultProxy]:
    """A proxy for as long as a `with` lasts."""
    proxy = FaultProxy(target)
    try:
        yield proxy
    finally:
        proxy.close()
