"""A damaged store is set aside whole, and what it had unsent is taken over into the new one.

The program never deletes or changes what it set aside.  Each step can be repeated: a program that is
killed in between goes on at its next start.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from reviewer.domain.decision import Receipt, ReceiptStatus
from reviewer.domain.values import sha256_hex
from reviewer.ledger.chain import broken_link
from reviewer.storage import accounts, decisions, outbox
from reviewer.storage.accounts import AccountRow
from reviewer.storage.carve import log_is_broken
from reviewer.storage.database import DamagedStore, Database, storage_error
from reviewer.storage.salvage import Finding, Salvaged, salvage

_PREFIX = "damaged-"
_REPORT = "salvaged.json"
#: The file itself first: a log without its file is ignored, a file without its log would be read without it.
_ENDINGS = ("", "-wal", "-shm", ".damaged")
#: Larger stores are looked through in the background, after the start.
_LOOK_THROUGH_BYTES = 32 * 1024 * 1024
#: So many audit rows are looked at after a start: what is older was looked at when it was new.
_LATEST = 5000
#: What is looked through at every start all the same.
_PRECIOUS = ("outbox", "inbox", "account", "kept")


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a damaged store: where it lies now, how many unsent decisions were taken over, how many
    of them came back to be looked at, and which could not be read."""

    folder: Path
    decisions: int
    returned: int
    unreadable: tuple[str, ...]


def make_whole(path: Path, moment: str) -> Path | None:
    """Set a damaged store aside before anything is written to it; answers where it lies now, or None.

    Raises `StorageProblem` for a store of a newer program and where the folder can't be used; the store is
    then as it was.
    """
    for half in path.parent.glob(f".{_PREFIX}*.part"):
        shutil.rmtree(half, ignore_errors=True)
    if not path.exists() or not path.stat().st_size:
        return None
    try:
        if log_is_broken(path):
            raise _damaged(path, "the log is damaged before its end")
        database = Database(path, read_only=True)
        try:
            database.refuse_newer()
            if not database.is_new():
                check(database)
        finally:
            database.close()
    except DamagedStore:
        return set_aside(path, moment)
    return None


def check(database: Database) -> None:
    """Raise `DamagedStore` where pages are broken or the bytes of an unsent decision are not what they were."""
    path = database.path
    if _marker(path).exists():
        raise _damaged(path, "the last look found it damaged")
    for statement in (
        ("PRAGMA quick_check(1)",) if is_small(path) else [f"PRAGMA quick_check('{name}')" for name in _PRECIOUS]
    ):
        found = database.one(statement)
        if found is None or found[0] != "ok":
            raise _damaged(path, str(found[0]) if found else "no answer")
    # As bytes: a damaged text may be none that can be read.
    rows = database.execute(
        "SELECT o.sequence, o.body, CAST(o.digest AS BLOB) AS digest, d.sequence AS decided"
        " FROM outbox o LEFT JOIN decision d ON d.sequence = o.sequence"
        " WHERE o.state IN ('waiting', 'sending', 'parked')"
    )
    for row in rows:
        whole = row["decided"] is not None and row["body"] is not None and row["digest"] is not None
        if not whole or sha256_hex(bytes(row["body"])).encode() != bytes(row["digest"]):
            raise _damaged(path, f"outbox row {row['sequence']} is not what was written")


def is_small(path: Path) -> bool:
    """Whether a store is looked through whole at every start."""
    return path.stat().st_size <= _LOOK_THROUGH_BYTES


def look_through(path: Path) -> str:
    """Look through what a start does not, with a reading connection of its own.  What is wrong, or the empty text.

    That is: tables against their indexes, every table of a large store but the queue's mirror, and the chain of the
    latest audit rows.

    Where it is damaged that is marked, so that the next start sets it aside.
    """
    try:
        database = Database(path, read_only=True)
        try:
            words = _tables_fault(database) or _chain_fault(database)
        finally:
            database.close()
    except DamagedStore as error:
        words = error.detail
    except sqlite3.OperationalError as error:
        if not str(error).startswith("Could not decode"):
            raise
        words = "a text holds bytes that are none"
    if words:
        _marker(path).write_text(words + "\n", encoding="utf-8")
    return words


def _tables_fault(database: Database) -> str:
    """Rows that their index does not know, too: a start does not look for those, as it must be quick."""
    names = (*_PRECIOUS, "decision", "decision_text", "audit", "desk_case", "draft")
    looks = ["(1)"] if is_small(database.path) else [f"('{name}')" for name in names]
    for what in looks:
        found = database.one(f"PRAGMA integrity_check{what}")
        if found is None or found[0] != "ok":
            return str(found[0]) if found else "no answer"
    return ""


def _chain_fault(database: Database) -> str:
    """Bytes that changed inside of a row break no page: the digests tell."""
    rows = decisions.chain_end(database, _LATEST)
    broken = broken_link(rows)
    if broken:
        return f"audit row {broken[0]} {broken[1]}"
    faults = decisions.disagreements(database)
    return faults[0] if faults else ""


def set_aside(path: Path, moment: str) -> Path:
    """Move the file with its log and its index together into a folder beside it; answers that folder.

    Raises `StorageProblem` where the folder can't be written to.
    """
    name = _PREFIX + "".join(sign for sign in moment if sign.isalnum())
    folder = path.parent / name
    number = 1
    while folder.exists():
        number += 1
        folder = path.parent / f"{name}-{number}"
    files = [path.with_name(path.name + ending) for ending in _ENDINGS]
    files = [file for file in files if file.exists()]
    half = path.parent / f".{folder.name}.part"
    try:
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir()
        for file in files:
            _link(file, half / file.name)
        half.rename(folder)
        _settle(path.parent)
        for file in files:
            file.unlink()
        _settle(path.parent)
    except OSError as error:
        raise storage_error(error, path) from error
    return folder


def take_over(database: Database, at: str) -> list[Report]:
    """Salvage every store that was set aside and not yet salvaged.  One transaction each.

    Decisions that are here already are left alone, so that doing it again changes nothing.
    """
    reports = []
    for folder in sorted(database.path.parent.glob(f"{_PREFIX}*")):
        if not folder.is_dir() or (folder / _REPORT).exists():
            continue
        try:
            found = salvage(folder / database.path.name)
        except OSError as error:
            found = Finding(unreadable=(f"{folder.name}: {error.strerror}",))
        report = _adopt(database, folder, found, at)
        _write_report(report)
        reports.append(report)
    return reports


def _adopt(database: Database, folder: Path, found: Finding, at: str) -> Report:
    known = {row.id for row in accounts.all_accounts(database)}
    for kept in found.accounts:
        if kept.id not in known:
            accounts.save_account(
                database, AccountRow(kept.id, kept.connector, kept.name, json.loads(kept.settings), None)
            )
    taken = returned = 0
    with database.transaction():
        for row in found.decisions:
            if not decisions.adopt(
                database, row.decision, account=row.account, reviewer=row.reviewer, title=row.title,
                attempts=row.attempts, came_from=f"salvaged from {folder.name}",
            ):  # fmt: skip
                continue
            taken += 1
            if row.state == "parked":
                returned += outbox.park(database, _receipt(row), at)
    return Report(folder, taken, returned, found.unreadable)


def _receipt(row: Salvaged) -> Receipt:
    known = {status.value for status in ReceiptStatus}
    return Receipt(row.decision.id, ReceiptStatus(row.status if row.status in known else "rejected"), row.detail)


def _write_report(report: Report) -> None:
    document = {"decisions": report.decisions, "returned": report.returned, "unreadable": list(report.unreadable)}
    part = report.folder / f"{_REPORT}.part"
    with suppress(OSError):  # done again at the next start, and then nothing is new
        part.write_text(json.dumps(document, indent=2), encoding="utf-8")
        part.replace(report.folder / _REPORT)


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # a file system without hard links
        shutil.copy2(source, target)


def _settle(folder: Path) -> None:
    """Make renames last through a power cut, where the system can."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _marker(path: Path) -> Path:
    return path.with_name(path.name + ".damaged")


def _damaged(path: Path, words: str) -> DamagedStore:
    return DamagedStore(f"The store {path} is damaged.", detail=words)
