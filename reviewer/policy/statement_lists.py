"""The schema of statements of reasons as data, and the lists of names in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from reviewer.resources import resources_folder

_FILE = "dsa/statement.schema.json"


@lru_cache(maxsize=1)
def schema() -> Mapping[str, Any]:
    """The shipped schema."""
    text = (resources_folder() / _FILE).read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def categories() -> frozenset[str]:
    """The categories that a statement may name."""
    return frozenset(schema()["properties"]["category"]["enum"])


def keywords() -> frozenset[str]:
    """The keywords that a statement may name."""
    return frozenset(schema()["properties"]["category_specification"]["items"]["enum"])


def keywords_of(category: str) -> frozenset[str] | None:
    """The keywords that belong to a category; None where the database does not say."""
    mapped = schema()["x-keyword-map"]
    return frozenset((*mapped[category], *mapped["*"])) if category in mapped else None


def countries(group: str = "eu27") -> tuple[str, ...]:
    """The territories of a group, `eu27` or `eea30`."""
    return tuple(schema()["x-groups"][group])
