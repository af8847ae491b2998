"""Plain text everywhere: Qt guesses rich text in labels, tooltips and message boxes, and then loads files."""

from __future__ import annotations

import html

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QMessageBox, QPushButton, QSizePolicy, QWidget


def tooltip(text: str) -> str:
    """A text as a tooltip that wraps and is shown as it is, marks and all."""
    return f"<qt>{html.escape(text)}</qt>".replace("\n", "<br>") if text else ""


def label_text(text: str) -> str:
    """A text for buttons, menus and tabs, where an ampersand would mark a key."""
    return text.replace("&", "&&")


class PlainLabel(QLabel):
    """A label that never reads marks.  `role` is a style of the style sheet: muted, title, heading, danger …"""

    def __init__(self, text: str = "", role: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(text)
        if role:
            self.setProperty("role", role)

    def wrapped(self) -> PlainLabel:
        """This label, with lines that wrap."""
        self.setWordWrap(True)
        return self

    def set_role(self, role: str) -> None:
        """Take another style."""
        if self.property("role") != role:
            self.setProperty("role", role)
            self.style().unpolish(self)
            self.style().polish(self)


class ElidedLabel(PlainLabel):
    """One line that is cut at its right end; the whole text is in the tooltip then."""

    def __init__(self, text: str = "", role: str = "", parent: QWidget | None = None) -> None:
        self._cut: tuple[str, int, str] | None = None
        super().__init__(text, role, parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def minimumSizeHint(self) -> QSize:
        return QSize(self.fontMetrics().averageCharWidth() * 4, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        shown = self._shown()
        painter.drawText(self.contentsRect(), int(self.alignment()) | Qt.TextFlag.TextSingleLine, shown)
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.setToolTip(tooltip(self.text()) if self._shown() != self.text() else "")

    def changeEvent(self, event: QEvent) -> None:
        self._cut = None  # the font may be another one
        super().changeEvent(event)

    def _shown(self) -> str:
        """The line as it fits, worked out once for a text and a width."""
        text, width = self.text(), self.contentsRect().width()
        if self._cut is None or self._cut[:2] != (text, width):
            line = text.replace("\n", " ")
            self._cut = (text, width, self.fontMetrics().elidedText(line, Qt.TextElideMode.ElideRight, width))
        return self._cut[2]


def message_box(parent: QWidget | None, icon: QMessageBox.Icon, title: str, text: str, detail: str = "") -> QMessageBox:
    """A message box in plain text."""
    box = QMessageBox(parent)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setIcon(icon)
    box.setWindowTitle(title)
    box.setText(text)
    box.setAccessibleName(title)
    if detail:
        box.setInformativeText(detail)
    return box


def button(text: str, role: str = "", *, tip: str = "", name: str = "") -> QPushButton:
    """A push button with its accessible name; `role` is primary, flat, danger or empty."""
    made = QPushButton(label_text(text))
    made.setAccessibleName(name or text)
    if role:
        made.setProperty("role", role)
    if tip:
        made.setToolTip(tooltip(tip))
    made.setAutoDefault(False)
    return made
