"""What servers vouch for of this store's log: the enrolment of its key, countersignatures, and what is to be sent."""

from __future__ import annotations

from dataclasses import asdict

import msgspec

from reviewer.domain.audit import Countersignature, LogHead, LogRow, VouchedKey
from reviewer.ledger.tree import extension_proof
from reviewer.storage import accounts, heads
from reviewer.storage.database import Database

#: Rows that go with one head.
ROWS = 500


def enrolment(database: Database, account: str) -> VouchedKey | None:
    """The word of an account's server for the key of this log, or None."""
    if not _has(database, "enrolment"):
        return None
    row = database.one("SELECT body FROM enrolment WHERE account = ?", (account,))
    return msgspec.json.decode(row["body"], type=VouchedKey) if row else None


def enrolments(database: Database) -> list[VouchedKey]:
    """The words of all servers, each server's once."""
    if not _has(database, "enrolment"):
        return []
    rows = database.execute("SELECT body FROM enrolment ORDER BY account")
    found = [msgspec.json.decode(row["body"], type=VouchedKey) for row in rows]
    return list({(row.server_key, row.key): row for row in found}.values())


def save_enrolment(database: Database, account: str, made: VouchedKey) -> None:
    """Keep a server's word.  One transaction."""
    with database.transaction():
        database.execute(
            "INSERT INTO enrolment VALUES (?, ?) ON CONFLICT (account) DO UPDATE SET body = excluded.body",
            (account, msgspec.json.encode(asdict(made))),
        )
        accounts.keep(database, _trouble(account), "")


def save_countersignature(database: Database, account: str, made: Countersignature) -> None:
    """Keep a countersignature; the first of a head stays.  One transaction."""
    with database.transaction():
        database.execute(
            "INSERT OR IGNORE INTO countersignature VALUES (?, ?, ?, ?, ?, ?)",
            (account, made.size, made.root, made.at, made.key, bytes.fromhex(made.signature)),
        )
        accounts.keep(database, _trouble(account), "")


def countersignatures(database: Database) -> list[Countersignature]:
    """All of them, each once, by size."""
    if not _has(database, "countersignature"):
        return []
    log = heads.log_name(database)
    rows = database.execute("SELECT DISTINCT size, root, at, key, signature FROM countersignature ORDER BY size, key")
    return [
        Countersignature(log, row["size"], row["root"], row["at"], row["key"], bytes(row["signature"]).hex())
        for row in rows
    ]


def _has(database: Database, table: str) -> bool:
    """A store that was not opened since the program is new may not have the table."""
    return database.one("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)) is not None


def witnessed(database: Database, account: str) -> int:
    """How many rows an account's server has countersigned."""
    row = database.one("SELECT coalesce(max(size), 0) FROM countersignature WHERE account = ?", (account,))
    return int(row[0]) if row else 0


def note_trouble(database: Database, account: str, words: str) -> None:
    """Remember why the log is not countersigned.  One transaction."""
    with database.transaction():
        accounts.keep(database, _trouble(account), words)


def trouble(database: Database, account: str) -> str:
    """Why the log is not countersigned, or empty."""
    return accounts.kept(database, _trouble(account))


def _trouble(account: str) -> str:
    return f"audit_trouble:{account}"


def next_size(database: Database, account: str, key: str) -> tuple[int, bool]:
    """How many rows the next head to be sent has (0: none waits), and whether it has to be signed first.

    It is the last checkpoint by that key within 500 rows after what is countersigned; where the next one lies
    further, a head in between.
    """
    first = witnessed(database, account)
    query = "SELECT max(size) AS near, min(size) AS far FROM checkpoint WHERE key = ? AND size > ?"
    near = database.one(query + " AND size <= ?", (key, first, first + ROWS))
    if near is not None and near["near"] is not None:
        return int(near["near"]), False
    far = database.one(query, (key, first))
    return (first + ROWS, True) if far is not None and far["far"] is not None else (0, False)


def head_to_send(database: Database, account: str, size: int) -> LogHead:
    """The checkpoint of that size with its proof and rows; rows of other accounts as their digests alone."""
    first = witnessed(database, account)
    checkpoint = database.one("SELECT * FROM checkpoint WHERE size = ?", (size,))
    before = database.one("SELECT peaks FROM checkpoint WHERE size = ?", (first,))
    if checkpoint is None or (first and before is None):
        raise ValueError(f"there is no checkpoint of {size} or {first} rows")
    found = database.execute(
        "SELECT a.digest, a.content, d.account, t.salt FROM audit a JOIN decision d ON d.sequence = a.sequence"
        " LEFT JOIN decision_text t ON t.sequence = a.sequence WHERE a.sequence > ? AND a.sequence <= ?"
        " ORDER BY a.sequence",
        (first, size),
    ).fetchall()
    rows = [
        LogRow(row["digest"], bytes(row["content"]).decode(), bytes(row["salt"]).hex() if row["salt"] else None)
        if row["account"] == account
        else LogRow(row["digest"])
        for row in found
    ]
    proof: list[bytes] = []
    if before is not None:
        peaks = bytes(before["peaks"])
        added = [bytes.fromhex(row.digest) for row in rows]
        proof = extension_proof([peaks[at : at + 32] for at in range(0, len(peaks), 32)], first, added)
    return LogHead(
        heads.log_name(database), size, checkpoint["root"], checkpoint["at"], checkpoint["key"],
        bytes(checkpoint["signature"]).hex(), first, tuple(step.hex() for step in proof), tuple(rows),
    )  # fmt: skip
