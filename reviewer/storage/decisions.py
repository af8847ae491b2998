"""Decisions, their outbox rows and their audit rows: made together, settled, never deleted."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

import msgspec

from reviewer.domain.decision import Decision, DecisionKind, decision_to_mapping
from reviewer.domain.values import sha256_hex
from reviewer.errors import BugError
from reviewer.failpoints import failpoint
from reviewer.ledger.canonical import canonical_json
from reviewer.ledger.chain import GENESIS, ChainRow, next_row
from reviewer.storage.database import Database
from reviewer.storage.records import decision_from_mapping

#: What is kept apart from the decision so that it can be erased.
_TEXTS = ("facts", "note", "measure_off_reason")


@dataclass(frozen=True, slots=True)
class Recorded:
    """A decision as it was made durable: `body` is what goes out, byte for byte."""

    decision: Decision
    account: str
    body: bytes


def record(database: Database, decision: Decision, *, account: str, reviewer: str, title: str) -> Recorded:
    """Write decision, text, outbox and audit row.  Call inside a transaction.

    Raises ValueError where the decision holds what canonical JSON can't carry (a lone surrogate).
    """
    return _insert(database, decision, account=account, reviewer=reviewer, title=title, state="waiting")


def withdraw_before_sending(
    database: Database, withdrawal: Decision, *, account: str, reviewer: str, title: str
) -> bool:
    """Undo a decision that has not left the desk: both are kept here and nothing goes out.

    Call inside a transaction.  False, and nothing written, where the first was sent already.
    """
    changed = database.execute(
        "UPDATE outbox SET state = 'withdrawn' WHERE sequence = (SELECT sequence FROM decision WHERE id = ?)"
        " AND state = 'waiting' AND attempts = 0",
        (withdrawal.supersedes,),
    ).rowcount
    if not changed:
        return False
    _insert(database, withdrawal, account=account, reviewer=reviewer, title=title, state="withdrawn")
    return True


def _insert(database: Database, decision: Decision, *, account: str, reviewer: str, title: str, state: str) -> Recorded:
    whole = decision_to_mapping(decision)
    body = canonical_json(whole)
    salt = secrets.token_bytes(16)
    texts = canonical_json({name: whole[name] for name in _TEXTS})
    commitment = sha256_hex(salt + texts)
    bare = {name: value for name, value in whole.items() if name not in _TEXTS}
    outbox_digest = sha256_hex(body)
    sequence = database.execute(
        "INSERT INTO decision (id, account, reviewer, case_id, listing_id, title, revision, kind, ground,"
        " decided_at, seconds, supersedes, commitment, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (decision.id, account, reviewer, decision.case_id, decision.listing_id, title, decision.revision,
         decision.kind.value, decision.ground, whole["decided_at"], decision.seconds, decision.supersedes or None,
         commitment, canonical_json(bare)),
    ).lastrowid  # fmt: skip
    database.execute("INSERT INTO decision_text VALUES (?, ?, ?)", (sequence, salt, texts))
    failpoint("C1")
    database.execute(
        "INSERT INTO outbox (sequence, account, listing_id, state, body, digest) VALUES (?, ?, ?, ?, ?, ?)",
        (sequence, account, decision.listing_id, state, body, outbox_digest),
    )
    failpoint("C2")
    last = database.one("SELECT sequence, digest FROM audit ORDER BY sequence DESC LIMIT 1")
    row = next_row(
        last["sequence"] + 1 if last else 1,
        last["digest"] if last else GENESIS,
        {"account": account, "decision": bare, "outbox": outbox_digest, "reviewer": reviewer, "text": commitment},
    )
    if row.sequence != sequence:
        raise BugError(f"decision {sequence} would get audit row {row.sequence}")
    database.execute(
        "INSERT INTO audit (sequence, previous, content, digest) VALUES (?, ?, ?, ?)",
        (row.sequence, row.previous, row.content, row.digest),
    )
    failpoint("C3")
    return Recorded(decision, account, body)


def read(database: Database, decision_id: str) -> Decision | None:
    """A decision with its texts (empty where they were erased), or None."""
    row = database.one(
        "SELECT d.body, t.body AS texts FROM decision d LEFT JOIN decision_text t ON t.sequence = d.sequence"
        " WHERE d.id = ?",
        (decision_id,),
    )
    return _decision(row["body"], row["texts"]) if row else None


def stored(database: Database, decision_id: str) -> Decision:
    """A decision that surely is here: its row is never deleted.  Raises `BugError` where it was never made."""
    decision = read(database, decision_id)
    if decision is None:
        raise BugError(f"there is no decision {decision_id}")
    return decision


def adopt(
    database: Database, decision: Decision, *, account: str, reviewer: str, title: str, attempts: int, came_from: str
) -> bool:
    """Take over an unsent decision of another store, as waiting.  Call inside a transaction.

    False, and nothing written, where it is here already.  `came_from` is shown as its last error.
    """
    if database.one("SELECT 1 FROM decision WHERE id = ?", (decision.id,)):
        return False
    _insert(database, decision, account=account, reviewer=reviewer, title=title, state="waiting")
    database.execute(
        "UPDATE outbox SET attempts = ?, last_error = ? WHERE sequence = (SELECT sequence FROM decision WHERE id = ?)",
        (attempts, came_from, decision.id),
    )
    return True


def title_of(database: Database, decision_id: str) -> str:
    """The title of the listing as it was decided."""
    row = database.one("SELECT title FROM decision WHERE id = ?", (decision_id,))
    return row["title"] if row else ""


def came_back(database: Database, decision_id: str) -> bool:
    """Whether the server refused it, so that it never took effect."""
    row = database.one(
        "SELECT 1 FROM outbox WHERE state = 'parked' AND sequence = (SELECT sequence FROM decision WHERE id = ?)",
        (decision_id,),
    )
    return row is not None


def _decision(body: bytes, texts: bytes | None) -> Decision:
    value: dict[str, Any] = msgspec.json.decode(body)
    if texts:
        value |= msgspec.json.decode(texts)
    return decision_from_mapping(value)


def standing_since(database: Database, reviewers: dict[str, str], since: str) -> list[tuple[str, DecisionKind, float]]:
    """Id, kind and seconds of the decisions of these reviewers (by account) that stand, oldest first."""
    if not reviewers:
        return []
    pairs = " OR ".join("(d.account = ? AND d.reviewer = ?)" for _ in reviewers)
    values = [value for pair in reviewers.items() for value in pair]
    rows = database.execute(
        "SELECT s.id, s.kind, s.seconds FROM standing_decision s JOIN decision d ON d.id = s.id"
        f" WHERE s.decided_at >= ? AND ({pairs}) ORDER BY s.sequence",
        (since, *values),
    )
    return [(row["id"], DecisionKind(row["kind"]), row["seconds"]) for row in rows]


def last_of_case(database: Database, account: str, case_id: str) -> tuple[Decision, str] | None:
    """The latest decision of this desk on a case with its delivery state, or None."""
    row = database.one(
        "SELECT d.body, t.body AS texts, o.state FROM decision d JOIN outbox o ON o.sequence = d.sequence"
        " LEFT JOIN decision_text t ON t.sequence = d.sequence"
        " WHERE d.account = ? AND d.case_id = ? ORDER BY d.sequence DESC LIMIT 1",
        (account, case_id),
    )
    return (_decision(row["body"], row["texts"]), row["state"]) if row else None


def chain(database: Database) -> list[ChainRow]:
    """All audit rows in order."""
    rows = database.execute("SELECT sequence, previous, content, digest FROM audit ORDER BY sequence")
    return [ChainRow(row["sequence"], row["previous"], bytes(row["content"]), row["digest"]) for row in rows]


def chain_end(database: Database, count: int) -> list[ChainRow]:
    """The latest audit rows in order."""
    rows = database.execute(
        "SELECT sequence, previous, content, digest FROM audit WHERE sequence >"
        " (SELECT coalesce(max(sequence), 0) - ? FROM audit) ORDER BY sequence",
        (count,),
    )
    return [ChainRow(row["sequence"], row["previous"], bytes(row["content"]), row["digest"]) for row in rows]


def disagreements(database: Database) -> list[str]:
    """Where decision, outbox and audit rows don't agree one to one, in words.  Empty when all is well."""
    faults: list[str] = []
    for table in ("outbox", "audit"):
        rows = database.execute(f"SELECT id FROM decision WHERE sequence NOT IN (SELECT sequence FROM {table})")
        faults += [f"decision {row['id']} has no {table} row" for row in rows]
    digests = database.execute("SELECT sequence, body, digest FROM outbox WHERE body IS NOT NULL")
    faults += [
        f"outbox row {row['sequence']} has other bytes than its digest says"
        for row in digests
        if sha256_hex(row["body"]) != row["digest"]
    ]
    return faults


def erase_texts_before(database: Database, moment: str) -> int:
    """Erase the free texts of decisions made before a time; their commitments stay.  Inside a transaction."""
    return database.execute(
        "UPDATE decision_text SET salt = NULL, body = NULL WHERE body IS NOT NULL AND sequence IN"
        " (SELECT sequence FROM decision WHERE decided_at < ?)",
        (moment,),
    ).rowcount
