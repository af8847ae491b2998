"""The palette and the sheet of keys."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from reviewer.ui.commands import Command, Commands, Scope
from reviewer.ui.fuzzy import score
from reviewer.ui.keysheet import KeySheet
from reviewer.ui.main_window import MainWindow
from reviewer.ui.theme import Theme
from tests.gui.shell.stand_ins import ShellWorkstation


def test_fuzzy_matching() -> None:
    assert score("", "Anything") == 0
    assert score("xyz", "Take work offline") is None
    assert score("two", "Take work offline") is not None
    whole, start, loose = score("lock", "Block"), score("lock", "Lock the screen"), score("lk", "Lock")
    assert whole is not None
    assert start is not None
    assert loose is not None
    assert start > whole > loose


def test_each_hit_shows_its_key(window: MainWindow) -> None:
    palette = window.palette_box
    palette.open_over(window)
    hits = {hit.command_id: hit.chord for hit in palette.hits}
    assert hits["palette.open"] == "Ctrl+K"
    assert hits["view.queue"] == "Ctrl+2"


def test_typing_and_return_run_a_command(qtbot: QtBot, window: MainWindow) -> None:
    window.palette_box.open_over(window)
    qtbot.keyClicks(window.palette_box.field, "outbo")
    assert window.palette_box.hits[0].command_id == "view.outbox"
    with qtbot.waitSignal(window.view_shown) as told:
        qtbot.keyClick(window.palette_box.field, Qt.Key.Key_Return)
    assert told.args == ["outbox"]
    assert not window.palette_box.isVisible()


def test_cases_are_found_and_opened(qtbot: QtBot, window: MainWindow, workstation: ShellWorkstation) -> None:
    palette = window.palette_box
    palette.open_over(window)
    with qtbot.waitSignal(palette.cases_arrived):
        palette.field.setText("정품급")
    cases = [hit for hit in palette.hits if hit.row is not None]
    assert len(cases) == 7
    assert workstation.queue.asked[-1][0].text == "정품급"
    palette.list.setCurrentRow(len(palette.hits) - 1)
    with qtbot.waitSignal(window.queue.opened):
        palette.run_current()
    assert window.view == "review"


def test_arrows_move_and_stop_at_the_ends(qtbot: QtBot, window: MainWindow) -> None:
    palette = window.palette_box
    palette.open_over(window)
    qtbot.keyClick(palette.field, Qt.Key.Key_Up)
    assert palette.list.currentRow() == 0
    for _ in range(100):
        qtbot.keyClick(palette.field, Qt.Key.Key_PageDown)
    assert palette.list.currentRow() == palette.list.count() - 1


@pytest.fixture
def sheet(qtbot: QtBot, commands: Commands, theme: Theme) -> KeySheet:
    for name, chord in (("clear", "1"), ("warn", "2")):
        commands.register(Command(name, name.title(), chord, Scope.REVIEW, lambda: None, group="Deciding"))
    made = KeySheet(commands, theme)
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    return made


def type_key(sheet: KeySheet, key: Qt.Key) -> None:
    QApplication.sendEvent(sheet, QKeyEvent(QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier))


def test_a_key_is_changed_on_the_sheet(sheet: KeySheet, commands: Commands) -> None:
    sheet.buttons["clear"].click()
    type_key(sheet, Qt.Key.Key_Q)
    assert commands.chord("clear") == "Q"
    assert sheet.buttons["clear"].text() == "Q"


def test_a_taken_key_is_refused_with_its_holder(sheet: KeySheet, commands: Commands) -> None:
    sheet.buttons["clear"].click()
    type_key(sheet, Qt.Key.Key_2)
    assert commands.chord("clear") == "1"
    assert "Warn" in sheet.message.text()
    type_key(sheet, Qt.Key.Key_W)
    assert commands.chord("clear") == "W"


def test_esc_leaves_a_key_and_backspace_takes_it(sheet: KeySheet, commands: Commands) -> None:
    sheet.buttons["clear"].click()
    type_key(sheet, Qt.Key.Key_Escape)
    assert commands.chord("clear") == "1"
    assert sheet.isVisible()
    sheet.buttons["clear"].click()
    type_key(sheet, Qt.Key.Key_Backspace)
    assert commands.chord("clear") == ""
    sheet.reset_button.click()
    assert commands.chord("clear") == "1"


def test_swapped_keys_are_reset_together(sheet: KeySheet, commands: Commands) -> None:
    commands.rebind("clear", "")
    commands.rebind("warn", "1")
    commands.rebind("clear", "2")
    sheet.reset_all()
    assert (commands.chord("clear"), commands.chord("warn")) == ("1", "2")
