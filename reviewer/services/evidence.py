"""Picture evidence for the cases on the desk: computed beside the window, kept with the store, told when it is there.

One thread (`evidence`) takes case after case.  It asks the picture service for pixels, the evidence process for
fingerprints, hash neighbours and comparisons, and writes what was found.  First come the case's own references and the
hash neighbours in the index; then, as candidates of a wider circle, pictures of the brand's other references and of
the seller's listings that were taken down.  When nothing waits, pictures of references that were not seen yet are
fingerprinted one by one.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from pathlib import Path

from reviewer.domain.case import Case
from reviewer.domain.evidence import BankEntry, Earlier, Fingerprint, Found
from reviewer.domain.facts import CLASSES, Match
from reviewer.domain.values import format_time, sha256_hex
from reviewer.imaging.evidence import EVIDENCE_SIDE, Evidence, EvidenceLost, IndexSource, UnknownReferences
from reviewer.imaging.matches import Match as Compared
from reviewer.imaging.pictures import FINGERPRINT_ALGORITHM, Decoded
from reviewer.imaging.thresholds import thresholds
from reviewer.services import hash_lists
from reviewer.services.model import CaseOnDesk, CaseRef
from reviewer.services.pictures import PictureService
from reviewer.storage import decisions
from reviewer.storage import evidence as table
from reviewer.storage.database import Database
from reviewer.storage.threads import StoreThread

_log = logging.getLogger(__name__)

INDEX_FILE = "pictures.index"
#: The version of the PDQ codes; the evidence process says it with every code.
PDQ_VERSION = 1
#: Candidates of one picture, and how many of them may come from the wider circle.
MOST_CANDIDATES = 200
WIDER = 60
#: References whose pixels stay in the evidence process.
KEPT_REFERENCES = 220
#: pHash lists are matched within so many of 64 bits; far closer than the usual 10, which finds strangers.
PHASH_RADIUS = 4
_QUIET_S = 60.0
_PAUSE_S = 0.05
_WAIT_S = 120.0
_TRIES = 4
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class _Task:
    ref: CaseRef
    case: Case
    seen: Callable[[], None]


class EvidenceService:
    """Safe on any thread but for `matches`, `earlier`, `fingerprints` and `say_no_match`, which run on the store's."""

    def __init__(
        self,
        folder: Path,
        store: StoreThread,
        pictures: PictureService,
        open_cases: Callable[[], Iterable[CaseOnDesk]],
        *,
        enabled: bool = True,
    ) -> None:
        self._store = store
        self._pictures = pictures
        self._open_cases = open_cases
        source = IndexSource(
            folder / INDEX_FILE,
            lambda: store.run(lambda database: list(table.indexed(database, PDQ_VERSION))),
            lambda: store.run(lambda database: table.count_indexed(database, PDQ_VERSION)),
        )
        #: Called on the store's thread where what is on the deck may match something else now.
        self.changed: Callable[[], None] = lambda: None
        self._door = Evidence(source)
        self._enabled = enabled
        self._version = thresholds().version
        self._wake = threading.Condition()
        self._tasks: deque[_Task] = deque()
        self._later: deque[tuple[CaseRef, Callable[[], None]]] = deque()
        #: The cases that are looked at next, in their order; called on the store's thread.
        self.first: Callable[[], Sequence[CaseRef]] = lambda: ()
        #: Whether a case is still on the desk; called on the store's thread.
        self.on_desk: Callable[[CaseRef], bool] = lambda ref: True
        self._closed = False
        self._quiet = False
        self._lists: list[tuple[str, int]] | None = None
        self._learned: OrderedDict[str, None] = OrderedDict()
        self._thread = threading.Thread(target=self._work, name="evidence-desk", daemon=True)

    def start(self) -> None:
        """Begin to look at pictures."""
        if self._enabled:
            self._thread.start()

    def close(self) -> None:
        """End the thread and the evidence process; what was not compared is compared after the next start."""
        with self._wake:
            self._closed = True
            self._tasks.clear()
            self._later.clear()
            self._wake.notify_all()
        self._door.close()
        if self._thread.is_alive():
            self._thread.join()

    def look_at(self, ref: CaseRef, case: Case, seen: Callable[[], None]) -> None:
        """Compare a case's pictures; `seen` is called each time there may be something new."""
        if not self._enabled:
            return
        with self._wake:
            self._tasks = deque(task for task in self._tasks if task.ref != ref)
            self._tasks.append(_Task(ref, case, seen))
            self._wake.notify_all()

    def go_on(self) -> None:
        """New reference products came: look at their pictures when nothing else waits."""
        with self._wake:
            self._quiet = False
            self._wake.notify_all()

    def learn_codes(self, prints: Sequence[Fingerprint]) -> None:
        """Take over fingerprints that came with a bank or a hash list, into the store and the index."""
        added = self._store.run(lambda database: _save_codes(database, prints))
        if any(one.algorithm == FINGERPRINT_ALGORITHM for one in prints):
            self._lists = None
        codes = [(one.id, code) for one in added for code in one.codes]
        if codes and self._enabled:
            self._door.add(codes).add_done_callback(_log_failure)

    def import_list(self, path: Path, source: str = "") -> int:
        """Take a hash list into the bank; answers how many lines were new.  Raises `OperatorError`."""
        lines = hash_lists.read_file(path, source=source)
        new = 0
        for start in range(0, len(lines), _CHUNK):  # a decision never waits for a long list
            part = lines[start : start + _CHUNK]
            new += self._store.run(lambda database, part=part: hash_lists.add_lines(database, part)[1])  # type: ignore[misc]
        self._lists = None
        # The index has other codes than the store now: it is built anew with the next question.
        self._door.reopen()
        return new

    def export_list(self, path: Path, bank: str = "infringing") -> int:
        """Write a bank as a hash list; answers how many lines.  Raises `OperatorError`."""
        lines = self._store.run(lambda database: list(hash_lists.lines_of(database, bank)))
        return hash_lists.write_file(path, lines)

    # On the store's thread

    def matches(self, case: Case, hashed: Sequence[Match] = ()) -> tuple[Match, ...]:
        """What is known of the listing's pictures, strongest first.

        A near hash (`hashed`) counts only as long as the pixels of its picture were not compared.
        """
        found: list[Match] = self._store.run(lambda database: list(_matches(database, case, self._version, self._at())))
        compared = {
            name for name in {match.picture for match in hashed}
            if self._store.run(lambda database, n=name: table.compared_with(database, n))  # type: ignore[misc]
        }  # fmt: skip
        found += [match for match in hashed if match.method == "sha256" or match.picture not in compared]
        return tuple(sorted(found, key=lambda match: match.strength, reverse=True))

    def earlier(self, case: Case, matches: Sequence[Match]) -> tuple[Earlier, ...]:
        """Past decisions and other open cases with the same photos."""
        return self._store.run(lambda database: tuple(_earlier(database, case, matches, self._open_cases())))

    def say_no_match(self, account: str, picture: str, other: str) -> None:
        """A person says that two pictures are no match: not shown again, and told to the server's negative bank."""
        first, second = sorted((picture, other))
        name = "n:" + sha256_hex(f"{first} {second}".encode())
        entry = BankEntry(name, first, second, source=table.UNSENT)

        def write(database: Database) -> None:
            with database.transaction():
                table.save_bank(database, account, "negative", [entry])

        self._store.run(write)
        self.changed()

    def fingerprints(self, case: Case) -> tuple[Fingerprint, ...]:
        """What a server's bank is told of the listing's pictures."""
        names = [picture.sha256 for picture in case.listing.pictures]
        known = self._store.run(lambda database: table.fingerprints(database, names))
        return tuple(one for name in dict.fromkeys(names) for one in known.get(name, ()) if one.codes)

    def _at(self) -> dict[str, list[CaseOnDesk]]:
        found: dict[str, list[CaseOnDesk]] = {}
        for entry in self._open_cases():
            for picture in entry.case.listing.pictures:
                found.setdefault(picture.sha256, []).append(entry)
        return found

    # On the thread of its own

    def _work(self) -> None:
        while True:
            with self._wake:
                while not self._tasks and not self._later and self._quiet and not self._closed:
                    if not self._wake.wait(_QUIET_S):
                        self._quiet = False
                if self._closed:
                    return
            try:
                task = self._next()
                if task is not None:
                    self._look(task)
                elif self._later:
                    self._look_later()
                else:
                    self._quiet = not self._look_at_a_reference()
            except (EvidenceLost, CancelledError) as error:
                if not self._closed:
                    _log.warning("pictures could not be compared: %s", error)
                    self._quiet = True
            except Exception:  # noqa: BLE001 - the review goes on without evidence
                if self._closed:
                    return
                _log.exception("pictures could not be compared")
                self._quiet = True

    def _next(self) -> _Task | None:
        """The task that the reviewer needs first.  What left the desk meanwhile is not looked at any more."""
        with self._wake:
            if not self._tasks:
                return None
        wanted = {ref: place for place, ref in enumerate(self._store.run(lambda _: self.first()))}
        with self._wake:
            waiting = [task.ref for task in self._tasks]
        there = self._still(waiting)
        with self._wake:
            self._tasks = deque(task for task in self._tasks if task.ref in there or task.ref not in waiting)
            task = min(self._tasks, key=lambda one: wanted.get(one.ref, len(wanted)), default=None)
            if task is not None:
                self._tasks.remove(task)
            return task

    def _still(self, refs: Sequence[CaseRef]) -> set[CaseRef]:
        return self._store.run(lambda _: {ref for ref in refs if self.on_desk(ref)})

    def _look_later(self) -> None:
        ref, look = self._later.popleft()
        if self._still([ref]):
            look()

    def _look(self, task: _Task) -> None:
        listing = list(dict.fromkeys(picture.sha256 for picture in task.case.listing.pictures))
        own = [picture.sha256 for product in task.case.references for picture in product.pictures]
        pixels = self._pixels(task.ref.account, [*listing, *own])
        near: dict[str, dict[str, int]] = {}
        for name in dict.fromkeys([*listing, *own]):
            if name in pixels:
                near[name] = self._near(name, pixels[name])
        task.seen()
        first = {name: [*own, *near.get(name, ())] for name in listing if name in pixels}
        lists = {name: self._listed(name, near.get(name, {})) for name in first}
        self._compare(task, first, pixels, lists)
        self._later.append((task.ref, lambda: self._look_wider(task, first, lists)))

    def _look_wider(self, task: _Task, first: dict[str, list[str]], lists: dict[str, dict[str, Found]]) -> None:
        wider = self._store.run(lambda database: _wider(database, task, WIDER))
        if wider:
            pixels = self._pixels(task.ref.account, first)
            more = {name: [*candidates, *wider] for name, candidates in first.items() if name in pixels}
            self._compare(task, more, pixels, lists, wider=True)

    def _compare(
        self,
        task: _Task,
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

    def _near(self, name: str, picture: Decoded) -> dict[str, int]:
        """Fingerprint a picture and answer the pictures whose codes are near with their distances, nearest first."""
        codes = self._door.fingerprint(picture).result(_WAIT_S)
        print_ = Fingerprint(
            codes.algorithm, codes.version, codes.quality, tuple(code.hex() for code in codes.stored), name
        )
        self.learn_codes([print_])
        if not codes.searched:
            return {}
        rows = self._door.search(codes.searched, thresholds().fingerprint.radius).result(_WAIT_S)
        distances = dict(rows[: 2 * MOST_CANDIDATES])
        names = self._store.run(lambda database: table.pictures_of(database, list(distances)))
        return {names[number]: bits for number, bits in distances.items() if number in names and names[number] != name}

    def _look_at_a_reference(self) -> bool:
        """Fingerprint one picture of a reference; False where there is none, or none that can be had now."""
        waiting = self._store.run(lambda database: table.references_without_code(database, PDQ_VERSION, 1))
        if not waiting:
            return False
        account, name = waiting[0]
        pixels = self._pixels(account, [name])
        if name not in pixels:
            return False
        self._near(name, pixels[name])
        with self._wake:
            self._wake.wait(_PAUSE_S)
        return True

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


def _save_codes(database: Database, prints: Sequence[Fingerprint]) -> list[table.Code]:
    with database.transaction():
        saved = [table.save_code(database, one) for one in prints]
    return [one for one, given in zip(saved, prints, strict=True) if one is not None and _is_indexed(given)]


def _is_indexed(one: Fingerprint) -> bool:
    return one.algorithm == table.INDEXED and one.version == PDQ_VERSION


def _wider(database: Database, task: _Task, limit: int) -> list[str]:
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


def _matches(database: Database, case: Case, version: str, open_cases: dict[str, list[CaseOnDesk]]) -> Iterable[Match]:
    own = {picture.sha256: product.id for product in case.references for picture in product.pictures}
    listing = dict.fromkeys(picture.sha256 for picture in case.listing.pictures)
    for picture in listing:
        compared = table.matches(database, picture, version)
        for other, found in compared.items():
            if table.no_match(database, picture, other):
                continue
            method = "pdq" if found.method == "fingerprint" else "keypoints"
            if other in own:
                yield Match(picture, other, "reference", own[other], method, 0, found)
                continue
            if other in listing:
                yield Match(picture, other, "within", case.listing.id, method, 0, found)
                continue
            for _, entry in table.bank_entries(database, other):
                if entry.listing_id != case.listing.id:
                    yield _of_bank(picture, other, method, found, entry)
            yield from _open(picture, other, method, found, case, open_cases)
            product = table.reference_of(database, other)
            if product is not None:
                label = f"{product.brand} {product.model}"
                yield Match(picture, other, "reference", product.id, method, 0, found, label)
        if picture in own:
            continue
        for _, entry in table.bank_entries(database, picture):
            if entry.listing_id != case.listing.id:
                yield _of_bank(picture, picture, "sha256", None, entry)
        yield from _open(picture, picture, "sha256", None, case, open_cases)


def _open(
    picture: str, other: str, method: str, found: Found | None, case: Case, open_cases: dict[str, list[CaseOnDesk]]
) -> Iterable[Match]:
    for entry in open_cases.get(other, ()):
        if entry.case.listing.id != case.listing.id:
            title = entry.case.listing.title
            yield Match(picture, other, "listing", entry.case.id, method, 0, found, title)


def _of_bank(picture: str, other: str, method: str, found: Found | None, entry: BankEntry) -> Match:
    at = format_time(entry.at)[:10] if entry.at else ""
    return Match(
        picture, other, "infringing", entry.listing_id or entry.id, method, 0, found,
        entry.listing_title or entry.source or entry.label, at,
    )  # fmt: skip


def _earlier(
    database: Database, case: Case, matches: Sequence[Match], open_cases: Iterable[CaseOnDesk]
) -> Iterable[Earlier]:
    shared: dict[str, list[Match]] = {}
    for match in matches:
        if CLASSES.index(match.kind) >= CLASSES.index("recoloured"):
            shared.setdefault(match.other, []).append(match)
    told: set[str] = set()
    brand = {picture.sha256 for product in case.references for picture in product.pictures}
    for other, found in shared.items():
        pictures = tuple(dict.fromkeys(match.picture for match in found))
        for _, entry in table.bank_entries(database, other):
            if entry.listing_id == case.listing.id or entry.decision_id in told or other in brand:
                continue
            told.add(entry.decision_id or entry.id)
            yield Earlier(
                pictures, entry.listing_title or entry.source, entry.seller_name, "takedown", entry.label, entry.note,
                entry.reviewer, entry.at, listing_id=entry.listing_id, picture=other,
            )  # fmt: skip
    for picture in dict.fromkeys([*(p.sha256 for p in case.listing.pictures), *shared]):
        if picture in brand:
            continue
        pictures = tuple(dict.fromkeys(m.picture for m in shared.get(picture, ()))) or (picture,)
        for _, decision_id in table.decided_before(database, picture, case.listing.id):
            decision = decisions.read(database, decision_id)
            if decision is None or decision_id in told:
                continue
            told.add(decision_id)
            title = decisions.title_of(database, decision_id)
            yield Earlier(
                pictures, title, "", decision.kind.value, decision.ground, decision.note, "", decision.decided_at,
                listing_id=decision.listing_id, picture=picture,
            )  # fmt: skip
    listed: set[str] = set()
    by_id = {entry.case.id: entry for entry in open_cases}
    for match in matches:
        same = CLASSES.index(match.kind) >= CLASSES.index("recoloured")
        entry_ = by_id.get(match.source_id) if match.source == "listing" and same else None
        if entry_ is not None and entry_.case.id not in listed:
            listed.add(entry_.case.id)
            pictures = tuple(m.picture for m in matches if m.source == "listing" and m.source_id == match.source_id)
            yield Earlier(
                tuple(dict.fromkeys(pictures)), entry_.case.listing.title, entry_.case.seller.display_name,
                case_id=entry_.case.id, listing_id=entry_.case.listing.id, picture=match.other,
            )  # fmt: skip


def _log_failure(future: Future[int]) -> None:
    if not future.cancelled() and (error := future.exception()) is not None and not isinstance(error, EvidenceLost):
        _log.warning("the index of pictures could not be brought up to date: %s", error)
