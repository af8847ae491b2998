"""Proofs of authenticity, appeals, their documents, and what kind of case each is."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Text

revision = "0011_redress"
down_revision = "0010_urgency"

_TEXT = Text().with_variant(Text(collation="C"), "postgresql")
_WHOLE = BigInteger().with_variant(Integer(), "sqlite")


def _string(length: int) -> String:
    return String(length).with_variant(String(length, collation="C"), "postgresql")


def _texts(*names: str, nullable: bool = False) -> list[Column[str]]:
    return [Column(name, _TEXT, nullable=nullable) for name in names]


def _ids(*names: str) -> list[Column[str]]:
    return [Column(name, _string(128), nullable=False) for name in names]


def _to(name: str, target: str) -> Column[str]:
    return Column(name, _string(128), ForeignKey(target), nullable=False)


def upgrade() -> None:
    """Adds the columns and makes the tables."""
    for table, name, length, default in (
        ("cases", "kind", 16, "listing"),
        ("cases", "proof_id", 128, ""),
        ("cases", "appeal_id", 128, ""),
        ("measures", "rule", 64, ""),
    ):
        op.add_column(table, Column(name, _string(length), nullable=False, server_default=default))
    op.create_table(
        "proofs",
        Column("seq", _WHOLE, primary_key=True, autoincrement=True),
        Column("id", _string(128), nullable=False, unique=True),
        _to("case_id", "cases.id"),
        _to("seller_id", "sellers.id"),
        _to("listing_id", "listings.id"),
        *_texts("brand", "brand_key"),
        *_ids("decision_id"),
        *_texts("state", "asked", "words", "requested_at", "due_at"),
        *_texts("submitted_at", "judged_at", nullable=True),
        *_ids("judged_by"),
        *_texts("reason"),
        *_texts("valid_until", nullable=True),
        *_ids("automatic_id"),
        *_texts("automatic_ground"),
        *_texts("removed_at", nullable=True),
        *_ids("lifted_by"),
        Index("proofs_case", "case_id"),
        Index("proofs_seller", "seller_id", "brand_key"),
        Index("proofs_due", "state", "due_at"),
        Index("proofs_decision", "decision_id"),
        Index("proofs_automatic", "automatic_id"),
    )
    op.create_table(
        "documents",
        Column("seq", _WHOLE, primary_key=True, autoincrement=True),
        *_ids("owner_id"),
        Column("sha256", _string(64), nullable=False),
        *_texts("seller_id", "kind", "name", "media_type"),
        Column("bytes", _WHOLE, nullable=False),
        *_texts("issuer", "issued_to"),
        *_texts("issued_on", "expires_on", nullable=True),
        *_texts("received_at"),
        Index("documents_owner", "owner_id", "sha256", unique=True),
        Index("documents_sha256", "sha256"),
    )
    op.create_table(
        "appeals",
        Column("seq", _WHOLE, primary_key=True, autoincrement=True),
        Column("id", _string(128), nullable=False, unique=True),
        _to("case_id", "cases.id"),
        _to("seller_id", "sellers.id"),
        *_ids("decision_id"),
        *_texts("first_kind"),
        Column("first_stands", Boolean, nullable=False),
        *_texts("appellant", "party", "text", "filed_at", "received_at"),
        Column("body_sha256", _string(64), nullable=False),
        *_texts("state"),
        *_ids("ruling_id"),
        *_texts("ruled_at", nullable=True),
        *_texts("reason", "effects"),
        Index("appeals_decision", "decision_id"),
        Index("appeals_case", "case_id"),
        Index("appeals_seller", "seller_id"),
        Index("appeals_ruling", "ruling_id"),
    )
