"""Referrals of sellers, with the two persons behind each."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, ForeignKey, Index, String, Text

revision = "0007_referrals"
down_revision = "0006_links"

_TEXT = Text().with_variant(Text(collation="C"), "postgresql")


def _string(length: int) -> String:
    return String(length).with_variant(String(length, collation="C"), "postgresql")


def upgrade() -> None:
    """Makes the table."""
    op.create_table(
        "referrals",
        Column("id", _string(128), primary_key=True, nullable=False),
        Column("digest", _string(64), nullable=False),
        Column("seller_id", _string(128), ForeignKey("sellers.id"), nullable=False),
        Column("made_by", _string(128), ForeignKey("accounts.id"), nullable=False),
        Column("made_at", _TEXT, nullable=False),
        Column("confirmed_by", _string(128), ForeignKey("accounts.id")),
        Column("confirmed_at", _TEXT),
        Index("referrals_seller", "seller_id"),
    )
