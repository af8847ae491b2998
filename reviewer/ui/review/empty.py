"""What is shown where there is no case: why, and what to do next."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from reviewer.domain.text import visible
from reviewer.services.model import Desk
from reviewer.ui.plain import PlainLabel, button, label_text
from reviewer.ui.review.looks import Looks
from reviewer.ui.review.wording import day_and_time, translate


class EmptyPage(QWidget):
    """`action_asked` carries the id of what its button does, as in a banner: `open_accounts`, `retry` …"""

    action_asked = Signal(str)

    def __init__(self, theme: Looks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._action = ""
        self.title = PlainLabel("", "title").wrapped()
        self.words = PlainLabel("", "muted").wrapped()
        self.button = button("", "primary", name=translate("Review", "Next step"))
        self.button.clicked.connect(lambda: self.action_asked.emit(self._action))
        layout = QVBoxLayout(self)
        layout.setSpacing(theme.em(0.8))
        layout.addStretch(2)
        for label in (self.title, self.words):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            layout.addWidget(label)
        layout.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(3)
        self.setAccessibleName(translate("Review", "No case"))

    def show_desk(self, desk: Desk) -> None:
        """Say why there is no case."""
        title, words, action, label = self._state(desk)
        self.title.setText(title)
        self.words.setText(words)
        self._action = action
        self.button.setVisible(bool(action))
        self.button.setText(label_text(label))
        self.button.setAccessibleName(label or translate("Review", "Next step"))
        self.setAccessibleDescription(f"{title}\n{words}")

    def _state(self, desk: Desk) -> tuple[str, str, str, str]:
        """Title, words, action and its label."""
        retry = translate("Review", "Look again now")
        if desk.empty_reason == "no_account":
            return (
                translate("Review", "No marketplace yet"),
                translate("Review", "Add a marketplace, or try the demo; the first case is there within a minute."),
                "open_accounts",
                translate("Review", "Add a marketplace"),
            )
        if desk.empty_reason == "none_open":
            return (
                translate("Review", "Nothing left to review"),
                translate(
                    "Review",
                    "No open case is left for you: what you skipped is for others, and a filter that you review by"
                    " leaves the rest out. New ones come by themselves; U takes the last step back.",
                ),
                "retry",
                retry,
            )
        if desk.empty_reason == "held_elsewhere":
            return translate("Review", "The open cases are leased just now"), _holders(desk), "retry", retry
        if desk.empty_reason == "offline":
            return (
                translate("Review", "No connection, and no cases at hand"),
                translate("Review", "What was decided is kept and goes out as soon as the server answers."),
                "retry",
                translate("Review", "Try again now"),
            )
        if desk.empty_reason == "sign_in":
            return (
                translate("Review", "Please sign in again"),
                translate("Review", "The server does not know this desk any more. What was decided is kept."),
                "sign_in",
                translate("Review", "Sign in"),
            )
        return (
            translate("Review", "Fetching cases …"),
            translate("Review", "The first case appears as soon as it is there."),
            "",
            "",
        )


def _holders(desk: Desk) -> str:
    rows = []
    for holder in desk.holders[:8]:
        name = visible(holder.reviewer, limit=60, keep_lines=False)
        row = translate("Review", "{0}: {1} cases").format(name, holder.cases)
        if holder.until is not None:
            row = translate("Review", "{0}, until {1}").format(row, day_and_time(holder.until))
        rows.append(row)
    rows.append(translate("Review", "They come free when they are decided or given back."))
    return "\n".join(rows)
