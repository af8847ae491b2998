"""One thing that came back, with both sides: what was decided here, and what the server says."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from reviewer.domain.text import visible
from reviewer.services.model import InboxItem
from reviewer.ui import words
from reviewer.ui.outbox.tables import decision_words
from reviewer.ui.plain import PlainLabel, button
from reviewer.ui.theme import Theme


class InboxDetail(QFrame):
    """`action_chosen` carries `again`, `moot` or `escalate`."""

    action_chosen = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.setAccessibleName(self.tr("What came back"))
        self.title = PlainLabel(role="heading").wrapped()
        self.what = PlainLabel().wrapped()
        self.ours = PlainLabel().wrapped()
        self.theirs = PlainLabel().wrapped()
        self.buttons = {
            "again": button(self.tr("Decide again"), "primary"),
            "escalate": button(self.tr("Escalate")),
            "moot": button(self.tr("Record as moot")),
            "uphold": button(self.tr("Stand by it")),
        }
        sides = QGridLayout()
        sides.setHorizontalSpacing(theme.em(1.5))
        sides.addWidget(PlainLabel(self.tr("You decided"), "muted"), 0, 0)
        self.who = PlainLabel(role="muted")
        sides.addWidget(self.who, 0, 1)
        sides.addWidget(self.ours, 1, 0)
        sides.addWidget(self.theirs, 1, 1)
        sides.setColumnStretch(0, 1)
        sides.setColumnStretch(1, 1)
        row = QHBoxLayout()
        for name, made in self.buttons.items():
            made.clicked.connect(lambda _checked=False, name=name: self.action_chosen.emit(name))
            row.addWidget(made)
        row.addStretch(1)
        whole = QVBoxLayout(self)
        whole.addWidget(self.title)
        whole.addWidget(self.what)
        whole.addLayout(sides)
        whole.addStretch(1)
        whole.addLayout(row)

    def show_item(self, item: InboxItem | None) -> None:
        """Show an item, or nothing."""
        self.setVisible(item is not None)
        if item is None:
            return
        self.title.setText(visible(item.title, limit=300, keep_lines=False))
        self.what.setText(words.receipt(item.status))
        self.who.setText(self.tr("The auditor says") if item.status == "returned" else self.tr("The server says"))
        self.ours.setText(_ours(item))
        self.theirs.setText(visible(item.detail, limit=2000) or self.tr("No further words."))
        for name, made in self.buttons.items():
            made.setVisible(name in item.actions)

    def show_keys(self, texts: dict[str, str]) -> None:
        """Write the keys on the buttons."""
        for name, made in self.buttons.items():
            title = made.accessibleName()
            made.setText(f"{texts[name]}  {title}" if texts.get(name) else title)


def _ours(item: InboxItem) -> str:
    decision = item.decision
    lines = [decision_words(item)]
    lines += [f"• {visible(fact, limit=300)}" for fact in decision.facts]
    if decision.note:
        lines.append(visible(decision.note, limit=1000))
    return "\n".join(lines)
