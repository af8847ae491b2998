"""Wire to domain for the Queue API: each item is checked by itself, so that a bad one spoils no page."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, TypeVar

import msgspec

from reviewer.connectors.api import Quarantined, Unavailable

ItemT = TypeVar("ItemT")

_EXCERPT = 500
_ID = 128


def whole(body: bytes) -> dict[str, Any]:
    """A JSON object, strictly: no NaN, no doubled keys, no numbers of thousands of digits.

    Raises `Unavailable`: such an answer is no answer.
    """
    try:
        value = json.loads(body, object_pairs_hook=_unique, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise Unavailable(f"The server's answer is not valid JSON: {_words(error)}") from error
    if not isinstance(value, dict):
        raise Unavailable("The server's answer is not what the Queue API promises: no object.")
    return value


def items(body: bytes, member: str = "items") -> tuple[dict[str, Any], list[bytes]]:
    """The object with its list `member` cut into the bytes of its items, not yet looked into."""
    try:
        parts = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        rows = msgspec.json.decode(parts[member], type=list[msgspec.Raw])
        rest = {key: msgspec.json.decode(value) for key, value in parts.items() if key != member}
    except (msgspec.MsgspecError, RecursionError, KeyError, UnicodeDecodeError) as error:
        raise Unavailable(f"The server's answer is not what the Queue API promises: {_words(error)}") from error
    return rest, [bytes(row) for row in rows]


def read(rows: Iterable[bytes], kind: type[ItemT], where: str) -> tuple[tuple[ItemT, ...], tuple[Quarantined, ...]]:
    """The items that fit and those that don't, with the reason."""
    good: list[ItemT] = []
    bad: list[Quarantined] = []
    for place, row in enumerate(rows):
        try:
            value = whole(row)
            _check_ids(value)
            good.append(msgspec.convert(value, kind, strict=True))
        except (Unavailable, msgspec.MsgspecError, ValueError, RecursionError) as error:
            bad.append(Quarantined(f"{where}[{place}]", _words(error), row[:_EXCERPT].decode("utf-8", "replace")))
    return tuple(good), tuple(bad)


def one(body: bytes, kind: type[ItemT]) -> ItemT:
    """One object; raises `Unavailable` where it does not fit."""
    value = whole(body)
    try:
        return msgspec.convert(value, kind, strict=True)
    except msgspec.MsgspecError as error:
        raise Unavailable(f"The server's answer is not what the Queue API promises: {_words(error)}") from error


def _check_ids(value: Any) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            if (key == "id" or key.endswith("_id")) and isinstance(item, str) and len(item) > _ID:
                raise ValueError(f"{key} is longer than {_ID} characters")
            _check_ids(item)
    elif isinstance(value, list):
        for item in value:
            _check_ids(item)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return value


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")


def _words(error: BaseException) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return str(error)[:300] or type(error).__name__
