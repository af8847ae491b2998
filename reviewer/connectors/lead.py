"""A lead's calls at a hub that no connector has: the team's history, keys, findings.  Blocking."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from reviewer.connectors.api import ConnectorError
from reviewer.connectors.session import MEDIA_BYTES, BoundedSession, Limits
from reviewer.errors import OperatorError

_PAGE = 500
_ANSWER_BYTES = 64 * 1024 * 1024
_LIMITS = Limits(idle_s=60.0, whole_s=600.0)


class LeadAtHub:
    """A session of a lead or an admin.  Every fault is an `OperatorError` with what to do."""

    def __init__(self, address: str, token: str) -> None:
        self._base = address.strip().rstrip("/").removesuffix("/v1")
        host = urlsplit(self._base).hostname or ""
        if not host or not token.strip():
            raise OperatorError("Give the hub's address (--hub https://hub.example.org) and your token (--token).")
        self._session = BoundedSession([host], _LIMITS)
        self._headers = {"Authorization": f"Bearer {token.strip()}", "Accept": "application/json"}

    def close(self) -> None:
        """Let go of connections."""
        self._session.close()

    def account(self) -> str:
        """The id of whoever the token is for."""
        return str(self._json("GET", "/v1")["reviewer"]["id"])

    def enrol_key(self, log: str, key: str, name: str, signature: str) -> Mapping[str, Any]:
        """Enrol the key of a workstation's log."""
        return self._json("POST", "/v1/audit/keys", {"log": log, "key": key, "name": name, "signature": signature})

    def send_findings(self, body: bytes) -> Mapping[str, Any]:
        """Hand in a findings file as it is."""
        return self._json("POST", "/v1/audit/findings", body)

    def start(self) -> Mapping[str, Any]:
        """The hub's own key, and the logs that there are to export with how far each goes."""
        return self._json("GET", "/v1/audit/history")

    def rows(self, log: str, size: int) -> Iterator[Mapping[str, Any]]:
        """The first `size` rows of a log."""
        done = 0
        while done < size:
            limit = min(_PAGE, size - done)
            items = self._json("GET", f"/v1/audit/history/{quote(log, safe='')}?after_row={done}&limit={limit}")[
                "items"
            ]
            if not items:
                raise OperatorError(f"The hub has fewer rows of the log {log} than it said. Export again.")
            yield from items
            done += len(items)

    def table(self, name: str) -> Iterator[Mapping[str, Any]]:
        """The rows of a table."""
        cursor = ""
        while True:
            page = self._json("GET", f"/v1/audit/tables/{name}?limit={_PAGE}{cursor}")
            yield from page["items"]
            if page["next_cursor"] is None:
                return
            cursor = f"&cursor={page['next_cursor']}"

    def picture(self, sha256: str) -> bytes | None:
        """The bytes of a picture, or None where the hub does not have them."""
        try:
            answer = self._session.request(
                "GET", f"{self._base}/v1/media/{sha256}", headers=self._headers, cap=MEDIA_BYTES
            )
        except ConnectorError as error:
            raise OperatorError(str(error)) from error
        return answer.content if answer.status_code == 200 else None

    def _json(self, method: str, path: str, value: Mapping[str, Any] | bytes | None = None) -> Mapping[str, Any]:
        body = value if isinstance(value, bytes) or value is None else json.dumps(value).encode()
        headers = self._headers | ({"Content-Type": "application/json"} if body is not None else {})
        try:
            answer = self._session.request(method, self._base + path, data=body, headers=headers, cap=_ANSWER_BYTES)
        except ConnectorError as error:
            raise OperatorError(str(error)) from error
        try:
            found = json.loads(answer.content)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise OperatorError(f"{self._base} does not speak the Queue API. Check the address of the hub.")
        if answer.status_code not in (200, 201):
            words = found.get("detail") or found.get("title") or answer.status_code
            raise OperatorError(f"{self._base} refused ({answer.status_code}): {words}"[:900])
        return found
