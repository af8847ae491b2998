#!/usr/bin/env python3
"""Verify an audit pack.  This one file needs Python and nothing else:

    python verifier.py FILE --key HEX [--key HEX ...]

It recomputes everything and trusts nothing in the pack but what chains to a key that you name: each row against
the digests that the exporter sealed, the hash chain of each log, the tree heads (RFC 6962) of its checkpoints and
countersignatures, the decisions against the chain, the texts against their commitments.
Exit codes: 0 verified; 1 broken, the first broken row on the last line; 2 not a readable pack.  The file is opened
read-only and as unchangeable, no view and no trigger of it is ever run.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

#: The application id of a pack's file ("RvwP") and the format that this verifier knows.
APPLICATION_ID = 0x52767750
FORMAT = 1
#: Rows that one seal covers.
BLOCK = 100
#: Tables that the manifest does not list, for it covers them itself.
UNSEALED = ("manifest", "seals")
#: No value of a pack is longer.
LONGEST = 64 * 1024 * 1024
_MOST_FAULTS = 20
_GENESIS = "0" * 64

Check = Callable[[bytes, bytes, bytes], bool]


class NotAPack(Exception):
    """The file can't be read as a pack; the text says why."""


@dataclass
class Pins:
    """What the verifier trusts: public keys in hexadecimal, and heads that were seen earlier (log to size, root)."""

    keys: dict[str, str]
    heads: dict[str, tuple[int, str]] = field(default_factory=dict)


@dataclass(order=True)
class Fault:
    """A broken row: `rank` 0 is one that is not as it was sealed, 1 one that contradicts another, 2 the first of a
    range, 3 something about the whole."""

    rank: int
    part: int
    order: int
    row: int
    table: str = field(compare=False)
    words: str = field(compare=False)

    def __str__(self) -> str:
        place = f"part {self.part}, " if self.part > 1 else ""
        return f"{place}{self.table} row {self.row}: {self.words}"


@dataclass
class Outcome:
    """What was found: `counts` of rows by table, `logs` with their size, witnessed size and head."""

    faults: list[Fault] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    logs: dict[str, dict[str, Any]] = field(default_factory=dict)
    manifests: list[dict[str, Any]] = field(default_factory=list)
    pinned: list[str] = field(default_factory=list)
    unpinned: dict[str, str] = field(default_factory=dict)
    withheld: int = 0
    erased: int = 0
    signatures: int = 0

    @property
    def first(self) -> Fault | None:
        """The first broken row, or None."""
        return min(self.faults) if self.faults else None


def _blob(value: object) -> object:
    if isinstance(value, bytes):
        return {"sha256": hashlib.sha256(value).hexdigest(), "bytes": len(value)}
    raise TypeError(type(value).__name__)


_encode = json.JSONEncoder(separators=(",", ":"), default=_blob).encode


def row_digest(values: Sequence[object]) -> bytes:
    """SHA-256 over a row: a JSON list of its values, a blob as its digest and length."""
    return hashlib.sha256(_encode(values).encode("ascii")).digest()


def chain_digest(sequence: int, previous: str, content: bytes) -> str:
    """SHA-256 in hexadecimal over the sequence number, the digest before, and the content."""
    return hashlib.sha256(f"{sequence}\n{previous}\n".encode() + content).hexdigest()


def schema_digest(connection: sqlite3.Connection) -> str:
    """SHA-256 over every table, view, index and trigger that the file declares."""
    rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall()
    return hashlib.sha256(_encode(sorted([list(map(str, row)) for row in rows])).encode("ascii")).hexdigest()


def signed_json(kind: str, **values: object) -> bytes:
    """The canonical JSON that is signed (ASCII keys, texts and whole numbers only)."""
    return json.dumps({"type": kind, **values}, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


#: The columns of a decision that the chain holds, in the order of `decided_values`.
DECIDED = (
    "id", "account", "reviewer", "case_id", "listing_id", "revision", "kind", "ground", "clause", "policy_version",
    "decided_at", "seconds", "supersedes", "measure", "measure_scope", "measure_days", "evidence", "lease_id",
    "lease_token", "commitment", "outbox_digest",
)  # fmt: skip


def decided_values(content: dict[str, Any]) -> tuple[object, ...]:
    """What the content of a chain row says of its decision, in the order of `DECIDED`."""
    made = content["decision"]
    measure, lease = made["measure"] or {}, made["lease"] or {}
    return (
        made["id"], content["account"], content["reviewer"], made["case_id"], made["listing_id"], made["revision"],
        made["kind"], made["ground"], made["clause"], made["policy_version"], made["decided_at"], made["seconds"],
        made["supersedes"], measure.get("kind", ""), measure.get("scope", ""), measure.get("days"),
        json.dumps(made["evidence"]), lease.get("id", ""), lease.get("token", 0), content["text"], content["outbox"],
    )  # fmt: skip


class Tree:
    """The Merkle tree of RFC 6962 over the digests of a log."""

    def __init__(self) -> None:
        self.peaks: list[bytes] = []
        self.size = 0

    def append(self, entry: bytes) -> None:
        """Add an entry."""
        node, size = hashlib.sha256(b"\0" + entry).digest(), self.size
        while size & 1:
            node = hashlib.sha256(b"\1" + self.peaks.pop() + node).digest()
            size >>= 1
        self.peaks.append(node)
        self.size += 1

    def head(self) -> str:
        """The tree head in hexadecimal."""
        if not self.peaks:
            return hashlib.sha256(b"").hexdigest()
        node = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            node = hashlib.sha256(b"\1" + peak + node).digest()
        return node.hex()


def open_pack(path: Path) -> sqlite3.Connection:
    """A connection that can neither change the file nor run anything that the file brings.  Raises `NotAPack`."""
    try:
        with path.open("rb") as file:
            start = file.read(100)
    except OSError as error:
        raise NotAPack(f"it can't be read: {error.strerror}") from None
    if start[:16] != b"SQLite format 3\0" or len(start) < 100:
        raise NotAPack("it is not an SQLite file" if start else "it is empty")
    if int.from_bytes(start[68:72], "big") != APPLICATION_ID:
        raise NotAPack("it is an SQLite file, but not an audit pack")
    version = int.from_bytes(start[60:64], "big")
    if version == 0 or version > FORMAT:
        words = "it was never finished" if version == 0 else f"its format {version} is newer than {FORMAT}"
        raise NotAPack(words)
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None)
    try:
        if hasattr(connection, "setlimit"):
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST)
            connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        for pragma in ("query_only = ON", "trusted_schema = OFF", "mmap_size = 0", "cache_size = -8192"):
            connection.execute(f"PRAGMA {pragma}")
        kinds = dict(connection.execute("SELECT name, type || ' ' || coalesce(sql, '') FROM sqlite_master"))
        for name in UNSEALED:
            if not kinds.get(name, "").startswith(f"table CREATE TABLE {name} "):
                raise NotAPack(f"its table {name} is missing")
        for name, words in kinds.items():
            if words.startswith("table") and not words.startswith(f"table CREATE TABLE {name} "):
                raise NotAPack(f"{name!a} is no plain table")
    except (sqlite3.Error, UnicodeDecodeError) as error:
        connection.close()
        raise NotAPack(f"it is damaged: {error}") from None
    except NotAPack:
        connection.close()
        raise
    return connection


class _Beside:
    """The rows of a table that go along with the chain, one for each of its rows or none."""

    def __init__(self, rows: Iterator[tuple[Any, ...]]) -> None:
        self._rows = rows
        self.next = next(rows, None)

    def of(self, log: object, sequence: object) -> tuple[Any, ...] | None:
        """The row of that chain row, or None; asked in the chain's order."""
        if self.next is None or self.next[1] != log or self.next[2] != sequence:
            return None
        row, self.next = self.next, next(self._rows, None)
        return row


class Verification:
    """One walk over a pack."""

    def __init__(self, connection: sqlite3.Connection, pins: Pins, check: Check) -> None:
        self._connection = connection
        self._pins = pins
        self._check = check
        self.outcome = Outcome()
        self._trusted: dict[str, set[str]] = {}
        self._unpinned: dict[str, str] = {}
        self._order: dict[str, int] = {}
        self._roots: dict[tuple[str, int], str] = {}

    def run(self) -> Outcome:
        """Check everything; faults are collected, at most 20 of each table."""
        parts = self._rows("SELECT part, body, key, signature FROM manifest ORDER BY part", "manifest", 0, 1)
        for number, (part, body, key, signature) in enumerate(parts, 1):
            if part != number:
                self._fault(3, number, "manifest", number, "is missing")
                return self.outcome
            manifest = self._manifest(number, body)
            if manifest is None:
                return self.outcome
            self.outcome.manifests.append(manifest)
            self._part(number, manifest, body, str(key), signature)
        if self.outcome.manifests:
            tables = {name for manifest in self.outcome.manifests for name in manifest["tables"]}
            self._other_parts(tables, len(self.outcome.manifests))
        elif not self.outcome.faults:
            self._fault(3, 1, "manifest", 1, "is missing: nothing here is signed")
        for log, (size, _) in sorted(self._pins.heads.items()):
            known = self.outcome.logs.get(log)
            if known is not None and known["size"] < size:
                words = f"is missing: the log {log} ends at row {known['size']}, and {size} rows were seen before"
                self._fault(2, 1, "chain", known["size"] + 1, f"{words} (an older file, or its end was cut off)")
        return self.outcome

    def _manifest(self, part: int, body: object) -> dict[str, Any] | None:
        try:
            value = json.loads(body if isinstance(body, bytes) else b"")
            sound = value["type"] == "reviewer.pack.v1" and all(
                type(table["rows"]) is int and set(map(type, table["columns"] + table["blocks"])) <= {str}
                for table in value["tables"].values()
            )
            named = all(type(item) is str for item in (value["exporter"], value["schema"], value["created_at"]))
            sizes = all(type(log["size"]) is int and type(log["root"]) is str for log in value["logs"].values())
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            sound = named = sizes = False
        if not (sound and named and sizes):
            self._fault(3, part, "manifest", part, "is no manifest")
            return None
        return dict(value)

    def _part(self, part: int, manifest: dict[str, Any], body: bytes, key: str, signature: object) -> None:
        if schema_digest(self._connection) != manifest["schema"]:
            if self._foreign(part):
                return
            self._fault(3, part, "manifest", part, "the tables or views are not those that were sealed")
        self._order = {name: place for place, name in enumerate(manifest["tables"], 2)}
        for name, table in manifest["tables"].items():
            if name in UNSEALED or not name.isidentifier() or not all(map(str.isidentifier, table["columns"])):
                self._fault(3, part, "manifest", part, "names what is no table")
                return
            self._table(part, name, table)
        if not {"keys", "chain", "checkpoints", "witnesses", "decisions", "texts"} <= manifest["tables"].keys():
            self._fault(3, part, "manifest", part, "does not cover all tables")
            return
        if any(fault.table == "keys" and fault.part == part for fault in self.outcome.faults):
            self._trusted = {}
        else:
            self._keys(part)
        vouched = key in self._pins.keys or any(key in keys for keys in self._trusted.values())
        if manifest["exporter"] != key or not self._signed(key, signature, b"reviewer.pack.v1\n" + body):
            self._fault(3, part, "manifest", part, "is not what its exporter signed")
        elif not vouched:
            self._fault(3, part, "manifest", part, f"is signed by {key}, for which no pinned key vouches")
        self._chain(part, manifest)

    def _foreign(self, part: int) -> bool:
        """Name what no pack has; whether there is such a thing."""
        wrong = self._connection.execute(
            "SELECT type, name FROM sqlite_master WHERE type IN ('trigger', 'index') ORDER BY name"
        ).fetchall()
        for kind, name in wrong[:_MOST_FAULTS]:
            self._fault(3, part, "manifest", part, f"a pack has no {kind} {name!a}")
        return bool(wrong)

    def _table(self, part: int, name: str, table: dict[str, Any]) -> None:
        """Each row against its sealed digest, up to the first that is missing or was added."""
        sealed = self._seals(part, name, table)
        expected = 1
        columns = ", ".join(f'"{column}"' for column in table["columns"])
        query = f'SELECT row, {columns} FROM "{name}" WHERE part = ? ORDER BY row'  # noqa: S608 - identifiers, checked
        for row in self._rows(query, name, part, 1, (part,)):
            if expected > table["rows"]:
                self._fault(0, part, name, expected, f"was added: {table['rows']} rows were sealed")
                return
            if type(row[0]) is not int or row[0] != expected:
                self._fault(0, part, name, expected, "is missing")
                return
            if sealed is not None and sealed[expected * 32 - 32 : expected * 32] != row_digest(row[1:]):
                self._fault(0, part, name, expected, self._what_it_holds(sealed, row_digest(row[1:])))
            expected += 1
        if expected <= table["rows"] and not any(fault.table == name for fault in self.outcome.faults):
            self._fault(0, part, name, expected, f"is missing: {table['rows']} rows were sealed")
        self.outcome.counts[name] = self.outcome.counts.get(name, 0) + expected - 1

    @staticmethod
    def _what_it_holds(sealed: bytes, digest: bytes) -> str:
        place = sealed.find(digest)
        while place >= 0 and place % 32:
            place = sealed.find(digest, place + 1)
        return f"holds what was sealed as row {place // 32 + 1}" if place >= 0 else "was changed"

    def _other_parts(self, tables: set[str], parts: int) -> None:
        """Rows of a part for which there is no manifest."""
        for name in sorted(tables | set(UNSEALED)):
            query = f'SELECT max(row) FROM "{name}" WHERE part IS NOT CAST(part AS INTEGER) OR part < 1 OR part > ?'  # noqa: S608
            if name in UNSEALED:
                query = query.replace("max(row)", "max(part)")
            for (row,) in self._rows(query, name, 1, 1, (parts,)):
                if row is not None:
                    self._fault(0, parts + 1, name, row, "was added: it belongs to no part that was signed")

    def _seals(self, part: int, name: str, table: dict[str, Any]) -> bytes | None:
        """The sealed digests of a table, one after another; None where the seals themselves are broken."""
        sealed = bytearray()
        rows = self._rows(
            "SELECT block, digests FROM seals WHERE part = ? AND table_name = ? ORDER BY block",
            "seals", part, 1, (part, name),
        )  # fmt: skip
        expected = 1
        for (block, digests), digest in zip(rows, table["blocks"], strict=False):
            first = (expected - 1) * BLOCK + 1
            if block != expected or type(digests) is not bytes or hashlib.sha256(digests).hexdigest() != digest:
                words = f"the seal of {name} rows {first} to {min(first + BLOCK - 1, table['rows'])} was changed"
                self._fault(2, part, "seals", expected, words)
                return None
            sealed += digests
            expected += 1
        if len(sealed) != table["rows"] * 32:
            self._fault(
                1, part, "seals", expected, f"the seal of {name} from row {(expected - 1) * BLOCK + 1} is missing"
            )
            return None
        return bytes(sealed)

    def _keys(self, part: int) -> None:
        """Which keys may sign for which log: those that a pinned key enrolled, and pinned keys.

        A hub whose key is not pinned is no fault: its word counts for nothing, and that is told.
        """
        query = 'SELECT row, log, name, key, at, "by", signature, role FROM keys WHERE part = ? ORDER BY row'
        self._trusted, self._unpinned = {}, {}
        for row, log, name, key, at, by, signature, role in self._rows(query, "keys", part, 1, (part,)):
            if role == "hub" and not by and key not in self._pins.keys and type(key) is type(name) is str:
                self._unpinned[key] = name
                continue
            if key in self._pins.keys:
                self._trusted.setdefault(log, set()).add(key)
                self._note(key, name)
                continue
            if by in self._unpinned:
                continue
            if by not in self._pins.keys:
                words = f"{key} ({name!a}) is no pinned key, and {by or 'nobody'} vouches for it"
                self._fault(0, part, "keys", row, words)
                continue
            message = signed_json("reviewer.enrolment.v1", log=log, key=key, name=name, at=at)
            if not self._signed(by, signature, message):
                self._fault(0, part, "keys", row, "its enrolment is not what the admin's key signed")
                continue
            self._note(by, "")
            self._trusted.setdefault(log, set()).add(key)

    def _note(self, key: str, name: str) -> None:
        if key not in self.outcome.pinned:
            self.outcome.pinned.append(key)
        if name and not self._pins.keys[key]:
            self._pins.keys[key] = name

    def _heads(self, part: int, table: str, kind: str) -> dict[tuple[str, int], list[tuple[int, str]]]:
        """The heads of a table by log and size, with the row that each stands in; signatures are checked here."""
        found: dict[tuple[str, int], list[tuple[int, str]]] = {}
        query = f"SELECT row, log, size, root, at, key, signature FROM {table} WHERE part = ? ORDER BY row"  # noqa: S608
        for row, log, size, root, at, key, signature in self._rows(query, table, part, 1, (part,)):
            message = signed_json(f"reviewer.{kind}.v1", log=log, size=size, root=root, at=at)
            if kind == "witness" and key in self._unpinned:
                self.outcome.unpinned[key] = self._unpinned[key]
                continue
            allowed = self._pins.keys if kind == "witness" else self._trusted.get(log, set())
            if key not in allowed:
                self._fault(1, part, table, row, f"is signed by {key}, which may not sign for the log {log}")
            elif not self._signed(key, signature, message):
                self._fault(1, part, table, row, "its signature does not fit")
            else:
                found.setdefault((log, size), []).append((row, root))
        return found

    def _chain(self, part: int, manifest: dict[str, Any]) -> None:
        """The hash chain of each log and the heads over it."""
        checkpoints = self._heads(part, "checkpoints", "checkpoint")
        witnesses = self._heads(part, "witnesses", "witness")
        decisions, texts = self._beside(part, "decisions", DECIDED), self._beside(part, "texts", ("salt", "body"))
        log, tree, previous, sound = None, Tree(), _GENESIS, 0
        query = "SELECT row, log, sequence, previous, content, digest FROM chain WHERE part = ? ORDER BY row"
        for row, name, sequence, before, content, digest in self._rows(query, "chain", part, 1, (part,)):
            if name != log:
                if log is not None:
                    self._log_ends(part, manifest, log, tree)
                log, tree, previous, sound = name, Tree(), _GENESIS, 0
            words = self._link(tree.size + 1, previous, sequence, before, content, digest)
            if words:
                self._fault(1, part, "chain", row, words)
                return
            previous = digest
            tree.append(bytes.fromhex(digest))
            decision, text = decisions.of(name, sequence), texts.of(name, sequence)
            if content is None:
                self.outcome.withheld += decision is not None
            elif decision is None or text is None:
                self._fault(1, part, "chain", row, "its decision or its text is missing")
            else:
                self._decision(part, row, content, decision, text)
            self._fork(part, row, name, tree, (name, tree.size) in checkpoints)
            pinned = self._pins.heads.get(name)
            if pinned is not None and pinned[0] == tree.size and pinned[1] != tree.head():
                words = f"rows up to this one are not the {tree.size} rows of the log {name} that were seen before"
                self._fault(2, part, "chain", row, words)
            for heads, kind in ((checkpoints, "checkpoint"), (witnesses, "countersignature")):
                for at, root in heads.get((name, tree.size), ()):
                    if root != tree.head():
                        words = f"rows {sound + 1} to {tree.size} of the log {name} are not those of {kind} {at}"
                        self._fault(2, part, "chain", row - tree.size + sound + 1, words)
                    else:
                        sound = tree.size
                        if heads is witnesses:
                            self.outcome.logs.setdefault(name, {"size": 0, "witnessed": 0})["witnessed"] = sound
        if log is not None:
            self._log_ends(part, manifest, log, tree)
        for table, left in (("decisions", decisions.next), ("texts", texts.next)):
            if left is not None:
                self._fault(1, part, table, left[0], "has no row in the chain, or stands out of order")
        for table, heads in (("checkpoints", checkpoints), ("witnesses", witnesses)):
            for (name, size), rows in heads.items():
                if size > self.outcome.logs.get(name, {"size": 0})["size"]:
                    words = f"signs {size} rows of the log {name}, and there are fewer"
                    self._fault(2, part, table, rows[0][0], words)

    def _fork(self, part: int, row: int, log: str, tree: Tree, signed: bool) -> None:
        """Whether an earlier part tells another history of the same log."""
        known = self._roots.get((log, tree.size))
        if known is not None and known != tree.head():
            self._fault(2, part, "chain", row, "an earlier part tells another history of this log up to here")
        elif signed:
            self._roots[log, tree.size] = tree.head()

    @staticmethod
    def _link(expected: int, previous: str, sequence: object, before: object, content: object, digest: object) -> str:
        if type(sequence) is not int or sequence != expected:
            return f"row {expected} of its log is missing or out of order"
        if before != previous:
            return "does not name the digest of the row before it"
        if type(digest) is not str or len(digest) != 64 or digest.strip("0123456789abcdef"):
            return "its digest is none"
        if content is not None:
            if type(content) is not str:
                return "its content is no text"
            if chain_digest(sequence, previous, content.encode()) != digest:
                return "its content does not have its digest"
        return ""

    def _log_ends(self, part: int, manifest: dict[str, Any], log: str, tree: Tree) -> None:
        known = self.outcome.logs.setdefault(log, {"size": 0, "witnessed": 0})
        if tree.size >= known["size"]:
            known.update(size=tree.size, root=tree.head())
        sealed = manifest["logs"].get(log, {"size": 0, "root": ""})
        if (sealed["size"], sealed["root"]) != (tree.size, tree.head()):
            self._fault(3, part, "manifest", part, f"the log {log} does not have the head that was sealed")

    def _content(self, part: int, row: int, content: str) -> tuple[tuple[object, ...], str] | None:
        try:
            value = json.loads(content)
            return decided_values(value), str(value["text"])
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            self._fault(1, part, "chain", row, "its content is no decision")
            return None

    def _beside(self, part: int, table: str, columns: Sequence[str]) -> _Beside:
        query = f"SELECT row, log, sequence, {', '.join(columns)} FROM {table} WHERE part = ? ORDER BY row"  # noqa: S608
        return _Beside(self._rows(query, table, part, 1, (part,)))

    def _decision(self, part: int, row: int, content: str, decision: tuple[Any, ...], text: tuple[Any, ...]) -> None:
        """A decision and its text against the content of its chain row."""
        found = self._content(part, row, content)
        if found is None:
            return
        decided, commitment = found
        if decision[3:] != decided:
            names = [name for name, value, right in zip(DECIDED, decision[3:], decided, strict=True) if value != right]
            self._fault(1, part, "decisions", decision[0], f"its {names[0]} is not the one in the chain")
        at, salt, body = text[0], *text[3:]
        if body is None:
            self.outcome.erased += 1
        elif type(salt) is not bytes or type(body) is not str:
            self._fault(1, part, "texts", at, "is no text")
        elif hashlib.sha256(salt + body.encode()).hexdigest() != commitment:
            self._fault(1, part, "texts", at, "is not the text that the decision committed to")

    def _signed(self, key: str, signature: object, message: bytes) -> bool:
        self.outcome.signatures += 1
        try:
            public = bytes.fromhex(key)
        except (ValueError, TypeError):
            return False
        return type(signature) is bytes and self._check(public, signature, message)

    def _rows(
        self, query: str, table: str, part: int, first: int, values: tuple[object, ...] = ()
    ) -> Iterator[tuple[Any, ...]]:
        """The rows of a query; damage in the file becomes a fault of the row after the last good one."""
        read = 0
        try:
            for row in self._connection.execute(query, values):
                read += 1
                yield row
            return
        except (sqlite3.Error, UnicodeDecodeError) as error:
            words = f"can't be read: {error}"
        try:  # the row before may have been held back: the one after it is read ahead
            for row in self._connection.execute(f"{query} LIMIT 1 OFFSET {read}", values).fetchall():
                read += 1
                yield row
        except (sqlite3.Error, UnicodeDecodeError):
            pass
        self._fault(0, part, table, first + read, words)

    def _fault(self, rank: int, part: int, table: str, row: int, words: str) -> None:
        order = self._order.get(table, 1)
        if sum(fault.table == table for fault in self.outcome.faults) < _MOST_FAULTS:
            self.outcome.faults.append(Fault(rank, part, order, row, table, words))


# Ed25519 after RFC 8032, section 5.1.7, for where no library is at hand; points are (x, y, z, x*y) over z.
_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_ROOT = pow(2, (_P - 1) // 4, _P)
Point = tuple[int, int, int, int]


def _add(one: Point, other: Point) -> Point:
    a = (one[1] - one[0]) * (other[1] - other[0]) % _P
    b = (one[1] + one[0]) * (other[1] + other[0]) % _P
    c, d = 2 * one[3] * other[3] * _D % _P, 2 * one[2] * other[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _times(factor: int, point: Point) -> Point:
    total: Point = (0, 1, 1, 0)
    while factor:
        if factor & 1:
            total = _add(total, point)
        point = _add(point, point)
        factor >>= 1
    return total


def _point(data: bytes) -> Point | None:
    y = int.from_bytes(data, "little") & (1 << 255) - 1
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT % _P
    if (x * x - square) % _P or (x == 0 and data[31] >> 7):
        return None
    x = _P - x if x & 1 != data[31] >> 7 else x
    return x, y, 1, x * y % _P


def ed25519_is_signed(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the signature is that of the key; slow (some milliseconds), of the standard library alone."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key, nonce, scalar = _point(public), _point(signature[:32]), int.from_bytes(signature[32:], "little")
    if key is None or nonce is None or scalar >= _ORDER:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % _ORDER
    base = _point(bytes([0x58]) + bytes([0x66]) * 31)
    left, right = _times(scalar, base or (0, 1, 1, 0)), _add(nonce, _times(challenge, key))
    return not (left[0] * right[2] - right[0] * left[2]) % _P and not (left[1] * right[2] - right[1] * left[2]) % _P


def verify(path: Path, pins: Pins, check: Check = ed25519_is_signed) -> Outcome:
    """Check a pack against pinned keys.  Raises `NotAPack` where the file is none that can be read."""
    with closing(open_pack(path)) as connection:
        return Verification(connection, pins, check).run()


def told(outcome: Outcome, pins: Pins) -> list[str]:
    """The outcome in lines for people; the last is the verdict."""
    lines = [f"pinned key: ed25519:{key} {pins.keys[key]}".rstrip() for key in outcome.pinned or pins.keys]
    for log, known in sorted(outcome.logs.items()):
        size, witnessed = known["size"], known["witnessed"]
        tail = f"; rows {witnessed + 1} to {size} are unwitnessed" if witnessed < size else ""
        lines.append(f"log {log}: {size} rows, countersigned up to row {witnessed}{tail}")
    for key, name in sorted(outcome.unpinned.items()):
        lines.append(f"countersignatures by ed25519:{key} {name!a} count for nothing: that key is not pinned")
    if outcome.withheld:
        lines.append(
            f"{outcome.withheld} decisions are pseudonymised: the exporter's seal alone vouches for their content"
        )
    if outcome.erased:
        lines.append(f"{outcome.erased} texts were erased; their commitments stand")
    first = outcome.first
    if first is None:
        counts = outcome.counts
        lines.append(
            f"verified: {counts.get('decisions', 0)} decisions, {sum(counts.values())} rows in {len(counts)} tables, "
            f"{outcome.signatures} signatures"
        )
        return lines
    lines += [f"also: {fault}" for fault in sorted(outcome.faults)[1:_MOST_FAULTS]]
    return [*lines, f"broken: {first}"]


def main(arguments: Sequence[str]) -> int:
    """The script: FILE and one or more --key HEX."""
    names = [
        value for place, value in enumerate(arguments) if value != "--key" and arguments[max(0, place - 1)] != "--key"
    ]
    keys = [value for place, value in enumerate(arguments) if place and arguments[place - 1] == "--key"]
    if len(names) != 1 or not keys:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    pins = Pins({key.removeprefix("ed25519:").lower(): "" for key in keys})
    try:
        outcome = verify(Path(names[0]), pins)
    except NotAPack as problem:
        sys.stdout.write(f"not a readable pack: {problem}\n")
        return 2
    sys.stdout.write("\n".join(told(outcome, pins)) + "\n")
    return 0 if outcome.first is None else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
