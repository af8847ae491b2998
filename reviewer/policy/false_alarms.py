"""How often the signs speak against listings that are fair: the false-alarm rate of each on a file of texts."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from statistics import median_low

from reviewer.domain.case import Case
from reviewer.domain.facts import Side
from reviewer.domain.listing import CategoryPrice, Listing
from reviewer.domain.reference import ReferenceProduct
from reviewer.domain.seller import Seller
from reviewer.domain.values import Money, money
from reviewer.errors import OperatorError
from reviewer.policy.model import Policy
from reviewer.policy.signs import facts_for

_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_SHOWN = 3
#: The 97.5th percentile of the standard normal distribution, for intervals of 95 %.
_Z = 1.959964
#: What a text, a brand and a price can make; the others need pictures, sellers or article numbers.
MEASURED = ("evasive_words", "mixed_scripts", "hidden_controls", "spaced_letters", "brand_misspelt", "category_price")


@dataclass(slots=True)
class Alarms:
    """A sign's alarms: how many, of how many listings that it could speak of, and the first few."""

    kind: str
    count: int = 0
    of: int = 0
    examples: list[tuple[str, str]] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """The share of listings with a false alarm."""
        return self.count / self.of if self.of else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's interval of 95 % for the rate (Wilson 1927, without continuity correction)."""
        if not self.of:
            return 0.0, 1.0
        square = _Z * _Z / self.of
        middle = self.rate + square / 2
        reach = _Z * math.sqrt(self.rate * (1 - self.rate) / self.of + square / (4 * self.of))
        return max(0.0, (middle - reach) / (1 + square)), min(1.0, (middle + reach) / (1 + square))


def read_listings(path: Path) -> list[Case]:
    """Cases from a CSV file with the columns id, title, description, brand, category, price and currency.

    Each is held against a made-up reference product of its own brand.  Raises `OperatorError` where the
    file can't be read or lacks a column.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            missing = {"id", "title"} - set(reader.fieldnames or ())
            if missing:
                raise OperatorError(f"{path} has no column {sorted(missing)[0]}.")
            return [_case(row) for row in reader]
    except OSError as error:
        raise OperatorError(f"{path} can't be read: {error.strerror}.") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise OperatorError(f"{path} is no CSV file in UTF-8: {error}.") from None


def _case(row: Mapping[str, str | None]) -> Case:
    def text(name: str) -> str:
        return row.get(name) or ""

    listing = Listing(
        text("id"), "file", text("title"), "1", text("description"), text("brand"), text("category"), _price(row)
    )
    brand = text("brand")
    references = (ReferenceProduct("r", brand, "", category=text("category")),) if brand else ()
    return Case(text("id"), "file", "open", 0, None, _NOW, listing, Seller("s", "s"), (), references)


def _price(row: Mapping[str, str | None]) -> Money | None:
    try:
        return money(row.get("price") or "", row.get("currency") or None)
    except ValueError:
        return None


def category_prices(cases: Iterable[Case]) -> dict[tuple[str, str], CategoryPrice]:
    """The middle price of each category and currency, and of how many listings."""
    found: dict[tuple[str, str], list[Decimal]] = {}
    for case in cases:
        price = case.listing.price
        if price is not None and price.currency is not None and case.listing.category:
            found.setdefault((case.listing.category, price.currency), []).append(price.amount)
    return {
        (category, currency): CategoryPrice(Money(median_low(amounts), currency), len(amounts))
        for (category, currency), amounts in found.items()
    }


def measure(cases: list[Case], policy: Policy) -> dict[str, Alarms]:
    """The alarms of each sign that a text, a brand and a price can make."""
    prices = category_prices(cases)
    alarms = {kind: Alarms(kind) for kind in MEASURED}
    for case in cases:
        price = case.listing.price
        usual = prices.get((case.listing.category, (price.currency or "") if price else ""))
        for kind in _can_speak(case, usual):
            alarms[kind].of += 1
        for fact in facts_for(case, (), _NOW, policy.signs, usual):
            found = alarms.get(fact.kind)
            if found is not None and fact.side is Side.FOR:
                found.count += 1
                if len(found.examples) < _SHOWN:
                    found.examples.append((case.listing.id, fact.sentence()))
    return alarms


def _can_speak(case: Case, usual: CategoryPrice | None) -> Iterator[str]:
    yield from ("evasive_words", "mixed_scripts", "hidden_controls", "spaced_letters")
    if case.references:
        yield "brand_misspelt"
    if usual is not None:
        yield "category_price"
