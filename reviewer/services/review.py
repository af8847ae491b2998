"""The review itself: what is on the desk, deciding, undoing, skipping.

Everything here runs on the store's thread: a decision is one transaction and then one new `Desk`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from reviewer.connectors.api import Holder
from reviewer.domain.decision import AGAINST_SELLER, REFUND_MONTHS, Decision, DecisionKind, Measure, MeasureKind
from reviewer.domain.evidence import Fingerprint
from reviewer.domain.server import Reach
from reviewer.domain.values import format_time, new_id
from reviewer.errors import OperatorError
from reviewer.failpoints import failpoint
from reviewer.policy.ladder import ladder_step
from reviewer.services import redress
from reviewer.services.changes import Notifier
from reviewer.services.deck import Deck
from reviewer.services.leases import Leases
from reviewer.services.model import CaseOnDesk, CaseRef, Counts, Desk, Draft, Ruling
from reviewer.services.reasons import stated
from reviewer.storage import accounts, cases, decisions, evidence, returned
from reviewer.storage.database import Database
from reviewer.storage.records import encode
from reviewer.storage.threads import StoreThread

_UPCOMING = 5
_RECENT = 12


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that undo takes back: decisions of one key press, or a skip."""

    kind: str
    refs: tuple[CaseRef, ...]
    decision_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Doors:
    """What the review asks of its neighbours: who reviews, sending, giving back, why nothing is there."""

    reviewer_of: Callable[[str], str]
    schedule: Callable[[str, str, str, float], None]
    unschedule: Callable[[str], None]
    give_back: Callable[[CaseRef, str], None]
    take_again: Callable[[CaseRef], bool]
    empty_reason: Callable[[], tuple[str, tuple[Holder, ...]]]
    sending_delay_s: float
    fingerprints_of: Callable[[CaseOnDesk], tuple[Fingerprint, ...]]
    reach_of: Callable[[str], Reach]


class Day:
    """The decisions of a day that stand, counted as they come and go."""

    def __init__(self) -> None:
        self._rows: dict[str, tuple[DecisionKind, float]] = {}
        self._kinds: dict[DecisionKind, int] = {}
        self._seconds = 0.0

    def add(self, decision_id: str, kind: DecisionKind, seconds: float) -> None:
        """A decision was made."""
        self._rows[decision_id] = (kind, seconds)
        self._kinds[kind] = self._kinds.get(kind, 0) + 1
        self._seconds += seconds

    def remove(self, decision_id: str) -> None:
        """A decision was taken back."""
        kind, seconds = self._rows.pop(decision_id, (None, 0.0))
        if kind is not None:
            self._kinds[kind] -= 1
            self._seconds -= seconds

    def kind(self, decision_id: str) -> DecisionKind | None:
        """What was decided, or None where it does not stand."""
        return self._rows.get(decision_id, (None, 0.0))[0]

    def counts(self, recent: tuple[DecisionKind, ...]) -> Counts:
        """The numbers of the day."""
        total = len(self._rows)
        by_kind = {kind: count for kind, count in self._kinds.items() if count}
        return Counts(total, by_kind, self._seconds / total if total else None, recent)


class ReviewService:
    """The desk of one reviewer.  Call it on the store's thread only."""

    def __init__(
        self,
        store: StoreThread,
        deck: Deck,
        leases: Leases,
        notifier: Notifier,
        doors: Doors,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._deck = deck
        self._leases = leases
        self._notifier = notifier
        self._doors = doors
        self._now = now
        self._steps: list[Step] = []
        self._today = Day()
        self._recent: deque[DecisionKind] = deque(maxlen=_RECENT)

    def desk(self) -> Desk:
        """What lies on the desk now."""
        entries = self._deck.ordered(_UPCOMING + 1)
        reason, holders = ("", ()) if entries else self._doors.empty_reason()
        return Desk(
            current=entries[0] if entries else None,
            upcoming=tuple(entries[1:]),
            on_desk=len(self._deck),
            empty_reason=reason,
            holders=holders,
            undo_label=self._undo_label(),
            counts=self._counts(),
        )

    def decide(self, ruling: Ruling) -> Desk:
        """Make one decision durable and answer the desk with the next case.

        Raises `OperatorError` where it was not made: nothing is recorded then and the case stays.
        """
        return self.decide_batch((ruling.ref,), ruling)

    def decide_batch(self, refs: Sequence[CaseRef], ruling: Ruling) -> Desk:
        """The same ruling for several cases on the desk: one decision each, all or none, undone together."""
        entries = [self._decidable(ref, ruling) for ref in refs]
        rulings = [(entry, self._decision(entry, ruling)) for entry in entries]
        following = next((entry.ref for entry in self._deck.ordered(len(refs) + 1) if entry.ref not in refs), None)

        def write(database: Database) -> None:
            failpoint("C0")
            with database.transaction():
                accounts.keep(database, "in_hand", _kept_ref(following))
                for entry, decision in rulings:
                    decisions.record(
                        database, decision, account=entry.ref.account,
                        reviewer=self._doors.reviewer_of(entry.ref.account), title=entry.case.listing.title,
                    )  # fmt: skip
                    if decision.supersedes and decision.kind is not DecisionKind.UPHOLD:
                        evidence.take_back(database, decision.supersedes)
                        returned.correct(database, entry.ref.account, decision, format_time(self._now()))
                    evidence.note_decided(
                        database, entry.ref.account, decision, entry.case, self._doors.reviewer_of(entry.ref.account)
                    )
                failpoint("C4")

        try:
            self._store.run(write)
        except ValueError as error:
            raise OperatorError(
                f"The decision was not made: a text in it can't be kept ({error}). Change the note or the facts."
            ) from error
        failpoint("C5")
        for entry, decision in rulings:
            self._deck.remove(entry.ref)
            self._today.add(decision.id, decision.kind, decision.seconds)
            self._recent.append(decision.kind)
            label = f"{decision.kind.value} {entry.case.id}"
            self._doors.schedule(decision.id, entry.ref.account, label, self._doors.sending_delay_s)
        ids = tuple(decision.id for _, decision in rulings)
        self._steps.append(Step("decided", tuple(refs), ids))
        self._notifier.publish("desk", "outbox", "status", origin="review")
        return self.desk()

    def undo(self) -> Desk:
        """Take back the last step of this session.

        Before sending, both decisions are kept here and nothing goes out; after it, a reversal goes out.  Raises
        `OperatorError` where the marketplace takes no reversal: then nothing is taken back.
        """
        if not self._steps:
            raise OperatorError("There is nothing to undo in this session.")
        step = self._steps[-1]
        if step.kind == "skipped":
            self._undo_skip(step)
        else:
            self._undo_decisions(step)
        self._steps.pop()
        self._notifier.publish("desk", "outbox", "status", origin="review")
        return self.desk()

    def skip(self, ref: CaseRef, reason: str = "skipped") -> Desk:
        """Give a case back: `skipped`, `needs_language`, `needs_expert`."""
        entry = self._deck.get(ref)
        if entry is None:
            raise OperatorError("This case is not on your desk any more.")

        def write(database: Database) -> None:
            with database.transaction():
                cases.set_state(database, ref.account, ref.case_id, "given_back")

        self._store.run(write)
        self._deck.remove(ref)
        self._doors.give_back(ref, reason)
        self._steps.append(Step("skipped", (ref,)))
        self._notifier.publish("desk", "status", origin="review")
        return self.desk()

    def bring(self, ref: CaseRef) -> Desk:
        """Take a case of the desk in hand."""
        if ref not in self._deck:
            raise OperatorError("This case is not on your desk any more.")
        self._deck.put_first(ref)
        self._keep_in_hand(ref)
        self._notifier.publish("desk", origin="review")
        return self.desk()

    def reopen(self, ref: CaseRef, decision_id: str, draft: Draft) -> None:
        """Take a decided case in hand again: what is decided then supersedes what stands.

        Raises `OperatorError` where the case is not known here any more, or a decision on it is still on its way.
        """
        row, last = self._store.run(
            lambda database: (
                cases.find(database, ref.account, ref.case_id),
                decisions.last_of_case(database, ref.account, ref.case_id),
            )
        )
        if row is None:
            raise OperatorError("This case is not on this workstation any more. Decide it where it was decided first.")
        if row.pending:
            raise OperatorError("A decision on this case is still on its way. Wait until it is sent, then try again.")
        standing = last[0].id if last is not None and last[1] == "settled" else decision_id
        if ref not in self._deck:
            self._deck.add(row, encode(draft), problem="reopened", supersedes=standing)
        self._deck.put_first(ref)
        self._notifier.publish("desk", origin="review")

    def save_draft(self, ref: CaseRef, draft: Draft) -> None:
        """Keep what was typed for a case."""

        def write(database: Database) -> None:
            with database.transaction():
                cases.save_draft(database, ref.account, ref.case_id, encode(draft))
                accounts.keep(database, "in_hand", _kept_ref(ref))

        self._store.run(write)
        self._deck.change(ref, draft=draft)

    def start_day(self, reviewers: dict[str, str], since: datetime) -> None:
        """Count what these reviewers (by account) decided here since then."""
        rows = self._store.run(lambda database: decisions.standing_since(database, reviewers, format_time(since)))
        self._today = Day()
        for decision_id, kind, seconds in rows:
            self._today.add(decision_id, kind, seconds)
        self._recent = deque((kind for _, kind, _ in rows), maxlen=_RECENT)

    def forget_steps(self, account: str) -> None:
        """Somebody else works at the account, or nobody any more: what was done there can't be undone from here."""
        self._steps = [step for step in self._steps if all(ref.account != account for ref in step.refs)]

    def _keep_in_hand(self, ref: CaseRef) -> None:
        def write(database: Database) -> None:
            with database.transaction():
                accounts.keep(database, "in_hand", _kept_ref(ref))

        self._store.run(write)

    def _decidable(self, ref: CaseRef, ruling: Ruling) -> CaseOnDesk:
        entry = self._deck.get(ref)
        if entry is None:
            raise OperatorError("This case is not on your desk any more. Nothing was recorded.")
        if entry.problem == "changed" and not ruling.confirm_changed:
            raise OperatorError("The listing changed while it lay here. Look at the change, then press the key again.")
        if ruling.kind not in entry.reach.decisions:
            raise OperatorError(
                f"{entry.marketplace.name} does not carry out this decision ({ruling.kind.value}). Nothing was "
                "recorded. Choose another, or skip the case."
            )
        if ruling.refund and MeasureKind.REFUND_ADVISED not in entry.reach.measures:
            raise OperatorError(f"{entry.marketplace.name} advises no refunds. Take the advice out, then decide.")
        if ruling.kind in AGAINST_SELLER and ruling.measure_off and not ruling.measure_off_reason.strip():
            raise OperatorError("Say why the ladder's measure is switched off (M), then decide.")
        return entry

    def _decision(self, entry: CaseOnDesk, ruling: Ruling) -> Decision:
        now = self._now()
        against = ruling.kind in AGAINST_SELLER
        ground_id = (ruling.ground or entry.default_ground) if against or ruling.ground else ""
        ground = entry.policy.ground(ground_id)
        redress.check(entry.case, ruling.kind, ground_id, ruling.note, entry.policy, now)
        step = ladder_step(entry.policy, redress.offences_of(entry.case), ruling.kind, ground_id, now)
        measure, off_reason = _measure(entry, step.due, ruling)
        lease = self._leases.get(entry.ref)
        needs_lease = not entry.supersedes
        decision = Decision(
            id=new_id(),
            case_id=entry.case.id,
            listing_id=entry.case.listing.id,
            revision=entry.case.listing.revision,
            kind=ruling.kind,
            decided_at=now,
            lease_id=lease.id if lease and needs_lease else "",
            lease_token=lease.token if lease and needs_lease else 0,
            ground=ground_id,
            clause=ground.clause if ground else "",
            facts=ruling.facts,
            note=ruling.note,
            evidence=_evidence(entry),
            measure=measure,
            measure_off_reason=off_reason,
            policy_version=entry.policy.version,
            seconds=min(max(ruling.seconds, 0.0), 86_400.0),
            supersedes=redress.supersedes(entry.case, entry.supersedes, ruling.kind),
            fingerprints=self._doors.fingerprints_of(entry) if against else (),
            refund_months=REFUND_MONTHS if ruling.refund and against else 0,
        )
        if not entry.reach.complaint:  # whoever complains states no reasons: the marketplace does, when it rules
            stated(decision, entry.case, entry.policy)
        return decision

    def _undo_decisions(self, step: Step) -> None:
        now = self._now()

        def write(database: Database) -> list[tuple[CaseRef, str, str, Decision]]:
            done: list[tuple[CaseRef, str, str, Decision]] = []
            failpoint("C0")
            with database.transaction():
                for ref, decision_id in zip(step.refs, step.decision_ids, strict=True):
                    first = decisions.stored(database, decision_id)
                    withdrawal = Decision(
                        id=new_id(), case_id=first.case_id, listing_id=first.listing_id, revision=first.revision,
                        kind=DecisionKind.WITHDRAW, decided_at=now, policy_version=first.policy_version,
                        supersedes=first.id,
                    )  # fmt: skip
                    title = decisions.title_of(database, first.id)
                    evidence.take_back(database, first.id)
                    by = self._doors.reviewer_of(ref.account)
                    how = "withdrawn"
                    if decisions.came_back(database, first.id):
                        how = "came_back"
                    elif not decisions.withdraw_before_sending(
                        database, withdrawal, account=ref.account, reviewer=by, title=title
                    ):
                        if self._doors.reach_of(ref.account).is_final:
                            raise OperatorError(
                                f"The decision on “{title[:80]}” was sent, and its marketplace takes nothing back. "
                                "Nothing was undone. Ask the marketplace itself."
                            )
                        decisions.record(database, withdrawal, account=ref.account, reviewer=by, title=title)
                        how = "reversal"
                    if how == "withdrawn":
                        returned.reopen(database, first.id)
                    done.append((ref, how, withdrawal.id, first))
                failpoint("C4")
            return done

        # Last first: so the case that was in hand when the key was pressed ends up in hand again.
        for ref, how, withdrawal_id, first in reversed(self._store.run(write)):
            self._doors.unschedule(first.id)
            self._today.remove(first.id)
            if self._recent:
                self._recent.pop()
            if how == "reversal":
                self._doors.schedule(withdrawal_id, ref.account, f"withdraw {ref.case_id}", 0.0)
            if how != "came_back":  # what came back waits in the inbox with its ways out
                before = "" if first.lease_id else first.supersedes  # a ruling on an appeal names another's decision
                self._return_to_deck(ref, first, withdrawal_id if how == "reversal" else before)

    def _return_to_deck(self, ref: CaseRef, first: Decision, supersedes: str) -> None:
        row, draft = self._store.run(
            lambda database: (
                cases.stored(database, ref.account, ref.case_id),
                cases.draft(database, ref.account, ref.case_id),
            )
        )
        if draft is None and (first.note or first.ground):
            draft = encode(Draft(note=first.note, ground=first.ground, facts=first.facts))
        self._deck.add(row, draft, problem="reopened" if supersedes else "", supersedes=supersedes)
        self._deck.put_first(ref)

    def _undo_skip(self, step: Step) -> None:
        ref = step.refs[0]
        if not self._doors.take_again(ref):
            return  # given back already: it is claimed again and pops in when the server gives it

        def write(database: Database) -> None:
            with database.transaction():
                cases.set_state(database, ref.account, ref.case_id, "held")

        self._store.run(write)
        row, draft = self._store.run(
            lambda database: (
                cases.stored(database, ref.account, ref.case_id),
                cases.draft(database, ref.account, ref.case_id),
            )
        )
        self._deck.add(row, draft)
        self._deck.put_first(ref)

    def _undo_label(self) -> str:
        if not self._steps:
            return ""
        step = self._steps[-1]
        if step.kind == "skipped":
            return f"skip {step.refs[0].case_id}"
        kind = self._today.kind(step.decision_ids[0]) or ""
        return f"{kind} ×{len(step.refs)}" if len(step.refs) > 1 else f"{kind} {step.refs[0].case_id}"

    def _counts(self) -> Counts:
        return self._today.counts(tuple(self._recent))


def _measure(entry: CaseOnDesk, due: Measure | None, ruling: Ruling) -> tuple[Measure | None, str]:
    """The measure that goes with a decision, or why none does where one is due."""
    if due is None or entry.reach.complaint:
        return None, ""
    if due.kind not in entry.reach.measures:
        return None, f"{entry.marketplace.name} does not carry out this measure"
    return (None, ruling.measure_off_reason) if ruling.measure_off else (due, "")


def _kept_ref(ref: CaseRef | None) -> str:
    return f"{ref.account}\n{ref.case_id}" if ref else ""


def ref_in_hand(database: Database) -> CaseRef | None:
    """The case that was in hand when the program last wrote, or None."""
    account, _, case_id = accounts.kept(database, "in_hand").partition("\n")
    return CaseRef(account, case_id) if account and case_id else None


def _evidence(entry: CaseOnDesk) -> tuple[str, ...]:
    """What the decision rests on: all documents, which the server holds against those that came, then pictures."""
    papers = (paper.sha256 for paper in redress.documents_of(entry.case))
    return tuple(dict.fromkeys((*papers, *(match.picture for match in entry.matches))))[:30]
