"""The shell on the fake workstation; a fault that nobody expected fails the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from shiboken6 import Shiboken

from reviewer.ui.commands import Commands
from reviewer.ui.main_window import MainWindow
from reviewer.ui.review.screen import ReviewScreen
from reviewer.ui.tasks import Tasks
from reviewer.ui.theme import Theme
from tests.gui.shell.stand_ins import ShellWorkstation


@pytest.fixture
def settings(tmp_path: Path) -> QSettings:
    kept = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
    kept.setValue("theme", "dark")
    return kept


@pytest.fixture
def workstation(tmp_path: Path) -> Iterator[ShellWorkstation]:
    made = ShellWorkstation(tmp_path)
    yield made
    made.queue.gate.set()
    made.close()


@pytest.fixture
def tasks(qapp: QApplication, workstation: ShellWorkstation) -> Iterator[Tasks]:
    made = Tasks(workstation)
    unexpected: list[BaseException] = []
    made.failed_unexpectedly.connect(unexpected.append)
    yield made
    made.close()
    assert not unexpected


@pytest.fixture
def commands(settings: QSettings) -> Commands:
    return Commands(settings)


@pytest.fixture
def theme(qapp: QApplication, settings: QSettings) -> Theme:
    return Theme(qapp, settings)


@pytest.fixture
def make_window(
    qtbot: QtBot, workstation: ShellWorkstation, tasks: Tasks, theme: Theme, settings: QSettings
) -> Iterator[Callable[[], MainWindow]]:
    """Windows that are gone before the workstation closes, as in the program."""
    windows: list[MainWindow] = []

    def make() -> MainWindow:
        commands = Commands(settings)
        screen = ReviewScreen(workstation, tasks, commands, theme)
        window = MainWindow(workstation, tasks, commands, theme, settings, screen)
        windows.append(window)
        return window

    yield make
    for window in windows:
        window.close()
        QApplication.processEvents()
        Shiboken.delete(window)


@pytest.fixture
def window(qtbot: QtBot, make_window: Callable[[], MainWindow]) -> MainWindow:
    made = make_window()
    with qtbot.waitExposed(made):
        made.show()
    qtbot.waitUntil(lambda: bool(made.head.today.text()))
    return made
