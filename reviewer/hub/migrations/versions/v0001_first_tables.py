"""The tables of the first version, frozen as they were."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKey, Index, Integer, MetaData, String, Table, Text
from sqlalchemy.schema import CreateIndex, CreateTable

revision = "0001"
down_revision = None

tables = MetaData()

_TEXT = Text().with_variant(Text(collation="C"), "postgresql")
_WHOLE = BigInteger().with_variant(Integer(), "sqlite")


def _string(length: int) -> String:
    return String(length).with_variant(String(length, collation="C"), "postgresql")


def _id(name: str = "id", *, primary_key: bool = True) -> Column[str]:
    return Column(name, _string(128), primary_key=primary_key, nullable=False)


def _reference(name: str, target: str) -> Column[str]:
    return Column(name, _string(128), ForeignKey(target), nullable=False)


def _text(name: str) -> Column[str]:
    return Column(name, _TEXT, nullable=False)


def _sequence() -> Column[int]:
    return Column("seq", _WHOLE, primary_key=True, autoincrement=True)


Table("facts", tables, Column("name", _string(64), primary_key=True), _text("value"))

Table(
    "marketplaces",
    tables,
    _id(),
    _text("name"),
    _text("currency"),
    _text("language"),
    _text("country"),
)

Table(
    "accounts",
    tables,
    _id(),
    _text("name"),
    _text("role"),
    Column("token_sha256", _string(64), nullable=False, unique=True),
    _text("created_at"),
    Column("disabled_at", _TEXT),
)

Table(
    "policies",
    tables,
    _sequence(),
    _text("version"),
    _text("body"),
)

Table(
    "sellers",
    tables,
    _id(),
    _text("marketplace"),
    _text("display_name"),
    _text("country"),
    Column("joined_at", _TEXT),
    _text("verification"),
    _text("base_standing"),
    _text("standing"),
    Column("standing_until", _TEXT),
    Column("listings_live", _WHOLE),
    Column("listings_removed", _WHOLE),
    Column("units_sold", _WHOLE),
)

Table(
    "seller_links",
    tables,
    _reference("seller_id", "sellers.id"),
    _reference("other_id", "sellers.id"),
    _text("kind"),
    Column("strength", Float, nullable=False),
    Index("seller_links_seller", "seller_id"),
)

Table(
    "offences",
    tables,
    _id("decision_id"),
    _reference("seller_id", "sellers.id"),
    _text("at"),
    _text("kind"),
    _text("ground"),
    Column("points", _WHOLE, nullable=False),
    Column("expires_at", _TEXT),
    Column("overturned", Boolean, nullable=False),
    _text("listing_id"),
    _text("listing_title"),
    Index("offences_seller", "seller_id", "at"),
)

Table(
    "listings",
    tables,
    _id(),
    _text("marketplace"),
    _reference("seller_id", "sellers.id"),
    _text("title"),
    _text("brand"),
    _text("category"),
    _text("language"),
    Column("price_amount", _TEXT),
    Column("price_currency", _TEXT),
    _text("picture"),
    _text("revision"),
    _text("base_state"),
    _text("state"),
    _text("body"),
    Column("previous", _TEXT),
    Index("listings_seller", "seller_id"),
)

Table(
    "listing_pictures",
    tables,
    _reference("listing_id", "listings.id"),
    Column("place", _WHOLE, nullable=False),
    Column("sha256", _string(64), nullable=False),
    Index("listing_pictures_listing", "listing_id"),
    Index("listing_pictures_sha256", "sha256", "listing_id"),
)

Table(
    "reference_products",
    tables,
    _sequence(),
    Column("id", _string(128), nullable=False, unique=True),
    _text("body"),
    _text("prices"),
)

cases = Table(
    "cases",
    tables,
    _sequence(),
    Column("id", _string(128), nullable=False, unique=True),
    _text("marketplace"),
    _reference("listing_id", "listings.id"),
    _reference("seller_id", "sellers.id"),
    _text("queue"),
    _text("state"),
    Column("priority", _WHOLE, nullable=False),
    Column("due_at", _TEXT),
    _text("due_order"),
    _text("opened_at"),
    _text("ground"),
    _text("source"),
    Column("flag_count", _WHOLE, nullable=False),
    _text("reference_ids"),
    _text("lease_id"),
    Column("lease_token", _WHOLE, nullable=False),
    Column("lease_owner", _string(128), ForeignKey("accounts.id")),
    Column("lease_expires_at", _TEXT),
    _text("decision_id"),
    Index("cases_seller", "seller_id", "state"),
    Index("cases_listing", "listing_id", "state"),
    Index("cases_leased", "state", "lease_expires_at"),
    Index("cases_owner", "lease_owner", "state"),
    Index("cases_lease", "lease_id"),
)

Index("cases_queue", cases.c.state, cases.c.priority.desc(), cases.c.due_order, cases.c.seq)

Table(
    "flags",
    tables,
    _sequence(),
    _id("id", primary_key=False),
    _reference("case_id", "cases.id"),
    _text("source"),
    _text("reason"),
    _text("at"),
    _text("explanation"),
    Column("confidence", Float),
    _text("notice_id"),
    _text("claimant"),
    Column("claimant_upheld", Float),
    _text("settled_by"),
    Index("flags_case", "case_id"),
    Index("flags_id", "id"),
)

Table(
    "skips",
    tables,
    Column("case_id", _string(128), ForeignKey("cases.id"), primary_key=True),
    Column("account_id", _string(128), ForeignKey("accounts.id"), primary_key=True),
    _text("reason"),
    _text("at"),
)

Table(
    "decisions",
    tables,
    _sequence(),
    Column("id", _string(128), nullable=False, unique=True),
    _text("case_id"),
    _text("reviewer_id"),
    _text("kind"),
    _text("received_at"),
    _text("body"),
    Column("body_sha256", _string(64), nullable=False),
    _text("status"),
    _text("detail"),
    _text("effects"),
    Column("current", Boolean, nullable=False),
    _text("supersedes"),
    Index("decisions_case", "case_id", "seq"),
    Index("decisions_reviewer", "reviewer_id", "seq"),
)

Table(
    "measures",
    tables,
    _sequence(),
    _text("decision_id"),
    _reference("seller_id", "sellers.id"),
    _text("listing_id"),
    _text("kind"),
    _text("scope"),
    _text("starts_at"),
    Column("ends_at", _TEXT),
    Column("undone", Boolean, nullable=False),
    Index("measures_decision", "decision_id"),
    Index("measures_seller", "seller_id"),
    Index("measures_listing", "listing_id"),
)

Table(
    "case_effects",
    tables,
    Column("decision_id", _string(128), primary_key=True),
    Column("case_id", _string(128), ForeignKey("cases.id"), primary_key=True),
    Column("kind", _string(16), primary_key=True),
    _text("before"),
    Column("amount", _WHOLE, nullable=False),
)

Table(
    "changes",
    tables,
    _sequence(),
    _text("kind"),
    _text("case_id"),
    _text("at"),
)

Table(
    "media",
    tables,
    Column("sha256", _string(64), primary_key=True),
    _text("media_type"),
    Column("bytes", _WHOLE, nullable=False),
)


def upgrade() -> None:
    """Makes every table and index."""
    for table in tables.sorted_tables:
        op.execute(CreateTable(table))
        for index in sorted(table.indexes, key=lambda made: str(made.name)):
            op.execute(CreateIndex(index))
    op.execute("INSERT INTO facts (name, value) VALUES ('schema', '1')")
