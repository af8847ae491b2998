"""Pictures asked for before they are needed: the small ones, the neighbours, and the pairs of the cases to come."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer

from reviewer.services.model import CaseOnDesk
from reviewer.ui.review.pixmaps import LIMIT, PixmapStore
from reviewer.ui.review.side import PictureSide
from reviewer.ui.review.sitting import best_pair, pair_digests

#: So many cases ahead are made ready.
_CASES = 5
#: Longer strips are filled as far as this at once.
_STRIP = 60
_STRIP_AHEAD = 12
#: What the large pictures of coming cases may take of the store: on very large screens fewer cases are made ready.
_SHARE = 0.6


class Prefetch(QObject):
    """Asks a moment after a case was shown, so that painting comes first."""

    def __init__(self, store: PixmapStore, listing: PictureSide, reference: PictureSide, parent: QObject) -> None:
        super().__init__(parent)
        self._store = store
        self._listing = listing
        self._reference = reference
        self._account = ""
        self._upcoming: tuple[CaseOnDesk, ...] = ()
        self._timer = QTimer(self, singleShot=True, interval=25)
        self._timer.timeout.connect(self._ask)

    def begin(self, account: str, upcoming: tuple[CaseOnDesk, ...]) -> None:
        """Ask soon for what belongs to the case that is shown and to those that come."""
        self._account, self._upcoming = account, upcoming[:_CASES]
        self._timer.start()

    def _ask(self) -> None:
        if self._listing.canvas.box().isEmpty():
            return
        if self._store.paused:
            self._timer.start()
            return
        sides = (self._listing, self._reference)
        for side in sides:
            for picture in side.pictures[:_STRIP]:
                self._store.want(self._account, picture.sha256, side.strip.box())
        box = self._listing.canvas.box()
        room = int(_SHARE * LIMIT / (2 * 4 * box.width() * box.height()))
        for on_desk in self._upcoming[: max(1, room)]:
            for digest, side in zip(pair_digests(on_desk), sides, strict=False):
                self._store.want(on_desk.ref.account, digest, side.canvas.box())
        for side in sides:
            for by in (1, -1):
                if len(side.pictures) > 1:
                    digest = side.pictures[(side.place + by) % len(side.pictures)].sha256
                    self._store.want(self._account, digest, side.canvas.box())
        for on_desk in self._upcoming:
            references = on_desk.case.references
            beside = references[best_pair(on_desk)[1]].pictures if references else ()
            for picture in (*on_desk.case.listing.pictures[:_STRIP_AHEAD], *beside):
                self._store.want(on_desk.ref.account, picture.sha256, self._listing.strip.box())
