"""One half of the pictures: a head line, the large picture, what it matches, and the strip of small ones."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from reviewer.domain.listing import Picture
from reviewer.imaging.pictures import RefusedPicture
from reviewer.ui.review.canvas import PictureCanvas
from reviewer.ui.review.looks import Looks
from reviewer.ui.review.passage import Passage
from reviewer.ui.review.thumbnails import Thumbnail, ThumbnailStrip


class PictureSide(QWidget):
    """Listing or reference: `place` is the picture that is large, -1 where there is none."""

    def __init__(self, theme: Looks, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.pictures: tuple[Picture, ...] = ()
        self.place = -1
        self.head = Passage(theme, name, self, padding=0.4)
        self.canvas = PictureCanvas(theme, name, self)
        self.chip = Passage(theme, name, self, padding=0.3)
        self.strip = ThumbnailStrip(theme, name, self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.head)
        layout.addWidget(self.canvas, 1)
        layout.addWidget(self.chip)
        layout.addWidget(self.strip)

    def put(self, pictures: tuple[Picture, ...], place: int) -> None:
        """Lay out these pictures."""
        self.pictures = pictures
        self.place = min(place, len(pictures) - 1)

    def step(self, by: int) -> bool:
        """Go on by so many pictures, round the ends; answers whether another one is shown."""
        if len(self.pictures) < 2:
            return False
        self.place = (self.place + by) % len(self.pictures)
        return True

    def current(self) -> Picture | None:
        """The large picture."""
        return self.pictures[self.place] if 0 <= self.place < len(self.pictures) else None

    def show_strip(self, items: tuple[Thumbnail, ...]) -> None:
        """Paint the small pictures."""
        self.strip.show_items(items, self.place)


def refusal_of(answer: object) -> str:
    """Why a picture is refused, or empty."""
    return answer.reason if isinstance(answer, RefusedPicture) else ""
