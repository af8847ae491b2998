"""The calls about sellers as a whole: dossiers, hashed identifiers, and the usual prices of categories."""

from __future__ import annotations

import time
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import Connection
from starlette.responses import Response

from reviewer.errors import OperatorError
from reviewer.hub.answers import IdPath, answer, refusals, store_of, takes
from reviewer.hub.auth import Anyone, Decider, Feeder
from reviewer.hub.bodies import parsed
from reviewer.hub.dossier import dossier_of
from reviewer.hub.links import take_identifiers
from reviewer.hub.messages import IdentifiersRequest, ReferralMessage
from reviewer.hub.prices import category_prices
from reviewer.hub.problems import Problem
from reviewer.hub.referrals import take_referral
from reviewer.hub.shapes_sellers import Dossier, IdentifiersAnswer, PricesAnswer, ReferralWitness

router = APIRouter(prefix="/v1")
_BODY = ("forbidden", "too-large", "not-acceptable", "invalid-request")
#: Prices are reckoned again after so long.
_PRICES_S = 3600.0


@router.get("/sellers/{seller_id}/dossier", response_model=Dossier, responses=refusals("not-found", "invalid-request"))
async def dossier(request: Request, _account: Anyone, seller_id: IdPath) -> Response:
    """All that is known of a seller: accounts, ladder, timeline, listings, links, proposals."""
    store = store_of(request)

    def read(connection: Connection) -> dict[str, Any]:
        return dossier_of(connection, seller_id, store.rules_in_force(connection), store.now(connection))

    try:
        found = await store.database.reading(read)
    except OperatorError as error:
        raise Problem("not-found", str(error)) from None
    return answer(found)


@router.post(
    "/identifiers",
    response_model=IdentifiersAnswer,
    responses=refusals(*_BODY),
    openapi_extra=takes(IdentifiersRequest),
)
async def identifiers(request: Request, _account: Feeder) -> Response:
    """Say what accounts are reached, paid and known by; kept as hashes only, links follow."""
    store = store_of(request)
    message, _ = await parsed(request, IdentifiersRequest)
    items = await store.database.writing(lambda connection: take_identifiers(connection, message.items))
    return answer({"items": items})


@router.post(
    "/referrals",
    response_model=ReferralWitness,
    responses=refusals(*_BODY, "not-found", "same-person", "other-pack"),
    openapi_extra=takes(ReferralMessage),
)
async def referrals(request: Request, account: Decider) -> Response:
    """Say that a referral pack was made, or confirm one that another person made; the answer is signed."""
    store = store_of(request)
    message, _ = await parsed(request, ReferralMessage)
    found = await store.database.writing(
        lambda connection: take_referral(connection, account, message, store.now(connection))
    )
    return answer(found)


@router.get("/prices", response_model=PricesAnswer, responses=refusals())
async def prices(request: Request, _account: Anyone) -> Response:
    """The middle price of each category and currency with at least five offers; reckoned once an hour."""
    kept = getattr(request.app.state, "prices", None)
    if kept is None or time.monotonic() - kept[0] > _PRICES_S:
        kept = (time.monotonic(), await store_of(request).database.reading(category_prices))
        request.app.state.prices = kept
    return answer({"items": kept[1]})
