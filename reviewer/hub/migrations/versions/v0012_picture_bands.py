"""Parts of fingerprints, by which open cases with near pictures are found."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Index, String

revision = "0012_picture_bands"
down_revision = "0011_redress"


def upgrade() -> None:
    """Makes the table; it fills as workstations tell what they saw."""
    op.create_table(
        "picture_bands",
        Column("band", _string(8), primary_key=True, nullable=False),
        Column("picture", _string(128), primary_key=True, nullable=False),
        Index("picture_bands_picture", "picture"),
    )


def _string(length: int) -> String:
    return String(length).with_variant(String(length, collation="C"), "postgresql")
