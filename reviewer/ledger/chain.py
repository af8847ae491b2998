"""The hash chain of audit rows: each row names the digest of the one before it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reviewer.ledger.canonical import canonical_json

#: What the first row of a chain names as the digest before it.
GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class ChainRow:
    """A row of the chain: `content` is canonical JSON, `digest` the SHA-256 of sequence, previous, content."""

    sequence: int
    previous: str
    content: bytes
    digest: str


def next_row(sequence: int, previous: str, value: dict[str, object]) -> ChainRow:
    """The row that follows the digest `previous` with that content."""
    content = canonical_json(value)
    return ChainRow(sequence, previous, content, row_digest(sequence, previous, content))


def row_digest(sequence: int, previous: str, content: bytes) -> str:
    """SHA-256 in hexadecimal over `sequence`, a newline, `previous`, a newline and the content."""
    return hashlib.sha256(f"{sequence}\n{previous}\n".encode("ascii") + content).hexdigest()


def first_broken(rows: Iterable[ChainRow]) -> tuple[int, str] | None:
    """The sequence number of the first row that does not fit and what is wrong, or None.

    Rows are expected in order from sequence 1.
    """
    return _first_broken(rows, GENESIS, 1)


def broken_link(rows: Sequence[ChainRow]) -> tuple[int, str] | None:
    """As `first_broken`, for rows from the middle of a chain: the first one's predecessor is not looked at."""
    return _first_broken(rows, rows[0].previous, rows[0].sequence) if rows else None


def _first_broken(rows: Iterable[ChainRow], previous: str, expected: int) -> tuple[int, str] | None:
    for row in rows:
        if row.sequence != expected:
            return row.sequence, f"row {expected} is missing or out of order"
        if row.previous != previous:
            return row.sequence, "does not name the digest of the row before it"
        if row_digest(row.sequence, row.previous, row.content) != row.digest:
            return row.sequence, "its content does not have its digest"
        previous, expected = row.digest, expected + 1
    return None
