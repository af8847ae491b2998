"""The strip above the work: states that the reviewer must know, each with what to do about it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from reviewer.domain.text import visible
from reviewer.services.model import Banner
from reviewer.ui.plain import PlainLabel, button
from reviewer.ui.theme import Theme

_NOTICE_MS = 8_000
_ICONS = {"info": ("info", "accent"), "warning": ("warning", "warning"), "error": ("error", "danger")}


class BannerStrip(QWidget):
    """Icon, text and colour for each banner.  `action_chosen` carries the id of a banner's action."""

    action_chosen = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._banners: tuple[Banner, ...] = ()
        self.frames: dict[str, QFrame] = {}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(1)
        self._notice = QTimer(self)
        self._notice.setSingleShot(True)
        self._notice.setInterval(_NOTICE_MS)
        self._notice.timeout.connect(self._drop_notice)
        self._told: tuple[Banner, ...] = ()
        theme.changed.connect(self._fill)
        self.hide()

    def show_banners(self, banners: Sequence[Banner]) -> None:
        """Show these; nothing happens where they are shown already."""
        if tuple(banners) != self._banners:
            self._banners = tuple(banners)
            self._fill()

    def show_notice(self, text: str) -> None:
        """Say something for a while; an empty text takes it away."""
        self._told = (Banner("notice", "warning", text),) if text else ()
        self._fill()
        if text:
            self._notice.start()

    def _drop_notice(self) -> None:
        self.show_notice("")

    def _fill(self) -> None:
        for frame in self.frames.values():
            self._layout.removeWidget(frame)
            frame.hide()
            frame.deleteLater()
        self.frames = {}
        for banner in (*self._banners, *self._told):
            frame = self._frame(banner)
            self.frames[banner.id] = frame
            self._layout.addWidget(frame)
        self.setVisible(bool(self.frames))

    def _frame(self, banner: Banner) -> QFrame:
        icon, role = _ICONS.get(banner.severity, _ICONS["info"])
        frame = QFrame()
        frame.setProperty("role", "banner")
        frame.setProperty("severity", banner.severity)
        frame.setAccessibleName(banner.text)
        line = QHBoxLayout(frame)
        gap = self._theme.em(0.35)
        line.setContentsMargins(gap * 2, gap, gap * 2, gap)
        sign = PlainLabel()
        sign.setPixmap(self._theme.icon(icon, role).pixmap(self._theme.em(1.4)))
        sign.setAccessibleName(self._severity(banner.severity))
        line.addWidget(sign)
        line.addWidget(PlainLabel(visible(banner.text, limit=600)).wrapped(), 1)
        if banner.action:
            made = button(self._action(banner.action))
            made.clicked.connect(lambda _checked=False, action=banner.action: self.action_chosen.emit(action))
            line.addWidget(made)
        return frame

    def _severity(self, severity: str) -> str:
        known = {"info": self.tr("Note"), "warning": self.tr("Warning"), "error": self.tr("Error")}
        return known.get(severity, self.tr("Note"))

    def _action(self, action: str) -> str:
        known = {
            "sign_in": self.tr("Sign in"),
            "retry": self.tr("Retry"),
            "open_inbox": self.tr("Show"),
            "open_accounts": self.tr("Show connectors"),
        }
        return known.get(action, self.tr("Do it"))
