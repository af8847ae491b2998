"""The line above the pictures, and the line at the foot."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QWidget

from reviewer.domain.text import visible
from reviewer.services.clock import now, steady
from reviewer.services.model import CaseOnDesk, Desk, Status
from reviewer.ui.commands import Commands
from reviewer.ui.plain import ElidedLabel, PlainLabel
from reviewer.ui.review.looks import Looks
from reviewer.ui.review.passage import Line, Passage
from reviewer.ui.review.redress_words import head_of
from reviewer.ui.review.wording import kind_letter, place_text, translate
from reviewer.ui.words import span, step

_SOON_S = 30 * 60
#: From this age on what is shown says how old it is, as it is when one works without a network.
_OLD_S = 120


class CaseBar(Passage):
    """Which case this is, when it is due, and what stands in the way."""

    def __init__(self, theme: Looks, parent: QWidget | None = None) -> None:
        super().__init__(theme, translate("Review", "The case"), parent, padding=0.5)
        self._on_desk: CaseOnDesk | None = None
        self._notice = ("", "")
        self._timer = QTimer(self, interval=1000)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def show_case(self, on_desk: CaseOnDesk) -> None:
        """Show a case."""
        self._on_desk = on_desk
        self._tick()

    def prepare_case(self, on_desk: CaseOnDesk) -> None:
        """Lay a coming case out ahead, as it will be said without a notice."""
        self.prepare(_case_lines(on_desk, now(), ("", "")))

    def show_notice(self, text: str, severity: str) -> None:
        """Say something that the reviewer must know: `severity` is `warning`, `danger` or `info`; empty ends it."""
        if (text, severity) != self._notice:
            self._notice = (text, severity)
            self._tick()

    @property
    def notice(self) -> str:
        """What is said."""
        return self._notice[0]

    def _tick(self) -> None:
        if self._on_desk is None:
            return
        self.set_lines(_case_lines(self._on_desk, now(), self._notice))


_PROBLEMS = {
    "changed": ("The listing changed since it was flagged: a decision needs a second press.", "warning"),
    "reopened": ("Your own earlier decision is open again: the next one replaces it.", "warning"),
}


def _case_lines(on_desk: CaseOnDesk, moment: datetime, notice: tuple[str, str]) -> tuple[Line, ...]:
    lines = [_case_line(on_desk, moment)]
    problem = _PROBLEMS.get(on_desk.problem)
    if problem is not None and not (on_desk.problem == "changed" and notice[0]):
        text, role = translate("Review", problem[0]), problem[1]
        lines.append(Line(text, role, "warning", bold=True, rows=2, back=f"{role}_back"))
    if notice[0]:
        text, role = notice
        back = f"{role}_back"
        lines.append(Line(text, "text" if role == "info" else role, "warning", bold=True, rows=3, back=back))
    return tuple(lines)


def _case_line(on_desk: CaseOnDesk, moment: datetime) -> Line:
    case = on_desk.case
    market = visible(on_desk.marketplace.name, limit=40, keep_lines=False)
    text = translate("Review", "{0}  ·  case {1}").format(market, visible(case.id, limit=40))
    if head := head_of(case):
        text = f"{head}  ·  {text}"
    role = "text"
    trailing = []
    age = (moment - on_desk.fetched_at).total_seconds()
    if age >= _OLD_S:
        trailing.append(translate("Review", "as of {0} ago").format(span(age)))
    if case.due_at is not None:
        left = (case.due_at - moment).total_seconds()
        if left < 0:
            trailing.append(translate("Review", "overdue by {0}").format(span(-left)))
            role = "danger"
        else:
            trailing.append(translate("Review", "due in {0}").format(span(left)))
            role = "warning" if left < _SOON_S else "muted"
    if on_desk.lease_deadline is not None and on_desk.lease_deadline <= steady():  # the head counts it down
        trailing.append(translate("Review", "lease run out"))
        role = "danger"
    glyph = "warning" if role in ("danger", "warning") else "clock"
    why = place_text(on_desk, moment.replace(second=0, microsecond=0))
    return Line(
        text, glyph=glyph, glyph_role=role, rows=1, trailing="  ·  ".join(trailing), trailing_role=role, tooltip=why
    )


class Foot(QWidget):
    """Keys on the left, what undo takes back and what is being sent in the middle, the last decisions on the right."""

    def __init__(self, theme: Looks, commands: Commands, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._commands = commands
        self._status = Status()
        self._fetched = steady()
        self._known: tuple[str, ...] | None = None
        commands.rebound.connect(self._forget_hints)
        self.undo = ElidedLabel("", "muted", self)
        self.hints = ElidedLabel("", "muted", self)
        self.sending = ElidedLabel("", "", self)
        self.counts = PlainLabel("", "muted", self)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.em(0.6), 0, theme.em(0.6), theme.em(0.3))
        layout.addWidget(self.hints, 4)
        layout.addWidget(self.undo, 2)
        layout.addWidget(self.sending, 2)
        layout.addWidget(self.counts)
        self.counts.setAlignment(Qt.AlignmentFlag.AlignRight)
        for label, name in (
            (self.undo, translate("Review", "Undo")),
            (self.hints, translate("Review", "Keys")),
            (self.sending, translate("Review", "Sending")),
            (self.counts, translate("Review", "Last decisions")),
        ):
            label.setAccessibleName(name)
        self._timer = QTimer(self, interval=1000)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def show_desk(self, desk: Desk) -> None:
        """The last step and the last decisions."""
        label = step(desk.undo_label) if desk.undo_label else ""
        words = translate("Review", "{0} undo: {1}") if label else translate("Review", "{0} undo")
        _put(self.undo, words.format(self._commands.chord_text("review.undo"), label))
        _put(self.hints, "   ".join(self._hints()))
        counts = desk.counts
        _put(self.counts, " ".join(kind_letter(kind) for kind in counts.recent[-8:]))

    def _hints(self) -> tuple[str, ...]:
        """Keys and what they do, worked out once until a key is given away."""
        if self._known is not None:
            return self._known
        hints = []
        for command, words in (
            ("review.ground", translate("Review", "{0} ground")),
            ("review.note", translate("Review", "{0} note")),
            ("review.flick", translate("Review", "{0} flick")),
            ("review.difference", translate("Review", "{0} difference")),
            ("review.split", translate("Review", "{0} split")),
            ("review.onion", translate("Review", "{0} onion skin")),
            ("review.evidence", translate("Review", "{0} matches")),
            ("review.whole_pixels", translate("Review", "{0} 100 %")),
        ):
            hints.append(words.format(self._commands.chord_text(command)))
        self._known = tuple(hints)
        return self._known

    def _forget_hints(self) -> None:
        self._known = None

    def show_status(self, status: Status) -> None:
        """What is being sent."""
        self._status, self._fetched = status, steady()
        self._tick()

    def _tick(self) -> None:
        status = self._status
        if status.next_send_s is not None and status.next_send_label:
            left = max(0.0, status.next_send_s - (steady() - self._fetched))
            label = step(status.next_send_label)
            words = translate("Review", "sent in {0}: {1}").format(span(left + 0.5), label)
            if status.unsent > 1:
                words += translate("Review", "  (+{0})").format(status.unsent - 1)
        elif status.unsent:
            words = translate("Review", "{0} waiting to be sent").format(status.unsent)
        else:
            words = ""
        _put(self.sending, words)


def _put(label: PlainLabel, text: str) -> None:
    if label.text() != text:
        label.setText(text)
