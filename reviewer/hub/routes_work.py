"""The calls of a reviewer's day: what this server is, leases, decisions, changes."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import Connection, func, select
from starlette.responses import Response

from reviewer.domain.values import format_time
from reviewer.failpoints import failpoint
from reviewer.hub import leases as leasing
from reviewer.hub.answers import Cursor, IdQuery, Limit, after, answer, page, refusals, store_of, takes
from reviewer.hub.auth import Anyone, Decider, Everybody
from reviewer.hub.bodies import parsed
from reviewer.hub.changes import change_page
from reviewer.hub.decisions import decision_page, submit
from reviewer.hub.messages import BATCH_LIMIT, ClaimRequest, DecisionsRequest, ReleaseRequest, RenewRequest
from reviewer.hub.schema import changes, marketplaces
from reviewer.hub.shapes import (
    ChangePage,
    ClaimAnswer,
    DecisionPage,
    DecisionsAnswer,
    ReleaseAnswer,
    RenewAnswer,
    Service,
)

CAPABILITIES = [
    "leases",
    "media",
    "sellers",
    "references",
    "policies",
    "changes",
    "cases",
    "banks",
    "dossiers",
    "referrals",
    "audit",
    "notices",
    "proofs",
    "appeals",
    "near_pictures",
]

router = APIRouter(prefix="/v1")
_BODY = ("forbidden", "too-large", "not-acceptable", "invalid-request")


@router.get("", response_model=Service, responses=refusals())
async def service(request: Request, account: Everybody) -> Response:
    """The service document."""
    store = store_of(request)

    def read(connection: Connection) -> tuple[list[dict[str, Any]], str, str]:
        rows = connection.execute(select(marketplaces).order_by(marketplaces.c.id)).mappings()
        return [dict(row) for row in rows], store.rules_in_force(connection).version, format_time(store.now(connection))

    known, version, server_time = await store.database.reading(read)
    return answer(
        {
            "name": store.name,
            "server_time": server_time,
            "api": ["1"],
            "reviewer": {"id": account.id, "name": account.name, "role": account.role},
            "marketplaces": known,
            "capabilities": CAPABILITIES,
            "limits": {
                "lease_s": store.rules.lease_s,
                "leases_per_reviewer": store.rules.leases_per_reviewer,
                "decision_batch": BATCH_LIMIT,
                "offline_s": store.rules.offline_s,
                "claim": store.rules.claim,
            },
            "policy_version": version,
        }
    )


@router.post(
    "/leases", response_model=ClaimAnswer, responses=refusals(*_BODY, "lease-limit"), openapi_extra=takes(ClaimRequest)
)
async def claim(request: Request, account: Decider) -> Response:
    """Lease the most urgent open cases, or the named ones."""
    store = store_of(request)
    message, _ = await parsed(request, ClaimRequest)
    taken = await store.database.writing(
        lambda connection: leasing.claim(connection, account, message, store.rules, store.now(connection))
    )
    read = await store.database.reading(
        lambda connection: leasing.claim_answer(connection, account, taken, store.rules_in_force(connection))
    )
    return Response(read, media_type="application/json")


@router.post("/leases/renew", response_model=RenewAnswer, responses=refusals(*_BODY), openapi_extra=takes(RenewRequest))
async def renew(request: Request, account: Decider) -> Response:
    """Prolong leases."""
    store = store_of(request)
    message, _ = await parsed(request, RenewRequest)
    items = await store.database.writing(
        lambda connection: leasing.renew(connection, account, message.leases, store.rules, store.now(connection))
    )
    return answer({"items": items})


@router.post(
    "/leases/release", response_model=ReleaseAnswer, responses=refusals(*_BODY), openapi_extra=takes(ReleaseRequest)
)
async def release(request: Request, account: Decider) -> Response:
    """Give cases back."""
    store = store_of(request)
    message, _ = await parsed(request, ReleaseRequest)
    items = await store.database.writing(
        lambda connection: leasing.release(connection, account, message.leases, store.now(connection))
    )
    return answer({"items": items})


@router.post(
    "/decisions", response_model=DecisionsAnswer, responses=refusals(*_BODY), openapi_extra=takes(DecisionsRequest)
)
async def decide(request: Request, account: Decider) -> Response:
    """Take decisions: a receipt for each, in order."""
    store = store_of(request)
    message, sent = await parsed(request, DecisionsRequest)
    batch = list(zip(message.decisions, sent["decisions"], strict=True))
    failpoint("C9")
    receipts = await store.database.writing(
        lambda connection: submit(connection, account, batch, store.rules_in_force(connection), store.now(connection))
    )
    failpoint("C11")
    return answer({"receipts": receipts})


@router.get("/decisions", response_model=DecisionPage, responses=refusals("invalid-request"))
async def decisions(
    request: Request,
    _account: Anyone,
    cursor: Cursor = None,
    limit: Limit = 100,
    case: IdQuery = None,
    reviewer: IdQuery = None,
) -> Response:
    """Decisions in the order of arrival, those that were refused too, with their receipts."""
    items, following = await store_of(request).database.reading(
        lambda connection: decision_page(connection, after(cursor), limit, case=case, reviewer=reviewer)
    )
    return page(items, following)


@router.get("/changes", response_model=ChangePage, responses=refusals("invalid-request"))
async def changed(request: Request, _account: Anyone, cursor: Cursor = None, limit: Limit = 500) -> Response:
    """Changes since a cursor; without one none, and the cursor of now.  `next_cursor` is always there."""

    def read(connection: Connection) -> dict[str, Any]:
        if cursor is None:
            newest = connection.execute(select(func.max(changes.c.seq))).scalar() or 0
            return {"items": [], "next_cursor": str(newest)}
        items, last = change_page(connection, after(cursor), limit)
        return {"items": items, "next_cursor": str(last)}

    return answer(await store_of(request).database.reading(read))
