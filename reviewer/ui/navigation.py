"""The column of views at the left."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QToolButton, QVBoxLayout, QWidget

from reviewer.ui.plain import label_text, tooltip
from reviewer.ui.theme import Theme

VIEWS = ("review", "queue", "outbox", "connectors", "help")


class Navigation(QFrame):
    """One button a view.  `view_chosen` carries its name."""

    view_chosen = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._badge = 0
        self.setProperty("role", "navigation")
        self.setAccessibleName(self.tr("Views"))
        self.buttons: dict[str, QToolButton] = {}
        self._group = QButtonGroup(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, theme.em(0.3), 0, theme.em(0.3))
        column.setSpacing(theme.em(0.2))
        for name in VIEWS:
            made = QToolButton()
            made.setCheckable(True)
            made.setProperty("role", "navigation")
            made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
            made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            made.clicked.connect(lambda _checked=False, name=name: self.view_chosen.emit(name))
            self.buttons[name] = made
            self._group.addButton(made)
            if name == "help":
                column.addStretch(1)
            column.addWidget(made)
        theme.changed.connect(self._dress)
        self._dress()

    def title(self, name: str) -> str:
        """The name of a view in words."""
        return {
            "review": self.tr("Review"),
            "queue": self.tr("Queue"),
            "outbox": self.tr("Outbox"),
            "connectors": self.tr("Connectors"),
            "help": self.tr("Help"),
        }[name]

    def show_view(self, name: str) -> None:
        """Mark the view that is shown."""
        if name in self.buttons:
            self.buttons[name].setChecked(True)
        self._dress()

    def show_badge(self, count: int) -> None:
        """How many things came back."""
        if count != self._badge:
            self._badge = count
            self._dress()

    def show_keys(self, chords: dict[str, str]) -> None:
        """The keys, in the tooltips."""
        for name, made in self.buttons.items():
            made.setToolTip(tooltip(f"{self.title(name)}  {chords.get(name, '')}".strip()))

    def _dress(self) -> None:
        width = self._theme.em(7.2)
        for name, made in self.buttons.items():
            badge = name == "outbox" and self._badge > 0
            text = f"{self.title(name)} ({self._badge})" if badge else self.title(name)
            made.setText(label_text(text))
            came_back = self.tr("{0}, {1} came back").format(self.title(name), self._badge)
            made.setAccessibleName(came_back if badge else self.title(name))
            role = "warning" if badge else "accent" if made.isChecked() else "muted"
            made.setIcon(self._theme.icon("inbox" if badge else name, role))
            made.setIconSize(QSize(self._theme.em(1.7), self._theme.em(1.7)))
            made.setFixedWidth(width)
