"""Fakes at the seams: made-up cases in several scripts, and a workstation that keeps them in memory.

`FakeWorkstation` has the services that the window talks to, on real threads, so that a test waits for signals
as the window does.  Pictures are the demo pictures where `demo` is given, else drawn from their digest.
"""

from __future__ import annotations

import functools
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from PIL import Image

from reviewer.connectors.api import Holder, Preview, Service
from reviewer.domain.case import FlagSource
from reviewer.domain.decision import DecisionKind
from reviewer.domain.dossier import Dossier
from reviewer.domain.seller import Standing
from reviewer.errors import OperatorError
from reviewer.imaging.pictures import Decoded, RefusedPicture
from reviewer.services.changes import Notifier
from reviewer.services.dossiers import OpenedDossier, from_case
from reviewer.services.model import (
    AccountStatus,
    Banner,
    CaseOnDesk,
    CaseRef,
    Counts,
    Desk,
    Draft,
    InboxItem,
    OutboxRow,
    QueueFilter,
    QueuePage,
    QueueRow,
    Ruling,
    Status,
)
from reviewer.storage.dossiers import SellerNote
from tests.made import (
    ACCOUNT,
    MARKETS,
    NOW,
    PRODUCTS,
    Market,
    demo_files,
    demo_pictures,
    made_pictures,
    make_case,
    make_cases,
    make_changed,
    make_decision,
    make_facts,
    make_flags,
    make_listing,
    make_offences,
    make_on_desk,
    make_reference,
    make_row,
    make_seller,
    shipped_policy,
)

ResultT = TypeVar("ResultT")


class FakePictures:
    """Demo pictures by PIL, or pictures drawn from their digest; `refused` and `held` are for tests."""

    def __init__(self) -> None:
        self.refused: dict[str, str] = {}
        self.requests: list[tuple[str, int, int, bool]] = []
        self.held = False
        self.closed = False
        self._waiting: list[Callable[[], None]] = []
        self._pool = ThreadPoolExecutor(2, "fake-pictures")

    def request(
        self, account: str, sha256: str, width: int, height: int, *, urgent: bool = False
    ) -> Future[Decoded | RefusedPicture]:
        """The picture at that size at most; a refusal where a test wants one."""
        self.requests.append((sha256, width, height, urgent))
        answer: Future[Decoded | RefusedPicture] = Future()

        def work() -> None:
            answer.set_result(self._decode(sha256, width, height))

        if self.closed:
            answer.set_result(RefusedPicture("stopped", "The workstation is closing."))
        elif self.held:
            self._waiting.append(work)
        else:
            self._pool.submit(work)
        return answer

    def let_go(self) -> None:
        """Answer everything that was held back."""
        self.held = False
        for work in self._waiting:
            self._pool.submit(work)
        self._waiting.clear()

    def close(self) -> None:
        """Answer nothing any more."""
        self.closed = True
        self._pool.shutdown(cancel_futures=True)

    def _decode(self, sha256: str, width: int, height: int) -> Decoded | RefusedPicture:
        if sha256 in self.refused:
            return RefusedPicture("damaged", self.refused[sha256])
        return _decode(sha256, width, height)


@functools.lru_cache(maxsize=512)
def _decode(sha256: str, width: int, height: int) -> Decoded:
    found = demo_files().get(sha256)
    if found is None:
        return drawn_picture(sha256, width, height)
    path, source_width, source_height = found
    with Image.open(path) as image:
        image.draft("RGB", (width, height))
        shown = image.convert("RGBA")
        shown.thumbnail((width, height))
        pixels = shown.tobytes("raw", "BGRA")
        return Decoded(shown.width, shown.height, shown.width * 4, pixels, source_width, source_height, "JPEG", 1)


def drawn_picture(sha256: str, width: int, height: int, source: tuple[int, int] = (900, 1200)) -> Decoded:
    """A picture of two colours that follow from the digest, at most that large."""
    scale = min(1.0, width / source[0], height / source[1])
    wide, high = max(1, round(source[0] * scale)), max(1, round(source[1] * scale))
    seed = bytes.fromhex(sha256[:12])
    one, two = bytes((*seed[:3], 255)), bytes((*seed[3:6], 255))
    band = max(1, wide // 8)
    even = b"".join((one if (column // band) % 2 else two) for column in range(wide))
    odd = b"".join((two if (column // band) % 2 else one) for column in range(wide))
    pixels = b"".join((even if (row // band) % 2 else odd) for row in range(high))
    return Decoded(wide, high, wide * 4, pixels, *source, "JPEG", 1)


class FakeReview:
    """The desk: decisions are kept in a list and can be taken back."""

    def __init__(self, cases: Sequence[CaseOnDesk], notifier: Notifier) -> None:
        self.cases = list(cases)
        self.notifier = notifier
        self.decided: list[Ruling] = []
        self.skipped: list[tuple[CaseRef, str]] = []
        self.drafts: dict[CaseRef, Draft] = {}
        self.history: list[tuple[tuple[CaseOnDesk, ...], tuple[DecisionKind, ...]]] = []
        self.error: Exception | None = None
        self.empty_reason = "none_open"
        self.holders: tuple[Holder, ...] = ()

    def desk(self) -> Desk:
        """What lies on the desk now."""
        shown = tuple(replace(case, draft=self.drafts.get(case.ref, case.draft)) for case in self.cases[:6])
        kinds = [kind for _, made in self.history for kind in made]
        last = self.history[-1] if self.history else None
        return Desk(
            current=shown[0] if shown else None,
            upcoming=shown[1:],
            on_desk=len(self.cases),
            empty_reason="" if shown else self.empty_reason,
            holders=self.holders,
            undo_label=f"{last[1][0].value} …{last[0][0].ref.case_id[-2:]}" if last else "",
            counts=Counts(
                len(kinds),
                {kind: kinds.count(kind) for kind in set(kinds)},
                11.0 if kinds else None,
                tuple(kinds[-8:]),
            ),
        )

    def decide(self, ruling: Ruling) -> Desk:
        """Record a ruling; the next case is current."""
        return self.decide_batch([ruling.ref], ruling)

    def decide_batch(self, refs: Sequence[CaseRef], ruling: Ruling) -> Desk:
        """One ruling on several cases."""
        if self.error is not None:
            raise self.error
        found = tuple(case for case in self.cases if case.ref in refs)
        self.cases = [case for case in self.cases if case.ref not in refs]
        self.decided += [replace(ruling, ref=case.ref) for case in found]
        self.history.append((found, (ruling.kind,) * len(found)))
        self.notifier.publish("desk", "status", origin="review")
        return self.desk()

    def undo(self) -> Desk:
        """Take the last step back; its cases lie on top again."""
        if self.history:
            found, _ = self.history.pop()
            self.decided = self.decided[: len(self.decided) - len(found)]
            self.cases = [*found, *self.cases]
            self.notifier.publish("desk", "status", origin="review")
        return self.desk()

    def skip(self, ref: CaseRef, reason: str = "skipped") -> Desk:
        """Put a case below the others."""
        self.skipped.append((ref, reason))
        found = [case for case in self.cases if case.ref == ref]
        self.cases = [case for case in self.cases if case.ref != ref] + found
        return self.desk()

    def bring(self, ref: CaseRef) -> Desk:
        """Put a case on top."""
        self.cases.sort(key=lambda case: case.ref != ref)
        return self.desk()

    def save_draft(self, ref: CaseRef, draft: Draft) -> None:
        """Keep what was typed."""
        self.drafts[ref] = draft

    def put(self, *cases: CaseOnDesk, origin: str = "lease") -> None:
        """Swap the desk under the reviewer, as a lost lease does."""
        self.cases = list(cases)
        self.notifier.publish("desk", origin=origin)


class FakeIntake:
    """Claims named cases and cases for a time without network."""

    def __init__(self, review: FakeReview) -> None:
        self.review = review
        self.claimed: list[tuple[str, ...]] = []
        self.refuses: set[str] = set()
        self.offline_ended = 0
        self.focus: QueueFilter | None = None

    def claim_named(self, account: str, case_ids: Sequence[str]) -> tuple[CaseOnDesk, ...]:
        """The named cases, put on the desk; those in `refuses` are held by somebody else."""
        self.claimed.append(tuple(case_ids))
        known = {case.ref.case_id: case for case in self.review.cases}
        found = []
        for case_id in case_ids:
            if case_id in self.refuses:
                continue
            if case_id not in known:
                number = int("".join(filter(str.isdigit, case_id)) or "1")
                self.review.cases.append(make_on_desk(number, case=make_case(number, id=case_id)))
                known[case_id] = self.review.cases[-1]
            found.append(known[case_id])
        return tuple(found)

    def take_offline(self, hours: float, count: int) -> int:
        """How many cases were taken."""
        self.review.cases += [make_on_desk(number) for number in range(300, 300 + count)]
        self.review.notifier.publish("desk", "status")
        return count

    def end_offline(self) -> None:
        """Give back what was taken."""
        self.offline_ended += 1

    def set_focus(self, chosen: QueueFilter) -> None:
        """Claim what this filter shows from now on."""
        self.focus = chosen


class FakeStatus:
    """The head and foot in numbers; tests set `value`."""

    def __init__(self, review: FakeReview) -> None:
        self.review = review
        self.value = Status(
            accounts=(
                AccountStatus(ACCOUNT, "Demo marketplaces", "online", reviewer_name="Ana Reyes", role="reviewer"),
            ),
            open_cases=1214,
            due_soon=2,
            unsent=0,
        )

    def status(self) -> Status:
        """The state now; what was decided counts as unsent."""
        decided = self.review.decided
        if not decided:
            return self.value
        last = decided[-1]
        return replace(
            self.value,
            unsent=len(decided),
            next_send_s=10.0 if self.value.next_send_s is None else self.value.next_send_s,
            next_send_label=f"{last.kind.value} …{last.ref.case_id[-2:]}",
        )


class FakeQueue:
    """A queue table of `total` made-up rows; the filter's text is a substring of the title."""

    def __init__(self, total: int = 1214) -> None:
        self.total = total
        self.asked: list[tuple[QueueFilter, int, int]] = []

    def page(self, chosen: QueueFilter, start: int, count: int) -> QueuePage:
        """Rows from `start` on."""
        self.asked.append((chosen, start, count))
        numbers: Sequence[int] = range(self.total)
        if chosen.text:
            numbers = [n for n in numbers if chosen.text.casefold() in make_row(n).title.casefold()]
        if chosen.marketplaces:
            numbers = [n for n in numbers if make_row(n).marketplace in chosen.marketplaces]
        if chosen.descending:
            numbers = numbers[::-1]
        rows = tuple(
            QueueRow(CaseRef(ACCOUNT, make_row(n).id), make_row(n), n < 6, "takedown" if n == 3 else "")
            for n in numbers[start : start + count]
        )
        return QueuePage(start, len(numbers), rows)

    def facets(self) -> Mapping[str, tuple[tuple[str, int], ...]]:
        """What can be filtered by, with counts."""
        each = self.total // len(MARKETS)
        return {
            "marketplace": tuple((maker.marketplace.id, each) for maker in MARKETS),
            "ground": tuple((ground.id, self.total // 5) for ground in shipped_policy().grounds[:5]),
            "source": tuple((source.value, self.total // 6) for source in FlagSource),
            "state": (("open", self.total - 9), ("escalated", 9)),
            "standing": tuple((standing.value, self.total // 5) for standing in Standing),
        }


class FakeDelivery:
    """Outbox and inbox as lists."""

    def __init__(self) -> None:
        self.outbox: list[OutboxRow] = [
            OutboxRow(
                make_decision(n),
                CaseRef(ACCOUNT, f"case-{n:04d}"),
                make_listing(n).title,
                state,
                NOW,
                wait,
                tries,
                error,
            )
            for n, state, wait, tries, error in (
                (1, "waiting", 7.0, 0, ""),
                (2, "sending", 0.0, 1, ""),
                (3, "parked", 0.0, 4, "The server answered 409: another body is known under this id."),
            )
        ]
        self.inbox: list[InboxItem] = [
            InboxItem(
                1,
                make_decision(5),
                CaseRef(ACCOUNT, "case-0005"),
                make_listing(5).title,
                "stale",
                "The listing changed at 08:41.",
                NOW,
                ("again", "moot"),
            ),
            InboxItem(
                2,
                make_decision(6),
                CaseRef(ACCOUNT, "case-0006"),
                make_listing(6).title,
                "rejected",
                "Ground not allowed in this category.",
                NOW,
                ("again", "moot"),
            ),
        ]
        self.calls: list[tuple[Any, ...]] = []

    def outbox_rows(self) -> tuple[OutboxRow, ...]:
        """What is not receipted."""
        return tuple(self.outbox)

    def inbox_items(self) -> tuple[InboxItem, ...]:
        """What came back."""
        return tuple(self.inbox)

    def retry(self, decision_id: str) -> None:
        """Send a parked row again."""
        self.calls.append(("retry", decision_id))

    def send_now(self) -> None:
        """Do not wait for the sending delay."""
        self.calls.append(("send_now",))

    def resolve(self, item_id: int, action: str) -> None:
        """Close an inbox item."""
        self.calls.append(("resolve", item_id, action))
        self.inbox = [item for item in self.inbox if item.id != item_id]

    def export_outbox(self, path: Path) -> int:
        """Write the unsent decisions to a file; answers how many."""
        Path(path).write_text("[]", encoding="utf-8")
        self.calls.append(("export_outbox", path))
        return len(self.outbox)


class FakeAccounts:
    """Accounts as a list; `error` is raised by `test` and `save` where it is set."""

    def __init__(self) -> None:
        self.saved: list[Any] = []
        self.known: list[Any] = []
        self.known_kinds: tuple[Any, ...] = ()
        self.removed: list[str] = []
        self.approved: list[str] = []
        self.previewed: Preview | None = None
        self.demo_started = 0
        self.signed_in: list[tuple[str, dict[str, str]]] = []
        self.error: Exception | None = None

    def kinds(self) -> tuple[Any, ...]:
        """The connectors that can be chosen."""
        return self.known_kinds

    def approve(self, connector: str) -> None:
        """Let a connector run."""
        self.approved.append(connector)

    def preview(self, form: Any) -> Preview | None:
        """What the settings would read."""
        return self.previewed

    def accounts(self) -> tuple[Any, ...]:
        """The accounts that are set up."""
        return tuple(self.known)

    def test(self, form: Any) -> Service:
        """What the server says of itself."""
        if self.error is not None:
            raise self.error
        return Service("Demo marketplaces", NOW, "ana", "Ana Reyes", "reviewer", tuple(m.marketplace for m in MARKETS))

    def save(self, form: Any) -> None:
        """Keep an account."""
        if self.error is not None:
            raise self.error
        self.saved.append(form)

    def remove(self, account: str) -> None:
        """Forget an account."""
        self.removed.append(account)

    def start_demo(self) -> None:
        """Begin with the demo."""
        self.demo_started += 1

    def sign_in(self, account: str, secrets: Mapping[str, str]) -> None:
        """Give new secrets to an account."""
        if self.error is not None:
            raise self.error
        self.signed_in.append((account, dict(secrets)))


class FakeEvidence:
    """Writes down which pairs were called no match."""

    def __init__(self) -> None:
        self.denied: list[tuple[str, str, str]] = []

    def say_no_match(self, account: str, picture: str, other: str) -> None:
        """Note it."""
        self.denied.append((account, picture, other))

    def import_list(self, path: Path) -> int:
        """As many lines as the file has."""
        return len(path.read_text(encoding="utf-8").splitlines())

    def export_list(self, path: Path, bank: str) -> int:
        """One line."""
        path.write_text(f"{bank}\n", encoding="utf-8")
        return 1


class FakeDossiers:
    """What the case says of its seller; `problem` is raised in the place of the server's answer."""

    def __init__(self) -> None:
        self.entry: CaseOnDesk | None = None
        self.problem: OperatorError | None = OperatorError("Its server can't be reached now.")
        self.served: Dossier | None = None
        self.kept: list[SellerNote] = []

    def at_hand(self, entry: CaseOnDesk) -> OpenedDossier:
        self.entry = entry
        made = from_case(entry.case, entry.policy, entry.fetched_at, [])
        return OpenedDossier(entry.ref.account, made, entry.fetched_at, "desk", tuple(self.kept))

    def fetch(self, account: str, seller_id: str) -> OpenedDossier:
        if self.problem is not None or self.served is None:
            raise self.problem or OperatorError("nothing is served")
        return OpenedDossier(account, self.served, self.served.made_at, "server", tuple(self.kept))

    def add_note(self, account: str, seller_id: str, text: str) -> tuple[SellerNote, ...]:
        self.kept.insert(0, SellerNote(len(self.kept), "ana", "2026-11-20T09:00:00.000Z", text))
        return tuple(self.kept)


class FakeWorkstation:
    """All services on threads of their own: one for the store, one for the reader, a pool for the rest."""

    def __init__(
        self, cases: Sequence[CaseOnDesk] | None = None, *, demo: bool = False, folder: Path | None = None
    ) -> None:
        self.notifier = Notifier()
        self.review = FakeReview(make_cases(12, demo=demo) if cases is None else cases, self.notifier)
        self.intake = FakeIntake(self.review)
        self.status = FakeStatus(self.review)
        self.pictures = FakePictures()
        self.evidence = FakeEvidence()
        self.queue = FakeQueue()
        self.delivery = FakeDelivery()
        self.accounts = FakeAccounts()
        self.dossiers = FakeDossiers()
        self.started = False
        self.folder = folder or Path(tempfile.gettempdir())
        self._lock = threading.Lock()
        self._desk = ThreadPoolExecutor(1, "fake-desk")
        self._reader = ThreadPoolExecutor(1, "fake-reader")
        self._pool = ThreadPoolExecutor(4, "fake-pool")

    def on_desk(self, call: Callable[[], ResultT]) -> Future[ResultT]:
        """Run on the store's thread."""
        return self._desk.submit(call)

    def on_reader(self, call: Callable[[], ResultT]) -> Future[ResultT]:
        """Run on the reader's thread."""
        return self._reader.submit(call)

    def in_background(self, call: Callable[[], ResultT]) -> Future[ResultT]:
        """Run on a thread of the pool."""
        return self._pool.submit(call)

    def diagnostics(self) -> str:
        """What Help copies."""
        return "versions and settings"

    def start(self) -> None:
        """Begin; the desk is there at once."""
        with self._lock:
            self.started = True
        self.notifier.publish("desk", "status")

    def close(self) -> None:
        """Let every thread end."""
        self.pictures.close()
        for pool in (self._desk, self._reader, self._pool):
            pool.shutdown(cancel_futures=True)


def warning_banner() -> Banner:
    """A banner as the disk being full gives it."""
    return Banner("disk_full", "error", "The disk is full. Free some space; nothing is lost.", "retry")


__all__ = [
    "ACCOUNT",
    "FakeAccounts",
    "FakeDelivery",
    "FakeIntake",
    "FakePictures",
    "FakeQueue",
    "FakeReview",
    "FakeStatus",
    "FakeWorkstation",
    "MARKETS",
    "Market",
    "NOW",
    "PRODUCTS",
    "demo_files",
    "demo_pictures",
    "drawn_picture",
    "made_pictures",
    "make_case",
    "make_cases",
    "make_changed",
    "make_decision",
    "make_facts",
    "make_flags",
    "make_listing",
    "make_offences",
    "make_on_desk",
    "make_reference",
    "make_row",
    "make_seller",
    "shipped_policy",
    "warning_banner",
]
