"""Hash lists in and out of a workstation's store: for brands, regulators and other marketplaces."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from reviewer.domain.evidence import BankEntry, Fingerprint
from reviewer.domain.hash_list import HashLine, read_hash_list, write_csv, write_json
from reviewer.domain.values import sha256_hex
from reviewer.errors import OperatorError
from reviewer.imaging.pictures import FINGERPRINT_ALGORITHM
from reviewer.storage import evidence as table
from reviewer.storage.database import Database

#: The account that lists from a file belong to.
LISTS = "lists"
_MOST_BYTES = 256 * 1024 * 1024


def read_file(path: Path, *, source: str = "", label: str = "") -> list[HashLine]:
    """The lines of a file, with a source and a label where they have none.  Raises `OperatorError` in one line."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise OperatorError(f"{path} is larger than {_MOST_BYTES >> 20} MiB; cut the list.")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise OperatorError(f"{path} can't be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise OperatorError(f"{path} is no text in UTF-8.") from error
    try:
        lines = read_hash_list(text)
    except ValueError as error:
        raise OperatorError(f"{path} is no hash list: {error}.") from error
    return [replace(line, source=line.source or source or path.stem, label=line.label or label) for line in lines]


def entry_of(line: HashLine) -> BankEntry:
    """The bank's entry for a line; the same hash has the same id everywhere."""
    name = "h:" + sha256_hex(f"{line.algorithm} {line.version} {line.hash}".encode())
    print_ = Fingerprint(line.algorithm, line.version, line.quality, (line.hash,), name)
    return BankEntry(name, label=line.label, source=line.source, fingerprints=(print_,))


def add_lines(database: Database, lines: Iterable[HashLine]) -> tuple[list[table.Code], int]:
    """Put lines into the infringing bank, all or none; answers the new codes and how many lines were new."""
    entries = {entry.id: entry for entry in map(entry_of, lines)}
    with database.transaction():
        new = [entry for entry in entries.values() if not table.bank_entries(database, entry.id)]
        table.save_bank(database, LISTS, "infringing", new)
        saved = [table.save_code(database, entry.fingerprints[0]) for entry in new]
    return [code for code in saved if code is not None], len(new)


def lines_of(database: Database, bank: str) -> Iterator[HashLine]:
    """The bank `infringing`, or the pictures of all `references`, as lines: PDQ and pHash of each."""
    if bank == "references":
        for picture, label in table.reference_labels(database):
            yield from _of_picture(database, picture, label, "")
        return
    for entry in table.whole_bank(database, "infringing"):
        source = entry.source or entry.marketplace
        if entry.picture:
            yield from _of_picture(database, entry.picture, entry.label, source)
        for one in () if entry.picture else entry.fingerprints:
            for code in one.codes:
                yield HashLine(one.algorithm, code, one.quality, entry.label, source, one.version)


def write_file(path: Path, lines: Iterable[HashLine]) -> int:
    """Write CSV, or JSON where the name ends so; answers how many lines.  Raises `OperatorError`."""
    found = list(dict.fromkeys(lines))
    text = write_json(found) if path.suffix.lower() == ".json" else write_csv(found)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OperatorError(f"{path} can't be written: {error.strerror}.") from error
    return len(found)


def _of_picture(database: Database, picture: str, label: str, source: str) -> Iterator[HashLine]:
    known: dict[str, Any] = table.fingerprints(database, [picture])
    for one in known.get(picture, []):
        for code in one.codes[:1]:
            yield HashLine(one.algorithm, code, one.quality, label, source, one.version)
    hashed = table.phash_of(database, picture, FINGERPRINT_ALGORITHM)
    if hashed is not None:
        yield HashLine(FINGERPRINT_ALGORITHM, hashed.hex(), 100, label, source)
