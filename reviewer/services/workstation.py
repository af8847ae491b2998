"""Everything behind the window, built once and closed once.

Threads: the store's (decisions, the deck; `on_desk`), the reader's (tables; `on_reader`), one an account
(its server), two that fetch pictures, the decode workers' own, and a few for what may wait
(`in_background`).  The window's thread only asks and paints.
"""

from __future__ import annotations

import logging
import platform
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from reviewer import __version__
from reviewer.connectors.api import Connector
from reviewer.connectors.host import ConnectorHosts
from reviewer.connectors.opener import Opener
from reviewer.connectors.session import Limits
from reviewer.domain.decision import DecisionKind
from reviewer.domain.evidence import Fingerprint
from reviewer.domain.listing import CategoryPrice
from reviewer.errors import OperatorError
from reviewer.imaging.pool import DecodePool
from reviewer.policy.policy import Policy, policy_from_mapping, policy_from_toml
from reviewer.resources import plugins_folder, resources_folder
from reviewer.services import clock
from reviewer.services.account_book import AccountBook
from reviewer.services.account_desk import DESK_SIZE
from reviewer.services.accounts import DEMO, AccountsService
from reviewer.services.auditing import AuditDuty
from reviewer.services.changes import Notifier
from reviewer.services.deck import Deck
from reviewer.services.delivery import DeliveryService, SendingDelays
from reviewer.services.demo_hub import DemoHub
from reviewer.services.dossiers import DossierService
from reviewer.services.evidence import EvidenceService
from reviewer.services.export import STORE
from reviewer.services.findings_out import FindingsOut
from reviewer.services.intake import IntakeService
from reviewer.services.leases import Leases
from reviewer.services.logs import LastLines
from reviewer.services.model import CaseOnDesk, CaseRef, InboxItem, Ruling
from reviewer.services.pictures import PictureCache, PictureService
from reviewer.services.plugins import Plugins
from reviewer.services.queue import QueueService
from reviewer.services.returned import ReturnedCases
from reviewer.services.review import Doors, ReviewService, ref_in_hand
from reviewer.services.secrets import Secrets
from reviewer.services.signing import CheckpointService
from reviewer.services.status import StatusService
from reviewer.services.store_health import StoreHealth
from reviewer.services.surroundings import Surroundings
from reviewer.storage import accounts as accounts_table
from reviewer.storage import dossiers
from reviewer.storage.accounts import AccountRow
from reviewer.storage.lock import FolderLock
from reviewer.storage.threads import StoreThread

ResultT = TypeVar("ResultT")
_log = logging.getLogger(__name__)

#: The sending delay in which nothing has left the desk.
SENDING_DELAY_S = 10.0


@dataclass(frozen=True, slots=True)
class Options:
    """How a workstation is opened."""

    folder: Path
    sending_delay_s: float = SENDING_DELAY_S
    decode_workers: int = 2
    limits: Limits = Limits()
    #: How connectors are opened; without one, each in a process of its own.
    opener: Opener | None = None
    #: Whether pictures are compared, in a process of its own.
    evidence: bool = True


class Workstation:
    """The services of one reviewer on one data folder."""

    def __init__(self, options: Options) -> None:
        """Open the store.  Raises `OperatorError` where the folder can't be used."""
        self.folder = options.folder
        self.notifier = Notifier()
        self._lock = FolderLock(options.folder)
        try:
            self._health = StoreHealth(options.folder / STORE, self._lock, self.notifier)
            self._store = self._health.open(clock.now())
        except BaseException:
            self._lock.release()
            raise
        self._reader = StoreThread(options.folder / STORE, read_only=True)
        self._reader.start()
        self._background = ThreadPoolExecutor(4, thread_name_prefix="background")
        self._looking = ThreadPoolExecutor(1, thread_name_prefix="looking")
        self._pool = DecodePool(options.decode_workers)
        self._log = LastLines()
        self._checkpoints = CheckpointService(options.folder, self._store, clock.now)
        self.notifier.subscribe(self._checkpoints.changed)
        self._build(options)
        self.intake.opening = True

    def _build(self, options: Options) -> None:
        leases = Leases(clock.steady)
        delays = SendingDelays(clock.steady, options.sending_delay_s)
        self._book = AccountBook(self.notifier, self._kept_policy, clock.steady, clock.now, self._kept_prices)
        cache = PictureCache(options.folder / "pictures")
        self.pictures = PictureService(self._store, cache, self._pool, self._open_for_pictures, self._looking)
        self.evidence = evidence = EvidenceService(
            options.folder, self._store, self.pictures, lambda: deck.entries(), enabled=options.evidence
        )
        deck = Deck(
            self._book.view,
            lambda case: evidence.matches(case, self.pictures.matches(case)),
            lambda ref: lease.deadline if (lease := leases.get(ref)) else None,
            clock.now,
            evidence.earlier,
        )
        self._deck = deck

        def refresh() -> None:
            if any([deck.refresh_evidence(ref) for ref in deck.refs()]):
                self.notifier.publish("evidence", origin="desk")

        evidence.changed = refresh
        evidence.thread.on_desk = lambda ref: ref in deck
        evidence.thread.first = lambda: [entry.ref for entry in deck.ordered(DESK_SIZE)]
        self.notifier.subscribe(evidence.noticed)
        house = policy_from_toml((resources_folder() / "policies.toml").read_text(encoding="utf-8"))
        around = Surroundings(
            self._store, deck, leases, delays, self.pictures, self._book, self.notifier, clock.steady, clock.now, house,
            evidence, self._person_changed,
            lambda account: AuditDuty(
                options.folder, account, self._store, self.notifier, self._checkpoints, self._book.say, clock.now
            ),
        )  # fmt: skip
        self.intake = IntakeService(around, lambda row: self.accounts.connector_for(row))
        returned = ReturnedCases(
            self._store, self.notifier, lambda ref, decision, draft: self.review.reopen(ref, decision, draft),
            lambda ref: ref in deck, self.intake.audit_soon, clock.now,
        )  # fmt: skip
        self.delivery = DeliveryService(
            self._store, self._reader, delays, self.notifier, lambda: self.intake.wake(retry=True),
            self.intake.claim_again, self._escalate, clock.now, returned,
        )  # fmt: skip

        def schedule(decision_id: str, account: str, label: str, delay_s: float) -> None:
            delays.schedule(decision_id, account, label, delay_s)
            self.intake.desk_changed(account)

        doors = Doors(
            reviewer_of=self._book.reviewer,
            schedule=schedule,
            unschedule=delays.forget,
            give_back=lambda ref, reason: self.intake.give_back(ref, reason, options.sending_delay_s),
            take_again=self.intake.take_again,
            empty_reason=self.intake.empty_reason,
            sending_delay_s=options.sending_delay_s,
            fingerprints_of=self._fingerprints_of,
            reach_of=lambda account: self._book.view(account).reach,
        )
        self.review = ReviewService(self._store, deck, leases, self.notifier, doors, clock.now)
        self.dossiers = DossierService(self._store, self._book, self.intake.ask, clock.now)
        self.queue = QueueService(self._reader, clock.now, self._book.names)
        self.findings = FindingsOut(self.intake, self._book)
        self._demo_hub = DemoHub(options.folder / "demo-hub")
        self._opener = options.opener or ConnectorHosts()
        self.plugins = Plugins(options.folder, plugins_folder(), self._opener, options.limits)
        self.accounts = AccountsService(
            self._store, self.plugins, Secrets(str(options.folder)), self.intake.begin, self.intake.end,
            self._demo_hub.start, self._person_changed,
        )  # fmt: skip
        self.status = StatusService(
            self._store, self._reader, self._book, delays, self.notifier,
            protection=lambda: self._pool.protection, offline_until=lambda: self.intake.offline_until,
            session_tokens=lambda: self.accounts.kept_for_session_only, notices=self._health.banners,
            clock=clock.steady, now=clock.now,
        )  # fmt: skip

    def start(self, *, demo: bool = False) -> Future[None]:
        """Begin to work with the accounts that are set up, with `demo` also on the demo hub of this machine.

        Answers at once; the promise fails with `OperatorError` where the demo hub could not be started.
        """
        self.pictures.start()
        self.evidence.start()
        self._background.submit(self._checkpoints.start).add_done_callback(_log_failure)
        self._background.submit(self._health.look_through).add_done_callback(_log_failure)
        future = self._background.submit(self._begin_accounts, demo)
        future.add_done_callback(_log_failure)
        return future

    def on_desk(self, call: Callable[[], ResultT]) -> Future[ResultT]:
        """Run a call on the store's thread, before everything that is not of the window."""
        return self._store.submit(lambda _: call(), urgent=True)

    def on_reader(self, call: Callable[[], ResultT]) -> Future[ResultT]:
        """Run a call on the thread that only reads."""
        return self._reader.submit(lambda _: call())

    def in_background(self, call: Callable[[], ResultT]) -> Future[ResultT]:
        """Run a call that may wait for the network, the keyring or the disk."""
        return self._background.submit(call)

    def diagnostics(self) -> str:
        """Versions, accounts and the last lines of the log; no tokens, no personal data."""
        accounts = self._store.run(accounts_table.all_accounts)
        lines = [
            f"Reviewer workstation {__version__}, Python {platform.python_version()}, {platform.platform()}",
            f"Decode worker: {self._pool.protection} {self._pool.protection_reason}".rstrip(),
            *(f"Account {row.id}: {row.connector}" for row in accounts),
            *(f"  {status.account}: {status.state} {status.error}".rstrip() for status in self._book.statuses()),
            "Last lines of the log:",
            *self._log.lines(),
        ]
        return "\n".join(lines)

    def close(self) -> None:
        """End every thread and process; what is unsent stays in the store."""
        self.intake.close()
        self._background.shutdown(wait=True, cancel_futures=True)
        self.intake.close()  # what a call in the background began meanwhile
        self.evidence.close()
        self.pictures.close()
        self._opener.close()
        self._looking.shutdown(wait=True, cancel_futures=True)
        self._pool.close()
        self._reader.close()
        self._checkpoints.close()
        self._store.run(lambda database: database.checkpoint())
        self._lock.mark_closed()
        self._store.close()
        self._demo_hub.stop()
        self._log.close()
        self._lock.release()

    def _fingerprints_of(self, entry: CaseOnDesk) -> tuple[Fingerprint, ...]:
        """Those of the listing's pictures, for a server that keeps banks."""
        if "banks" not in self._book.view(entry.ref.account).capabilities:
            return ()
        return self.evidence.fingerprints(entry.case)

    def _begin_accounts(self, demo: bool) -> None:
        in_hand: CaseRef | None = self._store.run(ref_in_hand)
        rows: list[AccountRow] = self._store.run(accounts_table.all_accounts)
        problem: OperatorError | None = None
        if demo or any(row.id == DEMO for row in rows):
            try:
                self.accounts.start_demo()
                rows = [row for row in rows if row.id != DEMO]
            except OperatorError as error:  # its cases that lie here can be decided all the same
                problem = error
        for row in rows:
            try:
                self.intake.begin(row)
            except (OperatorError, OSError) as error:
                _log.warning("the account %s could not be opened", row.id, exc_info=error)
                self._book.say(f"account:{row.id}", "error", f"{row.name} could not be opened: {error}")

        def resume(_: object) -> None:
            self.review.start_day(self._book.reviewers(), _midnight())
            if in_hand is not None and in_hand in self._deck:
                self._deck.put_first(in_hand)

        self._store.run(resume)
        self.intake.opening = False
        self.notifier.publish("desk", "status", "accounts", origin="start")
        if problem is not None:
            raise problem

    def _person_changed(self, account: str) -> None:
        """Somebody else works at an account: undo and the day's counts begin anew."""

        def begin_anew(_: object) -> None:
            self.review.forget_steps(account)
            self.review.start_day(self._book.reviewers(), _midnight())

        self._store.run(begin_anew)
        self.notifier.publish("desk", "outbox", "inbox", "status", "queue", origin="person")

    def _escalate(self, item: InboxItem) -> None:
        """Hand a case that was claimed again to a lead, with what was decided and what came back as the note."""
        note = f"{item.decision.kind.value} came back as {item.status}: {item.detail} {item.decision.note}".strip()
        ruling = Ruling(item.ref, DecisionKind.ESCALATE, ground=item.decision.ground, note=note, confirm_changed=True)
        self._store.run(lambda _: self.review.decide(ruling))

    def _kept_policy(self, account: str) -> Policy | None:
        tables = self._store.run(lambda database: accounts_table.policy(database, account))
        if tables is None:
            return None
        try:
            return policy_from_mapping(tables, "The kept policy")
        except OperatorError:
            _log.exception("the kept policy of %s can't be read", account)
            return None

    def _kept_prices(self, account: str) -> tuple[CategoryPrice, ...]:
        return self._store.run(lambda database: dossiers.prices(database, account))

    def _open_for_pictures(self, account: str) -> Connector:
        rows: list[AccountRow] = self._store.run(accounts_table.all_accounts)
        for row in rows:
            if row.id == account:
                return self.accounts.connector_for(row)
        raise OperatorError("This account was removed.")


def _midnight() -> datetime:
    return datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)


def _log_failure(future: Future[None]) -> None:
    if not future.cancelled() and (error := future.exception()) is not None:
        _log.error("the accounts could not be opened", exc_info=error)
