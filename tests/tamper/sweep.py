"""The changes that can be made to a pack, one by one, and what must be said of each."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from reviewer.audit import verifier
from reviewer.audit.layout import TABLES
from reviewer.audit.verifier import Fault, Pins, Verification, chain_digest
from reviewer.ledger.keys import SigningKey, is_signed


@dataclass(frozen=True)
class Change:
    """One way to tamper: `table` and `row` are what the verifier must name; empty and 0 where any will do."""

    what: str
    table: str
    row: int
    make: Callable[[sqlite3.Connection], object]
    heads: dict[str, tuple[int, str]] | None = None

    def __str__(self) -> str:
        return f"{self.what} ({self.table} row {self.row})"


def changed(value: object) -> object:
    """Another value of the same type, or one where there was none."""
    if isinstance(value, bytes):
        return bytes([value[0] ^ 1]) + value[1:] if value else b"x"
    if isinstance(value, (int, float)):
        return value + 1
    return (str(value) + "x") if value is not None else "x"


def all_changes(path: Path, heads: dict[str, tuple[int, str]]) -> Iterator[Change]:
    """Every change of a stored value; every row dropped, with and without closing up, doubled, swapped, added;
    every forged decision; every swapped key; every cut of a log's tail; every older file."""
    connection = sqlite3.connect(path)
    try:
        for table in TABLES:
            (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
            digests = _digests(connection, table)
            for row in range(1, count + 1):
                for column in TABLES[table]:
                    make = partial(_change, table=table, column=column, row=row)
                    yield Change(f"{column} changed", table, row, make)
                yield Change("dropped", table, row, partial(_drop, table=table, row=row))
                last = row == count
                if not last and digests[row - 1] != digests[row]:
                    yield Change("dropped and closed up", table, row, partial(_close_up, table=table, row=row))
                    yield Change("swapped with the next", table, row, partial(_swap, table=table, row=row))
                if last or digests[row - 1] != digests[row]:
                    yield Change("doubled", table, row + 1, partial(_double, table=table, row=row))
            yield Change("all dropped", table, 1, partial(_run, statement=f"DELETE FROM {table}"))
        yield from _of_the_chain(connection, heads)
        yield from _of_the_whole(connection)
    finally:
        connection.close()


def _of_the_chain(connection: sqlite3.Connection, heads: dict[str, tuple[int, str]]) -> Iterator[Change]:
    rows = connection.execute("SELECT row, log, sequence FROM chain ORDER BY row").fetchall()
    first: dict[str, int] = {}
    for row, log, sequence in rows:
        first.setdefault(log, row)
        yield Change("forged with the chain after it", "chain", row, partial(forge_chain, row=row))
        anew = partial(_forge_and_seal, row=row)
        yield Change("forged and sealed anew by another key", "chain", 0, anew)
        if sequence < heads[log][0]:
            cut = partial(_cut, log=log, sequence=sequence)
            yield Change("tail cut off", "", row + 1, cut)
            sealed = partial(_cut_and_seal, log=log, sequence=sequence)
            yield Change("tail cut off and sealed anew", "", 0, sealed)
    for log, (size, root) in heads.items():
        for more in (1, 2, 40):
            older = {**heads, log: (size + more, root)}
            yield Change("an older file", "chain", size + 1, lambda _: None, older)
        for place in (1, size // 2, size):
            yield Change("another history", "chain", 0, lambda _: None, {**heads, log: (place, "0" * 64)})
    for (row,) in connection.execute("SELECT row FROM keys ORDER BY row").fetchall():
        yield Change("key swapped", "keys", row, partial(_change_key, row=row))


def _of_the_whole(connection: sqlite3.Connection) -> Iterator[Change]:
    for table, block in connection.execute("SELECT table_name, block FROM seals ORDER BY 1, 2").fetchall():
        where = f"WHERE table_name = '{table}' AND block = {block}"
        yield Change("seal dropped", "", 0, partial(_run, statement=f"DELETE FROM seals {where}"))
        wrong = f"UPDATE seals SET digests = zeroblob(length(digests)) {where}"
        yield Change("seal changed", "", 0, partial(_run, statement=wrong))
    for statement in (
        "UPDATE manifest SET body = CAST(replace(body, 'demo', 'real') AS BLOB)",
        "UPDATE manifest SET signature = zeroblob(64)", "UPDATE manifest SET key = 'x'", "DELETE FROM manifest",
        "UPDATE manifest SET part = 2", "DELETE FROM seals", "CREATE INDEX i ON decisions (kind)",
    ):  # fmt: skip
        yield Change(statement, "", 0, partial(_run, statement=statement))


def fault_of(connection: sqlite3.Connection, pins: Pins, change: Change) -> str:
    """What is wrong with the verifier's answer to a change, which is taken back; empty where it is right."""
    connection.execute("BEGIN")
    try:
        change.make(connection)
        with_heads = Pins(dict(pins.keys), dict(change.heads if change.heads is not None else pins.heads))
        first = Verification(connection, with_heads, is_signed).run().first
    finally:
        connection.execute("ROLLBACK")
    return _judged(first, change)


def _judged(first: Fault | None, change: Change) -> str:
    if first is None:
        return f"{change}: not caught"
    right = change.table in ("", first.table) and change.row in (0, first.row)
    return "" if right else f"{change}: named as {first}"


def _digests(connection: sqlite3.Connection, table: str) -> list[bytes]:
    columns = ", ".join(f'"{column}"' for column in TABLES[table])
    return [verifier.row_digest(row) for row in connection.execute(f"SELECT {columns} FROM {table} ORDER BY row")]


def _run(connection: sqlite3.Connection, statement: str) -> None:
    connection.execute(statement)


def _change(connection: sqlite3.Connection, table: str, column: str, row: int) -> None:
    (value,) = connection.execute(f'SELECT "{column}" FROM {table} WHERE row = ?', (row,)).fetchone()
    connection.execute(f'UPDATE {table} SET "{column}" = ? WHERE row = ?', (changed(value), row))


def _drop(connection: sqlite3.Connection, table: str, row: int) -> None:
    connection.execute(f"DELETE FROM {table} WHERE row = ?", (row,))


def _close_up(connection: sqlite3.Connection, table: str, row: int) -> None:
    _drop(connection, table, row)
    connection.execute(f"UPDATE {table} SET row = -(row - 1) WHERE row > ?", (row,))
    connection.execute(f"UPDATE {table} SET row = -row WHERE row < 0")


def _swap(connection: sqlite3.Connection, table: str, row: int) -> None:
    for now, then in ((row, -1), (row + 1, row), (-1, row + 1)):
        connection.execute(f"UPDATE {table} SET row = ? WHERE row = ?", (then, now))


def _double(connection: sqlite3.Connection, table: str, row: int) -> None:
    columns = ", ".join(f'"{column}"' for column in TABLES[table])
    connection.execute(f"UPDATE {table} SET row = -(row + 1) WHERE row > ?", (row,))
    connection.execute(f"UPDATE {table} SET row = -row WHERE row < 0")
    connection.execute(f"INSERT INTO {table} SELECT 1, ?, {columns} FROM {table} WHERE row = ?", (row + 1, row))


def _change_key(connection: sqlite3.Connection, row: int) -> None:
    connection.execute("UPDATE keys SET key = ? WHERE row = ?", (SigningKey.generate().public, row))


def _cut(connection: sqlite3.Connection, log: str, sequence: int) -> None:
    for table in ("chain", "decisions", "texts", "cases"):
        connection.execute(f"DELETE FROM {table} WHERE log = ? AND sequence > ?", (log, sequence))


def _cut_and_seal(connection: sqlite3.Connection, log: str, sequence: int) -> None:
    _cut(connection, log, sequence)
    for table in ("checkpoints", "witnesses"):
        connection.execute(f"DELETE FROM {table} WHERE log = ? AND size > ?", (log, sequence))
    tables = ("chain", "decisions", "texts", "cases", "checkpoints", "witnesses")
    for table in tables:
        _number_again(connection, table)
    reseal(connection, SigningKey.generate(), list(tables))


def _number_again(connection: sqlite3.Connection, table: str) -> None:
    rows = connection.execute(f"SELECT row FROM {table} ORDER BY row").fetchall()
    for number, (row,) in enumerate(rows, 1):
        if number != row:
            connection.execute(f"UPDATE {table} SET row = ? WHERE row = ?", (number, row))


def _forge_and_seal(connection: sqlite3.Connection, row: int) -> None:
    forge_chain(connection, row)
    reseal(connection, SigningKey.generate(), ["chain", "decisions"])


def forge_chain(connection: sqlite3.Connection, row: int) -> None:
    """Change a decision as an insider would: content, decision, and every digest of the chain after it."""
    rows = connection.execute("SELECT row, log, sequence, previous, content, digest FROM chain ORDER BY row").fetchall()
    log, previous = rows[row - 1][1], rows[row - 1][3]
    connection.execute("UPDATE decisions SET seconds = 1.5 WHERE row = ?", (row,))
    for number, name, sequence, _, old, _ in rows[row - 1 :]:
        if name != log:
            break
        content = old
        if number == row:
            start = content.index('"seconds":') + len('"seconds":')
            content = content[:start] + "1.5" + content[content.index(",", start) :]
        digest = chain_digest(sequence, previous, content.encode())
        connection.execute(
            "UPDATE chain SET previous = ?, content = ?, digest = ? WHERE row = ?", (previous, content, digest, number)
        )
        previous = digest


def reseal(connection: sqlite3.Connection, key: SigningKey, tables: list[str]) -> None:
    """Seal and sign a changed pack again."""
    (body,) = connection.execute("SELECT body FROM manifest").fetchone()
    manifest = json.loads(body)
    for table in tables:
        digests = _digests(connection, table)
        blocks = [b"".join(digests[at : at + 100]) for at in range(0, len(digests), 100)]
        connection.execute("DELETE FROM seals WHERE table_name = ?", (table,))
        for number, block in enumerate(blocks, 1):
            connection.execute("INSERT INTO seals VALUES (1, ?, ?, ?)", (table, number, block))
        manifest["tables"][table].update(rows=len(digests), blocks=[hashlib.sha256(b).hexdigest() for b in blocks])
    trees: dict[str, verifier.Tree] = {}
    for log, digest in connection.execute("SELECT log, digest FROM chain ORDER BY row"):
        trees.setdefault(log, verifier.Tree()).append(bytes.fromhex(digest))
    manifest["logs"] = {log: {"size": tree.size, "root": tree.head()} for log, tree in trees.items()}
    manifest["exporter"] = key.public
    body = json.dumps(manifest).encode()
    signature = key.sign(b"reviewer.pack.v1\n" + body)
    connection.execute("UPDATE manifest SET body = ?, key = ?, signature = ?", (body, key.public, signature))
