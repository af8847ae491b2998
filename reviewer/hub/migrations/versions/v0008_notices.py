"""Notices: claimants, what they name, what became of it, and the rights that reference products rely on."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, ScalarResult, String, Text, select, table
from sqlalchemy import column as col

from reviewer.hub.rights import known_rights

revision = "0008_notices"
down_revision = "0007_referrals"

_TEXT = Text().with_variant(Text(collation="C"), "postgresql")
_WHOLE = BigInteger().with_variant(Integer(), "sqlite")


def upgrade() -> None:
    """Makes the tables, and writes the rights of the reference products that there are."""
    op.create_table(
        "claimants",
        Column("id", _string(128), primary_key=True, nullable=False),
        *(_text(name) for name in ("name", "source", "account_id", "owners", "made_at", "counted_from")),
        *(Column(name, _TEXT) for name in ("warned_at", "suspended_until")),
        Index("claimants_account", "account_id"),
    )
    op.create_table(
        "claimant_events",
        Column("seq", _WHOLE, primary_key=True, autoincrement=True),
        Column("claimant_id", _string(128), nullable=False),
        *(_text(name) for name in ("kind", "at", "words")),
        Index("claimant_events_claimant", "claimant_id", "seq"),
    )
    op.create_table(
        "notices",
        Column("seq", _WHOLE, primary_key=True, autoincrement=True),
        Column("id", _string(128), nullable=False, unique=True),
        Column("claimant_id", _string(128), nullable=False),
        *(_text(name) for name in ("account_id", "source", "ground", "right_key", "received_at", "body")),
        Column("body_sha256", _string(64), nullable=False),
        Column("listing_count", _WHOLE, nullable=False),
        Column("open_count", _WHOLE, nullable=False),
        Column("complete", Boolean, nullable=False),
        _text("asked"),
        Column("withdrawn_at", _TEXT),
        _text("withdrawn_why"),
        Index("notices_claimant", "claimant_id", "received_at"),
    )
    op.create_table(
        "notice_listings",
        Column("seq", _WHOLE, primary_key=True, autoincrement=True),
        Column("notice_id", _string(128), nullable=False),
        Column("listing_id", _string(128), nullable=False),
        Column("claimant_id", _string(128), nullable=False),
        *(_text(name) for name in ("case_id", "right_key", "revision", "gtin", "outcome", "checks")),
        *(_text(name) for name in ("decision_id", "upheld_by")),
        Column("settled_at", _TEXT),
        Index("notice_listings_notice", "notice_id", "listing_id", unique=True),
        Index("notice_listings_case", "case_id"),
        Index("notice_listings_listing", "listing_id", "right_key"),
        Index("notice_listings_claimant", "claimant_id", "settled_at", "outcome"),
    )
    op.create_table(
        "notice_changes",
        Column("seq", _WHOLE, primary_key=True, autoincrement=True),
        Column("notice_id", _string(128), nullable=False),
        Column("listing_id", _string(128), nullable=False),
        Column("claimant_id", _string(128), nullable=False),
        *(_text(name) for name in ("outcome", "at", "decision_id")),
        Index("notice_changes_claimant", "claimant_id", "seq"),
    )
    made = op.create_table("rights", Column("key", _string(300), primary_key=True, nullable=False), _text("body"))
    products: ScalarResult[str] = (
        op.get_bind().execute(select(col("body")).select_from(table("reference_products"))).scalars()
    )
    rows = known_rights(products)
    if rows:
        op.bulk_insert(made, [{"key": key, "body": body} for key, body in sorted(rows.items())])


def _string(length: int) -> String:
    return String(length).with_variant(String(length, collation="C"), "postgresql")


def _text(name: str) -> Column[str]:
    return Column(name, _TEXT, nullable=False)
