"""Ten connectors begin after the window shows, all of them, each in a process of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from shiboken6 import Shiboken

from reviewer.app import Desktop
from reviewer.connectors.api import Connector
from reviewer.connectors.host import ConnectorHosts
from reviewer.connectors.opener import HostReport, InThisProcess, Opening
from reviewer.services.accounts import AccountForm
from reviewer.services.workstation import Options, Workstation
from tests.gui.real.conftest import PATIENCE_MS

TEN = 10


class Watcher(QObject):
    """Notes when the window was shown."""

    def __init__(self, events: list[str]) -> None:
        super().__init__()
        self._events = events

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show:
            self._events.append("shown")
        return False


@dataclass
class NotingOpener:
    """The real opener; notes who was opened, in the order in which that was asked for."""

    events: list[str]
    hosts: ConnectorHosts = field(default_factory=ConnectorHosts)

    def open(self, opening: Opening) -> Connector:
        self.events.append(opening.account)
        return self.hosts.open(opening)

    def reports(self) -> tuple[HostReport, ...]:
        return self.hosts.reports()

    def close(self) -> None:
        self.hosts.close()


def ten_accounts(folder: Path) -> set[str]:
    """A data folder with ten accounts at folders of files."""
    station = Workstation(Options(folder, decode_workers=1, evidence=False, opener=InThisProcess()))
    made = set()
    for number in range(TEN):
        (folder / f"files-{number}").mkdir()
        settings = {"folder": str(folder / f"files-{number}"), "reviewer": "Ana"}
        save = partial(station.accounts.save, AccountForm("file_drop", f"Files {number}", settings, {}))
        made.add(station.in_background(save).result(20))
    station.close()
    return made


@pytest.mark.timeout(120)
def test_ten_connectors_begin_after_the_window_shows(qapp: QApplication, qtbot: QtBot, tmp_path: Path) -> None:
    accounts = ten_accounts(tmp_path)
    events: list[str] = []
    opener = NotingOpener(events)
    desktop = Desktop(qapp, Options(tmp_path, decode_workers=1, evidence=False, opener=opener))
    watcher = Watcher(events)
    desktop.window.installEventFilter(watcher)
    try:
        assert events == []
        assert opener.reports() == ()
        desktop.start()
        qtbot.waitUntil(
            lambda: len({row.pid for row in opener.reports() if row.state == "running"}) == TEN, timeout=PATIENCE_MS
        )
        qtbot.waitUntil(lambda: accounts <= set(events), timeout=PATIENCE_MS)
        assert events[0] == "shown"
    finally:
        desktop.close()
        QApplication.processEvents()
        Shiboken.delete(desktop.window)
    assert opener.reports() == ()
