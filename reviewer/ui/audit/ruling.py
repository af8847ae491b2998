"""The column beside the pictures: what is offered, what was decided, and the auditor's own ruling."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFrame, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from reviewer.audit.history import Decided
from reviewer.domain.decision import DecisionKind
from reviewer.domain.text import visible
from reviewer.services.audit_desk import CaseInPack
from reviewer.ui import words
from reviewer.ui.audit.listing import verdict_name
from reviewer.ui.plain import PlainLabel, button, tooltip
from reviewer.ui.review.wording import amount, kind_text
from reviewer.ui.theme import Theme

_KINDS = tuple(kind.value for kind in DecisionKind if kind not in (DecisionKind.WITHDRAW, DecisionKind.UPHOLD))
#: A longer title would push the decision out of sight; the whole one is in its tooltip.
_LONGEST_TITLE = 160
Said = tuple[str, str, str, str, str]


class Ruling(QWidget):
    """`judged` carries agree, fix or return."""

    judged = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.title = PlainLabel(role="heading").wrapped()
        self.told = PlainLabel().wrapped()
        self.description = PlainLabel(role="muted").wrapped()
        self.first = PlainLabel().wrapped()
        self.first.setAccessibleName(self.tr("The first decision"))
        for label in (self.title, self.told, self.description, self.first):
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.message = PlainLabel().wrapped()
        self.message.setAccessibleName(self.tr("Message"))
        self.kind, self.ground = QComboBox(), QComboBox()
        self.kind.setAccessibleName(self.tr("Your decision"))
        self.ground.setAccessibleName(self.tr("Your ground"))
        self.kind.addItem(self.tr("your decision (K)"), "")
        for kind in _KINDS:
            self.kind.addItem(kind_text(kind), kind)
        self.offer(())
        self.note = QLineEdit()
        self.note.setAccessibleName(self.tr("Note"))
        self.note.setPlaceholderText(self.tr("Note (N), needed to return"))
        self.note.returnPressed.connect(partial(self.judged.emit, "return"))
        self.golden = QCheckBox(self.tr("Golden (G): the known answer"))
        texts = {
            "agree": self.tr("1  Agree"),
            "fix": self.tr("2  Fix and accept"),
            "return": self.tr("3  Return with a note"),
        }
        self.buttons = {verdict: button(text) for verdict, text in texts.items()}
        for verdict, made in self.buttons.items():
            made.clicked.connect(partial(self.judged.emit, verdict))
            made.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._lay_out()

    def _lay_out(self) -> None:
        inside = QWidget()
        texts = QVBoxLayout(inside)
        texts.setContentsMargins(0, 0, self._theme.em(0.4), 0)
        for label in (self.title, self.told, self.first, self.description):
            texts.addWidget(label)
        texts.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inside)
        scroll.setObjectName("bare")
        scroll.setStyleSheet("#bare, #bare > QWidget > QWidget { background: transparent; }")
        column = QVBoxLayout(self)
        column.setContentsMargins(self._theme.em(0.5), 0, 0, 0)
        column.setSpacing(self._theme.em(0.4))
        column.addWidget(scroll, 1)
        for widget in (self.message, self.kind, self.ground, self.note, self.golden, *self.buttons.values()):
            column.addWidget(widget)
        self.setMinimumWidth(self._theme.em(22))

    def offer(self, grounds: Sequence[str]) -> None:
        """The grounds that can be chosen."""
        self.ground.clear()
        self.ground.addItem(self.tr("no ground (J)"), "")
        for ground in grounds:
            self.ground.addItem(words.plain_id(ground), ground)

    def ruled(self) -> tuple[str, str]:
        """The auditor's own decision (empty where none was chosen) and ground."""
        return str(self.kind.currentData() or ""), str(self.ground.currentData() or "")

    def take_over(self, decided: Decided) -> None:
        """Begin with the reviewer's own ruling: only what is wrong has to be changed."""
        self.kind.setCurrentIndex(max(0, self.kind.findData(decided.kind)))
        self.ground.setCurrentIndex(max(0, self.ground.findData(decided.ground)))

    @staticmethod
    def step(combo: QComboBox, by: int) -> None:
        """The next or the last entry, round the ends."""
        if combo.isEnabled() and combo.count():
            combo.setCurrentIndex((combo.currentIndex() + by) % combo.count())

    def say(self, text: str, role: str = "muted") -> None:
        """Say something above the ruling."""
        self.message.set_role(role)
        self.message.setText(text)

    def show_case(self, case: CaseInPack | None, *, judged: bool) -> None:
        """Show what is offered; the ruling begins anew."""
        self.say("")
        for combo in (self.kind, self.ground):
            combo.setCurrentIndex(0)
        self.note.clear()
        self.golden.setChecked(False)
        for widget in (self.kind, self.ground, self.note, self.golden, *self.buttons.values()):
            widget.setEnabled(judged)
            widget.setVisible(judged or case is None)
        self.first.clear()
        if case is None:
            for label in (self.title, self.told, self.description):
                label.clear()
            return
        listing = case.on_desk.case.listing
        font = self._theme.font(listing.language, bold=True)
        self.title.setFont(font)
        self.description.setFont(self._theme.font(listing.language))
        self.title.setText(visible(listing.title, limit=_LONGEST_TITLE))
        self.title.setToolTip(tooltip(visible(listing.title, limit=2000)))
        sold = self.tr("{0} sold").format(listing.units_sold) if listing.units_sold is not None else ""
        source = words.source(case.decided.source) if case.decided.source else "–"
        facts = (amount(listing.price), sold, case.decided.marketplace, self.tr("flagged by {0}").format(source))
        self.told.setText(" · ".join(visible(part, limit=80) for part in facts if part))
        self.description.setText(visible(listing.description, limit=2000))

    def say_first(self, case: CaseInPack, said: Sequence[Said]) -> None:
        """The first decision, and what auditors said of it before."""
        decided = case.decided
        ruling = _ruling(decided.kind, decided.ground)
        text = self.tr("Decided: {0} by {1} on {2} in {3} s.")
        lines = [text.format(ruling, decided.reviewer, decided.decided_at[:10], f"{decided.seconds:,.1f}")]
        lines += [f"• {fact}" for fact in case.facts]
        if case.note:
            lines.append(f"“{case.note}”")
        for auditor, verdict, kind, ground, note in said:
            mine = _ruling(kind, ground)
            other = self.tr(", differs") if (kind, ground) != (decided.kind, decided.ground) else ""
            line = self.tr("{0} {1}: {2}{3}").format(auditor, verdict_name(verdict), mine, other)
            lines.append(f"{line}. {note}" if note else f"{line}.")
        self.first.setText(visible("\n".join(lines), limit=4000))


def _ruling(kind: str, ground: str) -> str:
    return f"{kind_text(kind)}, {words.plain_id(ground)}" if ground else kind_text(kind)
