"""Accounts: the first run, the form, the test before saving, signing in."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QMessageBox
from pytestqt.qtbot import QtBot

from reviewer.errors import OperatorError
from reviewer.services.accounts import AccountForm
from reviewer.services.model import AccountStatus, Status
from reviewer.ui.connectors.editor import AccountEditor
from reviewer.ui.connectors.first_run import FirstRunPage
from reviewer.ui.connectors.view import ConnectorsView
from reviewer.ui.plain import PlainLabel
from reviewer.ui.tasks import Tasks
from reviewer.ui.theme import Theme
from tests.fakes import ACCOUNT
from tests.gui.shell.stand_ins import QUEUE_API, Account, ShellWorkstation

#: What the services say where the connection fails, as the reviewer reads it.
FAILURES = (
    "No server answers at https://queue.example. Check the address, or ask whoever runs it.",
    "The server does not know this token. Ask whoever runs it for a new one.",
    "There is a server, but it is not a queue server. Check the address.",
    "The certificate of queue.example is not valid. Whoever runs it must mend it.",
    "<html>502</html> is not an answer of a queue server.",
)


@pytest.fixture
def page(qtbot: QtBot, workstation: ShellWorkstation, tasks: Tasks, theme: Theme) -> FirstRunPage:
    made = FirstRunPage(workstation.accounts, tasks, theme)
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    return made


@pytest.fixture
def view(qtbot: QtBot, workstation: ShellWorkstation, tasks: Tasks, theme: Theme) -> ConnectorsView:
    made = ConnectorsView(workstation.accounts, tasks, theme)
    qtbot.addWidget(made)
    made.resize(1000, 700)
    with qtbot.waitExposed(made):
        made.show()
    qtbot.waitUntil(lambda: ACCOUNT in made.cards)
    return made


def fill(editor: AccountEditor, address: str = "https://queue.example", typed: str = "geheim") -> None:
    for key, value in (("address", address), ("token", typed)):
        line = editor.form.fields[key].widget
        assert isinstance(line, QLineEdit)
        line.setText(value)
        line.textEdited.emit(value)


def open_form(qtbot: QtBot, page: FirstRunPage) -> AccountEditor:
    page.connect_button.click()
    qtbot.waitUntil(lambda: bool(page.editor.form.fields))
    return page.editor


def test_the_demo_begins_with_one_click(qtbot: QtBot, page: FirstRunPage, workstation: ShellWorkstation) -> None:
    with qtbot.waitSignal(page.account_added):
        page.demo_button.click()
    assert workstation.accounts.demo_started == 1


def test_a_demo_that_does_not_start_says_why(
    qtbot: QtBot, page: FirstRunPage, workstation: ShellWorkstation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise OperatorError("The port is taken. End the other program.")

    monkeypatch.setattr(page._accounts, "start_demo", refuse)
    page.demo_button.click()
    qtbot.waitUntil(lambda: page.demo_result.text() == "The port is taken. End the other program.")
    assert page.demo_button.isEnabled()


def test_a_marketplace_is_tested_then_saved(qtbot: QtBot, page: FirstRunPage, workstation: ShellWorkstation) -> None:
    editor = open_form(qtbot, page)
    fill(editor)
    assert not editor.save_button.isEnabled()
    editor.test_button.click()
    qtbot.waitUntil(editor.save_button.isEnabled)
    assert "Connected to Demo marketplaces as Ana Reyes" in editor.result.text()
    with qtbot.waitSignal(page.account_added):
        editor.save_button.click()
    form = workstation.accounts.saved[0]
    assert isinstance(form, AccountForm)
    assert form.settings == {"address": "https://queue.example", "page": 500, "tls": "strict", "bulk": True}
    assert form.secrets == {"token": "geheim"}
    assert "geheim" not in repr(form)


@pytest.mark.parametrize("words", FAILURES)
def test_each_failure_is_shown_in_its_words(
    qtbot: QtBot, page: FirstRunPage, workstation: ShellWorkstation, words: str
) -> None:
    editor = open_form(qtbot, page)
    fill(editor)
    workstation.accounts.error = OperatorError(words)
    editor.test_button.click()
    qtbot.waitUntil(lambda: editor.result.text() == words)
    assert editor.result.textFormat() == Qt.TextFormat.PlainText
    assert not editor.save_button.isEnabled()
    assert editor.test_button.isEnabled()
    workstation.accounts.error = None
    editor.test_button.click()
    qtbot.waitUntil(editor.save_button.isEnabled)


def test_a_fault_of_the_program_does_not_pose_as_the_operators(
    qtbot: QtBot, page: FirstRunPage, workstation: ShellWorkstation
) -> None:
    editor = open_form(qtbot, page)
    fill(editor)
    workstation.accounts.error = KeyError("x")
    editor.test_button.click()
    qtbot.waitUntil(lambda: "fault of the program (KeyError)" in editor.result.text())


def test_what_is_missing_is_marked_at_its_field(qtbot: QtBot, page: FirstRunPage) -> None:
    editor = open_form(qtbot, page)
    fill(editor, "queue.example", "")
    editor.test_button.click()
    assert "begins with https://" in editor.form.fields["address"].problem.text()
    assert editor.form.fields["token"].problem.text() == "This is needed."
    number = editor.form.fields["page"].widget
    assert isinstance(number, QLineEdit)
    number.setText("many")
    editor.test_button.click()
    assert editor.form.fields["page"].problem.text() == "This must be a number."


def test_a_change_after_the_test_asks_for_another(qtbot: QtBot, page: FirstRunPage) -> None:
    editor = open_form(qtbot, page)
    fill(editor)
    editor.test_button.click()
    qtbot.waitUntil(editor.save_button.isEnabled)
    fill(editor, "https://other.example")
    assert not editor.save_button.isEnabled()
    editor.anyway.setChecked(True)
    assert editor.save_button.isEnabled()


def test_secrets_are_masked(qtbot: QtBot, page: FirstRunPage) -> None:
    token = open_form(qtbot, page).form.fields["token"].widget
    assert isinstance(token, QLineEdit)
    assert token.echoMode() == QLineEdit.EchoMode.Password


def test_only_usable_connectors_are_offered(qtbot: QtBot, page: FirstRunPage) -> None:
    editor = open_form(qtbot, page)
    assert [editor.kind.itemText(place) for place in range(editor.kind.count())] == ["Queue API"]


def labels(view: ConnectorsView) -> str:
    return "\n".join(label.text() for label in view.findChildren(PlainLabel))


def test_accounts_and_broken_connectors_are_listed(qtbot: QtBot, view: ConnectorsView) -> None:
    view.show_status(Status(accounts=(AccountStatus(ACCOUNT, "Demo", "offline", "No network <b>."),)))
    shown = labels(view)
    assert "Demo marketplaces" in shown
    assert "No network <b>." in shown
    assert "api_version must be 1" in shown
    assert "Can't be used" in shown


def test_an_account_keeps_its_secret_when_it_is_edited(
    qtbot: QtBot, view: ConnectorsView, workstation: ShellWorkstation
) -> None:
    dialog = view.edit(workstation.accounts.known[0])
    dialog.editor.test_button.click()
    qtbot.waitUntil(dialog.editor.save_button.isEnabled)
    with qtbot.waitSignal(view.accounts_changed):
        dialog.editor.save_button.click()
    assert workstation.accounts.saved[0].id == ACCOUNT
    assert workstation.accounts.saved[0].secrets == {}


def test_signing_in_asks_for_the_secrets_only(
    qtbot: QtBot, view: ConnectorsView, workstation: ShellWorkstation
) -> None:
    dialog = view.sign_in(workstation.accounts.known[0])
    assert list(dialog.form.fields) == ["token"]
    line = dialog.form.fields["token"].widget
    assert isinstance(line, QLineEdit)
    line.setText("new")
    workstation.accounts.error = OperatorError("The server does not know this token.")
    dialog.sign_in_button.click()
    qtbot.waitUntil(lambda: dialog.outcome.text() == "The server does not know this token.")
    workstation.accounts.error = None
    with qtbot.waitSignal(dialog.signed_in):
        dialog.sign_in_button.click()
    assert workstation.accounts.renewed == [(ACCOUNT, {"token": "new"})]


def test_removing_asks_first(qtbot: QtBot, view: ConnectorsView, workstation: ShellWorkstation) -> None:
    box = view.remove(Account(ACCOUNT, QUEUE_API.id, "<i>Demo</i>"))
    assert box.textFormat() == Qt.TextFormat.PlainText
    assert workstation.accounts.removed == []
    yes = next(made for made in box.buttons() if box.buttonRole(made) == QMessageBox.ButtonRole.DestructiveRole)
    with qtbot.waitSignal(view.accounts_changed):
        yes.click()
    assert workstation.accounts.removed == [ACCOUNT]
