"""What a report of a fault needs: versions, settings and the last log lines, copied by one command."""

from __future__ import annotations

import platform
from collections.abc import Callable

from PySide6.QtCore import QObject, QSysInfo, Signal, qVersion
from PySide6.QtGui import QGuiApplication

from reviewer import __version__
from reviewer.ui.tasks import Tasks
from reviewer.ui.theme import Theme


def window_facts(theme: Theme) -> str:
    """The window's part of the diagnostics: no tokens, no personal data."""
    screens = ", ".join(
        f"{screen.size().width()}x{screen.size().height()}@{screen.devicePixelRatio():g}"
        for screen in QGuiApplication.screens()
    )
    return "\n".join(
        (
            f"Program: {__version__}",
            f"Python: {platform.python_version()}",
            f"Qt: {qVersion()}, {QGuiApplication.platformName()}",
            f"System: {QSysInfo.prettyProductName()}, {QSysInfo.currentCpuArchitecture()}",
            f"Screens: {screens}",
            f"Theme: {theme.choice} ({'dark' if theme.dark else 'light'}), texts at {theme.text_size} %",
        )
    )


class Diagnostics(QObject):
    """Collects and copies them; `copied` carries the text that is on the clipboard now."""

    copied = Signal(str)

    def __init__(self, collect: Callable[[], str], tasks: Tasks, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._collect = collect
        self._tasks = tasks
        self._theme = theme

    def copy(self) -> None:
        """Collect in the background, then put the text on the clipboard."""
        self._tasks.in_background(self._collect, self._copy, owner=self)

    def _copy(self, text: str) -> None:
        whole = f"{window_facts(self._theme)}\n\n{text}"
        QGuiApplication.clipboard().setText(whole)
        self.copied.emit(whole)
