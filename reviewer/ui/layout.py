"""The window's layout: kept shortly after each change, so that a crash loses none of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QByteArray, QEvent, QObject, QSettings, QTimer
from PySide6.QtWidgets import QSplitter, QWidget

_PAUSE_MS = 600
_MOVED = frozenset({QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.WindowStateChange})


class LayoutKeeper(QObject):
    """Keeps the geometry of a window, its splitters, and what `also` writes."""

    def __init__(
        self, window: QWidget, splitters: Mapping[str, QSplitter], settings: QSettings, also: Callable[[], None]
    ) -> None:
        """`splitters` by the names that they are kept under; `also` writes more into the same settings."""
        super().__init__(window)
        self._window = window
        self._splitters = dict(splitters)
        self._settings = settings
        self._also = also
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self.keep)

    def restore(self) -> None:
        """As it was left; then follow every change."""
        geometry = self._settings.value("window/geometry")
        if isinstance(geometry, QByteArray):
            self._window.restoreGeometry(geometry)
        for name, splitter in self._splitters.items():
            state = self._settings.value(f"splitters/{name}")
            if isinstance(state, QByteArray):
                splitter.restoreState(state)
                splitter.setChildrenCollapsible(False)
            splitter.splitterMoved.connect(self.soon)
        self._window.installEventFilter(self)

    def soon(self) -> None:
        """Keep the layout once it is left alone for a moment."""
        self._pause.start()

    def keep(self) -> None:
        """Keep the layout now."""
        self._pause.stop()
        self._settings.setValue("window/geometry", self._window.saveGeometry())
        for name, splitter in self._splitters.items():
            self._settings.setValue(f"splitters/{name}", splitter.saveState())
        self._also()
        self._settings.sync()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _MOVED and self._window.isVisible():
            self.soon()
        return False
