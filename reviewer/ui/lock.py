"""The screen lock: after idle minutes a cover hides the listings; sending goes on behind it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QMouseEvent, QWindow
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget
from shiboken6 import Shiboken

from reviewer.services.clock import steady
from reviewer.ui.plain import PlainLabel
from reviewer.ui.theme import Theme

_LIVELY = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.MouseMove,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.Wheel,
        QEvent.Type.TouchBegin,
        QEvent.Type.TabletPress,
    }
)
_CHECK_MS = 15_000


class Cover(QFrame):
    """Lies over the whole window and hides it.  A click or a key lifts it."""

    lifted = Signal()

    def __init__(self, theme: Theme, window: QWidget) -> None:
        super().__init__(window)
        self.setProperty("role", "cover")
        self.setAutoFillBackground(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Locked. Press a key or click to go on."))
        sign = PlainLabel()
        sign.setPixmap(theme.icon("lock", "muted").pixmap(theme.em(4)))
        sign.setAlignment(Qt.AlignmentFlag.AlignCenter)
        sign.setAccessibleName(self.tr("Locked"))
        text = PlainLabel(self.tr("Locked"), "title")
        hint = PlainLabel(self.tr("Press a key or click to go on. Decisions are sent meanwhile."), "muted")
        whole = QVBoxLayout(self)
        whole.addStretch(1)
        for label in (sign, text, hint):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            whole.addWidget(label)
        whole.addStretch(1)
        self.hide()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        event.accept()
        self.lifted.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()
        self.lifted.emit()


class ScreenLock(QObject):
    """Locks after `minutes` without a key or the mouse; 0 never.  `locked` and `unlocked` follow."""

    locked = Signal()
    unlocked = Signal()

    def __init__(self, theme: Theme, window: QWidget, minutes: int = 15) -> None:
        super().__init__(window)
        self._window = window
        self.minutes = minutes
        self._last = steady()
        self.cover = Cover(theme, window)
        self.cover.lifted.connect(self.unlock)
        window.installEventFilter(self)
        self._watched: QWindow | None = None
        self._other: QWindow | None = None
        application = QGuiApplication.instance()
        if isinstance(application, QGuiApplication):
            application.focusWindowChanged.connect(self._focus_moved)
        self._timer = QTimer(self)
        self._timer.setInterval(_CHECK_MS)
        self._timer.timeout.connect(self.check)
        self._timer.start()

    @property
    def is_locked(self) -> bool:
        """Whether the cover lies over the window."""
        return self.cover.isVisibleTo(self._window)

    def stir(self) -> None:
        """Somebody is there."""
        self._last = steady()

    def check(self) -> None:
        """Lock where nobody has been there for long enough."""
        if self.minutes and not self.is_locked and steady() - self._last >= self.minutes * 60:
            self.lock()

    def lock(self) -> None:
        """Hide everything now."""
        self.cover.setGeometry(self._window.rect())
        self.cover.show()
        self.cover.raise_()
        self.cover.setFocus()
        self.locked.emit()

    def unlock(self) -> None:
        """Show everything again."""
        self.stir()
        self.cover.hide()
        self.unlocked.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind in _LIVELY:
            self._last = steady()
        elif watched is self._window:
            if kind == QEvent.Type.Resize:
                self.cover.setGeometry(self._window.rect())
            elif kind == QEvent.Type.Show:
                self._watch()
        return False

    def _focus_moved(self, focus: QWindow | None) -> None:
        """Somebody who works in a dialog is there, too."""
        if self._other is not None and Shiboken.isValid(self._other):
            self._other.removeEventFilter(self)
        self._other = focus if focus is not self._watched else None
        if self._other is not None:
            self._last = steady()
            self._other.installEventFilter(self)

    def _watch(self) -> None:
        handle = self._window.windowHandle()
        if handle is not None and handle is not self._watched:
            self._watched = handle
            handle.installEventFilter(self)
