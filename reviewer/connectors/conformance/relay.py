"""A line between a connector and its server that can be made to lie: slow, cut, silent, overloaded."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

_CHUNK = 65_536
_DRIP_S = 0.1
_LONGEST_S = 20.0
_BUSY = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_PAGE = b"<html><h1>Sign in to the network</h1></html>"
_HTML = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (
    len(_PAGE),
    _PAGE,
)
_SAFE = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True, slots=True)
class _Asked:
    method: str
    raw: bytes


class Relay:
    """Passes whole calls on, one connection each.  `mode` says how it lies:

    `pass`, `busy` (429), `page` (another program's page), `hang` (no answer), `drip` (a byte at a time),
    `cut` (half an answer), `deaf` (the server does what it was asked, the answer to what changes something is lost).
    """

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self._target = (parts.hostname or "", parts.port or 80)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}{parts.path}"
        self.mode = "pass"
        self.lost = 0
        self._closing = threading.Event()
        self.waiting = threading.Event()
        self._threads: list[threading.Thread] = []
        self._begin(self._accept)

    def close(self) -> None:
        """End every connection and thread."""
        self._closing.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(_LONGEST_S)

    def _begin(self, call: object, *arguments: object) -> None:
        thread = threading.Thread(target=call, args=arguments, name="conformance-relay", daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            self._begin(self._serve, near)

    def _serve(self, near: socket.socket) -> None:
        with near, suppress(OSError):
            near.settimeout(_LONGEST_S)
            asked = _read(near)
            if asked is not None:
                self._answer(near, asked)

    def _answer(self, near: socket.socket, asked: _Asked) -> None:
        match self.mode:
            case "busy":
                near.sendall(_BUSY)
            case "page":
                near.sendall(_HTML)
            case "hang":
                self.waiting.set()
                near.recv(1)  # until the connector gives up
            case "drip":
                for byte in self._forward(asked):
                    near.sendall(bytes([byte]))
                    if self._closing.wait(_DRIP_S):
                        return
            case "cut":
                whole = self._forward(asked)
                near.sendall(whole[: len(whole) - max(1, len(whole.partition(b"\r\n\r\n")[2]) // 2)])
            case "deaf" if asked.method not in _SAFE:
                self._forward(asked)
                self.lost += 1
            case _:
                near.sendall(self._forward(asked))

    def _forward(self, asked: _Asked) -> bytes:
        with socket.create_connection(self._target, _LONGEST_S) as far:
            far.sendall(asked.raw)
            return b"".join(iter(lambda: far.recv(_CHUNK), b""))


def _read(near: socket.socket) -> _Asked | None:
    data = b""
    while b"\r\n\r\n" not in data:
        part = near.recv(_CHUNK)
        if not part:
            return None
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    while len(body) < int(headers.get("content-length", "0")):
        part = near.recv(_CHUNK)
        if not part:
            return None
        body += part
    kept = [line for line in lines[1:] if not line.lower().startswith(("connection:", "accept-encoding:"))]
    raw = "\r\n".join([lines[0], *kept, "Connection: close", "", ""]).encode("latin-1") + body
    return _Asked(lines[0].partition(" ")[0], raw)
