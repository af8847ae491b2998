"""The calls of proofs of authenticity and of appeals."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request
from sqlalchemy import Connection, select
from starlette.responses import Response

from reviewer.hub.answers import Cursor, IdPath, IdQuery, Limit, answer, page, refusals, store_of, takes
from reviewer.hub.appeals import appeal_page, appeals_as_json
from reviewer.hub.auth import Anyone, Feeder
from reviewer.hub.bodies import parsed
from reviewer.hub.filing import file_appeal
from reviewer.hub.messages import AppealRequest, DocumentsRequest
from reviewer.hub.problems import Problem
from reviewer.hub.proofs import proof_page, proofs_by_id
from reviewer.hub.schema import appeals as appeals_table
from reviewer.hub.shapes import AppealPage, AppealRecord, AppealState, DocumentsAnswer, Proof, ProofPage
from reviewer.hub.submissions import submit_documents

router = APIRouter(prefix="/v1")
_BODY = ("forbidden", "not-found", "conflict", "too-large", "not-acceptable", "invalid-request")
ProofState = Literal["requested", "submitted", "accepted", "rejected", "expired", "missed", "withdrawn"]


@router.get("/proofs", response_model=ProofPage, responses=refusals("invalid-request"))
async def proofs(
    request: Request,
    _account: Anyone,
    state: ProofState | None = None,
    seller: IdQuery = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """Proofs of authenticity that were asked for, the newest first."""
    items, following = await store_of(request).database.reading(
        lambda connection: proof_page(connection, _before(cursor), limit, state=state, seller=seller)
    )
    return page(items, following)


@router.get("/proofs/{proof_id}", response_model=Proof, responses=refusals("not-found", "invalid-request"))
async def proof(request: Request, _account: Anyone, proof_id: IdPath) -> Response:
    """One proof with its documents."""
    found = await store_of(request).database.reading(lambda connection: proofs_by_id(connection, [proof_id]))
    if proof_id not in found:
        raise Problem("not-found", "There is no such proof.")
    return answer(found[proof_id])


@router.post(
    "/proofs/{proof_id}/documents",
    response_model=DocumentsAnswer,
    responses=refusals(*_BODY),
    openapi_extra=takes(DocumentsRequest),
)
async def documents(request: Request, _account: Feeder, proof_id: IdPath) -> Response:
    """Hand in a seller's documents for a proof; their bytes were put to /v1/media before."""
    store = store_of(request)
    message, _ = await parsed(request, DocumentsRequest)
    made = await store.database.writing(
        lambda connection: submit_documents(
            connection, proof_id, message, store.rules_in_force(connection), store.now(connection)
        )
    )
    return answer(made)


@router.get("/appeals", response_model=AppealPage, responses=refusals("invalid-request"))
async def appeals(
    request: Request,
    _account: Anyone,
    state: AppealState | None = None,
    seller: IdQuery = None,
    decision: IdQuery = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """Appeals, the newest first."""
    items, following = await store_of(request).database.reading(
        lambda connection: appeal_page(
            connection, _before(cursor), limit, state=state, seller=seller, decision=decision
        )
    )
    return page(items, following)


@router.get("/appeals/{appeal_id}", response_model=AppealRecord, responses=refusals("not-found", "invalid-request"))
async def appeal(request: Request, _account: Anyone, appeal_id: IdPath) -> Response:
    """One appeal with its outcome and the reasons."""

    def read(connection: Connection) -> list[dict[str, object]]:
        rows = connection.execute(select(appeals_table).where(appeals_table.c.id == appeal_id)).all()
        return appeals_as_json(connection, rows)

    found = await store_of(request).database.reading(read)
    if not found:
        raise Problem("not-found", "There is no such appeal.")
    return answer(found[0])


@router.post(
    "/appeals",
    response_model=AppealRecord,
    responses={201: {"model": AppealRecord, "description": "Taken"}, **refusals(*_BODY)},
    openapi_extra=takes(AppealRequest),
)
async def appeal_filed(request: Request, _account: Feeder) -> Response:
    """File an appeal of a seller or a claimant: 201 where it is new, 200 where it was known."""
    store = store_of(request)
    message, sent = await parsed(request, AppealRequest)
    made, new = await store.database.writing(
        lambda connection: file_appeal(
            connection, message, sent, store.rules_in_force(connection), store.now(connection)
        )
    )
    return answer(made, 201 if new else 200)


def _before(cursor: str | None) -> int | None:
    return int(cursor) if cursor else None
