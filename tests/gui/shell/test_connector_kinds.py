"""Connectors in the window: every kind of field, the preview, approval, tiers, logs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QMessageBox, QPlainTextEdit
from pytestqt.qtbot import QtBot

from reviewer.connectors.api import Preview
from reviewer.connectors.opener import HostReport
from reviewer.connectors.settings_schema import Setting
from reviewer.services.accounts import ConnectorKind
from reviewer.ui.connectors.editor import AccountEditor
from reviewer.ui.connectors.fields import ColumnsEdit, PathEdit
from reviewer.ui.connectors.form import SettingsForm
from reviewer.ui.connectors.kinds import facts_of
from reviewer.ui.connectors.view import ConnectorsView
from reviewer.ui.plain import PlainLabel
from reviewer.ui.tasks import Tasks
from reviewer.ui.theme import Theme
from tests.gui.shell.stand_ins import QUEUE_API, ShellWorkstation

EVERYTHING = ConnectorKind(
    "all", "All fields", "2.0",
    (
        Setting("text", "Text", "text", required=True, words={"ko": {"label": "글", "help": "도움말"}}),
        Setting("number", "Number", "number", default=5, least=1, most=9),
        Setting("secret", "Secret", "secret"),
        Setting("address", "Address", "address"),
        Setting("choice", "Choice", "choice", choices=("a", "b"), default="b"),
        Setting("switch", "Switch", "switch", default=True),
        Setting("file", "File", "file"),
        Setting("folder", "Folder", "folder"),
        Setting("list", "List", "list"),
        Setting("columns", "Columns", "columns", choices=("id", "title", "price")),
    ),
)  # fmt: skip


@pytest.fixture
def form(qtbot: QtBot) -> SettingsForm:
    made = SettingsForm()
    qtbot.addWidget(made)
    made.show_kind(EVERYTHING)
    return made


def test_every_kind_of_field_is_read_as_it_was_entered(form: SettingsForm, tmp_path: Path) -> None:
    fields = {key: field.widget for key, field in form.fields.items()}
    for key, value in (("text", " x "), ("number", "7"), ("secret", " s "), ("address", "https://a.example")):
        line = fields[key]
        assert isinstance(line, QLineEdit)
        line.setText(value)
    for key in ("file", "folder"):
        path = fields[key]
        assert isinstance(path, PathEdit)
        path.line.setText(str(tmp_path))
    assert isinstance(fields["list"], QPlainTextEdit)
    fields["list"].setPlainText("one\n\n two \n")
    assert isinstance(fields["columns"], ColumnsEdit)
    fields["columns"].lines["price"].setText("Prijs")
    assert form.check()
    settings, secrets = form.read()
    assert settings == {
        "text": "x", "number": 7, "address": "https://a.example", "choice": "b", "switch": True,
        "file": str(tmp_path), "folder": str(tmp_path), "list": ["one", "two"], "columns": {"price": "Prijs"},
    }  # fmt: skip
    assert secrets == {"secret": " s "}


def test_kept_values_are_shown_again(form: SettingsForm) -> None:
    values = {"text": "x", "number": 3, "choice": "a", "switch": False, "list": ["p", "q"], "columns": {"id": "Nr"}}
    form.show_kind(EVERYTHING, values)
    settings, _ = form.read()
    assert {key: settings[key] for key in values} == values
    choice, switch = form.fields["choice"].widget, form.fields["switch"].widget
    assert isinstance(choice, QComboBox)
    assert isinstance(switch, QCheckBox)


def test_what_does_not_fit_is_marked_at_its_field(form: SettingsForm) -> None:
    number = form.fields["number"].widget
    assert isinstance(number, QLineEdit)
    number.setText("12")
    assert not form.check()
    assert form.fields["text"].problem.text() == "This is needed."
    assert form.fields["number"].problem.text() == "This must be at most 9."


def test_what_is_wrong_is_said_when_the_field_is_left_and_goes_with_the_mending(
    form: SettingsForm, qtbot: QtBot
) -> None:
    form.show()
    qtbot.waitExposed(form)
    number, text = form.fields["number"], form.fields["text"]
    assert isinstance(number.widget, QLineEdit)
    assert isinstance(text.widget, QLineEdit)
    number.widget.setText("77")
    number.widget.editingFinished.emit()
    text.widget.editingFinished.emit()
    assert number.problem.text() == "This must be at most 9."
    assert text.problem.text() == ""  # it is needed, and its turn has not come
    number.widget.selectAll()
    qtbot.keyClicks(number.widget, "7")
    assert number.problem.text() == ""
    assert not form.check()
    assert text.problem.text() == "This is needed."


@pytest.mark.parametrize(
    ("key", "entered", "words"),
    [
        ("number", "1e5x", "This must be a number."),
        ("number", "9" * 400 + ".0", "This must be at most 9."),
        ("number", "0", "This must be at least 1."),
        ("address", "shop.example", "An address begins with https://"),
        ("text", "x" * 4001, "This is too long."),
        ("secret", "x" * 4001, "This is too long."),
    ],
)
def test_each_thing_that_is_wrong_has_its_words(form: SettingsForm, key: str, entered: str, words: str) -> None:
    line = form.fields[key].widget
    assert isinstance(line, QLineEdit)
    line.setText(entered)
    assert not form.check()
    assert form.fields[key].problem.text().startswith(words)


def test_labels_are_in_the_persons_language(qtbot: QtBot) -> None:
    before = QLocale()
    QLocale.setDefault(QLocale("ko_KR"))
    try:
        made = SettingsForm()
        qtbot.addWidget(made)
        made.show_kind(EVERYTHING)
    finally:
        QLocale.setDefault(before)
    assert made.fields["text"].widget.accessibleName() == "글"
    assert made.fields["number"].widget.accessibleName() == "Number"


def test_the_preview_is_shown_after_a_passed_test_and_goes_with_a_change(
    qtbot: QtBot, workstation: ShellWorkstation, tasks: Tasks, theme: Theme
) -> None:
    workstation.accounts.previewed = Preview("2 files; <b>fine</b>.", ("id", "title"), (("1", "<i>Bag</i>"),))
    editor = AccountEditor(workstation.accounts, tasks, theme)
    qtbot.addWidget(editor)
    editor.show_kinds([QUEUE_API])
    editor.show()
    for key, value in (("address", "https://a.example"), ("token", "t")):
        line = editor.form.fields[key].widget
        assert isinstance(line, QLineEdit)
        line.setText(value)
    editor.test_button.click()
    qtbot.waitUntil(editor.preview.isVisible)
    assert editor.preview.words.textFormat() == Qt.TextFormat.PlainText
    item = editor.preview.table.item(0, 1)
    assert item is not None
    assert item.text() == "<i>Bag</i>"
    address = editor.form.fields["address"].widget
    assert isinstance(address, QLineEdit)
    address.textEdited.emit("https://b.example")
    assert not editor.preview.isVisible()


@pytest.fixture
def view(qtbot: QtBot, workstation: ShellWorkstation, tasks: Tasks, theme: Theme) -> ConnectorsView:
    report = HostReport(
        "acc", "gold_one", "waiting", 0, 50 << 20, 3, "was ended by SIGSEGV", "Traceback: here", ("line <b>one</b>",)
    )
    workstation.accounts.known_kinds = (
        ConnectorKind("gold_one", "Gold <b>one</b>", "1.0", (), tier="gold", origin="shipped", reports=(report,)),
        ConnectorKind("new_one", "New one", "0.1", (), "It was not approved yet.", "unapproved", author="Somebody",
                      folder="/plugins/new_one", hosts=("a.example",), origin="folder"),
    )  # fmt: skip
    made = ConnectorsView(workstation.accounts, tasks, theme)
    qtbot.addWidget(made)
    made.resize(900, 700)
    with qtbot.waitExposed(made):
        made.show()
    qtbot.waitUntil(lambda: "New one 0.1" in labels(made))
    return made


def labels(view: ConnectorsView) -> str:
    return "\n".join(label.text() for label in view.findChildren(PlainLabel))


def test_tier_state_and_faults_are_shown(view: ConnectorsView) -> None:
    shown = labels(view)
    for words in (
        "★★★ gold",
        "Not approved",
        "was ended by SIGSEGV",
        "started again 3 times",
        "50 MiB",
        "Gold <b>one</b>",
    ):
        assert words in shown


def test_what_a_connector_does_not_carry_out_is_said_plainly() -> None:
    shop = ConnectorKind(
        "shop", "Shop", "1.0", (), capabilities=("poll", "submit"), decisions=("takedown", "clear", "withdraw"),
        measures=("listing_removed",),
    )  # fmt: skip
    words = facts_of(shop)
    assert "does not carry out: Warn, Restrict, Escalate, Proof" in words
    assert "no measures on sellers" in words
    assert "not carry out" not in facts_of(EVERYTHING)
    assert "files complaints" in facts_of(replace(shop, effect="complaint"))


def test_approving_says_what_it_may_do_and_asks(
    qtbot: QtBot, view: ConnectorsView, workstation: ShellWorkstation
) -> None:
    box = view.approve(workstation.accounts.known_kinds[1])
    assert "By Somebody" in box.informativeText()
    assert "a.example" in box.informativeText()
    assert workstation.accounts.approved == []
    yes = next(made for made in box.buttons() if box.buttonRole(made) == QMessageBox.ButtonRole.AcceptRole)
    with qtbot.waitSignal(view.accounts_changed):
        yes.click()
    assert workstation.accounts.approved == ["new_one"]


def test_the_log_shows_lines_and_trace(view: ConnectorsView, workstation: ShellWorkstation) -> None:
    text = view.show_log(workstation.accounts.known_kinds[0]).text.toPlainText()
    assert "line <b>one</b>" in text
    assert "Traceback: here" in text
