"""Which connectors may run: the allow-list with the digest that was approved, and the tiers that were reached.

The list is a JSON file in the data folder.  It is written whole or not at all.  Shipped connectors are
part of the program and need no approval; their tiers are in `plugins/tiers.json`.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from reviewer.errors import OperatorError

APPROVALS = "connectors.json"
TIERS = "tiers.json"
#: What lies in a connector's folder and is not the connector.
NOT_COUNTED = frozenset({"__pycache__", ".venv", ".git", ".pytest_cache", ".mypy_cache", ".ruff_cache"})
_MOST_FILES = 2000
_MOST_BYTES = 64 * 1024 * 1024


class UnreadableFolder(Exception):
    """A folder whose digest can't be told, with the reason."""


@dataclass(frozen=True, slots=True)
class Tier:
    """A quality tier, and the digest of the files that reached it."""

    tier: str
    digest: str


@dataclass(frozen=True, slots=True)
class Approval:
    """What somebody approved: these files of this connector."""

    digest: str
    version: str
    at: str


def folder_digest(folder: Path) -> str:
    """SHA-256 over the names and contents of all files of a connector, but for caches and its `.venv`.

    Raises `UnreadableFolder` for links, special files, and folders too large to be a connector.
    """
    whole = hashlib.sha256()
    total = 0
    for number, path in enumerate(sorted(_files(folder), key=lambda path: path.relative_to(folder).as_posix()), 1):
        if number > _MOST_FILES:
            raise UnreadableFolder(f"it has more than {_MOST_FILES:,} files")
        try:
            data = path.read_bytes()
        except OSError as error:
            raise UnreadableFolder(f"{path.name} can't be read: {error.strerror}") from error
        total += len(data)
        if total > _MOST_BYTES:
            raise UnreadableFolder(f"it is larger than {_MOST_BYTES // 2**20} MiB")
        name = path.relative_to(folder).as_posix().encode("utf-8", "surrogateescape")
        whole.update(len(name).to_bytes(4) + name + hashlib.sha256(data).digest())
    return whole.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise UnreadableFolder(f"{folder.name} can't be read: {error.strerror}") from error
    for entry in entries:
        if entry.name in NOT_COUNTED:
            continue
        if entry.is_symlink():
            raise UnreadableFolder(f"{entry.name} is a link; a connector's folder holds files only")
        if entry.is_dir():
            yield from _files(entry)
        elif entry.is_file():
            yield entry
        else:
            raise UnreadableFolder(f"{entry.name} is no plain file")


class Approvals:
    """The allow-list and the tiers of a data folder.  Safe on any thread."""

    def __init__(self, folder: Path, shipped: Path | None = None) -> None:
        self._path = folder / APPROVALS
        self._shipped = shipped
        self._lock = threading.Lock()

    def approved(self) -> Mapping[str, Approval]:
        """What is approved, by the connector's id.  A list that can't be read approves nothing."""
        rows = _read(self._path).get("approved", {})
        return {key: Approval(**row) for key, row in rows.items()} if _are(rows, Approval) else {}

    def tiers(self) -> Mapping[str, Tier]:
        """The tiers that were recorded, by id: the shipped ones' and those that were checked here."""
        found: dict[str, Tier] = {}
        for path in (self._shipped / TIERS if self._shipped else None, self._path):
            rows = _read(path).get("tiers", {}) if path else {}
            if _are(rows, Tier):
                found |= {key: Tier(**row) for key, row in rows.items()}
        return found

    def approve(self, connector: str, approval: Approval) -> None:
        """Allow these files of a connector to run.  Raises `OperatorError`."""
        self._change("approved", connector, asdict(approval))

    def revoke(self, connector: str) -> None:
        """Take an approval back.  Raises `OperatorError`."""
        self._change("approved", connector, None)

    def record_tier(self, connector: str, tier: Tier) -> None:
        """Keep the tier that these files of a connector reached.  Raises `OperatorError`."""
        self._change("tiers", connector, asdict(tier) if tier.tier else None)

    def _change(self, table: str, connector: str, row: Mapping[str, str] | None) -> None:
        with self._lock:
            write_row(self._path, table, connector, row)


def write_row(path: Path, table: str, connector: str, row: Mapping[str, str] | None) -> None:
    """Change one row of such a file, whole or not at all.  Raises `OperatorError`."""
    data = dict(_read(path))
    rows = data.get(table)
    rows = dict(rows) if isinstance(rows, dict) else {}
    rows.pop(connector, None)
    if row is not None:
        rows[connector] = dict(row)
    data[table] = dict(sorted(rows.items()))
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise OperatorError(f"{path} can't be written: {error.strerror}. Free space or mend its rights.") from error


def _read(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _are(rows: Any, kind: type[Any]) -> bool:
    """Whether these are rows of texts with exactly the fields of `kind`."""
    fields = set(kind.__dataclass_fields__)
    return isinstance(rows, dict) and all(
        isinstance(row, dict) and set(row) == fields and all(isinstance(value, str) for value in row.values())
        for row in rows.values()
    )
