"""The unit of review: a case with its flags, its lease, and the row that stands for it in the queue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from reviewer.domain.listing import Listing
from reviewer.domain.notice import Notice
from reviewer.domain.redress import Appeal, Proof
from reviewer.domain.reference import ReferenceProduct
from reviewer.domain.seller import Seller
from reviewer.domain.values import Money


class CaseState(StrEnum):
    """Where a case stands on its server."""

    OPEN = "open"
    LEASED = "leased"
    DECIDED = "decided"
    ESCALATED = "escalated"
    AWAITING_PROOF = "awaiting_proof"
    WITHDRAWN = "withdrawn"


class CaseKind(StrEnum):
    """What is to be decided: a flagged listing, the documents of a seller, or an appeal."""

    LISTING = "listing"
    PROOF = "proof"
    APPEAL = "appeal"


class FlagSource(StrEnum):
    """Who raised a flag.  Servers may send others; those are kept and shown as they came."""

    AUTOMATED = "automated"
    RIGHTS_HOLDER = "rights_holder"
    TRUSTED_FLAGGER = "trusted_flagger"
    AUTHORITY = "authority"
    CONSUMER = "consumer"
    STAFF = "staff"


@dataclass(frozen=True, slots=True)
class Flag:
    """One reason why a listing is in the queue.

    `reason` is a ground's id where the server speaks of one; `confidence` is 0..1;
    `claimant_upheld` is the share of the claimant's notices that were upheld, 0..1.
    """

    id: str
    source: str
    reason: str
    at: datetime
    explanation: str = ""
    confidence: float | None = None
    notice_id: str = ""
    claimant: str = ""
    claimant_upheld: float | None = None


@dataclass(frozen=True, slots=True)
class Sibling:
    """Another open case that goes with this one: `relation` is `same_seller` or `same_pictures`."""

    case_id: str
    relation: str
    title: str
    marketplace: str = ""
    picture: str = ""
    seller_name: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One listing revision with everything that a reviewer needs to decide it.

    `previous` is the listing as it was when it was last flagged or reviewed, where it changed since.  `notices` are
    the complaints behind its flags, each with its checklist, where the server tells of them.  `kind` says
    what is to be decided (`CaseKind`); `proof` is the proof of authenticity that was asked for in this case, `appeal`
    the appeal against the case's decision, `proofs` are those of this seller for this brand that hold now.
    """

    id: str
    marketplace: str
    state: str
    priority: int
    due_at: datetime | None
    opened_at: datetime
    listing: Listing
    seller: Seller
    flags: tuple[Flag, ...] = ()
    references: tuple[ReferenceProduct, ...] = ()
    siblings: tuple[Sibling, ...] = ()
    previous: Listing | None = None
    notices: tuple[Notice, ...] = ()
    kind: str = CaseKind.LISTING
    proof: Proof | None = None
    appeal: Appeal | None = None
    proofs: tuple[Proof, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case as a row of the queue table: no pictures, no texts beyond the title.

    `severity` (1 to 5, 0 where the server does not say), `reach` (digits of the units sold) and `trust` (0 to 5) order
    the queue: see `domain.urgency`.
    """

    id: str
    marketplace: str
    state: str
    priority: int
    due_at: datetime | None
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
    language: str = ""
    leased_by: str = ""
    severity: int = 0
    reach: int = 0
    trust: int | None = None
    kind: str = CaseKind.LISTING


@dataclass(frozen=True, slots=True)
class Lease:
    """A claim on a case by one reviewer: `token` only grows, `ttl_s` counts from the answer's arrival."""

    id: str
    token: int
    ttl_s: float
