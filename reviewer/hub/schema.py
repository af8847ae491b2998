"""The hub's tables as they are now; `migrations` brings a database there, and a test holds the two together.

Times are RFC 3339 texts in UTC with milliseconds, which sort as texts: byte by byte, in any database.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Row,
    String,
    Table,
    Text,
    literal_column,
)

#: A row of any query.
Record: TypeAlias = "Row[*tuple[Any, ...]]"

metadata = MetaData()

TEXT = Text().with_variant(Text(collation="C"), "postgresql")
WHOLE = BigInteger().with_variant(Integer(), "sqlite")


def string(length: int) -> String:
    """A short text; compared byte by byte."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


def _id(name: str = "id", *, primary_key: bool = True) -> Column[str]:
    return Column(name, string(128), primary_key=primary_key, nullable=False)


def _reference(name: str, target: str, *, nullable: bool = False) -> Column[str]:
    return Column(name, string(128), ForeignKey(target), nullable=nullable)


def _text(name: str, default: str = "") -> Column[str]:
    return Column(name, TEXT, nullable=False, default=default)


def _sequence() -> Column[int]:
    return Column("seq", WHOLE, primary_key=True, autoincrement=True)


facts = Table("facts", metadata, Column("name", string(64), primary_key=True), _text("value"))
"""Single values: the hub's name, whether it is a demo; `schema` stops programs from before the migrations."""

marketplaces = Table(
    "marketplaces",
    metadata,
    _id(),
    _text("name"),
    _text("currency"),
    _text("language"),
    _text("country"),
)

accounts = Table(
    "accounts",
    metadata,
    _id(),
    _text("name"),
    _text("role"),
    Column("token_sha256", string(64), nullable=False, unique=True),
    _text("created_at"),
    Column("disabled_at", TEXT),
)

policies = Table(
    "policies",
    metadata,
    _sequence(),
    _text("version"),
    _text("body"),
)

sellers = Table(
    "sellers",
    metadata,
    _id(),
    _text("marketplace"),
    _text("display_name"),
    _text("country"),
    Column("joined_at", TEXT),
    _text("verification", "unknown"),
    _text("base_standing", "active"),
    _text("standing", "active"),
    Column("standing_until", TEXT),
    Column("listings_live", WHOLE),
    Column("listings_removed", WHOLE),
    Column("units_sold", WHOLE),
)
"""`standing` is the worst of `base_standing` (the marketplace's own) and the measures in force."""

seller_links = Table(
    "seller_links",
    metadata,
    _reference("seller_id", "sellers.id"),
    _reference("other_id", "sellers.id"),
    _text("kind"),
    Column("strength", Float, nullable=False),
    Index("seller_links_seller", "seller_id"),
)

seller_identifiers = Table(
    "seller_identifiers",
    metadata,
    Column("kind", string(16), primary_key=True),
    Column("digest", string(64), primary_key=True),
    Column("seller_id", string(128), ForeignKey("sellers.id"), primary_key=True),
    Index("seller_identifiers_seller", "seller_id", "kind"),
)
"""What accounts are reached, paid and known by, as hashes under the hub's own secret; `seller_links` follow from it."""

offences = Table(
    "offences",
    metadata,
    _id("decision_id"),
    _reference("seller_id", "sellers.id"),
    _text("at"),
    _text("kind"),
    _text("ground"),
    Column("points", WHOLE, nullable=False),
    Column("expires_at", TEXT),
    Column("overturned", Boolean, nullable=False, default=False),
    _text("listing_id"),
    _text("listing_title"),
    Column("full_points", WHOLE),
    Index("offences_seller", "seller_id", "at"),
)
"""`points` count; `full_points` are those of the ground before merging and the daily cap, null from before."""

listings = Table(
    "listings",
    metadata,
    _id(),
    _text("marketplace"),
    _reference("seller_id", "sellers.id"),
    _text("title"),
    _text("brand"),
    _text("category"),
    _text("language"),
    Column("price_amount", TEXT),
    Column("price_currency", TEXT),
    _text("picture"),
    _text("revision"),
    _text("base_state", "live"),
    _text("state", "live"),
    _text("body"),
    Column("previous", TEXT),
    Index("listings_seller", "seller_id"),
)
"""`body` is the Listing as JSON; `state` is its `base_state` with the measures in force."""

listing_pictures = Table(
    "listing_pictures",
    metadata,
    _reference("listing_id", "listings.id"),
    Column("place", WHOLE, nullable=False),
    Column("sha256", string(64), nullable=False),
    Index("listing_pictures_listing", "listing_id"),
    Index("listing_pictures_sha256", "sha256", "listing_id"),
)

text_bands = Table(
    "text_bands",
    metadata,
    Column("band", WHOLE, primary_key=True, autoincrement=False),
    Column("value", WHOLE, primary_key=True, autoincrement=False),
    Column("listing_id", string(128), ForeignKey("listings.id"), primary_key=True),
    Index("text_bands_listing", "listing_id"),
)
"""By which listings with near-equal texts find each other: see `domain.shingles`."""

reference_products = Table(
    "reference_products",
    metadata,
    _sequence(),
    Column("id", string(128), nullable=False, unique=True),
    _text("body"),
    _text("prices", "{}"),
)
"""`prices` are the list prices in other currencies: a JSON object from the currency to the amount."""

cases = Table(
    "cases",
    metadata,
    _sequence(),
    Column("id", string(128), nullable=False, unique=True),
    _text("marketplace"),
    _reference("listing_id", "listings.id"),
    _reference("seller_id", "sellers.id"),
    _text("queue", "open"),
    _text("state", "open"),
    Column("priority", WHOLE, nullable=False, default=0),
    Column("due_at", TEXT),
    _text("due_order"),
    _text("opened_at"),
    _text("ground"),
    _text("source"),
    Column("flag_count", WHOLE, nullable=False, default=0),
    _text("reference_ids", "[]"),
    _text("lease_id"),
    Column("lease_token", WHOLE, nullable=False, default=0),
    Column("lease_owner", string(128), ForeignKey("accounts.id")),
    Column("lease_expires_at", TEXT),
    _text("decision_id"),
    Column("severity", WHOLE, nullable=False, default=3, server_default="3"),
    Column("reach", WHOLE, nullable=False, default=0, server_default="0"),
    Column("trust", WHOLE, nullable=False, default=0, server_default="0"),
    Column("kind", string(16), nullable=False, default="listing", server_default="listing"),
    Column("proof_id", string(128), nullable=False, default="", server_default=""),
    Column("appeal_id", string(128), nullable=False, default="", server_default=""),
    Index("cases_seller", "seller_id", "state"),
    Index("cases_listing", "listing_id", "state"),
    Index("cases_leased", "state", "lease_expires_at"),
    Index("cases_owner", "lease_owner", "state"),
    Index("cases_lease", "lease_id"),
)
"""`queue` is where the case goes back to: `open`, or `escalated` for the leads' queue.

A higher `priority` is more urgent; `severity`, `reach` and `trust` are those of `domain.urgency`.
`due_order` is `due_at`, or a text after every time where there is
none.  `decision_id` is the current decision, which may be a withdraw.  `kind` says what is to be decided; `proof_id`
and `appeal_id` name the latest proof that was asked for and the latest appeal.
"""

#: The comparison of `domain.urgency` as SQL.
URGENCY = (
    literal_column("(priority / 100)", WHOLE).desc(),
    literal_column("substr(due_order, 1, 13)", TEXT),
    cases.c.severity.desc(),
    cases.c.reach.desc(),
    cases.c.trust.desc(),
    cases.c.priority.desc(),
    cases.c.due_order,
    cases.c.seq,
)
Index("cases_queue", cases.c.state, *URGENCY)

flags = Table(
    "flags",
    metadata,
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

skips = Table(
    "skips",
    metadata,
    Column("case_id", string(128), ForeignKey("cases.id"), primary_key=True),
    Column("account_id", string(128), ForeignKey("accounts.id"), primary_key=True),
    _text("reason"),
    _text("at"),
)

decisions = Table(
    "decisions",
    metadata,
    _sequence(),
    Column("id", string(128), nullable=False, unique=True),
    _text("case_id"),
    _text("reviewer_id"),
    _text("kind"),
    _text("received_at"),
    _text("body"),
    Column("body_sha256", string(64), nullable=False),
    _text("status"),
    _text("detail"),
    _text("effects", "[]"),
    Column("current", Boolean, nullable=False, default=False),
    _text("supersedes"),
    Index("decisions_case", "case_id", "seq"),
    Index("decisions_reviewer", "reviewer_id", "seq"),
)
"""Every decision that was ever answered finally, with its receipt; never deleted."""

Index(
    "decisions_current",
    decisions.c.case_id,
    unique=True,
    sqlite_where=decisions.c.current,
    postgresql_where=decisions.c.current,
)

measures = Table(
    "measures",
    metadata,
    _sequence(),
    _text("decision_id"),
    _reference("seller_id", "sellers.id"),
    _text("listing_id"),
    _text("kind"),
    _text("scope"),
    _text("starts_at"),
    Column("ends_at", TEXT),
    Column("undone", Boolean, nullable=False, default=False),
    Column("rule", string(64), nullable=False, default="", server_default=""),
    Index("measures_decision", "decision_id"),
    Index("measures_seller", "seller_id"),
    Index("measures_listing", "listing_id"),
)
"""What decisions did to listings and sellers; those not undone and not ended are in force.

An automated measure names its `rule` (`proof_deadline`); its `decision_id` is an id of its own, of no decision.
"""

case_effects = Table(
    "case_effects",
    metadata,
    Column("decision_id", string(128), primary_key=True),
    Column("case_id", string(128), ForeignKey("cases.id"), primary_key=True),
    Column("kind", string(16), primary_key=True),
    _text("before"),
    Column("amount", WHOLE, nullable=False, default=0),
)
"""What decisions did to other cases: `withdrawn` (from the state `before`) or `raised` by `amount`."""

fingerprints = Table(
    "fingerprints",
    metadata,
    Column("picture", string(128), primary_key=True),
    Column("algorithm", string(32), primary_key=True),
    Column("version", WHOLE, primary_key=True, autoincrement=False),
    Column("quality", WHOLE, nullable=False),
    _text("codes"),
    Index("fingerprints_codes", "codes"),
)
"""Perceptual hashes that workstations computed, in hexadecimal, by a picture's SHA-256 or the entry of a hash list."""

picture_bands = Table(
    "picture_bands",
    metadata,
    Column("band", string(8), primary_key=True),
    Column("picture", string(128), primary_key=True),
    Index("picture_bands_picture", "picture"),
)
"""The 16 parts of each fingerprint of a picture, by which near ones are found (see `near_pictures`)."""

bank_entries = Table(
    "bank_entries",
    metadata,
    _id(),
    _text("bank"),
    Column("picture", string(128), nullable=False),
    _text("other"),
    _text("label"),
    _text("source"),
    _text("listing_id"),
    _text("listing_title"),
    _text("marketplace"),
    _text("seller_id"),
    _text("seller_name"),
    Column("decision_id", string(128), nullable=False),
    _text("reviewer"),
    _text("note"),
    _text("at"),
    Column("removed", Boolean, nullable=False, default=False),
    Index("bank_entries_decision", "decision_id"),
    Index("bank_entries_picture", "picture"),
)
"""Pictures of listings that were taken down (`infringing`), and pairs that are no match (`negative`)."""

bank_changes = Table(
    "bank_changes",
    metadata,
    _sequence(),
    Column("entry_id", string(128), nullable=False),
)
"""Entries in the order in which they came or went."""

changes = Table(
    "changes",
    metadata,
    _sequence(),
    _text("kind"),
    _text("case_id"),
    _text("at"),
)

media = Table(
    "media",
    metadata,
    Column("sha256", string(64), primary_key=True),
    _text("media_type"),
    Column("bytes", WHOLE, nullable=False),
)

referrals = Table(
    "referrals",
    metadata,
    _id(),
    Column("digest", string(64), nullable=False),
    _reference("seller_id", "sellers.id"),
    _reference("made_by", "accounts.id"),
    _text("made_at"),
    _reference("confirmed_by", "accounts.id", nullable=True),
    Column("confirmed_at", TEXT),
    Index("referrals_seller", "seller_id"),
)
"""Packs that refer a seller to the police or the brand; a draft until a second person has confirmed it."""

statements = Table(
    "statements",
    metadata,
    _sequence(),
    Column("puid", string(512), nullable=False, unique=True),
    Column("decision_id", string(128), nullable=False),
    _text("made_at"),
    _text("body"),
    _text("state", "waiting"),
    _text("answer"),
    _text("error"),
    Column("attempts", WHOLE, nullable=False, default=0),
    Column("first_tried_at", TEXT),
    Column("settled_at", TEXT),
    Index("statements_state", "state", "seq"),
)
"""Statements of reasons, never deleted: `waiting`, `sent`, or `parked` (a person must look, `error` says why).

The transparency database forgets an identifier after 181 days and would take it again; this table does not.
"""

claimants = Table(
    "claimants",
    metadata,
    _id(),
    _text("name"),
    _text("source"),
    _text("account_id"),
    _text("owners", "[]"),
    _text("made_at"),
    _text("counted_from"),
    Column("warned_at", TEXT),
    Column("suspended_until", TEXT),
    Index("claimants_account", "account_id"),
)
"""Who complains: `source` as a flag's; `owners` are those whose rights it may rely on, as a JSON list.

Misuse is judged by what was settled after `counted_from`: the last warning, suspension or pardon.
"""

claimant_events = Table(
    "claimant_events",
    metadata,
    _sequence(),
    Column("claimant_id", string(128), nullable=False),
    _text("kind"),
    _text("at"),
    _text("words"),
    Index("claimant_events_claimant", "claimant_id", "seq"),
)
"""What was done about a claimant, with the reasons: `registered`, `warned`, `suspended`, `lifted`."""

notices = Table(
    "notices",
    metadata,
    _sequence(),
    Column("id", string(128), nullable=False, unique=True),
    Column("claimant_id", string(128), nullable=False),
    _text("account_id"),
    _text("source"),
    _text("ground"),
    _text("right_key"),
    _text("received_at"),
    _text("body"),
    Column("body_sha256", string(64), nullable=False),
    Column("listing_count", WHOLE, nullable=False, default=0),
    Column("open_count", WHOLE, nullable=False, default=0),
    Column("complete", Boolean, nullable=False, default=True),
    _text("asked", "[]"),
    Column("withdrawn_at", TEXT),
    _text("withdrawn_why"),
    Index("notices_claimant", "claimant_id", "received_at"),
)
"""Complaints, never deleted: `body` is what was sent but its listings; `open_count` of them are not settled."""

notice_listings = Table(
    "notice_listings",
    metadata,
    _sequence(),
    Column("notice_id", string(128), nullable=False),
    Column("listing_id", string(128), nullable=False),
    Column("claimant_id", string(128), nullable=False),
    _text("case_id"),
    _text("right_key"),
    _text("revision"),
    _text("gtin"),
    _text("outcome", "open"),
    _text("checks", "[]"),
    _text("decision_id"),
    _text("upheld_by"),
    Column("settled_at", TEXT),
    Index("notice_listings_notice", "notice_id", "listing_id", unique=True),
    Index("notice_listings_case", "case_id"),
    Index("notice_listings_listing", "listing_id", "right_key"),
    Index("notice_listings_claimant", "claimant_id", "settled_at", "outcome"),
)
"""The listings that notices name, with the checklist and what became of each.

`upheld_by` is the account whose decision upheld it, so that another's reversal is told from a correction.
"""

notice_changes = Table(
    "notice_changes",
    metadata,
    _sequence(),
    Column("notice_id", string(128), nullable=False),
    Column("listing_id", string(128), nullable=False),
    Column("claimant_id", string(128), nullable=False),
    _text("outcome"),
    _text("at"),
    _text("decision_id"),
    Index("notice_changes_claimant", "claimant_id", "seq"),
)
"""Outcomes in the order in which they came, for claimants to follow."""

rights = Table("rights", metadata, Column("key", string(300), primary_key=True), _text("body"))
"""The rights of the reference products by kind, register and number: what notices are compared with."""

proofs = Table(
    "proofs",
    metadata,
    _sequence(),
    Column("id", string(128), nullable=False, unique=True),
    _reference("case_id", "cases.id"),
    _reference("seller_id", "sellers.id"),
    _reference("listing_id", "listings.id"),
    _text("brand"),
    _text("brand_key"),
    Column("decision_id", string(128), nullable=False),
    _text("state", "requested"),
    _text("asked", "[]"),
    _text("words"),
    _text("requested_at"),
    _text("due_at"),
    Column("submitted_at", TEXT),
    Column("judged_at", TEXT),
    Column("judged_by", string(128), nullable=False, default=""),
    _text("reason"),
    Column("valid_until", TEXT),
    Column("automatic_id", string(128), nullable=False, default=""),
    _text("automatic_ground"),
    Column("removed_at", TEXT),
    Column("lifted_by", string(128), nullable=False, default=""),
    Index("proofs_case", "case_id"),
    Index("proofs_seller", "seller_id", "brand_key"),
    Index("proofs_due", "state", "due_at"),
    Index("proofs_decision", "decision_id"),
    Index("proofs_automatic", "automatic_id"),
)
"""Proofs of authenticity that were asked for, with what became of them; `asked` is a JSON list of kinds of documents.

`brand_key` is the brand without case: a proof holds for the seller's other listings of it.  `automatic_id` names what
a rule did at the deadline, `removed_at` says when; `lifted_by` names the decision that took it back.
"""

documents = Table(
    "documents",
    metadata,
    _sequence(),
    Column("owner_id", string(128), nullable=False),
    Column("sha256", string(64), nullable=False),
    _text("seller_id"),
    _text("kind"),
    _text("name"),
    _text("media_type"),
    Column("bytes", WHOLE, nullable=False),
    _text("issuer"),
    _text("issued_to"),
    Column("issued_on", TEXT),
    Column("expires_on", TEXT),
    _text("received_at"),
    Index("documents_owner", "owner_id", "sha256", unique=True),
    Index("documents_sha256", "sha256"),
)
"""Documents of proofs and appeals (`owner_id`), by the digest of their bytes."""

appeals = Table(
    "appeals",
    metadata,
    _sequence(),
    Column("id", string(128), nullable=False, unique=True),
    _reference("case_id", "cases.id"),
    _reference("seller_id", "sellers.id"),
    Column("decision_id", string(128), nullable=False),
    _text("first_kind"),
    Column("first_stands", Boolean, nullable=False, default=True),
    _text("appellant"),
    _text("party"),
    _text("text"),
    _text("filed_at"),
    _text("received_at"),
    Column("body_sha256", string(64), nullable=False),
    _text("state", "pending"),
    Column("ruling_id", string(128), nullable=False, default=""),
    Column("ruled_at", TEXT),
    _text("reason"),
    _text("effects", "[]"),
    Index("appeals_decision", "decision_id"),
    Index("appeals_case", "case_id"),
    Index("appeals_seller", "seller_id"),
    Index("appeals_ruling", "ruling_id"),
)
"""Appeals with what became of them.  `first_stands` says whether what is appealed against is in force now."""
