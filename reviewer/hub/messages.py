"""What clients send: strict models that refuse unknown fields and wrong types."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from reviewer.domain.values import parse_time

OFFLINE_CAP_S = 8 * 3600
CLAIM_LIMIT = 50
BATCH_LIMIT = 100
UPSERT_LIMIT = 500

ID_PATTERN = r"^[^\x00-\x1f\x7f/]{1,128}$"
UUID_PATTERN = r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"
SHA256_PATTERN = r"^[0-9a-f]{64}$"
TIME_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|\+00:00)$"


def _real_time(text: str) -> str:
    parse_time(text)
    return text


def _real_day(text: str) -> str:
    date.fromisoformat(text)
    return text


def _real_amount(text: str) -> str:
    try:
        Decimal(text)
    except InvalidOperation:
        raise ValueError("not a decimal number") from None
    return text


def _whole(value: object) -> object:
    """What JSON Schema calls an integer as one: 2.0 is."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _storable(text: str) -> str:
    """U+0000 as U+FFFD: PostgreSQL has no place for it, and both databases shall keep the same."""
    return text.replace("\0", "\ufffd")


WHOLE = BeforeValidator(_whole)
STORABLE = AfterValidator(_storable)
Id = Annotated[str, Field(pattern=ID_PATTERN, max_length=128)]
OptionalId = Annotated[str, Field(max_length=128), STORABLE]
Uuid = Annotated[str, Field(pattern=UUID_PATTERN)]
Sha256 = Annotated[str, Field(pattern=SHA256_PATTERN)]
Time = Annotated[
    str, Field(pattern=TIME_PATTERN, json_schema_extra={"format": "date-time"}), AfterValidator(_real_time)
]
Day = Annotated[
    str,
    Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", json_schema_extra={"format": "date"}),
    AfterValidator(_real_day),
]
Short = Annotated[str, Field(max_length=512), STORABLE]
Long = Annotated[str, Field(max_length=100_000), STORABLE]
HashText = Annotated[str, Field(pattern="^[0-9a-f]{16,128}$")]
Token = Annotated[int, Field(ge=0, le=2**53 - 1), WHOLE]


class Message(BaseModel):
    """A request: strict types, no unknown fields."""

    model_config = ConfigDict(extra="forbid", strict=True)


class ClaimRequest(Message):
    """Claim the most urgent open cases, or the named ones."""

    count: Annotated[int, Field(ge=1, le=CLAIM_LIMIT), WHOLE]
    marketplaces: Annotated[list[Id], Field(max_length=100)] = []
    grounds: Annotated[list[Id], Field(max_length=100)] = []
    case_ids: Annotated[list[Id], Field(max_length=CLAIM_LIMIT)] = []
    offline_s: Annotated[int, Field(ge=0, le=2**31), WHOLE] = 0
    kinds: Annotated[list[Literal["listing", "proof", "appeal"]], Field(max_length=3)] = []


class LeaseName(Message):
    """A lease by its id and fencing token."""

    id: Id
    token: Token


class RenewRequest(Message):
    """Leases to prolong."""

    leases: Annotated[list[LeaseName], Field(min_length=1, max_length=1000)]


class LeaseRelease(Message):
    """A lease to give back, and why."""

    id: Id
    token: Token
    reason: Literal["done_for_today", "skipped", "needs_language", "needs_expert", "undone"]


class ReleaseRequest(Message):
    """Leases to give back."""

    leases: Annotated[list[LeaseRelease], Field(min_length=1, max_length=1000)]


class MeasureMessage(Message):
    """What the decision does to the listing or the seller; `days` null: for ever."""

    kind: Short
    scope: Short = "listing"
    days: Annotated[int, Field(ge=1, le=36500), WHOLE] | None = None


class FingerprintMessage(Message):
    """Perceptual hashes of a picture: of the whole and, where that differs, inside its plain borders; hexadecimal."""

    picture: Sha256
    algorithm: Annotated[str, Field(pattern="^[a-z0-9_-]{1,32}$")]
    version: Annotated[int, Field(ge=0, le=2**31 - 1), WHOLE]
    quality: Annotated[int, Field(ge=0, le=100), WHOLE]
    codes: Annotated[list[HashText], Field(min_length=1, max_length=8)]


class SeenPicture(FingerprintMessage):
    """A picture that a workstation looked at: no `codes` where it is near-blank or can't be decoded.

    `searched` are the codes by which near ones are looked for: those of its eight orientations.
    """

    codes: Annotated[list[HashText], Field(max_length=8)]
    searched: Annotated[list[HashText], Field(max_length=16)] = []


class SeenRequest(Message):
    """Pictures that a workstation looked at."""

    items: Annotated[list[SeenPicture], Field(min_length=1, max_length=50)]


class DecisionMessage(Message):
    """One ruling; `id` is its idempotency key."""

    id: Uuid
    case_id: Id
    listing_id: Id
    revision: Annotated[str, Field(max_length=128), STORABLE]
    kind: Short
    decided_at: Time
    lease: LeaseName | None = None
    ground: OptionalId = ""
    clause: Short = ""
    facts: Annotated[list[Annotated[str, Field(max_length=4000), STORABLE]], Field(max_length=200)] = []
    note: Annotated[str, Field(max_length=20_000), STORABLE] = ""
    evidence: Annotated[list[Sha256], Field(max_length=200)] = []
    measure: MeasureMessage | None = None
    measure_off_reason: Annotated[str, Field(max_length=4000), STORABLE] = ""
    policy_version: OptionalId = ""
    seconds: Annotated[float, Field(ge=0, le=1e9)] = 0.0
    supersedes: Annotated[str, Field(pattern=rf"(^$)|({UUID_PATTERN})")] = ""
    fingerprints: Annotated[list[FingerprintMessage], Field(max_length=100)] = []
    refund_months: Annotated[int, Field(ge=0, le=6), WHOLE] = 0


class DecisionsRequest(Message):
    """A batch of decisions; they are taken in order."""

    decisions: Annotated[list[DecisionMessage], Field(min_length=1, max_length=BATCH_LIMIT)]


class PairMessage(Message):
    """Two pictures of which a person says that they are no match; `removed` takes that back."""

    picture: Sha256
    other: Sha256
    note: Annotated[str, Field(max_length=4000), STORABLE] = ""
    decision_id: OptionalId = ""
    removed: bool = False


class PairsRequest(Message):
    """Pairs for the negative bank."""

    items: Annotated[list[PairMessage], Field(min_length=1, max_length=100)]


class HashMessage(Message):
    """One line of a hash list."""

    algorithm: Annotated[str, Field(pattern="^[a-z0-9_-]{1,32}$")]
    version: Annotated[int, Field(ge=0, le=2**31 - 1), WHOLE] = 1
    hash: HashText
    quality: Annotated[int, Field(ge=0, le=100), WHOLE] = 100
    label: Short = ""
    source: Short = ""


class HashesRequest(Message):
    """A part of a hash list for the infringing bank."""

    items: Annotated[list[HashMessage], Field(min_length=1, max_length=UPSERT_LIMIT)]


class MoneyMessage(Message):
    """An amount as a decimal string; `currency` null where the marketplace gave none."""

    amount: Annotated[str, Field(pattern=r"^-?[0-9]{1,15}(\.[0-9]{1,6})?$"), AfterValidator(_real_amount)]
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = None


class PictureMessage(Message):
    """A picture whose bytes were or will be put to `/v1/media/{sha256}`."""

    sha256: Sha256
    view: Short = ""
    media_type: Short = "image/jpeg"
    width: Annotated[int, Field(ge=0, le=1_000_000), WHOLE] = 0
    height: Annotated[int, Field(ge=0, le=1_000_000), WHOLE] = 0


class ListingMessage(Message):
    """A listing as its marketplace shows it; the hub makes the revision."""

    id: Id
    marketplace: Id
    title: Annotated[str, Field(max_length=4000), STORABLE]
    description: Long = ""
    brand: Short = ""
    category: Short = ""
    price: MoneyMessage | None = None
    gtin: Annotated[str, Field(max_length=14), STORABLE] = ""
    country: Annotated[str, Field(pattern="^([A-Z]{2})?$")] = ""
    language: Annotated[str, Field(pattern="^([A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*)?$")] = ""
    url: Annotated[str, Field(max_length=4000), STORABLE] = ""
    units_sold: Annotated[int, Field(ge=0, le=2**53 - 1), WHOLE] | None = None
    listed_at: Time | None = None
    state: Literal["live", "sold_out", "ended", "deleted"] = "live"
    pictures: Annotated[list[PictureMessage], Field(max_length=100)] = []


class SellerMessage(Message):
    """The trader behind a listing, as the marketplace knows it."""

    id: Id
    display_name: Short
    marketplace: OptionalId = ""
    country: Annotated[str, Field(pattern="^([A-Z]{2})?$")] = ""
    joined_at: Time | None = None
    verification: Short = "unknown"
    listings_live: Annotated[int, Field(ge=0, le=2**53 - 1), WHOLE] | None = None
    listings_removed: Annotated[int, Field(ge=0, le=2**53 - 1), WHOLE] | None = None
    units_sold: Annotated[int, Field(ge=0, le=2**53 - 1), WHOLE] | None = None


class IdentifierMessage(Message):
    """What an account is reached, paid or known by: `value` in the clear, or a `digest` of it; neither is kept so."""

    seller_id: Id
    kind: Literal["bank", "payout", "document", "phone", "device", "address"]
    value: Annotated[str, Field(max_length=2000), STORABLE] = ""
    digest: Annotated[str, Field(pattern="^([0-9a-f]{32,128})?$")] = ""
    removed: bool = False


class IdentifiersRequest(Message):
    """Identifiers to keep as hashes, or to forget."""

    items: Annotated[list[IdentifierMessage], Field(min_length=1, max_length=UPSERT_LIMIT)]


class ReferralMessage(Message):
    """That a pack with this digest of its manifest was made, or is confirmed by a second person."""

    id: Id
    digest: Sha256
    seller_id: Id
    act: Literal["made", "confirmed"]


class FlagMessage(Message):
    """One reason why a listing is to be looked at."""

    id: Id
    source: Short
    reason: Short
    at: Time
    explanation: Annotated[str, Field(max_length=20_000), STORABLE] = ""
    confidence: Annotated[float, Field(ge=0, le=1)] | None = None
    notice_id: OptionalId = ""
    claimant: Short = ""
    claimant_upheld: Annotated[float, Field(ge=0, le=1)] | None = None


class DocumentMessage(Message):
    """A document whose bytes were put to `/v1/media/{sha256}`, with what the sender says of it."""

    sha256: Sha256
    kind: Annotated[str, Field(min_length=1, max_length=64), STORABLE]
    name: Short = ""
    issuer: Short = ""
    issued_to: Short = ""
    issued_on: Day | None = None
    expires_on: Day | None = None


class DocumentsRequest(Message):
    """A seller's documents for a proof that was asked for."""

    seller_id: Id
    documents: Annotated[list[DocumentMessage], Field(min_length=1, max_length=10)]


class AppealRequest(Message):
    """An appeal against a decision; `id` is its idempotency key, `party` the seller's id or the claimant's name."""

    id: Uuid
    decision_id: Id
    appellant: Literal["seller", "claimant"]
    party: Annotated[str, Field(min_length=1, max_length=512), STORABLE]
    text: Annotated[str, Field(min_length=1, max_length=20_000), STORABLE]
    filed_at: Time | None = None
    documents: Annotated[list[DocumentMessage], Field(max_length=10)] = []


class ListingUpsert(Message):
    """A listing with its seller and flags."""

    listing: ListingMessage
    seller: SellerMessage
    flags: Annotated[list[FlagMessage], Field(max_length=100)] = []
    references: Annotated[list[Id], Field(max_length=20)] = []
    due_at: Time | None = None
    priority: Annotated[int, Field(ge=0, le=1_000_000), WHOLE] = 0


class ListingsRequest(Message):
    """Listings to make or to change."""

    items: Annotated[list[ListingUpsert], Field(min_length=1, max_length=UPSERT_LIMIT)]
