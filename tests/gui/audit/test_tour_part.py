"""The tour's audit part on a window of its own: packs, ten broken ones, reports and pictures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import keyring
import keyring.backends.fail
import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication
from shiboken6 import Shiboken

from reviewer.audit.broken import TAMPERED
from reviewer.tour.album import Album
from reviewer.tour.audit import show_audit
from reviewer.tour.guide import Guide
from reviewer.ui.commands import Commands
from reviewer.ui.main_window import MainWindow
from reviewer.ui.review.screen import ReviewScreen
from reviewer.ui.tasks import Tasks
from reviewer.ui.theme import Theme
from tests.gui.shell.stand_ins import ShellWorkstation


@pytest.fixture
def guide(qapp: QApplication, tmp_path: Path) -> Iterator[Guide]:
    before = keyring.get_keyring()
    keyring.set_keyring(keyring.backends.fail.Keyring())
    workstation = ShellWorkstation(tmp_path / "data")
    settings = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
    tasks, commands, theme = Tasks(workstation), Commands(settings), Theme(qapp, settings)
    screen = ReviewScreen(workstation, tasks, commands, theme)
    window = MainWindow(workstation, tasks, commands, theme, settings, screen)
    window.show()
    desktop = SimpleNamespace(workstation=workstation, window=window)
    yield cast(Guide, SimpleNamespace(desktop=desktop, window=window, album=Album(tmp_path / "album")))
    window.close()
    QApplication.processEvents()
    Shiboken.delete(window)
    tasks.close()
    workstation.queue.gate.set()
    workstation.close()
    keyring.set_keyring(before)


def test_packs_are_made_broken_merged_reported_and_shown(guide: Guide, tmp_path: Path) -> None:
    lines = show_audit(guide, tmp_path / "audit")
    broken = [line for line in lines if "broken: " in line]
    assert [line.partition(":")[0] for line in broken] == list(TAMPERED)
    assert lines[0].startswith("demo.pack: verified: ")
    assert lines[-1].startswith("merged.pack: verified: ")
    for kind in ("ip-year", "dsa", "team"):
        assert (tmp_path / "audit" / "reports" / f"{kind}.pdf").read_bytes().startswith(b"%PDF")
        assert (tmp_path / "audit" / "reports" / f"{kind}.html").stat().st_size > 2000
    assert [name.partition("-")[2] for name in guide.album.taken] == [
        "audit-decisions.png", "audit-filtered.png", "audit-numbers.png", "audit-disagreements.png",
        "audit-charts.png", "audit-draw.png", "audit-blind-second-opinion.png", "audit-ruled-otherwise.png",
        "audit-laid-onto-one-another.png", "audit-verified.png", "audit-broken.png", "audit-export.png",
    ]  # fmt: skip


def test_a_locked_screen_shows_no_audit(guide: Guide) -> None:
    shown = guide.window.audit.show()
    guide.window.lock.lock()
    assert not shown.isVisible()
    guide.window.lock.unlock()
    assert guide.window.audit.shown is shown
    assert shown.isVisible()
    shown.close()
