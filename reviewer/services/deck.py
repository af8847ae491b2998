"""The cases on the desk in order, as the window shows them.  Lives on the store's thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from heapq import nsmallest

from reviewer.connectors.api import Marketplace
from reviewer.domain.case import Case
from reviewer.domain.evidence import Earlier
from reviewer.domain.facts import Match
from reviewer.domain.server import Reach
from reviewer.domain.values import parse_time
from reviewer.policy.policy import Policy
from reviewer.policy.signs import facts_for
from reviewer.services.model import CaseOnDesk, CaseRef, Draft
from reviewer.storage.cases import DeskRow
from reviewer.storage.records import decode

_NEVER = datetime.max.replace(tzinfo=UTC)
#: Cases that are due within this time come before more important ones.
_SOON = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class AccountView:
    """What the deck needs of an account."""

    policy: Policy
    marketplaces: Mapping[str, Marketplace]
    capabilities: frozenset[str] = frozenset()
    reach: Reach = Reach()


def ground_of(case: Case, policy: Policy) -> str:
    """The ground that one key decides with: what most flags name, the most trusted source first."""
    trust = {"authority": 5, "trusted_flagger": 4, "rights_holder": 3, "staff": 2, "automated": 1}
    best, weight = "", -1.0
    for flag in case.flags:
        score = trust.get(flag.source, 0) + (flag.confidence or 0.5)
        if flag.reason and policy.ground(flag.reason) and score > weight:
            best, weight = flag.reason, score
    return best or policy.grounds[0].id


class Deck:
    """Cases that can be decided now.  The most urgent is next, but what was put first stays first."""

    def __init__(
        self,
        view_of: Callable[[str], AccountView],
        matches_of: Callable[[Case], tuple[Match, ...]],
        deadline_of: Callable[[CaseRef], float | None],
        clock: Callable[[], datetime],
        earlier_of: Callable[[Case, tuple[Match, ...]], tuple[Earlier, ...]] = lambda case, matches: (),
    ) -> None:
        self._earlier_of = earlier_of
        self._view_of = view_of
        self._matches_of = matches_of
        self._deadline_of = deadline_of
        self._clock = clock
        self._cases: dict[CaseRef, CaseOnDesk] = {}
        self._places: dict[CaseRef, int] = {}
        self._first = 0
        self.in_hand: CaseRef | None = None

    def __len__(self) -> int:
        return len(self._cases)

    def __contains__(self, ref: CaseRef) -> bool:
        return ref in self._cases

    def get(self, ref: CaseRef) -> CaseOnDesk | None:
        """A case that can be decided now, or None."""
        return self._cases.get(ref)

    def entries(self) -> list[CaseOnDesk]:
        """All of them whole, in no order."""
        return list(self._cases.values())

    def refs(self) -> list[CaseRef]:
        """All of them, in no order."""
        return list(self._cases)

    def add(self, row: DeskRow, draft: bytes | None, *, problem: str = "", supersedes: str = "") -> CaseOnDesk:
        """Put a case on the deck, or its newer state in the place of the older."""
        ref = CaseRef(row.account, row.case.id)
        view, name = self._view_of(row.account), row.case.marketplace
        matches = self._matches_of(row.case)
        entry = CaseOnDesk(
            ref=ref,
            case=row.case,
            marketplace=view.marketplaces.get(name) or Marketplace(name, name),
            policy=view.policy,
            default_ground=ground_of(row.case, view.policy),
            facts=facts_for(row.case, matches, self._clock(), view.policy.signs),
            matches=matches,
            fetched_at=parse_time(row.fetched_at),
            lease_deadline=self._deadline_of(ref),
            draft=decode(draft, Draft) if draft else Draft(),
            problem=problem,
            supersedes=supersedes,
            earlier=self._earlier_of(row.case, matches),
            reach=view.reach,
        )
        self._cases[ref] = entry
        return entry

    def remove(self, ref: CaseRef) -> CaseOnDesk | None:
        """Take a case off the deck."""
        if self.in_hand == ref:
            self.in_hand = None
        self._places.pop(ref, None)
        return self._cases.pop(ref, None)

    def change(self, ref: CaseRef, **values: object) -> None:
        """Replace fields of a case that is on the deck."""
        if ref in self._cases:
            self._cases[ref] = replace(self._cases[ref], **values)  # type: ignore[arg-type]

    def set_reach(self, account: str, reach: Reach) -> None:
        """What can be done at an account, by the latest word of its server."""
        for ref, entry in self._cases.items():
            if ref.account == account and entry.reach != reach:
                self._cases[ref] = replace(entry, reach=reach)

    def refresh_evidence(self, ref: CaseRef) -> bool:
        """Look up matches again; whether anything is new."""
        entry = self._cases.get(ref)
        if entry is None:
            return False
        matches = self._matches_of(entry.case)
        earlier = self._earlier_of(entry.case, matches)
        if matches == entry.matches and earlier == entry.earlier:
            return False
        facts = facts_for(entry.case, matches, self._clock(), entry.policy.signs)
        self.change(ref, matches=matches, earlier=earlier, facts=facts)
        return True

    def put_first(self, ref: CaseRef) -> None:
        """Make a case the one in hand."""
        self._first -= 1
        self._places[ref] = self._first
        self.in_hand = ref

    def ordered(self, limit: int) -> list[CaseOnDesk]:
        """The case in hand and those that come after it."""
        soon = self._clock() + _SOON

        def key(entry: CaseOnDesk) -> tuple[int, bool, int, datetime, CaseRef]:
            due = entry.case.due_at or _NEVER
            return (self._places.get(entry.ref, 0), due >= soon, -entry.case.priority, due, entry.ref)

        entries = nsmallest(limit, self._cases.values(), key=key)
        if self.in_hand not in self._cases:
            self.in_hand = entries[0].ref if entries else None
        if self.in_hand is not None:
            others = [entry for entry in entries if entry.ref != self.in_hand]
            entries = [self._cases[self.in_hand], *others][:limit]
        return [self._with_deadline(entry) for entry in entries]

    def _with_deadline(self, entry: CaseOnDesk) -> CaseOnDesk:
        """The entry with its lease as it is now, which is another object only where the lease was prolonged."""
        deadline = self._deadline_of(entry.ref)
        if deadline != entry.lease_deadline:
            entry = self._cases[entry.ref] = replace(entry, lease_deadline=deadline)
        return entry
