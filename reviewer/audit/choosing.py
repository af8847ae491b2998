"""Choosing among the decisions of a history: the same filters for list, numbers, draw and command line."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, fields, replace
from datetime import date

from reviewer.audit.history import Decided, History
from reviewer.audit.sample import is_override, speeds
from reviewer.errors import OperatorError


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is looked at; an empty field leaves nothing out.

    `since` and `until` are days (2026-01-31): from the first on, and before the second.  `overrides` leaves decisions
    whose due measure was switched off, `fast` those that took less than 0.4 of their reviewer's median.
    """

    since: str = ""
    until: str = ""
    reviewer: str = ""
    marketplace: str = ""
    ground: str = ""
    decision: str = ""
    source: str = ""
    overrides: bool = False
    fast: bool = False

    def __post_init__(self) -> None:
        """Raises `OperatorError` where a day is none."""
        for text in (self.since, self.until):
            if text:
                a_day(text)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left out."""
        return self == Chosen()

    def told(self) -> str:
        """The filters in words, such as `since 2026-01-01, reviewer Kim`; empty where there are none."""
        words = []
        for field in fields(self):
            value = getattr(self, field.name)
            if value:
                words.append(f"{field.name} {value}" if isinstance(value, str) else field.name)
        return ", ".join(words)

    def of(self, history: History) -> tuple[Decided, ...]:
        """The decisions of a history that are chosen, in its order.  Speed is judged over the whole history."""
        if self.is_empty:
            return history.decisions
        pace = speeds(history.decisions) if self.fast else {}
        wanted = {
            name: value
            for name, value in (
                ("reviewer", self.reviewer), ("marketplace", self.marketplace), ("ground", self.ground),
                ("kind", self.decision), ("source", self.source),
            )
            if value
        }  # fmt: skip
        return tuple(
            row
            for row in history.decisions
            if row.decided_at >= self.since
            and (not self.until or row.decided_at < self.until)
            and all(getattr(row, name) == value for name, value in wanted.items())
            and (not self.overrides or is_override(row))
            and (not self.fast or pace[row.id] == "fast")
        )

    def choose(self, history: History) -> History:
        """The history of the chosen decisions alone, with the opinions and appeals on them; what later decisions
        supersede is still known.  Figures of whole marketplaces stay as they are."""
        if self.is_empty:
            return history
        rows = self.of(history)
        ids = {row.id for row in rows}
        opinions = tuple(item for item in history.opinions if item.decision_id in ids)
        over = frozenset(row.supersedes for row in history.decisions if row.supersedes) | history.superseded
        return replace(history, decisions=rows, opinions=opinions, superseded=over)


def a_day(text: str) -> date:
    """A day as it is typed.  Raises `OperatorError` where it is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise OperatorError(f"{text[:40]!r} is no day: write it as 2026-01-31.") from None


def values(history: History) -> dict[str, tuple[tuple[str, int], ...]]:
    """What can be chosen, with counts, the most frequent first, by the field's name."""
    names = {"reviewer": "reviewer", "marketplace": "marketplace", "ground": "ground", "decision": "kind",
             "source": "source"}  # fmt: skip
    return {
        field: tuple(item for item in Counter(getattr(row, name) for row in history.decisions).most_common() if item[0])
        for field, name in names.items()
    }
