"""Unsent decisions as a file: from the open workstation, or from a data folder that it can't open."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from reviewer.domain.decision import decision_to_mapping
from reviewer.domain.values import format_time
from reviewer.errors import OperatorError
from reviewer.failpoints import failpoint
from reviewer.storage import outbox
from reviewer.storage.database import DamagedStore, Database
from reviewer.storage.outbox import InboxEntry, OutboxEntry
from reviewer.storage.salvage import Finding, salvage

STORE = "workstation.sqlite3"


def document_of(unsent: Sequence[OutboxEntry], returned: Sequence[InboxEntry], now: datetime) -> dict[str, Any]:
    """What is unsent and what came back, for people and programs."""
    return {
        "exported_at": format_time(now),
        "unsent": [
            {"account": row.account, "state": row.state, "attempts": row.attempts, "last_error": row.last_error,
             "decision": decision_to_mapping(row.decision)}
            for row in unsent
        ],
        "came_back": [
            {"account": row.account, "status": row.status, "detail": row.detail, "at": row.at,
             "decision": decision_to_mapping(row.decision)}
            for row in returned
        ],
    }  # fmt: skip


def write_whole(path: Path, document: dict[str, Any]) -> None:
    """Write a JSON file whole or not at all: a reader finds the old file or the new one."""
    temporary = path.with_name(path.name + ".part")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            json.dump(document, file, ensure_ascii=False, indent=2)
            file.flush()
            os.fsync(file.fileno())
        failpoint("C17")
        temporary.replace(path)
    except OSError as error:
        raise OperatorError(f"{path} can't be written: {error.strerror}. Choose another place.") from error


def export_folder(folder: Path, path: Path, now: datetime) -> int:
    """Write what is unsent in a data folder to a file; answers how many decisions.

    The store is not opened: a copy of it is, so that one of a newer program or a damaged one stays as it is.
    Raises `OperatorError` where there is no store or the file can't be written.
    """
    with copied_store(folder) as copy:
        document = _document(copy, now)
    write_whole(path, document)
    return len(document["unsent"]) + len(document["came_back"])


@contextmanager
def copied_store(folder: Path) -> Iterator[Path]:
    """A copy of the store of a data folder, for as long as it is needed: the store itself stays as it is.

    Raises `OperatorError` where there is no store or it can't be read.
    """
    store = folder / STORE
    if not store.is_file():
        raise OperatorError(f"There is no store in {folder}. Name the data folder of the workstation (--data).")
    try:
        with tempfile.TemporaryDirectory(prefix="reviewer-") as name:
            copy = Path(name) / STORE
            for ending in ("", "-wal"):
                source = store.with_name(store.name + ending)
                if source.exists():
                    shutil.copyfile(source, copy.with_name(copy.name + ending))
            yield copy
    except OSError as error:
        raise OperatorError(f"{store} can't be read: {error.strerror}.") from error


def _document(copy: Path, now: datetime) -> dict[str, Any]:
    try:
        database = Database(copy, read_only=True)
        try:
            if database.is_new():
                return document_of((), (), now)
            return document_of(outbox.entries(database, of_all=True), outbox.inbox(database, of_all=True), now)
        finally:
            database.close()
    except DamagedStore:
        return _salvaged(salvage(copy), now)


def _salvaged(found: Finding, now: datetime) -> dict[str, Any]:
    unsent = [
        OutboxEntry(row.decision, row.account, row.title, row.state, row.attempts, "salvaged")
        for row in found.decisions
        if row.state != "parked"
    ]
    returned = [
        InboxEntry(row.sequence, row.decision, row.account, row.title, row.status, row.detail, "")
        for row in found.decisions
        if row.state == "parked"
    ]
    return document_of(unsent, returned, now) | {"unreadable": list(found.unreadable)}
