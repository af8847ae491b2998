"""Registered rights by what names them: kind, register and number."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from reviewer.domain.reference import Right
from reviewer.domain.values import parse_time
from reviewer.policy.territories import territories_of

_KEY = 300


def right_key(kind: str, office: str, number: str, ground: str = "") -> str:
    """What two notices that rely on one right have in common; without a number the kind and the ground."""
    plain = "".join(re.findall(r"[0-9A-Z]", number.upper()))
    if not plain:
        return f"{kind or 'none'}:{ground}"[:_KEY]
    register = (territories_of(office) or (office.strip().upper(),))[0]
    return f"{kind}:{register}:{plain}"[:_KEY]


def right_of(body: Mapping[str, Any]) -> Right:
    """A Right from its JSON shape; members may be missing."""
    expires = body.get("expires_at")
    return Right(
        body.get("kind", ""),
        body.get("number", ""),
        body.get("sign", ""),
        body.get("office", ""),
        body.get("owner", ""),
        tuple(body.get("nice_classes", ())),
        tuple(body.get("territories", ())),
        parse_time(expires) if expires else None,
    )


def known_rights(products: Iterable[str | Mapping[str, Any]]) -> dict[str, str]:
    """The numbered rights of reference products (their JSON, or its text) by key; the last of a key stands."""
    found: dict[str, str] = {}
    for product in products:
        body = msgspec.json.decode(product) if isinstance(product, str) else product
        for right in body.get("rights", ()):
            if right.get("number"):
                key = right_key(right.get("kind", ""), right.get("office", ""), right["number"])
                found[key] = msgspec.json.encode(right).decode()
    return found
