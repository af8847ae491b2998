"""What the window keeps while it runs, so that a crash loses none of it, and what counts as being there."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from reviewer.ui.main_window import MainWindow


def test_layout_is_kept_without_closing(
    qtbot: QtBot, window: MainWindow, settings: QSettings, make_window: Callable[[], MainWindow]
) -> None:
    window.show_view("review")
    splitter = window.screen_view.splitters()["review_across"]
    splitter.moveSplitter(splitter.width() // 2, 1)
    window.show_view("queue")
    kept = "splitters/review_across"
    qtbot.waitUntil(lambda: settings.value(kept) == splitter.saveState())
    assert settings.value("window/view") == "queue"
    assert settings.value("window/geometry") == window.saveGeometry()
    again = make_window()
    assert again.view == "queue"
    assert again.screen_view.splitters()["review_across"].saveState() == splitter.saveState()


def test_blurred_pictures_are_a_preference(
    qtbot: QtBot, window: MainWindow, make_window: Callable[[], MainWindow]
) -> None:
    assert not window.veiled
    window.show_view("help")
    window.help.veil.click()
    assert window.veiled
    assert window.screen_view.compare._sensitive
    assert window.screen_view.batch.sensitive
    again = make_window()
    assert again.veiled
    assert again.help.veil.isChecked()
    window.commands.run("pictures.veil")
    assert not window.veiled
    assert not window.help.veil.isChecked()
    assert not window.screen_view.compare._sensitive


def test_typing_in_a_dialog_is_being_there(qtbot: QtBot, window: MainWindow) -> None:
    dialog = window.connectors.edit(None)
    dialog.activateWindow()
    qtbot.waitUntil(dialog.isActiveWindow)
    window.lock.minutes = 1
    window.lock._last -= 3600.0
    QTest.keyClick(dialog.windowHandle(), Qt.Key.Key_A)
    window.lock.check()
    assert not window.lock.is_locked
    dialog.reject()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.lock._last -= 3600.0
    window.lock.check()
    assert window.lock.is_locked
    window.lock.unlock()


def test_escape_leads_out_of_the_search(qtbot: QtBot, window: MainWindow) -> None:
    window.show_view("queue")
    window.queue.search()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is window.queue.bar.search)
    QTest.keyClicks(window.queue.bar.search, "belt")
    QTest.keyClick(window.queue.bar.search, Qt.Key.Key_Escape)
    assert window.queue.bar.search.text() == ""
    QTest.keyClick(window.queue.bar.search, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: QApplication.focusWidget() is window.queue.table)


def test_both_keys_of_the_sheet_of_keys_open_it(qtbot: QtBot, window: MainWindow) -> None:
    """Shift+/ is ? on most keyboards: to the system both keys of the command are one press."""
    opened: list[str] = []
    window.commands.triggered.connect(opened.append)
    for shortcut in window.commands._shortcuts["help.keys"]:
        shortcut.activatedAmbiguously.emit()
    assert opened == ["help.keys"] * 2
    for sheet in QApplication.topLevelWidgets():
        if sheet.windowTitle() == "Keys":
            sheet.close()
