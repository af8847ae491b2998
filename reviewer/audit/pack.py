"""Writing an audit pack: rows as they come, sealed in blocks, signed at the end, renamed when it is whole."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from reviewer.audit.layout import TABLES, schema
from reviewer.audit.verifier import APPLICATION_ID, BLOCK, FORMAT, row_digest, schema_digest
from reviewer.errors import OperatorError
from reviewer.failpoints import failpoint
from reviewer.ledger.canonical import canonical_json
from reviewer.ledger.keys import SigningKey
from reviewer.ledger.tree import Tree

_BATCH_ROWS = 500
_BATCH_BYTES = 4 * 1024 * 1024
_PAGE = 8192


@dataclass(slots=True)
class _Filling:
    """A table that is being written: rows that wait, and the digests of the block that is open."""

    insert: str
    reals: tuple[int, ...]
    rows: int = 0
    waiting: list[tuple[object, ...]] = field(default_factory=list)
    open_block: bytearray = field(default_factory=bytearray)
    blocks: list[str] = field(default_factory=list)


class PackFile:
    """A pack that does not have its name yet.  Use it as a context: what is not finished is taken away."""

    def __init__(self, path: Path) -> None:
        """Begin next to `path`.  Raises `OperatorError` where nothing can be written there."""
        self.path = path
        self._part = path.with_name(path.name + ".part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._part.unlink(missing_ok=True)
            self.connection = sqlite3.connect(self._part, isolation_level=None)
            for pragma in ("journal_mode = OFF", "synchronous = OFF", f"page_size = {_PAGE}", "cache_size = -32768"):
                self.connection.execute(f"PRAGMA {pragma}")
            self.connection.execute("BEGIN")
            for statement in schema():
                self.connection.execute(statement)
        except (sqlite3.Error, OSError) as error:
            raise self._cannot(error) from error
        self.schema = schema_digest(self.connection)

    def __enter__(self) -> PackFile:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(sqlite3.Error):
            self.connection.close()
        self._part.unlink(missing_ok=True)

    def _cannot(self, error: sqlite3.Error | OSError) -> OperatorError:
        words = getattr(error, "strerror", None) or str(error)
        return OperatorError(f"{self.path} can't be written: {words}. Choose another place, or free some space.")

    def insert(self, statement: str, rows: list[tuple[object, ...]]) -> None:
        """Insert rows.  Raises `OperatorError` where the disk does not take them."""
        try:
            self.connection.executemany(statement, rows)
        except sqlite3.OperationalError as error:
            raise self._cannot(error) from error

    def complete(self) -> None:
        """Make the file durable and give it its name: a reader finds the old file or the new one."""
        try:
            self.connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            self.connection.execute(f"PRAGMA user_version = {FORMAT}")
            self.connection.execute("COMMIT")
            self.connection.close()
            with self._part.open("rb+") as file:
                os.fsync(file.fileno())
            failpoint("C17")
            self._part.replace(self.path)
        except (sqlite3.Error, OSError) as error:
            raise self._cannot(error) from error


class PackWriter:
    """One part of a pack, row by row."""

    def __init__(self, file: PackFile, *, part: int = 1) -> None:
        self._file = file
        self.part = part
        self._tables = {
            name: _Filling(_insert(name, len(columns) + 2), _places(columns, "REAL"))
            for name, columns in TABLES.items()
        }
        self._seals: list[tuple[object, ...]] = []
        self._trees: defaultdict[str, Tree] = defaultdict(Tree)
        self._bytes = 0

    def rows(self, table: str) -> int:
        """How many rows the table has so far."""
        return self._tables[table].rows

    def add(self, table: str, values: tuple[object, ...]) -> int:
        """Add a row with the values of the table's columns; answers its number."""
        filling = self._tables[table]
        filling.rows += 1
        if filling.reals:  # SQLite reads a whole number back as a fraction, and so it is sealed
            values = tuple(
                float(value) if place in filling.reals and isinstance(value, int) else value
                for place, value in enumerate(values)
            )
        filling.waiting.append((self.part, filling.rows, *values))
        filling.open_block += row_digest(values)
        if len(filling.open_block) == BLOCK * 32:
            self._seal(table, filling)
        if table == "pictures":
            self._bytes += len(values[3]) if isinstance(values[3], bytes) else 0
        if len(filling.waiting) >= _BATCH_ROWS or self._bytes >= _BATCH_BYTES:
            self._flush(filling)
            self._bytes = 0
        return filling.rows

    def add_chain(self, log: str, sequence: int, previous: str, content: str | None, digest: str) -> None:
        """Add a row of a log's chain, in order from 1; `content` None withholds it."""
        self.add("chain", (log, sequence, previous, content, digest))
        self._trees[log].append(bytes.fromhex(digest))

    def head(self, log: str) -> tuple[int, str]:
        """Size and root (hexadecimal) of a log as it was added so far."""
        tree = self._trees[log]
        return tree.size, tree.head().hex()

    def seal(self, key: SigningKey, created_at: str, title: str, scope: dict[str, str]) -> dict[str, tuple[int, str]]:
        """Seal and sign everything that was added; answers the head of each log (size, root)."""
        for name, filling in self._tables.items():
            if filling.open_block:
                self._seal(name, filling)
            self._flush(filling)
        self._file.insert("INSERT INTO seals VALUES (?, ?, ?, ?)", self._seals)
        heads = {log: (tree.size, tree.head().hex()) for log, tree in self._trees.items()}
        body = canonical_json(
            {
                "type": "reviewer.pack.v1",
                "created_at": created_at,
                "title": title,
                "scope": scope,
                "exporter": key.public,
                "schema": self._file.schema,
                "logs": {log: {"size": size, "root": root} for log, (size, root) in heads.items()},
                "tables": {
                    name: {"columns": list(TABLES[name]), "rows": filling.rows, "blocks": filling.blocks}
                    for name, filling in self._tables.items()
                },
            }
        )
        signature = key.sign(b"reviewer.pack.v1\n" + body)
        self._file.insert("INSERT INTO manifest VALUES (?, ?, ?, ?)", [(self.part, body, key.public, signature)])
        return heads

    def _seal(self, table: str, filling: _Filling) -> None:
        digests = bytes(filling.open_block)
        filling.open_block.clear()
        filling.blocks.append(hashlib.sha256(digests).hexdigest())
        self._seals.append((self.part, table, len(filling.blocks), digests))

    def _flush(self, filling: _Filling) -> None:
        if filling.waiting:
            self._file.insert(filling.insert, filling.waiting)
            filling.waiting = []


def _places(columns: dict[str, str], kind: str) -> tuple[int, ...]:
    return tuple(place for place, of in enumerate(columns.values()) if of == kind)


def _insert(table: str, count: int) -> str:
    return f"INSERT INTO {table} VALUES ({', '.join('?' * count)})"  # noqa: S608 - the names are constants
