"""What sellers and claimants may bring: proofs of authenticity with their documents, and appeals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from reviewer.domain.decision import AGAINST_SELLER, DecisionKind


class ProofState(StrEnum):
    """Where a proof of authenticity stands.

    `MISSED`: none came by the deadline.  `WITHDRAWN`: whoever asked for it took that back.
    """

    REQUESTED = "requested"
    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    EXPIRED = "expired"
    MISSED = "missed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Document:
    """A document by its digest, with what the one who sent it says of it.  `size` is in bytes.

    `kind` is one of those that were asked for, such as `invoice`; `issued_to` is whom it is made out to.
    """

    sha256: str
    kind: str = ""
    name: str = ""
    media_type: str = ""
    size: int = 0
    issuer: str = ""
    issued_to: str = ""
    issued_on: date | None = None
    expires_on: date | None = None

    def is_expired(self, on: date) -> bool:
        """Whether it no longer holds on that day; its last day counts."""
        return self.expires_on is not None and self.expires_on < on


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof of authenticity for a listing of a brand: what is asked until when, and what came.

    `valid_until` is the end of an accepted one.  `removed_at` says when a rule removed the listing because none came
    by the deadline, as long as that stands.  `reason` is why it was rejected.
    """

    id: str
    state: str
    asked: tuple[str, ...]
    requested_at: datetime
    due_at: datetime
    brand: str = ""
    listing_id: str = ""
    words: str = ""
    documents: tuple[Document, ...] = ()
    submitted_at: datetime | None = None
    valid_until: datetime | None = None
    reason: str = ""
    removed_at: datetime | None = None


class Appellant(StrEnum):
    """Who appeals."""

    SELLER = "seller"
    CLAIMANT = "claimant"


class Outcome(StrEnum):
    """What becomes of an appeal."""

    UPHELD = "upheld"
    REVERSED = "reversed"
    PARTLY = "partly"


@dataclass(frozen=True, slots=True)
class Appealed:
    """What is appealed against: a decision, or what a rule did (`automatic`).

    `letter` is the statement of reasons that the seller got, `measures` what was done, in words, `note` the
    reviewer's own.
    """

    id: str
    kind: str
    at: datetime
    ground: str = ""
    clause: str = ""
    facts: tuple[str, ...] = ()
    note: str = ""
    measures: tuple[str, ...] = ()
    points: int = 0
    letter: str = ""
    automatic: bool = False


@dataclass(frozen=True, slots=True)
class Appeal:
    """A complaint against a decision (DSA Art. 20): `appellant` is `seller` or `claimant`, `party` the name."""

    id: str
    appellant: str
    party: str
    text: str
    filed_at: datetime
    first: Appealed
    documents: tuple[Document, ...] = ()
    state: str = "pending"


#: What lessens a decision against a seller, for each kind of it: the listing comes back, or the seller is warned only.
_LESSER: dict[DecisionKind, frozenset[DecisionKind]] = {
    DecisionKind.TAKEDOWN: frozenset({DecisionKind.WARN, DecisionKind.RESTRICT, DecisionKind.TAKEDOWN}),
    DecisionKind.RESTRICT: frozenset({DecisionKind.WARN, DecisionKind.RESTRICT}),
    DecisionKind.WARN: frozenset({DecisionKind.WARN}),
}


def outcome_of(first: str, ruling: str) -> Outcome | None:
    """What a ruling makes of an appeal against a decision of the kind `first`; None where it is no such ruling.

    Against a seller's decision: `uphold` leaves it, `clear` reverses it, a milder one (or one on a lesser ground)
    reverses it in part.  Against a `clear`, which claimants appeal: `takedown` reverses it, milder ones do in part.
    """
    if ruling == DecisionKind.UPHOLD:
        return Outcome.UPHELD
    if first in AGAINST_SELLER:
        if ruling == DecisionKind.CLEAR:
            return Outcome.REVERSED
        return Outcome.PARTLY if ruling in _LESSER[DecisionKind(first)] else None
    if first == DecisionKind.CLEAR and ruling in AGAINST_SELLER:
        return Outcome.REVERSED if ruling == DecisionKind.TAKEDOWN else Outcome.PARTLY
    return None
