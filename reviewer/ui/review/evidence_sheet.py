"""All pictures of a listing with the strongest match of each, and why: to be gone through in seconds."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QListWidgetItem, QWidget

from reviewer.domain.facts import Match
from reviewer.domain.text import visible
from reviewer.ui.plain import tooltip
from reviewer.ui.review.looks import Looks
from reviewer.ui.review.matching import best_of, match_explained, match_in_words
from reviewer.ui.review.pixmaps import PixmapStore, Shown
from reviewer.ui.review.services import EvidenceDoor
from reviewer.ui.review.sheets import Sheet
from reviewer.ui.review.sitting import Sitting
from reviewer.ui.review.wording import translate
from reviewer.ui.tasks import Tasks


class MatchesSheet(Sheet):
    """A row for each picture: it and what it matches side by side, the match in words, its numbers below.

    `picked` carries the place of a row, `denied` that of a row whose match a person calls none.
    """

    picked = Signal(int)
    denied = Signal(int)

    def __init__(self, theme: Looks, parent: QWidget) -> None:
        super().__init__(theme, parent)
        self.list.setWordWrap(True)
        self.list.setSpacing(theme.em(0.2))
        self.list.itemClicked.connect(lambda item: self.picked.emit(self.list.row(item)))

    def offer(self, title: str, hint: str, rows: list[str]) -> None:
        """Show these rows."""
        side = self.theme.em(6)
        self.list.setIconSize(QSize(2 * side + self.theme.em(0.5), side))
        self.list.clear()
        for text in rows:
            item = QListWidgetItem(QIcon(self.beside(None, None)), text)
            item.setToolTip(tooltip(text))
            self.list.addItem(item)
        if rows:
            self.list.setCurrentRow(0)
        self.open_sheet(title, hint)

    def show_pair(self, row: int, pixmap: QPixmap) -> None:
        """Paint a row's pictures."""
        item = self.list.item(row)
        if item is not None:
            item.setIcon(QIcon(pixmap))

    def beside(self, one: QPixmap | None, other: QPixmap | None) -> QPixmap:
        """Two pictures side by side on one; an empty place where there is none."""
        side, gap = self.theme.em(6), self.theme.em(0.5)
        sheet = QPixmap(2 * side + gap, side)
        sheet.fill(QColor(0, 0, 0, 0))
        painter = QPainter(sheet)
        for left, pixmap in ((0, one), (side + gap, other)):
            box = QRect(left, 0, side, side)
            painter.fillRect(box, self.theme.colour("canvas"))
            if pixmap is not None and not pixmap.isNull():
                size = pixmap.size().scaled(box.size(), Qt.AspectRatioMode.KeepAspectRatio)
                place = QRect(0, 0, size.width(), size.height())
                place.moveCenter(box.center())
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
                painter.drawPixmap(place, pixmap)
        painter.end()
        return sheet

    def wanted(self) -> QSize:
        rows = min(max(self.list.count(), 1), 6)
        return QSize(self.theme.em(64), round(self.theme.em(6.6) * rows) + self.theme.em(7))

    def heard(self, chord: str) -> bool:
        row = self.list.currentRow()
        if chord in ("Return", "Space") and row >= 0:
            self.picked.emit(row)
            return True
        if chord == "X" and row >= 0:
            self.denied.emit(row)
            return True
        if chord == "E":
            self.close_sheet()
            return True
        return super().heard(chord) or (len(chord) == 1 and chord.isalnum())


class EvidenceGrid(QObject):
    """Opens the sheet for the case in front; `pair_picked` carries the digests of a listing's picture and the other."""

    closed = Signal()
    failed = Signal(str)
    pair_picked = Signal(str, str)

    def __init__(self, theme: Looks, door: EvidenceDoor, tasks: Tasks, store: PixmapStore, surface: QWidget) -> None:
        super().__init__(surface)
        self._door = door
        self._tasks = tasks
        self._store = store
        self._sitting: Sitting | None = None
        self._rows: list[tuple[str, Match | None]] = []
        #: Whether pictures of listings are hidden until V shows those of the case in front.
        self.sensitive = False
        self.sheet = MatchesSheet(theme, surface)
        self.sheet.picked.connect(self._picked)
        self.sheet.denied.connect(self._denied)
        self.sheet.closed.connect(self.closed)
        store.arrived.connect(self._arrived)

    def open(self, sitting: Sitting | None) -> None:
        """Work on this case from now on."""
        self._sitting = sitting
        self.sheet.close_sheet()

    def renew(self) -> None:
        """The evidence changed: show it as it is now, where the sheet is open."""
        if self.sheet.isVisible():
            row = self.sheet.list.currentRow()
            self.offer()
            self.sheet.list.setCurrentRow(min(row, self.sheet.list.count() - 1))

    def offer(self) -> None:
        """Show every picture with its strongest match."""
        sitting = self._sitting
        if sitting is None:
            return
        case = sitting.on_desk.case
        names = list(dict.fromkeys(picture.sha256 for picture in case.listing.pictures))
        if not names:
            self.failed.emit(translate("Review", "This listing has no pictures."))
            return
        self._rows = [(name, best_of(sitting.on_desk.matches, name)) for name in names]
        texts = []
        for place, (_, match) in enumerate(self._rows, start=1):
            if match is None:
                texts.append(translate("Review", "{0}   no match was found").format(place))
                continue
            words = match_in_words(match, case)
            texts.append(f"{place}   {words[:1].upper()}{words[1:]}\n{visible(match_explained(match), limit=400)}")
        hint = translate(
            "Review", "Return shows the pair. X: this is no match, here and for colleagues. Esc goes back."
        )
        self.sheet.offer(translate("Review", "Pictures of this listing and what they match"), hint, texts)
        self._paint()

    def _paint(self) -> None:
        sitting = self._sitting
        if sitting is None:
            return
        veiled = self.sensitive and not sitting.lifted
        for row, (name, match) in enumerate(self._rows):
            one = None if veiled else self._pixmap(name)
            other = self._pixmap(match.other) if match is not None and len(match.other) == 64 else None
            hidden = veiled and match is not None and match.source != "reference"
            self.sheet.show_pair(row, self.sheet.beside(one, None if hidden else other))

    def _pixmap(self, name: str) -> QPixmap | None:
        if self._sitting is None:
            return None
        account, side = self._sitting.on_desk.ref.account, self.sheet.theme.em(6)
        answer = self._store.find(account, name, QSize(side, side)) or self._store.any_size(account, name)
        if isinstance(answer, Shown):
            return answer.pixmap
        if answer is None:
            self._store.want(account, name, QSize(side, side))
        return None

    def _arrived(self, _sha256: str) -> None:
        if self.sheet.isVisible():
            self._paint()

    def _picked(self, row: int) -> None:
        name, match = self._rows[row]
        self.sheet.close_sheet()
        self.pair_picked.emit(name, match.other if match is not None else "")

    def _denied(self, row: int) -> None:
        name, match = self._rows[row]
        if self._sitting is None or match is None:
            return
        if match.method == "sha256":
            self.failed.emit(translate("Review", "The files are the same, byte for byte: that can't be denied."))
            return
        self._tasks.on_desk(
            partial(self._door.say_no_match, self._sitting.on_desk.ref.account, name, match.other),
            lambda _: None,
            lambda error: self.failed.emit(str(error)),
            owner=self,
        )
