"""The reference in a window of its own, for a second monitor."""

from __future__ import annotations

from PySide6.QtCore import QObject, QRect, Qt, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication
from PySide6.QtWidgets import QVBoxLayout, QWidget

from reviewer.ui.review.canvas import PictureCanvas
from reviewer.ui.review.compare import ComparePane
from reviewer.ui.review.looks import Looks
from reviewer.ui.review.wording import translate


class _Window(QWidget):
    closed = Signal()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.closed.emit()
        super().closeEvent(event)


class ReferenceWindow(QObject):
    """Opens and closes the window; it never takes the keys away from the review screen."""

    def __init__(self, theme: Looks, compare: ComparePane, surface: QWidget) -> None:
        super().__init__(surface)
        self._theme = theme
        self._compare = compare
        self._surface = surface
        self._window: _Window | None = None

    @property
    def is_open(self) -> bool:
        """Whether the reference has its own window."""
        return self._window is not None

    def toggle(self) -> None:
        """Open it on the other monitor where there is one, or close it."""
        if self._window is not None:
            self._window.close()
            return
        # Keys always go to the review screen: a click here would otherwise make them dead.
        window = _Window(self._surface, Qt.WindowType.Window | Qt.WindowType.WindowDoesNotAcceptFocus)
        window.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        window.setWindowTitle(translate("Review", "Reference"))
        window.setAccessibleName(window.windowTitle())
        canvas = PictureCanvas(self._theme, translate("Review", "The reference in a window of its own"), window)
        layout = QVBoxLayout(window)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(canvas)
        window.closed.connect(self._closed)
        others = [screen for screen in QGuiApplication.screens() if screen is not self._surface.screen()]
        self._window = window
        if others:
            window.setGeometry(others[0].availableGeometry())
            window.showMaximized()
        else:
            window.setGeometry(self._place())
            window.show()
        self._compare.mirror_to(canvas)

    def _place(self) -> QRect:
        """On the only monitor: at its right edge, wholly on it with its frame."""
        room = self._surface.screen().availableGeometry()
        side = min(self._theme.em(36), room.width() // 2, room.height() // 2)
        top = room.top() + self._theme.em(3)
        return QRect(room.right() - side - self._theme.em(0.6), top, side, side)

    def _closed(self) -> None:
        window, self._window = self._window, None
        self._compare.mirror_to(None)
        if window is not None:
            window.deleteLater()
