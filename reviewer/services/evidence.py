"""Picture evidence for the cases on the desk: computed beside the window, kept with the store, told when it is there.

This is the desk's side: what is asked of the evidence thread (`evidence_thread`, `looking`), and what is known by now
(`known_pictures`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from reviewer.domain.case import Case
from reviewer.domain.evidence import BankEntry, Earlier, Fingerprint
from reviewer.domain.facts import Match
from reviewer.domain.values import sha256_hex
from reviewer.imaging.evidence import Evidence, IndexSource
from reviewer.imaging.pictures import FINGERPRINT_ALGORITHM
from reviewer.imaging.thresholds import thresholds
from reviewer.services import hash_lists
from reviewer.services.changes import Changed
from reviewer.services.evidence_thread import EvidenceThread
from reviewer.services.known_pictures import earlier_of, matches_of
from reviewer.services.looking import PDQ_VERSION, Looking, learn_codes
from reviewer.services.model import CaseOnDesk, CaseRef
from reviewer.services.pictures import PictureService
from reviewer.services.sightings import Sightings
from reviewer.storage import evidence as table
from reviewer.storage.database import Database
from reviewer.storage.threads import StoreThread

INDEX_FILE = "pictures.index"
_CHUNK = 500


class EvidenceService:
    """Safe on any thread but for `matches`, `earlier`, `fingerprints` and `say_no_match`, which run on the store's.

    `sightings` are the pictures whose fingerprints the servers are to be told; `thread` decides what is looked at.
    """

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
        self._open_cases = open_cases
        source = IndexSource(
            folder / INDEX_FILE,
            lambda: store.run(lambda database: list(table.indexed(database, PDQ_VERSION))),
            lambda: store.run(lambda database: table.count_indexed(database, PDQ_VERSION)),
        )
        #: Called on the store's thread where what is on the deck may match something else now.
        self.changed: Callable[[], None] = lambda: None
        self.sightings = Sightings()
        self._door = Evidence(source)
        self._looking = Looking(store, pictures, self._door, self.sightings)
        self.thread = EvidenceThread(store, self._looking)
        self._enabled = enabled
        self._version = thresholds().version

    def start(self) -> None:
        """Begin to look at pictures."""
        if self._enabled:
            self.thread.start()

    def close(self) -> None:
        """End the thread and the evidence process; what was not compared is compared after the next start."""
        self.thread.end()
        self._door.close()
        self.thread.join()

    def look_at(self, ref: CaseRef, case: Case, seen: Callable[[], None]) -> None:
        """Compare a case's pictures; `seen` is called each time there may be something new."""
        if self._enabled:
            self.thread.look_at(ref, case, seen)

    def look_at_unseen(self, account: str, names: Iterable[str]) -> None:
        """Fingerprint pictures of open cases that nobody told the account's server of, when nothing else waits."""
        if self._enabled:
            self.thread.look_at_unseen(account, names)

    def noticed(self, changed: Changed) -> None:
        """Something changed on the desk: while the reviewer decides quickly, comparisons wait."""
        if changed.origin == "review" and "outbox" in changed.topics:
            self.thread.decided()

    @property
    def idle(self) -> bool:
        """Whether it has time for pictures that are on no desk."""
        return self._enabled and self.thread.idle()

    def learn_codes(self, prints: Sequence[Fingerprint]) -> None:
        """Take over fingerprints that came with a bank or a hash list, into the store and the index."""
        learn_codes(self._store, self._door if self._enabled else None, prints)
        if any(one.algorithm == FINGERPRINT_ALGORITHM for one in prints):
            self._looking.lists_changed()

    def import_list(self, path: Path, source: str = "") -> int:
        """Take a hash list into the bank; answers how many lines were new.  Raises `OperatorError`."""
        lines = hash_lists.read_file(path, source=source)
        new = 0
        for start in range(0, len(lines), _CHUNK):  # a decision never waits for a long list
            part = lines[start : start + _CHUNK]
            new += self._store.run(lambda database, part=part: hash_lists.add_lines(database, part)[1])  # type: ignore[misc]
        self._looking.lists_changed()
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
        found: list[Match] = self._store.run(
            lambda database: list(matches_of(database, case, self._version, self._at()))
        )
        compared = {
            name for name in {match.picture for match in hashed}
            if self._store.run(lambda database, n=name: table.compared_with(database, n))  # type: ignore[misc]
        }  # fmt: skip
        found += [match for match in hashed if match.method == "sha256" or match.picture not in compared]
        return tuple(sorted(found, key=lambda match: match.strength, reverse=True))

    def earlier(self, case: Case, matches: Sequence[Match]) -> tuple[Earlier, ...]:
        """Past decisions and other open cases with the same photos."""
        return self._store.run(lambda database: tuple(earlier_of(database, case, matches, self._open_cases())))

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
