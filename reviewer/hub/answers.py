"""What all routes share: answers as JSON bytes, cursors, and what the OpenAPI document says of them."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import Path, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from reviewer.hub.messages import ID_PATTERN, SHA256_PATTERN, STORABLE
from reviewer.hub.problems import MEDIA_TYPE, TYPES
from reviewer.hub.store import Store

CURSOR_PATTERN = r"^[0-9]{1,15}$"

Cursor = Annotated[
    str | None, Query(pattern=CURSOR_PATTERN, description="From `next_cursor`; without it from the start.")
]
Limit = Annotated[int, Query(ge=1, le=500)]
IdPath = Annotated[str, Path(pattern=ID_PATTERN, max_length=128)]
DigestPath = Annotated[str, Path(pattern=SHA256_PATTERN)]
IdQuery = Annotated[Annotated[str, STORABLE] | None, Query(max_length=128)]


def store_of(request: Request) -> Store:
    """The store that the application was made with."""
    store: Store = request.app.state.store
    return store


def answer(value: Any, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(msgspec.json.encode(value), status, media_type="application/json")


def page(items: list[Any], following: int | None) -> Response:
    """A page of a list; the cursor is null at the end."""
    return answer({"items": items, "next_cursor": None if following is None else str(following)})


def after(cursor: str | None) -> int:
    """The sequence number in a cursor."""
    return int(cursor) if cursor else 0


def refusals(*kinds: str) -> dict[int | str, dict[str, Any]]:
    """The problems of a route for its OpenAPI entry; 401, 403, 429, 500 and 503 are always possible."""
    found: dict[int | str, dict[str, Any]] = {}
    for kind in ("unauthorized", "forbidden", *kinds, "rate-limited", "internal", "unavailable"):
        status, title = TYPES[kind]
        found[status] = {
            "description": title,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemShape"}}},
        }
    return found


def takes(model: type[BaseModel]) -> dict[str, Any]:
    """The request body of a route for its OpenAPI entry; the route reads and checks it itself."""
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}
