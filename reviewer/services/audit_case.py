"""A decision of a pack laid out as a case, so that the review screen's own pictures can show it."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from reviewer.audit.history import Decided, open_known
from reviewer.audit.verifier import NotAPack
from reviewer.connectors.api import Marketplace
from reviewer.domain.case import Case
from reviewer.domain.evidence import Found
from reviewer.domain.facts import Match
from reviewer.domain.listing import Listing, Picture
from reviewer.domain.reference import ReferenceProduct
from reviewer.domain.seller import Seller
from reviewer.domain.values import Money, is_sha256
from reviewer.errors import BugError, OperatorError
from reviewer.imaging.evidence import EVIDENCE_SIDE, Evidence, EvidenceLost
from reviewer.imaging.pictures import MAX_BYTES, Decoded, RefusedPicture
from reviewer.imaging.pool import DecodePool
from reviewer.imaging.thresholds import thresholds
from reviewer.policy.policy import shipped_policy
from reviewer.services.model import CaseOnDesk, CaseRef
from reviewer.services.pictures import PictureCache

_log = logging.getLogger(__name__)

#: The account under which pictures of a pack are asked for.
PACK = "pack"
_MOST_PICTURES = 12
_MOST_CHARACTERS = 20_000
_WAIT_S = 30.0


class PackPictures:
    """Pictures of a pack, decoded in locked-down processes; what the pack leaves out may be on this disk.

    Safe on any thread.
    """

    def __init__(self, cache: Path) -> None:
        self._cache = PictureCache(cache)
        self._reader = ThreadPoolExecutor(1, "audit-pictures")
        self._pool: DecodePool | None = None
        self._door: Evidence | None = None
        self._pack: Path | None = None
        self._closed = False

    def show(self, pack: Path) -> None:
        """Take pictures out of this pack from now on."""
        self._pack = pack

    def close(self) -> None:
        """End the processes; what is asked for afterwards is refused."""
        self._closed = True
        self._reader.shutdown(cancel_futures=True)
        for part in (self._pool, self._door):
            if part is not None:
                part.close()

    def request(
        self, account: str, sha256: str, width: int, height: int, *, urgent: bool = False
    ) -> Future[Decoded | RefusedPicture]:
        """A promise of the picture within that box; never raises."""
        answer: Future[Decoded | RefusedPicture] = Future()
        try:
            reading = self._reader.submit(self._decode, sha256, width, height, urgent)
        except RuntimeError:
            answer.set_result(_STOPPED)
            return answer
        reading.add_done_callback(lambda done: _chain(done, answer))
        return answer

    def compare(self, on_desk: CaseOnDesk) -> CaseOnDesk:
        """The case with what its pictures have in common with the references', and where.  Blocking."""
        case = on_desk.case
        sources = {p.sha256: product.id for product in case.references for p in product.pictures}
        others = {name: picture for name in sources if (picture := self._small(name)) is not None}
        found: list[Match] = []
        for shown in case.listing.pictures:
            pixels = self._small(shown.sha256)
            if pixels is None or not others:
                continue
            found += self._matches(shown.sha256, pixels, others, sources)
        return replace(on_desk, matches=tuple(sorted(found, key=lambda match: match.strength, reverse=True)))

    def _matches(self, name: str, pixels: Decoded, others: dict[str, Decoded], sources: dict[str, str]) -> list[Match]:
        if self._door is None:
            self._door = Evidence()
        try:
            matches = self._door.match(pixels, list(others.items())).result(_WAIT_S)
        except (EvidenceLost, TimeoutError) as error:
            _log.warning("pictures of a pack could not be compared: %s", error)
            return []
        limits, found = thresholds(), []
        for match in matches:
            told = Found(
                match.kind, match.method, match.words, match.explanation(limits), match.inliers,
                match.figures.agreement, match.overlap, match.mirrored, match.homography, match.region,
                match.reference_region,
            )  # fmt: skip
            other = match.reference
            same = "sha256" if other == name else "keypoints"
            found.append(Match(name, other, "reference", sources[other], same, 0, told))
        return found

    def _small(self, name: str) -> Decoded | None:
        answer = self.request(PACK, name, EVIDENCE_SIDE, EVIDENCE_SIDE).result(_WAIT_S)
        return answer if isinstance(answer, Decoded) else None

    def _decode(self, sha256: str, width: int, height: int, urgent: bool) -> Future[Decoded | RefusedPicture]:
        data = self._bytes(sha256)
        answer: Future[Decoded | RefusedPicture] = Future()
        if isinstance(data, RefusedPicture):
            answer.set_result(data)
            return answer
        try:
            if self._pool is None:
                self._pool = DecodePool(1)
            return self._pool.submit(data, width, height, urgent=urgent)
        except BugError:
            answer.set_result(_STOPPED)
            return answer

    def _bytes(self, sha256: str) -> bytes | RefusedPicture:
        if self._closed or self._pack is None:
            return _STOPPED
        try:
            with closing(open_known(self._pack)) as pack:
                row = pack.execute(
                    "SELECT typeof(bytes), length(bytes), part, row FROM pictures WHERE sha256 = ? LIMIT 1", (sha256,)
                ).fetchone()
                if row is not None and (row[0] != "blob" or row[1] > MAX_BYTES):
                    words = "is no picture" if row[0] != "blob" else f"is larger than {MAX_BYTES >> 20} MiB"
                    return RefusedPicture("too_large_bytes", f"What the pack holds here {words}.")
                if row is not None:
                    (data,) = pack.execute(
                        "SELECT bytes FROM pictures WHERE part = ? AND row = ?", tuple(row[2:])
                    ).fetchone()
                    return bytes(data)
        except (sqlite3.Error, OperatorError, NotAPack, TypeError) as error:
            return RefusedPicture("damaged", f"The pack can't be read here: {error}")
        kept = self._cache.read(sha256) if is_sha256(sha256) else None
        return kept if kept is not None else RefusedPicture("unavailable", "This picture is not in the pack.")


_STOPPED = RefusedPicture("stopped", "The pack was closed.")


def _chain(done: Future[Future[Decoded | RefusedPicture]], answer: Future[Decoded | RefusedPicture]) -> None:
    if done.cancelled() or done.exception() is not None:
        answer.set_result(_STOPPED)
        return
    done.result().add_done_callback(lambda inner: answer.set_result(_STOPPED if inner.cancelled() else inner.result()))


def case_of(pack: sqlite3.Connection, decided: Decided) -> CaseOnDesk:
    """The case of a decision as the pack tells it.  Raises what SQLite and JSON raise on a damaged pack."""
    row = pack.execute(
        'SELECT c."references", c.seller_name, c.seller_country, c.seller_standing FROM cases c JOIN decisions d'
        " ON d.part = c.part AND d.row = c.row WHERE d.log = ? AND d.sequence = ? LIMIT 1",
        (decided.log, decided.sequence),
    ).fetchone() or ("[]", "", "", "")
    revision = pack.execute(
        "SELECT title, description, brand, category, price, currency, country, language, units_sold, pictures"
        " FROM revisions WHERE listing_id = ? AND revision = ? LIMIT 1",
        (decided.listing_id, decided.revision),
    ).fetchone() or (decided.title, "", "", "", "", "", "", "", None, "[]")
    shown = tuple(
        Picture(str(item["sha256"]), str(item.get("view", ""))) for item in _list(revision[9])[:_MOST_PICTURES]
    )
    listing = Listing(
        decided.listing_id, decided.marketplace, _text(revision[0]), decided.revision, _text(revision[1]),
        _text(revision[2]), _text(revision[3]), _money(revision[4], revision[5]), "", _text(revision[6]),
        _text(revision[7]), "", revision[8] if isinstance(revision[8], int) else None, pictures=shown,
    )  # fmt: skip
    references = tuple(
        ReferenceProduct(
            str(item["id"]), str(item.get("brand", "")), str(item.get("model", "")),
            pictures=tuple(Picture(str(name)) for name in item["pictures"][:_MOST_PICTURES]),
        )
        for item in _list(row[0])[:_MOST_PICTURES]
    )  # fmt: skip
    seller = Seller(decided.seller_id, _text(row[1]), decided.marketplace, _text(row[2]), standing=_text(row[3]))
    at = _time(decided.opened_at) or datetime.now(UTC)
    case = Case(
        decided.case_id, decided.marketplace, "decided", 0, _time(decided.due_at), at, listing, seller, (), references
    )
    return CaseOnDesk(
        CaseRef(PACK, decided.id), case, Marketplace(decided.marketplace, decided.marketplace), shipped_policy(),
        "", (), (), at, None,
    )  # fmt: skip


def said_of(pack: sqlite3.Connection, decided: Decided) -> tuple[tuple[str, ...], str]:
    """Facts and note of a decision; empty where its text was erased or withheld."""
    row = pack.execute(
        "SELECT t.body FROM decisions d JOIN texts t ON t.part = d.part AND t.row = d.row"
        " WHERE d.log = ? AND d.sequence = ? LIMIT 1",
        (decided.log, decided.sequence),
    ).fetchone()
    texts = json.loads(row[0]) if row and row[0] else {}
    facts: Sequence[object] = texts.get("facts", ())
    said = [str(texts[name]) for name in ("note", "measure_off_reason") if texts.get(name)]
    return tuple(map(str, facts)), " ".join(said)


def _list(text: object) -> list[dict[str, Any]]:
    value = json.loads(str(text))
    if not isinstance(value, list):
        raise ValueError("a list of pictures is none")
    return value


def _text(value: object) -> str:
    return str(value or "")[:_MOST_CHARACTERS]


def _money(amount: object, currency: object) -> Money | None:
    with suppress(InvalidOperation):
        return Money(Decimal(str(amount)), str(currency or "")) if amount else None
    return None


def _time(text: str | None) -> datetime | None:
    with suppress(ValueError, TypeError):
        return datetime.fromisoformat(text or "")
    return None
