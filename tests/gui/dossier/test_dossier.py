"""The dossier window: opened by its key, at once what is known, then the server's word; one key takes a flag over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from shiboken6 import Shiboken

from reviewer.domain.decision import DecisionKind
from reviewer.domain.dossier import Dossier, DossierEvent, DossierListing, DossierListings, ProposedFlag
from reviewer.domain.seller import SellerLink
from reviewer.ui.commands import Commands
from reviewer.ui.dossier.network import nodes_of
from reviewer.ui.dossier.window import DossierWindow
from reviewer.ui.main_window import MainWindow
from reviewer.ui.review.screen import ReviewScreen
from reviewer.ui.tasks import Tasks
from reviewer.ui.theme import Theme
from tests.gui.shell.stand_ins import ShellWorkstation

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@pytest.fixture
def workstation(tmp_path: Path) -> Iterator[ShellWorkstation]:
    made = ShellWorkstation(tmp_path)
    yield made
    made.queue.gate.set()
    made.close()


@pytest.fixture
def window(qtbot: QtBot, qapp: QApplication, tmp_path: Path, workstation: ShellWorkstation) -> Iterator[MainWindow]:
    settings = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
    tasks, theme, commands = Tasks(workstation), Theme(qapp, settings), Commands(settings)
    screen = ReviewScreen(workstation, tasks, commands, theme)
    made = MainWindow(workstation, tasks, commands, theme, settings, screen)
    with qtbot.waitExposed(made):
        made.show()
    made.activateWindow()
    qtbot.waitUntil(lambda: screen.sitting is not None)
    yield made
    made.close()
    QApplication.processEvents()
    Shiboken.delete(made)
    tasks.close()


def served(workstation: ShellWorkstation, events: int = 3, links: int = 2) -> Dossier:
    seller = workstation.review.desk().current.case.seller  # type: ignore[union-attr]
    made = Dossier(
        replace(seller, offences=(), links=()),
        NOW,
        timeline=tuple(
            DossierEvent(
                NOW - timedelta(minutes=place), "lawsuit" if place == 1 else "flag", seller.id, words=f"w{place}"
            )
            for place in range(events)
        ),
        events=events,
        listings=DossierListings({"live": 1}, 1, (DossierListing("l", "Belt", "live", relists="m"),)),
        links=tuple(
            SellerLink(f"s{place}", f"Seller <b>{place}</b>", "bank" if place == 0 else "texts", 0.9, "banned", "m")
            for place in range(links)
        ),
        proposals=(ProposedFlag("banned_seller", ("shares its bank with X (95%), whose account is closed",)),),
    )
    workstation.dossiers.served, workstation.dossiers.problem = made, None
    return made


def opened(qtbot: QtBot, window: MainWindow, source: str) -> DossierWindow:
    window.screen_view.setFocus()
    qtbot.keyClick(window.screen_view, Qt.Key.Key_I)
    qtbot.waitUntil(lambda: window.dossier.shown is not None and window.dossier.shown.opened is not None)
    shown = window.dossier.shown
    assert shown is not None
    qtbot.waitUntil(lambda: shown.opened is not None and shown.opened.source == source)
    return shown


def test_its_key_opens_it_and_a_server_that_is_away_is_said(qtbot: QtBot, window: MainWindow) -> None:
    shown = opened(qtbot, window, "desk")
    qtbot.waitUntil(lambda: "can't be reached" in shown.source.text())
    assert shown.events.items
    assert "What the case says" in shown.source.text()


def test_everything_of_the_server_is_on_one_screen(
    qtbot: QtBot, window: MainWindow, workstation: ShellWorkstation
) -> None:
    made = served(workstation)
    shown = opened(qtbot, window, "server")
    assert shown.events.items == made.timeline
    kinds = [shown.events.data(shown.events.index(row, 1), Qt.ItemDataRole.DisplayRole) for row in range(3)]
    assert kinds == ["Flag", "lawsuit", "Flag"]
    assert shown.listings.data(shown.listings.index(0, 1), Qt.ItemDataRole.DisplayRole) == "Live, repeats a removed one"
    assert shown.links.items == made.links
    assert "Seller <b>0</b>: same bank account, 90%, banned" in shown.network.accessibleDescription()
    assert "STRIKES" in shown.profile.text()


def test_one_key_takes_the_proposed_flag_over_into_the_decision(
    qtbot: QtBot, window: MainWindow, workstation: ShellWorkstation
) -> None:
    served(workstation)
    shown = opened(qtbot, window, "server")
    assert "Account of a banned seller" in shown.proposal.text()
    shown.take_over()
    sitting = window.screen_view.sitting
    assert sitting is not None
    reason = "The seller shares its bank with X (95%), whose account is closed"
    assert sitting.ground == "banned_seller"
    assert reason in sitting.ruling(DecisionKind.RESTRICT).facts
    shown.take_over()
    assert sitting.ruled_facts(DecisionKind.RESTRICT).count(reason) == 1
    assert sitting.draft().links == (reason,)
    assert not shown.take_button.isEnabled()


def test_it_goes_on_to_the_next_cases_seller_and_takes_nothing_over_to_a_wrong_case(
    qtbot: QtBot, window: MainWindow, workstation: ShellWorkstation
) -> None:
    served(workstation)
    shown = opened(qtbot, window, "server")
    first, screen = window.screen_view.sitting, window.screen_view
    assert first is not None
    screen.deciding.decide(DecisionKind.CLEAR)
    qtbot.waitUntil(lambda: screen.sitting is not None and screen.sitting.on_desk.ref != first.on_desk.ref)
    following = screen.sitting
    assert following is not None
    screen.propose(first.on_desk.ref, "banned_seller", ("shares its bank",))
    assert following.drafted == ()
    seller = following.on_desk.case.seller.id
    qtbot.waitUntil(lambda: shown.opened is not None and shown.opened.dossier.seller.id == seller)
    assert shown.opened is not None
    assert shown.opened.source == "desk"


def test_a_locked_screen_shows_no_dossier(qtbot: QtBot, window: MainWindow) -> None:
    shown = opened(qtbot, window, "desk")
    window.lock.lock()
    qtbot.waitUntil(lambda: not shown.isVisible())


def test_a_note_is_kept_and_shown(qtbot: QtBot, window: MainWindow, workstation: ShellWorkstation) -> None:
    served(workstation)
    shown = opened(qtbot, window, "server")
    shown.note.setText("asked twice 두 번")
    qtbot.keyClick(shown.note, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "asked twice 두 번" in shown.profile.text())
    assert shown.note.text() == ""


def test_it_is_written_to_a_page_and_to_paper(
    qtbot: QtBot, window: MainWindow, workstation: ShellWorkstation, tmp_path: Path
) -> None:
    served(workstation)
    shown = opened(qtbot, window, "server")
    for name in ("d.html", "d.pdf"):
        shown.export(tmp_path / name)
        qtbot.waitUntil(partial(_says, shown, name))
    assert (tmp_path / "d.pdf").read_bytes().startswith(b"%PDF")
    assert "lawsuit" in (tmp_path / "d.html").read_text("utf-8")


def _says(shown: DossierWindow, words: str) -> bool:
    return words in shown.source.text()


def test_refund_advice_is_one_key_and_goes_with_the_decision(qtbot: QtBot, window: MainWindow) -> None:
    window.screen_view.setFocus()
    qtbot.keyClick(window.screen_view, Qt.Key.Key_M, Qt.KeyboardModifier.ShiftModifier)
    sitting = window.screen_view.sitting
    assert sitting is not None
    assert sitting.ruling(DecisionKind.TAKEDOWN).refund
    assert not sitting.ruling(DecisionKind.CLEAR).refund
    assert sitting.draft().refund


def test_why_the_case_comes_now_is_said_by_key(qtbot: QtBot, window: MainWindow) -> None:
    window.screen_view.setFocus()
    qtbot.keyClick(window.screen_view, Qt.Key.Key_W)
    assert "Its place in the queue:" in window.screen_view.case_bar.notice
    assert "severity" in window.screen_view.case_bar.notice


def test_what_photos_alone_link_comes_after_what_identifiers_link() -> None:
    links = [
        SellerLink("a", "A", "pictures", 0.6),
        SellerLink("b", "B", "phone", 0.3),
        SellerLink("b", "B", "texts", 0.2),
    ]
    first, second = nodes_of(links)
    assert (first.seller_id, first.kinds) == ("b", ("phone", "texts"))
    assert round(first.strength, 2) == 0.44
    assert second.seller_id == "a"
