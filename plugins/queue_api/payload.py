"""Wire to domain for the Queue API: each item is checked by itself, so that a bad one spoils no page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, TypeVar

import msgspec

from reviewer.connectors.api import Dossier, Quarantined, Unavailable, parse_time

ItemT = TypeVar("ItemT")

_EXCERPT = 500
_ID = 128
_LARGEST_INTEGER = 2**53 - 1
_LARGEST_NUMBER = 1e15
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
#: The next text, bracket or comma of a JSON document.
_MARK = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{},]', re.DOTALL)


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
        try:
            parts = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
            rows = [bytes(row) for row in msgspec.json.decode(parts[member], type=list[msgspec.Raw])]
        except (msgspec.DecodeError, RecursionError):
            # Something in it is no JSON or nested without end: what stands between the commas tells which item.
            members = [part.partition(b":") for part in _cut(body, b"{}")]
            parts = {json.loads(key): msgspec.Raw(value.strip()) for key, _, value in members}
            rows = _cut(bytes(parts[member]), b"[]")
        rest = {key: msgspec.json.decode(value) for key, value in parts.items() if key != member}
    except (msgspec.MsgspecError, RecursionError, KeyError, TypeError, ValueError) as error:
        raise Unavailable(f"The server's answer is not what the Queue API promises: {_words(error)}") from error
    return rest, rows


def _cut(document: bytes, brackets: bytes) -> list[bytes]:
    """What stands between the outermost brackets and their commas; raises ValueError where they don't match."""
    document = document.strip()
    parts: list[bytes] = []
    depth, start, end = 0, 1, 0
    for mark in _MARK.finditer(document):
        sign = mark[0]
        if sign in (b"[", b"{"):
            depth += 1
        elif sign in (b"]", b"}"):
            depth -= 1
            if depth == 0:
                end = mark.start()
                break
        elif sign == b"," and depth == 1:
            parts.append(document[start : mark.start()])
            start = mark.end()
    if document[:1] != brackets[:1] or end != len(document) - 1 or document[-1:] != brackets[1:]:
        raise ValueError("its brackets do not match")
    if parts or document[start:end].strip():
        parts.append(document[start:end])
    return [part.strip() for part in parts]


def read(rows: Iterable[bytes], kind: type[ItemT], where: str) -> tuple[tuple[ItemT, ...], tuple[Quarantined, ...]]:
    """The items that fit and those that don't, with the reason.

    Lone surrogates, which no store can keep, become U+FFFD.
    """
    good: list[ItemT] = []
    bad: list[Quarantined] = []
    for place, row in enumerate(rows):
        try:
            good.append(msgspec.convert(_checked(whole(row)), kind, strict=True))
        except (Unavailable, msgspec.MsgspecError, ValueError, RecursionError) as error:
            bad.append(Quarantined(f"{where}[{place}]", _words(error), row[:_EXCERPT].decode("utf-8", "replace")))
    return tuple(good), tuple(bad)


def one(body: bytes, kind: type[ItemT]) -> ItemT:
    """One object; raises `Unavailable` where it does not fit."""
    value = whole(body)
    try:
        return msgspec.convert(_checked(value), kind, strict=True)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Unavailable(f"The server's answer is not what the Queue API promises: {_words(error)}") from error


_DOSSIERS = msgspec.json.Decoder(Dossier, strict=True)
_DIGEST = re.compile("[0-9a-f]{32,128}")


def dossier(body: bytes) -> Dossier:
    """A dossier.  Read at once where all of it fits, which thousands of events want; else what does not fit is refused.

    Identifiers that are no hashes are left out before anything is kept or shown.
    """
    try:
        found = _DOSSIERS.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        found = one(body, Dossier)
    hashed = tuple(row for row in found.identifiers if _DIGEST.fullmatch(row.digest))
    return found if len(hashed) == len(found.identifiers) else replace(found, identifiers=hashed)


def signed(body: bytes, kind: type[ItemT]) -> ItemT:
    """One object whose texts are signed, its times among them: they stay as they came.  Raises `Unavailable`."""
    try:
        return msgspec.convert(whole(body), kind, strict=True)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Unavailable(f"The server's answer is not what the Queue API promises: {_words(error)}") from error


def _checked(value: Any, key: str = "") -> Any:
    """The value, fit to be kept and compared; raises ValueError where it is not: for an id without end, a
    number beyond all use, a time without its offset."""
    if isinstance(value, dict):
        return {_checked(name): _checked(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [_checked(item) for item in value]
    if isinstance(value, str):
        if (key == "id" or key.endswith("_id")) and len(value) > _ID:
            raise ValueError(f"{key} is longer than {_ID} characters")
        if key in _TIMES or key.endswith("_at"):
            return _time(value, key)
        return _LONE_SURROGATE.sub("\ufffd", value)
    if isinstance(value, float) and not -_LARGEST_NUMBER <= value <= _LARGEST_NUMBER:
        raise ValueError(f"{key} is larger than any such number")
    if isinstance(value, int) and abs(value) > _LARGEST_INTEGER:
        raise ValueError(f"{key} is larger than 2^53 - 1")
    return value


_TIMES = frozenset({"at", "until", "server_time", "standing_until"})


def _time(text: str, key: str) -> str:
    try:
        return parse_time(text).isoformat()
    except (ValueError, OverflowError):
        raise ValueError(f"{key} is no time with its offset: {text[:40]!r}") from None


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
