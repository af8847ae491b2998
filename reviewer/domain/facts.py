"""Facts for and against an infringement: sentences with their numbers, never a verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Side(StrEnum):
    """What a fact speaks for."""

    FOR = "+"
    AGAINST = "-"


@dataclass(frozen=True, slots=True)
class Fact:
    """One observation.

    `template` is an English sentence with named places, `values` fill them: the window translates the
    template and then fills it.  `strength` is 0..1 and only orders the facts.
    """

    kind: str
    side: Side
    strength: float
    template: str
    values: Mapping[str, str] = field(default_factory=dict)

    def sentence(self) -> str:
        """The fact in English."""
        return self.template.format(**self.values)


@dataclass(frozen=True, slots=True)
class Match:
    """A picture of the listing that resembles another picture.

    `picture` and `other` are SHA-256 names; `source` is `reference`, `infringing` or `listing`;
    `source_id` names the reference product or listing; `method` is `sha256` (the same bytes) or
    `phash64` with its Hamming `distance` of 64 bits.
    """

    picture: str
    other: str
    source: str
    source_id: str
    method: str
    distance: int
