"""Runs the hub: one line of JSON when it listens, and a graceful end."""

from __future__ import annotations

import ipaddress
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import msgspec
import uvicorn

from reviewer.errors import OperatorError
from reviewer.hub.app import create_app
from reviewer.hub.sole import sole_server
from reviewer.hub.store import Store, demo_tokens

_IDLE_S = 65
_SWITCH_S = 0.0005


def serve(
    store: Store,
    *,
    host: str = "127.0.0.1",
    port: int = 8765,
    until: BinaryIO | None = None,
    requests_per_second: float = 0,
) -> None:
    """Serves an opened store until SIGTERM, SIGINT, or the end of `until`; closes the store.

    When it listens it prints `{"hub": url, "pid": n, "tokens": {...}}` on a line of standard output
    (tokens only for a demo).  Port 0 takes a free one.  Raises `OperatorError` where it can't listen, where
    another hub serves the same SQLite file, and for a demo that would listen beyond this machine:
    everybody knows its tokens.
    """
    try:
        if store.demo and not _is_loopback(host):
            raise OperatorError(
                f"A demo hub listens on this machine only, since everybody knows its tokens; {host} is not."
            )
        with sole_server(store.database.file):
            listener = _listen(host, port)
            address = listener.getsockname()
            shown = f"[{address[0]}]" if ":" in address[0] else address[0]
            line = {"hub": f"http://{shown}:{address[1]}", "pid": os.getpid(), "tokens": demo_tokens(store)}
            config = uvicorn.Config(
                create_app(store, requests_per_second),
                access_log=False,
                log_level="warning",
                lifespan="off",
                server_header=False,
                timeout_keep_alive=_IDLE_S,
                timeout_graceful_shutdown=10,
                limit_concurrency=None,
            )
            # The default of 5 ms lets the database threads keep the event loop waiting.
            sys.setswitchinterval(_SWITCH_S)
            server = _Server(config, msgspec.json.encode(line).decode())
            if until is not None:
                threading.Thread(target=_stop_at_end, args=(server, until), daemon=True).start()
            server.run(sockets=[listener])
    finally:
        store.close()


class _Server(uvicorn.Server):
    """A server that says on standard output when it listens."""

    def __init__(self, config: uvicorn.Config, line: str) -> None:
        super().__init__(config)
        self._line = line

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        sys.stdout.write(self._line + "\n")
        sys.stdout.flush()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Ends gracefully on SIGTERM and SIGINT, and does not raise them again afterwards."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio switches Nagle's algorithm off: else small answers wait 40 ms for an ACK.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise OperatorError(f"The hub can't listen on {host}, port {port}: {error.strerror}.") from None
    listener.set_inheritable(True)
    return listener


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _stop_at_end(server: uvicorn.Server, until: BinaryIO) -> None:
    while until.read(4096):
        pass
    server.should_exit = True
