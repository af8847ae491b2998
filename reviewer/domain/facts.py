"""Facts for and against an infringement: sentences with their numbers, never a verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from reviewer.domain.evidence import Found


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

    `picture` and `other` are SHA-256 names.  `source` is `reference`, `infringing` (the bank of listings that were
    taken down), `listing` (another open case) or `within` (another picture of this listing); `source_id` names the
    reference product, the listing or the case.  `method` is `sha256` (the same bytes), `phash64` or `pdq` with its
    Hamming `distance` in bits, or `keypoints`.
    `found` is what the pixels say where they were compared.  `label` and `at` name what a source other than a
    reference is: the listing's title or the hash list, and the day of the earlier decision.
    """

    picture: str
    other: str
    source: str
    source_id: str
    method: str
    distance: int
    found: Found | None = None
    label: str = ""
    at: str = ""

    @property
    def kind(self) -> str:
        """`same file`, `same photo`, `recoloured`, `same print`, or `near`: a hash whose pixels were not compared."""
        if self.method == "sha256":
            return "same file"
        return self.found.kind if self.found is not None else "near"

    @property
    def strength(self) -> tuple[int, int, float, int]:
        """Sorts matches, the strongest last: the class, references first, how much agrees, how near the hash is."""
        found = self.found
        return (
            CLASSES.index(self.kind) if self.kind in CLASSES else 0,
            SOURCES.index(self.source) if self.source in SOURCES else 0,
            found.agreement if found is not None else 1.0,
            -self.distance,
        )


CLASSES = ("same print", "near", "recoloured", "same photo", "same file")
"""From the weakest to the strongest."""
SOURCES = ("within", "listing", "infringing", "reference")
