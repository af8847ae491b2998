"""The theme, remembered: painting asks for the same few colours, fonts and lengths thousands of times a second."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor, QFont

from reviewer.ui.theme import Theme


class Looks(QObject):
    """Answers as the theme does.  `changed` comes after the theme's new looks are in force."""

    changed = Signal()

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._em = 0.0
        self._colours: dict[str, QColor] = {}
        self._fonts: dict[tuple[str, float, bool], QFont] = {}
        theme.changed.connect(self._forget)

    def em(self, count: float = 1.0) -> int:
        """A length in pixels, measured in heights of the text."""
        if not self._em:
            self._em = self._theme.em(100) / 100
        return max(1, round(self._em * count))

    def colour(self, role: str) -> QColor:
        """The colour of a role.  Not to be changed: it is shared."""
        found = self._colours.get(role)
        if found is None:
            found = self._colours[role] = self._theme.colour(role)
        return found

    def font(self, language: str = "", scale: float = 1.0, bold: bool = False) -> QFont:
        """A copy of the font for a text in a language."""
        key = (language, scale, bold)
        found = self._fonts.get(key)
        if found is None:
            found = self._fonts[key] = self._theme.font(language, scale, bold)
        return QFont(found)

    def _forget(self) -> None:
        self._em = 0.0
        self._colours.clear()
        self._fonts.clear()
        self.changed.emit()
