"""Whose logs the hub knows, what it countersigned and refused, its own log, findings."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Index, Integer, String, Text, UniqueConstraint

revision = "0009_audit"
down_revision = "0008_notices"

_TEXT = Text().with_variant(Text(collation="C"), "postgresql")
_WHOLE = BigInteger().with_variant(Integer(), "sqlite")


def _string(name: str, length: int = 128, *, primary_key: bool = False, unique: bool = False) -> Column[str]:
    kind = String(length).with_variant(String(length, collation="C"), "postgresql")
    return Column(name, kind, primary_key=primary_key, nullable=False, unique=unique or None)


def _texts(*names: str, nullable: bool = False) -> list[Column[str]]:
    return [Column(name, _TEXT, nullable=nullable) for name in names]


def _whole(name: str, *, primary_key: bool = False) -> Column[int]:
    return Column(name, _WHOLE, nullable=False, primary_key=primary_key, autoincrement=False)


def _sequence() -> Column[int]:
    return Column("seq", _WHOLE, primary_key=True, autoincrement=True)


def upgrade() -> None:
    """Makes the tables."""
    op.create_table("hub_keys", _string("key", 64, primary_key=True), *_texts("log", "at"))
    op.create_table(
        "log_keys",
        _sequence(),
        _string("log"),
        _string("key", 64),
        *_texts("name", "account_id", "at", "vouched_by", "signature"),
        *_texts("revoked_at", nullable=True),
        *_texts("revoked_by"),
        UniqueConstraint("log", "key", name="log_keys_once"),
    )
    heads = ("root", "at", "key", "signature", "witnessed_at", "witness_key", "witness", "peaks", "account_id")
    op.create_table("tree_heads", _string("log", primary_key=True), _whole("size", primary_key=True), *_texts(*heads))
    op.create_table(
        "refused_heads",
        _sequence(),
        _string("log"),
        _whole("size"),
        *_texts("root", "key", "account_id", "at", "reason"),
        Index("refused_heads_log", "log", "size"),
    )
    op.create_table(
        "log_rows",
        _string("log", primary_key=True),
        _whole("sequence", primary_key=True),
        *_texts("digest", "decision_id"),
        *_texts("content", "salt", nullable=True),
        Index("log_rows_decision", "decision_id"),
    )
    op.create_table(
        "own_rows",
        _whole("sequence", primary_key=True),
        _whole("decision_seq"),
        _string("decision_id"),
        *_texts("digest", "content", "salt"),
        Index("own_rows_decision", "decision_id"),
    )
    op.create_table(
        "findings_files",
        _string("id", 64, primary_key=True),
        *_texts("account_id", "key", "seed", "draw", "received_at", "body"),
    )
    op.create_table(
        "findings",
        _sequence(),
        _string("id", 64, unique=True),
        _string("file_id", 64),
        _string("decision_id"),
        _string("reviewer_id"),
        *_texts("case_id", "auditor", "at", "verdict", "kind", "ground", "note"),
        _whole("blind"),
        _whole("golden"),
        *_texts("seconds"),
        *_texts("settled_at", nullable=True),
        *_texts("resolution", "corrected_by"),
        Index("findings_reviewer", "reviewer_id", "seq"),
        Index("findings_decision", "decision_id"),
    )
