"""Waiting in the event loop for what the window shows, never for the clock alone."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QEventLoop, QTimer

from reviewer.errors import OperatorError

_LOOK_MS = 2


class TourStopped(OperatorError):
    """What the tour waited for did not come."""


def wait_until(holds: Callable[[], object], what: str, seconds: float = 30.0) -> None:
    """Run the event loop until `holds()`; raises `TourStopped` where it doesn't within the time."""
    if holds():
        return
    deadline = time.monotonic() + seconds
    loop = QEventLoop()
    timer = QTimer()
    timer.setInterval(_LOOK_MS)

    def look() -> None:
        if holds() or time.monotonic() > deadline:
            loop.quit()

    timer.timeout.connect(look)
    timer.start()
    loop.exec()
    timer.stop()
    if not holds():
        raise TourStopped(f"The tour waited {seconds:.0f} s in vain: {what}.")


def let_pass(seconds: float) -> None:
    """Run the event loop for a while, for what the eye needs and no state tells."""
    loop = QEventLoop()
    QTimer.singleShot(int(seconds * 1000), loop.quit)
    loop.exec()
