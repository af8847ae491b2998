"""A review screen on a fake workstation, shown and with its first case painted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QSettings, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from reviewer.services.model import CaseOnDesk
from reviewer.ui.commands import Commands
from reviewer.ui.review.screen import ReviewScreen
from reviewer.ui.tasks import Tasks
from reviewer.ui.theme import Theme
from tests.fakes import FakeWorkstation, make_cases

#: Places on the keyboard by the kernel's codes plus 8, as X11 and Wayland give them.
SCAN = {
    "1": 10, "2": 11, "3": 12, "4": 13, "5": 14, "6": 15, "7": 16, "P": 33, "U": 30, "S": 39, "D": 40, "G": 42,
    "Z": 52, "X": 53, "C": 54, "B": 56, "N": 57, "M": 58, "T": 28, "Space": 65, "-": 20, "=": 21, "V": 55,
    "Esc": 9, "Return": 36, "Left": 113, "Right": 114, "Up": 111, "Down": 116, "F5": 71, "E": 26, "A": 38,
    "F": 41, "F11": 95, "O": 32,
}  # fmt: skip
_QT = {"Space": Qt.Key.Key_Space, "Esc": Qt.Key.Key_Escape, "Return": Qt.Key.Key_Return, "F5": Qt.Key.Key_F5,
       "F11": Qt.Key.Key_F11,
       "Left": Qt.Key.Key_Left, "Right": Qt.Key.Key_Right, "Up": Qt.Key.Key_Up, "Down": Qt.Key.Key_Down}  # fmt: skip


class Desk:
    """The screen with its workstation, and a keyboard that presses places."""

    def __init__(self, bot: QtBot, workstation: FakeWorkstation, screen: ReviewScreen, theme: Theme) -> None:
        self.bot = bot
        self.workstation = workstation
        self.screen = screen
        self.theme = theme

    @property
    def decided(self) -> list[tuple[str, str]]:
        """Kinds and grounds of what was decided."""
        return [(ruling.kind.value, ruling.ground) for ruling in self.workstation.review.decided]

    def press(self, chord: str, *, text: str = "", key: int | None = None, release: bool = True) -> None:
        """Press the place of a key; `text` and `key` are what a layout makes of it."""
        *words, name = chord.split("+")
        modifiers = Qt.KeyboardModifier.NoModifier
        if "Shift" in words:
            modifiers |= Qt.KeyboardModifier.ShiftModifier
        if "Ctrl" in words:
            modifiers |= Qt.KeyboardModifier.ControlModifier
        code = key if key is not None else _QT.get(name, ord(name[0]))
        window = self.screen.window().windowHandle()
        kinds = (QEvent.Type.KeyPress, QEvent.Type.KeyRelease) if release else (QEvent.Type.KeyPress,)
        for kind in kinds:
            event = QKeyEvent(kind, int(code), modifiers, SCAN[name], 0, 0, text or (name if len(name) == 1 else ""))
            QCoreApplication.sendEvent(window, event)

    def release(self, name: str) -> None:
        """Let a held key go."""
        event = QKeyEvent(
            QEvent.Type.KeyRelease, int(_QT.get(name, ord(name[0]))), Qt.KeyboardModifier.NoModifier, SCAN[name], 0, 0
        )
        QCoreApplication.sendEvent(self.screen.window().windowHandle(), event)

    def press_and_wait(self, chord: str) -> None:
        """Press a key and wait for the desk that answers it."""
        with self.bot.waitSignal(self.screen.desk_shown):
            self.press(chord)

    def current(self) -> CaseOnDesk:
        """The case in front."""
        assert self.screen.sitting is not None
        return self.screen.sitting.on_desk


@pytest.fixture
def open_desk(qtbot: QtBot, tmp_path) -> Iterator[Callable[..., Desk]]:
    """Opens a review screen on some cases; with `painted` waits for the first pair."""
    opened: list[tuple[ReviewScreen, Tasks, FakeWorkstation]] = []

    def open_one(cases: Sequence[CaseOnDesk] | None = None, *, painted: bool = True, size=(1280, 720)) -> Desk:
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
        theme = Theme(application, settings)
        workstation = FakeWorkstation(make_cases(12) if cases is None else cases)
        tasks = Tasks(workstation)
        screen = ReviewScreen(workstation, tasks, Commands(settings), theme)
        opened.append((screen, tasks, workstation))
        qtbot.addWidget(screen)
        screen.resize(*size)
        with qtbot.waitSignal(screen.case_painted if painted else screen.desk_shown):
            screen.show()
        screen.activateWindow()
        screen.setFocus()
        qtbot.waitUntil(lambda: QApplication.focusWidget() is screen)
        return Desk(qtbot, workstation, screen, theme)

    yield open_one
    for screen, tasks, workstation in opened:
        screen.close()
        tasks.close()
        workstation.close()


@pytest.fixture
def desk(open_desk) -> Desk:
    """A desk of twelve cases."""
    opened: Desk = open_desk()
    return opened
