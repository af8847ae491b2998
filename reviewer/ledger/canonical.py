"""Canonical JSON after RFC 8785 (JCS): the same value gives the same bytes everywhere."""

from __future__ import annotations

import json
import math
from typing import Any

#: RFC 8785, appendix D: integers beyond this lose precision in other implementations.
_SAFE_INTEGER = 2**53 - 1
_text = json.JSONEncoder(ensure_ascii=False).encode
_whole = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode


def canonical_json(value: Any) -> bytes:
    """The canonical bytes of a value of JSON's types (dict, list, tuple, str, int, float, bool, None).

    Raises ValueError for what JCS cannot carry: NaN, infinities, integers beyond 2^53 - 1, lone
    surrogates, keys that are no texts; and TypeError for other types.
    """
    try:
        text = _whole(_plain(value))
    except _NotPlainError:
        parts: list[str] = []
        _write(value, parts)
        text = "".join(parts)
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("a lone surrogate can't be written as canonical JSON") from None


class _NotPlainError(Exception):
    """The standard library's encoder would write a value in another way than RFC 8785."""


def _plain(value: Any) -> Any:
    """The value in a form that the standard library's encoder, which is much faster, writes just as RFC 8785 wants it.

    That is so for ASCII keys (whose order is the same in UTF-8 and UTF-16) and for numbers that Python and
    ECMAScript write alike: safe integers, and fractions that need no exponent in either.  Whole doubles become
    integers, which is how ECMAScript writes them.  Raises `_NotPlainError` for everything else.
    """
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return value
    if kind is dict:
        if all(type(key) is str and key.isascii() for key in value):
            return {key: _plain(item) for key, item in value.items()}
    elif kind is list or kind is tuple:
        return [_plain(item) for item in value]
    elif kind is int:
        if -_SAFE_INTEGER <= value <= _SAFE_INTEGER:
            return value
    elif kind is float:
        if value.is_integer() and abs(value) <= _SAFE_INTEGER:
            return int(value)
        if 1e-4 <= abs(value) < 1e16 and not value.is_integer():
            return value
    raise _NotPlainError


def _write(value: Any, parts: list[str]) -> None:
    if value is None:
        parts.append("null")
    elif value is True:
        parts.append("true")
    elif value is False:
        parts.append("false")
    elif isinstance(value, str):
        parts.append(_text(value))
    elif isinstance(value, int):
        if abs(value) > _SAFE_INTEGER:
            raise ValueError(f"an integer beyond 2^53 - 1: {value}")
        parts.append(str(value))
    elif isinstance(value, float):
        parts.append(_number(value))
    elif isinstance(value, (list, tuple)):
        parts.append("[")
        for place, item in enumerate(value):
            if place:
                parts.append(",")
            _write(item, parts)
        parts.append("]")
    elif isinstance(value, dict):
        _write_object(value, parts)
    else:
        raise TypeError(f"no JSON for {type(value).__name__}")


def _write_object(value: dict[Any, Any], parts: list[str]) -> None:
    if not all(isinstance(key, str) for key in value):
        raise ValueError("a key that is no text")
    parts.append("{")
    # RFC 8785, 3.2.3: by UTF-16 code units.
    for place, key in enumerate(sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))):
        if place:
            parts.append(",")
        parts.append(_text(key))
        parts.append(":")
        _write(value[key], parts)
    parts.append("}")


def _number(value: float) -> str:
    """A double as ECMAScript's Number::toString writes it (RFC 8785, 3.2.2.3)."""
    if not math.isfinite(value):
        raise ValueError("NaN and infinities have no JSON")
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = f"{abs(value)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = "" if fraction == "0" else fraction
    digits = (whole + fraction).lstrip("0")
    # The value is 0.digits * 10^point.
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len((whole + fraction).lstrip("0")))
    digits = digits.rstrip("0")
    count = len(digits)
    if count <= point <= 21:
        return sign + digits + "0" * (point - count)
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    power = point - 1
    head = digits[0] + ("." + digits[1:] if count > 1 else "")
    return f"{sign}{head}e{'+' if power > 0 else '-'}{abs(power)}"
