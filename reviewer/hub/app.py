"""The hub as an ASGI application."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import compile_path

from reviewer import hub
from reviewer.hub import (
    messages,
    messages_audit,
    notice_messages,
    routes_audit,
    routes_banks,
    routes_data,
    routes_notices,
    routes_pictures,
    routes_redress,
    routes_sellers,
    routes_work,
)
from reviewer.hub.auth import Accounts
from reviewer.hub.bodies import pointers
from reviewer.hub.database import Unavailable
from reviewer.hub.media import MediaAway
from reviewer.hub.problems import Problem, problem_of_status
from reviewer.hub.rates import Rates
from reviewer.hub.shapes import ProblemShape
from reviewer.hub.store import Store

_RETRY_S = 5
_REQUESTS = (
    messages.ClaimRequest,
    messages.RenewRequest,
    messages.ReleaseRequest,
    messages.DecisionsRequest,
    messages.ListingsRequest,
    messages.PairsRequest,
    messages.HashesRequest,
    messages.IdentifiersRequest,
    messages.ReferralMessage,
    notice_messages.NoticesRequest,
    notice_messages.WithdrawalsRequest,
    notice_messages.ClaimantRequest,
    messages_audit.KeyRequest,
    messages_audit.RevokeRequest,
    messages_audit.HeadRequest,
    messages_audit.FindingsRequest,
    messages_audit.SettleRequest,
    messages.DocumentsRequest,
    messages.AppealRequest,
    messages.SeenRequest,
)


def create_app(store: Store, requests_per_second: float = 0) -> FastAPI:
    """An application over an opened store; whoever opened the store closes it.

    An account that calls more often than `requests_per_second` is told to wait; 0 sets no limit.
    """
    app = FastAPI(
        title="Queue API",
        version="1",
        description=hub.__doc__ or "",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.store = store
    app.state.rates = Rates(requests_per_second) if requests_per_second > 0 else None
    app.state.accounts = Accounts(store.database)
    app.include_router(routes_work.router)
    app.include_router(routes_data.router)
    app.include_router(routes_banks.router)
    app.include_router(routes_sellers.router)
    app.include_router(routes_notices.router)
    app.include_router(routes_audit.router)
    app.include_router(routes_redress.router)
    app.include_router(routes_pictures.router)
    app.exception_handler(Problem)(_problem)
    app.exception_handler(HTTPException)(_framework)
    app.exception_handler(RequestValidationError)(_parameters)
    app.exception_handler(Unavailable)(_unavailable)
    app.exception_handler(MediaAway)(_media_away)
    app.exception_handler(Exception)(_unhandled)
    app.openapi = lambda: _document(app)  # type: ignore[method-assign]
    return app


async def _problem(_request: Request, error: Problem) -> Response:
    return error.response()


async def _framework(request: Request, error: HTTPException) -> Response:
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(_methods(request))
    return problem_of_status(error.status_code, headers).response()


def _methods(request: Request) -> list[str]:
    """The methods of all routes of this address; the router names those of the first route only."""
    found: set[str] = set()
    for path, operations in request.app.openapi()["paths"].items():
        if compile_path(path)[0].match(request.url.path):
            found |= {method.upper() for method in operations}
    return sorted(found)


async def _parameters(_request: Request, error: RequestValidationError) -> Response:
    return Problem("invalid-request", "The request breaks the schema.", errors=pointers(error.errors())).response()


async def _unavailable(_request: Request, _error: Exception) -> Response:
    return Problem(
        "unavailable", "The hub's database can't be used at the moment.", headers={"Retry-After": str(_RETRY_S)}
    ).response()


async def _media_away(_request: Request, _error: Exception) -> Response:
    return Problem(
        "unavailable", "The hub's media can't be reached at the moment.", headers={"Retry-After": str(_RETRY_S)}
    ).response()


async def _unhandled(_request: Request, _error: Exception) -> Response:
    return Problem("internal", "The hub failed at this request; its log says how. Try again later.").response()


def _document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI 3.1 document, with the bodies that the routes read themselves."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            openapi_version="3.1.0",
        )
        template = "#/components/schemas/{model}"
        _, made = models_json_schema([(model, "validation") for model in _REQUESTS], ref_template=template)
        _, problems = models_json_schema([(ProblemShape, "serialization")], ref_template=template)
        schemas = document["components"]["schemas"]
        schemas.update(made["$defs"] | problems["$defs"])
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        app.openapi_schema = document
    return app.openapi_schema
