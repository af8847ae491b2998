"""All keys on one sheet, by group; each can be given another key here."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QDialog, QFrame, QGridLayout, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from reviewer.ui.commands import ChordTaken, Command, Commands
from reviewer.ui.keys import chord_of
from reviewer.ui.plain import PlainLabel, button
from reviewer.ui.theme import Theme

_COLUMNS = 2


class KeySheet(QDialog):
    """Press the button of a key, then the new key; Esc leaves it, Backspace takes the key away."""

    def __init__(self, commands: Commands, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._commands = commands
        self._theme = theme
        self._waiting: Command | None = None
        self.buttons: dict[str, QPushButton] = {}
        self.setWindowTitle(self.tr("Keys"))
        self.setAccessibleName(self.tr("Keys"))
        self.message = PlainLabel(role="muted").wrapped()
        self.reset_button = button(self.tr("First keys again"))
        self.close_button = button(self.tr("Close"), "primary")
        self._lay_out()
        self.reset_button.clicked.connect(self.reset_all)
        self.close_button.clicked.connect(self.accept)
        commands.rebound.connect(self._show_key)
        self.resize(theme.em(62), theme.em(46))

    def begin(self, command_id: str) -> None:
        """Wait for the new key of a command."""
        command = self._commands.find(command_id)
        if command is None:
            return
        self._stop()
        self._waiting = command
        self.buttons[command_id].setText(self.tr("press a key"))
        self._say(
            self.tr("New key for “{0}”. Esc leaves it as it is, Backspace takes the key away.").format(command.title)
        )
        self.setFocus()

    def reset_all(self) -> None:
        """Give every command its first key back."""
        self._stop()
        changed = [c for c in self._commands.all() if self._commands.chord(c.id) != c.chord]
        for command in changed:
            self._commands.rebind(command.id, "")
        for command in changed:
            self._commands.reset(command.id)
        self._say(self.tr("All keys are as they were at first."))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._waiting is None:
            super().keyPressEvent(event)
            return
        event.accept()
        chord = chord_of(event, QGuiApplication.platformName())
        if chord == "Esc":
            self._say("")
            self._stop()
        elif chord == "Backspace":
            self._take("")
        elif chord and chord != "Tab":
            self._take(chord)

    def _take(self, chord: str) -> None:
        command = self._waiting
        if command is None:
            return
        try:
            self._commands.rebind(command.id, chord)
        except ChordTaken as taken:
            self._say(self.tr("{0} Choose another key.").format(str(taken)), "danger")
            return
        self._say(self.tr("“{0}” has its new key.").format(command.title), "ok")
        self._stop()

    def _stop(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self._show_key(waiting.id)

    def _show_key(self, command_id: str) -> None:
        made = self.buttons.get(command_id)
        command = self._commands.find(command_id)
        if made is not None and command is not None:
            chord = self._commands.chord_text(command_id) or "–"
            made.setText(chord)
            made.setAccessibleName(self.tr("Key of {0}: {1}").format(command.title, chord))

    def _say(self, text: str, role: str = "muted") -> None:
        self.message.set_role(role)
        self.message.setText(text)

    def _lay_out(self) -> None:
        groups: dict[str, list[Command]] = {}
        for command in self._commands.all():
            groups.setdefault(command.group or self.tr("Window"), []).append(command)
        columns = [QVBoxLayout() for _ in range(_COLUMNS)]
        heights = [0] * _COLUMNS
        for group, commands in groups.items():
            shortest = heights.index(min(heights))
            columns[shortest].addWidget(self._group(group, commands))
            heights[shortest] += len(commands) + 2
        page = QWidget()
        pair = QHBoxLayout(page)
        for column in columns:
            column.addStretch(1)
            pair.addLayout(column, 1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidget(page)
        area.setAccessibleName(self.tr("Keys by group"))
        below = QHBoxLayout()
        below.addWidget(self.message, 1)
        below.addWidget(self.reset_button)
        below.addWidget(self.close_button)
        whole = QVBoxLayout(self)
        whole.addWidget(area, 1)
        whole.addLayout(below)

    def _group(self, name: str, commands: list[Command]) -> QFrame:
        frame = QFrame()
        frame.setProperty("role", "card")
        frame.setAccessibleName(name)
        grid = QGridLayout(frame)
        grid.setVerticalSpacing(self._theme.em(0.15))
        grid.addWidget(PlainLabel(name, "heading"), 0, 0, 1, 2)
        for place, command in enumerate(commands, start=1):
            made = button("", "key")
            made.clicked.connect(lambda _checked=False, command_id=command.id: self.begin(command_id))
            self.buttons[command.id] = made
            self._show_key(command.id)
            grid.addWidget(PlainLabel(command.title).wrapped(), place, 0)
            grid.addWidget(made, place, 1, Qt.AlignmentFlag.AlignRight)
        grid.setColumnStretch(0, 1)
        return frame
