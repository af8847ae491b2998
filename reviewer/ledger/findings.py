"""A signed file of second opinions as JSON: what is signed, and whether a file is that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reviewer.ledger.canonical import canonical_json
from reviewer.ledger.keys import SigningKey, is_signed

TYPE = "reviewer.findings.v1"


def signed_findings(key: SigningKey, seed: str, draw: str, items: list[dict[str, Any]]) -> dict[str, Any]:
    """The file's value: opinions on a draw with the key that vouches for them."""
    body: dict[str, Any] = {"type": TYPE, "key": key.public, "seed": seed, "draw": draw, "items": items}
    return {**body, "signature": key.sign(canonical_json(body)).hex()}


def is_findings(value: Mapping[str, Any]) -> bool:
    """Whether a file's value is what the key that it names signed.  Whose key that is, the caller must know."""
    body = {name: part for name, part in value.items() if name != "signature"}
    try:
        key, signature = bytes.fromhex(str(value["key"])), bytes.fromhex(str(value["signature"]))
        return body["type"] == TYPE and is_signed(key, signature, canonical_json(body))
    except (ValueError, LookupError, TypeError, RecursionError):
        return False
