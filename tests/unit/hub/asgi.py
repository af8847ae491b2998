"""Calls of an application without a server, from code that is not asynchronous."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
from starlette.types import ASGIApp


class Calls:
    """Each request on an event loop of its own; a fault of the application comes as its answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._transport = httpx.ASGITransport(app, raise_app_exceptions=False)

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        async def call() -> httpx.Response:
            async with httpx.AsyncClient(transport=self._transport, base_url="http://hub") as client:
                return await client.request(method, path, **options)

        return asyncio.run(call())
