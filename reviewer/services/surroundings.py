"""What everything that works for an account works with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from reviewer.policy.policy import Policy
from reviewer.services.account_book import AccountBook
from reviewer.services.auditing import AuditDuty
from reviewer.services.changes import Notifier
from reviewer.services.deck import Deck
from reviewer.services.delivery import SendingDelays
from reviewer.services.evidence import EvidenceService
from reviewer.services.leases import Leases
from reviewer.services.pictures import PictureService
from reviewer.storage.threads import StoreThread


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the intake works with."""

    store: StoreThread
    deck: Deck
    leases: Leases
    delays: SendingDelays
    pictures: PictureService
    book: AccountBook
    notifier: Notifier
    clock: Callable[[], float]
    now: Callable[[], datetime]
    house_policy: Policy
    evidence: EvidenceService
    person_changed: Callable[[str], None]
    audit_of: Callable[[str], AuditDuty]
