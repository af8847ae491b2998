"""Refusals as RFC 9457 problems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"

#: Our types, with the status and the title that go with each.
TYPES: Mapping[str, tuple[int, str]] = {
    "invalid-request": (422, "The request is not valid"),
    "unauthorized": (401, "Who are you?"),
    "forbidden": (403, "Not yours to do"),
    "suspended": (403, "Your notices are not taken at the moment"),
    "not-found": (404, "There is no such thing here"),
    "method-not-allowed": (405, "This can't be done here"),
    "not-acceptable": (415, "This kind of content is not taken"),
    "conflict": (409, "It does not fit what is there"),
    "lease-limit": (409, "You hold as many cases as one person may"),
    "same-person": (409, "Two persons are needed"),
    "other-pack": (409, "That is another pack"),
    "key-refused": (409, "This key can't be taken"),
    "log-refused": (409, "This does not go on from what was seen of the log"),
    "findings-refused": (409, "These findings can't be taken"),
    "too-large": (413, "The body is too large"),
    "digest-mismatch": (400, "The bytes do not have that digest"),
    "rate-limited": (429, "Too many requests"),
    "unavailable": (503, "Not now"),
    "internal": (500, "A fault of the hub"),
}


class Problem(Exception):
    """A refusal with a type of `TYPES`; raised anywhere below a route, answered as a problem."""

    def __init__(
        self,
        kind: str,
        detail: str,
        *,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.errors = list(errors)
        self.headers = dict(headers or {})
        self.status = status or TYPES[kind][0]

    def response(self) -> Response:
        """The problem as an answer."""
        body: dict[str, Any] = {
            "type": self.kind,
            "title": TYPES[self.kind][1],
            "status": self.status,
            "detail": self.detail,
        }
        if self.errors:
            body["errors"] = self.errors
        return Response(msgspec.json.encode(body), self.status, self.headers, MEDIA_TYPE)


def problem_of_status(status: int, headers: Mapping[str, str] | None) -> Problem:
    """The problem for a status that the framework itself came to, such as 404 or 405."""
    kind = next((name for name, (code, _) in TYPES.items() if code == status), None)
    if kind is None:
        kind = "internal" if status >= 500 else "invalid-request"
    return Problem(kind, HTTPStatus(status).description or HTTPStatus(status).phrase, headers=headers, status=status)
