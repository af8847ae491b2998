"""The log of this store as its audit rows make it, and the signed heads over it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reviewer.domain.case import Case
from reviewer.domain.listing import Listing
from reviewer.domain.values import new_id
from reviewer.ledger.heads import Head, SignedHead
from reviewer.ledger.tree import Tree
from reviewer.storage import accounts
from reviewer.storage.database import Database
from reviewer.storage.records import decode

_LOG = "audit_log"
_ALL = 2**62


@dataclass(frozen=True, slots=True)
class LogRow:
    """An audit row with the decision's text, how far its delivery is, and the case where the desk still has it."""

    sequence: int
    previous: str
    content: bytes
    digest: str
    salt: bytes | None
    text: bytes | None
    account: str
    title: str
    delivery: str
    case: Case | None
    listing: Listing | None
    seen_at: str


def log_name(database: Database) -> str:
    """The name of this store's log, or empty where it has none yet."""
    return accounts.kept(database, _LOG)


def name_log(database: Database) -> str:
    """The name of this store's log; it is made once.  One transaction where it is."""
    known = log_name(database)
    if known:
        return known
    made = f"desk-{new_id()}"
    with database.transaction():
        accounts.keep(database, _LOG, made)
    return made


def grown_tree(database: Database) -> Tree:
    """The tree over all audit rows, continued from the last checkpoint."""
    return tree_at(database, _ALL)


def tree_at(database: Database, size: int) -> Tree:
    """The tree over the first `size` audit rows, continued from the last checkpoint before that."""
    row = database.one("SELECT size, peaks FROM checkpoint WHERE size <= ? ORDER BY size DESC LIMIT 1", (size,))
    peaks = bytes(row["peaks"]) if row else b""
    tree = Tree([peaks[at : at + 32] for at in range(0, len(peaks), 32)], row["size"] if row else 0)
    query = "SELECT digest FROM audit WHERE sequence > ? AND sequence <= ? ORDER BY sequence"
    for (digest,) in database.execute(query, (tree.size, size)):
        tree.append(bytes.fromhex(digest))
    return tree


def unsigned_rows(database: Database) -> tuple[int, str]:
    """How many audit rows lie after the last checkpoint, and when that was made (empty: never)."""
    row = database.one(
        "SELECT coalesce((SELECT max(sequence) FROM audit), 0) - coalesce(max(size), 0) AS rows,"
        " coalesce(max(at), '') AS at FROM checkpoint"
    )
    return (int(row["rows"]), str(row["at"])) if row else (0, "")


def save_checkpoint(database: Database, signed: SignedHead, tree: Tree) -> None:
    """Keep a checkpoint with what the tree goes on from.  One transaction."""
    head = signed.head
    with database.transaction():
        database.execute(
            "INSERT OR IGNORE INTO checkpoint VALUES (?, ?, ?, ?, ?, ?)",
            (head.size, head.root, head.at, signed.key, signed.signature, b"".join(tree.peaks)),
        )


def checkpoints(database: Database) -> list[SignedHead]:
    """Every checkpoint, the first first."""
    log = log_name(database)
    return [
        SignedHead(Head(log, row["size"], row["root"], row["at"]), row["key"], bytes(row["signature"]))
        for row in database.execute("SELECT * FROM checkpoint ORDER BY size")
    ]


def log_rows(database: Database) -> Iterator[LogRow]:
    """Every audit row in order, read as it is asked for."""
    rows = database.execute(
        "SELECT a.sequence, a.previous, a.content, a.digest, t.salt, t.body AS text, d.account, d.title,"
        " o.state AS delivery, c.body AS desk, r.body AS listing, r.seen_at FROM audit a"
        " JOIN decision d ON d.sequence = a.sequence"
        " JOIN outbox o ON o.sequence = a.sequence LEFT JOIN decision_text t ON t.sequence = a.sequence"
        " LEFT JOIN desk_case c ON c.account = d.account AND c.case_id = d.case_id AND c.revision = d.revision"
        " LEFT JOIN listing_revision r ON r.account = d.account AND r.listing_id = d.listing_id"
        " AND r.revision = d.revision ORDER BY a.sequence"
    )
    for row in rows:
        yield LogRow(
            row["sequence"], row["previous"], bytes(row["content"]), row["digest"], row["salt"], row["text"],
            row["account"], row["title"], row["delivery"], decode(bytes(row["desk"]), Case) if row["desk"] else None,
            decode(bytes(row["listing"]), Listing) if row["listing"] else None, row["seen_at"] or "",
        )  # fmt: skip


def policies(database: Database) -> list[tuple[str, str]]:
    """The rules that servers gave, each version once."""
    rows = database.execute("SELECT version, body FROM policy GROUP BY version ORDER BY version").fetchall()
    return [(row["version"], bytes(row["body"]).decode("utf-8")) for row in rows]
