"""From a key press to the next case: rulings go to the desk, one at a time, and the new desk comes back."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from time import perf_counter_ns

from PySide6.QtCore import QObject, QTimer, Signal

from reviewer.domain.case import CaseKind
from reviewer.domain.decision import AGAINST_SELLER, DecisionKind
from reviewer.errors import OperatorError
from reviewer.services import redress
from reviewer.services.model import CaseRef, Desk
from reviewer.ui.review.reach import not_done
from reviewer.ui.review.redress_words import pressed
from reviewer.ui.review.services import Review
from reviewer.ui.review.sitting import Sitting
from reviewer.ui.review.wording import kind_name, translate
from reviewer.ui.tasks import Latest, Tasks

_log = logging.getLogger(__name__)

#: How long typing may pause before what was typed is kept.
_DRAFT_MS = 400


class Deciding(QObject):
    """Makes rulings of key presses.

    `begun` comes when a step is handed to the desk; `desk_arrived` carries the desk and whether it is the
    answer to a key of the reviewer's own; `confirmation_asked` the words for a second press; `reason_missed`
    that the measure was switched off without a reason, `note_missed` that the note must say why;
    `failed` the words of an error: then the decision was
    not made.
    """

    begun = Signal()
    desk_arrived = Signal(object, bool)
    confirmation_asked = Signal(str)
    reason_missed = Signal()
    note_missed = Signal()
    failed = Signal(str)

    def __init__(self, review: Review, tasks: Tasks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._review = review
        self._tasks = tasks
        self._sitting: Sitting | None = None
        self._busy = False
        self._pressed_ns = 0
        self._latest = Latest(self._fetch)
        self._drafting = QTimer(self, singleShot=True, interval=_DRAFT_MS)
        self._drafting.timeout.connect(self._save_draft)

    @property
    def pressed_ns(self) -> int:
        """When the key was pressed whose answer came last, on `perf_counter_ns`; 0 where it was no key."""
        return self._pressed_ns

    @property
    def busy(self) -> bool:
        """Whether a ruling is under way; other keys of decisions are dead until it is recorded."""
        return self._busy

    def open(self, sitting: Sitting | None) -> None:
        """Work on this case from now on.  What was typed for the one before is kept."""
        if self._drafting.isActive():
            self._drafting.stop()
            self._save_draft()
        self._sitting = sitting

    def decide(self, kind: DecisionKind, ground: str = "") -> None:
        """Rule on the case in front."""
        sitting = self._sitting
        if sitting is None or self._busy:
            return
        meant = pressed(sitting.on_desk.case, kind)
        if meant is None:
            self.failed.emit(
                translate("Review", "On an appeal: 1 upholds, 2 grants in part, 3 reverses, 6 hands it on.")
            )
            return
        kind = meant
        if not self.can_do(kind) or self._reason_is_missing(sitting, kind, ground):
            return
        if redress.needs_reason(sitting.on_desk.case, kind) and not sitting.note.strip():
            self.note_missed.emit()
            return
        if sitting.changed and sitting.confirming != (kind, ground):
            sitting.confirming = (kind, ground)
            words = translate("Review", "The listing changed since it was flagged. Press again to confirm: {0}.")
            self.confirmation_asked.emit(words.format(kind_name(kind)))
            return
        ruling = sitting.ruling(kind, ground, confirmed=sitting.changed)
        self._step(partial(self._review.decide, ruling))

    def decide_batch(self, refs: Sequence[CaseRef], kind: DecisionKind) -> None:
        """One ruling on several cases, the one in front among them."""
        sitting = self._sitting
        if sitting is not None and sitting.on_desk.case.kind != CaseKind.LISTING:
            self.failed.emit(translate("Review", "A proof or an appeal is decided by itself."))
            return
        if sitting is None or self._busy or not self.can_do(kind) or self._reason_is_missing(sitting, kind, ""):
            return
        ruling = sitting.ruling(kind, confirmed=sitting.changed)
        self._step(partial(self._review.decide_batch, tuple(refs), ruling))

    def can_do(self, kind: DecisionKind) -> bool:
        """Whether the marketplace of the case in front carries this out; where it does not, `failed` says so."""
        words = not_done(self._sitting, kind) if self._sitting is not None else ""
        if words:
            self.failed.emit(words)
        return not words

    def skip(self, reason: str = "skipped") -> None:
        """Give the case back; `reason` is `skipped`, `needs_language` or `needs_expert`."""
        sitting = self._sitting
        if sitting is not None and not self._busy:
            self._step(partial(self._review.skip, sitting.on_desk.ref, reason))

    def undo(self) -> None:
        """Take the last step back."""
        if not self._busy:
            self._step(self._review.undo)

    def refresh(self) -> None:
        """Look at the desk again."""
        self._latest.refresh()

    def typed(self) -> None:
        """Something of the draft changed: keep it soon."""
        if self._sitting is not None:
            self._sitting.touched = True
            self._drafting.start()

    def _reason_is_missing(self, sitting: Sitting, kind: DecisionKind, ground: str) -> bool:
        due = kind in AGAINST_SELLER and sitting.due(kind, ground) is not None
        if due and sitting.measure_off and not sitting.measure_off_reason.strip():
            self.reason_missed.emit()
            return True
        return False

    def _step(self, call: Callable[[], Desk]) -> None:
        """Make a step on the desk; the draft is kept first, so that undo brings it back."""
        self._pressed_ns = perf_counter_ns()
        if self._sitting is not None and self._sitting.touched:
            self._drafting.stop()
            self._save_draft()
        self._busy = True
        self.begun.emit()
        self._tasks.on_desk(call, self._stepped, self._refused, owner=self)

    def _stepped(self, desk: Desk) -> None:
        self._busy = False
        self.desk_arrived.emit(desk, True)

    def _refused(self, error: Exception) -> None:
        self._busy = False
        if isinstance(error, OperatorError):
            self.failed.emit(str(error))
        else:
            _log.error("a step on the desk failed", exc_info=error)
            self.failed.emit(
                translate("Review", "That did not work; nothing was decided. ({0})").format(type(error).__name__)
            )

    def _save_draft(self) -> None:
        sitting = self._sitting
        if sitting is not None and sitting.touched:
            sitting.touched = False
            call = partial(self._review.save_draft, sitting.on_desk.ref, sitting.draft())
            self._tasks.on_desk(call, None, self._draft_lost, owner=self)

    def _draft_lost(self, error: Exception) -> None:
        if self._sitting is not None:
            self._sitting.touched = True
        self.failed.emit(str(error))

    def _fetch(self, ended: Callable[[], object]) -> None:
        def done(desk: Desk) -> None:
            ended()
            if not self._busy:
                self._pressed_ns = 0
                self.desk_arrived.emit(desk, False)

        def lost(error: Exception) -> None:
            ended()
            self.failed.emit(str(error))

        self._tasks.on_desk(self._review.desk, done, lost, owner=self)
