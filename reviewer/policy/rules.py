"""The rules that a `[[sign]]` may name, with the numbers that each has: what a lead can tune."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Number:
    """A number of a rule with its bounds, both included."""

    least: float
    most: float
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: its numbers, and whether it has words."""

    numbers: dict[str, Number] = field(default_factory=dict)
    words: bool = False


_PERCENT = Number(1, 99)

RULES: dict[str, Rule] = {
    "price_below_list": Rule({"percent": _PERCENT}),
    "price_near_list": Rule({"percent": _PERCENT}),
    "price_below_category": Rule({"percent": _PERCENT, "least_listings": Number(3, 100_000)}),
    "words": Rule(words=True),
    "homoglyphs": Rule(),
    "hidden_characters": Rule(),
    "spaced_letters": Rule({"letters": Number(3, 40)}),
    "brand_misspelt": Rule({"least_letters": Number(3, 40), "letters": Number(1, 3)}),
    "brand_missing": Rule(),
    "brand_absent": Rule(),
    "gtin_wrong": Rule(),
    "gtin_other": Rule(),
    "gtin_same": Rule(),
    "category_misfit": Rule(words=True),
    "authorised": Rule(),
    "not_authorised": Rule(),
    "burst": Rule({"account_days": Number(1, 3650), "listings": Number(1, 1_000_000)}),
    "title_changed": Rule({"percent": _PERCENT}),
    "new_seller": Rule({"account_days": Number(1, 3650)}),
    "old_seller": Rule({"account_days": Number(1, 36_500)}),
}
"""`percent` is of the list price, of the category's middle price, or of the title's words.  The words of
`category_misfit` are groups of categories that fit each other, with `|` between."""
