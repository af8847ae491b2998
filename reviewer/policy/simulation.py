"""What a ladder would have done: past offences replayed in the order of their times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from reviewer.domain.decision import DecisionKind, Measure, MeasureKind
from reviewer.domain.seller import Offence
from reviewer.policy.ladder import ladder_step
from reviewer.policy.model import Policy

#: The measures on a seller, the lightest first; '' stands for none.
KINDS = ("", *(kind.value for kind in (MeasureKind.SELLER_WARNED, MeasureKind.SELLER_RESTRICTED,
                                       MeasureKind.ACCOUNT_SUSPENDED, MeasureKind.ACCOUNT_CLOSED)))  # fmt: skip


@dataclass(frozen=True, slots=True)
class PastOffence:
    """An offence of the past with what was done about it on the seller; None where nothing was."""

    seller_id: str
    offence: Offence
    done: Measure | None = None


@dataclass(frozen=True, slots=True)
class Replayed:
    """A past offence with what the ladder makes due for it, and why."""

    past: PastOffence
    due: Measure | None
    points: int
    reason: str

    @property
    def differs(self) -> bool:
        """Whether another kind of measure, scope or length is due than was done."""
        return self.due != self.past.done


@dataclass(frozen=True, slots=True)
class Simulation:
    """A whole history replayed.  Counts are by kind of measure, '' for none."""

    replayed: tuple[Replayed, ...]
    sellers: int
    first: datetime | None
    last: datetime | None
    unknown_grounds: tuple[str, ...]

    def done(self) -> Counter[str]:
        """What was done."""
        return Counter(row.past.done.kind.value if row.past.done else "" for row in self.replayed)

    def due(self) -> Counter[str]:
        """What would have been due."""
        return Counter(row.due.kind.value if row.due else "" for row in self.replayed)

    def sellers_reaching(self, kind: MeasureKind) -> tuple[int, int]:
        """How many sellers came to a measure at least once: as it was, and by the ladder."""
        was = {row.past.seller_id for row in self.replayed if row.past.done and row.past.done.kind is kind}
        would = {row.past.seller_id for row in self.replayed if row.due and row.due.kind is kind}
        return len(was), len(would)

    def differing(self) -> tuple[Replayed, ...]:
        """The offences for which something else is due than was done."""
        return tuple(row for row in self.replayed if row.differs)


def simulate(policy: Policy, history: Iterable[PastOffence]) -> Simulation:
    """Replays a history.  What an appeal overturned is replayed as if it never was, and is not counted.

    Each seller stays in business throughout: a closure does not stop what came after it, so the figures
    say what the ladder makes due, not what the sellers would have done then.
    """
    by_seller: dict[str, list[PastOffence]] = {}
    for past in history:
        if not past.offence.overturned:
            by_seller.setdefault(past.seller_id, []).append(past)
    replayed: list[Replayed] = []
    unknown: Counter[str] = Counter()
    for seller in sorted(by_seller):
        replayed += _career(policy, by_seller[seller], unknown)
    replayed.sort(key=lambda row: (row.past.offence.at, row.past.offence.decision_id))
    return Simulation(
        tuple(replayed),
        len(by_seller),
        replayed[0].past.offence.at if replayed else None,
        replayed[-1].past.offence.at if replayed else None,
        tuple(sorted(unknown)),
    )


def _career(policy: Policy, past: Sequence[PastOffence], unknown: Counter[str]) -> Iterable[Replayed]:
    earlier: list[Offence] = []
    for row in sorted(past, key=lambda row: (row.offence.at, row.offence.decision_id)):
        offence = row.offence
        ground = policy.ground(offence.ground)
        if ground is None:
            unknown[offence.ground] += 1
        step = ladder_step(policy, earlier, DecisionKind(offence.kind), offence.ground, offence.at)
        yield Replayed(row, step.due, step.after, step.reason)
        full = ground.points if ground else 0
        earlier.append(replace(offence, points=full, full_points=full, expires_at=None))
