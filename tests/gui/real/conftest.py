"""The real window on the real services: a hub in a process of its own, real files, real keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keyring
import keyring.backend
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from shiboken6 import Shiboken

from reviewer.app import Desktop
from reviewer.services.demo_hub import DemoHub, RunningHub
from reviewer.services.model import CaseRef
from reviewer.services.workstation import Options
from reviewer.tour.keyboard import Keyboard
from reviewer.tour.oracle import HubView

#: A wait longer than this is a failure.
PATIENCE_MS = 20_000


SPECIAL: dict[str, Callable[[dict[str, Any], list[dict[str, Any]]], bool]] = {
    "no-pictures": lambda listing, _: not listing["pictures"],
    "forty-pictures": lambda listing, _: len(listing["pictures"]) >= 40,
    "long-text": lambda listing, _: len(listing["description"]) >= 9000,
    "markup-and-controls": lambda listing, _: "<h1>" in listing["description"],
    "missing-currency": lambda listing, _: bool(listing["price"]) and not listing["price"]["currency"],
    "unknown-flag-source": lambda _, flags: any(flag["source"] == "brand_bot" for flag in flags),
}


class Sitting:
    """One reviewer at one window."""

    def __init__(self, bot: QtBot, desktop: Desktop) -> None:
        self.bot = bot
        self.desktop = desktop
        self.window = desktop.window
        self.screen = desktop.screen
        self.station = desktop.workstation
        self.press = Keyboard(desktop.window).press
        self.type_text = Keyboard(desktop.window).type_text
        self.totals: list[int] = [0]
        self.painted: list[CaseRef] = []
        self.problems: list[str] = []
        self.screen.desk_shown.connect(lambda desk: self.totals.append(desk.counts.total))
        self.screen.case_painted.connect(lambda ref, _ns: self.painted.append(ref))
        self.screen.problem_raised.connect(self.problems.append)

    @property
    def total(self) -> int:
        """How many decisions the window shows as made."""
        return self.totals[-1]

    @property
    def current(self) -> CaseRef | None:
        """The case in front."""
        return self.screen.sitting.on_desk.ref if self.screen.sitting is not None else None

    def until(self, holds: Callable[[], object]) -> None:
        """Wait for a state."""
        self.bot.waitUntil(lambda: bool(holds()), timeout=PATIENCE_MS)

    def show(self) -> None:
        """Open the window with nothing in it yet."""
        self.window.show()
        self.window.activateWindow()
        self.until(self.window.isActiveWindow)

    def work_at(self, hub: RunningHub, account: str = "shop") -> None:
        """Show the window and work at a hub until its first case is painted."""
        self.window.account_expected = True
        self.show()
        self.station.start()
        token = hub.tokens["reviewer"]
        call = self.station.in_background(
            lambda: self.station.accounts.use_for_this_run(account, "Shop", hub.url, token)
        )
        self.until(call.done)
        call.result()
        self.review()

    def review(self) -> None:
        """The review screen with a painted case and the keys on it."""
        self.window.show_view("review")
        self.until(lambda: self.current is not None and self.current in self.painted)
        self.screen.setFocus()
        self.until(lambda: QApplication.focusWidget() is self.screen)

    def bring(self, case_id: str, account: str = "shop") -> None:
        """Take a case in hand and wait until it is painted."""
        ref = CaseRef(account, case_id)
        claimed = self.station.in_background(lambda: self.station.intake.claim_named(account, [case_id]))
        self.until(claimed.done)
        assert claimed.result()
        if self.current != ref:
            self.painted.clear()
        self.station.on_desk(lambda: self.station.review.bring(ref)).result(20)
        self.until(lambda: self.current == ref and ref in self.painted)

    def decide(self, key: str) -> None:
        """Press the key of a decision until the window shows it as made; a changed listing asks twice."""
        before = self.total
        self.press(key)
        self.until(lambda: self.total == before + 1 or "Press again" in self.screen.case_bar.notice)
        if self.total == before:
            self.press(key)
            self.until(lambda: self.total == before + 1)


@pytest.fixture(autouse=True)
def _no_keyring() -> Iterator[None]:
    """The tests leave no token in the keyring of whoever runs them."""
    before = keyring.get_keyring()
    keyring.set_keyring(NoKeyring())
    yield
    keyring.set_keyring(before)


class NoKeyring(keyring.backend.KeyringBackend):
    """A computer without a keyring."""

    priority = 1

    def get_password(self, service: str, username: str) -> str | None:
        raise keyring.errors.NoKeyringError

    def set_password(self, service: str, username: str, password: str) -> None:
        raise keyring.errors.NoKeyringError

    def delete_password(self, service: str, username: str) -> None:
        raise keyring.errors.NoKeyringError


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    """The demo's hub in a process of its own."""
    running = DemoHub(tmp_path_factory.mktemp("hub"))
    yield running.start()
    running.stop()


@pytest.fixture(scope="session")
def hub_view(hub: RunningHub) -> Iterator[HubView]:
    """What the hub holds, over HTTP."""
    view = HubView(hub.url, hub.tokens["reviewer"])
    yield view
    view.session.close()


@pytest.fixture(scope="session")
def special(hub_view: HubView) -> dict[str, str]:
    """The ids of the demo's unusual cases by what is unusual."""
    found: dict[str, str] = {}
    for number in range(1, 61):
        case = hub_view.get(f"/v1/cases/case-{number:04}")
        for name, holds in SPECIAL.items():
            if name not in found and holds(case["listing"], case["flags"]):
                found[name] = case["id"]
        for picture in case["listing"]["pictures"][:1] if "broken-picture" not in found else []:
            if not hub_view.is_whole_jpeg(picture["sha256"]):
                found["broken-picture"] = case["id"]
    assert sorted(found) == sorted([*SPECIAL, "broken-picture"])
    return found


@pytest.fixture
def open_desktop(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[Callable[..., Sitting]]:
    """Opens the whole program on a folder; everything of it is gone afterwards."""
    opened: list[Desktop] = []

    def open_one(folder: Path | None = None, *, sending_delay_s: float = 600.0) -> Sitting:
        options = Options(
            folder or tmp_path / "desk", sending_delay_s=sending_delay_s, decode_workers=1, evidence=False
        )
        desktop = Desktop(qapp, options)
        opened.append(desktop)
        return Sitting(qtbot, desktop)

    yield open_one
    for desktop in opened:
        desktop.close()
        QApplication.processEvents()
        Shiboken.delete(desktop.window)
