"""Pictures of the window as it stands, numbered in the order of the tour."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import QApplication, QWidget

from reviewer.errors import OperatorError
from reviewer.tour.waiting import let_pass


class Album:
    """Saves pictures into a folder.  `taken` are their file names."""

    def __init__(self, folder: Path) -> None:
        """Raises `OperatorError` where the folder can't be made."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OperatorError(f"{folder} can't be made: {error.strerror}. Choose another folder (--out).") from error
        self._folder = folder
        self.taken: list[str] = []

    def take(self, window: QWidget, name: str, *, settle_s: float = 0.25) -> None:
        """A picture of the window with the dialogs that lie over it."""
        let_pass(settle_s)
        file = f"{len(self.taken) + 1:02d}-{name}.png"
        self.save(window, self._folder / file)
        self.taken.append(file)

    @staticmethod
    def save(window: QWidget, path: Path, quality: int = -1) -> None:
        """Grab a window, and paint every dialog or popup of it at its place."""
        from_window = window.grab()
        for widget in QApplication.topLevelWidgets():
            if widget is not window and widget.isVisible() and widget.parentWidget() is not None:
                _paint_over(from_window, window, widget)
        if not from_window.save(str(path), quality=quality):
            raise OperatorError(f"The picture {path} can't be written. Free some space, or choose another folder.")


def _paint_over(picture: QPixmap, window: QWidget, widget: QWidget) -> None:
    from_widget = widget.grab()
    place = widget.mapToGlobal(widget.rect().topLeft()) - window.mapToGlobal(window.rect().topLeft())
    painter = QPainter(picture)
    painter.drawPixmap(place, from_widget)
    painter.end()
