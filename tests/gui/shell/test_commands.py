"""One registry for keys: conflicts, rebinding, what is kept."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from reviewer.errors import BugError
from reviewer.ui.commands import ChordTaken, Command, Commands, Scope, tidy_chord


def command(name: str, chord: str, scope: str = Scope.REVIEW) -> Command:
    return Command(name, f"Do {name}", chord, scope, lambda: None)


def test_two_defaults_on_one_key_are_a_fault(commands: Commands) -> None:
    commands.register(command("clear", "1"))
    with pytest.raises(BugError):
        commands.register(command("warn", "1"))
    with pytest.raises(BugError):
        commands.register(command("clear", "9"))


def test_scopes_that_never_meet_may_share_a_key(commands: Commands) -> None:
    commands.register(command("clear", "E"))
    commands.register(command("export", "E", Scope.OUTBOX))
    with pytest.raises(BugError):
        commands.register(command("window", "E", Scope.WINDOW))


def test_further_keys_are_checked_as_well(commands: Commands) -> None:
    commands.register(command("again", "F5"))
    with pytest.raises(BugError):
        commands.register(Command("view", "View", "Ctrl+4", Scope.WINDOW, lambda: None, also=("F5",)))


def test_rebinding_onto_a_taken_key_names_its_holder(commands: Commands) -> None:
    commands.register(command("clear", "1"))
    commands.register(command("warn", "2"))
    with pytest.raises(ChordTaken, match="Do warn") as taken:
        commands.rebind("clear", "2")
    assert taken.value.command.id == "warn"
    assert commands.chord("clear") == "1"


def test_a_new_key_is_kept(qtbot: QtBot, commands: Commands, settings: QSettings) -> None:
    commands.register(command("clear", "1"))
    with qtbot.waitSignal(commands.rebound) as told:
        commands.rebind("clear", "shift+q")
    assert told.args == ["clear"]
    settings.sync()
    fresh = Commands(QSettings(settings.fileName(), QSettings.Format.IniFormat))
    fresh.register(command("clear", "1"))
    assert fresh.chord("clear") == "Shift+Q"
    fresh.reset("clear")
    assert fresh.chord("clear") == "1"


def test_a_later_default_gives_way_to_what_the_reviewer_chose(commands: Commands, settings: QSettings) -> None:
    settings.setValue("keys/clear", "7")
    commands.register(command("clear", "1"))
    commands.register(command("proof", "7"))
    assert commands.chord("clear") == "7"
    assert commands.chord("proof") == ""


def test_running(qtbot: QtBot, commands: Commands) -> None:
    ran: list[int] = []
    usable = [True]
    commands.register(Command("a", "A", "1", Scope.REVIEW, lambda: ran.append(1), enabled=lambda: usable[0]))
    with qtbot.waitSignal(commands.triggered):
        assert commands.run("a")
    usable[0] = False
    assert not commands.run("a")
    usable[0] = True
    commands.paused = True
    assert not commands.run("a")
    assert not commands.run("unknown")
    assert ran == [1]


def test_window_keys_follow_a_rebinding(qtbot: QtBot, commands: Commands) -> None:
    ran: list[int] = []
    commands.register(Command("find", "Find", "Ctrl+F", Scope.WINDOW, lambda: ran.append(1)))
    window = QWidget()
    qtbot.addWidget(window)
    commands.install(window)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    commands.rebind("find", "Ctrl+G")
    handle = window.windowHandle()
    qtbot.keyClick(handle, "f", Qt.KeyboardModifier.ControlModifier)
    assert ran == []
    qtbot.keyClick(handle, "g", Qt.KeyboardModifier.ControlModifier)
    assert ran == [1]


@pytest.mark.parametrize(("given", "tidy"), [("ctrl+k", "Ctrl+K"), ("u", "U"), ("space", "Space"), ("", "")])
def test_chords_have_one_spelling(given: str, tidy: str) -> None:
    assert tidy_chord(given) == tidy
