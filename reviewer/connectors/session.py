"""The HTTP session that connectors get: bounded in time and size, and bound to the allowed hosts."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
import time
import weakref
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
import truststore
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from reviewer.connectors.api import Refused, Unavailable

BODY_BYTES = 8 * 1024 * 1024
MEDIA_BYTES = 20 * 1024 * 1024
_CHUNK = 64 * 1024
_SAFE = ("GET", "HEAD")
#: What the session decides, whatever a connector asks for.
_OURS = ("allow_redirects", "stream", "timeout", "verify", "proxies", "cert")
#: What goes to this machine must not leave it, whatever proxy the environment names.
_NO_PROXY = {"http": "", "https": "", "all": ""}


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a server may take: to connect, without a byte, and in all, the headers and every byte included."""

    connect_s: float = 5.0
    idle_s: float = 10.0
    whole_s: float = 60.0


class _Sockets:
    """The connections of one session, so that a call that takes too long can be cut from beside."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: weakref.WeakSet[HTTPConnection] = weakref.WeakSet()

    def add(self, connection: HTTPConnection) -> None:
        """A connection came to be."""
        with self._lock:
            self._open.add(connection)

    def cut(self) -> None:
        """End all of them: who reads finds the end."""
        with self._lock:
            for connection in self._open:
                with suppress(OSError, AttributeError):
                    socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)


class _BoundedAdapter(HTTPAdapter):
    """Tells `_Sockets` of every connection."""

    def __init__(self, sockets: _Sockets) -> None:
        self._sockets = sockets
        super().__init__(pool_maxsize=4)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        told = self._sockets.add
        plain, secure = HTTPConnectionPool.ConnectionCls, HTTPSConnectionPool.ConnectionCls

        class Plain(plain):  # type: ignore[misc, valid-type]
            def connect(self) -> None:
                super().connect()
                told(self)

        class Secure(secure):  # type: ignore[misc, valid-type]
            def connect(self) -> None:
                super().connect()
                told(self)

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class SecurePool(HTTPSConnectionPool):
            ConnectionCls = Secure

        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}


class _TrustStoreAdapter(_BoundedAdapter):
    """Verifies certificates against the system's trust store."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        kwargs["ssl_context"] = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        super().init_poolmanager(*args, **kwargs)


class _BrokeOff(Unavailable):
    """The line broke after it stood."""


class BoundedSession(requests.Session):
    """A session whose every answer is whole and in memory, or an error of the connector API.

    A question that changes nothing (GET, HEAD) is asked once more where the line broke; what changes something is
    not: its connector knows what that means.  5 s to connect, 10 s without a byte, 60 s in all, 8 MiB after
    decompression (20 MiB for media: `request(..., cap=MEDIA_BYTES)`).  Redirects are not followed; other hosts than
    the allowed are refused; credentials go over TLS or to this machine only.
    """

    def __init__(self, allowed_hosts: Iterable[str], limits: Limits | None = None) -> None:
        super().__init__()
        self._limits = limits or Limits()
        self._sockets = _Sockets()
        self._cut = threading.Event()
        self._allowed = frozenset(host.lower() for host in allowed_hosts)
        self.mount("https://", _TrustStoreAdapter(self._sockets))
        self.mount("http://", _BoundedAdapter(self._sockets))
        # Else `requests` puts what a .netrc has for the host in the place of the connector's credentials.
        self.auth = _as_it_is

    def cut(self) -> None:
        """End what is under way, from any thread: who waits for an answer gets `Unavailable`."""
        self._cut.set()
        self._sockets.cut()

    def request(  # type: ignore[override]
        self, method: str, url: str, *, cap: int = BODY_BYTES, headers: Mapping[str, str] | None = None, **more: Any
    ) -> requests.Response:
        """As `requests.Session.request`; raises `Unavailable` where there is no whole answer, `Refused` where the
        address is not allowed."""
        for name in _OURS:
            more.pop(name, None)
        self._cut.clear()
        until = time.monotonic() + self._limits.whole_s
        try:
            return self._once(method, url, self._limits.whole_s, cap=cap, headers=headers, **more)
        except _BrokeOff:
            left = until - time.monotonic()
            if method.upper() not in _SAFE or left <= 0 or self._cut.is_set():
                raise
        return self._once(method, url, left, cap=cap, headers=headers, **more)

    def _once(
        self, method: str, url: str, whole_s: float, *, cap: int, headers: Mapping[str, str] | None, **more: Any
    ) -> requests.Response:
        host = self._check(url)
        late = threading.Event()
        limits = self._limits

        def cut() -> None:
            late.set()
            self._sockets.cut()

        timer = threading.Timer(whole_s, cut)
        timer.daemon = True
        timer.start()
        if is_loopback(host):
            more["proxies"] = _NO_PROXY
        try:
            response = super().request(
                method, url, headers=dict(headers or {}), stream=True, allow_redirects=False,
                timeout=(limits.connect_s, limits.idle_s), **more,
            )  # fmt: skip
            with response:
                response._content = self._read(response, cap)
            if late.is_set():  # without a length, a cut answer looks like a whole one
                raise Unavailable(f"{host} took too long to answer. It will be tried again.")
            return response
        except requests.exceptions.SSLError as error:
            raise Unavailable(
                f"The certificate of {host} does not verify. Nothing was sent. Whoever runs the server must renew it, "
                f"or your administrator must add its authority to this computer's trust store. ({_short(error)})"
            ) from error
        except requests.exceptions.ConnectTimeout as error:
            raise Unavailable(f"{host} does not answer. Check the address and your network.") from error
        except requests.exceptions.ConnectionError as error:
            if late.is_set():
                raise Unavailable(f"{host} took too long to answer. It will be tried again.") from error
            raise _connection_error(host, error) from error
        except requests.exceptions.Timeout as error:
            raise Unavailable(f"{host} took too long to answer. It will be tried again.") from error
        except requests.exceptions.RequestException as error:
            if late.is_set():
                raise Unavailable(f"{host} took too long to answer. It will be tried again.") from error
            raise _BrokeOff(f"The answer of {host} broke off or can't be read. ({_short(error)})") from error
        finally:
            timer.cancel()

    def _check(self, url: str) -> str:
        try:
            parts = urlsplit(url)
            host, known = (parts.hostname or "").lower(), parts.port != 0
        except ValueError:
            known = False
        if not known or parts.scheme not in ("http", "https") or not host:
            raise Refused(f"{url[:120]} is no web address. It must begin with https:// (or http:// on this computer).")
        if host not in self._allowed:
            raise Refused(f"{host} is not among the hosts that this connector may reach.")
        if parts.scheme == "http" and not is_loopback(host):
            raise Refused(f"{host} would be reached without encryption. Use an address that begins with https://.")
        return host

    @staticmethod
    def _read(response: requests.Response, cap: int) -> bytes:
        parts: list[bytes] = []
        size = 0
        for part in response.iter_content(_CHUNK):
            size += len(part)
            if size > cap:
                raise Unavailable(f"The server's answer is larger than {cap // 2**20} MiB. It was not read.")
            parts.append(part)
        return b"".join(parts)


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def is_loopback(host: str) -> bool:
    """Whether a host is this very machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _connection_error(host: str, error: Exception) -> Unavailable:
    words = str(error)
    if "Name or service not known" in words or "getaddrinfo" in words or "NameResolution" in words:
        return Unavailable(f"There is no computer of the name {host}. Check the address and your network.")
    if "refused" in words:
        return Unavailable(
            f"Nothing answers at {host} on that port. Check the address, or ask whoever runs the server."
        )
    return _BrokeOff(f"{host} can't be reached. Check your network. ({_short(error)})")


def _short(error: Exception) -> str:
    return type(error).__name__
