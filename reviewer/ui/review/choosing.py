"""The pickers: another ground, the facts of the decision, and the cases of a batch."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from reviewer.domain.decision import AGAINST_SELLER, DecisionKind
from reviewer.domain.facts import Fact, Side
from reviewer.domain.text import visible
from reviewer.services.model import CaseOnDesk, CaseRef
from reviewer.ui.commands import Commands, Scope
from reviewer.ui.review.consequence import consequence
from reviewer.ui.review.deciding import Deciding
from reviewer.ui.review.looks import Looks
from reviewer.ui.review.pixmaps import PixmapStore, Shown
from reviewer.ui.review.services import Intake
from reviewer.ui.review.sheets import BatchSheet, Choice, ChoiceSheet
from reviewer.ui.review.sitting import Sitting, together
from reviewer.ui.review.wording import fact_text, kind_name, translate
from reviewer.ui.tasks import Tasks

_LETTERS = "ABDEFGHIJKLMNOPQRSTUVWXYZ"


class Choosing(QObject):
    """Grounds and facts by letter.  `changed` when what the decision would be is another now."""

    changed = Signal()
    closed = Signal()

    def __init__(self, theme: Looks, deciding: Deciding, surface: QWidget) -> None:
        super().__init__(surface)
        self._deciding = deciding
        self._sitting: Sitting | None = None
        self._kind: DecisionKind | None = None
        self.grounds = ChoiceSheet(theme, surface)
        self.facts = ChoiceSheet(theme, surface)
        self.skips = ChoiceSheet(theme, surface)
        self.skips.chosen.connect(deciding.skip)
        self.grounds.chosen.connect(self._ground_chosen)
        self.facts.chosen.connect(self.toggle_fact)
        for sheet in (self.grounds, self.facts, self.skips):
            sheet.closed.connect(self.closed)

    def open(self, sitting: Sitting | None) -> None:
        """Work on this case from now on."""
        self._sitting = sitting
        for sheet in (self.grounds, self.facts, self.skips):
            sheet.close_sheet()

    def pick_ground(self, kind: DecisionKind | None = None) -> None:
        """Offer the grounds; with a kind, the choice decides at once."""
        sitting = self._sitting
        if sitting is None or self._deciding.busy or (kind is not None and not self._deciding.can_do(kind)):
            return
        self._kind = kind
        choices = []
        for ground in sitting.on_desk.policy.grounds:
            ruled = kind or ground.action
            effect = consequence(sitting, ruled, ground.id) if ruled in AGAINST_SELLER else kind_name(ruled)
            text = f"{visible(ground.title, limit=80)}   ·   {effect}"
            choices.append(Choice(ground.id, ground.key, text, visible(ground.description, limit=400)))
        title = (
            translate("Review", "{0} on which ground?").format(kind_name(kind))
            if kind is not None
            else translate("Review", "Which ground?")
        )
        self.grounds.ask(
            title,
            translate("Review", "A letter chooses; Return takes the marked one; Esc goes back."),
            choices,
            sitting.ground,
        )

    def pick_skip(self) -> None:
        """Offer the reasons for giving a case back."""
        if self._sitting is None or self._deciding.busy:
            return
        self.skips.ask(
            translate("Review", "Give this case back because …"),
            translate("Review", "A letter chooses; Esc goes back."),
            (
                Choice("needs_language", "L", translate("Review", "it needs a language that I do not read")),
                Choice("needs_expert", "E", translate("Review", "it needs an expert of the brand or the goods")),
                Choice("skipped", "S", translate("Review", "not now")),
            ),
        )

    def pick_facts(self) -> None:
        """Offer the facts with their ticks."""
        if self._sitting is not None:
            hint = translate("Review", "A letter ticks or unticks; Esc goes back. Ticked facts go into the decision.")
            self.facts.ask(translate("Review", "Facts of the decision"), hint, self._fact_choices())

    def toggle_fact(self, place: str) -> None:
        """Put a fact into the decision or take it out: `+0` is the strongest for."""
        found = dict(self._places()).get(place)
        if self._sitting is not None and found is not None:
            self._sitting.toggle(found)
            self._deciding.typed()
            self.changed.emit()
            if self.facts.isVisible():
                self.facts.renew(self._fact_choices())

    def _places(self) -> tuple[tuple[str, Fact], ...]:
        if self._sitting is None:
            return ()
        sitting = self._sitting
        return tuple((f"{side.value}{place}", fact) for side in Side for place, fact in enumerate(sitting.facts(side)))

    def _fact_choices(self) -> tuple[Choice, ...]:
        if self._sitting is None:
            return ()
        names = {Side.FOR: translate("Review", "for"), Side.AGAINST: translate("Review", "against")}
        return tuple(
            Choice(place, letter, f"{names[fact.side]}: {fact_text(fact)}", "", self._sitting.is_checked(fact))
            for letter, (place, fact) in zip(_LETTERS, self._places(), strict=False)
        )

    def _ground_chosen(self, ground: str) -> None:
        sitting = self._sitting
        if sitting is None:
            return
        if self._kind is not None:
            self._deciding.decide(self._kind, ground)
            return
        sitting.ground = ground
        self._deciding.typed()
        self.changed.emit()


class Batch(QObject):
    """Other open cases of the same seller or with the same pictures, decided with this one."""

    closed = Signal()
    failed = Signal(str)

    def __init__(
        self,
        theme: Looks,
        commands: Commands,
        intake: Intake,
        tasks: Tasks,
        store: PixmapStore,
        deciding: Deciding,
        surface: QWidget,
    ) -> None:
        super().__init__(surface)
        self._commands = commands
        self._intake = intake
        self._tasks = tasks
        self._store = store
        self._deciding = deciding
        self._sitting: Sitting | None = None
        self._claimed: tuple[CaseOnDesk, ...] = ()
        self._asking = False
        #: Whether pictures of listings are hidden until V shows those of the case in front.
        self.sensitive = False
        self.sheet = BatchSheet(theme, surface)
        self.sheet.decided.connect(self._decided)
        self.sheet.closed.connect(self.closed)
        store.arrived.connect(self._arrived)

    def open(self, sitting: Sitting | None) -> None:
        """Work on this case from now on."""
        self._sitting = sitting
        self._claimed = ()
        self.sheet.close_sheet()

    def offer(self) -> None:
        """Claim the cases that go with this one, then show them."""
        sitting = self._sitting
        if sitting is None or self._asking or self._deciding.busy:
            return
        ids = tuple(together(sitting.on_desk))
        if not ids:
            self.failed.emit(translate("Review", "No other open case goes with this one."))
            return
        self._asking = True
        self._tasks.in_background(
            partial(self._intake.claim_named, sitting.on_desk.ref.account, ids),
            partial(self._show, sitting),
            self._not_claimed,
            owner=self,
        )

    def _show(self, sitting: Sitting, claimed: tuple[CaseOnDesk, ...]) -> None:
        self._asking = False
        if sitting is not self._sitting:
            return
        self._claimed = (sitting.on_desk, *(case for case in claimed if case.ref != sitting.on_desk.ref))
        got = {case.ref.case_id for case in self._claimed}
        words = {
            "same_seller": translate("Review", "same seller"),
            "same_pictures": translate("Review", "same pictures"),
        }
        relations = together(sitting.on_desk)
        choices = []
        for case in self._claimed:
            relation = relations.get(case.ref.case_id, "")
            name = words.get(relation, visible(relation, limit=30)) if relation else translate("Review", "this case")
            title = visible(case.case.listing.title, limit=90, keep_lines=False)
            # Other goods of the same seller need a look of their own: they are offered, not ticked.
            ticked = relation != "same_seller"
            choices.append(Choice(case.ref.case_id, "", f"{name}\n{title}", title, ticked))
        for sibling in sitting.on_desk.case.siblings:
            if sibling.case_id not in got:
                title = visible(sibling.title, limit=90, keep_lines=False)
                held = translate("Review", "with somebody else")
                choices.append(Choice(sibling.case_id, "", f"{held}\n{title}", title, False, enabled=False))
        keys = "   ".join(f"{self._commands.chord_text(command)} {kind_name(kind)}" for command, kind in _KINDS.items())
        hint = translate(
            "Review",
            "{0}   decides all that are ticked: one decision each, undone together. Space ticks, Esc goes back.",
        )
        self.sheet.offer(
            translate("Review", "Decide {0} cases together").format(len(self._claimed)), hint.format(keys), choices
        )
        self._paint()

    def _paint(self) -> None:
        if self.sensitive and not (self._sitting is not None and self._sitting.lifted):
            return
        for case in self._claimed:
            for picture in case.case.listing.pictures[:1]:
                size = self.sheet.list.iconSize()
                answer = self._store.find(case.ref.account, picture.sha256, size)
                if isinstance(answer, Shown):
                    self.sheet.show_picture(case.ref.case_id, answer.pixmap)
                elif answer is None:
                    self._store.want(case.ref.account, picture.sha256, size)

    def _arrived(self, sha256: str) -> None:
        if self.sheet.isVisible():
            self._paint()

    def _not_claimed(self, error: Exception) -> None:
        self._asking = False
        self.failed.emit(str(error))

    def _decided(self, chord: str) -> None:
        command = self._commands.with_chord(Scope.REVIEW, chord)
        kind = _KINDS.get(command.id) if command is not None else None
        if kind is None:
            return
        ticked = set(self.sheet.ticked())
        refs: list[CaseRef] = [case.ref for case in self._claimed if case.ref.case_id in ticked]
        if refs:
            self.sheet.close_sheet()
            self._deciding.decide_batch(refs, kind)


_KINDS = {
    "review.clear": DecisionKind.CLEAR,
    "review.warn": DecisionKind.WARN,
    "review.restrict": DecisionKind.RESTRICT,
    "review.takedown": DecisionKind.TAKEDOWN,
    "review.escalate": DecisionKind.ESCALATE,
    "review.proof": DecisionKind.REQUEST_PROOF,
}
