"""The calls that read cases, sellers, references, rules and media, and those that feed the queue."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from sqlalchemy import Connection, select
from starlette.responses import Response

from reviewer.domain.values import format_time, parse_time, sha256_hex
from reviewer.hub.answers import (
    Cursor,
    DigestPath,
    IdPath,
    IdQuery,
    Limit,
    after,
    answer,
    page,
    refusals,
    store_of,
    takes,
)
from reviewer.hub.auth import Anyone, Feeder
from reviewer.hub.bodies import MEDIA_LIMIT, body_bytes, parsed
from reviewer.hub.cases import case_page, cases_as_json
from reviewer.hub.listings import upsert_listings
from reviewer.hub.media import media_type, record_media
from reviewer.hub.messages import STORABLE, ListingsRequest
from reviewer.hub.problems import Problem
from reviewer.hub.references import reference_page
from reviewer.hub.schema import media
from reviewer.hub.sellers import sellers_as_json
from reviewer.hub.shapes import (
    Case,
    CaseKind,
    CasePage,
    CaseState,
    ListingsAnswer,
    MediaStored,
    PolicyDocument,
    ReferencePage,
    Seller,
)
from reviewer.policy.policy import policy_to_mapping

router = APIRouter(prefix="/v1")
_BODY = ("forbidden", "too-large", "not-acceptable", "invalid-request")
_BYTES: dict[str, Any] = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
_IMAGE_TYPES = ("image/jpeg", "image/png", "image/gif", "image/webp", "image/avif", "application/pdf")


@router.get("/cases", response_model=CasePage, responses=refusals("invalid-request"))
async def cases(
    request: Request,
    _account: Anyone,
    state: CaseState | None = None,
    seller: IdQuery = None,
    text: Annotated[Annotated[str, STORABLE] | None, Query(max_length=200)] = None,
    marketplace: IdQuery = None,
    kind: CaseKind | None = None,
    due_before: Annotated[str | None, Query(max_length=40, json_schema_extra={"format": "date-time"})] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """Cases as rows, in the order of their opening; reading takes no lease."""
    due = None
    if due_before is not None:
        try:
            due = format_time(parse_time(due_before))
        except (ValueError, OverflowError):
            fault = {"pointer": "/query/due_before", "detail": "not a time of RFC 3339 with its offset"}
            raise Problem("invalid-request", "due_before is not a time.", errors=[fault]) from None
    items, following = await store_of(request).database.reading(
        lambda connection: case_page(
            connection,
            after(cursor),
            limit,
            state=state,
            seller=seller,
            text=text,
            marketplace=marketplace,
            due_before=due,
            kind=kind,
        )
    )
    return page(items, following)


@router.get("/cases/{case_id}", response_model=Case, responses=refusals("not-found", "invalid-request"))
async def case(request: Request, _account: Anyone, case_id: IdPath) -> Response:
    """One case, whole."""
    store = store_of(request)
    found = await store.database.reading(
        lambda connection: cases_as_json(connection, [case_id], store.now(connection), store.rules_in_force(connection))
    )
    if not found:
        raise Problem("not-found", "There is no such case.")
    return answer(found[0])


@router.get("/sellers/{seller_id}", response_model=Seller, responses=refusals("not-found", "invalid-request"))
async def seller(request: Request, _account: Anyone, seller_id: IdPath) -> Response:
    """A seller with standing, offences and links."""
    store = store_of(request)
    found = await store.database.reading(
        lambda connection: sellers_as_json(connection, [seller_id], store.now(connection))
    )
    if seller_id not in found:
        raise Problem("not-found", "There is no such seller.")
    return answer(found[seller_id])


@router.get("/references", response_model=ReferencePage, responses=refusals("invalid-request"))
async def references(request: Request, _account: Anyone, cursor: Cursor = None, limit: Limit = 100) -> Response:
    """Reference products."""
    items, following = await store_of(request).database.reading(
        lambda connection: reference_page(connection, after(cursor), limit)
    )
    return page(items, following)


@router.get("/policies", response_model=PolicyDocument, responses=refusals())
async def policies(request: Request, _account: Anyone) -> Response:
    """Grounds, measures and ladder in force."""
    return answer(policy_to_mapping(await store_of(request).database.reading(store_of(request).rules_in_force)))


@router.get(
    "/media/{sha256}",
    response_class=Response,
    responses={
        200: {
            "description": "The bytes",
            "content": {kind: _BYTES["application/octet-stream"] for kind in _IMAGE_TYPES} | _BYTES,
        },
        304: {"description": "The copy at hand is right"},
        **refusals("not-found", "invalid-request"),
    },
)
async def get_media(
    request: Request,
    _account: Anyone,
    sha256: DigestPath,
    if_none_match: Annotated[str | None, Header(max_length=1000)] = None,
) -> Response:
    """Picture or document bytes; they never change."""
    store = store_of(request)
    row = await store.database.reading(
        lambda connection: connection.execute(select(media.c.media_type).where(media.c.sha256 == sha256)).first()
    )
    data = await asyncio.to_thread(store.media.get, sha256) if row else None
    if row is None or data is None:
        raise Problem("not-found", "There are no such bytes.")
    tag = f'"{sha256}"'
    headers = {
        "ETag": tag,
        "Cache-Control": "private, immutable, max-age=31536000",
        "X-Content-Type-Options": "nosniff",
        "Content-Disposition": "attachment",
    }
    if if_none_match is not None and tag in [part.strip() for part in if_none_match.split(",")]:
        return Response(status_code=304, headers=headers)
    return Response(data, headers=headers, media_type=row.media_type)


@router.put(
    "/media/{sha256}",
    response_model=MediaStored,
    responses={
        201: {"model": MediaStored, "description": "Stored"},
        **refusals("forbidden", "digest-mismatch", "too-large", "not-acceptable", "invalid-request"),
    },
    openapi_extra={"requestBody": {"required": True, "content": _BYTES}},
)
async def put_media(request: Request, _account: Feeder, sha256: DigestPath) -> Response:
    """Store bytes under their digest: 201 where they are new, 200 where they were known."""
    store = store_of(request)
    data = await body_bytes(request, MEDIA_LIMIT)
    if sha256_hex(data) != sha256:
        raise Problem("digest-mismatch", "The bytes that came do not have the digest of the address.")
    await asyncio.to_thread(store.media.put, data)

    def write(connection: Connection) -> bool:
        return record_media(connection, sha256, media_type(data), len(data))

    new = await store.database.writing(write)
    return answer({"sha256": sha256, "bytes": len(data)}, 201 if new else 200)


@router.post(
    "/listings", response_model=ListingsAnswer, responses=refusals(*_BODY), openapi_extra=takes(ListingsRequest)
)
async def listings(request: Request, _account: Feeder) -> Response:
    """Make or change listings with their sellers, and flag them."""
    store = store_of(request)
    message, _ = await parsed(request, ListingsRequest)
    items = await store.database.writing(
        lambda connection: upsert_listings(
            connection, message.items, store.rules_in_force(connection), store.now(connection)
        )
    )
    return answer({"items": items})
