"""The audit window on a demo pack: verdicts, numbers, charts, and second opinions by three keys."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import keyring
import keyring.backends.fail
import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot
from shiboken6 import Shiboken

from reviewer.audit.demo import write_demo
from reviewer.audit.findings import Finding, findings_beside, read_findings
from reviewer.audit.pins import NAME, Pin, add_pins
from reviewer.errors import OperatorError
from reviewer.services.audit_desk import AuditDesk
from reviewer.ui.audit.opinions import OpinionsPane
from reviewer.ui.audit.window import AuditWindow
from reviewer.ui.tasks import Tasks
from reviewer.ui.theme import Theme
from tests.gui.shell.stand_ins import ShellWorkstation


@pytest.fixture(autouse=True)
def no_keyring() -> Iterator[None]:
    before = keyring.get_keyring()
    keyring.set_keyring(keyring.backends.fail.Keyring())
    yield
    keyring.set_keyring(before)


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    path = tmp_path / "demo.pack"
    made = write_demo(path, seed=2, decisions=120, start=datetime(2024, 1, 1, tzinfo=UTC))
    add_pins(tmp_path / NAME, {log: Pin(made.key, "demo admin", *head, demo=True) for log, head in made.heads.items()})
    return path


@pytest.fixture
def window(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[AuditWindow]:
    workstation = ShellWorkstation(tmp_path)
    tasks = Tasks(workstation)
    unexpected: list[BaseException] = []
    tasks.failed_unexpectedly.connect(unexpected.append)
    settings = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
    made = AuditWindow(AuditDesk(tmp_path), tasks, Theme(qapp, settings))
    made.show()
    yield made
    made.close()
    Shiboken.delete(made)
    tasks.close()
    workstation.queue.gate.set()
    workstation.close()
    assert not unexpected


def opened(qtbot: QtBot, window: AuditWindow, pack: Path) -> None:
    window.open_pack(pack)
    qtbot.waitUntil(lambda: window.opened is not None, timeout=30_000)


def drawn(qtbot: QtBot, window: AuditWindow) -> None:
    window.tabs.setCurrentWidget(window.opinions)
    window.opinions.auditor.setText("Ines Okafor")
    window.opinions.draw()
    qtbot.waitUntil(lambda: window.opinions.case is not None, timeout=30_000)


def judged(pane: OpinionsPane, count: int) -> bool:
    return len(pane.given) == count and pane.case is not None


def test_a_good_pack_shows_its_verdict_numbers_and_charts(qtbot: QtBot, window: AuditWindow, pack: Path) -> None:
    opened(qtbot, window, pack)
    assert window.verdict.text().startswith("✓ demo.pack: verified: ")
    assert "pinned key: ed25519:" in window.lines.toPlainText()
    assert [window.tables.chooser.itemText(place) for place in range(2)] == [
        "Agreement with second opinions", "Agreement by ground",
    ]  # fmt: skip
    assert window.tables.table.rowCount() == 6
    inside = window.charts.widget()
    assert inside is not None
    charts = inside.findChildren(QLabel)
    assert len(charts) == 6
    assert all(label.pixmap().width() > 300 for label in charts)


def test_a_broken_pack_is_said_to_be_and_can_still_be_looked_at(qtbot: QtBot, window: AuditWindow, pack: Path) -> None:
    connection = sqlite3.connect(pack)
    with connection:
        connection.execute("UPDATE decisions SET ground = 'design' WHERE row = 17")
    connection.close()
    opened(qtbot, window, pack)
    assert window.verdict.text() == "✕ demo.pack: broken: decisions row 17: was changed"
    assert window.verdict.property("role") == "danger"
    assert window.opinions.draw_button.isEnabled()


def test_another_file_is_no_pack(qtbot: QtBot, window: AuditWindow, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("<b>no</b>" * 50)
    opened(qtbot, window, other)
    assert "Not a readable pack: it is not an SQLite file." in window.verdict.text()
    assert not window.opinions.draw_button.isEnabled()


def test_three_keys_judge_and_each_opinion_is_durable_at_once(qtbot: QtBot, window: AuditWindow, pack: Path) -> None:
    opened(qtbot, window, pack)
    pane = window.opinions
    pane.blind.setChecked(False)
    drawn(qtbot, window)
    seen: list[str] = []
    for key, verdict in ((Qt.Key.Key_1, "agree"), (Qt.Key.Key_2, "fix"), (Qt.Key.Key_3, "return")):
        case = pane.case
        assert case is not None
        assert case.decided.reviewer != "Ines Okafor"
        assert case.decided.kind in pane.first.text()
        seen.append(case.decided.id)
        if verdict != "agree":
            pane.kind.setCurrentText("warn")
            pane.ground.setCurrentText("misleading")
        if verdict == "return":
            qtbot.keyClick(pane, key)
            assert "needs a note" in pane.state.text()
            pane.note.setText("Compare the logo.")
        count = len(pane.given)
        pane.buttons["agree"].setFocus()
        qtbot.keyClick(pane.buttons["agree"], key)
        qtbot.waitUntil(partial(judged, pane, count + 1), timeout=30_000)
    kept = read_findings(findings_beside(pack))
    assert [(item.decision_id, item.verdict) for item in kept.items] == list(
        zip(seen, ("agree", "fix", "return"), strict=True)
    )
    assert kept.draw == (pane.sample.digest if pane.sample else "")
    text = findings_beside(pack).read_text("utf-8").replace("Compare the logo.", "Compare nothing.")
    findings_beside(pack).write_text(text, "utf-8")
    with pytest.raises(OperatorError, match="not what its auditor signed"):
        read_findings(findings_beside(pack))


def test_blind_hides_the_first_decision_until_the_auditor_ruled(qtbot: QtBot, window: AuditWindow, pack: Path) -> None:
    opened(qtbot, window, pack)
    drawn(qtbot, window)
    pane = window.opinions
    assert pane.case is not None
    assert pane.first.text() == ""
    decided = pane.case.decided
    other = "clear" if decided.kind != "clear" else "takedown"
    pane.kind.setCurrentText(other)
    pane.judge("agree")
    assert decided.kind in pane.first.text()
    assert "otherwise" in pane.state.text()
    assert len(pane.given) == 0
    pane.judge("fix")
    qtbot.waitUntil(lambda: len(pane.given) == 1, timeout=30_000)
    given: list[Finding] = list(pane.given)
    assert (given[0].kind, given[0].blind) == (other, True)
