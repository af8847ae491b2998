"""A case has one current decision at most, and the database holds that."""

from __future__ import annotations

import sqlalchemy
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Makes the index; tells programs that only know the number in `facts` that this is newer."""
    current = sqlalchemy.text("current")
    op.create_index(
        "decisions_current", "decisions", ["case_id"], unique=True, sqlite_where=current, postgresql_where=current
    )
    op.execute("UPDATE facts SET value = '2' WHERE name = 'schema'")
