"""What a server says of itself, and what it hands out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from reviewer.domain.case import Case, Lease


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
    """What the server says of itself and of who is asking.  Limits are in seconds and pieces."""

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
