"""The HTTP session that connectors get: bounded in time and size, and bound to the allowed hosts."""

from __future__ import annotations

import ipaddress
import ssl
import time
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
import truststore
from requests.adapters import HTTPAdapter

from reviewer.connectors.api import Refused, Unavailable

CONNECT_S = 5.0
IDLE_S = 10.0
WHOLE_S = 60.0
BODY_BYTES = 8 * 1024 * 1024
MEDIA_BYTES = 20 * 1024 * 1024
_CHUNK = 64 * 1024
#: What goes to this machine must not leave it, whatever proxy the environment names.
_NO_PROXY = {"http": "", "https": "", "all": ""}


class _TrustStoreAdapter(HTTPAdapter):
    """Verifies certificates against the system's trust store."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        kwargs["ssl_context"] = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        super().init_poolmanager(*args, **kwargs)


class BoundedSession(requests.Session):
    """A session whose every answer is whole and in memory, or an error of the connector API.

    5 s to connect, 10 s without a byte, 60 s in all, 8 MiB after decompression (20 MiB for media:
    `request(..., cap=MEDIA_BYTES)`).  Redirects are not followed; other hosts than the allowed are
    refused; credentials go over TLS or to this machine only.
    """

    def __init__(self, allowed_hosts: Iterable[str]) -> None:
        super().__init__()
        self._allowed = frozenset(host.lower() for host in allowed_hosts)
        self.mount("https://", _TrustStoreAdapter(pool_maxsize=4))
        self.mount("http://", HTTPAdapter(pool_maxsize=4))
        # Else `requests` puts what a .netrc has for the host in the place of the connector's credentials.
        self.auth = _as_it_is

    def request(  # type: ignore[override]
        self, method: str, url: str, *, cap: int = BODY_BYTES, headers: Mapping[str, str] | None = None, **more: Any
    ) -> requests.Response:
        """As `requests.Session.request`; raises `Unavailable` where there is no whole answer, `Refused` where the
        address is not allowed."""
        host = self._check(url)
        whole_by = time.monotonic() + WHOLE_S
        if is_loopback(host):
            more["proxies"] = _NO_PROXY
        try:
            response = super().request(
                method, url, headers=dict(headers or {}), stream=True, allow_redirects=False,
                timeout=(CONNECT_S, IDLE_S), **more,
            )  # fmt: skip
            with response:
                response._content = self._read(response, cap, whole_by)
                return response
        except requests.exceptions.SSLError as error:
            raise Unavailable(
                f"The certificate of {host} does not verify. Nothing was sent. Whoever runs the server must renew it, "
                f"or your administrator must add its authority to this computer's trust store. ({_short(error)})"
            ) from error
        except requests.exceptions.ConnectTimeout as error:
            raise Unavailable(f"{host} does not answer. Check the address and your network.") from error
        except requests.exceptions.ConnectionError as error:
            raise Unavailable(_connection_words(host, error)) from error
        except requests.exceptions.Timeout as error:
            raise Unavailable(f"{host} took too long to answer. It will be tried again.") from error
        except requests.exceptions.RequestException as error:
            raise Unavailable(f"The answer of {host} broke off or can't be read. ({_short(error)})") from error

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
    def _read(response: requests.Response, cap: int, whole_by: float) -> bytes:
        parts: list[bytes] = []
        size = 0
        for part in response.iter_content(_CHUNK):
            size += len(part)
            if size > cap:
                raise Unavailable(f"The server's answer is larger than {cap // 2**20} MiB. It was not read.")
            if time.monotonic() > whole_by:
                raise Unavailable("The server took too long to send its answer. It will be tried again.")
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


def _connection_words(host: str, error: Exception) -> str:
    words = str(error)
    if "Name or service not known" in words or "getaddrinfo" in words or "NameResolution" in words:
        return f"There is no computer of the name {host}. Check the address and your network."
    if "refused" in words:
        return f"Nothing answers at {host} on that port. Check the address, or ask whoever runs the server."
    return f"{host} can't be reached. Check your network. ({_short(error)})"


def _short(error: Exception) -> str:
    return type(error).__name__
