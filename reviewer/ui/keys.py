"""Physical keys: a key is named by its place on a US keyboard, whatever layout is in force.

Qt matches shortcuts by character, so that a Korean, Thai, Chinese or Cyrillic layout kills letter keys.
Scan codes tell the place: X11 and Wayland give the kernel's code plus 8 (linux/input-event-codes.h),
Windows gives set 1 with 0x100 for the extended keys, macOS gives a virtual key code (HIToolbox/Events.h).
"""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer, QEvent, QObject, Qt
from PySide6.QtGui import QGuiApplication, QInputMethodEvent, QKeyEvent, QWindow
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QTabBar,
    QWidget,
)

from reviewer.ui.commands import Command, Commands, Scope

_X11_OFFSET = 8


def _rows(*rows: tuple[int, str]) -> dict[int, str]:
    """Codes and names from rows of neighbouring keys: the first code, then the names in a line."""
    return {first + place: name for first, names in rows for place, name in enumerate(names.split())}


#: The kernel's codes of the main block; up to 0x58 they are those of set 1 as well.
_MAIN = _rows(
    (1, "Esc 1 2 3 4 5 6 7 8 9 0 - = Backspace Tab"),
    (16, "Q W E R T Y U I O P [ ] Return"),
    (30, "A S D F G H J K L ; ' `"),
    (43, "\\ Z X C V B N M , . /"),
    (57, "Space"),
    (59, "F1 F2 F3 F4 F5 F6 F7 F8 F9 F10"),
    (87, "F11 F12"),
)
_EVDEV = _MAIN | _rows((102, "Home Up PgUp Left Right End Down PgDown Ins Del"))
_WINDOWS = _MAIN | _rows((0x147, "Home Up PgUp"), (0x14B, "Left"), (0x14D, "Right"), (0x14F, "End Down PgDown Ins Del"))
_MACOS = _rows(
    (0x00, "A S D F H G Z X C V"),
    (0x0B, "B Q W E R Y T 1 2 3 4 6 5 = 9 7 - 8 0 ] O U [ I P Return L J ' K ; \\ , / N M . Tab Space `"),
    (0x33, "Backspace"),
    (0x35, "Esc"),
    (0x60, "F5 F6 F7 F3 F8 F9"),
    (0x67, "F11"),
    (0x6D, "F10"),
    (0x6F, "F12"),
    (0x73, "Home PgUp Del F4 End F2 PgDown F1 Left Right Down Up"),
)

#: Where no scan code is known (synthetic keys, the number pad): by what Qt says the key is.
_BY_QT_KEY = {
    Qt.Key.Key_Escape: "Esc", Qt.Key.Key_Tab: "Tab", Qt.Key.Key_Backtab: "Tab", Qt.Key.Key_Return: "Return",
    Qt.Key.Key_Enter: "Return", Qt.Key.Key_Backspace: "Backspace", Qt.Key.Key_Delete: "Del",
    Qt.Key.Key_Insert: "Ins", Qt.Key.Key_Space: "Space", Qt.Key.Key_Left: "Left", Qt.Key.Key_Right: "Right",
    Qt.Key.Key_Up: "Up", Qt.Key.Key_Down: "Down", Qt.Key.Key_Home: "Home", Qt.Key.Key_End: "End",
    Qt.Key.Key_PageUp: "PgUp", Qt.Key.Key_PageDown: "PgDown",
}  # fmt: skip
_UNSHIFTED = dict(zip('!@#$%^&*()_+{}|:"<>?~', "1234567890-=[]\\;',./`", strict=True))

_MODIFIERS = (
    (Qt.KeyboardModifier.ControlModifier, "Ctrl"),
    (Qt.KeyboardModifier.AltModifier, "Alt"),
    (Qt.KeyboardModifier.ShiftModifier, "Shift"),
    (Qt.KeyboardModifier.MetaModifier, "Meta"),
)

#: Keys that belong to a focused button, list or slider rather than to the surface around it.
_OF_BUTTONS = frozenset({"Space", "Return", "Tab"})
_OF_LISTS = _OF_BUTTONS | {"Left", "Right", "Up", "Down", "Home", "End", "PgUp", "PgDown"}
_LISTS = QAbstractItemView | QComboBox | QAbstractSlider | QTabBar


def key_name(event: QKeyEvent, platform: str) -> str:
    """The name of the key's place on a US keyboard, such as `1`, `U`, `Space` or `Left`; empty where unknown.

    `platform` is Qt's name of the window system (`QGuiApplication.platformName()`).
    """
    code = event.nativeScanCode()
    name = ""
    if code == 0:
        pass
    elif platform == "windows":
        name = _WINDOWS.get(code, "")
    elif platform == "cocoa":
        name = _MACOS.get(event.nativeVirtualKey(), "")
    else:
        name = _EVDEV.get(code - _X11_OFFSET, "")
    return name or _name_by_character(event)


def _name_by_character(event: QKeyEvent) -> str:
    key = event.key()
    named = _BY_QT_KEY.get(Qt.Key(key)) if key else None
    if named is not None:
        return named
    if Qt.Key.Key_F1 <= key <= Qt.Key.Key_F35:
        return f"F{key - Qt.Key.Key_F1 + 1}"
    if not 0x20 < key < 0x7F:
        return ""
    return _UNSHIFTED.get(chr(key), chr(key))


def chord_of(event: QKeyEvent, platform: str) -> str:
    """The chord of a key event in portable words, such as `Ctrl+Shift+U`; empty for a bare modifier."""
    name = key_name(event, platform)
    if not name:
        return ""
    pressed = event.modifiers()
    return "+".join([word for modifier, word in _MODIFIERS if pressed & modifier] + [name])


def takes_text(widget: QWidget | None) -> bool:
    """Whether what is typed there is text: then no key of a surface may be taken from it."""
    if widget is None:
        return False
    if isinstance(widget, QLineEdit):
        return not widget.isReadOnly()
    composes = widget.testAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled)
    return composes or isinstance(widget, QAbstractSpinBox)


class KeySurface(QObject):
    """Gives the keys that are pressed on a widget, or on anything in it, to the commands of a scope.

    It sees keys before the focused child does, but leaves texts alone, and buttons, lists and sliders
    the keys that work them.  Keys of window scope are tried as well: a foreign layout kills those too.
    """

    def __init__(
        self, surface: QWidget, commands: Commands, scope: str = Scope.REVIEW, platform: str | None = None
    ) -> None:
        super().__init__(surface)
        self._surface = surface
        self._commands = commands
        self._scope = scope
        self._platform = QGuiApplication.platformName() if platform is None else platform
        self._window: QWindow | None = None
        self._composing = False
        self._held: dict[str, Command] = {}
        self._mute_ms = 0
        self._muted = QElapsedTimer()
        surface.installEventFilter(self)
        if surface.isVisible():
            self._attach()

    def mute(self, milliseconds: int) -> None:
        """Swallow the scope's keys for a while: what was meant for the last case must not hit the next."""
        self._mute_ms = milliseconds
        self._muted.start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.KeyPress:
            return isinstance(event, QKeyEvent) and self._is_meant(watched) and self._pressed(event)
        if kind == QEvent.Type.KeyRelease:
            return isinstance(event, QKeyEvent) and self._released(event)
        if kind == QEvent.Type.InputMethod and isinstance(event, QInputMethodEvent):
            self._composing = bool(event.preeditString())
        elif kind == QEvent.Type.Show and watched is self._surface:
            self._attach()
        elif kind in (QEvent.Type.Hide, QEvent.Type.FocusOut, QEvent.Type.WindowDeactivate):
            self._let_go()
        return False

    def _attach(self) -> None:
        """Watch the native window as well: there keys pass before the focused child gets them."""
        window = self._surface.window().windowHandle()
        if window is self._window:
            return
        if self._window is not None:
            self._window.removeEventFilter(self)
        self._window = window
        if window is not None:
            window.installEventFilter(self)
            window.destroyed.connect(self._detached)

    def _detached(self) -> None:
        self._window = None

    def _is_meant(self, watched: QObject) -> bool:
        """Whether a key that passes here is for the surface and not for a text, a popup or another part."""
        if self._composing or not self._surface.isVisible() or QApplication.activePopupWidget() is not None:
            return False
        focus = QApplication.focusWidget()
        if takes_text(focus):
            return False
        if watched is self._surface:
            return True
        window = self._surface.window()
        return focus is None or focus is window or focus is self._surface or self._surface.isAncestorOf(focus)

    def _pressed(self, event: QKeyEvent) -> bool:
        chord = chord_of(event, self._platform)
        if not chord or self._belongs_to_focus(chord):
            return False
        command = self._commands.with_chord(self._scope, chord)
        if command is None:
            command = self._commands.with_chord(Scope.WINDOW, chord)
        elif self._muted.isValid() and not self._muted.hasExpired(self._mute_ms):
            return True
        if command is None:
            return False
        if not event.isAutoRepeat() or command.repeats:
            if command.released is not None:
                self._held[key_name(event, self._platform)] = command
            self._commands.run(command.id)
        return True

    def _released(self, event: QKeyEvent) -> bool:
        if event.isAutoRepeat():
            return False
        command = self._held.pop(key_name(event, self._platform), None)
        if command is None or command.released is None:
            return False
        command.released()
        return True

    def _let_go(self) -> None:
        held, self._held = self._held, {}
        for command in held.values():
            if command.released is not None:
                command.released()

    def _belongs_to_focus(self, chord: str) -> bool:
        focus = QApplication.focusWidget()
        if focus is None or focus is self._surface:
            return False
        if isinstance(focus, QAbstractButton):
            return chord in _OF_BUTTONS
        return chord in _OF_LISTS and isinstance(focus, _LISTS)
