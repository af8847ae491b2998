"""Statements of reasons, until the transparency database has them and ever after."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Index, Integer, String, Text

revision = "0004_statements"
down_revision = "0003_banks"

_TEXT = Text().with_variant(Text(collation="C"), "postgresql")
_WHOLE = BigInteger().with_variant(Integer(), "sqlite")


def _string(length: int) -> String:
    return String(length).with_variant(String(length, collation="C"), "postgresql")


def upgrade() -> None:
    """Makes the table."""
    op.create_table(
        "statements",
        Column("seq", _WHOLE, primary_key=True, autoincrement=True),
        Column("puid", _string(512), nullable=False, unique=True),
        Column("decision_id", _string(128), nullable=False),
        *(Column(name, _TEXT, nullable=False) for name in ("made_at", "body", "state", "answer", "error")),
        Column("attempts", _WHOLE, nullable=False),
        *(Column(name, _TEXT) for name in ("first_tried_at", "settled_at")),
        Index("statements_state", "state", "seq"),
    )
