"""Which case comes first: the one comparison that hub, desk and queue table share.

1. What a person or a rule raised: whole hundreds of `priority`, the most first.
2. When it is due: by the hour, the earliest first, so that what is overdue leads; without a due time last.
3. Severity of the gravest ground that is claimed, 5 to 1.
4. Reach: the digits of the units sold, so that ten times the sales count as one step.
5. The most trusted source: authority, trusted flagger, rights holder, staff, automated, anybody.
6. The marketplace's own score: what is left of `priority` below a hundred.
7. The minute in which it is due; then in the order of arrival.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from reviewer.domain.case import Case, CaseRow, FlagSource

#: How far a source is trusted; all others 0.
TRUST = {
    FlagSource.AUTHORITY.value: 5,
    FlagSource.TRUSTED_FLAGGER.value: 4,
    FlagSource.RIGHTS_HOLDER.value: 3,
    FlagSource.STAFF.value: 2,
    FlagSource.AUTOMATED.value: 1,
}
#: Of a ground that the rules do not know.
USUAL_SEVERITY = 3
#: A raise by this much of `priority` is one step of the first rule.
RAISED = 100
_NEVER_H = 2**20 - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def trust_of(sources: Iterable[str]) -> int:
    """The trust in the most trusted of some sources, 0 to 5."""
    return max((TRUST.get(source, 0) for source in sources), default=0)


def reach_of(units_sold: int | None) -> int:
    """The number of digits of the units sold, 0 where none or unknown, at most 9."""
    return min(9, len(str(units_sold))) if units_sold and units_sold > 0 else 0


def severity_of(grounds: Iterable[str], known: Callable[[str], int | None]) -> int:
    """The severity of the gravest ground, 1 to 5; `known` answers None for one that the rules do not have."""
    found = [severity for ground in grounds if (severity := known(ground)) is not None]
    return max(found, default=USUAL_SEVERITY)


@dataclass(frozen=True, slots=True)
class Urgency:
    """What a case's place in the queue follows from."""

    due_at: datetime | None
    severity: int = USUAL_SEVERITY
    reach: int = 0
    trust: int = 0
    priority: int = 0

    def rank(self) -> int:
        """The comparison as a number of 55 bits: the least is next."""
        hours, minutes = _NEVER_H, 0
        if self.due_at is not None:
            passed = max(0, int((self.due_at - _EPOCH).total_seconds()) // 60)
            hours, minutes = min(passed // 60, _NEVER_H - 1), passed % 60
        priority = max(0, self.priority)
        parts = (
            (4095 - min(priority // RAISED, 4095), 12),
            (hours, 20),
            (7 - min(max(self.severity, 0), 7), 3),
            (15 - min(max(self.reach, 0), 15), 4),
            (7 - min(max(self.trust, 0), 7), 3),
            (127 - priority % RAISED, 7),
            (minutes, 6),
        )
        rank = 0
        for value, bits in parts:
            rank = rank << bits | value
        return rank


def urgency_of_row(row: CaseRow) -> Urgency:
    """Of a row of the queue, as its server told it; what it did not tell counts as usual."""
    trust = row.trust if row.trust is not None else trust_of([row.source])
    return Urgency(row.due_at, row.severity or USUAL_SEVERITY, row.reach, trust, row.priority)


def urgency_of_case(case: Case, known: Callable[[str], int | None]) -> Urgency:
    """Of a case with its flags; `known` gives the severity of a ground by the rules in force, None for none."""
    return Urgency(
        case.due_at,
        severity_of((flag.reason for flag in case.flags), known),
        reach_of(case.listing.units_sold),
        trust_of(flag.source for flag in case.flags),
        case.priority,
    )


#: A sentence with named places, and what fills them.
Reason = tuple[str, dict[str, str]]

_TRUST_WORDS = {
    5: "an authority asks",
    4: "a trusted flagger asks",
    3: "a rights holder asks",
    2: "a colleague flagged it",
    1: "detection flagged it",
    0: "others flagged it",
}


def reasons_for(urgency: Urgency, now: datetime) -> tuple[Reason, ...]:
    """Why the case stands where it does, in the order in which it counts."""
    found: list[Reason] = []
    if urgency.priority >= RAISED:
        found.append(("raised by {steps}: before all that is not", {"steps": str(urgency.priority // RAISED)}))
    if urgency.due_at is None:
        found.append(("no due time: after all that has one", {}))
    else:
        left = int((urgency.due_at - now).total_seconds() // 60)
        hours, minutes = divmod(abs(left), 60)
        span = f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"
        found.append(("overdue by {span}" if left < 0 else "due in {span}", {"span": span}))
    found.append(("severity {severity} of 5", {"severity": str(urgency.severity)}))
    if urgency.reach:
        least = 10 ** (urgency.reach - 1)
        found.append(("at least {least} sold", {"least": f"{least:,}"}))
    else:
        found.append(("no sales known", {}))
    found.append((_TRUST_WORDS[min(max(urgency.trust, 0), 5)], {}))
    found.append(("the marketplace's own score {score}", {"score": str(max(0, urgency.priority) % RAISED)}))
    return tuple(found)
