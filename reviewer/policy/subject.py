"""What signs are looked for in: a case with its texts prepared once."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import datetime
from functools import cached_property

from reviewer.domain.case import Case
from reviewer.domain.facts import Match
from reviewer.domain.listing import CategoryPrice
from reviewer.domain.reference import ReferenceProduct
from reviewer.policy import evasion

_TEXT_LIMIT = 20_000


class Subject:
    """A case while its signs are looked for: the texts are prepared once."""

    def __init__(self, case: Case, matches: Sequence[Match], now: datetime, price: CategoryPrice | None) -> None:
        self.case = case
        self.matches = matches
        self.now = now
        self.category_price = price
        listing = case.listing
        self.text = f"{listing.title}\n{listing.description}"[:_TEXT_LIMIT]

    @cached_property
    def folded(self) -> str:
        return unicodedata.normalize("NFKC", self.text).casefold()

    @cached_property
    def words(self) -> list[str]:
        return evasion.words_of(self.text)

    @cached_property
    def reference(self) -> ReferenceProduct | None:
        return self.case.references[0] if self.case.references else None

    @cached_property
    def days(self) -> int | None:
        joined = self.case.seller.joined_at
        return (self.now - joined).days if joined else None

    @cached_property
    def names_brand(self) -> bool:
        """Whether the text names the reference's brand as it is written."""
        return self.reference is not None and evasion.says(self.folded, self.reference.brand.casefold())

    @cached_property
    def disguise(self) -> str:
        """How the brand is written where its letters are look-alikes, or ''."""
        return evasion.disguised(self.reference.brand, self.words) if self.reference is not None else ""
