"""Open cases with near pictures, as the accounts' servers told: leased by others, or by nobody."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reviewer.domain.evidence import NearCase
from reviewer.storage.database import Database
from reviewer.storage.records import decode, encode


def save(database: Database, account: str, pictures: Sequence[str], found: Iterable[NearCase]) -> bool:
    """Replace what is known of pictures by what the server told; whether it is something else.  One transaction."""
    before: set[NearCase] = set()
    for name in pictures:
        kept = database.execute("SELECT body FROM near_case WHERE account = ? AND picture = ?", (account, name))
        before |= {decode(bytes(row["body"]), NearCase) for row in kept.fetchall()}
    rows = list(found)
    with database.transaction():
        database.executemany(
            "DELETE FROM near_case WHERE account = ? AND picture = ?", [(account, name) for name in pictures]
        )
        database.executemany(
            "INSERT OR REPLACE INTO near_case VALUES (?, ?, ?, ?, ?)",
            [(account, one.picture, one.case_id, one.other, encode(one)) for one in rows],
        )
    return before != set(rows)


def near(database: Database, picture: str) -> list[NearCase]:
    """The open cases with a picture near this one; those that left the queue since, as far as it is mirrored, not."""
    rows = database.execute(
        "SELECT body FROM near_case n WHERE picture = ? AND (EXISTS (SELECT 1 FROM queue_row q"
        " WHERE q.account = n.account AND q.case_id = n.case_id)"
        " OR NOT EXISTS (SELECT 1 FROM queue_row q WHERE q.account = n.account))",
        (picture,),
    ).fetchall()
    return [decode(bytes(row["body"]), NearCase) for row in rows]


def others(database: Database, account: str, pictures: Iterable[str]) -> dict[str, list[str]]:
    """For each of an account's pictures the near ones of open cases."""
    found: dict[str, list[str]] = {}
    for name in pictures:
        rows = database.execute(
            "SELECT DISTINCT other FROM near_case WHERE account = ? AND picture = ? AND other <> picture",
            (account, name),
        ).fetchall()
        if rows:
            found[name] = [row["other"] for row in rows]
    return found
