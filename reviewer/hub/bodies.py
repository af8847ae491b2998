"""Request bodies: counted while they arrive and while they decompress, then read as strict JSON."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from reviewer.hub.problems import Problem

JSON_LIMIT = 8 * 1024 * 1024
MEDIA_LIMIT = 20 * 1024 * 1024

Model = TypeVar("Model", bound=BaseModel)


async def body_bytes(request: Request, limit: int) -> bytes:
    """The body, decompressed where it is gzip; raises `Problem` as soon as it is over the limit."""
    encoding = request.headers.get("content-encoding", "identity").lower()
    if encoding not in ("identity", "gzip"):
        raise Problem("not-acceptable", "Only gzip is taken as a content encoding.")
    inflate = zlib.decompressobj(wbits=31) if encoding == "gzip" else None
    parts: list[bytes] = []
    raw = total = 0
    async for chunk in request.stream():
        raw += len(chunk)
        if inflate is not None:
            try:
                chunk = inflate.decompress(chunk, limit - total + 1)
            except zlib.error:
                raise _invalid("", "The body is not valid gzip.") from None
        total += len(chunk)
        if max(raw, total) > limit:
            raise Problem("too-large", f"At most {limit // 1048576} MiB, compressed or not.")
        parts.append(chunk)
    if inflate is not None and (not inflate.eof or inflate.unused_data):
        raise _invalid("", "The gzip body is cut off or has something after its end.")
    return b"".join(parts)


async def parsed(request: Request, model: type[Model]) -> tuple[Model, Any]:
    """The body as a checked model, and as it came; raises `Problem` with a pointer for each fault."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Problem("not-acceptable", "The body must be application/json.")
    value = strict_json(await body_bytes(request, JSON_LIMIT))
    try:
        return model.model_validate(value), value
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        raise Problem("invalid-request", "The body breaks the schema.", errors=pointers(faults)) from None


def strict_json(body: bytes) -> Any:
    """JSON (RFC 8259) without doubled keys, NaN, Infinity or lone surrogates; raises `Problem`."""
    try:
        text = body.decode("utf-8")
        value = json.loads(text, object_pairs_hook=_without_doubles, parse_constant=_no_constant, parse_float=_finite)
    except UnicodeDecodeError:
        raise _invalid("", "The body is not UTF-8.") from None
    except (ValueError, RecursionError) as error:
        raise _invalid("", f"The body is not valid JSON: {str(error)[:200]}") from None
    return value


def pointers(faults: Iterable[Any]) -> list[dict[str, str]]:
    """Faults of pydantic with RFC 6901 pointers, at most 100 of them."""
    return [{"pointer": _pointer(fault["loc"]), "detail": str(fault["msg"])} for fault in list(faults)[:100]]


def _pointer(place: Iterable[object]) -> str:
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1")[:200] for step in place)


def _invalid(pointer: str, detail: str) -> Problem:
    return Problem("invalid-request", detail, errors=[{"pointer": pointer, "detail": detail}])


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return made


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number of JSON")


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError("a number is too large")
    return value
