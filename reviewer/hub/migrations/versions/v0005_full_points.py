"""What an offence's ground gives before merging and the daily cap, so that a reversal can be reckoned again."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Integer

revision = "0005_full_points"
down_revision = "0004_statements"


def upgrade() -> None:
    """Adds the column; offences from before keep the points that they have."""
    op.add_column("offences", Column("full_points", BigInteger().with_variant(Integer(), "sqlite")))
