"""The calls of the audit: keys, heads, findings, and the history of the whole team."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from sqlalchemy import Connection
from starlette.responses import Response

from reviewer.errors import OperatorError
from reviewer.hub.answers import Cursor, Limit, after, answer, page, refusals, store_of, takes
from reviewer.hub.audit_rows import history_rows, history_start
from reviewer.hub.audit_tables import TABLES, table_page
from reviewer.hub.auth import Account, Decider, caller
from reviewer.hub.bodies import parsed
from reviewer.hub.findings import returned_page, settle, take_findings
from reviewer.hub.log_heads import RefusedHead, countersign
from reviewer.hub.log_keys import enrol_key, listed_keys, revoke_key
from reviewer.hub.messages_audit import (
    LOG_PATTERN,
    FindingsRequest,
    HeadRequest,
    KeyRequest,
    RevokeRequest,
    SettleRequest,
)
from reviewer.hub.own_log import extend_own_log
from reviewer.hub.problems import Problem
from reviewer.hub.shapes_audit import (
    FindingsAnswer,
    HeadAnswer,
    HistoryRows,
    HistoryStart,
    HistoryTable,
    KeyAnswer,
    KeyList,
    ReturnedPage,
    RevokeAnswer,
    SettleAnswer,
)
from reviewer.hub.signing import HubKey, with_key
from reviewer.hub.store import Store
from reviewer.hub.transparency import make_all

router = APIRouter(prefix="/v1/audit")
_BODY = ("forbidden", "too-large", "not-acceptable", "invalid-request")
Lead = Annotated[Account, Depends(caller("lead"))]
Overseer = Annotated[Account, Depends(caller("lead", "admin"))]
LogPath = Annotated[str, Path(pattern=LOG_PATTERN, max_length=128)]
TablePath = Annotated[str, Path(pattern="^[a-z_]{1,40}$")]
After = Annotated[int, Query(ge=0, le=2**53 - 1)]


def _hub(store: Store, connection: Connection) -> HubKey:
    try:
        return with_key(store)(connection)
    except OperatorError as error:
        raise Problem("unavailable", str(error)) from error


async def _known(store: Store) -> HubKey:
    return await store.database.writing(lambda connection: _hub(store, connection))


@router.post(
    "/keys", response_model=KeyAnswer, responses=refusals(*_BODY, "key-refused"), openapi_extra=takes(KeyRequest)
)
async def enrol(request: Request, account: Decider) -> Response:
    """Enrol the key of a workstation's log: the hub's word for it.  The same again gives the same answer."""
    store = store_of(request)
    message, _ = await parsed(request, KeyRequest)
    return answer(
        await store.database.writing(
            lambda connection: enrol_key(connection, _hub(store, connection), account, message, store.now(connection))
        )
    )


@router.get("/keys", response_model=KeyList, responses=refusals("forbidden", "invalid-request"))
async def keys(request: Request, _account: Overseer) -> Response:
    """All keys that were ever enrolled, and the hub's own."""
    store = store_of(request)
    hub = await _known(store)
    items = await store.database.reading(listed_keys)
    identity = {"log": hub.log, "key": hub.key.public, "name": hub.name, "at": hub.at}
    return answer({"hub": identity, "items": items})


@router.post(
    "/keys/revoke",
    response_model=RevokeAnswer,
    responses=refusals(*_BODY, "not-found"),
    openapi_extra=takes(RevokeRequest),
)
async def revoke(request: Request, account: Overseer) -> Response:
    """Take a key back: what it signs from now on is refused."""
    store = store_of(request)
    message, _ = await parsed(request, RevokeRequest)
    return answer(
        await store.database.writing(
            lambda connection: revoke_key(connection, message.key, account.name, store.now(connection))
        )
    )


@router.post(
    "/heads",
    response_model=HeadAnswer,
    responses=refusals(*_BODY, "log-refused"),
    openapi_extra=takes(HeadRequest),
)
async def heads(request: Request, account: Decider) -> Response:
    """Have a signed head countersigned: it must go on from what was seen of its log.  A refusal is noted."""
    store = store_of(request)
    message, _ = await parsed(request, HeadRequest)
    taken = await store.database.writing(
        lambda connection: countersign(connection, _hub(store, connection), account, message, store.now(connection))
    )
    if isinstance(taken, RefusedHead):
        raise Problem(taken.kind, taken.words)
    return answer(taken)


@router.post(
    "/findings",
    response_model=FindingsAnswer,
    responses=refusals(*_BODY, "findings-refused"),
    openapi_extra=takes(FindingsRequest),
)
async def findings(request: Request, account: Lead) -> Response:
    """Hand in a findings file: returned cases go back to their reviewers."""
    store = store_of(request)
    message, sent = await parsed(request, FindingsRequest)
    return answer(
        await store.database.writing(
            lambda connection: take_findings(connection, account, message, sent, store.now(connection))
        )
    )


@router.get("/returned", response_model=ReturnedPage, responses=refusals("forbidden", "invalid-request"))
async def returned(request: Request, account: Decider, cursor: Cursor = None, limit: Limit = 100) -> Response:
    """Decisions of the caller that an auditor sent back or rules otherwise, and that are not settled."""
    items, last = await store_of(request).database.reading(
        lambda connection: returned_page(connection, account, after(cursor), limit)
    )
    return answer({"items": items, "next_cursor": str(last)})


@router.post(
    "/returned/settle",
    response_model=SettleAnswer,
    responses=refusals(*_BODY, "not-found"),
    openapi_extra=takes(SettleRequest),
)
async def settled(request: Request, account: Decider) -> Response:
    """Say what became of returned cases.  The first word on each stays."""
    store = store_of(request)
    message, _ = await parsed(request, SettleRequest)
    items = await store.database.writing(
        lambda connection: settle(connection, account, message.items, store.now(connection))
    )
    return answer({"items": items})


@router.get("/history", response_model=HistoryStart, responses=refusals("forbidden", "invalid-request"))
async def history(request: Request, _account: Overseer) -> Response:
    """What an export of the team's history begins with."""
    store = store_of(request)
    hub = await _known(store)
    await asyncio.to_thread(make_all, store)
    await asyncio.to_thread(extend_own_log, store, hub)
    return answer(
        await store.database.reading(lambda connection: history_start(connection, hub, store.now(connection)))
    )


@router.get("/history/{log}", response_model=HistoryRows, responses=refusals("forbidden", "invalid-request"))
async def rows(
    request: Request, _account: Overseer, log: LogPath, after_row: After = 0, limit: Limit = 100
) -> Response:
    """Rows of a log after a number, with the decisions and cases that they tell of."""
    store = store_of(request)
    hub = await _known(store)
    return answer(
        {"items": await store.database.reading(lambda connection: history_rows(connection, hub, log, after_row, limit))}
    )


@router.get(
    "/tables/{name}", response_model=HistoryTable, responses=refusals("forbidden", "not-found", "invalid-request")
)
async def table(
    request: Request, _account: Overseer, name: TablePath, cursor: Cursor = None, limit: Limit = 100
) -> Response:
    """Rows of a table of the audit pack."""
    if name not in TABLES:
        raise Problem("not-found", "There is no such table.")
    items, following = await store_of(request).database.reading(
        lambda connection: table_page(connection, name, after(cursor), limit)
    )
    return page(items, following)
