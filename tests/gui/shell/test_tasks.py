"""The one bridge between threads."""

from __future__ import annotations

import threading

from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from reviewer.errors import OperatorError
from reviewer.ui.tasks import Latest, Tasks
from tests.gui.shell.stand_ins import ShellWorkstation


def test_results_come_back_on_the_windows_thread(qtbot: QtBot, tasks: Tasks) -> None:
    threads: list[tuple[str, int]] = []
    for run in (tasks.on_desk, tasks.on_reader, tasks.in_background):
        run(threading.get_ident, lambda ident: threads.append(("done", ident)))
        run(lambda: None, lambda _none: threads.append(("here", threading.get_ident())))
    qtbot.waitUntil(lambda: len(threads) == 6)
    here = threading.get_ident()
    assert all(ident == here for name, ident in threads if name == "here")
    assert all(ident != here for name, ident in threads if name == "done")


def test_nothing_is_called_back_from_within_the_asking_call(qtbot: QtBot, tasks: Tasks) -> None:
    done: list[int] = []
    finished = threading.Event()
    tasks.on_desk(lambda: 1, done.append)
    tasks.on_desk(finished.set)
    assert finished.wait(5)
    assert done == []
    qtbot.waitUntil(lambda: done == [1])


def test_an_exception_goes_to_failed(qtbot: QtBot, tasks: Tasks) -> None:
    def refuse() -> None:
        raise OperatorError("The disk is full.")

    errors: list[Exception] = []
    tasks.on_desk(refuse, None, errors.append)
    qtbot.waitUntil(lambda: len(errors) == 1)
    assert str(errors[0]) == "The disk is full."


def test_an_exception_that_nobody_takes_is_told(qtbot: QtBot, workstation: ShellWorkstation) -> None:
    tasks = Tasks(workstation)
    with qtbot.waitSignal(tasks.failed_unexpectedly) as told:
        tasks.in_background(lambda: 1 // 0)
    assert isinstance(told.args[0], ZeroDivisionError)
    tasks.close()


def test_the_result_of_a_destroyed_owner_is_dropped(qtbot: QtBot, tasks: Tasks) -> None:
    gate = threading.Event()
    owner = QObject()
    called: list[object] = []
    tasks.in_background(gate.wait, called.append, called.append, owner=owner)
    with qtbot.waitSignal(owner.destroyed):
        owner.deleteLater()
    after: list[object] = []
    gate.set()
    tasks.on_desk(lambda: None, after.append)
    tasks.in_background(lambda: None, after.append)
    qtbot.waitUntil(lambda: len(after) == 2)
    assert called == []


def test_a_cancelled_task_is_dropped(qtbot: QtBot, tasks: Tasks) -> None:
    gate = threading.Event()
    called: list[object] = []
    task = tasks.on_reader(gate.wait, called.append)
    task.cancel()
    gate.set()
    after: list[object] = []
    tasks.on_reader(lambda: None, after.append)
    qtbot.waitUntil(lambda: len(after) == 1)
    assert called == []
    assert task.cancelled


def test_changes_of_one_turn_come_once_an_origin(qtbot: QtBot, tasks: Tasks, workstation: ShellWorkstation) -> None:
    heard: list[tuple[str, frozenset[str]]] = []
    tasks.changed.connect(lambda changed: heard.append((changed.origin, changed.topics)))
    for _ in range(50):
        workstation.notifier.publish("queue", origin="pull")
    workstation.notifier.publish("desk", origin="pull")
    workstation.notifier.publish("status", origin="review")
    assert heard == []
    qtbot.waitUntil(lambda: len(heard) == 2)
    assert heard == [("pull", frozenset({"queue", "desk"})), ("review", frozenset({"status"}))]


def test_a_change_on_another_thread_is_told_here(qtbot: QtBot, tasks: Tasks, workstation: ShellWorkstation) -> None:
    idents: list[int] = []
    tasks.changed.connect(lambda _changed: idents.append(threading.get_ident()))
    workstation.in_background(lambda: workstation.notifier.publish("desk"))
    qtbot.waitUntil(lambda: bool(idents))
    assert idents == [threading.get_ident()]


def test_the_latest_question_is_asked_once_more_and_no_oftener() -> None:
    ends: list = []
    latest = Latest(ends.append)
    for _ in range(5):
        latest.refresh()
    assert len(ends) == 1
    ends[0]()
    assert len(ends) == 2
    ends[1]()
    assert len(ends) == 2


def test_after_close_nothing_is_run(tasks: Tasks) -> None:
    tasks.close()
    ran: list[int] = []
    assert tasks.on_desk(lambda: ran.append(1)).cancelled
    assert ran == []
