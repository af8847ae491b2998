"""A case's pictures looked at: fingerprints, hash neighbours, comparisons; first the near circle, then a wider one.

First come the case's own references, the hash neighbours in the index and near pictures of open cases that the server
knows; then, as candidates of a wider circle, pictures of the brand's other references and of the seller's listings
that were taken down.  Runs on the evidence thread.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from reviewer.domain.case import Case
from reviewer.domain.evidence import Fingerprint, Found
from reviewer.domain.values import sha256_hex
from reviewer.imaging.evidence import EVIDENCE_SIDE, Evidence, EvidenceLost, UnknownReferences
from reviewer.imaging.matches import Match as Compared
from reviewer.imaging.pictures import FINGERPRINT_ALGORITHM, Decoded
from reviewer.imaging.thresholds import thresholds
from reviewer.services.model import CaseRef
from reviewer.services.pictures import PictureService
from reviewer.services.sightings import Sightings
from reviewer.storage import evidence as table
from reviewer.storage import near_cases
from reviewer.storage.database import Database
from reviewer.storage.threads import StoreThread

_log = logging.getLogger(__name__)

#: The version of the PDQ codes; the evidence process says it with every code.
PDQ_VERSION = 1
#: Candidates of one picture, and how many of them may come from the wider circle.
MOST_CANDIDATES = 200
WIDER = 60
#: References whose pixels stay in the evidence process.
KEPT_REFERENCES = 220
#: pHash lists are matched within so many of 64 bits; far closer than the usual 10, which finds strangers.
PHASH_RADIUS = 4
_WAIT_S = 120.0
_TRIES = 4
#: Refusals that say nothing of the picture itself.
_PASSING = ("unavailable", "stopped", "crashed")


@dataclass(frozen=True, slots=True)
class Task:
    """A case to look at; `seen` is called each time there may be something new."""

    ref: CaseRef
    case: Case
    seen: Callable[[], None]


class Looking:
    """Compares the pictures of one case after the other.  Used by one thread, but for `lists_changed`."""

    def __init__(self, store: StoreThread, pictures: PictureService, door: Evidence, sightings: Sightings) -> None:
        self._store = store
        self._pictures = pictures
        self._door = door
        self._sightings = sightings
        self._version = thresholds().version
        self._lists: list[tuple[str, int]] | None = None
        self._learned: OrderedDict[str, None] = OrderedDict()

    def lists_changed(self) -> None:
        """Hash lists came: read them again."""
        self._lists = None

    def look(self, task: Task) -> Callable[[], None]:
        """Compare the pictures of a case with the near circle; answers what compares them with the wider one."""
        listing = list(dict.fromkeys(picture.sha256 for picture in task.case.listing.pictures))
        own = [picture.sha256 for product in task.case.references for picture in product.pictures]
        account = task.ref.account
        pixels = self._pixels(account, [*listing, *own])
        near: dict[str, dict[str, int]] = {}
        for name in dict.fromkeys([*listing, *own]):
            if name in pixels:
                near[name] = self.near(account, name, pixels[name], tell=name in listing)
        task.seen()
        elsewhere = self._store.run(lambda database: near_cases.others(database, account, listing))
        first = {
            name: [*own, *near.get(name, ()), *elsewhere.get(name, ())] for name in listing if name in pixels
        }  # fmt: skip
        lists = {name: self._listed(name, near.get(name, {})) for name in first}
        self._compare(task, first, pixels, lists)
        return lambda: self._look_wider(task, first, lists)

    def near(self, account: str, name: str, picture: Decoded, *, tell: bool) -> dict[str, int]:
        """Fingerprint a picture and answer the pictures whose codes are near with their distances, nearest first.

        With `tell` the account's server is told of it.
        """
        codes = self._door.fingerprint(picture).result(_WAIT_S)
        print_ = Fingerprint(
            codes.algorithm, codes.version, codes.quality, tuple(code.hex() for code in codes.stored), name
        )
        if tell:
            self._sightings.add(account, print_, tuple(code.hex() for code in codes.searched))
        learn_codes(self._store, self._door, [print_])
        if not codes.searched:
            return {}
        rows = self._door.search(codes.searched, thresholds().fingerprint.radius).result(_WAIT_S)
        distances = dict(rows[: 2 * MOST_CANDIDATES])
        names = self._store.run(lambda database: table.pictures_of(database, list(distances)))
        return {names[number]: bits for number, bits in distances.items() if number in names and names[number] != name}

    def look_at_a_reference(self) -> bool:
        """Fingerprint one picture of a reference; False where there is none, or none that can be had now."""
        waiting = self._store.run(lambda database: table.references_without_code(database, PDQ_VERSION, 1))
        if not waiting:
            return False
        account, name = waiting[0]
        pixels = self._pixels(account, [name])
        if name not in pixels:
            return False
        self.near(account, name, pixels[name], tell=False)
        return True

    def look_at_unseen(self, account: str, name: str) -> None:
        """Fingerprint a picture of an open case that nobody has on a desk, for the server; it is not kept here."""
        answer = self._pictures.request(account, name, EVIDENCE_SIDE, EVIDENCE_SIDE).result(_WAIT_S)
        if isinstance(answer, Decoded):
            codes = self._door.fingerprint(answer).result(_WAIT_S)
            one = Fingerprint(
                codes.algorithm, codes.version, codes.quality, tuple(code.hex() for code in codes.stored), name
            )
            self._sightings.add(account, one, tuple(code.hex() for code in codes.searched))
        elif answer.code not in _PASSING:
            # It will never have a fingerprint: the server need not ask anybody again.
            self._sightings.add(account, Fingerprint(table.INDEXED, PDQ_VERSION, 0, (), name), ())

    def _look_wider(self, task: Task, first: dict[str, list[str]], lists: dict[str, dict[str, Found]]) -> None:
        wider = self._store.run(lambda database: _wider(database, task, WIDER))
        if wider:
            pixels = self._pixels(task.ref.account, first)
            more = {name: [*candidates, *wider] for name, candidates in first.items() if name in pixels}
            self._compare(task, more, pixels, lists, wider=True)

    def _compare(
        self,
        task: Task,
        wanted: dict[str, list[str]],
        pixels: dict[str, Decoded],
        lists: dict[str, dict[str, Found]],
        *,
        wider: bool = False,
    ) -> None:
        """Compare each picture with its candidates, unless it was with the same ones before."""
        changed = False
        for name, others in wanted.items():
            candidates = [other for other in dict.fromkeys(others) if other != name][:MOST_CANDIDATES]
            key = sha256_hex("\n".join([self._version, *sorted(candidates), *sorted(lists[name])]).encode())
            before = self._store.run(lambda database, n=name: table.compared_with(database, n))  # type: ignore[misc]
            narrow = before.partition(":")[0]
            if before == key or (narrow == key and not wider) or (wider and before == f"{narrow}:{key}"):
                continue
            if wider:
                key = f"{narrow}:{key}"
            compared = [other for other in candidates if not other.startswith("h:")]
            found = lists[name] | self._found(task.ref.account, pixels[name], compared, pixels)
            self._forget()
            self._store.run(
                lambda database, n=name, f=found, k=key: table.save_matches(database, n, self._version, f, k)  # type: ignore[misc]
            )
            changed = True
        if changed:
            task.seen()

    def _found(
        self, account: str, picture: Decoded, names: Sequence[str], pixels: dict[str, Decoded]
    ) -> dict[str, Found]:
        """Compare a picture with candidates; those whose pixels can't be had are left out."""
        asked = list(names)
        for _ in range(_TRIES):
            try:
                matches = self._door.match_known(picture, asked).result(_WAIT_S)
                break
            except UnknownReferences as unknown:
                pixels |= self._pixels(account, [name for name in unknown.names if name not in pixels])
                for name in unknown.names:
                    if name in pixels:
                        self._door.learn(name, pixels[name]).result(_WAIT_S)
                asked = [name for name in asked if name in pixels or name not in unknown.names]
        else:
            raise EvidenceLost("the evidence process is lost again and again")
        for name in asked:
            self._learned[name] = None
            self._learned.move_to_end(name)
            self._learned.move_to_end(name)
        limits = thresholds()
        found: dict[str, Found] = {}
        for match in matches:
            if match.reference not in found:
                found[match.reference] = _kept(match, match.explanation(limits))
        return found

    def _forget(self) -> None:
        gone = list(self._learned)[: max(0, len(self._learned) - KEPT_REFERENCES)]
        for name in gone:
            del self._learned[name]
        if gone:
            self._door.forget(gone).add_done_callback(_log_failure)

    def _listed(self, name: str, near: dict[str, int]) -> dict[str, Found]:
        """Lines of hash lists that are near a picture: there are no pixels to compare with."""
        found = {other: _by_list(bits, 256) for other, bits in near.items() if other.startswith("h:")}
        if self._lists is None:
            rows = self._store.run(lambda database: table.other_codes(database, FINGERPRINT_ALGORITHM))
            self._lists = [(other, int.from_bytes(code)) for other, code in rows if other.startswith("h:")]
        if self._lists:
            hashed = self._store.run(lambda database: table.phash_of(database, name, FINGERPRINT_ALGORITHM))
            ours = int.from_bytes(hashed) if hashed is not None else None
            for other, theirs in self._lists if ours is not None else ():
                bits = (ours ^ theirs).bit_count() if ours is not None else 64
                if bits <= PHASH_RADIUS:
                    found[other] = _by_list(bits, 64)
        return found

    def _pixels(self, account: str, names: Iterable[str]) -> dict[str, Decoded]:
        asked = {
            name: self._pictures.request(account, name, EVIDENCE_SIDE, EVIDENCE_SIDE)
            for name in dict.fromkeys(names)
            if len(name) == 64
        }
        found = {}
        for name, future in asked.items():
            answer = future.result(_WAIT_S)
            if isinstance(answer, Decoded):
                found[name] = answer
        return found


def learn_codes(store: StoreThread, door: Evidence | None, prints: Sequence[Fingerprint]) -> None:
    """Take fingerprints over into the store and, where there is one, the index."""
    added = store.run(lambda database: _save_codes(database, prints))
    codes = [(one.id, code) for one in added for code in one.codes]
    if codes and door is not None:
        door.add(codes).add_done_callback(_log_failure)


def _save_codes(database: Database, prints: Sequence[Fingerprint]) -> list[table.Code]:
    with database.transaction():
        saved = [table.save_code(database, one) for one in prints]
    return [one for one, given in zip(saved, prints, strict=True) if one is not None and _is_indexed(given)]


def _is_indexed(one: Fingerprint) -> bool:
    return one.algorithm == table.INDEXED and one.version == PDQ_VERSION


def _wider(database: Database, task: Task, limit: int) -> list[str]:
    case = task.case
    found = table.bank_of_seller(database, case.seller.id, limit)
    brands = dict.fromkeys([*(product.brand for product in case.references), case.listing.brand])
    for brand in brands:
        if brand and len(found) < limit:
            found += table.similar_references(
                database, task.ref.account, brand, case.listing.category, limit - len(found)
            )
    return found


def _by_list(bits: int, of: int) -> Found:
    return Found(
        kind="near",
        method="fingerprint",
        words=f", {bits} of {of} bits apart",
        explanation=(
            f"A fingerprint on a hash list differs in {bits} of {of} bits"
            f" (up to {PHASH_RADIUS if of == 64 else thresholds().fingerprint.radius} is told)."
            " The list has no picture to compare with."
        ),
    )


def _kept(match: Compared, explanation: str) -> Found:
    return Found(
        kind=match.kind,
        method=match.method,
        words=match.words,
        explanation=explanation,
        inliers=match.inliers,
        agreement=match.figures.agreement,
        overlap=match.overlap,
        mirrored=match.mirrored,
        homography=match.homography,
        region=match.region,
        other_region=match.reference_region,
    )


def _log_failure(future: Future[int]) -> None:
    if not future.cancelled() and (error := future.exception()) is not None and not isinstance(error, EvidenceLost):
        _log.warning("the index of pictures could not be brought up to date: %s", error)
