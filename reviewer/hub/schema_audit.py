"""The hub's tables of the audit: whose logs it knows, what it countersigned and refused, its own log, findings."""

from __future__ import annotations

from sqlalchemy import Column, Index, Table, UniqueConstraint

from reviewer.hub import schema
from reviewer.hub.schema import TEXT, WHOLE, string

#: All tables of the hub, these among them.
metadata = schema.metadata


def _sequence() -> Column[int]:
    return Column("seq", WHOLE, primary_key=True, autoincrement=True)


def _name(name: str, length: int = 128, *, primary_key: bool = False) -> Column[str]:
    return Column(name, string(length), nullable=False, primary_key=primary_key)


def _texts(*names: str) -> list[Column[str]]:
    return [Column(name, TEXT, nullable=False, default="") for name in names]


def _whole(name: str, *, primary_key: bool = False) -> Column[int]:
    return Column(name, WHOLE, nullable=False, primary_key=primary_key, autoincrement=False)


hub_keys = Table("hub_keys", metadata, _name("key", 64, primary_key=True), *_texts("log", "at"))
"""The public half of the key with which this hub vouches; its private half lies in the data folder."""

log_keys = Table(
    "log_keys",
    metadata,
    _sequence(),
    _name("log"),
    _name("key", 64),
    *_texts("name", "account_id", "at", "vouched_by", "signature"),
    Column("revoked_at", TEXT),
    *_texts("revoked_by"),
    UniqueConstraint("log", "key", name="log_keys_once"),
)
"""The keys of workstations' logs, each vouched for by the hub's; at most one of a log is not revoked."""

tree_heads = Table(
    "tree_heads",
    metadata,
    _name("log", primary_key=True),
    _whole("size", primary_key=True),
    *_texts("root", "at", "key", "signature", "witnessed_at", "witness_key", "witness", "peaks", "account_id"),
)
"""Heads that were countersigned: the workstation's signature, the hub's, and what the tree goes on from."""

refused_heads = Table(
    "refused_heads",
    metadata,
    _sequence(),
    _name("log"),
    _whole("size"),
    *_texts("root", "key", "account_id", "at", "reason"),
    Index("refused_heads_log", "log", "size"),
)
"""Heads that were not countersigned, and why; the same one is noted once."""

log_rows = Table(
    "log_rows",
    metadata,
    _name("log", primary_key=True),
    _whole("sequence", primary_key=True),
    *_texts("digest", "decision_id"),
    Column("content", TEXT),
    Column("salt", TEXT),
    Index("log_rows_decision", "decision_id"),
)
"""The rows of workstations' logs below the countersigned heads; those of other servers as their digests alone."""

own_rows = Table(
    "own_rows",
    metadata,
    _whole("sequence", primary_key=True),
    _whole("decision_seq"),
    _name("decision_id"),
    *_texts("digest", "content", "salt"),
    Index("own_rows_decision", "decision_id"),
)
"""The hub's own log: every decision that it took, in the order of arrival."""

findings_files = Table(
    "findings_files",
    metadata,
    _name("id", 64, primary_key=True),
    *_texts("account_id", "key", "seed", "draw", "received_at", "body"),
)
"""Findings files as they came, by the digest of what was signed."""

findings = Table(
    "findings",
    metadata,
    _sequence(),
    Column("id", string(64), nullable=False, unique=True),
    _name("file_id", 64),
    _name("decision_id"),
    _name("reviewer_id"),
    *_texts("case_id", "auditor", "at", "verdict", "kind", "ground", "note"),
    _whole("blind"),
    _whole("golden"),
    Column("seconds", TEXT, nullable=False, default="0"),
    Column("settled_at", TEXT),
    *_texts("resolution", "corrected_by"),
    Index("findings_reviewer", "reviewer_id", "seq"),
    Index("findings_decision", "decision_id"),
)
"""Second opinions of findings files; those that go back to their reviewer wait until that one settles them."""
