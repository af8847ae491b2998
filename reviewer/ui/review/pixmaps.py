"""Pictures ready to paint: asked for ahead of need, made on the window's thread one at a time, bounded in memory.

Nothing is decoded here: the workstation answers with plain pixels.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from PySide6.QtCore import QObject, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QImage, QPixmap
from shiboken6 import Shiboken

from reviewer.imaging.pictures import Decoded, RefusedPicture

#: What all pictures together may take, in bytes.
LIMIT = 52 * 1024 * 1024
#: The largest side that is asked for: what 100 % shows of a larger picture is this rendition.
FULL_SIDE = 2000
#: Between two pictures that nobody waits for, so that a key press never waits behind several of them.
_PAUSE_MS = 6
#: The longest that `pause` holds up what nobody waits for: the case that it was for may never be painted.
_LONGEST_PAUSE_MS = 300


class PictureSource(Protocol):
    """What answers with decoded pictures."""

    def request(
        self, account: str, sha256: str, width: int, height: int, *, urgent: bool = False
    ) -> Future[Decoded | RefusedPicture]:
        """A promise of the picture within that box; never raises."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture that can be painted: `source` is the size of the whole picture in its own pixels.

    `pages` counts those of a document.
    """

    pixmap: QPixmap
    source: QSize
    pages: int = 1


Key = tuple[str, str, int, int]
Answer = Shown | RefusedPicture


class _Life:
    """Whether an object still is: what tells it from other threads holds the lock, and so does its end."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.alive = True

    def end(self) -> None:
        """Nothing is told from now on."""
        with self.lock:
            self.alive = False


class PixmapStore(QObject):
    """Pixmaps by account, digest and box.  `arrived` carries the digest of a picture that is now known."""

    arrived = Signal(str)
    _answered = Signal(object, object)

    def __init__(self, source: PictureSource, parent: QObject | None = None, *, limit: int = LIMIT) -> None:
        super().__init__(parent)
        self._source = source
        self._limit = limit
        self._held: OrderedDict[Key, Answer] = OrderedDict()
        self._sizes: dict[tuple[str, str], set[Key]] = {}
        self._bytes = 0
        self._asked: dict[Key, Future[Decoded | RefusedPicture]] = {}
        self._urgent: set[Key] = set()
        self._waiting: deque[tuple[Key, Decoded]] = deque()
        self._paused = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._make_one)
        self._answered.connect(self._take, Qt.ConnectionType.QueuedConnection)
        self._life = _Life()
        self.destroyed.connect(self._life.end)

    @property
    def bytes_held(self) -> int:
        """What the pixmaps take."""
        return self._bytes

    @property
    def paused(self) -> bool:
        """Whether only what somebody waits for should be worked on."""
        return self._paused

    def pause(self) -> None:
        """A key was pressed: until `resume` make no pictures but those that are waited for."""
        self._paused = True
        self._timer.start(_LONGEST_PAUSE_MS)

    def resume(self) -> None:
        """The case is painted: go on with the others."""
        if self._paused:
            self._paused = False
            self._timer.start(_PAUSE_MS)

    def find(self, account: str, sha256: str, box: QSize) -> Answer | None:
        """The picture for that box, a refusal, or None where it is not there yet."""
        key = (account, sha256, box.width(), box.height())
        found = self._held.get(key)
        if found is not None:
            self._held.move_to_end(key)
        return found

    def any_size(self, account: str, sha256: str) -> Answer | None:
        """The largest rendition that is there, for the time until the right one comes."""
        found = [self._held[key] for key in self._sizes.get((account, sha256), ())]
        return max(found, key=_pixels, default=None)

    def want(self, account: str, sha256: str, box: QSize, *, urgent: bool = False) -> None:
        """Ask for a picture unless it is there or asked for; `arrived` tells of it.

        What was wanted last is dropped last.
        """
        key = (account, sha256, box.width(), box.height())
        if key in self._held:
            self._held.move_to_end(key)
            return
        if box.isEmpty():
            return
        if key in self._asked:
            if urgent and key not in self._urgent:
                self._urgent.add(key)
                self._hurry(key)
            return
        if urgent:
            self._urgent.add(key)
        future = self._source.request(account, sha256, box.width(), box.height(), urgent=urgent)
        self._asked[key] = future
        future.add_done_callback(partial(self._bring, key))

    def forget(self, account: str, sha256: str) -> None:
        """Drop what is known of a picture, so that it is asked for again."""
        for key in tuple(self._sizes.get((account, sha256), ())):
            self._drop(key)

    def forget_refusals(self, account: str, sha256: str) -> None:
        """Drop only refusals of a picture, so that it is asked for again."""
        for key in tuple(self._sizes.get((account, sha256), ())):
            if isinstance(self._held[key], RefusedPicture):
                self._drop(key)

    def _drop(self, key: Key) -> None:
        self._bytes -= _size(self._held.pop(key))
        sizes = self._sizes[key[:2]]
        sizes.discard(key)
        if not sizes:
            del self._sizes[key[:2]]

    def _hurry(self, key: Key) -> None:
        for place, (waiting, _) in enumerate(self._waiting):
            if waiting == key:
                self._waiting.rotate(-place)
                self._timer.start(0)
                return
        account, sha256, width, height = key
        self._source.request(account, sha256, width, height, urgent=True)

    def _bring(self, key: Key, future: Future[Decoded | RefusedPicture]) -> None:
        """Called on whatever thread decoded the picture."""
        with self._life.lock:
            if not future.cancelled() and self._life.alive and Shiboken.isValid(self):
                self._answered.emit(key, future)

    @Slot(object, object)
    def _take(self, key: Key, future: Future[Decoded | RefusedPicture]) -> None:
        answer = future.result(timeout=0)
        if isinstance(answer, RefusedPicture):
            self._keep(key, answer)
            return
        if key in self._urgent:
            self._keep(key, _shown(answer, QSize(key[2], key[3])))
            return
        self._waiting.append((key, answer))
        if not self._timer.isActive():
            self._timer.start(_PAUSE_MS)

    @Slot()
    def _make_one(self) -> None:
        self._paused = False
        if self._waiting:
            key, decoded = self._waiting.popleft()
            self._keep(key, _shown(decoded, QSize(key[2], key[3])))
        if self._waiting:
            self._timer.start(_PAUSE_MS)

    def _keep(self, key: Key, answer: Answer) -> None:
        self._asked.pop(key, None)
        self._urgent.discard(key)
        self._held[key] = answer
        self._sizes.setdefault(key[:2], set()).add(key)
        self._bytes += _size(answer)
        while self._bytes > self._limit and len(self._held) > 1:
            self._drop(next(iter(self._held)))
        self.arrived.emit(key[1])


def _shown(decoded: Decoded, box: QSize) -> Shown:
    """The pixmap, at the size at which it is painted in that box: painting it then needs no scaling."""
    image = QImage(decoded.pixels, decoded.width, decoded.height, decoded.stride, QImage.Format.Format_RGB32)
    fitting = QSize(decoded.source_width, decoded.source_height).scaled(box, Qt.AspectRatioMode.KeepAspectRatio)
    near = abs(image.width() - fitting.width()) <= 2 and abs(image.height() - fitting.height()) <= 2
    if near or max(box.width(), box.height()) >= FULL_SIDE:
        image = image.copy()
    else:
        image = image.scaled(fitting, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation)
    pages = decoded.frames if decoded.format == "PDF" else 1
    return Shown(QPixmap.fromImage(image), QSize(decoded.source_width, decoded.source_height), pages)


def _pixels(answer: Answer) -> int:
    return answer.pixmap.width() * answer.pixmap.height() if isinstance(answer, Shown) else 0


def _size(answer: Answer) -> int:
    return 4 * _pixels(answer) + 512
