"""Pictures: fetched once by digest, kept on disk, decoded outside this process, matched by fingerprint."""

from __future__ import annotations

import itertools
import logging
import os
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, Future
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reviewer.connectors.api import Connector, ConnectorError, Refused
from reviewer.domain.case import Case
from reviewer.domain.facts import Match
from reviewer.domain.values import format_time, is_sha256, sha256_hex
from reviewer.errors import BugError, OperatorError
from reviewer.imaging.pictures import FINGERPRINT_ALGORITHM, Decoded, RefusedPicture
from reviewer.imaging.pool import DecodePool
from reviewer.services import clock
from reviewer.storage import pictures as table
from reviewer.storage.threads import StoreThread

_log = logging.getLogger(__name__)

#: The box of the decode that fingerprints are taken from: always the same, so that equal pictures agree.
_FINGERPRINT_BOX = 800
#: Of 64 bits.  Up to this distance, no picture of 1,000 others was taken for the one searched.
MATCH_DISTANCE = 4
#: How many pictures are fingerprinted at a time.
_LOOKING = 2
#: How long the end waits for a fetch that hangs.
_STOP_S = 5.0
_CACHE_BYTES = 4 * 1024**3


@dataclass(order=True)
class _Errand:
    """A picture to fetch: urgent ones first, then in the order of asking."""

    rank: tuple[int, int]
    account: str = field(compare=False)
    sha256: str = field(compare=False)


class PictureCache:
    """The bytes of pictures in a folder, named by their digest.  Safe on any thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, sha256: str) -> bytes | None:
        """The bytes, or None where they are not here (or are not what their name says)."""
        try:
            data = self._path(sha256).read_bytes()
        except OSError:
            return None
        return data if sha256_hex(data) == sha256 else None

    def here(self, names: Iterable[str]) -> list[str]:
        """Those of the names of which there is a file: the folder is read once, whatever the number of names."""
        found = {path.name for path in self._folder.glob("??/*")}
        return [name for name in names if name in found and is_sha256(name)]

    def has(self, sha256: str) -> bool:
        """Whether a file of that name is here."""
        return self._path(sha256).is_file()

    def write(self, sha256: str, data: bytes) -> None:
        """Keep bytes under their digest, whole or not at all.  Raises OSError."""
        path = self._path(sha256)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}.part")
        temporary.write_bytes(data)
        temporary.replace(path)

    def prune(self, most: int = _CACHE_BYTES) -> None:
        """Delete the files that were written longest ago until no more than `most` bytes are left."""
        files = []
        for path in self._folder.glob("??/*"):
            try:
                found = path.stat()
            except OSError:
                continue
            files.append((found.st_mtime, found.st_size, path))
        total = sum(size for _, size, _ in files)
        for _, size, path in sorted(files, key=lambda item: item[0]):
            if total <= most:
                return
            path.unlink(missing_ok=True)
            total -= size

    def _path(self, sha256: str) -> Path:
        if not is_sha256(sha256):
            raise BugError(f"no digest: {sha256[:80]!r}")
        return self._folder / sha256[:2] / sha256


class PictureService:
    """Answers every request with a decoded picture or with the reason why there is none.

    Two threads fetch, through connectors of their own, so that a slow picture never delays a decision.
    """

    def __init__(
        self,
        store: StoreThread,
        cache: PictureCache,
        pool: DecodePool,
        open_connector: Callable[[str], Connector],
        background: Executor,
        *,
        lanes: int = 2,
    ) -> None:
        self._background = background
        self._store = store
        self._cache = cache
        self._pool = pool
        self._open_connector = open_connector
        self._errands: queue.PriorityQueue[_Errand] = queue.PriorityQueue()
        self._order = itertools.count()
        self._lock = threading.Lock()
        self._fetching: dict[str, Future[bytes | RefusedPicture]] = {}
        self._begun: set[str] = set()
        self._looked_at: set[str] = set()
        self._to_look_at: deque[tuple[str, str, Callable[[Future[Any]], None]]] = deque()
        self._looking = 0
        self._closed = False
        self._lanes = [
            threading.Thread(target=self._fetch_all, name=f"pictures-{number}", daemon=True) for number in range(lanes)
        ]

    def start(self) -> None:
        """Begin to fetch."""
        for lane in self._lanes:
            lane.start()

    def request(
        self, account: str, sha256: str, width: int, height: int, *, urgent: bool = False, fingerprint: bool = False
    ) -> Future[Decoded | RefusedPicture]:
        """A picture that fits into width x height pixels; `<sha256>#<page>` names a page of a document.

        The future never fails.  Safe on any thread.
        """
        answer: Future[Decoded | RefusedPicture] = Future()
        sha256, page = page_of(sha256)
        if not is_sha256(sha256):
            answer.set_result(RefusedPicture("damaged", "The server named no valid picture."))
            return answer
        self._bytes(account, sha256, urgent=urgent).add_done_callback(
            lambda fetched: self._decode(fetched, answer, width, height, urgent, fingerprint, page)
        )
        return answer

    def fetch(self, account: str, names: Iterable[str]) -> list[Future[bytes | RefusedPicture]]:
        """Bring pictures onto this disk, the urgent ones of others first."""
        return [self._bytes(account, name, urgent=False) for name in dict.fromkeys(names) if is_sha256(name)]

    def look_at(self, account: str, case: Case, seen: Callable[[], None]) -> None:
        """Fetch and fingerprint the pictures of a case and of its references; `seen` is called when all are."""
        names = [name for name in dict.fromkeys(_picture_names(case)) if is_sha256(name)]
        left = [len(names)]

        def one_done(_: Future[Any]) -> None:
            with self._lock:
                left[0] -= 1
                finished = left[0] == 0
            if finished:
                seen()

        with self._lock:
            self._to_look_at.extend((account, name, one_done) for name in names)
        if not names:
            seen()
        self._look_on()

    def _look_on(self) -> None:
        """Start what waits to be looked at: two at a time, so that what the window asks for never waits for it."""
        while True:
            with self._lock:
                if self._looking >= _LOOKING or not self._to_look_at or self._closed:
                    return
                self._looking += 1
                account, name, one_done = self._to_look_at.popleft()

            def ended(outcome: Future[Any], tell: Callable[[Future[Any]], None] = one_done) -> None:
                with self._lock:
                    self._looking -= 1
                tell(outcome)
                if not self._closed:
                    with suppress(RuntimeError):  # the executor ends a moment later than this service
                        self._background.submit(self._look_on)

            self._look_at_one(account, name).add_done_callback(ended)

    def matches(self, case: Case) -> tuple[Match, ...]:
        """Which pictures of the listing resemble pictures of its references, nearest first.

        On the store's thread.  The same bytes count as distance 0 by `sha256`.
        """
        names = list(dict.fromkeys(_picture_names(case)))
        known = self._store.run(lambda database: table.fingerprints(database, FINGERPRINT_ALGORITHM, names))
        found: list[Match] = []
        for picture in case.listing.pictures:
            for reference in case.references:
                for other in reference.pictures:
                    if picture.sha256 == other.sha256:
                        found.append(Match(picture.sha256, other.sha256, "reference", reference.id, "sha256", 0))
                        continue
                    one, two = known.get(picture.sha256), known.get(other.sha256)
                    if one is not None and two is not None and (distance := _distance(one, two)) <= MATCH_DISTANCE:
                        method = FINGERPRINT_ALGORITHM
                        found.append(Match(picture.sha256, other.sha256, "reference", reference.id, method, distance))
        return tuple(sorted(found, key=lambda match: (match.distance, match.method != "sha256")))

    @property
    def protection(self) -> str:
        """`full`, `reduced` or `starting`: how the decoding is locked down on this machine."""
        return self._pool.protection

    def close(self) -> None:
        """End the threads.  What was asked for and not begun is answered with a refusal."""
        self._closed = True
        for _ in self._lanes:
            self._errands.put(_Errand((-1, next(self._order)), "", ""))
        for lane in self._lanes:
            if lane.is_alive():
                lane.join(_STOP_S)
        with self._lock:
            waiting, self._fetching = list(self._fetching.values()), {}
        for future in waiting:
            future.set_result(RefusedPicture("stopped", "The program is being closed."))

    def _look_at_one(self, account: str, name: str) -> Future[Any]:
        with self._lock:
            known = name in self._looked_at
        if known and self._cache.has(name):
            done: Future[Any] = Future()
            done.set_result(None)
            return done
        answer = self.request(account, name, _FINGERPRINT_BOX, _FINGERPRINT_BOX, fingerprint=True)
        answer.add_done_callback(lambda decoded: self._remember(name, decoded.result()))
        return answer

    def _remember(self, name: str, answer: Decoded | RefusedPicture) -> None:
        fingerprint, refused = None, ""
        if isinstance(answer, RefusedPicture):
            if answer.code in ("unavailable", "stopped", "crashed"):
                return
            refused = answer.code
        else:
            fingerprint = answer.fingerprint
        with self._lock:
            self._looked_at.add(name)
        at = format_time(clock.now())
        future = self._store.submit(
            lambda database: table.save(database, name, 0, at, FINGERPRINT_ALGORITHM, fingerprint, refused)
        )
        future.add_done_callback(_log_failure)

    def _decode(
        self,
        fetched: Future[bytes | RefusedPicture],
        answer: Future[Decoded | RefusedPicture],
        width: int,
        height: int,
        urgent: bool,
        fingerprint: bool,
        page: int = 0,
    ) -> None:
        data = fetched.result()
        if isinstance(data, RefusedPicture):
            answer.set_result(data)
            return
        try:
            decoding = self._pool.submit(data, width, height, fingerprint=fingerprint, urgent=urgent, page=page)
        except BugError:
            answer.set_result(RefusedPicture("stopped", "The program is being closed."))
            return
        decoding.add_done_callback(lambda done: _pass_on(done, answer))

    def _bytes(self, account: str, sha256: str, *, urgent: bool) -> Future[bytes | RefusedPicture]:
        with self._lock:
            known = self._fetching.get(sha256)
            if known is None:
                known = self._fetching[sha256] = Future()
            elif not urgent:
                return known
            if self._closed:
                self._fetching.pop(sha256, None)
                known.set_result(RefusedPicture("stopped", "The program is being closed."))
                return known
        self._errands.put(_Errand((0 if urgent else 1, next(self._order)), account, sha256))
        return known

    def _fetch_all(self) -> None:
        connectors: dict[str, Connector] = {}
        while True:
            errand = self._errands.get()
            if self._closed:
                break
            with self._lock:
                if errand.sha256 not in self._fetching or errand.sha256 in self._begun:
                    continue  # asked for twice: here already, or on its way
                self._begun.add(errand.sha256)
            outcome = self._fetch(errand, connectors)
            with self._lock:
                self._begun.discard(errand.sha256)
                future = self._fetching.pop(errand.sha256, None)
            if future is not None:
                future.set_result(outcome)
        for account in list(connectors):
            _drop(connectors, account)

    def _fetch(self, errand: _Errand, connectors: dict[str, Connector]) -> bytes | RefusedPicture:
        data = self._cache.read(errand.sha256)
        if data is not None:
            return data
        try:
            connector = connectors.get(errand.account)
            if connector is None:
                connector = connectors[errand.account] = self._open_connector(errand.account)
            data = connector.media(errand.sha256)
            right = sha256_hex(data) == errand.sha256
        except Refused as error:
            return RefusedPicture("unavailable", f"The server has no such picture. ({error})")
        except (ConnectorError, OperatorError) as error:
            _drop(connectors, errand.account)
            return RefusedPicture("unavailable", f"The picture could not be fetched: {error}")
        except Exception as error:  # noqa: BLE001 - a connector's fault costs a tile, not the case
            _log.exception("a connector failed on a picture")
            _drop(connectors, errand.account)
            return RefusedPicture("unavailable", f"The connector failed: {type(error).__name__}.")
        if not right:
            return RefusedPicture("damaged", "The server sent other bytes than the digest of the picture says.")
        try:
            self._cache.write(errand.sha256, data)
        except OSError as error:
            _log.warning("a picture could not be kept: %s", error)
        return data


def page_of(name: str) -> tuple[str, int]:
    """The digest and the page (the first is 0) in the name of a page of a document: `<sha256>#<page>`."""
    sha256, _, page = name.partition("#")
    return sha256, int(page) if page.isascii() and page.isdigit() else 0


def _drop(connectors: dict[str, Connector], account: str) -> None:
    """Let go of an account's connector; the next picture opens another."""
    connector = connectors.pop(account, None)
    if connector is not None:
        try:
            connector.close()
        except Exception:  # noqa: BLE001 - a connector that can't even close is dropped all the same
            _log.exception("a connector failed to close")


def _picture_names(case: Case) -> Sequence[str]:
    names = [picture.sha256 for picture in case.listing.pictures]
    return names + [picture.sha256 for reference in case.references for picture in reference.pictures]


def _distance(one: bytes, two: bytes) -> int:
    return (int.from_bytes(one) ^ int.from_bytes(two)).bit_count()


def _pass_on(done: Future[Decoded | RefusedPicture], answer: Future[Decoded | RefusedPicture]) -> None:
    if done.cancelled():
        answer.set_result(RefusedPicture("stopped", "The picture was not needed any more."))
    else:
        answer.set_result(done.result())


def _log_failure(future: Future[Any]) -> None:
    if not future.cancelled() and (error := future.exception()) is not None:
        _log.warning("what is known of a picture could not be kept: %s", error)
