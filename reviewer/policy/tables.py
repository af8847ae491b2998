"""Reading tables of strangers: what is wrong becomes a fault by table and key, and the reading goes on."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

_LONGEST = 4000


class Table:
    """One table while it is read: wrong keys become faults, and a stand-in value keeps the reading going.

    Faults that `strict` is for (unknown keys, bounds of a newer program) are named in a file that a person
    keeps, and passed over in what a server of another version sends.
    """

    def __init__(self, row: Mapping[str, Any], name: str, faults: list[str], *, strict: bool) -> None:
        self.row = row
        self.name = name
        self.faults = faults
        self.strict = strict
        self.asked: set[str] = set()

    def fault(self, key: str, words: str) -> None:
        """Name a fault of a key."""
        self.faults.append(f"{self.name}{key}: {words}")

    def strict_fault(self, key: str, words: str) -> None:
        """Name a fault that only a kept file can have."""
        if self.strict:
            self.fault(key, words)

    def _get(self, key: str, default: Any = None) -> Any:
        self.asked.add(key)
        return self.row.get(key, default)

    def text(self, key: str, default: str | None = None) -> str:
        """A text; without a default it must be there and not be empty."""
        value = self._get(key, default)
        if not isinstance(value, str) or (default is None and not value.strip()):
            self.fault(key, "is missing" if key not in self.row else "must be a text that is not empty")
            return default or ""
        if len(value) > _LONGEST:
            self.strict_fault(key, f"has {len(value):,} characters, at most {_LONGEST:,} are kept")
        return value

    def one_of(self, key: str, known: Iterable[str], default: str | None = None, what: str = "value") -> str:
        """A text that must be one of some; the first of them, or the default, where it is not."""
        names = list(known)
        value = self.text(key, default)
        if value and value not in names:
            near = difflib.get_close_matches(value, names, n=1)
            self.fault(key, f"no such {what}: {value!r}" + (f" (did you mean {near[0]!r}?)" if near else ""))
            return default if default is not None else names[0]
        return value

    def integer(self, key: str, least: int, most: int | None = None, default: int | None = None) -> int:
        """A whole number of at least `least`, and in a kept file of at most `most`."""
        value = self._get(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            self.fault(key, "is missing" if key not in self.row else f"must be a whole number of at least {least}")
            return least if default is None else default
        if most is not None and value > most:
            self.strict_fault(key, f"must be at most {most:,}")
        return value

    def number(
        self, key: str, least: float, most: float, default: float | None = None, *, whole: bool = False
    ) -> float:
        """A number within bounds."""
        value = self._get(key, default)
        kinds = (int,) if whole else (int, float)
        if not isinstance(value, kinds) or isinstance(value, bool) or not least <= value <= most:
            kind = "a whole number" if whole else "a number"
            self.fault(key, "is missing" if key not in self.row else f"must be {kind} from {least:g} to {most:g}")
            return least if default is None else default
        return value

    def flag(self, key: str, default: bool = False) -> bool:
        """True or false."""
        value = self._get(key, default)
        if not isinstance(value, bool):
            self.fault(key, "must be true or false")
            return default
        return value

    def texts(self, key: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """A list of texts."""
        value = self._get(key, list(default))
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.fault(key, "must be a list of texts")
            return default
        for place, item in enumerate(value, start=1):
            if not item.strip():
                self.strict_fault(key, f"its text number {place} is empty")
        for doubled in sorted({item for item in value if value.count(item) > 1}):
            self.strict_fault(key, f"{doubled!r} stands twice")
        return tuple(value)

    def close(self, known: Iterable[str] = ()) -> None:
        """Name the keys that nobody asked for: they are misspelt, and what they say would be lost."""
        names = sorted({*self.asked, *known})
        for key in self.row:
            if key not in names:
                near = difflib.get_close_matches(key, names, n=1)
                self.strict_fault(key, "there is no such key" + (f" (did you mean {near[0]!r}?)" if near else ""))


class Reader:
    """All tables of one policy, and all faults of them."""

    def __init__(self, *, strict: bool) -> None:
        self.strict = strict
        self.faults: list[str] = []

    def tables(self, data: Mapping[str, Any], name: str) -> list[Table]:
        """The tables of an array such as `[[ground]]`."""
        rows = data.get(name, [])
        if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
            self.faults.append(f"[[{name}]]: must be a list of tables")
            return []
        return [self.table(row, name, place) for place, row in enumerate(rows, start=1)]

    def table(self, row: Mapping[str, Any], name: str, place: int) -> Table:
        """One table with the name that its faults get."""
        given = row.get("id")
        label = given if isinstance(given, str) and given.strip() else f"number {place}"
        return Table(row, f"[[{name}]] {label}, " if name else "", self.faults, strict=self.strict)

    def single(self, data: Mapping[str, Any], name: str) -> Table:
        """A table that stands once, such as `[notices]`; empty where it is missing."""
        row = data.get(name, {})
        if not isinstance(row, Mapping):
            self.faults.append(f"[{name}]: must be a table")
            row = {}
        return Table(row, f"[{name}] ", self.faults, strict=self.strict)
