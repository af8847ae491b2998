"""The house rules as records: grounds, ladder, signs, due times, and what holds for notices, proofs and appeals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reviewer.domain.decision import DecisionKind, Measure


@dataclass(frozen=True, slots=True)
class Ground:
    """A reason that a decision may name.  `action` is the decision that one key makes with it.

    `window_days` is 0 where the policy's own holds.  `law` is the rule of law that is relied on where
    `illegal`; otherwise the clause of the terms is.  `explanation` says in one sentence why an offer
    breaks it; it goes into the statement of reasons.  `severity` is 1 (least) to 5 and orders the queue.
    """

    id: str
    title: str
    description: str
    clause: str
    action: DecisionKind
    points: int
    sla_hours: int
    evidence: tuple[str, ...] = ()
    proof_can_cure: bool = False
    dsa_category: str = ""
    dsa_keyword: str = ""
    key: str = ""
    window_days: int = 0
    illegal: bool = False
    law: str = ""
    explanation: str = ""
    severity: int = 3


@dataclass(frozen=True, slots=True)
class Threshold:
    """From this many points on, this measure is due."""

    points: int
    measure: Measure


@dataclass(frozen=True, slots=True)
class Immediate:
    """From this many counting offences on one ground on, this measure is due whatever the points."""

    ground: str
    offences: int
    measure: Measure


@dataclass(frozen=True, slots=True)
class Sign:
    """A rule that makes a fact for or against: which rule, how strong, and its numbers and words."""

    id: str
    rule: str
    strength: float
    numbers: Mapping[str, float] = field(default_factory=dict)
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DueTime:
    """Cases from this source are due within this many hours; `ground` '' holds for all of them."""

    source: str
    hours: int
    ground: str = ""


@dataclass(frozen=True, slots=True)
class Goods:
    """Categories that name one of these `words` are goods of this class of the Nice classification."""

    id: str
    nice_class: int
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NoticeRules:
    """What a claimant's record must be, counted over `months`.

    Fast handling is lost below `upheld_percent` or above `countered_percent`; misuse is a share of
    unfounded notices above `misuse_percent`: first a warning, which holds for `warning_months`, then
    `suspension_days`.  Below `least_notices` no record is judged.  `per_hour` notices is what one claimant
    may send, and `listings_per_hour` what they may name.  `priority_trusted` is the least priority of cases
    of trusted flaggers and authorities, `priority_good_faith` that of other claimants with fast handling.
    """

    months: int = 3
    least_notices: int = 10
    upheld_percent: float = 90.0
    countered_percent: float = 5.0
    misuse_percent: float = 50.0
    suspension_days: int = 30
    per_hour: int = 2000
    listings_per_hour: int = 20_000
    warning_months: int = 12
    priority_trusted: int = 200
    priority_good_faith: int = 100


@dataclass(frozen=True, slots=True)
class ProofRules:
    """Proofs of authenticity: the deadline in hours, what becomes of a listing without one, how long one holds."""

    deadline_hours: int = 72
    remove_at_deadline: bool = True
    ground: str = "no_proof"
    valid_days: int = 365
    documents: tuple[str, ...] = ("invoice", "authorisation_letter", "licence")


@dataclass(frozen=True, slots=True)
class AppealRules:
    """Appeals: for how many months after a decision (DSA Art. 20: at least six); within how many days one is due."""

    months: int = 6
    due_days: int = 14


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules in force.  `version` goes into every decision."""

    version: str
    window_days: int
    merge_hours: int
    daily_cap: int
    grounds: tuple[Ground, ...]
    thresholds: tuple[Threshold, ...]
    immediates: tuple[Immediate, ...]
    signs: tuple[Sign, ...] = ()
    due_times: tuple[DueTime, ...] = ()
    notices: NoticeRules = NoticeRules()
    proofs: ProofRules = ProofRules()
    appeals: AppealRules = AppealRules()
    goods: tuple[Goods, ...] = ()

    def ground(self, ground_id: str) -> Ground | None:
        """The ground of that id, or None where a server speaks of one that is not in these rules."""
        return next((ground for ground in self.grounds if ground.id == ground_id), None)

    def severity(self, ground_id: str) -> int | None:
        """How grave a ground is, 1 to 5; None for one that is not in these rules."""
        ground = self.ground(ground_id)
        return ground.severity if ground else None

    def window_of(self, ground_id: str) -> int:
        """For how many days an offence on that ground counts."""
        ground = self.ground(ground_id)
        return (ground.window_days if ground else 0) or self.window_days

    def due_hours(self, ground_id: str, source: str) -> int | None:
        """Within how many hours a case is due, from its ground and its source; None where no rule speaks of it."""
        ground = self.ground(ground_id)
        hours = [ground.sla_hours] if ground else []
        hours += [row.hours for row in self.due_times if row.source == source and row.ground in ("", ground_id)]
        return min(hours, default=None)
