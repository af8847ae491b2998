"""The window as a whole: head, banners, lock, offline work, what is kept, what is plain, what has a name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot

from reviewer.errors import OperatorError
from reviewer.services.model import AccountStatus, Banner, Status
from reviewer.ui.main_window import MainWindow
from reviewer.ui.navigation import VIEWS
from reviewer.ui.tasks import Tasks
from tests.gui.shell.stand_ins import ShellWorkstation

INPUTS = (QAbstractButton, QAbstractItemView, QAbstractSpinBox, QComboBox, QLineEdit, QPlainTextEdit)


def show_status(qtbot: QtBot, workstation: ShellWorkstation, window: MainWindow, status: Status) -> None:
    workstation.status.value = status
    with qtbot.waitSignal(window.watch.status_read):
        workstation.notifier.publish("status")


def test_the_head_tells_the_state(qtbot: QtBot, window: MainWindow, workstation: ShellWorkstation) -> None:
    online = (AccountStatus("a", "A", "online"), AccountStatus("b", "B", "offline"))
    show_status(
        qtbot, workstation, window, Status(accounts=online, open_cases=1214, due_soon=2, overdue=1, unsent=3, inbox=4)
    )
    assert window.head.queue.text() == "All queues  1,214 open"
    assert window.head.due.text() == "1 overdue, 2 due soon"
    assert window.head.line.text() == "1 of 2 online"
    assert window.head.unsent.text() == "3 unsent"
    assert window.head.lease.text().startswith("lease ")
    assert window.navigation.buttons["outbox"].text() == "Outbox (4)"
    offline = (AccountStatus("a", "A", "offline"),)
    show_status(qtbot, workstation, window, Status(accounts=offline, unsent=37))
    assert window.head.line.text() == "offline"
    assert window.head.unsent.text() == "37 waiting"
    assert not window.head.due.isVisible()


def test_the_heads_parts_lead_to_their_views(qtbot: QtBot, window: MainWindow) -> None:
    window.head.unsent.click()
    assert window.view == "outbox"
    window.head.line.click()
    assert window.view == "connectors"
    window.head.due.clicked.emit()
    assert window.view == "queue"
    assert window.queue.bar.chosen.due == "soon"


def test_banners_with_their_actions(qtbot: QtBot, window: MainWindow, workstation: ShellWorkstation) -> None:
    banners = (
        Banner("disk_full", "error", "The disk is full <b>now</b>.", "retry"),
        Banner("inbox", "warning", "2 came back.", "open_inbox"),
    )
    show_status(qtbot, workstation, window, replace(workstation.status.value, banners=banners))
    frame = window.banners.frames["disk_full"]
    assert any(label.text() == "The disk is full <b>now</b>." for label in frame.findChildren(QLabel))
    window.banners.frames["inbox"].findChildren(QAbstractButton)[0].click()
    assert window.view == "outbox"
    frame.findChildren(QAbstractButton)[0].click()
    qtbot.waitUntil(lambda: ("send_now",) in workstation.delivery.calls)
    show_status(qtbot, workstation, window, replace(workstation.status.value, banners=()))
    assert not window.banners.isVisible()


def test_words_of_the_review_screen_are_shown(window: MainWindow) -> None:
    window.screen_view.problem_raised.emit("The lease had run out.")
    assert window.banners.isVisible()
    window.banners.show_notice("")
    assert not window.banners.isVisible()


@pytest.mark.parametrize(("key", "view"), list(zip("12345", VIEWS, strict=True)))
def test_views_have_keys(qtbot: QtBot, window: MainWindow, key: str, view: str) -> None:
    window.show_view("queue" if view == "review" else "review")
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    qtbot.keyClick(window.windowHandle(), key, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: window.view == view)


def test_without_an_account_the_first_run_page_comes(
    qtbot: QtBot, make_window: Callable[[], MainWindow], workstation: ShellWorkstation
) -> None:
    workstation.accounts.known = []
    window = make_window()
    window.show()
    qtbot.waitUntil(lambda: window.view == "first_run")
    window.first_run.demo_button.click()
    qtbot.waitUntil(lambda: window.view == "review")


def test_what_was_arranged_is_restored(
    qtbot: QtBot, make_window: Callable[[], MainWindow], settings: QSettings
) -> None:
    first = make_window()
    first.show()
    first.resize(780, 700)
    size = first.size()
    first.show_view("outbox")
    first.queue.table.setColumnWidth(0, 155)
    first.theme.choose("light")
    first.commands.rebind("view.help", "Ctrl+9")
    first.close()
    again = make_window()
    again.show()
    assert again.size() == size
    assert again.view == "outbox"
    assert again.queue.table.columnWidth(0) == 155
    assert again.theme.choice == "light"
    assert again.commands.chord("view.help") == "Ctrl+9"


def test_the_lock_hides_the_listings_and_stops_the_keys(qtbot: QtBot, window: MainWindow) -> None:
    window.show_view("review")
    window.lock.minutes = 15
    window.lock._last -= 14 * 60
    window.lock.check()
    assert not window.lock.is_locked
    window.lock._last -= 2 * 60
    window.lock.check()
    assert window.lock.is_locked
    assert not window.screen_view.isVisible()
    assert not window.commands.run("view.queue")
    qtbot.keyClick(window.lock.cover, Qt.Key.Key_A)
    assert not window.lock.is_locked
    assert window.screen_view.isVisible()
    assert window.view == "review"


def test_the_lock_can_be_switched_off(window: MainWindow, settings: QSettings) -> None:
    window.help.minutes.setValue(0)
    window.lock._last -= 10_000 * 60
    window.lock.check()
    assert not window.lock.is_locked
    assert int(str(settings.value("lock_minutes"))) == 0


def test_work_is_taken_offline(qtbot: QtBot, window: MainWindow, workstation: ShellWorkstation) -> None:
    dialog = window.take_offline()
    dialog.hours.setValue(4)
    dialog.cases.setValue(50)
    with qtbot.waitSignal(dialog.taken) as told:
        dialog.take_button.click()
    assert told.args == [50]
    assert workstation.intake.taken == [(4.0, 50)]
    assert "50 cases" in dialog.outcome.text()
    dialog.reject()


def test_taking_work_along_can_fail_and_be_cancelled(
    qtbot: QtBot, window: MainWindow, workstation: ShellWorkstation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object) -> int:
        raise OperatorError("Connect a marketplace first.")

    monkeypatch.setattr(workstation.intake, "take_offline", refuse)
    dialog = window.take_offline()
    dialog.take_button.click()
    qtbot.waitUntil(lambda: dialog.outcome.text() == "Connect a marketplace first.")
    dialog.take_button.click()
    dialog.cancel_button.click()
    assert not dialog.isVisible()


def test_diagnostics_are_copied(qtbot: QtBot, window: MainWindow) -> None:
    with qtbot.waitSignal(window.diagnostics.copied):
        window.commands.run("diagnostics.copy")
    copied = QGuiApplication.clipboard().text()
    assert "Log: quiet" in copied
    assert "Qt:" in copied


def test_failures_say_who_must_act(qtbot: QtBot, window: MainWindow) -> None:
    box = window.faults.show(OperatorError("The disk is full <b>. Free some space."))
    assert box.text() == "The disk is full <b>. Free some space."
    assert box.textFormat() == Qt.TextFormat.PlainText
    assert window.faults.show(OperatorError("The disk is full <b>. Free some space.")) is box
    box.close()
    bug = window.faults.show(KeyError("secret"))
    assert "fault of the program" in bug.text()
    assert "secret" not in bug.text()
    assert any(made.text() == "Copy diagnostics" for made in bug.buttons())
    bug.close()


def test_no_label_reads_marks(qtbot: QtBot, window: MainWindow) -> None:
    for view in (*VIEWS, "first_run"):
        window.show_view(view)
    shown = [label for label in window.findChildren(QLabel) if label.text()]
    assert shown
    assert [label.text() for label in shown if label.textFormat() != Qt.TextFormat.PlainText] == []


def test_every_control_has_a_name(qtbot: QtBot, window: MainWindow) -> None:
    for view in (*VIEWS, "first_run"):
        window.show_view(view)
    window.queue.bar.search.setText("x")
    qtbot.waitUntil(lambda: bool(window.connectors.cards))
    nameless = [
        widget
        for part in (window.head, window.navigation, window.queue, window.outbox, window.connectors, window.help)
        for kind in INPUTS
        for widget in part.findChildren(kind)
        if not _is_inner(widget) and not (widget.accessibleName() or getattr(widget, "text", str)())
    ]
    assert nameless == []


def _is_inner(widget: QWidget) -> bool:
    """A part that Qt makes inside another control."""
    parent = widget.parentWidget()
    popup = parent is not None and parent.metaObject().className() == "QComboBoxPrivateContainer"
    inside = isinstance(parent, QAbstractItemView | QComboBox | QLineEdit | QAbstractSpinBox)
    return popup or inside or widget.objectName().startswith("qt_")


def test_closing_asks_nothing(qtbot: QtBot, window: MainWindow, tasks: Tasks) -> None:
    with qtbot.waitSignal(window.closing):
        assert window.close()
    assert not window.isVisible()
