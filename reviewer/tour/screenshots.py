"""The pictures of the documentation: every screen in dark and light, at three sizes."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import qInstallMessageHandler
from PySide6.QtWidgets import QWidget

from reviewer.app import Desktop, make_application
from reviewer.domain.decision import DecisionKind
from reviewer.services.demo_hub import RunningHub
from reviewer.services.workstation import Options
from reviewer.tour.album import Album
from reviewer.tour.command import say_what_matters
from reviewer.tour.guide import Guide
from reviewer.tour.hub_process import demo_hub
from reviewer.tour.waiting import TourStopped, let_pass, wait_until

_QUALITY = 82


@dataclass(frozen=True, slots=True)
class Size:
    """A window of width x height logical pixels, painted at a scale."""

    name: str
    width: int
    height: int
    scale: int = 1


SIZES = (Size("1280x800", 1280, 800), Size("1920x1080", 1920, 1080), Size("200percent", 1280, 800, 2))


def take_screenshots(folder: Path, size: str = "") -> int:
    """Take all pictures into a folder; each size in a process of its own, since the scale is the process's."""
    if not size:
        for one in SIZES:
            environment = os.environ | {"QT_SCALE_FACTOR": str(one.scale)}
            command = [sys.executable, "-m", "reviewer", "tour", "--screenshots", str(folder), "--size", one.name]
            subprocess.run(command, check=True, env=environment)
        return 0
    chosen = next(one for one in SIZES if one.name == size)
    qInstallMessageHandler(say_what_matters)
    album = Album(folder)
    with (
        tempfile.TemporaryDirectory(prefix="reviewer-pictures-") as temporary,
        demo_hub(Path(temporary) / "hub") as hub,
    ):
        desktop = Desktop(make_application(), Options(Path(temporary) / "desk", sending_delay_s=60.0))
        try:
            _take_all(desktop, hub, album, chosen, folder)
        finally:
            desktop.close()
    return 0


def _take_all(desktop: Desktop, hub: RunningHub, album: Album, size: Size, folder: Path) -> None:
    station, window, theme = desktop.workstation, desktop.window, desktop.theme
    window.account_expected = True
    window.resize(size.width, size.height)
    window.show()
    window.activateWindow()
    station.start()
    address, token = hub.url, hub.tokens["reviewer"]
    station.in_background(lambda: station.accounts.use_for_this_run("pictures", "Demo", address, token)).result(60)
    guide = Guide(desktop, album)
    guide.show_review()
    guide.wait_for_case(60)
    wait_until(lambda: window.queue.model.rowCount() > 0 or guide.status().open_cases > 0, "the queue", 60)
    for kind in (DecisionKind.TAKEDOWN, DecisionKind.CLEAR, DecisionKind.WARN):
        guide.decide(kind)
    guide.wait_for_case()
    let_pass(2.0)
    for dark in (False, True):
        theme.choose("dark" if dark else "light")
        for name, show in _screens(guide).items():
            hide = show()
            let_pass(0.9)
            path = folder / f"{name}-{'dark' if dark else 'light'}-{size.name}.webp"
            album.save(window, path, _QUALITY)
            if hide is not None:
                hide()
        for name, opened in (("dossier", _dossier), ("audit", _audit)):
            guide.show_review()
            guide.wait_for_case()
            shown = opened(guide)
            shown.resize(size.width, size.height)
            let_pass(1.2)
            album.save(shown, folder / f"{name}-{'dark' if dark else 'light'}-{size.name}.webp", _QUALITY)
            shown.close()
            window.activateWindow()
    guide.show_review()


def _dossier(guide: Guide) -> QWidget:
    """The dossier of the seller of the case in hand, as the server tells it."""
    shown = guide.window.dossier.show()
    if shown is None:
        raise TourStopped("There is no seller to show the dossier of.")
    wait_until(lambda: shown.opened is not None and shown.opened.source == "server", "the dossier")
    return shown


def _audit(guide: Guide) -> QWidget:
    """The audit window on what was decided here."""
    shown = guide.window.audit.show_live()
    wait_until(lambda: shown.opened is not None and not shown.opened.verifying, "the history to be verified", 60)
    return shown


def _screens(guide: Guide) -> dict[str, Callable[[], Callable[[], object] | None]]:
    """How each screen is shown; what a function answers takes it away again."""
    window = guide.window

    def view(name: str) -> Callable[[], None]:
        return lambda: window.show_view(name)

    def review() -> None:
        guide.show_review()
        guide.wait_for_case()

    def split() -> Callable[[], object]:
        review()
        guide.keyboard.press("S")
        return lambda: guide.keyboard.press("S")

    def grounds() -> Callable[[], object]:
        review()
        guide.keyboard.press("G")
        return lambda: guide.keyboard.press("Esc")

    def batch() -> Callable[[], object]:
        review()
        guide.keyboard.press("B")
        wait_until(lambda: guide.screen.batch.sheet.isVisible() or bool(guide.problems), "the contact sheet")
        return lambda: guide.keyboard.press("Esc")

    def keys() -> Callable[[], object]:
        review()
        return window.show_keys().reject

    def palette() -> Callable[[], object]:
        review()
        window.palette_box.open_over(window)
        return window.palette_box.hide

    return {
        "review": review,
        "review-split": split,
        "review-grounds": grounds,
        "review-batch": batch,
        "queue": view("queue"),
        "outbox": view("outbox"),
        "connectors": view("connectors"),
        "help": view("help"),
        "first-run": view("first_run"),
        "keys": keys,
        "palette": palette,
    }
