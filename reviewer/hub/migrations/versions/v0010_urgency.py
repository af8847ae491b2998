"""What the order of the queue follows from beside due time and priority: severity, reach and trust."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, text

revision = "0010_urgency"
down_revision = "0009_audit"

_WHOLE = BigInteger().with_variant(Integer(), "sqlite")
_ORDER = (
    "(priority / 100) DESC", "substr(due_order, 1, 13)", "severity DESC", "reach DESC", "trust DESC", "priority DESC",
    "due_order", "seq",
)  # fmt: skip


def upgrade() -> None:
    """Adds the columns; cases from before count as usual until they are flagged again."""
    for name, usual in (("severity", "3"), ("reach", "0"), ("trust", "0")):
        op.add_column("cases", Column(name, _WHOLE, nullable=False, server_default=usual))
    op.drop_index("cases_queue", "cases")
    op.create_index("cases_queue", "cases", [text("state"), *map(text, _ORDER)])
