"""A good pack, ten that were tampered with, and files that are no packs: to see what the verifier says of them."""

from __future__ import annotations

import shutil
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from reviewer.audit.checking import NotAPack, check_pack
from reviewer.audit.demo import write_demo
from reviewer.audit.pins import Pin, pin_file_beside, write_pins
from reviewer.audit.verifier import LONGEST
from reviewer.errors import OperatorError

GOOD = "good.pack"
_DECISIONS = 600

_SWAP = (
    "UPDATE decisions SET row = -1 WHERE row = 20; UPDATE decisions SET row = 20 WHERE row = 21;"
    " UPDATE decisions SET row = 21 WHERE row = -1"
)
#: What is done to each of the ten copies of a good pack.
TAMPERED = {
    "a changed ground": "UPDATE decisions SET ground = 'design' || ground WHERE row = 42",
    "a changed note": "UPDATE texts SET body = replace(body, 'note', 'n0te') WHERE row = 77",
    "a faster decision": "UPDATE decisions SET seconds = seconds / 2 WHERE row = 300",
    "a dropped row": "DELETE FROM cases WHERE row = 150",
    "two rows swapped": _SWAP,
    "a picture exchanged": "UPDATE pictures SET bytes = (SELECT bytes FROM pictures WHERE row = 2) WHERE row = 1",
    "a forged chain row": 'UPDATE chain SET content = replace(content, \'"ground":"\', \'"ground":"x\') WHERE row = 5',
    "another key": "UPDATE keys SET key = (SELECT key FROM keys WHERE row = 2) WHERE row = 1",
    "its end cut off": "DELETE FROM chain WHERE row > 500; DELETE FROM decisions WHERE row > 500",
    "a trigger put in": "CREATE TRIGGER t AFTER INSERT ON decisions BEGIN DELETE FROM texts; END",
}
#: Packs that would harm a careless reader: what they declare or hold is named, and nothing of it is run.
HOSTILE = {
    "a view that never ends": (
        "DROP VIEW a_month; CREATE VIEW a_month AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)"
        " SELECT x FROM n"
    ),
    "values of the wrong types": "UPDATE decisions SET seconds = 'fast', decided_at = x'00ff' WHERE row = 9",
    "a giant blob": f"UPDATE pictures SET bytes = zeroblob({LONGEST + 1}) WHERE row = 3",  # noqa: S608 - a constant
}


def bomb() -> bytes:
    """A PNG of a few KiB that would be 30,000 by 30,000 pixels."""
    side, row = 30_000, bytes(30_000 // 8 + 1)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)

    packer = zlib.compressobj(9)
    pixels = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    head = side.to_bytes(4) + side.to_bytes(4) + bytes((1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def _with(data: bytes, at: int, value: bytes) -> bytes:
    return data[:at] + value + data[at + len(value) :]


#: Files that can't be read as packs, made of the bytes of a good one.
NO_PACKS: dict[str, Callable[[bytes], bytes]] = {
    "another file": lambda _: b"decision,ground\r\n" * 400,
    "an empty file": lambda _: b"",
    "a database of another program": lambda good: _with(good, 68, b"Othr"),
    "a newer format": lambda good: _with(good, 60, (99).to_bytes(4, "big")),
    "a pack that was never finished": lambda good: _with(good, 60, bytes(4)),
    "half a pack": lambda good: good[: 8192 * 3 // 2],
}


@dataclass(frozen=True, slots=True)
class Tried:
    """What the verifier said of one file: its exit code and the last line."""

    what: str
    path: Path
    wanted: int
    code: int
    words: str

    @property
    def is_right(self) -> bool:
        """Whether it was told from a good one, in the right way."""
        return self.code == self.wanted


def write_all(folder: Path, start: datetime) -> dict[str, tuple[Path, int]]:
    """Write the good pack and all others; by what was done to each its file and the exit code that is due.

    The good pack's key is pinned next to each file.  Raises `OperatorError` where the folder can't be written to.
    """
    good = folder / GOOD
    try:
        folder.mkdir(parents=True, exist_ok=True)
        made = write_demo(good, seed=7, decisions=_DECISIONS, start=start)
        pins = {log: Pin(made.key, "demo admin", *head, demo=True) for log, head in made.heads.items()}
        write_pins(pin_file_beside(good), pins)
        found = {"a good pack": (good, 0)}
        for what, path, code in _others(good, folder):
            write_pins(pin_file_beside(path), pins)
            found[what] = (path, code)
    except OSError as error:
        raise OperatorError(f"{folder} can't be written to: {error.strerror}. Choose another folder.") from error
    return found


def _others(good: Path, folder: Path) -> Iterator[tuple[str, Path, int]]:
    number = 0
    for what, statements in {**TAMPERED, **HOSTILE}.items():
        number += 1
        path = folder / f"{number:02d}-{what.replace(' ', '-')}.pack"
        shutil.copyfile(good, path)
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(statements)
        yield what, path, 1
    path = folder / f"{number + 1:02d}-a-picture-bomb.pack"
    shutil.copyfile(good, path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE pictures SET bytes = ?", (bomb(),))
    yield "a picture bomb", path, 1
    data = good.read_bytes()
    for at, (what, make) in enumerate(NO_PACKS.items(), number + 2):
        path = folder / f"{at:02d}-{what.replace(' ', '-')}.pack"
        path.write_bytes(make(data))
        yield what, path, 2


def try_all(folder: Path, start: datetime) -> list[Tried]:
    """Write them all, verify each as `reviewer audit verify --demo` does, and answer what came of it."""
    tried = []
    for what, (path, wanted) in write_all(folder, start).items():
        before = path.stat()
        try:
            verdict = check_pack(path, folder / "pins.json", demo=True)
            code, words = (0 if verdict.verified else 1), verdict.lines[-1]
        except NotAPack as problem:
            code, words = 2, f"not a readable pack: {problem}"
        after = path.stat()
        if (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size):
            code, words = 3, "the file was changed by looking at it"
        tried.append(Tried(what, path, wanted, code, words))
    return tried
