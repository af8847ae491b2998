"""The answers as models: they are what `/openapi.json` says.  Answers are written from plain values."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from reviewer.hub.notice_shapes import CaseNotice
from reviewer.hub.shape_base import Digest, Moment, Right, Shape


class Fault(Shape):
    """One fault of a request: an RFC 6901 pointer (for a parameter: its place) and words."""

    pointer: str
    detail: str


class ProblemShape(Shape):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[Fault] = []


class Reviewer(Shape):
    """Whose token it is."""

    id: str
    name: str
    role: Literal["reviewer", "lead", "admin", "service", "claimant"]


class Marketplace(Shape):
    """A selling platform of this hub."""

    id: str
    name: str
    currency: str
    language: str
    country: str


class Limits(Shape):
    """How much and how long."""

    lease_s: int
    leases_per_reviewer: int
    decision_batch: int
    offline_s: int
    claim: int


class Service(Shape):
    """What this server is."""

    name: str
    server_time: Moment
    api: list[str]
    reviewer: Reviewer
    marketplaces: list[Marketplace]
    capabilities: list[str]
    limits: Limits
    policy_version: str


class Money(Shape):
    """A decimal string and a currency, null where the marketplace gave none."""

    amount: str
    currency: str | None


class Picture(Shape):
    """A picture by its digest."""

    sha256: Digest
    view: str
    media_type: str
    width: int
    height: int


class Listing(Shape):
    """A seller's offer in one content state."""

    id: str
    marketplace: str
    title: str
    revision: str
    description: str
    brand: str
    category: str
    price: Money | None
    gtin: str
    country: str
    language: str
    url: str
    units_sold: int | None
    listed_at: Moment | None
    state: str
    pictures: list[Picture]


class Offence(Shape):
    """A decision that stands against a seller."""

    decision_id: str
    at: Moment
    kind: str
    ground: str
    points: int
    expires_at: Moment | None
    overturned: bool
    listing_id: str
    listing_title: str
    full_points: int | None


class SellerLink(Shape):
    """Another account that shares something with this one."""

    seller_id: str
    display_name: str
    kind: str
    strength: float
    standing: str


class Seller(Shape):
    """Who offers it."""

    id: str
    display_name: str
    marketplace: str
    country: str
    joined_at: Moment | None
    verification: str
    standing: str
    standing_until: Moment | None
    listings_live: int | None
    listings_removed: int | None
    units_sold: int | None
    open_cases: int | None
    offences: list[Offence]
    links: list[SellerLink]


class Flag(Shape):
    """One reason why the listing is in the queue."""

    id: str
    source: str
    reason: str
    at: Moment
    explanation: str
    confidence: float | None
    notice_id: str
    claimant: str
    claimant_upheld: float | None


class Sibling(Shape):
    """Another open case that goes with this one."""

    case_id: str
    relation: Literal["same_seller", "same_pictures"]
    title: str
    marketplace: str
    picture: str
    seller_name: str


class AuthenticationPoint(Shape):
    """What to look at on the genuine article."""

    id: str
    words: str
    copies: str
    picture: str
    region: list[float] | None


class ReferenceProduct(Shape):
    """The genuine article."""

    id: str
    brand: str
    model: str
    gtin: str
    category: str
    list_price: Money | None
    pictures: list[Picture]
    rights: list[Right]
    authorised_sellers: list[str]
    authentication_points: list[AuthenticationPoint]


CaseState = Literal["open", "leased", "decided", "escalated", "awaiting_proof", "withdrawn"]


CaseKind = Literal["listing", "proof", "appeal"]
Day = Annotated[str, Field(json_schema_extra={"format": "date"})]


class Document(Shape):
    """A document by its digest, with what whoever sent it says of it."""

    sha256: Digest
    kind: str
    name: str
    media_type: str
    size: int
    issuer: str
    issued_to: str
    issued_on: Day | None
    expires_on: Day | None


class Proof(Shape):
    """A proof of authenticity: what is asked until when, what came, and what became of it."""

    id: str
    case_id: str
    seller_id: str
    listing_id: str
    brand: str
    state: Literal["requested", "submitted", "accepted", "rejected", "expired", "missed", "withdrawn"]
    asked: list[str]
    words: str
    requested_at: Moment
    due_at: Moment
    documents: list[Document]
    submitted_at: Moment | None
    judged_at: Moment | None
    judged_by: str
    reason: str
    valid_until: Moment | None
    automatic_id: str
    removed_at: Moment | None


class ProofPage(Shape):
    """A page of proofs, the newest first."""

    items: list[Proof]
    next_cursor: str | None


class Taken(Shape):
    """What became of one document; `detail` says what is to be said of it, such as that it expired."""

    sha256: Digest
    status: Literal["stored", "known"]
    detail: str


class DocumentsAnswer(Shape):
    """The proof, and what became of each document, in order."""

    proof: Proof
    items: list[Taken]


class Appealed(Shape):
    """What is appealed against: a decision, or what a rule did."""

    id: str
    kind: str
    at: Moment
    ground: str
    clause: str
    facts: list[str]
    note: str
    measures: list[str]
    points: int
    letter: str
    automatic: bool


AppealState = Literal["pending", "upheld", "reversed", "partly"]


class Appeal(Shape):
    """An appeal as it lies on the desk."""

    id: str
    appellant: Literal["seller", "claimant"]
    party: str
    text: str
    filed_at: Moment
    documents: list[Document]
    state: AppealState
    first: Appealed


class AppealRecord(Shape):
    """An appeal with what became of it, for whoever filed it."""

    id: str
    case_id: str
    seller_id: str
    decision_id: str
    appellant: Literal["seller", "claimant"]
    party: str
    text: str
    filed_at: Moment
    received_at: Moment
    documents: list[Document]
    state: AppealState
    ruling_id: str
    ruled_at: Moment | None
    reason: str
    effects: list[str]


class AppealPage(Shape):
    """A page of appeals, the newest first."""

    items: list[AppealRecord]
    next_cursor: str | None


class Case(Shape):
    """The unit of review with all that a reviewer needs."""

    id: str
    marketplace: str
    state: CaseState
    priority: int
    due_at: Moment | None
    opened_at: Moment
    listing: Listing
    seller: Seller
    flags: list[Flag]
    references: list[ReferenceProduct]
    siblings: list[Sibling]
    previous: Listing | None
    notices: list[CaseNotice]
    kind: CaseKind
    proof: Proof | None
    appeal: Appeal | None
    proofs: list[Proof]


class CaseRow(Shape):
    """A case as a row of the queue table."""

    id: str
    marketplace: str
    state: CaseState
    priority: int
    due_at: Moment | None
    title: str
    brand: str
    category: str
    seller_id: str
    seller_name: str
    standing: str
    ground: str
    source: str
    flags: int
    price: Money | None
    language: str
    leased_by: str
    severity: int
    reach: int
    trust: int
    kind: CaseKind


class Lease(Shape):
    """A claim on a case; `ttl_s` counts from the answer's arrival."""

    id: str
    token: int
    ttl_s: float


class LeasedCase(Shape):
    """A case with its lease."""

    case: Case
    lease: Lease


class Elsewhere(Shape):
    """Who else holds how many cases, and until when."""

    reviewer: str
    cases: int
    until: Moment


class ClaimAnswer(Shape):
    """What was leased, and when to ask again where there was nothing."""

    items: list[LeasedCase]
    next_retry_s: float
    leased_elsewhere: list[Elsewhere]


class Renewed(Shape):
    """What became of one lease."""

    id: str
    status: Literal["renewed", "lease_lost"]
    ttl_s: float


class RenewAnswer(Shape):
    """One for each lease, in order."""

    items: list[Renewed]


class Released(Shape):
    """What became of one lease."""

    id: str
    status: Literal["released", "lease_lost"]


class ReleaseAnswer(Shape):
    """One for each lease, in order."""

    items: list[Released]


class Receipt(Shape):
    """The answer to one decision."""

    decision_id: str
    status: Literal["accepted", "duplicate", "deferred", "stale", "lease_lost", "gone", "rejected", "conflict"]
    detail: str
    effects: list[str]
    retry_after_s: float | None


class DecisionsAnswer(Shape):
    """One receipt for each decision, in order."""

    receipts: list[Receipt]


class StoredDecision(Shape):
    """A decision as it was sent, with its first receipt."""

    decision: dict[str, Any]
    reviewer: str
    received_at: Moment
    receipt: Receipt
    current: bool


class Change(Shape):
    """What happened to which case, with its row as it is now."""

    kind: Literal[
        "case_opened",
        "case_changed",
        "case_closed",
        "listing_changed",
        "decision_overturned",
        "proof_submitted",
        "policy_changed",
    ]
    case_id: str
    at: Moment
    row: CaseRow | None


class CasePage(Shape):
    """A page of cases."""

    items: list[CaseRow]
    next_cursor: str | None


class DecisionPage(Shape):
    """A page of decisions."""

    items: list[StoredDecision]
    next_cursor: str | None


class ReferencePage(Shape):
    """A page of reference products."""

    items: list[ReferenceProduct]
    next_cursor: str | None


class ChangePage(Shape):
    """A page of changes; `next_cursor` is always there: the place to go on from later."""

    items: list[Change]
    next_cursor: str


class Upserted(Shape):
    """What became of one listing."""

    listing_id: str
    case_id: str
    revision: str
    status: Literal["created", "updated", "unchanged", "refused"]
    detail: str


class ListingsAnswer(Shape):
    """One for each listing, in order."""

    items: list[Upserted]


class Fingerprint(Shape):
    """Perceptual hashes of one picture, in hexadecimal."""

    algorithm: str
    version: int
    quality: int
    codes: list[str]


class BankEntry(Shape):
    """A picture of a listing that was taken down, a line of a hash list, or a pair that is no match."""

    id: str
    picture: str
    other: str
    label: str
    source: str
    listing_id: str
    listing_title: str
    marketplace: str
    seller_id: str
    seller_name: str
    decision_id: str
    reviewer: str
    note: str
    at: Moment
    removed: bool
    fingerprints: list[Fingerprint]


class BankPage(Shape):
    """A page of a bank; `next_cursor` is always there: the place to go on from later."""

    items: list[BankEntry]
    next_cursor: str


class BankAnswer(Shape):
    """What became of each item, in order."""

    items: list[Literal["stored", "known"]]


class NearCase(Shape):
    """An open case with a picture near one that was asked for; `bits` of 256 differ."""

    picture: Digest
    other: Digest
    bits: int
    case_id: str
    listing_id: str
    listing_title: str
    marketplace: str
    seller_id: str
    seller_name: str


class SeenAnswer(Shape):
    """Open cases for all the pictures of the request, nearest first for each."""

    items: list[NearCase]


class UnseenAnswer(Shape):
    """Pictures of open cases that no workstation has told of."""

    items: list[Digest]


class MediaStored(Shape):
    """The digest under which the bytes are kept."""

    sha256: Digest
    bytes: int


class PolicyDocument(BaseModel):
    """The tables of `policies.toml`."""

    version: str
    window_days: int
    merge_hours: int
    daily_cap: int
    ground: list[dict[str, Any]]
    threshold: list[dict[str, Any]]
    immediate: list[dict[str, Any]]
