"""What is unsent and what came back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from reviewer.errors import OperatorError
from reviewer.ui.commands import Commands
from reviewer.ui.outbox.view import OutboxView
from reviewer.ui.tasks import Tasks
from reviewer.ui.theme import Theme
from tests.gui.shell.stand_ins import ShellWorkstation


@pytest.fixture
def view(qtbot: QtBot, workstation: ShellWorkstation, tasks: Tasks, commands: Commands, theme: Theme) -> OutboxView:
    made = OutboxView(workstation, tasks, commands, theme)
    qtbot.addWidget(made)
    made.resize(1100, 700)
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    qtbot.waitUntil(lambda: bool(made.unsent.model.items))
    return made


def press(view: OutboxView, key: Qt.Key) -> None:
    handle = view.windowHandle()
    QApplication.sendEvent(handle, QKeyEvent(QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier))


def test_each_row_says_why_it_waits(view: OutboxView) -> None:
    model = view.unsent.model
    lines = [
        [model.data(model.index(row, column), Qt.ItemDataRole.DisplayRole) for column in range(model.columnCount())]
        for row in range(model.rowCount())
    ]
    assert lines[0][0] == "Sent in 7 s"
    assert lines[1][0] == "Sending"
    assert lines[2][0] == "Parked"
    assert "409" in lines[2][-1]


def test_send_now_and_retry(qtbot: QtBot, view: OutboxView, workstation: ShellWorkstation) -> None:
    with qtbot.waitSignal(view.unsent.acted):
        view.unsent.send_button.click()
    view.unsent.table.setCurrentIndex(view.unsent.model.index(1, 0))
    assert not view.unsent.retry_button.isEnabled()
    view.unsent.table.setCurrentIndex(view.unsent.model.index(2, 0))
    with qtbot.waitSignal(view.unsent.acted):
        press(view, Qt.Key.Key_R)
    decision = view.unsent.model.items[2].decision.id
    assert workstation.delivery.calls == [("send_now",), ("retry", decision)]


def test_export(qtbot: QtBot, view: OutboxView, tmp_path: Path) -> None:
    view.unsent.export_to(tmp_path / "unsent.json")
    qtbot.waitUntil(lambda: "3 decisions written" in view.message.text())
    assert (tmp_path / "unsent.json").exists()


def test_both_sides_are_shown(view: OutboxView) -> None:
    detail = view.inbox.detail
    assert "Takedown" in detail.ours.text()
    assert "price 97 %" in detail.ours.text()
    assert detail.theirs.text() == "The listing changed at 08:41."
    assert detail.buttons["again"].isVisible()
    assert not detail.buttons["escalate"].isVisible()


def test_decide_again_opens_the_case_when_it_is_there(
    qtbot: QtBot, view: OutboxView, workstation: ShellWorkstation
) -> None:
    with qtbot.waitSignal(view.opened) as told:
        press(view, Qt.Key.Key_A)
    assert told.args[0].case_id == "case-0005"
    assert workstation.delivery.calls == [("resolve", 1, "again")]


def test_record_as_moot(qtbot: QtBot, view: OutboxView, workstation: ShellWorkstation) -> None:
    view.inbox.table.setCurrentIndex(view.inbox.model.index(1, 0))
    press(view, Qt.Key.Key_M)
    press(view, Qt.Key.Key_M)
    qtbot.waitUntil(lambda: len(view.inbox.model.items) == 1)
    assert workstation.delivery.calls == [("resolve", 2, "moot")]


def test_a_refused_answer_is_said_and_can_be_tried_again(
    qtbot: QtBot, view: OutboxView, workstation: ShellWorkstation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_item: int, _action: str) -> None:
        raise OperatorError("This item was resolved already.")

    monkeypatch.setattr(workstation.delivery, "resolve", refuse)
    view.inbox.answer("moot")
    qtbot.waitUntil(lambda: "resolved already" in view.message.text())
    monkeypatch.undo()
    view.inbox.answer("moot")
    qtbot.waitUntil(lambda: len(view.inbox.model.items) == 1)


def test_keys_are_on_the_buttons_and_follow_a_rebinding(view: OutboxView, commands: Commands) -> None:
    assert view.inbox.detail.buttons["again"].text() == "A  Decide again"
    commands.rebind("inbox.again", "Q")
    assert view.inbox.detail.buttons["again"].text() == "Q  Decide again"


def test_empty_lists_say_so(qtbot: QtBot, view: OutboxView, workstation: ShellWorkstation) -> None:
    workstation.delivery.outbox.clear()
    workstation.delivery.inbox = []
    workstation.notifier.publish("outbox", "inbox")
    qtbot.waitUntil(lambda: view.unsent.empty.isVisible() and view.inbox.empty.isVisible())
    assert not view.unsent.send_button.isEnabled()


def test_strangers_texts_stay_plain(qtbot: QtBot, view: OutboxView, workstation: ShellWorkstation) -> None:
    item = workstation.delivery.inbox[0]
    workstation.delivery.inbox = [replace(item, title="<h1>x</h1>", detail="<img src=x>\u202e")]
    view.refresh()
    qtbot.waitUntil(lambda: view.inbox.detail.title.text() == "<h1>x</h1>")
    assert view.inbox.detail.theirs.text() == "<img src=x>⟦RLO⟧"
    assert view.inbox.detail.theirs.textFormat() == Qt.TextFormat.PlainText


def test_what_an_auditor_sent_back_is_decided_again_or_stood_by(
    qtbot: QtBot, view: OutboxView, workstation: ShellWorkstation
) -> None:
    first = workstation.delivery.inbox[0]
    words = "Kim Aalto rules: takedown counterfeit.\nดูตะเข็บอีกครั้ง 봉제선을 다시 보세요"
    back = replace(first, id=-1, status="returned", detail=words, actions=("again", "uphold"))
    workstation.delivery.inbox[:] = [back]
    view.refresh()
    qtbot.waitUntil(lambda: [item.id for item in view.inbox.model.items] == [-1])
    view.inbox.table.setCurrentIndex(view.inbox.model.index(0, 0))
    detail = view.inbox.detail
    assert detail.who.text() == "The auditor says"
    assert detail.theirs.text() == words
    assert {name for name, made in detail.buttons.items() if made.isVisible()} == {"again", "uphold"}
    assert detail.buttons["uphold"].text().startswith("B")
    with qtbot.waitSignal(view.inbox.resolved):
        press(view, Qt.Key.Key_B)
    assert workstation.delivery.calls == [("resolve", -1, "uphold")]
