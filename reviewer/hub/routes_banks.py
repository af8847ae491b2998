"""The calls of the picture banks."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from reviewer.domain.values import format_time
from reviewer.hub.answers import Cursor, Limit, after, answer, refusals, store_of, takes
from reviewer.hub.auth import Anyone, Decider, Feeder
from reviewer.hub.banks import Bank, bank_page, take_hashes, take_pairs
from reviewer.hub.bodies import parsed
from reviewer.hub.messages import HashesRequest, PairsRequest
from reviewer.hub.shapes import BankAnswer, BankPage

router = APIRouter(prefix="/v1/banks")
_BODY = ("forbidden", "too-large", "not-acceptable", "invalid-request")


@router.get("/infringing", response_model=BankPage, responses=refusals("invalid-request"))
async def infringing(request: Request, _account: Anyone, cursor: Cursor = None, limit: Limit = 100) -> Response:
    """Pictures of listings that were taken down and hash lists of others, in the order in which they came or went."""
    return await _page(request, "infringing", cursor, limit)


@router.get("/negative", response_model=BankPage, responses=refusals("invalid-request"))
async def negative(request: Request, _account: Anyone, cursor: Cursor = None, limit: Limit = 100) -> Response:
    """Pairs of pictures that are no match, in the order in which they came or went."""
    return await _page(request, "negative", cursor, limit)


@router.post("/negative", response_model=BankAnswer, responses=refusals(*_BODY), openapi_extra=takes(PairsRequest))
async def add_pairs(request: Request, account: Decider) -> Response:
    """Say of pairs of pictures that they are no match, or take that back."""
    store = store_of(request)
    message, _ = await parsed(request, PairsRequest)
    items = await store.database.writing(
        lambda connection: take_pairs(connection, account, message.items, format_time(store.now(connection)))
    )
    return answer({"items": items})


@router.post("/infringing", response_model=BankAnswer, responses=refusals(*_BODY), openapi_extra=takes(HashesRequest))
async def add_hashes(request: Request, account: Feeder) -> Response:
    """Add a hash list of a brand, a regulator or another marketplace."""
    store = store_of(request)
    message, _ = await parsed(request, HashesRequest)
    items = await store.database.writing(
        lambda connection: take_hashes(connection, account.name, message.items, format_time(store.now(connection)))
    )
    return answer({"items": items})


async def _page(request: Request, bank: Bank, cursor: str | None, limit: int) -> Response:
    items, last = await store_of(request).database.reading(
        lambda connection: bank_page(connection, bank, after(cursor), limit)
    )
    return answer({"items": items, "next_cursor": str(last)})
