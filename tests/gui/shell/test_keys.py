"""Physical keys under foreign layouts."""

from __future__ import annotations

from functools import partial

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QInputMethodEvent, QKeyEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QListWidget, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from reviewer.ui.commands import Command, Commands, Scope
from reviewer.ui.keys import KeySurface, chord_of, key_name, takes_text

NONE = Qt.KeyboardModifier.NoModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
CONTROL = Qt.KeyboardModifier.ControlModifier


def pressed(
    scan: int,
    text: str = "",
    *,
    key: int = 0,
    virtual: int = 0,
    modifiers: Qt.KeyboardModifier = NONE,
    up: bool = False,
) -> QKeyEvent:
    kind = QEvent.Type.KeyRelease if up else QEvent.Type.KeyPress
    return QKeyEvent(kind, key or (ord(text.upper()[0]) if text else 0), modifiers, scan, virtual, 0, text)


@pytest.mark.parametrize(
    ("scan", "text", "name"),
    [
        (30, "ㅕ", "U"),  # Korean
        (30, "ี", "U"),  # Thai
        (30, "г", "U"),  # Cyrillic
        (10, "ๅ", "1"),
        (10, "&", "1"),  # French: the digits are shifted
        (38, "ф", "A"),
        (24, "a", "Q"),  # French: A stands in the place of Q
        (65, " ", "Space"),
        (113, "", "Left"),
        (95, "", "F11"),
        (61, "-", "/"),
    ],
)
def test_the_place_counts_and_not_the_character(scan: int, text: str, name: str) -> None:
    assert key_name(pressed(scan, text), "xcb") == name
    assert key_name(pressed(scan, text), "wayland") == name


def test_windows_and_macos_codes() -> None:
    assert key_name(pressed(0x16, "г"), "windows") == "U"
    assert key_name(pressed(0x14B), "windows") == "Left"
    assert key_name(pressed(1, "г", virtual=0x20), "cocoa") == "U"
    assert key_name(pressed(1, "ф", virtual=0x00), "cocoa") == "A"
    assert key_name(pressed(1, virtual=0x7E), "cocoa") == "Up"


def test_without_a_scan_code_the_character_counts() -> None:
    assert key_name(pressed(0, "u"), "xcb") == "U"
    assert chord_of(pressed(0, "?", modifiers=SHIFT), "xcb") == "Shift+/"
    assert key_name(pressed(0, "ี"), "xcb") == ""
    assert key_name(pressed(0, key=Qt.Key.Key_F11), "offscreen") == "F11"


def test_the_number_pad_gives_digits() -> None:
    assert key_name(pressed(87, "1", key=Qt.Key.Key_1), "xcb") == "1"


def test_chords_have_their_modifiers_in_qts_order() -> None:
    assert chord_of(pressed(30, "U", modifiers=SHIFT | CONTROL), "xcb") == "Ctrl+Shift+U"
    assert chord_of(pressed(50, key=Qt.Key.Key_Shift, modifiers=SHIFT), "xcb") == ""


class Bench(QWidget):
    """A surface with a text field, a read-only text, a button and a list."""

    def __init__(self, commands: Commands) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.text = QLineEdit()
        self.shown = QPlainTextEdit("read this")
        self.shown.setReadOnly(True)
        self.push = QPushButton("push")
        self.list = QListWidget()
        layout = QVBoxLayout(self)
        for widget in (self.text, self.shown, self.push, self.list):
            layout.addWidget(widget)
        self.ran: list[str] = []
        for name, chord in (("undo", "U"), ("flick", "Space"), ("next", "Right")):
            released = (lambda: self.ran.append("released")) if name == "flick" else None
            commands.register(
                Command(name, name, chord, Scope.REVIEW, partial(self.ran.append, name), released=released)
            )
        commands.register(Command("palette", "palette", "Ctrl+K", Scope.WINDOW, lambda: self.ran.append("palette")))
        self.surface = KeySurface(self, commands, platform="xcb")


@pytest.fixture
def bench(qtbot: QtBot, commands: Commands) -> Bench:
    made = Bench(commands)
    qtbot.addWidget(made)
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    made.setFocus()
    return made


def send(bench: Bench, event: QKeyEvent) -> bool:
    """As the window system does: through the native window first."""
    handle = bench.windowHandle()
    assert handle is not None
    return QApplication.sendEvent(handle, event)


def test_a_foreign_letter_runs_the_command_of_its_place(bench: Bench) -> None:
    send(bench, pressed(30, "ㅕ"))
    assert bench.ran == ["undo"]


def test_a_foreign_layout_does_not_kill_window_keys(bench: Bench) -> None:
    send(bench, pressed(45, "л", modifiers=CONTROL))
    assert bench.ran == ["palette"]


def test_a_text_field_keeps_its_letters(bench: Bench) -> None:
    bench.text.setFocus()
    send(bench, pressed(30, "u"))
    assert bench.ran == []
    assert bench.text.text() == "u"


def test_a_text_to_read_takes_no_keys(bench: Bench) -> None:
    bench.shown.setFocus()
    assert not takes_text(bench.shown)
    send(bench, pressed(30, "u"))
    assert bench.ran == ["undo"]


def test_a_button_keeps_space_and_gives_the_rest(bench: Bench) -> None:
    bench.push.setFocus()
    clicks: list[int] = []
    bench.push.clicked.connect(lambda: clicks.append(1))
    for up in (False, True):
        send(bench, pressed(65, " ", key=Qt.Key.Key_Space, up=up))
    send(bench, pressed(30, "u"))
    assert clicks == [1]
    assert bench.ran == ["undo"]


def test_a_list_keeps_its_arrows(bench: Bench) -> None:
    bench.list.setFocus()
    send(bench, pressed(114, key=Qt.Key.Key_Right))
    send(bench, pressed(30, "u"))
    assert bench.ran == ["undo"]


def test_no_key_counts_while_something_is_composed(bench: Bench) -> None:
    QApplication.sendEvent(bench, QInputMethodEvent("ㅎ", []))
    send(bench, pressed(30, "ㅕ"))
    assert bench.ran == []
    QApplication.sendEvent(bench, QInputMethodEvent("", []))
    send(bench, pressed(30, "ㅕ"))
    assert bench.ran == ["undo"]


def test_a_held_key_is_let_go(bench: Bench) -> None:
    send(bench, pressed(65, " "))
    repeat = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Space, NONE, 65, 0, 0, " ", True)
    QApplication.sendEvent(bench, repeat)
    send(bench, pressed(65, " ", up=True))
    assert bench.ran == ["flick", "released"]


def test_losing_the_window_lets_a_held_key_go(bench: Bench) -> None:
    send(bench, pressed(65, " "))
    QApplication.sendEvent(bench, QEvent(QEvent.Type.WindowDeactivate))
    assert bench.ran == ["flick", "released"]


def test_muted_keys_are_swallowed(bench: Bench, qtbot: QtBot) -> None:
    bench.surface.mute(60_000)
    send(bench, pressed(30, "u"))
    assert bench.ran == []
    bench.surface.mute(0)
    qtbot.waitUntil(lambda: send(bench, pressed(30, "u")) and bool(bench.ran))


def test_a_hidden_surface_takes_nothing(bench: Bench) -> None:
    handle = bench.windowHandle()
    bench.hide()
    QApplication.sendEvent(handle, pressed(30, "u"))
    assert bench.ran == []
