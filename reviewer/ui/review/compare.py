"""The pictures of a case side by side: what is offered, and what it claims to be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QSize, QTimer, Signal
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from reviewer.domain.listing import Picture
from reviewer.domain.reference import AuthenticationPoint, ReferenceProduct
from reviewer.domain.text import visible
from reviewer.services.model import CaseOnDesk
from reviewer.services.redress import documents_of
from reviewer.ui.review.aligned import carried, found_between, shown_region
from reviewer.ui.review.canvas import Frame, Mode, PictureCanvas, Spot
from reviewer.ui.review.captions import captions_of
from reviewer.ui.review.looks import Looks
from reviewer.ui.review.pixmaps import FULL_SIDE, Answer, PixmapStore, Shown
from reviewer.ui.review.prefetch import Prefetch
from reviewer.ui.review.redress_words import document_count, pictures_of
from reviewer.ui.review.side import PictureSide, refusal_of
from reviewer.ui.review.sitting import Sitting, best_pair, place_of
from reviewer.ui.review.thumbnails import Thumbnail
from reviewer.ui.review.viewport import Viewport
from reviewer.ui.review.wording import translate

_FULL = QSize(FULL_SIDE, FULL_SIDE)
#: Zoomed in further than this, the picture is asked for at full size.
_WHOLE_FROM = 1.05


class ComparePane(QWidget):
    """Listing pictures on the left, reference pictures on the right, moved as one.

    `pair_settled` comes when a newly shown case has both large pictures painted or known refused;
    `point_changed` when another point of authentication is the current one.
    """

    pair_settled = Signal()
    point_changed = Signal()

    def __init__(self, theme: Looks, store: PixmapStore, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._sitting: Sitting | None = None
        self._upcoming: tuple[CaseOnDesk, ...] = ()
        self._product = 0
        self._point = -1
        self._linked = True
        self._moved_on = False
        self._sensitive = False
        self._pages: dict[str, int] = {}
        self._mirror: PictureCanvas | None = None
        self._settling: set[PictureCanvas] = set()
        self.listing = PictureSide(theme, translate("Review", "Pictures of the listing, A"), self)
        self.reference = PictureSide(theme, translate("Review", "Pictures of the reference, B"), self)
        self._split = QSplitter(self)
        self._split.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._split)
        self._resized = QTimer(self, singleShot=True, interval=80)
        self._resized.timeout.connect(self._ask_again)
        self._strips = QTimer(self, singleShot=True, interval=40)
        self._strips.timeout.connect(self._refresh)
        for side in (self.listing, self.reference):
            self._split.addWidget(side)
            side.canvas.painted.connect(partial(self._painted, side.canvas))
            side.canvas.viewport_moved.connect(partial(self._moved, side))
            side.canvas.box_changed.connect(self._resized.start)
            side.canvas.retry_asked.connect(self.retry)
            side.strip.picked.connect(partial(self._picked, side))
        self.reference.canvas.spot_picked.connect(self._spot_picked)
        self._split.setSizes([1000, 1000])
        self._ahead = Prefetch(store, self.listing, self.reference, self)
        store.arrived.connect(self._arrived)
        theme.changed.connect(self._resized.start)

    # What is shown

    def show_sitting(self, sitting: Sitting, upcoming: Sequence[CaseOnDesk]) -> None:
        """Show a newly opened case with its best pair."""
        self._sitting, self._upcoming = sitting, tuple(upcoming)
        self._moved_on = False
        shown, self._product, place = best_pair(sitting.on_desk)
        self._point = -1
        case = sitting.on_desk.case
        papers = document_count(case, self._pages)
        self.listing.put(pictures_of(case, self._pages), 0 if papers else shown)
        references = case.references
        self.reference.put(references[self._product].pictures if references else (), place)
        self._linked = True
        for side in (self.listing, self.reference):
            side.canvas.show_mode(Mode.SINGLE)
            side.canvas.show_view(Viewport())
        self._settling = {self.listing.canvas, self.reference.canvas}
        self._refresh(urgent=True)
        self._ahead.begin(sitting.on_desk.ref.account, self._upcoming)

    def renew_evidence(self) -> None:
        """Evidence came late: show its best pair, as long as the reviewer looked at no other by then."""
        if self._sitting is None:
            return
        shown, product, place = best_pair(self._sitting.on_desk)
        if document_count(self._sitting.on_desk.case, self._pages):
            shown = self.listing.place  # documents come first
        if not self._moved_on and (shown, product, place) != (self.listing.place, self._product, self.reference.place):
            references = self._references()
            self.listing.place = shown
            if references and product != self._product:
                self._product = product
                self.reference.put(references[product].pictures, place)
            self.reference.place = place if references else -1
        self._refresh(urgent=True)

    def show_pair(self, picture: str, other: str) -> None:
        """Show a picture of the listing beside another, where that is one of the case's references."""
        self._moved_on = True
        place = place_of(self.listing.pictures, picture)
        if place >= 0:
            self.listing.place = place
        for product, reference in enumerate(self._references()):
            found = place_of(reference.pictures, other)
            if found >= 0:
                if product != self._product:
                    self._product, self._point = product, -1
                    self.reference.put(reference.pictures, found)
                self.reference.place = found
                break
        self._refresh(urgent=True)
        self.point_changed.emit()

    def prepare(self, on_desk: CaseOnDesk) -> None:
        """Lay out ahead what will stand above and below the pictures of a coming case."""
        shown, product, place = best_pair(on_desk)
        case = on_desk.case
        papers = document_count(case, self._pages)
        shown = 0 if papers else shown
        pictures = (pictures_of(case, self._pages), case.references[product].pictures if case.references else ())
        places = [min(wanted, len(of) - 1) for wanted, of in zip((shown, place), pictures, strict=True)]
        words = captions_of(on_desk, places[0], product, places[1], pictures[0], papers)
        lines = ((words.listing_head, words.listing_chip), (words.reference_head, words.reference_chip))
        for side, of, at, (head, chip) in zip((self.listing, self.reference), pictures, places, lines, strict=True):
            side.head.prepare(head)
            side.chip.prepare(chip)
            veiled = self._sensitive and side is self.listing
            side.strip.prepare(self._thumbnails(on_desk, side, of, veiled), at)

    def set_upcoming(self, upcoming: Sequence[CaseOnDesk]) -> None:
        """Make other cases ready ahead."""
        self._upcoming = tuple(upcoming)
        if self._sitting is not None:
            self._ahead.begin(self._sitting.on_desk.ref.account, self._upcoming)

    def set_sensitive(self, on: bool) -> None:
        """Blur and grey the pictures of listings, by preference."""
        self._sensitive = on
        if self._sitting is not None:
            self._refresh()

    def lift(self) -> None:
        """Show the pictures of this case as they are, or veil them again."""
        if self._sitting is not None:
            self._sitting.lifted = not self._sitting.lifted
            self._refresh()

    def mirror_to(self, canvas: PictureCanvas | None) -> None:
        """Show the reference on another canvas as well, or no more."""
        self._mirror = canvas
        if canvas is not None:
            canvas.viewport_moved.connect(self._look)
        self._refresh(urgent=True)

    # Going through pictures

    def step_listing(self, by: int) -> None:
        """The next picture of the listing, or the one before."""
        self._moved_on = True
        if self.listing.step(by):
            self._refresh(urgent=True)

    def step_reference(self, by: int) -> None:
        """The next picture of the reference product, or the one before."""
        self._moved_on = True
        if self.reference.step(by):
            self._refresh(urgent=True)

    def step_product(self, by: int) -> None:
        """The next reference product, or the one before."""
        self._moved_on = True
        references = self._references()
        if len(references) > 1:
            self._product = (self._product + by) % len(references)
            self._point = -1
            self.reference.put(references[self._product].pictures, 0)
            self._refresh(urgent=True)
            self.point_changed.emit()

    def retry(self) -> None:
        """Ask again for pictures that were refused."""
        if self._sitting is None:
            return
        account = self._sitting.on_desk.ref.account
        for side in (self.listing, self.reference):
            for picture in side.pictures:
                self._store.forget_refusals(account, picture.sha256)
        self._refresh(urgent=True)
        self._ahead.begin(account, self._upcoming)

    # Ways of looking

    def flick(self, on: bool) -> None:
        """B in place of A while held."""
        self.listing.canvas.show_mode(Mode.FLICK if on else Mode.SINGLE)

    def toggle(self, mode: Mode) -> None:
        """Lay B over A in a way, or take it off."""
        self.listing.canvas.show_mode(Mode.SINGLE if self.listing.canvas.mode == mode else mode)

    def unlink(self, on: bool) -> None:
        """While held, only the picture under the pointer moves."""
        self._linked = not on

    def fit(self) -> None:
        """The whole pictures."""
        self._look(Viewport())

    def whole_pixels(self) -> None:
        """One pixel of the picture to one of the screen at the pointer, or back to the whole."""
        side = self.reference if self.reference.canvas.underMouse() else self.listing
        canvas = side.canvas
        if canvas.view.zoom > 1.01:
            self.fit()
            return
        at = canvas.mapFromGlobal(QCursor.pos()) if canvas.underMouse() else canvas.rect().center()
        canvas.zoom_at(max(1.02, 1.0 / canvas.scale_to_source()), at.toPointF())

    # Points of authentication

    def points(self) -> tuple[AuthenticationPoint, ...]:
        """The points of the reference product that is shown."""
        references = self._references()
        return references[self._product].authentication_points if references else ()

    @property
    def product(self) -> int:
        """The place of the reference product that is shown."""
        return self._product

    @property
    def point(self) -> int:
        """The current point, -1 where none was taken up."""
        return self._point

    def step_point(self, by: int) -> None:
        """The next point: both pictures go to its place at one scale."""
        points = self.points()
        if not points:
            return
        self._go_to((self._point + by) % len(points) if self._point >= 0 else (0 if by > 0 else len(points) - 1))

    def go_to_point(self, place: int) -> None:
        """Take up a point."""
        if 0 <= place < len(self.points()):
            self._go_to(place)

    def refresh_points(self) -> None:
        """Paint the marks again after one was passed or failed."""
        self._show_spots()

    def _go_to(self, place: int) -> None:
        self._point, self._moved_on = place, True
        point = self.points()[place]
        found = next((n for n, picture in enumerate(self.reference.pictures) if picture.sha256 == point.picture), -1)
        if found >= 0:
            self.reference.place = found
        self._refresh(urgent=True)
        self._look(Viewport().around(point.region) if point.region is not None and found >= 0 else Viewport())
        if point.region is not None and found >= 0:
            self._follow(point.region)
        self.point_changed.emit()

    def _follow(self, region: tuple[float, float, float, float]) -> None:
        """Bring the listing's picture to the same place of the article, where the evidence says where that is."""
        picture, other = self.listing.current(), self.reference.current()
        if self._sitting is None or picture is None or other is None:
            return
        found = found_between(self._sitting.on_desk.matches, picture.sha256, other.sha256)
        if found is not None and found.kind != "same print":
            self.listing.canvas.show_view(Viewport().around(carried(region, found.homography)))

    # Painting

    def _references(self) -> tuple[ReferenceProduct, ...]:
        return () if self._sitting is None else self._sitting.on_desk.case.references

    def _refresh(self, *, urgent: bool = False) -> None:
        """Hand both sides what they show; ask for what is not there."""
        if self._sitting is None:
            return
        veiled = self._sensitive and not self._sitting.lifted
        a = self._frame(self.listing, translate("Review", "This listing has no pictures."), urgent, veiled)
        missing = (
            translate("Review", "This reference has no pictures.")
            if self._references()
            else translate("Review", "There is no reference product for this listing.")
        )
        b = self._frame(self.reference, missing, urgent, False)
        found = found_between(self._sitting.on_desk.matches, a.sha256, b.sha256)
        if found is not None:
            a = replace(a, regions=shown_region(found.region))
            b = replace(b, regions=shown_region(found.other_region), aligned=found.homography)
        self.listing.canvas.show_frame(a, b)
        self.reference.canvas.show_frame(b, a)
        if self._mirror is not None:
            self._mirror.show_frame(self._whole(b), Frame())
        self._show_strips(veiled)
        self._show_words()
        self._show_spots()

    def _frame(self, side: PictureSide, nothing: str, urgent: bool, veiled: bool) -> Frame:
        picture = side.current()
        if picture is None or self._sitting is None:
            return Frame(nothing=nothing)
        account, sha256 = self._sitting.on_desk.ref.account, picture.sha256
        box = side.canvas.box()
        answer: Answer | None = None
        if side.canvas.view.zoom > _WHOLE_FROM:
            answer = self._store.find(account, sha256, _FULL)
            if answer is None:
                self._store.want(account, sha256, _FULL, urgent=True)
        if answer is None:
            answer = self._store.find(account, sha256, box)
        if answer is None:
            self._store.want(account, sha256, box, urgent=urgent)
            answer = self._store.any_size(account, sha256)
            if isinstance(answer, Shown) and not _is_enough(answer, box):
                answer = None
        if answer is None:
            return Frame(sha256, sensitive=veiled)
        if isinstance(answer, Shown):
            return Frame(sha256, answer, sensitive=veiled and not self._is_document(side))
        return Frame(sha256, refusal=visible(answer.reason, limit=300))

    def _is_document(self, side: PictureSide) -> bool:
        if self._sitting is None or side is not self.listing:
            return False
        return side.place < document_count(self._sitting.on_desk.case, self._pages)

    def _count_pages(self, sha256: str) -> None:
        """A document was read: its other pages come after the first."""
        if self._sitting is None or sha256 in self._pages:
            return
        case = self._sitting.on_desk.case
        if sha256 not in {document.sha256 for document in documents_of(case)}:
            return
        answer = self._store.any_size(self._sitting.on_desk.ref.account, sha256)
        if isinstance(answer, Shown) and answer.pages > 1:
            current = self.listing.current()
            self._pages[sha256] = answer.pages
            pictures = pictures_of(case, self._pages)
            place = place_of(pictures, current.sha256) if current is not None else 0
            self.listing.put(pictures, max(0, place))

    def _whole(self, frame: Frame) -> Frame:
        """The same picture at full size, as soon as it is there."""
        if self._sitting is None or not frame.sha256:
            return frame
        account = self._sitting.on_desk.ref.account
        self._store.want(account, frame.sha256, _FULL)
        answer = self._store.find(account, frame.sha256, _FULL)
        return Frame(frame.sha256, answer) if isinstance(answer, Shown) else frame

    def _show_strips(self, veiled: bool) -> None:
        if self._sitting is not None:
            for side, hidden in ((self.listing, veiled), (self.reference, False)):
                side.show_strip(self._thumbnails(self._sitting.on_desk, side, side.pictures, hidden))

    def _thumbnails(
        self, on_desk: CaseOnDesk, side: PictureSide, pictures: Sequence[Picture], veiled: bool
    ) -> tuple[Thumbnail, ...]:
        """The small pictures as far as they are there."""
        matched = {match.picture for match in on_desk.matches} | {match.other for match in on_desk.matches}
        box, account, items = side.strip.box(), on_desk.ref.account, []
        for picture in pictures:
            answer = self._store.find(account, picture.sha256, box) or self._store.any_size(account, picture.sha256)
            shown = answer if isinstance(answer, Shown) else None
            view, refused = visible(picture.view, limit=60), bool(refusal_of(answer))
            items.append(Thumbnail(picture.sha256, view, shown, refused, picture.sha256 in matched, veiled))
        return tuple(items)

    def _show_words(self) -> None:
        if self._sitting is None:
            return
        papers = document_count(self._sitting.on_desk.case, self._pages)
        words = captions_of(
            self._sitting.on_desk,
            self.listing.place,
            self._product,
            self.reference.place,
            self.listing.pictures,
            papers,
        )
        self.listing.head.set_lines(words.listing_head)
        self.listing.chip.set_lines(words.listing_chip)
        self.reference.head.set_lines(words.reference_head)
        self.reference.chip.set_lines(words.reference_chip)

    def _show_spots(self) -> None:
        picture = self.reference.current()
        if self._sitting is None or picture is None:
            self.reference.canvas.show_spots(())
            return
        marked = self._sitting.points
        spots = tuple(
            Spot(number, point.region, marked.get(point.id), number - 1 == self._point)
            for number, point in enumerate(self.points(), start=1)
            if point.region is not None and point.picture == picture.sha256
        )
        self.reference.canvas.show_spots(spots)
        if self._mirror is not None:
            self._mirror.show_spots(spots)

    # Events

    def _painted(self, canvas: PictureCanvas) -> None:
        if canvas in self._settling and canvas.frame.settled:
            self._settling.discard(canvas)
            if not self._settling:
                self.pair_settled.emit()

    def _moved(self, side: PictureSide, view: Viewport) -> None:
        if self._linked:
            self._look(view)
            return
        side.canvas.show_view(view)
        self._refresh()

    def _look(self, view: Viewport) -> None:
        deeper = view.zoom > _WHOLE_FROM
        for side in (self.listing, self.reference):
            side.canvas.show_view(view)
        if self._mirror is not None:
            self._mirror.show_view(view)
        if deeper:
            self._refresh()

    def _picked(self, side: PictureSide, place: int) -> None:
        self._moved_on = True
        side.place = place
        self._refresh(urgent=True)

    def _spot_picked(self, number: int) -> None:
        self.go_to_point(number - 1)

    def _arrived(self, sha256: str) -> None:
        if self._sitting is None:
            return
        self._count_pages(sha256)
        large = {picture.sha256 for side in (self.listing, self.reference) if (picture := side.current())}
        if sha256 in large:
            self._refresh()
        elif any(picture.sha256 == sha256 for side in (self.listing, self.reference) for picture in side.pictures):
            self._strips.start()

    def _ask_again(self) -> None:
        self._refresh(urgent=True)
        if self._sitting is not None:
            self._ahead.begin(self._sitting.on_desk.ref.account, self._upcoming)


def _is_enough(answer: Shown, box: QSize) -> bool:
    """Whether a rendition of another size will do until the right one comes."""
    wide, high = answer.pixmap.width(), answer.pixmap.height()
    return max(wide / max(1, box.width()), high / max(1, box.height())) > 0.4 or wide >= answer.source.width()
