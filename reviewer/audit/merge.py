"""Merging packs: every part keeps its own rows, seals and signatures, so the merged pack proves what each did."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from reviewer.audit.history import open_known
from reviewer.audit.layout import TABLES
from reviewer.audit.pack import PackFile
from reviewer.errors import OperatorError

_ROWS = 200


def merge_packs(packs: Sequence[Path], out: Path) -> list[str]:
    """Write one pack with the parts of all; answers the gaps and overlaps, in words.

    Raises `OperatorError` where a pack can't be read or `out` is one of them.  Nothing is verified here: a merged
    pack is verified as any other, part by part.
    """
    if len(packs) < 2:
        raise OperatorError("Name two packs at least.")
    if any(path.resolve() == out.resolve() for path in packs):
        raise OperatorError(f"{out} is one of the packs: choose another name.")
    rows: defaultdict[str, dict[int, list[str]]] = defaultdict(dict)
    with PackFile(out) as file:
        part = 0
        for path in packs:
            with closing(open_known(path)) as source:
                try:
                    part = _copy(source, file, part)
                    for log, sequence in source.execute("SELECT log, sequence FROM decisions ORDER BY part, row"):
                        rows[str(log)].setdefault(int(sequence), []).append(path.name)
                except (sqlite3.Error, UnicodeDecodeError, ValueError) as error:
                    raise OperatorError(f"{path} is damaged: {error}. Verify it; ask for another copy.") from error
        file.complete()
    return [words for log in sorted(rows) for words in _between(log, rows[log])]


def _copy(source: sqlite3.Connection, file: PackFile, parts: int) -> int:
    found = [int(part) for (part,) in source.execute("SELECT part FROM manifest ORDER BY part")]
    for number, part in enumerate(found, parts + 1):
        tables = {**{name: len(columns) + 2 for name, columns in TABLES.items()}, "seals": 4, "manifest": 4}
        for name, columns in tables.items():
            insert = f"INSERT INTO {name} VALUES ({', '.join('?' * columns)})"  # noqa: S608 - constants
            order = {"seals": "table_name, block", "manifest": "part"}.get(name, "row")
            cursor = source.execute(f"SELECT * FROM {name} WHERE part = ? ORDER BY {order}", (part,))  # noqa: S608
            while batch := cursor.fetchmany(_ROWS):
                file.insert(insert, [(number, *row[1:]) for row in batch])
    return parts + len(found)


def _between(log: str, found: dict[int, list[str]]) -> list[str]:
    """Gaps and overlaps of one log."""
    words = []
    numbers = sorted(found)
    missing = [(a + 1, b - 1) for a, b in zip([0, *numbers], numbers, strict=False) if b > a + 1]
    words += [f"gap: log {log} rows {first} to {last} are in no pack" for first, last in missing]
    start: int | None = None
    for place, number in enumerate(numbers):
        if len(found[number]) > 1 and start is None:
            start = number
        follows = place + 1 < len(numbers) and numbers[place + 1] == number + 1
        same = follows and found[number + 1] == found[number]
        if start is not None and not same:
            words.append(f"overlap: log {log} rows {start} to {number} are in {' and '.join(found[number])}")
            start = None
    return words
