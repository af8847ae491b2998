"""Hash lists into and out of a data folder, for the commands."""

from __future__ import annotations

from pathlib import Path

from reviewer.errors import OperatorError
from reviewer.services import hash_lists
from reviewer.services.export import STORE
from reviewer.storage.database import Database
from reviewer.storage.lock import FolderLock

BANKS = ("infringing", "references")


def import_into(folder: Path, file: Path, *, source: str = "", label: str = "") -> tuple[int, int]:
    """Take a list into a store that no workstation has open; answers how many lines were new and known.

    Raises `OperatorError` where the list is wrong or the workstation is open.  The index is built anew at its start.
    """
    lines = hash_lists.read_file(file, source=source, label=label)
    lock = FolderLock(folder)
    try:
        database = Database(folder / STORE)
        try:
            _, new = hash_lists.add_lines(database, lines)
        finally:
            database.close()
    finally:
        lock.release()
    return new, len(lines) - new


def export_from(folder: Path, out: Path, bank: str) -> int:
    """Write a bank of a store; answers how many lines.  Raises `OperatorError`."""
    if bank not in BANKS:
        raise OperatorError(f"There is no bank {bank[:40]!r}; choose {' or '.join(BANKS)}.")
    if not (folder / STORE).is_file():
        raise OperatorError(f"There is no store in {folder}. Name the data folder of the workstation (--data).")
    database = Database(folder / STORE, read_only=True)
    try:
        if database.one("SELECT 1 FROM sqlite_master WHERE name = 'bank_entry'") is None:
            raise OperatorError(
                f"The store in {folder} is of an older version. Open the workstation once, then export."
            )
        return hash_lists.write_file(out, hash_lists.lines_of(database, bank))
    finally:
        database.close()
