"""The banks of pictures, and the fingerprints that workstations send."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Text

revision = "0003_banks"
down_revision = "0002"

_TEXT = Text().with_variant(Text(collation="C"), "postgresql")
_WHOLE = BigInteger().with_variant(Integer(), "sqlite")


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "fingerprints",
        Column("picture", _string(128), primary_key=True),
        Column("algorithm", _string(32), primary_key=True),
        Column("version", _WHOLE, primary_key=True, autoincrement=False),
        Column("quality", _WHOLE, nullable=False),
        _text("codes"),
    )
    texts = ("other", "label", "source", "listing_id", "listing_title", "marketplace", "seller_id", "seller_name")
    op.create_table(
        "bank_entries",
        Column("id", _string(128), primary_key=True, nullable=False),
        _text("bank"),
        Column("picture", _string(128), nullable=False),
        *(_text(name) for name in texts),
        Column("decision_id", _string(128), nullable=False),
        *(_text(name) for name in ("reviewer", "note", "at")),
        Column("removed", Boolean, nullable=False),
        Index("bank_entries_decision", "decision_id"),
        Index("bank_entries_picture", "picture"),
    )
    op.create_table(
        "bank_changes",
        Column("seq", _WHOLE, primary_key=True, autoincrement=True),
        Column("entry_id", _string(128), nullable=False),
    )


def _string(length: int) -> String:
    return String(length).with_variant(String(length, collation="C"), "postgresql")


def _text(name: str) -> Column[str]:
    return Column(name, _TEXT, nullable=False)
