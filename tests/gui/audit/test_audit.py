"""The audit window on a demo pack: verdicts, numbers, charts, and second opinions by three keys."""

from __future__ import annotations

import csv
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import keyring
import keyring.backends.fail
import pytest
from PySide6.QtCore import QEvent, QPointF, QSettings, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import Shiboken

from reviewer.audit.broken import try_all
from reviewer.audit.choosing import Chosen
from reviewer.audit.demo import write_demo
from reviewer.audit.drawing import Plan, draw_by
from reviewer.audit.findings import Finding, findings_beside, read_findings, write_findings
from reviewer.audit.history import read_history
from reviewer.audit.pins import NAME, Pin, add_pins
from reviewer.audit.reporting import report_on
from reviewer.audit.tables import Report
from reviewer.audit.team import team
from reviewer.errors import OperatorError
from reviewer.ledger.keys import SigningKey
from reviewer.services.audit_desk import AuditDesk, OpenedPack
from reviewer.services.model import AccountStatus
from reviewer.ui.audit.keys import register
from reviewer.ui.audit.opinions import OpinionsPane
from reviewer.ui.audit.window import AuditWindow
from reviewer.ui.commands import Commands
from reviewer.ui.review.canvas import Mode
from reviewer.ui.review.viewport import Viewport
from reviewer.ui.tasks import Tasks
from reviewer.ui.theme import Theme
from tests.gui.shell.stand_ins import ShellFindings, ShellWorkstation


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


@dataclass
class Desk:
    """The window with what belongs to it."""

    window: AuditWindow
    commands: Commands
    folder: Path
    findings: ShellFindings


@pytest.fixture
def made(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[Desk]:
    workstation = ShellWorkstation(tmp_path)
    tasks = Tasks(workstation)
    unexpected: list[BaseException] = []
    tasks.failed_unexpectedly.connect(unexpected.append)
    settings = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
    commands = Commands(settings)
    window = AuditWindow(AuditDesk(tmp_path), tasks, Theme(qapp, settings), commands, findings=workstation.findings)
    register(commands, lambda: window.opinions)
    window.resize(1280, 800)
    window.show()
    qtbot.waitExposed(window)
    yield Desk(window, commands, tmp_path, workstation.findings)
    window.close()
    Shiboken.delete(window)
    tasks.close()
    workstation.queue.gate.set()
    workstation.close()
    assert not unexpected


@pytest.fixture
def window(made: Desk) -> AuditWindow:
    return made.window


def opened(qtbot: QtBot, window: AuditWindow, pack: Path) -> None:
    window.open_pack(pack)
    qtbot.waitUntil(
        lambda: window.opened is not None and window.opened.path == pack and not window.opened.verifying,
        timeout=30_000,
    )


def listed(qtbot: QtBot, window: AuditWindow, count: int) -> None:
    qtbot.waitUntil(lambda: len(window.list.model.rows) == count, timeout=30_000)


def counted(qtbot: QtBot, window: AuditWindow, pane: QWidget) -> Report:
    """Show the numbers or charts and wait for those of what is chosen now."""
    before = window.report
    window.tabs.setCurrentWidget(pane)
    qtbot.waitUntil(lambda: window.report is not None and (window.report is not before), timeout=30_000)
    assert window.report is not None
    return window.report


def drawn(qtbot: QtBot, window: AuditWindow, *, blind: bool = True, golden: int = 0) -> None:
    window.tabs.setCurrentWidget(window.opinions)
    dialog = window.opinions.ask_draw()
    assert dialog is not None
    assert not dialog.draw_button.isEnabled()
    dialog.auditor.setText("Ines Okafor")
    dialog.blind.setChecked(blind)
    dialog.golden.setValue(golden)
    dialog.accept()
    qtbot.waitUntil(lambda: window.opinions.case is not None, timeout=30_000)


def judged(pane: OpinionsPane, count: int) -> bool:
    return len(pane.given) == count and pane.case is not None


def choose(pane: OpinionsPane, kind: str, ground: str) -> None:
    pane.ruling.kind.setCurrentIndex(pane.ruling.kind.findData(kind))
    pane.ruling.ground.setCurrentIndex(pane.ruling.ground.findData(ground))


def test_a_good_pack_shows_its_verdict_list_numbers_and_charts(qtbot: QtBot, window: AuditWindow, pack: Path) -> None:
    opened(qtbot, window, pack)
    assert window.verdict.text().startswith("✓ demo.pack: verified: ")
    assert "pinned key: ed25519:" in window.lines.toPlainText()
    history = read_history(pack)
    listed(qtbot, window, len(history.decisions))
    shown = [window.list.model.index(0, at).data() for at in range(window.list.model.columnCount())]
    latest = max(history.decisions, key=lambda row: row.decided_at)
    assert shown[0] == latest.decided_at[:16].replace("T", " ")
    assert shown[5] == latest.reviewer
    report = counted(qtbot, window, window.tables)
    assert report == team(history)
    assert [window.tables.chooser.itemText(place) for place in range(2)] == [
        "Agreement with second opinions", "Agreement by ground",
    ]  # fmt: skip
    assert window.tables.model.rowCount() == 6
    window.tabs.setCurrentWidget(window.charts)
    qtbot.waitUntil(lambda: window.charts.shown == report.charts, timeout=30_000)
    inside = window.charts.widget()
    assert inside is not None
    pictures = [label.pixmap() for label in inside.findChildren(QLabel) if not label.pixmap().isNull()]
    assert len(pictures) == 6
    assert all(picture.width() > 300 for picture in pictures)


def test_filters_hold_for_list_numbers_and_draw(qtbot: QtBot, window: AuditWindow, pack: Path) -> None:
    opened(qtbot, window, pack)
    history = read_history(pack)
    listed(qtbot, window, len(history.decisions))
    combo = window.filters.combos["decision"]
    combo.setCurrentIndex(combo.findData("takedown"))
    combo.activated.emit(combo.currentIndex())
    window.filters.since.setText("2024-06-01")
    window.filters.since.textEdited.emit("2024-06-01")
    wanted = Chosen(since="2024-06-01", decision="takedown")
    rows = wanted.of(history)
    listed(qtbot, window, len(rows))
    assert window.filters.chosen == wanted
    assert window.filters.state.text() == f"{len(rows)} of {len(history.decisions)} decisions"
    report = report_on(history, "team", None, wanted)
    assert counted(qtbot, window, window.tables) == report
    window.tabs.setCurrentWidget(window.charts)
    qtbot.waitUntil(lambda: window.charts.shown == report.charts, timeout=30_000)
    drawn(qtbot, window)
    pane = window.opinions
    assert pane.plan is not None
    assert pane.sample == draw_by(history, pane.plan)
    assert pane.plan.chosen == wanted
    window.filters.since.setText("tomorrow")
    window.filters.since.textEdited.emit("tomorrow")
    qtbot.waitUntil(lambda: "is no day" in window.filters.state.text())
    window.filters.reset()
    listed(qtbot, window, len(history.decisions))
    window.filters.fast.setChecked(True)
    listed(qtbot, window, len(Chosen(fast=True).of(history)))


def test_the_draw_has_all_that_the_command_has(qtbot: QtBot, window: AuditWindow, pack: Path, tmp_path: Path) -> None:
    opened(qtbot, window, pack)
    history = read_history(pack)
    dialog = window.opinions.ask_draw()
    assert dialog is not None
    dialog.seed.setText("2026-11")
    dialog.auditor.setText("Jun Han")
    dialog.by_margin.setChecked(True)
    dialog.margin.setValue(10)
    dialog.golden.setValue(2)
    for name, box in dialog.strata.items():
        box.setChecked(name in ("speed", "override"))
    plan = Plan("2026-11", "II", 0.1, None, ("override", "speed"), 2, "Jun Han")
    assert dialog.plan == plan
    assert dialog.sample == draw_by(history, plan)
    assert dialog.sample is not None
    assert dialog.sample.digest[:16] in dialog.told.text()
    assert f"of a lot of {dialog.sample.lot}" in dialog.told.text()
    dialog.save(tmp_path / "draw.csv")
    with (tmp_path / "draw.csv").open(encoding="utf-8", newline="") as file:
        assert [row[1] for row in csv.reader(file)][1:] == list(dialog.sample.ids)
    dialog.by_size.setChecked(True)
    dialog.size_wanted.setValue(7)
    assert dialog.sample.size == 7 + len(dialog.sample.golden)
    dialog.by_lot.setChecked(True)
    dialog.level.setCurrentText("S-2")
    assert "code letter" in dialog.told.text()
    dialog.seed.clear()
    assert not dialog.draw_button.isEnabled()
    assert "needs a seed" in dialog.told.text()
    dialog.reject()


def test_a_broken_pack_is_said_to_be_and_can_still_be_looked_at(qtbot: QtBot, window: AuditWindow, pack: Path) -> None:
    connection = sqlite3.connect(pack)
    with connection:
        connection.execute("UPDATE decisions SET ground = 'design' || ground WHERE row = 17")
    connection.close()
    opened(qtbot, window, pack)
    assert window.verdict.text() == "✕ demo.pack: broken: decisions row 17: was changed"
    assert window.verdict.property("role") == "danger"
    assert window.opinions.draw_button.isEnabled()


def test_every_bad_file_is_said_in_the_window_as_by_the_command(
    qtbot: QtBot, window: AuditWindow, tmp_path: Path
) -> None:
    for one in try_all(tmp_path / "packs", datetime(2024, 1, 1, tzinfo=UTC)):
        opened(qtbot, window, one.path)
        verdict = window.verdict.text()
        if one.code == 2:
            assert verdict == f"✕ {one.path.name}: {one.words[0].upper()}{one.words[1:]}."
            assert not window.opinions.draw_button.isEnabled()
        else:
            assert verdict == f"{'✕' if one.code else '✓'} {one.path.name}: {one.words}"
        if one.what in ("a trigger put in", "a view that never ends", "values of the wrong types"):
            assert window.opened is not None
            assert window.opened.problem in window.lines.toPlainText()
            assert window.opened.problem
            assert window.list.model.rowCount() == 0 or window.opened.history is None
        if one.what == "a picture bomb":
            drawn(qtbot, window)
            canvas = window.opinions.compare.listing.canvas
            qtbot.waitUntil(lambda canvas=canvas: bool(canvas.frame.refusal), timeout=30_000)  # type: ignore[misc]
            assert "40" in canvas.frame.refusal or "pixels" in canvas.frame.refusal


def test_three_keys_judge_and_each_opinion_is_durable_at_once(qtbot: QtBot, window: AuditWindow, pack: Path) -> None:
    opened(qtbot, window, pack)
    pane = window.opinions
    drawn(qtbot, window, blind=False)
    seen: list[str] = []
    for key, verdict in ((Qt.Key.Key_1, "agree"), (Qt.Key.Key_2, "fix"), (Qt.Key.Key_3, "return")):
        case = pane.case
        assert case is not None
        assert case.decided.reviewer != "Ines Okafor"
        assert case.decided.reviewer in pane.ruling.first.text()
        seen.append(case.decided.id)
        if verdict != "agree":
            choose(pane, "warn", "misleading" if case.decided.kind != "warn" else "counterfeit")
        if verdict == "return":
            qtbot.keyClick(pane, key)
            assert "needs a note" in pane.ruling.message.text()
            pane.note.setText("Compare the logo.")
        count = len(pane.given)
        pane.setFocus()
        qtbot.keyClick(pane, key)
        qtbot.waitUntil(partial(judged, pane, count + 1), timeout=30_000)
    kept = read_findings(findings_beside(pack))
    assert [(item.decision_id, item.verdict) for item in kept.items] == list(
        zip(seen, ("agree", "fix", "return"), strict=True)
    )
    assert kept.draw == (pane.sample.digest if pane.sample else "")
    pane.take_back()
    qtbot.waitUntil(lambda: pane.case is not None and pane.case.decided.id == seen[-1], timeout=30_000)
    pane.judge("agree")
    qtbot.waitUntil(lambda: pane.given[-1].verdict == "agree" and len(pane.given) == 3, timeout=30_000)
    text = findings_beside(pack).read_text("utf-8").replace("misleading", "design")
    findings_beside(pack).write_text(text, "utf-8")
    with pytest.raises(OperatorError, match="not what its auditor signed"):
        read_findings(findings_beside(pack))


def test_findings_go_to_the_hub_by_the_account_of_a_lead(qtbot: QtBot, made: Desk, pack: Path) -> None:
    window, sending = made.window, made.window.sending
    opened(qtbot, window, pack)
    assert not sending.button.isEnabled()
    drawn(qtbot, window, blind=False)
    window.opinions.judge("agree")
    qtbot.waitUntil(sending.button.isEnabled, timeout=30_000)
    sending.button.click()
    qtbot.waitUntil(lambda: "sign in as a lead" in window.verdict.text())
    lead = AccountStatus("hub", "Hub", "online", reviewer_name="Ama Boateng", role="lead")
    made.findings.leads.append(lead)
    sending.button.click()
    qtbot.waitUntil(lambda: window.verdict.text().startswith("Sent: 2 new opinions, 1 known"))
    assert made.findings.sent == [("hub", findings_beside(pack))]
    made.findings.leads.append(replace(lead, account="second", name="Second"))
    sending.button.click()
    qtbot.waitUntil(lambda: sending.menu is not None)
    assert sending.menu is not None
    sending.menu.actions()[1].trigger()
    qtbot.waitUntil(lambda: len(made.findings.sent) == 2)
    assert made.findings.sent[1][0] == "second"
    sending.menu.close()


@pytest.mark.parametrize(("character", "layout"), [("\u0e45", "Thai"), ("1", "US"), ("&", "French")])
def test_keys_are_those_of_the_place_under_every_layout(
    qtbot: QtBot, window: AuditWindow, pack: Path, character: str, layout: str
) -> None:
    opened(qtbot, window, pack)
    drawn(qtbot, window, blind=False)
    pane = window.opinions
    place_of_1 = 2 + 8  # linux/input-event-codes.h: KEY_1, as X11 and Wayland give it
    event = QKeyEvent(QEvent.Type.KeyPress, ord(character), Qt.KeyboardModifier.NoModifier, place_of_1, 0, 0, character)
    QApplication.sendEvent(pane, event)
    qtbot.waitUntil(partial(judged, pane, 1), timeout=30_000)
    assert pane.given[0].verdict == "agree", layout


def test_blind_hides_the_first_decision_until_the_auditor_ruled(qtbot: QtBot, window: AuditWindow, pack: Path) -> None:
    opened(qtbot, window, pack)
    drawn(qtbot, window)
    pane = window.opinions
    assert pane.case is not None
    assert pane.ruling.first.text() == ""
    decided = pane.case.decided
    shown = " ".join(label.text() for label in pane.findChildren(QLabel))
    assert decided.reviewer not in shown
    pane.judge("agree")
    assert "first say how you decide" in pane.ruling.message.text()
    other = "clear" if decided.kind != "clear" else "takedown"
    choose(pane, other, "" if other == "clear" else "counterfeit")
    pane.judge("agree")
    assert decided.reviewer in pane.ruling.first.text()
    assert "otherwise" in pane.ruling.message.text()
    assert len(pane.given) == 0
    pane.judge("fix")
    qtbot.waitUntil(lambda: len(pane.given) == 1 and pane.case is not None, timeout=30_000)
    given: list[Finding] = list(pane.given)
    assert (given[0].kind, given[0].blind) == (other, True)
    decided = pane.case.decided
    choose(pane, "escalate", "")
    pane.judge("agree")
    choose(pane, decided.kind, decided.ground)
    pane.judge("agree")
    qtbot.waitUntil(lambda: len(pane.given) == 2, timeout=30_000)
    second: Finding = list(window.opinions.given)[1]
    assert (second.verdict, second.blind) == ("agree", False)


def test_the_pictures_are_those_of_the_review_screen_and_are_aligned(
    qtbot: QtBot, window: AuditWindow, pack: Path
) -> None:
    opened(qtbot, window, pack)
    drawn(qtbot, window)
    pane = window.opinions
    compare = pane.compare
    qtbot.waitUntil(lambda: compare.listing.canvas.frame.shown is not None, timeout=30_000)
    qtbot.waitUntil(lambda: compare.reference.canvas.frame.shown is not None, timeout=30_000)
    history = read_history(pack)
    stolen = next(row for row in history.decisions if row.ground == "copyright")
    pane.look_at(stolen)
    qtbot.waitUntil(lambda: pane.case is not None and pane.case.decided.id == stolen.id, timeout=30_000)
    qtbot.waitUntil(lambda: pane.case is not None and bool(pane.case.on_desk.matches), timeout=60_000)
    qtbot.waitUntil(lambda: bool(compare.reference.canvas.frame.aligned), timeout=30_000)
    assert pane.only_looking
    assert not pane.ruling.buttons["agree"].isVisible()
    assert pane.back_button.isVisible()
    assert stolen.reviewer in pane.ruling.first.text()
    pane.setFocus()
    qtbot.keyClick(pane, Qt.Key.Key_D)
    assert compare.listing.canvas.mode.value == Mode.DIFFERENCE
    qtbot.keyClick(pane, Qt.Key.Key_S)
    assert compare.listing.canvas.mode.value == Mode.SPLIT
    qtbot.keyClick(pane, Qt.Key.Key_S)
    qtbot.keyPress(pane, Qt.Key.Key_Space)
    assert compare.listing.canvas.mode.value == Mode.FLICK
    qtbot.keyRelease(pane, Qt.Key.Key_Space)
    assert compare.listing.canvas.mode.value == Mode.SINGLE
    compare.listing.canvas.zoom_at(2.0, QPointF(50, 50))
    assert compare.reference.canvas.view == compare.listing.canvas.view != Viewport()
    pane.judge("agree")
    assert pane.given == ()
    pane.back()
    assert pane.sample is not None
    first = pane.sample.ids[0]
    qtbot.waitUntil(lambda: pane.case is not None and pane.case.decided.id == first, timeout=30_000)
    assert not pane.only_looking
    assert not pane.back_button.isVisible()
    assert pane.ruling.buttons["agree"].isVisible()


def test_several_auditors_are_counted_together_and_differ_in_sight(
    qtbot: QtBot, window: AuditWindow, pack: Path, tmp_path: Path
) -> None:
    opened(qtbot, window, pack)
    pane = window.opinions
    drawn(qtbot, window, blind=False)
    case = pane.case
    assert case is not None
    pane.golden.setChecked(True)
    pane.judge("agree")
    qtbot.waitUntil(partial(judged, pane, 1), timeout=30_000)
    assert pane.given[0].golden
    other = "clear" if case.decided.kind != "clear" else "escalate"
    finding = Finding(
        case.decided.id, case.decided.reviewer, "Mali Srisai", "2026-01-02T00:00:00.000Z", "fix", other, ""
    )
    theirs = tmp_path / "mali.findings.json"
    write_findings(theirs, SigningKey.generate(), "s", "d", [finding])
    window.add_findings([theirs])
    qtbot.waitUntil(lambda: window.opened is not None and len(window.opened.others) == 1, timeout=30_000)
    assert "mali.findings.json, 1 opinions of Mali Srisai, signed by ed25519:" in window.lines.toPlainText()
    report = counted(qtbot, window, window.tables)
    tables = {table.name: table for table in report.tables}
    names = [row[0] for row in tables["auditors"].rows]
    assert {"Mali Srisai", "Ines Okafor"} <= set(names)
    assert case.decided.id in [row[5] for row in tables["disagreements"].rows]
    both = {(row[0], row[1]): (row[2], row[3]) for row in map(list, tables["between_auditors"].rows)}
    assert both["Ines Okafor", "Mali Srisai"] == (1, 0.0)
    place = next(at for at, row in enumerate(window.list.model.rows) if row.id == case.decided.id)
    assert "Mali Srisai: fixed" in window.list.model.index(place, 8).data()
    pane.look_at(case.decided)
    qtbot.waitUntil(lambda: pane.only_looking and "Mali Srisai fixed" in pane.ruling.first.text(), timeout=30_000)
    assert ", differs" in pane.ruling.first.text()
    (tmp_path / "forged.json").write_text(theirs.read_text("utf-8").replace("Mali", "Kali"), "utf-8")
    window.add_findings([tmp_path / "forged.json"])
    qtbot.waitUntil(lambda: "not what its auditor signed" in window.verdict.text(), timeout=30_000)


def test_the_report_that_is_shown_is_written_whole(
    qtbot: QtBot, window: AuditWindow, pack: Path, tmp_path: Path
) -> None:
    opened(qtbot, window, pack)
    counted(qtbot, window, window.tables)
    window.tables.kind.setCurrentIndex(window.tables.kind.findData("dsa"))
    window.tables.kind.activated.emit(2)
    qtbot.waitUntil(lambda: window.report is not None and window.report.kind == "dsa", timeout=30_000)
    window.save_report(tmp_path / "report")
    written = {path.name for path in (tmp_path / "report").iterdir()}
    assert {"dsa.html", "dsa.pdf", "dsa-4_notices.csv", "dsa-chart-volumes.csv"} <= written
    window.tables.chooser.setCurrentIndex(2)
    window.tables.save_table(tmp_path / "table.csv")
    assert (tmp_path / "table.csv").read_text("utf-8").startswith("Ground,Notices,")
    (tmp_path / "file").write_text("x")
    window.save_report(tmp_path / "file")
    assert "can't be written to" in window.tables.about.text()


def test_a_workstation_where_nothing_was_decided_says_so(qtbot: QtBot, made: Desk) -> None:
    made.window.open_live()
    qtbot.waitUntil(lambda: made.window.verdict.property("role") == "danger", timeout=30_000)
    assert "no store" in made.window.verdict.text() or "nothing to export" in made.window.verdict.text()
    dialog = made.window.ask_export()
    dialog.lines["since"].setText("soon")
    dialog.export(made.folder / "out.pack")
    assert "is no day" in dialog.state.text()
    dialog.lines["since"].clear()
    dialog.export(made.folder / "out.pack")
    qtbot.waitUntil(lambda: dialog.state.property("role") == "danger", timeout=30_000)
    assert not (made.folder / "out.pack").exists()
    dialog.reject()


def test_opening_can_be_cancelled_and_what_was_open_stays(qtbot: QtBot, window: AuditWindow, pack: Path) -> None:
    window.open_pack(pack)
    assert window.cancel_button.isVisible()
    window.cancel()
    assert window.opened is None
    assert window.verdict.text().startswith("Cancelled.")
    opened(qtbot, window, pack)
    assert not window.cancel_button.isVisible()
    first = window.opened
    window.open_pack(pack)
    window.cancel()
    assert window.opened is first
    assert window.verdict.text().startswith("✓ demo.pack: verified")


def test_what_a_pack_tells_is_there_before_it_is_verified(
    qtbot: QtBot, window: AuditWindow, pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()
    verify = AuditDesk.verify

    def waiting(desk: AuditDesk, read: OpenedPack) -> OpenedPack:
        gate.wait(30)
        return verify(desk, read)

    monkeypatch.setattr(AuditDesk, "verify", waiting)
    window.open_pack(pack)
    listed(qtbot, window, len(read_history(pack).decisions))
    assert window.verdict.text() == "demo.pack is being verified …"
    assert window.cancel_button.isVisible()
    gate.set()
    qtbot.waitUntil(lambda: window.verdict.text().startswith("✓ demo.pack: verified"), timeout=30_000)
    gate.clear()
    window.open_pack(pack)
    qtbot.waitUntil(lambda: window.opened is not None and window.opened.verifying, timeout=30_000)
    window.cancel()
    assert window.verdict.text() == "✕ demo.pack: Not verified: cancelled."
    gate.set()
