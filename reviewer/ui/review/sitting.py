"""What the reviewer is doing with the case on the desk: chosen ground, note, facts and points.  No Qt in here."""

from __future__ import annotations

from reviewer.domain.decision import AGAINST_SELLER, DecisionKind, Measure
from reviewer.domain.facts import Fact, Match, Side
from reviewer.domain.listing import Picture
from reviewer.domain.reference import ReferenceProduct
from reviewer.policy.ladder import LadderStep, ladder_step
from reviewer.services import redress
from reviewer.services.clock import now, steady
from reviewer.services.model import CaseOnDesk, Draft, Ruling

#: Facts from this strength on go into the decision unless the reviewer takes them out.
CHECKED_FROM = 0.5


class Sitting:
    """One case while it lies in front of the reviewer.

    `points` holds True for a passed point of authentication, False for a failed one.  `confirming` is the
    ruling that waits for a second press because the listing changed.
    """

    def __init__(self, on_desk: CaseOnDesk) -> None:
        self.on_desk = on_desk
        draft = on_desk.draft
        self.ground = draft.ground or on_desk.default_ground
        self.note = draft.note
        self.measure_off = draft.measure_off
        self.measure_off_reason = draft.measure_off_reason
        self.points: dict[str, bool] = {}
        self.confirming: tuple[DecisionKind, str] | None = None
        self.lifted = False
        self.touched = False
        self.refund = draft.refund
        self.drafted = tuple(_drafted(words) for words in draft.links)
        self._started = steady()
        self._unchecked: set[str] = set()
        self._checked: set[str] = set()
        if draft.facts:
            self._restore(draft)

    def begin(self) -> None:
        """The case lies in front from now on."""
        self._started = steady()

    @property
    def changed(self) -> bool:
        """Whether a decision must be confirmed, because the listing is not what was flagged."""
        return self.on_desk.problem == "changed"

    @property
    def proposed(self) -> DecisionKind | None:
        """The decision that the chosen ground names."""
        ground = self.on_desk.policy.ground(self.ground)
        return ground.action if ground is not None else None

    def facts(self, side: Side) -> tuple[Fact, ...]:
        """The facts of one side, strongest first."""
        return tuple(
            sorted(
                (fact for fact in (*self.on_desk.facts, *self.drafted) if fact.side == side),
                key=lambda fact: -fact.strength,
            )
        )

    def is_checked(self, fact: Fact) -> bool:
        """Whether a fact goes into the decision."""
        sentence = fact.sentence()
        return sentence in self._checked or (fact.strength >= CHECKED_FROM and sentence not in self._unchecked)

    def toggle(self, fact: Fact) -> None:
        """Put a fact into the decision or take it out."""
        sentence, was = fact.sentence(), self.is_checked(fact)
        self._checked.discard(sentence)
        self._unchecked.discard(sentence)
        (self._unchecked if was else self._checked).add(sentence)
        self.touched = True

    def propose(self, ground: str, reasons: tuple[str, ...]) -> None:
        """Take a proposed flag over: its ground, where the rules know it, and its reasons as facts of the decision."""
        if self.on_desk.policy.ground(ground) is not None:
            self.ground = ground
        known = {fact.sentence() for fact in self.drafted}
        self.drafted += tuple(_drafted(reason) for reason in reasons if _drafted(reason).sentence() not in known)
        self.touched = True

    def mark_point(self, point_id: str, passed: bool) -> None:
        """Record what the reviewer saw at a point; the same mark again takes it back."""
        if self.points.get(point_id) is passed:
            del self.points[point_id]
        else:
            self.points[point_id] = passed
        self.touched = True

    def ruled_facts(self, kind: DecisionKind) -> tuple[str, ...]:
        """The sentences that go into a decision of that kind: a clear rests on what speaks against."""
        side = Side.AGAINST if kind == DecisionKind.CLEAR else Side.FOR
        judged = redress.accepted_words(self.on_desk.case, kind)
        said = tuple(fact.sentence() for fact in self.facts(side) if self.is_checked(fact))
        return judged + said + self._point_facts(kind == DecisionKind.CLEAR)

    def step(self, kind: DecisionKind, ground: str = "") -> LadderStep:
        """What a decision would do on the ladder."""
        return ladder_step(
            self.on_desk.policy, redress.offences_of(self.on_desk.case), kind, ground or self.ground, now()
        )

    def due(self, kind: DecisionKind, ground: str = "") -> Measure | None:
        """The ladder's measure that would go with a decision here; None also where it is not carried out."""
        due, reach = self.step(kind, ground).due, self.on_desk.reach
        return due if due is not None and due.kind in reach.measures and not reach.complaint else None

    def ruling(self, kind: DecisionKind, ground: str = "", *, confirmed: bool = False) -> Ruling:
        """What is sent to the desk for this press."""
        against = kind in AGAINST_SELLER
        off = self.measure_off and against and self.due(kind, ground) is not None
        return Ruling(
            ref=self.on_desk.ref,
            kind=kind,
            ground=(ground or self.ground) if kind != DecisionKind.CLEAR else "",
            facts=self.ruled_facts(kind),
            note=self.note.strip(),
            measure_off=off,
            measure_off_reason=self.measure_off_reason.strip() if off else "",
            seconds=round(self.seconds(), 1),
            confirm_changed=confirmed,
            refund=self.refund and against,
        )

    def seconds(self) -> float:
        """How long the case has been looked at."""
        return steady() - self._started

    def draft(self) -> Draft:
        """What is kept where the case is left undecided."""
        kept = tuple(fact.sentence() for fact in self.on_desk.facts if self.is_checked(fact))
        return Draft(
            note=self.note,
            ground="" if self.ground == self.on_desk.default_ground else self.ground,
            measure_off=self.measure_off,
            measure_off_reason=self.measure_off_reason,
            facts=kept + self._point_facts(True) + self._point_facts(False),
            refund=self.refund,
            links=tuple(fact.sentence() for fact in self.drafted),
        )

    def is_same(self, on_desk: CaseOnDesk) -> bool:
        """Whether that is the case that is open, in the state in which it was opened."""
        mine = self.on_desk
        return _state(mine) == _state(on_desk)

    def take_over(self, before: Sitting) -> None:
        """Go on with what was typed and chosen for the same case before its state changed."""
        self.ground, self.note = before.ground, before.note
        self.measure_off, self.measure_off_reason = before.measure_off, before.measure_off_reason
        self.refund, self.drafted = before.refund, before.drafted
        self.points, self.lifted, self.touched = before.points, before.lifted, before.touched
        self._checked, self._unchecked, self._started = before._checked, before._unchecked, before._started

    def _point_facts(self, passed: bool) -> tuple[str, ...]:
        words = "Point of authentication passed: " if passed else "Point of authentication failed: "
        return tuple(
            words + point.words
            for reference in self.on_desk.case.references
            for point in reference.authentication_points
            if self.points.get(point.id) is passed
        )

    def _restore(self, draft: Draft) -> None:
        kept = set(draft.facts)
        self._unchecked = {fact.sentence() for fact in self.on_desk.facts} - kept
        self._checked = kept
        for reference in self.on_desk.case.references:
            for point in reference.authentication_points:
                for passed, word in ((True, "passed"), (False, "failed")):
                    if f"Point of authentication {word}: {point.words}" in kept:
                        self.points[point.id] = passed


def _drafted(reason: str) -> Fact:
    """A reason of a proposed flag as a fact; what it says is the server's, so it fills a place and is no template."""
    words = reason if reason.startswith(_SELLER) else f"{_SELLER} {reason}"
    return Fact("linked_account", Side.FOR, 0.9, "{words}", {"words": words[:600]})


_SELLER = "The seller"


def best_match(on_desk: CaseOnDesk) -> Match | None:
    """The strongest match with a picture of the case's references, else None."""
    shown = {picture.sha256 for picture in on_desk.case.listing.pictures}
    known = {picture.sha256 for reference in on_desk.case.references for picture in reference.pictures}
    found = [
        match
        for match in on_desk.matches
        if match.source == "reference" and match.picture in shown and match.other in known
    ]
    return max(found, key=lambda match: match.strength, default=None)


def best_pair(on_desk: CaseOnDesk) -> tuple[int, int, int]:
    """Places of the pair to show first: listing picture, reference product, its picture."""
    listing, references = on_desk.case.listing, on_desk.case.references
    match = best_match(on_desk)
    if match is None:
        return 0, 0, 0
    shown = place_of(listing.pictures, match.picture)
    for product, reference in enumerate(references):
        place = place_of(reference.pictures, match.other)
        if place >= 0 and match.source_id in ("", reference.id):
            return max(0, shown), product, place
    for product, reference in enumerate(references):
        place = place_of(reference.pictures, match.other)
        if place >= 0:
            return max(0, shown), product, place
    return max(0, shown), 0, 0


def place_of(pictures: tuple[Picture, ...], sha256: str) -> int:
    """Where a picture stands among others, -1 where it does not."""
    return next((place for place, picture in enumerate(pictures) if picture.sha256 == sha256), -1)


def pair_digests(on_desk: CaseOnDesk) -> tuple[str, ...]:
    """The digests of the pair that is shown first; fewer where there are no pictures."""
    shown, product, place = best_pair(on_desk)
    digests = [picture.sha256 for picture in on_desk.case.listing.pictures[shown : shown + 1]]
    references: tuple[ReferenceProduct, ...] = on_desk.case.references
    if references:
        digests += [picture.sha256 for picture in references[product].pictures[place : place + 1]]
    return tuple(digests)


def together(on_desk: CaseOnDesk) -> dict[str, str]:
    """The relation of other open cases to this one: those that the server names and those with the same photos."""
    found = {sibling.case_id: sibling.relation for sibling in on_desk.case.siblings}
    return found | {one.case_id: "same_pictures" for one in on_desk.earlier if one.case_id}


def _state(on_desk: CaseOnDesk) -> tuple[object, ...]:
    """What makes a case another one to look at."""
    case, papers = on_desk.case, redress.documents_of(on_desk.case)
    revision = case.listing.revision
    return on_desk.ref, on_desk.problem, on_desk.supersedes, revision, on_desk.reach, case.kind, papers
