"""The calls by which near pictures of open cases are found."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from sqlalchemy import Connection
from starlette.responses import Response

from reviewer.hub.answers import answer, refusals, store_of, takes
from reviewer.hub.auth import Anyone
from reviewer.hub.bodies import parsed
from reviewer.hub.messages import SHA256_PATTERN, SeenRequest
from reviewer.hub.near_pictures import keep_seen, near_cases, unseen_pictures
from reviewer.hub.shapes import SeenAnswer, UnseenAnswer

router = APIRouter(prefix="/v1/pictures")
_BODY = ("forbidden", "too-large", "not-acceptable", "invalid-request")


@router.get("/unseen", response_model=UnseenAnswer, responses=refusals("invalid-request"))
async def unseen(
    request: Request,
    _account: Anyone,
    start: Annotated[str, Query(pattern=rf"(^$)|({SHA256_PATTERN})", description="The digest to begin at.")] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Response:
    """Pictures of open cases that no workstation has fingerprinted."""
    items = await store_of(request).database.reading(lambda connection: unseen_pictures(connection, start, limit))
    return answer({"items": items})


@router.post("", response_model=SeenAnswer, responses=refusals(*_BODY), openapi_extra=takes(SeenRequest))
async def seen(request: Request, _account: Anyone) -> Response:
    """Tell of pictures that one looked at; answers the open cases with near ones."""
    message, _ = await parsed(request, SeenRequest)
    database = store_of(request).database

    def keep(connection: Connection) -> None:
        keep_seen(connection, message.items)

    await database.writing(keep)
    found = await database.reading(lambda connection: near_cases(connection, message.items))
    return answer({"items": [case for cases in found for case in cases]})
