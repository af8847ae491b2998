"""The calls of claimants and of portals: hand notices in, take them back, follow what became of them."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Request
from sqlalchemy import Connection
from starlette.responses import Response

from reviewer.hub.answers import Cursor, IdPath, IdQuery, Limit, after, answer, page, refusals, store_of, takes
from reviewer.hub.auth import Account, Complainer, NoticeReader, Registrar
from reviewer.hub.bodies import JSON_LIMIT, body_bytes, parsed
from reviewer.hub.claimants import claimant_of, find_claimants, register
from reviewer.hub.notice_csv import read_notice_table
from reviewer.hub.notice_lists import claimant_json, listing_page, notice_page, notice_whole, outcome_page
from reviewer.hub.notice_messages import ClaimantRequest, NoticesRequest, WithdrawalsRequest
from reviewer.hub.notice_outcomes import withdraw_notices
from reviewer.hub.notice_shapes import (
    ClaimantAnswer,
    NamedOutcomePage,
    NoticePage,
    NoticesAnswer,
    OutcomePage,
    SourceName,
    WholeNotice,
    WithdrawalsAnswer,
)
from reviewer.hub.notices import take_notices
from reviewer.hub.problems import Problem

router = APIRouter(prefix="/v1")
_BODY = ("forbidden", "too-large", "not-acceptable", "invalid-request")
_CSV = {"requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}}}


def _own(connection: Connection, account: Account) -> str | None:
    """The claimant whose notices alone the caller may see; None sees those of everybody, '' those of nobody."""
    if account.role != "claimant":
        return None
    found = claimant_of(connection, account)
    return found.id if found is not None else ""


@router.post("/notices", response_model=NoticesAnswer, responses=refusals(*_BODY), openapi_extra=takes(NoticesRequest))
async def hand_in(request: Request, account: Complainer) -> Response:
    """Take notices in: a receipt for each, in order; the same notice again gets its receipt again."""
    store = store_of(request)
    message, sent = await parsed(request, NoticesRequest)
    batch = list(zip(message.notices, sent["notices"], strict=True))
    receipts = await store.database.writing(
        lambda connection: take_notices(
            connection, account, batch, store.rules_in_force(connection), store.now(connection)
        )
    )
    return answer({"receipts": receipts})


@router.post("/notices/csv", response_model=NoticesAnswer, responses=refusals(*_BODY), openapi_extra=_CSV)
async def hand_in_csv(request: Request, account: Complainer) -> Response:
    """Take a pasted table in: all of it, or none with a problem that names each faulty line."""
    store = store_of(request)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "text/csv":
        raise Problem("not-acceptable", "The body must be text/csv.")
    body = await body_bytes(request, JSON_LIMIT)
    rules = await store.database.reading(store.rules_in_force)
    table = read_notice_table(body, grounds=[ground.id for ground in rules.grounds])
    try:
        receipts = await store.database.writing(
            lambda connection: take_notices(
                connection, account, table.batch, store.rules_in_force(connection), store.now(connection)
            )
        )
    except Problem as problem:
        raise table.problem(problem) from None
    return answer({"receipts": receipts})


@router.post(
    "/notices/withdraw",
    response_model=WithdrawalsAnswer,
    responses=refusals(*_BODY),
    openapi_extra=takes(WithdrawalsRequest),
)
async def withdraw(request: Request, account: Complainer) -> Response:
    """Take notices back; cases that nothing else keeps open are closed."""
    store = store_of(request)
    message, _ = await parsed(request, WithdrawalsRequest)
    items = await store.database.writing(
        lambda connection: withdraw_notices(
            connection, message.notices, _own(connection, account), store.now(connection)
        )
    )
    return answer({"items": items})


@router.get("/notices", response_model=NoticePage, responses=refusals("forbidden", "invalid-request"))
async def notices(
    request: Request,
    account: NoticeReader,
    claimant: IdQuery = None,
    state: Literal["open", "closed", "withdrawn"] | None = None,
    source: SourceName | None = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """Notices in the order of arrival; claimants see their own."""

    def read(connection: Connection) -> tuple[list[dict[str, Any]], int | None]:
        own = _own(connection, account)
        whose = claimant if own is None else own
        return notice_page(connection, after(cursor), limit, claimant=whose, state=state, source=source)

    return page(*await store_of(request).database.reading(read))


@router.get("/notices/outcomes", response_model=OutcomePage, responses=refusals("forbidden", "invalid-request"))
async def outcomes(
    request: Request, account: NoticeReader, claimant: IdQuery = None, cursor: Cursor = None, limit: Limit = 500
) -> Response:
    """What became of listings since a cursor, in words and with the redress; claimants see their own."""
    store = store_of(request)

    def read(connection: Connection) -> tuple[list[dict[str, Any]], int]:
        own = _own(connection, account)
        whose = claimant if own is None else own
        return outcome_page(connection, after(cursor), limit, store.rules_in_force(connection), claimant=whose)

    items, last = await store.database.reading(read)
    return answer({"items": items, "next_cursor": str(last)})


@router.get(
    "/notices/{notice_id}", response_model=WholeNotice, responses=refusals("forbidden", "not-found", "invalid-request")
)
async def notice(request: Request, account: NoticeReader, notice_id: IdPath) -> Response:
    """One notice with its outcomes counted and the claimant's record."""
    store = store_of(request)
    found = await store.database.reading(
        lambda connection: notice_whole(
            connection, notice_id, _own(connection, account), store.rules_in_force(connection), store.now(connection)
        )
    )
    if found is None:
        raise Problem("not-found", "There is no such notice.")
    return answer(found)


@router.get(
    "/notices/{notice_id}/listings",
    response_model=NamedOutcomePage,
    responses=refusals("forbidden", "not-found", "invalid-request"),
)
async def listings(
    request: Request, account: NoticeReader, notice_id: IdPath, cursor: Cursor = None, limit: Limit = 500
) -> Response:
    """The listings of one notice: checklist, outcome and redress of each."""
    store = store_of(request)

    def read(connection: Connection) -> tuple[list[dict[str, Any]], int | None] | None:
        rules = store.rules_in_force(connection)
        if notice_whole(connection, notice_id, _own(connection, account), rules, store.now(connection)) is None:
            return None
        return listing_page(connection, notice_id, after(cursor), limit, rules)

    found = await store.database.reading(read)
    if found is None:
        raise Problem("not-found", "There is no such notice.")
    return page(*found)


@router.get(
    "/claimants/{claimant_id}",
    response_model=ClaimantAnswer,
    responses=refusals("forbidden", "not-found", "invalid-request"),
)
async def claimant(request: Request, account: NoticeReader, claimant_id: IdPath) -> Response:
    """A claimant's record, its meter and what was done about it; `me` is the caller."""
    store = store_of(request)

    def read(connection: Connection) -> dict[str, Any] | None:
        known = claimant_of(connection, account) if account.role == "claimant" else None
        if claimant_id != "me" and account.role != "claimant":
            known = find_claimants(connection, [claimant_id]).get(claimant_id)
        if known is None or claimant_id not in ("me", known.id):
            return None
        return claimant_json(connection, known, store.rules_in_force(connection), store.now(connection))

    found = await store.database.reading(read)
    if found is None:
        raise Problem("not-found", "There is no such claimant.")
    return answer(found)


@router.post(
    "/claimants", response_model=ClaimantAnswer, responses=refusals(*_BODY), openapi_extra=takes(ClaimantRequest)
)
async def register_claimant(request: Request, _account: Registrar) -> Response:
    """Make a claimant known, or change what is known of it: its kind, and whose rights it may rely on."""
    store = store_of(request)
    message, _ = await parsed(request, ClaimantRequest)

    def write(connection: Connection) -> dict[str, Any]:
        now = store.now(connection)
        made = register(connection, message.id, message.name, message.source, now, owners=message.owners)
        return claimant_json(connection, made, store.rules_in_force(connection), now)

    return answer(await store.database.writing(write))
