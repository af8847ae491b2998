"""The bar at the bottom: ground, measure, facts and note of the decision, and the seven keys with what they do."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QLineEdit, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from reviewer.domain.decision import DecisionKind
from reviewer.domain.text import visible
from reviewer.ui.commands import Commands
from reviewer.ui.plain import button, label_text, tooltip
from reviewer.ui.review.ahead import Ahead
from reviewer.ui.review.consequence import consequence, skip_effect
from reviewer.ui.review.looks import Looks
from reviewer.ui.review.reach import measure_not_done, not_done, remark
from reviewer.ui.review.redress_words import key_effect, key_name, note_hint, pressed
from reviewer.ui.review.sitting import Sitting, together
from reviewer.ui.review.wording import ground_title, kind_name, measure_text, translate

#: The decisions with the ids of their commands and how much room their words need; None is Skip.
KEYS: tuple[tuple[DecisionKind | None, str, int], ...] = (
    (DecisionKind.CLEAR, "review.clear", 3),
    (DecisionKind.WARN, "review.warn", 5),
    (DecisionKind.RESTRICT, "review.restrict", 5),
    (DecisionKind.TAKEDOWN, "review.takedown", 8),
    (None, "review.skip", 3),
    (DecisionKind.ESCALATE, "review.escalate", 3),
    (DecisionKind.REQUEST_PROOF, "review.proof", 3),
)
#: So many looks of a button are kept: what it shows, what comes next, and the same pointed at.
_KEPT = 8
_TONES = {
    DecisionKind.CLEAR: "ok",
    DecisionKind.WARN: "warning",
    DecisionKind.RESTRICT: "warning",
    DecisionKind.TAKEDOWN: "danger",
}


@dataclass(frozen=True, slots=True)
class KeyWords:
    """What stands on a decision's button: `proposed` marks the action that the ground names; `remark` is what the
    pointer and a screen reader get besides, such as why the marketplace does not carry it out."""

    key: str
    name: str
    effect: str
    proposed: bool = False
    enabled: bool = True
    remark: str = ""


class DecisionButton(QAbstractButton):
    """A decision with its key; below it what it does."""

    def __init__(self, theme: Looks, tone: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._tone = tone
        self._told: KeyWords | None = None
        self._drawn: OrderedDict[tuple[object, ...], QPixmap] = OrderedDict()
        # A click must not leave the focus here: Space would then press it again on the next case.
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        theme.changed.connect(self._restyle)

    def show_decision(self, told: KeyWords) -> None:
        """Its key and words."""
        if told == self._told:
            return
        self._told = told
        name, effect = told.name, ". ".join(part for part in (told.effect, told.remark) if part)
        self.setEnabled(told.enabled)
        self.setText(label_text(name))
        self.setAccessibleName(translate("Review", "{0}, key {1}").format(name, told.key))
        self.setAccessibleDescription(effect)
        self.setToolTip(tooltip(f"{name}: {effect}"))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self._theme.em(9), self._theme.em(4.4))

    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.em(5), self._theme.em(4.4))

    def prepare(self, told: KeyWords) -> None:
        """Draw ahead what is shown next, as it looks while nothing points at it."""
        self._picture(told, "raised", focused=False)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._told is None:
            return
        back = "selection" if self.isDown() else ("hover" if self.underMouse() and self.isEnabled() else "raised")
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._picture(self._told, back, focused=self.hasFocus()))
        painter.end()

    def _restyle(self) -> None:
        self._drawn.clear()
        self.updateGeometry()
        self.update()

    def _picture(self, told: KeyWords, back: str, *, focused: bool) -> QPixmap:
        """The button as a picture; the few that come again and again are kept."""
        ratio = self.devicePixelRatioF()
        look = (told, back, focused, self.width(), self.height(), ratio)
        found = self._drawn.get(look)
        if found is None:
            found = self._drawn[look] = QPixmap(round(self.width() * ratio), round(self.height() * ratio))
            found.setDevicePixelRatio(ratio)
            found.fill(Qt.GlobalColor.transparent)
            painter = QPainter(found)
            self._paint(painter, told, back, focused=focused)
            painter.end()
            if len(self._drawn) > _KEPT:
                self._drawn.popitem(last=False)
        self._drawn.move_to_end(look)
        return found

    def _paint(self, painter: QPainter, told: KeyWords, back: str, *, focused: bool) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour, em = self._theme.colour, self._theme.em(1)
        box = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        proposed = told.proposed and told.enabled
        edge = "focus" if focused else (self._tone if proposed else "border")
        painter.setBrush(colour(back if told.enabled else "surface"))
        pen = QPen(colour(edge), 2 if proposed or focused else 1)
        if not told.enabled:
            pen.setStyle(Qt.PenStyle.DashLine)
        painter.setPen(pen)
        painter.drawRoundedRect(box, em * 0.3, em * 0.3)
        bold, small = self._theme.font("", 1.0, True), self._theme.font("", 0.86)
        pad = 0.55 * em
        metrics = QFontMetricsF(bold)
        top = box.top() + 0.35 * em
        cap = QRectF(box.left() + pad, top, max(1.35 * em, metrics.horizontalAdvance(told.key) + 0.6 * em), 1.4 * em)
        painter.setPen(QPen(colour(self._tone if told.enabled else "border"), 1.2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(cap, 3, 3)
        painter.setFont(bold)
        painter.setPen(colour(self._tone if told.enabled else "muted"))
        painter.drawText(cap, Qt.AlignmentFlag.AlignCenter, told.key)
        painter.setPen(colour("text" if told.enabled else "muted"))
        room = QRectF(cap.right() + 0.45 * em, top, box.right() - cap.right() - 0.7 * em, 1.4 * em)
        painter.drawText(room, _LEFT, metrics.elidedText(told.name, Qt.TextElideMode.ElideRight, room.width()))
        painter.setFont(small)
        painter.setPen(colour("muted"))
        metrics = QFontMetricsF(small)
        wide = box.width() - 1.6 * pad
        for row, words in enumerate(_two_rows(told.effect, metrics, wide)):
            place = QRectF(box.left() + pad, top + 1.5 * em + row * metrics.height(), wide, metrics.height())
            painter.drawText(place, _LEFT, metrics.elidedText(words, Qt.TextElideMode.ElideRight, wide))


_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)


def _two_rows(text: str, metrics: QFontMetricsF, wide: float) -> tuple[str, ...]:
    """The text on one row, or on two that part at a dot or, failing that, between words."""
    if metrics.horizontalAdvance(text) <= wide:
        return (text,)
    for mark in (" · ", " "):
        parts = text.split(mark)
        for count in range(len(parts) - 1, 0, -1):
            if metrics.horizontalAdvance(mark.join(parts[:count])) <= wide:
                return mark.join(parts[:count]), mark.join(parts[count:])
    return (text,)


@dataclass(frozen=True, slots=True)
class _BarWords:
    """All words of the bar: those of the keys; texts and descriptions; hints."""

    keys: tuple[tuple[DecisionKind | None, KeyWords], ...]
    entries: tuple[tuple[str, str], ...]
    hints: tuple[str, str]


def _bar_words(sitting: Sitting, commands: Commands) -> _BarWords:
    policy = sitting.on_desk.policy
    proposed = sitting.proposed
    title = ground_title(policy, sitting.ground)
    keys: list[tuple[DecisionKind | None, KeyWords]] = []
    for kind, command, _stretch in KEYS:
        key = commands.chord_text(command)
        if kind is None:
            keys.append((None, KeyWords(key, translate("Review", "Skip"), skip_effect())))
            continue
        case = sitting.on_desk.case
        meant = pressed(case, kind)
        name, reason = kind_name(kind), not_done(sitting, meant) if meant is not None else ""
        if kind == DecisionKind.TAKEDOWN:
            name = translate("Review", "{0} ▸ {1}").format(name, title)
        name = key_name(case, kind, title) or name
        effect = key_effect(case, kind) or consequence(sitting, kind)
        able = meant is not None and not reason
        told = KeyWords(key, name, effect, kind == proposed and able, able, reason or remark(sitting, kind))
        keys.append((kind, told))
    count = len(sitting.ruled_facts(DecisionKind.TAKEDOWN))
    siblings = len(together(sitting.on_desk))
    entries = tuple(
        (label_text(f"{text}  [{commands.chord_text(command)}]"), visible(text))
        for command, text in (
            ("review.ground", translate("Review", "Ground: {0}").format(title)),
            ("review.measure", _measure_words(sitting, proposed or DecisionKind.TAKEDOWN)),
            ("review.facts", translate("Review", "Facts: {0}").format(count)),
            ("review.batch", translate("Review", "Batch: {0}").format(siblings)),
        )
    )
    note = commands.chord_text("review.note")
    hints = (
        note_hint(sitting.on_desk.case, note) or translate("Review", "Note ({0}); Esc goes back").format(note),
        translate("Review", "Why is the measure off? Esc goes back"),
    )
    return _BarWords(tuple(keys), entries, hints)


def _measure_words(sitting: Sitting, kind: DecisionKind) -> str:
    due = sitting.step(kind).due
    if sitting.on_desk.reach.complaint:
        return translate("Review", "no measure: a complaint")
    if due is None:
        return translate("Review", "no measure due")
    if words := measure_not_done(sitting, kind):
        return words
    return translate("Review", "measure switched off") if sitting.measure_off else measure_text(due)


class EntryField(QLineEdit):
    """A text field from which Esc and Return lead back to the review surface."""

    left = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.left.emit()
            return
        super().keyPressEvent(event)


class DecisionBar(QWidget):
    """Signals tell which button was pressed and what was typed; `kind_pressed` carries a kind, None for Skip."""

    kind_pressed = Signal(object)
    command_pressed = Signal(str)
    note_edited = Signal(str)
    reason_edited = Signal(str)
    entry_left = Signal()

    def __init__(self, theme: Looks, commands: Commands, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._commands = commands
        self._ahead: Ahead[_BarWords] = Ahead()
        self.buttons: dict[DecisionKind | None, DecisionButton] = {}
        self.ground = self._entry_button("review.ground", translate("Review", "Ground of the decision"))
        self.measure = self._entry_button("review.measure", translate("Review", "Measure of the ladder"))
        self.facts = self._entry_button("review.facts", translate("Review", "Facts of the decision"))
        self.batch = self._entry_button("review.batch", translate("Review", "Cases that go with this one"))
        self.note = self._field(translate("Review", "Note"))
        self.reason = self._field(translate("Review", "Why the measure is switched off"))
        self.note.textEdited.connect(self.note_edited)
        self.reason.textEdited.connect(self.reason_edited)
        entry, keys = QHBoxLayout(), QHBoxLayout()
        for widget, stretch in (
            (self.ground, 0),
            (self.measure, 0),
            (self.reason, 3),
            (self.facts, 0),
            (self.batch, 0),
            (self.note, 5),
        ):
            entry.addWidget(widget, stretch)
        for kind, _command, stretch in KEYS:
            made = DecisionButton(theme, _TONES.get(kind, "accent") if kind is not None else "accent", self)
            made.clicked.connect(lambda _checked=False, kind=kind: self.kind_pressed.emit(kind))
            self.buttons[kind] = made
            keys.addWidget(made, stretch)
        layout = QVBoxLayout(self)
        gap = theme.em(0.4)
        layout.setContentsMargins(gap, gap, gap, gap)
        layout.setSpacing(gap)
        entry.setSpacing(gap)
        keys.setSpacing(gap)
        layout.addLayout(entry)
        layout.addLayout(keys)

    def show_sitting(self, sitting: Sitting) -> None:
        """Show what was typed for a case; `refresh` shows what each key would do."""
        for field, text in ((self.note, sitting.note), (self.reason, sitting.measure_off_reason)):
            if field.text() != text:
                field.setText(text)

    def refresh(self, sitting: Sitting) -> None:
        """Show again what each key would do."""
        words = self._ahead.take(sitting) or _bar_words(sitting, self._commands)
        for kind, told in words.keys:
            self.buttons[kind].show_decision(told)
        for made, text in zip((self.ground, self.measure, self.facts, self.batch), words.entries, strict=True):
            self._say(made, *text)
        self.reason.setVisible(sitting.measure_off)
        self.batch.setEnabled(bool(together(sitting.on_desk)))
        for field, hint in zip((self.note, self.reason), words.hints, strict=True):
            if field.placeholderText() != hint:
                field.setPlaceholderText(hint)

    def prepare(self, sitting: Sitting) -> None:
        """Work out ahead what the keys would do to a coming case."""
        words = self._ahead.keep(sitting, _bar_words(sitting, self._commands))
        for kind, told in words.keys:
            self.buttons[kind].prepare(told)

    def _say(self, made: QPushButton, text: str, description: str) -> None:
        if made.text() != text:
            made.setText(text)
            made.setAccessibleDescription(description)

    def _entry_button(self, command: str, name: str) -> QPushButton:
        made = button("", name=name)
        made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        made.clicked.connect(lambda: self.command_pressed.emit(command))
        return made

    def _field(self, name: str) -> EntryField:
        field = EntryField(self)
        field.setAccessibleName(name)
        field.setMaxLength(4000)
        field.left.connect(self.entry_left)
        return field
