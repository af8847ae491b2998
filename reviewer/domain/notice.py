"""Complaints (DSA Art. 16): who complains, the right relied on, the checklist, and the claimant's record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from reviewer.domain.reference import Right


class Verdict(StrEnum):
    """What one item of a checklist came to."""

    OK = "ok"
    FAILS = "fails"
    UNKNOWN = "unknown"


class Outcome(StrEnum):
    """What became of one listing that a notice names.

    `upheld` and `rejected` follow from the decision; `reversed` was upheld, and another person took that back;
    `repeated` was decided before on the same right; `unavailable` was removed or is no longer offered;
    `not_found` names no listing of this hub.
    """

    OPEN = "open"
    UPHELD = "upheld"
    REJECTED = "rejected"
    REVERSED = "reversed"
    WITHDRAWN = "withdrawn"
    REPEATED = "repeated"
    UNAVAILABLE = "unavailable"
    NOT_FOUND = "not_found"


@dataclass(frozen=True, slots=True)
class NoticeCheck:
    """One item of the checklist: `verdict` is ok, fails or unknown, with the reason in words."""

    id: str
    verdict: str
    reason: str


@dataclass(frozen=True, slots=True)
class ClaimantRecord:
    """How a claimant's notices ended within `months`; each listing that was decided counts once.

    `upheld` were right, `rejected` were not, `reversed` were upheld first and successfully countered; what was
    `withdrawn` before a decision counts in no share.  Shares are per cent of `decided`.  `judged` is false below the
    number from which a record is judged.  `fast` says whether the claimant's good-faith notices come first.
    """

    months: int
    upheld: int = 0
    rejected: int = 0
    reversed: int = 0
    withdrawn: int = 0
    upheld_percent: float | None = None
    countered_percent: float | None = None
    judged: bool = False
    fast: bool = True
    warned_at: datetime | None = None
    suspended_until: datetime | None = None
    words: str = ""

    @property
    def decided(self) -> int:
        """How many listings were decided."""
        return self.upheld + self.rejected + self.reversed


@dataclass(frozen=True, slots=True)
class Notice:
    """A complaint that came in: claimant, right relied on, listings named, statement, good-faith declaration.

    `evidence` are SHA-256 names of documents that `media` has.  `source` is the kind of claimant, a flag's source;
    `acting_as` is `owner`, `agent` or empty; `listing_count` is how many listings it names, of which `listing_ids`
    may hold only some.  `state` is `open`, `closed` or `withdrawn`; `asked` is what the claimant must add.  On a case,
    `outcome` and `checks` are those of the case's listing, and `record` is the claimant's.
    """

    id: str
    claimant: str
    received_at: datetime
    statement: str = ""
    right: Right | None = None
    listing_ids: tuple[str, ...] = ()
    good_faith: bool = False
    evidence: tuple[str, ...] = ()
    source: str = ""
    ground: str = ""
    claimant_id: str = ""
    acting_as: str = ""
    listing_count: int = 0
    state: str = ""
    withdrawn_at: datetime | None = None
    complete: bool | None = None
    asked: tuple[str, ...] = ()
    outcome: str = ""
    checks: tuple[NoticeCheck, ...] = ()
    record: ClaimantRecord | None = None
