"""Keeping the desk full: claims, renewals, releases, the mirror, one worker an account."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from reviewer.connectors.api import Claim, Connector, FindingsTaken, Holder, KeepingLogs
from reviewer.errors import OperatorError
from reviewer.services.account_desk import AccountDesk
from reviewer.services.model import CaseOnDesk, CaseRef, Draft, InboxItem, QueueFilter
from reviewer.services.surroundings import Surroundings
from reviewer.services.worker import AccountWorker
from reviewer.storage import cases
from reviewer.storage.accounts import AccountRow
from reviewer.storage.database import Database
from reviewer.storage.records import encode
from reviewer.sync.pull import Wanted

AnswerT = TypeVar("AnswerT")

_FETCH_WAIT_S = 600.0
#: So long the answer to one question is waited for.
_ASK_S = 60.0


class IntakeService:
    """The workers of all accounts, and what the window asks of them.

    Blocking calls (`claim_named`, `take_offline`) belong in the background.
    """

    def __init__(self, around: Surroundings, open_connector: Callable[[AccountRow], Connector]) -> None:
        self._around = around
        self._open_connector = open_connector
        self._lock = threading.Lock()
        self._workers: dict[str, tuple[AccountWorker, AccountDesk]] = {}
        self._closed = False
        self._beginning = threading.Lock()
        self.offline_until: float | None = None
        #: The accounts are still being opened: where there is none yet, some may come.
        self.opening = False

    def begin(self, row: AccountRow) -> None:
        """Start working with an account; what of it lies on this desk is put back on the deck.

        Whatever worked with it before is ended first.
        """
        with self._beginning:
            self.end(row.id)
            self._begin(row)

    def _begin(self, row: AccountRow) -> None:
        around = self._around
        desk = AccountDesk(around, row.id)
        around.book.add(row, around.house_policy)
        worker = AccountWorker(
            row.id, row.name, lambda: self._open_connector(row), desk.connected, around.book.set_status,
            lambda _: around.notifier.publish("status", origin="store"),
            clock=around.clock, now=around.now,
        )  # fmt: skip
        around.book.set_status(worker.status)
        for duty in desk.duties():
            worker.add_duty(duty)
        around.store.run(lambda database: self._restore(database, row.id, desk))
        with self._lock:
            if self._closed:
                return  # the program ends while its accounts are still being opened
            self._workers[row.id] = (worker, desk)
            worker.start()

    def end(self, account: str) -> None:
        """Stop working with an account; its cases leave the deck, its unsent decisions stay."""
        with self._lock:
            known = self._workers.pop(account, None)
        if known is None:
            return
        known[0].stop()

        def clear(_: Database) -> None:
            for ref in self._around.deck.refs():
                if ref.account == account:
                    self._around.deck.remove(ref)

        self._around.store.run(clear)
        self._around.leases.forget(lease.ref for lease in self._around.leases.of_account(account))
        self._around.book.drop(account)
        self._around.notifier.publish("desk", "status", "accounts", origin="intake")

    def close(self) -> None:
        """Stop all workers.  Leases stay: they come back by themselves, or the next start renews them."""
        with self._lock:
            self._closed = True
            workers = [worker for worker, _ in self._workers.values()]
        for worker in workers:
            worker.stop()

    def wake(self, *, retry: bool = False) -> None:
        """Look for work in every account now."""
        with self._lock:
            known = list(self._workers.values())
        for worker, desk in known:
            desk.push.soon()
            worker.wake(retry=retry)

    def desk_changed(self, account: str) -> None:
        """A case left the deck: claim more, send what is due when it is."""
        with self._lock:
            known = self._workers.get(account)
        if known is None:
            return
        worker, desk = known
        desk.claim.soon()
        following = self._around.delays.next_of(account)
        if following is not None:
            desk.push.by(self._around.clock() + following)
        worker.wake()

    def audit_soon(self, account: str) -> None:
        """Something waits for the audit's duty of an account."""
        with self._lock:
            known = self._workers.get(account)
        if known is not None:
            known[1].audit_soon()
            known[0].wake()

    def send_findings(self, account: str, body: bytes) -> FindingsTaken:
        """Hand a findings file to the account's server.  Raises `OperatorError` with the server's words."""
        worker, _ = self._known(account)
        return self._wait(worker.request(lambda connector: cast(KeepingLogs, connector).send_findings(body)))

    def claim_named(self, account: str, case_ids: Sequence[str]) -> tuple[CaseOnDesk, ...]:
        """Claim these cases; answers those that are on the desk now.  Raises the connector's words."""
        worker, desk = self._known(account)
        missing = [
            case_id for case_id in case_ids if CaseRef(account, case_id) not in self._around.store.run(self._refs)
        ]
        for start in range(0, len(missing), 50):
            wanted = Wanted(len(missing[start : start + 50]), case_ids=tuple(missing[start : start + 50]))
            self._wait(worker.request(lambda connector, w=wanted: desk.claim_now(connector, w)))  # type: ignore[misc]
        found = self._around.store.run(
            lambda _: [self._around.deck.get(CaseRef(account, case_id)) for case_id in case_ids]
        )
        return tuple(entry for entry in found if entry is not None)

    def take_offline(self, hours: float, count: int, progress: Callable[[int, int], None] | None = None) -> int:
        """Claim up to `count` cases for so many hours with all their pictures; answers how many lie here."""
        with self._lock:
            known = list(self._workers.items())
        if not known:
            raise OperatorError("Connect a marketplace first.")
        taken: list[CaseOnDesk] = []
        for account, (worker, desk) in known:
            share = count // len(known)
            while share > 0:
                wanted = Wanted(min(share, 50), desk.focus.marketplaces, desk.focus.grounds, offline_s=hours * 3600.0)
                claim: Claim = self._wait(worker.request(lambda connector, w=wanted, d=desk: d.claim_now(connector, w)))  # type: ignore[misc]
                if not claim.items:
                    break
                share -= len(claim.items)
                taken += self.claim_named(account, [item.case.id for item in claim.items])
        pictures: list[Future[object]] = []
        for entry in taken:
            case = entry.case
            names = [picture.sha256 for picture in case.listing.pictures]
            names += [picture.sha256 for reference in case.references for picture in reference.pictures]
            pictures += self._around.pictures.fetch(entry.ref.account, names)  # type: ignore[arg-type]
        for place, future in enumerate(pictures, start=1):
            wait([future], _FETCH_WAIT_S)
            if progress is not None:
                progress(place, len(pictures))
        self.offline_until = self._around.clock() + hours * 3600.0
        self._around.notifier.publish("desk", "status", origin="intake")
        return len(taken)

    def end_offline(self) -> None:
        """Work as usual again."""
        self.offline_until = None
        self.wake(retry=True)
        self._around.notifier.publish("status", origin="intake")

    def set_focus(self, chosen: QueueFilter) -> None:
        """Claim only cases of these marketplaces and grounds from now on."""
        with self._lock:
            known = list(self._workers.values())
        for worker, desk in known:
            desk.focus = chosen
            desk.claim.soon()
            worker.wake()

    def give_back(self, ref: CaseRef, reason: str, delay_s: float) -> None:
        """Release a case after the sending delay."""
        lease = self._around.leases.drop(ref)
        with self._lock:
            known = self._workers.get(ref.account)
        if known is not None and lease is not None:
            known[1].give_back(lease, reason, delay_s)
        self.desk_changed(ref.account)

    def take_again(self, ref: CaseRef) -> bool:
        """Undo a release: True where it had not gone out, else the case is claimed again."""
        with self._lock:
            known = self._workers.get(ref.account)
        if known is None:
            return False
        worker, desk = known
        lease = desk.keep_after_all(ref)
        if lease is not None:
            left = max(1.0, lease.deadline - self._around.clock())
            self._around.leases.hold(ref, lease.id, lease.token, left)
            return True
        worker.request(lambda connector: self._bring_back(connector, desk, ref))
        return False

    def claim_again(self, item: InboxItem, resolved: Callable[[], None]) -> None:
        """Claim the case of something that came back, with what was decided as its draft, and take it in hand."""
        ref, decision, around = item.ref, item.decision, self._around
        worker, desk = self._known(ref.account)
        draft = encode(Draft(note=decision.note, ground=decision.ground, facts=decision.facts))

        def keep_draft(database: Database) -> None:
            with database.transaction():
                cases.save_draft(database, ref.account, ref.case_id, draft)

        def claim(connector: Connector) -> None:
            self._bring_back(connector, desk, ref)
            if around.store.run(lambda _: ref in around.deck):
                resolved()
            else:
                words = (
                    f"“{item.title[:60]}” can't be claimed: it is decided, or somebody else has it. Record it as moot."
                )
                around.book.say(f"again:{ref}", "warning", words)
                around.notifier.publish("status", origin="intake")

        around.store.run(keep_draft)
        worker.request(claim)

    def ask(self, account: str, call: Callable[[Connector], Any]) -> Any:
        """Call the server of an account, on its thread, when that is free; waits for the answer.

        Raises `OperatorError` with the connector's words.
        """
        worker, _ = self._known(account)
        try:
            return worker.request(call).result(_ASK_S)
        except OperatorError:
            raise
        except Exception as error:
            raise OperatorError(str(error) or type(error).__name__) from error

    def empty_reason(self) -> tuple[str, tuple[Holder, ...]]:
        """Why nothing is on the desk, for `Desk.empty_reason`."""
        with self._lock:
            known = list(self._workers.values())
        if not known:
            return "loading" if self.opening else "no_account", ()
        states = [worker.status.state for worker, _ in known]
        if "sign_in" in states:
            return "sign_in", ()
        if "connecting" in states or any(w.status.state == "online" and not desk.looked for w, desk in known):
            return "loading", ()
        if all(state in ("offline", "failed") for state in states):
            return "offline", ()
        holders = tuple(holder for _, desk in known for holder in desk.holders)
        return ("held_elsewhere", holders) if holders else ("none_open", ())

    def _bring_back(self, connector: Connector, desk: AccountDesk, ref: CaseRef) -> None:
        desk.claim_now(connector, Wanted(1, case_ids=(ref.case_id,)))
        self._around.store.run(lambda _: self._around.deck.put_first(ref) if ref in self._around.deck else None)
        self._around.notifier.publish("desk", origin="intake")

    def _restore(self, database: Database, account: str, desk: AccountDesk) -> None:
        """After a start: leases that may still hold are renewed at once, their cases are on the deck."""
        around = self._around
        at, now = around.clock(), around.now()
        for row in cases.held(database):
            if row.account != account:
                continue
            ref = CaseRef(account, row.case.id)
            left = (datetime.fromisoformat(row.lease_until) - now) / timedelta(seconds=1)
            around.leases.hold(ref, row.lease_id, row.lease_token, max(1.0, min(left, 8 * 3600.0)))
            held = around.leases.get(ref)
            if held is not None:
                around.leases.restore(replace(held, renew_at=at))
        desk.put_on_deck(
            database, [CaseRef(account, row.case.id) for row in cases.held(database) if row.account == account]
        )

    def _refs(self, _: Database) -> set[CaseRef]:
        return set(self._around.deck.refs())

    def _known(self, account: str) -> tuple[AccountWorker, AccountDesk]:
        with self._lock:
            known = self._workers.get(account)
        if known is None:
            raise OperatorError("This account was removed.")
        return known

    @staticmethod
    def _wait(future: Future[AnswerT]) -> AnswerT:
        try:
            return future.result()
        except OperatorError:
            raise
        except Exception as error:
            raise OperatorError(str(error) or type(error).__name__) from error
