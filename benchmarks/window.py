"""A real window on a real workstation, driven by native key events; what the window's modules share."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from time import monotonic

from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QWindow
from PySide6.QtWidgets import QApplication

from benchmarks import keys
from benchmarks.hubs import Hub
from reviewer.app import Desktop, make_application
from reviewer.services.secrets import Secrets
from reviewer.services.workstation import Options
from reviewer.storage.accounts import AccountRow, save_account
from reviewer.storage.database import Database

#: The kernel's codes of the number keys, as X11 and Wayland give them.
_SCAN_CODES = {str(digit): 8 + 1 + digit for digit in range(1, 10)}
#: A usual screen: the two pictures are about 800 pixels high and wide then.
WIDTH, HEIGHT = 1920, 1080
_LOOK_MS = 20


def prepare(folder: Path) -> QApplication:
    """The application, drawing into memory, with passwords kept in the folder."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ.update(keys.environment(folder / "keyring.json"))
    return make_application()


def open_desktop(application: QApplication, folder: Path) -> Desktop:
    """The program's own desktop at a usual size, shown and working."""
    desktop = Desktop(application, Options(folder))
    desktop.window.resize(WIDTH, HEIGHT)
    desktop.start()
    return desktop


def set_up_account(folder: Path, hub: Hub) -> None:
    """An account of the demo's reviewer at that hub, in a data folder that no workstation has open."""
    database = Database(folder / "workstation.sqlite3")
    try:
        save_account(database, AccountRow("hub", "queue_api", "Hub", {"address": hub.url}, None))
    finally:
        database.close()
    assert Secrets(str(folder)).save("hub", {"token": hub.tokens["reviewer"]})


def press(window: QWindow, digit: str) -> None:
    """Press and release a number key as the window system would."""
    code = _SCAN_CODES[digit]
    key = Qt.Key(Qt.Key.Key_0.value + int(digit))
    for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
        event = QKeyEvent(kind, key, Qt.KeyboardModifier.NoModifier, code, 0, 0, digit)
        QCoreApplication.sendEvent(window, event)


def wait_until(done: Callable[[], bool], what: str, seconds: float = 30.0) -> None:
    """Let the window live, in an event loop that sleeps, until something is so."""
    if done():
        return
    loop = QEventLoop()
    until = monotonic() + seconds

    def look() -> None:
        if done() or monotonic() > until:
            loop.quit()

    looking = QTimer(interval=_LOOK_MS)
    looking.timeout.connect(look)
    looking.start()
    loop.exec()
    looking.stop()
    if not done():
        raise TimeoutError(f"{what} did not happen within {seconds:g} s")
