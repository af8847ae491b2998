"""Everything the window can do, by name: one registry for keys, buttons, palette and key sheet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QObject, QSettings, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from reviewer.errors import BugError, OperatorError


class Scope(StrEnum):
    """Where a command's key works: everywhere in the window, or on one surface by physical key."""

    WINDOW = "window"
    REVIEW = "review"
    QUEUE = "queue"
    OUTBOX = "outbox"
    AUDIT = "audit"


@dataclass(frozen=True)
class Command:
    """Something the reviewer can do.

    `chord` is the default key, such as `1`, `Shift+U`, `Ctrl+K` or `F11`, in Qt's portable words; on a
    surface it names the physical key at that place of a US keyboard.  `also` are further fixed chords.
    `group` is the heading it stands under in the key sheet.  `released` is called when a held key is let
    go; `repeats` lets a held key repeat.  `checked` says whether a switch is on, `enabled` whether the
    command can be run now.  `listed` puts it into the palette.
    """

    id: str
    title: str
    chord: str
    scope: str
    handler: Callable[[], object]
    group: str = ""
    also: tuple[str, ...] = ()
    checkable: bool = False
    checked: Callable[[], bool] | None = None
    enabled: Callable[[], bool] | None = None
    released: Callable[[], object] | None = None
    repeats: bool = False
    listed: bool = True

    def is_enabled(self) -> bool:
        """Whether it can be run now."""
        return self.enabled is None or self.enabled()


class ChordTaken(OperatorError):
    """The wanted key belongs to another command, which `command` names."""

    def __init__(self, message: str, command: Command) -> None:
        super().__init__(message)
        self.command = command


def tidy_chord(chord: str) -> str:
    """The one spelling of a chord, such as `Ctrl+Shift+K`; empty where it is none."""
    return QKeySequence.fromString(chord, QKeySequence.SequenceFormat.PortableText).toString(
        QKeySequence.SequenceFormat.PortableText
    )


class Commands(QObject):
    """The registry.  `triggered` carries the id of what was run, `rebound` of what has another key now.

    While `paused` is set, nothing can be run: the window is locked.
    """

    triggered = Signal(str)
    rebound = Signal(str)

    def __init__(self, settings: QSettings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self._commands: dict[str, Command] = {}
        self._chords: dict[str, str] = {}
        self._shortcuts: dict[str, list[QShortcut]] = {}
        self._window: QWidget | None = None
        self.paused = False

    def register(self, command: Command) -> Command:
        """Add a command; two with one default key are a fault of ours, unless the reviewer rebound one."""
        if command.id in self._commands:
            raise BugError(f"The command {command.id} is registered twice.")
        default = tidy_chord(command.chord)
        stored = self._settings.value(f"keys/{command.id}")
        chord = default if stored is None else tidy_chord(str(stored))
        holder = self._holder(command, chord)
        if holder is not None and stored is None and tidy_chord(holder.chord) == default:
            raise BugError(f"{command.id} and {holder.id} both have the key {chord}.")
        for fixed in command.also:
            other = self._holder(command, fixed)
            if other is not None and fixed in (tidy_chord(other.chord), *other.also):
                raise BugError(f"{command.id} and {other.id} both have the key {fixed}.")
        self._commands[command.id] = command
        self._chords[command.id] = "" if holder is not None else chord
        if self._window is not None:
            self._bind(command)
        return command

    def find(self, command_id: str) -> Command | None:
        """The command of that id."""
        return self._commands.get(command_id)

    def all(self) -> tuple[Command, ...]:
        """All commands, in the order of registration."""
        return tuple(self._commands.values())

    def chord(self, command_id: str) -> str:
        """The key in force, in portable words; empty where there is none."""
        return self._chords.get(command_id, "")

    def chord_text(self, command_id: str) -> str:
        """The key in force as this system writes it; empty where there is none."""
        chord = self.chord(command_id)
        return QKeySequence(chord).toString(QKeySequence.SequenceFormat.NativeText) if chord else ""

    def with_chord(self, scope: str, chord: str) -> Command | None:
        """The command of a scope that has this key."""
        for command_id, command in self._commands.items():
            if command.scope == scope and chord and chord in (self._chords[command_id], *command.also):
                return command
        return None

    def run(self, command_id: str) -> bool:
        """Run a command; answers whether there is one of that id that can be run now."""
        command = self._commands.get(command_id)
        if self.paused or command is None or not command.is_enabled():
            return False
        command.handler()
        self.triggered.emit(command_id)
        return True

    def rebind(self, command_id: str, chord: str) -> None:
        """Give a command another key, for good; an empty one takes its key away.  Raises `ChordTaken`."""
        command = self._commands[command_id]
        tidied = tidy_chord(chord)
        holder = self._holder(command, tidied)
        if holder is not None:
            raise ChordTaken(self.tr("{0} already belongs to “{1}”.").format(tidied, holder.title), holder)
        self._chords[command_id] = tidied
        if tidied == tidy_chord(command.chord):
            self._settings.remove(f"keys/{command_id}")
        else:
            self._settings.setValue(f"keys/{command_id}", tidied)
        if self._window is not None:
            self._bind(command)
        self.rebound.emit(command_id)

    def reset(self, command_id: str) -> None:
        """Give a command its first key back.  Raises `ChordTaken`."""
        self.rebind(command_id, self._commands[command_id].chord)

    def install(self, window: QWidget) -> None:
        """Make the keys of window scope work in this window, now and after every change."""
        self._window = window
        for command in self._commands.values():
            self._bind(command)

    def _holder(self, command: Command, chord: str) -> Command | None:
        """Who else has this key where both could be meant."""
        if not chord:
            return None
        for other in self._commands.values():
            meet = other.scope == command.scope or Scope.WINDOW in (other.scope, command.scope)
            if other.id != command.id and meet and chord in (self._chords[other.id], *other.also):
                return other
        return None

    def _bind(self, command: Command) -> None:
        for shortcut in self._shortcuts.pop(command.id, ()):
            shortcut.setEnabled(False)
            shortcut.deleteLater()
        if command.scope != Scope.WINDOW or self._window is None:
            return
        bound = []
        for chord in filter(None, (self._chords[command.id], *command.also)):
            shortcut = QShortcut(QKeySequence(chord), self._window)
            shortcut.setAutoRepeat(command.repeats)
            # Two keys of one command may be one press to the system: Shift+/ is ? on most keyboards.
            for pressed in (shortcut.activated, shortcut.activatedAmbiguously):
                pressed.connect(lambda command_id=command.id: self.run(command_id))
            bound.append(shortcut)
        self._shortcuts[command.id] = bound
