"""The review screen: what is offered, what it claims to be, who offers it, and the keys that decide it."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter_ns

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QSplitter, QStackedWidget, QVBoxLayout, QWidget

from reviewer.domain.decision import DecisionKind
from reviewer.services.changes import Changed
from reviewer.services.clock import now
from reviewer.services.model import CaseOnDesk, CaseRef, Desk, Status
from reviewer.ui.commands import Commands, Scope
from reviewer.ui.keys import KeySurface
from reviewer.ui.review import actions
from reviewer.ui.review.ahead import Ahead
from reviewer.ui.review.choosing import Batch, Choosing
from reviewer.ui.review.compare import ComparePane
from reviewer.ui.review.deciding import Deciding
from reviewer.ui.review.decision_bar import DecisionBar
from reviewer.ui.review.empty import EmptyPage
from reviewer.ui.review.evidence_sheet import EvidenceGrid
from reviewer.ui.review.facts_panel import FactsPanel
from reviewer.ui.review.lines import CaseBar, Foot
from reviewer.ui.review.listing_panel import ListingPanel
from reviewer.ui.review.looks import Looks
from reviewer.ui.review.pixmaps import PixmapStore
from reviewer.ui.review.reach import measure_not_done, refund_not_done
from reviewer.ui.review.reference_window import ReferenceWindow
from reviewer.ui.review.seller_panel import SellerPanel
from reviewer.ui.review.services import ReviewWorkstation
from reviewer.ui.review.sitting import Sitting, best_pair
from reviewer.ui.review.wording import place_text, translate
from reviewer.ui.tasks import Latest, Tasks
from reviewer.ui.theme import Theme
from reviewer.ui.watch import SETTLE_MS

#: After the case was swapped by something else than the reviewer's own key, keys are dead for so long.
DEAD_MS = 300


class ReviewScreen(QWidget):
    """Shows the desk's current case and takes the reviewer's keys; it makes its own `KeySurface`.

    `case_painted` carries the ref of a case and the nanoseconds from the key press (0 without one) to the
    end of its first painting with the best pair on the screen or known refused; `desk_shown` the desk;
    `problem_raised` words for the window; `action_asked` the id of what a button asks of the window
    (`open_accounts`, `sign_in`, `retry`).
    """

    case_painted = Signal(object, int)
    desk_shown = Signal(object)
    problem_raised = Signal(str)
    action_asked = Signal(str)

    def __init__(
        self,
        workstation: ReviewWorkstation,
        tasks: Tasks,
        commands: Commands,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        looks = Looks(theme, self)
        self._workstation = workstation
        self._tasks = tasks
        self._sitting: Sitting | None = None
        self._desk = Desk(None, empty_reason="loading")
        self.store = PixmapStore(workstation.pictures, self)
        self.deciding = Deciding(workstation.review, tasks, self)
        self.case_bar = CaseBar(looks, self)
        self.compare = ComparePane(looks, self.store, self)
        self.listing = ListingPanel(looks, self)
        self.facts = FactsPanel(looks, commands, self)
        self.seller = SellerPanel(looks, self)
        self.bar = DecisionBar(looks, commands, self)
        self.foot = Foot(looks, commands, self)
        self.empty = EmptyPage(looks, self)
        self._pages = QStackedWidget(self)
        self._lay_out()
        self.choosing = Choosing(looks, self.deciding, self)
        self.reference_window = ReferenceWindow(looks, self.compare, self)
        self.batch = Batch(looks, commands, workstation.intake, tasks, self.store, self.deciding, self)
        self.evidence = EvidenceGrid(looks, workstation.evidence, tasks, self.store, self)
        self._ahead = QTimer(self, singleShot=True, interval=60)
        self._ahead.timeout.connect(self._prepare)
        # What was prepared says how long ago things were: it is made anew while the reviewer looks on.
        self._again = QTimer(self, singleShot=True, interval=20_000)
        self._again.timeout.connect(self._prepare)
        self._coming: Ahead[Sitting] = Ahead()
        self._status = Latest(self._fetch_status)
        self._soon = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._soon.timeout.connect(self._status.refresh)
        self.keys = KeySurface(self, commands, Scope.REVIEW)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(translate("Review", "Review"))
        actions.register(self, commands)
        self._connect(commands)
        self.empty.show_desk(self._desk)

    @property
    def sitting(self) -> Sitting | None:
        """The case in front, with what the reviewer did to it so far."""
        return self._sitting

    def refresh(self) -> None:
        """Look at the desk again."""
        self.deciding.refresh()
        self._status.refresh()

    def set_sensitive(self, on: bool) -> None:
        """Blur and grey the pictures of listings, by preference."""
        self.compare.set_sensitive(on)
        self.batch.sensitive = self.evidence.sensitive = on

    def splitters(self) -> dict[str, QSplitter]:
        """What the reviewer can move, by name."""
        return {splitter.objectName(): splitter for splitter in self._splitters}

    def toggle_measure(self) -> None:
        """Switch the ladder's measure off, which asks why, or on again."""
        if self._sitting is None:
            return
        kind = self._sitting.proposed or DecisionKind.TAKEDOWN
        if words := measure_not_done(self._sitting, kind):
            self._notice(words, "info")
            return
        self._sitting.measure_off = not self._sitting.measure_off
        self.deciding.typed()
        self._show_choice()
        if self._sitting.measure_off:
            self.bar.reason.setFocus()

    def toggle_refund(self) -> None:
        """Advise to refund the buyers of the last six months, or not."""
        if self._sitting is not None:
            if not self._sitting.refund and (words := refund_not_done(self._sitting)):
                self._notice(words, "info")
                return
            self._sitting.refund = not self._sitting.refund
            self.deciding.typed()
            self._show_choice()

    def propose(self, ref: CaseRef, ground: str, reasons: tuple[str, ...]) -> None:
        """Take a flag over that the dossier proposes for the case in hand; for another, nothing."""
        if self._sitting is not None and self._sitting.on_desk.ref == ref:
            self._sitting.propose(ground, reasons)
            self.deciding.typed()
            self._show_choice()
            self._notice(translate("Review", "Taken over from the dossier: ground and facts."), "info")

    def explain_place(self) -> None:
        """Say why this case comes here and now."""
        if self._sitting is not None:
            self._notice(place_text(self._sitting.on_desk, now()), "info")

    def mark_point(self, passed: bool) -> None:
        """Pass or fail the current point, and go on to the next."""
        points, place = self.compare.points(), self.compare.point
        if self._sitting is None or not 0 <= place < len(points):
            return
        self._sitting.mark_point(points[place].id, passed)
        self.deciding.typed()
        self.compare.refresh_points()
        self._show_choice()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.setFocus()
        self.refresh()

    def _lay_out(self) -> None:
        below = QSplitter(Qt.Orientation.Horizontal)
        for panel in (self.listing, self.facts):
            below.addWidget(panel)
        below.setSizes([480, 500])
        left = QSplitter(Qt.Orientation.Vertical)
        left.addWidget(self.compare)
        left.addWidget(below)
        left.setStretchFactor(0, 3)
        left.setStretchFactor(1, 2)
        left.setSizes([580, 360])
        across = QSplitter(Qt.Orientation.Horizontal)
        across.addWidget(left)
        across.addWidget(self.seller)
        across.setStretchFactor(0, 4)
        across.setStretchFactor(1, 1)
        across.setSizes([980, 300])
        self._splitters = (below, left, across)
        for splitter, name in zip(self._splitters, ("review_below", "review_left", "review_across"), strict=True):
            splitter.setChildrenCollapsible(False)
            splitter.setObjectName(name)
        work = QWidget()
        inner = QVBoxLayout(work)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(0)
        for widget, stretch in ((self.case_bar, 0), (across, 1), (self.bar, 0)):
            inner.addWidget(widget, stretch)
        self._pages.addWidget(self.empty)
        self._pages.addWidget(work)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._pages, 1)
        layout.addWidget(self.foot)

    def _connect(self, commands: Commands) -> None:
        self.deciding.begun.connect(self.store.pause)
        self.deciding.desk_arrived.connect(self._desk_arrived)
        self.deciding.confirmation_asked.connect(lambda words: self._notice(words, "warning"))
        self.deciding.reason_missed.connect(self._ask_reason)
        self.deciding.note_missed.connect(self._ask_note)
        self.deciding.failed.connect(self._fail)
        for part in (self.batch, self.evidence):
            part.failed.connect(self._fail)
        self.evidence.pair_picked.connect(self.compare.show_pair)
        self.compare.pair_settled.connect(self._pair_settled)
        self.compare.point_changed.connect(self._show_choice)
        self.choosing.changed.connect(self._show_choice)
        self.facts.fact_toggled.connect(self.choosing.toggle_fact)
        self.facts.point_picked.connect(self.compare.go_to_point)
        self.bar.kind_pressed.connect(self._kind_pressed)
        self.bar.command_pressed.connect(commands.run)
        self.bar.note_edited.connect(self._note_edited)
        self.bar.reason_edited.connect(self._reason_edited)
        for left in (self.bar.entry_left, self.choosing.closed, self.batch.closed, self.evidence.closed):
            left.connect(self.setFocus)
        self.empty.action_asked.connect(self._act)
        self._tasks.changed.connect(self._changed)
        commands.rebound.connect(self._show_choice)
        commands.rebound.connect(self._ahead.start)

    # The desk

    def _desk_arrived(self, desk: Desk, own: bool) -> None:
        """Show the desk.  A case that is still the same keeps what the reviewer did to it."""
        before, self._desk = self._sitting, desk
        current = desk.current
        if current is None:
            self._open(None)
            self.empty.show_desk(desk)
            self._pages.setCurrentIndex(0)
        elif before is not None and before.is_same(current):
            late = before.on_desk
            before.on_desk = current
            self._renew(before, evidence=_evidence(late) != _evidence(current))
        else:
            fresh = self._coming.take(current) or Sitting(current)
            fresh.begin()
            same = before is not None and before.on_desk.ref == current.ref
            if before is not None and same and not own:
                fresh.take_over(before)
            if not own and before is not None:
                self.keys.mute(DEAD_MS)
            self._open(fresh)
            gone = before is not None and before.on_desk.ref not in {entry.ref for entry in desk.upcoming}
            if not own and gone and not same:
                self._notice(translate("Review", "Another case: the one before was taken off the desk."), "info")
        self.foot.show_desk(desk)
        self.desk_shown.emit(desk)

    def _open(self, sitting: Sitting | None) -> None:
        self._sitting = sitting
        for part in (self.deciding, self.choosing, self.batch, self.evidence):
            part.open(sitting)
        if sitting is None:
            return
        self._notice("", "")
        self._pages.setCurrentIndex(1)
        self.case_bar.show_case(sitting.on_desk)
        self.compare.show_sitting(sitting, self._desk.upcoming)
        self.listing.show_case(sitting.on_desk, self.compare.product)
        self.bar.show_sitting(sitting)
        self._show_choice()
        for panel in (self.facts, self.seller):
            panel.verticalScrollBar().setValue(0)
        if self.isVisible():
            self.setFocus()

    def _renew(self, sitting: Sitting, *, evidence: bool) -> None:
        """Take over what came late: facts, matches, a longer lease."""
        self.case_bar.show_case(sitting.on_desk)
        self.compare.set_upcoming(self._desk.upcoming)
        if evidence:
            self.compare.renew_evidence()
            self.evidence.renew()
            self._show_choice()

    def _show_choice(self) -> None:
        """Show again everything that hangs on ground, measure, facts and points."""
        sitting = self._sitting
        if sitting is None:
            return
        references = sitting.on_desk.case.references
        product = self.compare.product
        self.facts.show_sitting(
            sitting, self.compare.points(), self.compare.point, references[product] if references else None
        )
        self.seller.show_sitting(sitting)
        self.bar.refresh(sitting)

    def _pair_settled(self) -> None:
        """Both large pictures are painted: tell once everything else of this painting is done, too."""
        sitting, pressed = self._sitting, self.deciding.pressed_ns
        if sitting is not None:
            QTimer.singleShot(0, self, lambda: self._tell_painted(sitting, pressed))

    def _tell_painted(self, sitting: Sitting, pressed: int) -> None:
        self.case_painted.emit(sitting.on_desk.ref, perf_counter_ns() - pressed if pressed else 0)
        self.store.resume()
        self._ahead.start()

    def _prepare(self) -> None:
        """Lay the texts of the next case out while the reviewer looks at this one."""
        for on_desk in self._desk.upcoming[:1]:
            sitting, product = self._coming.keep(on_desk, Sitting(on_desk)), best_pair(on_desk)[1]
            references = on_desk.case.references
            self.case_bar.prepare_case(on_desk)
            self.compare.prepare(on_desk)
            self.seller.prepare(sitting)
            self.facts.prepare(sitting, references[product] if references else None)
            self.listing.prepare(on_desk, product)
            self.bar.prepare(sitting)
            self._again.start()

    # What is pressed and typed

    def _kind_pressed(self, kind: DecisionKind | None) -> None:
        self.setFocus()
        if kind is None:
            self.deciding.skip()
        else:
            self.deciding.decide(kind)

    def _note_edited(self, text: str) -> None:
        if self._sitting is not None:
            self._sitting.note = text
            self.deciding.typed()

    def _reason_edited(self, text: str) -> None:
        if self._sitting is not None:
            self._sitting.measure_off_reason = text
            self.deciding.typed()

    def _ask_reason(self) -> None:
        self._notice(translate("Review", "Say why the measure is switched off, then decide."), "warning")
        self.bar.reason.setFocus()

    def _ask_note(self) -> None:
        self._notice(translate("Review", "Write the reasons into the note: they are told. Then decide."), "warning")
        self.bar.note.setFocus()

    # What others tell

    def _changed(self, changed: Changed) -> None:
        if changed.topics & {"desk", "evidence"} and not self.deciding.busy:
            self.deciding.refresh()
        if changed.topics & {"status", "outbox", "desk"}:
            self._soon.start()

    def _fetch_status(self, ended: Callable[[], object]) -> None:
        def done(status: Status) -> None:
            ended()
            self.foot.show_status(status)

        def lost(_error: Exception) -> None:
            ended()

        self._tasks.on_desk(self._workstation.status.status, done, lost, owner=self)

    def _act(self, action: str) -> None:
        if action == "retry":
            self.refresh()
        self.action_asked.emit(action)

    def _fail(self, words: str) -> None:
        self.store.resume()
        self._notice(words, "danger")
        self.problem_raised.emit(words)

    def _notice(self, words: str, severity: str) -> None:
        self.case_bar.show_notice(words, severity)


def _evidence(on_desk: CaseOnDesk) -> tuple[object, ...]:
    return on_desk.facts, on_desk.matches, on_desk.earlier
