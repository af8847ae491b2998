"""A line that can be cut: a relay on this machine between the workstation and its hub."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from urllib.parse import urlsplit

from reviewer.errors import OperatorError

_CHUNK = 65536


class Relay:
    """Passes bytes on to a plain HTTP server.  Cut, it refuses connections as a dead line does."""

    def __init__(self, target: str) -> None:
        """Raises `OperatorError` for a target that is not plain HTTP on a known port."""
        parts = urlsplit(target)
        if parts.scheme != "http" or parts.hostname is None:
            raise OperatorError(f"{target} is not reached by plain HTTP, so its line can't be cut here.")
        self._target = (parts.hostname, parts.port or 80)
        self._lock = threading.Lock()
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._port = int(self._listener.getsockname()[1])
        self._closed = False
        self._threads: list[threading.Thread] = []
        self._listen(self._listener)

    @property
    def url(self) -> str:
        """Where the workstation reaches the hub through this line."""
        return f"http://127.0.0.1:{self._port}"

    def cut(self) -> None:
        """Break every connection and refuse new ones."""
        self._listener.close()
        self._drop_all()

    def mend(self) -> None:
        """Pass bytes on again, at the same address."""
        self._listener = socket.create_server(("127.0.0.1", self._port))
        self._listen(self._listener)

    def close(self) -> None:
        """End every thread."""
        self._closed = True
        self._listener.close()
        self._drop_all()
        for thread in self._threads:
            thread.join(5)

    def _listen(self, listener: socket.socket) -> None:
        listener.settimeout(0.2)
        thread = threading.Thread(target=self._accept, args=(listener,), name="relay", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while not self._closed:
            try:
                near, _ = listener.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            try:
                far = socket.create_connection(self._target, 5)
            except OSError:
                near.close()
                continue
            with self._lock:
                self._pairs.add((near, far))
            thread = threading.Thread(target=self._carry, args=(near, far), name="relay-line", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _carry(self, near: socket.socket, far: socket.socket) -> None:
        near.settimeout(None)
        far.settimeout(None)
        with selectors.DefaultSelector() as selector, contextlib.suppress(OSError, ValueError):
            selector.register(near, selectors.EVENT_READ, far)
            selector.register(far, selectors.EVENT_READ, near)
            open_ends = True
            while open_ends:
                for key, _ in selector.select(0.5):
                    source = key.fileobj
                    data = source.recv(_CHUNK) if isinstance(source, socket.socket) else b""
                    if not data:
                        open_ends = False
                        break
                    key.data.sendall(data)
        self._drop(near, far)

    def _drop(self, near: socket.socket, far: socket.socket) -> None:
        with self._lock:
            self._pairs.discard((near, far))
        for end in (near, far):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _drop_all(self) -> None:
        with self._lock:
            pairs = list(self._pairs)
        for near, far in pairs:
            for end in (near, far):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
