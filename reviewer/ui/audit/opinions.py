"""Second opinions: a drawn case on the review screen's own pictures, blind where asked, judged by three keys."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from reviewer.audit.choosing import Chosen
from reviewer.audit.drawing import Plan
from reviewer.audit.findings import Finding
from reviewer.audit.history import Decided, History, Opinion
from reviewer.audit.sample import Sample
from reviewer.domain.decision import AGAINST_SELLER
from reviewer.services.audit_desk import AuditDesk, CaseInPack, OpenedPack
from reviewer.services.clock import now, steady
from reviewer.ui.audit.draw import DrawDialog
from reviewer.ui.audit.ruling import Ruling
from reviewer.ui.plain import PlainLabel, button
from reviewer.ui.review.compare import ComparePane
from reviewer.ui.review.looks import Looks
from reviewer.ui.review.pixmaps import PixmapStore
from reviewer.ui.review.sitting import Sitting
from reviewer.ui.tasks import Task, Tasks
from reviewer.ui.theme import Theme


class OpinionsPane(QWidget):
    """Draw, look, judge: 1 agrees, 2 fixes and accepts, 3 returns with a note.

    `given_changed` comes when an opinion is durable.
    """

    given_changed = Signal()

    def __init__(self, desk: AuditDesk, tasks: Tasks, theme: Theme) -> None:
        super().__init__()
        self._desk = desk
        self._tasks = tasks
        self._theme = theme
        self._opened: OpenedPack | None = None
        self._history: History | None = None
        self._looking: Task | None = None
        self._sitting: Sitting | None = None
        self._last: Decided | None = None
        self._began = 0.0
        #: Whether the first decision was seen before the auditor ruled: who agrees after that did not rule blind.
        self._revealed = False
        self.plan: Plan | None = None
        self.sample: Sample | None = None
        self.case: CaseInPack | None = None
        #: A decision that was opened from the list is looked at and not judged.
        self.only_looking = False
        self.blind = True
        self.given: tuple[Finding, ...] = ()
        self.chosen = Chosen()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.draw_button = button(self.tr("Draw a sample …"), "primary", tip=self.tr("Ctrl+D"))
        self.draw_button.clicked.connect(self.ask_draw)
        self.back_button = button(self.tr("Back to the sample"), tip=self.tr("B"))
        self.back_button.clicked.connect(self.back)
        self.state = PlainLabel(role="muted").wrapped()
        self.state.setAccessibleName(self.tr("State of the sample"))
        looks = Looks(theme, self)
        self.store = PixmapStore(desk.pictures, self)
        self.compare = ComparePane(looks, self.store, self)
        self.ruling = Ruling(theme)
        self.golden, self.note = self.ruling.golden, self.ruling.note
        self.ruling.judged.connect(self.judge)
        top = QHBoxLayout()
        top.addWidget(self.state, 1)
        for made in (self.back_button, self.draw_button):
            top.addWidget(made)
        self.splitter = QSplitter()
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(self.compare)
        self.splitter.addWidget(self.ruling)
        self.splitter.setStretchFactor(0, 3)
        self.splitter.setStretchFactor(1, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.em(0.5), theme.em(0.5), theme.em(0.5), theme.em(0.5))
        column.setSpacing(theme.em(0.5))
        column.addLayout(top)
        column.addWidget(self.splitter, 1)
        self._show_case(None)

    def show_pack(self, opened: OpenedPack | None) -> None:
        """Begin with another pack, or with the same one and more opinions."""
        same = opened is not None and self._opened is not None and opened.path == self._opened.path
        self._opened = opened
        self._history = opened.history if opened is not None else None
        if same and self.case is not None:
            return
        self.plan, self.sample, self.given, self._last = None, None, (), None
        ready = self._history is not None and bool(self._history.decisions)
        self.draw_button.setEnabled(ready)
        grounds = {row.ground for row in self._history.decisions if row.ground} if self._history is not None else set()
        self.ruling.offer(sorted(grounds))
        self.state.setText(self.tr("Draw a sample to begin.") if ready else self.tr("Open a pack first."))
        self._show_case(None)

    # Drawing

    def ask_draw(self) -> DrawDialog | None:
        """Ask how to draw, over what the filters leave."""
        if self._history is None or self._opened is None:
            return None
        history = self._desk.history(self._opened)
        dialog = DrawDialog(history, self.chosen, self.plan, self.blind, self._theme, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self.begin(dialog.plan, dialog.sample, blind=dialog.blind.isChecked()))
        dialog.open()
        return dialog

    def begin(self, plan: Plan, sample: Sample | None, *, blind: bool) -> None:
        """Bring the first case of a sample that has no opinion of this auditor yet."""
        if sample is None or self._opened is None:
            return
        self.plan, self.sample, self.blind = plan, sample, blind
        self._last = None
        self._tasks.in_background(partial(self._desk.given, self._opened.path), self._go_on, self._failed, owner=self)

    def look_at(self, decided: Decided) -> None:
        """Show a decision of the list with all that was said of it; it is not judged."""
        if self._opened is not None:
            self._bring(decided, only_looking=True)

    def back(self) -> None:
        """From a decision that is only looked at to the sample's next case."""
        if self.only_looking and self.sample is not None:
            self._go_on(self.given)

    def take_back(self) -> None:
        """The case that was judged last, to judge it once more; the later opinion replaces the first."""
        if self._last is not None and self.sample is not None:
            self._bring(self._last)

    # Judging

    def step_kind(self, by: int) -> None:
        """Another decision of one's own."""
        self.ruling.step(self.ruling.kind, by)

    def step_ground(self, by: int) -> None:
        """Another ground of one's own."""
        self.ruling.step(self.ruling.ground, by)

    def judge(self, verdict: str) -> None:
        """Give the opinion on the case that is shown; durable at once, then the next comes."""
        case, opened, sample, plan = self.case, self._opened, self.sample, self.plan
        if case is None or opened is None or sample is None or plan is None or self.only_looking:
            return
        kind, ground = self.ruling.ruled()
        decided = (case.decided.kind, case.decided.ground)
        if verdict == "agree" and not self.blind:
            kind, ground = decided
        if not kind:
            self.ruling.say(self.tr("Blind: first say how you decide (K, and J for the ground)."), "warning")
            return
        if verdict == "agree" and (kind, ground) != decided:
            self._say_first(case)
            self.ruling.say(
                self.tr("You ruled otherwise than the reviewer: fix and accept (2), or return (3)."), "warning"
            )
            return
        if not ground and kind in AGAINST_SELLER:
            self.ruling.say(self.tr("A decision against the seller needs a ground (J)."), "warning")
            return
        if verdict == "return" and not self.note.text().strip():
            self.ruling.say(self.tr("A case that is returned needs a note that says why."), "warning")
            self.note.setFocus()
            return
        if verdict == "fix" and (kind, ground) == decided:
            self.ruling.say(
                self.tr("Your ruling is the reviewer's own: choose what is right, or agree (1)."), "warning"
            )
            self._say_first(case)
            return
        finding = self._desk.finding(
            case.decided, plan.auditor, now(), verdict, kind, ground, self.note.text().strip(),
            blind=self.blind and not (self._revealed and verdict == "agree"),
            golden=self.golden.isChecked(), seconds=steady() - self._began,
        )  # fmt: skip
        self.case, self._last = None, case.decided
        self._tasks.in_background(
            partial(self._desk.give, opened.path, sample, finding),
            self._was_given,
            partial(self._not_given, case),
            owner=self,
        )

    def _was_given(self, given: tuple[Finding, ...]) -> None:
        self._go_on(given)
        self.given_changed.emit()

    def _not_given(self, case: CaseInPack, error: Exception) -> None:
        """The opinion is not durable: the case stays in front with it."""
        self.case = case
        self.ruling.say(str(error), "danger")

    def _go_on(self, given: tuple[Finding, ...]) -> None:
        self.given = given
        history, sample, plan = self._history, self.sample, self.plan
        if history is None or sample is None or plan is None:
            return
        mine = {item.decision_id for item in given if item.auditor == plan.auditor}
        left = [identity for identity in sample.ids if identity not in mine]
        done = sample.size - len(left)
        letter = self.tr(", code letter {0}").format(sample.letter) if sample.letter else ""
        text = self.tr("{0}: {1} of {2} judged; lot {3}{4}, seed {5}, draw {6}")
        self.state.setText(
            text.format(plan.auditor, done, sample.size, f"{sample.lot:,}", letter, sample.seed, sample.digest[:12])
        )
        if left:
            self._bring(next(row for row in history.decisions if row.id == left[0]))
            return
        self._show_case(None)
        self.ruling.say(
            self.tr(
                "The whole sample is judged. Send {0} to the reviewers; Numbers and Charts count it already."
            ).format(f"{self._opened.path.name}.findings.json" if self._opened is not None else ""),
            "ok",
        )

    def _bring(self, decided: Decided, *, only_looking: bool = False) -> None:
        opened = self._opened
        if opened is None:
            return
        self.only_looking = only_looking
        self._tasks.in_background(partial(self._desk.case, opened, decided), self._show_case, self._failed, owner=self)

    def _failed(self, error: Exception) -> None:
        self.ruling.say(str(error), "danger")

    # Showing

    def _show_case(self, case: CaseInPack | None) -> None:
        self.case = case
        self._began = steady()
        self._revealed = False
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None
        self.compare.setVisible(case is not None)
        self.back_button.setVisible(self.only_looking and case is not None and self.sample is not None)
        self.ruling.show_case(case, judged=case is not None and not self.only_looking)
        if case is None:
            return
        self._sitting = Sitting(case.on_desk)
        self.compare.show_sitting(self._sitting, ())
        if self.only_looking or not self.blind:
            self._say_first(case)
            self.ruling.take_over(case.decided)
        self._looking = self._tasks.in_background(
            partial(self._desk.compared, case), self._show_evidence, lambda _: None, owner=self
        )
        self.setFocus()

    def _show_evidence(self, compared: CaseInPack) -> None:
        """What the pictures have in common came late: it pops in, and the pictures can be laid onto one another."""
        if self.case is None or compared.decided.id != self.case.decided.id:
            return
        self.case = compared
        if self._sitting is not None:
            self._sitting.on_desk = compared.on_desk
            self.compare.renew_evidence()

    def _say_first(self, case: CaseInPack) -> None:
        known: list[Opinion | Finding] = [*(self._history.opinions if self._history is not None else ()), *self.given]
        self._revealed = True
        said = [
            (item.auditor, item.verdict, item.kind, item.ground, item.note)
            for item in known
            if item.decision_id == case.decided.id
        ]
        self.ruling.say_first(case, list(dict.fromkeys(said)))
