"""The composition root: builds everything once, passes it in, and takes it down again."""

from __future__ import annotations

import argparse
import hashlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType, TracebackType

from PySide6.QtCore import QSettings, QSocketNotifier
from PySide6.QtNetwork import QLocalServer, QLocalSocket
from PySide6.QtWidgets import QApplication, QMessageBox

from reviewer import __version__
from reviewer.errors import OperatorError
from reviewer.imaging.memory import return_large_blocks
from reviewer.services.workstation import SENDING_DELAY_S, Options, Workstation
from reviewer.settings import default_folder
from reviewer.storage.lock import FolderInUse
from reviewer.ui.commands import Commands
from reviewer.ui.main_window import MainWindow
from reviewer.ui.plain import message_box
from reviewer.ui.review.screen import ReviewScreen
from reviewer.ui.tasks import Tasks
from reviewer.ui.theme import Theme

_log = logging.getLogger(__name__)

_KNOCK_MS = 2000
_SWITCH_S = 0.0005


class Desktop:
    """The window on a workstation, ready to show.  `close()` ends everything that it began."""

    def __init__(self, application: QApplication, options: Options) -> None:
        """Raises `OperatorError` where the data folder can't be used."""
        # The window's thread gets the interpreter back sooner from those that fetch and keep: a tenth off a key's way.
        sys.setswitchinterval(_SWITCH_S)
        self.application = application
        self._closed = False
        self.workstation = Workstation(options)
        self.settings = QSettings(str(options.folder / "window.ini"), QSettings.Format.IniFormat)
        self.theme = Theme(application, self.settings)
        self.tasks = Tasks(self.workstation)
        self.commands = Commands(self.settings)
        self.screen = ReviewScreen(self.workstation, self.tasks, self.commands, self.theme)
        sys.excepthook = self._failed
        self.window = MainWindow(self.workstation, self.tasks, self.commands, self.theme, self.settings, self.screen)

    def start(self, *, demo: bool = False) -> None:
        """Show the window and begin to work; with `demo` on the embedded demo hub."""
        self.window.account_expected = demo
        self.window.show()
        begun = self.workstation.start(demo=demo)
        self.tasks.in_background(begun.result, failed=self.window.faults.show, owner=self.window)
        if demo:
            self.window.show_view("review")

    def _failed(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """What no other place caught: into the log, and before the reviewer with the way to report it."""
        _log.error("a fault of the program", exc_info=(kind, error, trace))
        if isinstance(error, Exception):
            self.tasks.failed_unexpectedly.emit(error)

    def raise_window(self) -> None:
        """Bring the window to the front."""
        self.window.showNormal() if self.window.isMinimized() else self.window.show()
        self.window.raise_()
        self.window.activateWindow()

    def close(self) -> None:
        """Close the window, then the services; once."""
        if self._closed:
            return
        self._closed = True
        sys.excepthook = sys.__excepthook__
        self.window.close()
        self.tasks.close()
        self.workstation.close()


def make_application() -> QApplication:
    """The one application object of the process, named as the desktop entry is."""
    return_large_blocks()
    existing = QApplication.instance()
    application = existing if isinstance(existing, QApplication) else QApplication(sys.argv[:1])
    application.setApplicationName("Reviewer")
    application.setApplicationVersion(__version__)
    application.setDesktopFileName("reviewer")
    return application


def main(arguments: Sequence[str]) -> int:
    """Open the workstation; answers the exit code.  A second start brings the first window to the front."""
    given = _parse(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    application = make_application()
    folder = given.data.expanduser().absolute()
    try:
        desktop = Desktop(application, Options(folder, sending_delay_s=given.sending_delay))
    except FolderInUse as error:
        if _knock(folder):
            return 0
        return _refuse(str(error))
    except OperatorError as error:
        return _refuse(str(error))
    door = open_door(folder, desktop)
    signals = SignalDoor(application)
    desktop.start(demo=given.demo)
    try:
        return application.exec()
    finally:
        signals.close()
        door.close()
        desktop.close()


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="reviewer", description="Open the reviewer workstation.")
    parser.add_argument("--data", type=Path, default=default_folder(), help="the data folder")
    parser.add_argument("--demo", action="store_true", help="work on the embedded demo hub")
    parser.add_argument("--sending-delay", type=float, default=SENDING_DELAY_S, help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def _door_name(folder: Path) -> str:
    return "reviewer-" + hashlib.sha256(str(folder).encode()).hexdigest()[:24]


def open_door(folder: Path, desktop: Desktop) -> QLocalServer:
    """Where a second start knocks."""
    server = QLocalServer(desktop.window)
    server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
    QLocalServer.removeServer(_door_name(folder))
    server.listen(_door_name(folder))

    def answer() -> None:
        while (guest := server.nextPendingConnection()) is not None:
            desktop.raise_window()
            guest.disconnectFromServer()
            guest.deleteLater()

    server.newConnection.connect(answer)
    return server


def _knock(folder: Path) -> bool:
    """Ask the instance that has the folder to come to the front; whether it did."""
    guest = QLocalSocket()
    guest.connectToServer(_door_name(folder))
    if not guest.waitForConnected(_KNOCK_MS):
        return False
    guest.waitForDisconnected(_KNOCK_MS)
    return True


def _refuse(words: str) -> int:
    sys.stderr.write(f"reviewer: {words}\n")
    if QApplication.platformName() not in ("offscreen", "minimal"):
        message_box(None, QMessageBox.Icon.Critical, "Reviewer", "The workstation can't be opened.", words).exec()
    return 2


class SignalDoor:
    """Ctrl+C and the system's wish to end close the window in order.  On POSIX; `close()` after the event loop."""

    def __init__(self, application: QApplication) -> None:
        self._reading, self._writing = socket.socketpair()
        self._writing.setblocking(False)
        self._before = signal.set_wakeup_fd(self._writing.fileno(), warn_on_full_buffer=False)
        self._notifier = QSocketNotifier(self._reading.fileno(), QSocketNotifier.Type.Read)
        self._notifier.activated.connect(lambda *_: application.quit())
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            if hasattr(signal, name) and os.name == "posix":
                signal.signal(getattr(signal, name), _told)

    def close(self) -> None:
        """Let go of the signals' socket."""
        self._notifier.setEnabled(False)
        signal.set_wakeup_fd(self._before)
        self._reading.close()
        self._writing.close()


def _told(_number: int, _frame: FrameType | None) -> None:
    """The wake-up through the socket does the work."""
