"""What is known of pictures by their digest: fingerprints, refusals.  The bytes lie in the cache folder."""

from __future__ import annotations

from collections.abc import Iterable

from reviewer.storage.database import Database


def save(
    database: Database,
    sha256: str,
    size: int,
    at: str,
    algorithm: str,
    fingerprint: bytes | None,
    refused: str,
) -> None:
    """Write down what decoding found.  One transaction."""
    with database.transaction():
        database.execute(
            "INSERT INTO picture VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (sha256) DO UPDATE SET"
            " algorithm = excluded.algorithm, fingerprint = excluded.fingerprint, refused = excluded.refused",
            (sha256, size, at, algorithm if fingerprint else "", fingerprint, refused),
        )


def fingerprints(database: Database, algorithm: str, names: Iterable[str]) -> dict[str, bytes]:
    """The fingerprints that are known among these pictures."""
    found: dict[str, bytes] = {}
    for name in names:
        row = database.one(
            "SELECT fingerprint FROM picture WHERE sha256 = ? AND algorithm = ? AND fingerprint IS NOT NULL",
            (name, algorithm),
        )
        if row:
            found[name] = bytes(row["fingerprint"])
    return found


def known(database: Database, sha256: str) -> bool:
    """Whether a picture was looked at already, with a fingerprint or a refusal as the outcome."""
    return database.one("SELECT 1 FROM picture WHERE sha256 = ?", (sha256,)) is not None
