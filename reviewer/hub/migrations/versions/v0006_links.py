"""What links sellers: hashed identifiers, and sketches of texts."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String

revision = "0006_links"
down_revision = "0005_full_points"

_WHOLE = BigInteger().with_variant(Integer(), "sqlite")


def _string(length: int) -> String:
    return String(length).with_variant(String(length, collation="C"), "postgresql")


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "seller_identifiers",
        Column("kind", _string(16), primary_key=True),
        Column("digest", _string(64), primary_key=True),
        Column("seller_id", _string(128), ForeignKey("sellers.id"), primary_key=True),
        Index("seller_identifiers_seller", "seller_id", "kind"),
    )
    op.create_table(
        "text_bands",
        Column("band", _WHOLE, primary_key=True, autoincrement=False),
        Column("value", _WHOLE, primary_key=True, autoincrement=False),
        Column("listing_id", _string(128), ForeignKey("listings.id"), primary_key=True),
        Index("text_bands_listing", "listing_id"),
    )
    op.create_index("fingerprints_codes", "fingerprints", ["codes"])
