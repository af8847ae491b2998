"""What a reviewer ruled, and what the server said of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from reviewer.domain.evidence import Fingerprint
from reviewer.domain.values import format_time


class DecisionKind(StrEnum):
    """The rulings.  `WITHDRAW` only ever supersedes another decision and reopens its case.

    `UPHOLD` is for appeals alone: the decision that is appealed against stands.
    """

    TAKEDOWN = "takedown"
    WARN = "warn"
    RESTRICT = "restrict"
    CLEAR = "clear"
    ESCALATE = "escalate"
    REQUEST_PROOF = "request_proof"
    WITHDRAW = "withdraw"
    UPHOLD = "uphold"


#: The kinds that stand against a seller and so name a ground.
AGAINST_SELLER = frozenset({DecisionKind.TAKEDOWN, DecisionKind.WARN, DecisionKind.RESTRICT})


class MeasureKind(StrEnum):
    """What a decision does to the listing or to the seller."""

    LISTING_REMOVED = "listing_removed"
    LISTING_HIDDEN = "listing_hidden"
    SELLER_WARNED = "seller_warned"
    SELLER_RESTRICTED = "seller_restricted"
    ACCOUNT_SUSPENDED = "account_suspended"
    ACCOUNT_CLOSED = "account_closed"
    REFUND_ADVISED = "refund_advised"


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure with its extent: `scope` is `listing`, `category`, `brand` or `all`; None days: for ever."""

    kind: MeasureKind
    scope: str = "listing"
    days: int | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """One ruling of one person on one listing revision.  Append-only.

    `id` is a UUID made at the desk and the idempotency key of the whole protocol.  `lease_id` and
    `lease_token` are empty and 0 for a decision that supersedes another: that needs no lease.  A ruling on an
    appeal has both: it names the decision that is appealed against, and the lease of the case.
    `measure` is the ladder's due measure that goes with it; where the reviewer switched it off,
    it is None and `measure_off_reason` says why.  `seconds` is the time the case was looked at.
    `refund_months` advises the marketplace to refund the buyers of so many months, 0 none.
    `fingerprints` are those of the listing's pictures, for a server that keeps a bank of them.
    """

    id: str
    case_id: str
    listing_id: str
    revision: str
    kind: DecisionKind
    decided_at: datetime
    lease_id: str = ""
    lease_token: int = 0
    ground: str = ""
    clause: str = ""
    facts: tuple[str, ...] = ()
    note: str = ""
    evidence: tuple[str, ...] = ()
    measure: Measure | None = None
    measure_off_reason: str = ""
    policy_version: str = ""
    seconds: float = 0.0
    supersedes: str = ""
    fingerprints: tuple[Fingerprint, ...] = ()
    refund_months: int = 0


def decision_to_mapping(decision: Decision) -> dict[str, Any]:
    """The decision in the Queue API's shape, of JSON's types; fingerprints and refund advice only where it has some."""
    measure = decision.measure
    refund = {"refund_months": decision.refund_months}
    prints = {"fingerprints": [_print_to_mapping(one) for one in decision.fingerprints]}
    return (
        {
            "id": decision.id,
            "case_id": decision.case_id,
            "listing_id": decision.listing_id,
            "revision": decision.revision,
            "kind": decision.kind.value,
            "decided_at": format_time(decision.decided_at),
            "lease": {"id": decision.lease_id, "token": decision.lease_token} if decision.lease_id else None,
            "ground": decision.ground,
            "clause": decision.clause,
            "facts": list(decision.facts),
            "note": decision.note,
            "evidence": list(decision.evidence),
            "measure": {"kind": measure.kind.value, "scope": measure.scope, "days": measure.days} if measure else None,
            "measure_off_reason": decision.measure_off_reason,
            "policy_version": decision.policy_version,
            "seconds": round(decision.seconds, 3),
            "supersedes": decision.supersedes,
        }
        | (prints if decision.fingerprints else {})
        | (refund if decision.refund_months else {})
    )


def _print_to_mapping(one: Fingerprint) -> dict[str, Any]:
    return {
        "picture": one.picture,
        "algorithm": one.algorithm,
        "version": one.version,
        "quality": one.quality,
        "codes": list(one.codes),
    }


#: How far back buyers are advised to be refunded: DSA Art. 32 has buyers of the last six months told.
REFUND_MONTHS = 6


class ReceiptStatus(StrEnum):
    """The server's answers to a decision.  All but `DEFERRED` are final."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    DEFERRED = "deferred"
    STALE = "stale"
    LEASE_LOST = "lease_lost"
    GONE = "gone"
    REJECTED = "rejected"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Receipt:
    """The server's answer to one decision; `detail` is its own words, shown as they are."""

    decision_id: str
    status: ReceiptStatus
    detail: str = ""
    effects: tuple[str, ...] = ()
    retry_after_s: float | None = None
