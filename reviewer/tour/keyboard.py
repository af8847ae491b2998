"""Keys as a keyboard gives them: with the scan code of the place, to the window that has the focus."""

from __future__ import annotations

import sys

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QWindow
from PySide6.QtWidgets import QApplication, QWidget

from reviewer.errors import BugError

#: The kernel's key codes (linux/input-event-codes.h); windows on X11, Wayland and offscreen give them plus 8.
_CODES = {
    "Esc": 1, "1": 2, "2": 3, "3": 4, "4": 5, "5": 6, "6": 7, "7": 8, "8": 9, "9": 10, "0": 11, "-": 12, "=": 13,
    "Q": 16, "W": 17, "E": 18, "R": 19, "T": 20, "Y": 21, "U": 22, "I": 23, "O": 24, "P": 25, "Return": 28,
    "A": 30, "S": 31, "D": 32, "F": 33, "G": 34, "H": 35, "J": 36, "K": 37, "L": 38, "Z": 44, "X": 45, "C": 46,
    "V": 47, "B": 48, "N": 49, "M": 50, "/": 53, "Space": 57, "Up": 103, "Left": 105, "Right": 106, "Down": 108,
}  # fmt: skip
_KEYS = {
    "Esc": Qt.Key.Key_Escape, "Return": Qt.Key.Key_Return, "Space": Qt.Key.Key_Space, "Up": Qt.Key.Key_Up,
    "Down": Qt.Key.Key_Down, "Left": Qt.Key.Key_Left, "Right": Qt.Key.Key_Right, "-": Qt.Key.Key_Minus,
    "=": Qt.Key.Key_Equal, "/": Qt.Key.Key_Slash,
}  # fmt: skip


class Keyboard:
    """Presses keys on a window."""

    def __init__(self, window: QWidget) -> None:
        self._window = window

    def press(self, chord: str, *, hold: bool = False) -> None:
        """A chord such as `4`, `Shift+4` or `Ctrl+K`, on the place of a US keyboard; `hold` leaves it down."""
        self._send(QEvent.Type.KeyPress, chord)
        if not hold:
            self._send(QEvent.Type.KeyRelease, chord)

    def let_go(self, chord: str) -> None:
        """Release a key that was held."""
        self._send(QEvent.Type.KeyRelease, chord)

    def type_text(self, text: str) -> None:
        """Letters into the field that has the focus."""
        for character in text:
            for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
                event = QKeyEvent(kind, 0, Qt.KeyboardModifier.NoModifier, character)
                QApplication.sendEvent(self._target(), event)

    def _send(self, kind: QEvent.Type, chord: str) -> None:
        *held, name = chord.split("+")
        modifiers = Qt.KeyboardModifier.NoModifier
        for word, modifier in (
            ("Shift", Qt.KeyboardModifier.ShiftModifier),
            ("Ctrl", Qt.KeyboardModifier.ControlModifier),
        ):
            if word in held:
                modifiers |= modifier
        code = _CODES[name]
        scan = code if sys.platform == "win32" else code + 8
        key = _KEYS.get(name) or Qt.Key(ord(name))
        text = name.lower() if len(name) == 1 and modifiers == Qt.KeyboardModifier.NoModifier else ""
        QApplication.sendEvent(self._target(), QKeyEvent(kind, key, modifiers, scan, 0, 0, text))

    def _target(self) -> QWindow:
        focus = QGuiApplication.focusWindow()
        window = focus or self._window.windowHandle()
        if window is None:
            raise BugError("there is no window to press keys on")
        return window
