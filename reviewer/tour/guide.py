"""Works the window by keys and keeps its own record of what the window showed as made."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication

from reviewer.app import Desktop
from reviewer.domain.decision import DecisionKind
from reviewer.services.model import CaseRef, Desk, Status
from reviewer.tour.album import Album
from reviewer.tour.keyboard import Keyboard
from reviewer.tour.oracle import Shown
from reviewer.tour.waiting import wait_until

#: The key that decides each kind.
KEYS = {
    DecisionKind.CLEAR: "1",
    DecisionKind.WARN: "2",
    DecisionKind.RESTRICT: "3",
    DecisionKind.TAKEDOWN: "4",
    DecisionKind.ESCALATE: "6",
    DecisionKind.REQUEST_PROOF: "7",
}


class Guide:
    """One reviewer at the keyboard.  `shown` is what the window showed as made, `painted_ms` how fast."""

    def __init__(self, desktop: Desktop, album: Album) -> None:
        self.desktop = desktop
        self.album = album
        self.window = desktop.window
        self.screen = desktop.screen
        self.keyboard = Keyboard(desktop.window)
        self.shown: list[Shown] = []
        self.painted_ms: list[float] = []
        self.skipped = 0
        self.offline = 0
        self.problems: list[str] = []
        self.desk: Desk = Desk(None, empty_reason="loading")
        self._painted: CaseRef | None = None
        self.screen.case_painted.connect(self._case_painted)
        self.screen.desk_shown.connect(self._desk_shown)
        self.screen.problem_raised.connect(self.problems.append)

    @property
    def current(self) -> CaseRef | None:
        """The case in front of the reviewer."""
        return self.screen.sitting.on_desk.ref if self.screen.sitting is not None else None

    @property
    def undone(self) -> int:
        """How many decisions were taken back."""
        return sum(len(step.cases) for step in self.shown if step.undone)

    def status(self) -> Status:
        """How it stands behind the window."""
        return self.desktop.workstation.on_desk(self.desktop.workstation.status.status).result()

    def wait_for_case(self, seconds: float = 30.0) -> CaseRef:
        """Wait until the window shows a case with its pictures."""
        wait_until(self._case_is_shown, "the window to show the next case", seconds)
        reference = self.current
        assert reference is not None  # noqa: S101 - what was waited for
        return reference

    def show_review(self) -> None:
        """Go to the review screen by its key and wait for a case."""
        self.window.show_view("review")
        self.window.activateWindow()
        wait_until(lambda: self.screen.isVisible(), "the review screen")
        self.screen.setFocus()

    def decide(self, kind: DecisionKind) -> CaseRef:
        """Press the key of a decision and wait until the window shows it as made."""
        reference = self.wait_for_case()
        total = self.desk.counts.total
        self.keyboard.press(KEYS[kind])
        if self._asks_again(reference):
            self.keyboard.press(KEYS[kind])
        wait_until(lambda: self.desk.counts.total == total + 1, f"{kind.value} on {reference} to be shown as made")
        self.shown.append(Shown(kind.value, (reference.case_id,)))
        return reference

    def decide_on_ground(self, kind: DecisionKind, letter: str) -> CaseRef:
        """Two keys: the decision with Shift, then the letter of another ground."""
        reference = self.wait_for_case()
        total = self.desk.counts.total
        self.keyboard.press(f"Shift+{KEYS[kind]}")
        wait_until(lambda: self._sheet_is_open(), "the list of grounds")
        self.album.take(self.window, "review-ground-picker")
        self.keyboard.press(letter)
        if self._asks_again(reference):
            self.keyboard.press(f"Shift+{KEYS[kind]}")
            wait_until(lambda: self._sheet_is_open(), "the list of grounds")
            self.keyboard.press(letter)
        wait_until(lambda: self.desk.counts.total == total + 1, f"{kind.value} on {reference} to be shown as made")
        self.shown.append(Shown(kind.value, (reference.case_id,)))
        return reference

    def decide_batch(self, kind: DecisionKind, *, picture: str = "") -> int:
        """B, then one key for all cases that go together; answers how many, 0 where none does."""
        self.wait_for_case()
        sitting = self.screen.sitting
        if sitting is None or not sitting.on_desk.case.siblings:
            return 0
        total = self.desk.counts.total
        self.keyboard.press("B")
        sheet = self.screen.batch.sheet
        wait_until(lambda: sheet.isVisible() or self.problems, "the contact sheet")
        if not sheet.isVisible():
            self.problems.clear()
            return 0
        if picture:
            self.album.take(self.window, picture, settle_s=0.8)
        cases = sheet.ticked()
        self.keyboard.press(KEYS[kind])
        wait_until(lambda: self.desk.counts.total == total + len(cases), f"{len(cases)} decisions to be shown as made")
        self.shown.append(Shown(kind.value, cases))
        return len(cases)

    def undo(self) -> None:
        """Take the last decision back and wait until its case is in front again."""
        step = next(step for step in reversed(self.shown) if not step.undone)
        total = self.desk.counts.total
        self.keyboard.press("U")
        wait_until(lambda: self.desk.counts.total == total - len(step.cases), "the undo to be shown")
        step.undone = True
        self.wait_for_case()

    def skip(self) -> None:
        """Give the case in front back."""
        reference = self.wait_for_case()
        self.keyboard.press("5")
        wait_until(lambda: self.current != reference, f"{reference} to leave the desk")
        self.skipped += 1

    def write_note(self, text: str) -> None:
        """N, the text, Esc."""
        self.wait_for_case()
        self.keyboard.press("N")
        wait_until(lambda: QApplication.focusWidget() is not self.screen, "the note's field")
        self.keyboard.type_text(text)
        self.album.take(self.window, "review-note")
        self.keyboard.press("Esc")
        wait_until(lambda: QApplication.focusWidget() is self.screen, "the keys to be back at the case")

    def _asks_again(self, reference: CaseRef) -> bool:
        """A changed listing asks for a second press of the same key."""
        sitting = self.screen.sitting
        return sitting is not None and sitting.on_desk.ref == reference and sitting.confirming is not None

    def _sheet_is_open(self) -> bool:
        return self.screen.choosing.grounds.isVisible()

    def _case_is_shown(self) -> bool:
        return self.current is not None and self._painted == self.current and not self.screen.deciding.busy

    def _case_painted(self, reference: CaseRef, elapsed_ns: int) -> None:
        if elapsed_ns and reference != self._painted:
            self.painted_ms.append(elapsed_ns / 1e6)
        self._painted = reference

    def _desk_shown(self, desk: Desk) -> None:
        self.desk = desk
