"""What a server says of itself, and what it hands out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from reviewer.domain.case import Case, Lease
from reviewer.domain.decision import DecisionKind, MeasureKind


@dataclass(frozen=True, slots=True)
class Marketplace:
    """A selling platform behind a server."""

    id: str
    name: str
    currency: str = ""
    language: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """What the server says of itself and of who is asking.  Limits are in seconds and pieces.

    `effect`, `decisions` and `measures` say what is carried out there, where that is less than the connector's
    manifest says; empty and None: as the manifest says.
    """

    name: str
    server_time: datetime
    reviewer_id: str
    reviewer_name: str
    role: str
    marketplaces: tuple[Marketplace, ...] = ()
    capabilities: frozenset[str] = frozenset()
    lease_s: float = 600.0
    offline_s: float = 0.0
    leases_per_reviewer: int = 50
    claim_limit: int = 50
    decision_batch: int = 100
    policy_version: str = ""
    effect: str = ""
    decisions: frozenset[str] | None = None
    measures: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """What a decision can do at a marketplace: the kinds and measures that it carries out, and whether a decision
    changes the listing or is filed there as a complaint for others to rule on."""

    complaint: bool = False
    decisions: frozenset[DecisionKind] = frozenset(DecisionKind)
    measures: frozenset[MeasureKind] = frozenset(MeasureKind)

    @property
    def is_final(self) -> bool:
        """Whether a decision that was sent can't be taken back."""
        return DecisionKind.WITHDRAW not in self.decisions


def reach_of(service: Service | None) -> Reach:
    """What can be done at a server by its own words; everything where it said nothing."""
    if service is None:
        return Reach()
    kinds, measures = service.decisions, service.measures
    return Reach(
        service.effect == "complaint",
        frozenset(kind for kind in DecisionKind if kinds is None or kind.value in kinds),
        frozenset(kind for kind in MeasureKind if measures is None or kind.value in measures),
    )


@dataclass(frozen=True, slots=True)
class LeasedCase:
    """A case with the claim on it."""

    case: Case
    lease: Lease


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who holds cases that would otherwise be offered, and until when."""

    reviewer: str
    cases: int
    until: datetime | None = None
