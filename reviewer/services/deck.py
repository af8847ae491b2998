"""The cases on the desk in order, as the window shows them.  Lives on the store's thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from heapq import nsmallest

from reviewer.connectors.api import Marketplace
from reviewer.domain.case import Case
from reviewer.domain.evidence import Earlier
from reviewer.domain.facts import Match
from reviewer.domain.listing import CategoryPrice
from reviewer.domain.server import Reach
from reviewer.domain.urgency import TRUST, urgency_of_case
from reviewer.domain.values import parse_time
from reviewer.policy.policy import Policy
from reviewer.policy.signs import facts_for
from reviewer.services import redress
from reviewer.services.model import CaseOnDesk, CaseRef, Draft
from reviewer.storage.cases import DeskRow
from reviewer.storage.records import decode


@dataclass(frozen=True, slots=True)
class AccountView:
    """What the deck needs of an account."""

    policy: Policy
    marketplaces: Mapping[str, Marketplace]
    capabilities: frozenset[str] = frozenset()
    reach: Reach = Reach()
    prices: Mapping[tuple[str, str], CategoryPrice] = field(default_factory=dict)

    def usual_price(self, case: Case) -> CategoryPrice | None:
        """What its category usually costs in the currency of a case's price; None where nobody says."""
        price = case.listing.price
        return self.prices.get((case.listing.category, price.currency or "")) if price is not None else None


def ground_of(case: Case, policy: Policy) -> str:
    """The ground that one key decides with: what most flags name, the most trusted source first."""
    best, weight = "", -1.0
    for flag in case.flags:
        score = TRUST.get(flag.source, 0) + (flag.confidence or 0.5)
        if flag.reason and policy.ground(flag.reason) and score > weight:
            best, weight = flag.reason, score
    return best or policy.grounds[0].id


class Deck:
    """Cases that can be decided now, the most urgent (`domain.urgency`) next; what was put first stays first."""

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
        self._ranks: dict[CaseRef, tuple[Case, int]] = {}
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
            default_ground=redress.ground_of(row.case, view.policy) or ground_of(row.case, view.policy),
            facts=facts_for(row.case, matches, self._clock(), view.policy.signs, view.usual_price(row.case)),
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
        self._ranks.pop(ref, None)
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
        usual = self._view_of(ref.account).usual_price(entry.case)
        facts = facts_for(entry.case, matches, self._clock(), entry.policy.signs, usual)
        self.change(ref, matches=matches, earlier=earlier, facts=facts)
        return True

    def reckon_again(self, account: str) -> bool:
        """Look for the facts of an account's cases again, by other usual prices; whether anything is new."""
        view, changed = self._view_of(account), False
        for ref, entry in list(self._cases.items()):
            if ref.account == account:
                usual = view.usual_price(entry.case)
                facts = facts_for(entry.case, entry.matches, self._clock(), entry.policy.signs, usual)
                if facts != entry.facts:
                    self.change(ref, facts=facts)
                    changed = True
        return changed

    def put_first(self, ref: CaseRef) -> None:
        """Make a case the one in hand."""
        self._first -= 1
        self._places[ref] = self._first
        self.in_hand = ref

    def ordered(self, limit: int) -> list[CaseOnDesk]:
        """The case in hand and those that come after it."""

        def key(entry: CaseOnDesk) -> tuple[int, int, CaseRef]:
            return (self._places.get(entry.ref, 0), self._rank(entry), entry.ref)

        entries = nsmallest(limit, self._cases.values(), key=key)
        if self.in_hand not in self._cases:
            self.in_hand = entries[0].ref if entries else None
        if self.in_hand is not None:
            others = [entry for entry in entries if entry.ref != self.in_hand]
            entries = [self._cases[self.in_hand], *others][:limit]
        return [self._with_deadline(entry) for entry in entries]

    def _rank(self, entry: CaseOnDesk) -> int:
        known = self._ranks.get(entry.ref)
        if known is None or known[0] is not entry.case:
            rank = urgency_of_case(entry.case, entry.policy.severity).rank()
            known = self._ranks[entry.ref] = (entry.case, rank)
        return known[1]

    def _with_deadline(self, entry: CaseOnDesk) -> CaseOnDesk:
        """The entry with its lease as it is now, which is another object only where the lease was prolonged."""
        deadline = self._deadline_of(entry.ref)
        if deadline != entry.lease_deadline:
            entry = self._cases[entry.ref] = replace(entry, lease_deadline=deadline)
        return entry
