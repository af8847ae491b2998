"""What an account's worker does again and again: claim, renew, send, give back, mirror."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from reviewer.connectors.api import Change, Claim, Connector, Holder, LeaseKey, Service
from reviewer.errors import OperatorError
from reviewer.services.leases import HeldLease
from reviewer.services.mirror import mirror_banks, mirror_prices
from reviewer.services.model import CaseOnDesk, CaseRef, QueueFilter
from reviewer.services.near_pictures import NearPictures
from reviewer.services.surroundings import Surroundings
from reviewer.services.worker import Duty
from reviewer.storage import accounts as accounts_table
from reviewer.storage import cases, people, queue
from reviewer.storage.database import Database
from reviewer.sync.pull import Wanted, changes_pass, claim_pass, policy_pass, renew_pass
from reviewer.sync.push import push_pass

#: How many cases lie on the desk: the one in hand, five that are prepared, and some to spare.
DESK_SIZE = 12
_CHANGES_S = 5.0
_BANKS_S = 30.0
_IDLE_S = 3600.0


class AccountDesk:
    """What one account's worker does again and again.  Its methods run on the worker's thread."""

    def __init__(self, around: Surroundings, account: str) -> None:
        self._around = around
        self.account = account
        self.service: Service | None = None
        self.holders: tuple[Holder, ...] = ()
        self.looked = False
        self._asked = False
        self._mirrored = False
        self.focus = QueueFilter()
        self.topping_up = True
        self._releases: dict[CaseRef, tuple[HeldLease, str, float]] = {}
        self._lock = threading.Lock()
        self.push = Duty("push", self._push)
        self.renew = Duty("renew", self._renew)
        self.release = Duty("release", self._release)
        self.claim = Duty("claim", self._claim)
        self.changes = Duty("changes", self._changes)
        self.banks = Duty("banks", self._banks)
        self.prices = Duty("prices", self._prices)
        self._near_pictures = NearPictures(around, account, self._look_at)
        self._audit = around.audit_of(account)

    def duties(self) -> list[Duty]:
        """In the order of importance: claims first, so that the first case is there at once."""
        first = [self.renew, self.claim, self.push, self.release, self.changes, self.banks, self.prices]
        near = Duty("near pictures", lambda connector: self._near_pictures.look(connector, self.service))
        return [*first, near, self._audit.duty]

    def connected(self, connector: Connector, service: Service) -> None:
        """The server answered: keep what it says of itself, and its rules where they are new."""
        around, account = self._around, self.account
        another = around.book.reviewer(account) not in ("", service.reviewer_id)
        if around.store.run(lambda database: self._take_turn(database, service.reviewer_id)) or another:
            around.delays.forget_account(account)
        self.service = service
        around.store.run(lambda database: accounts_table.save_service(database, account, service))
        known = around.book.policy_version(account)
        if "policies" in service.capabilities and known != service.policy_version:
            self._fetch_policy(connector, service.policy_version)
        around.book.connected(account, service)
        around.store.run(lambda _: around.deck.set_reach(account, around.book.view(account).reach))
        self._audit.connected(service)
        if another:
            around.person_changed(account)
        others = around.store.run(lambda database: people.others_waiting(database, account))
        if others:
            words = f"{others} unsent decisions of somebody else wait here. They go out when that person signs in."
            around.book.say(f"others:{account}", "info", words)

    def _take_turn(self, database: Database, reviewer: str) -> bool:
        """Where somebody else worked here before, their cases leave the desk; their decisions wait for them."""
        if not people.take_turn(database, self.account, reviewer):
            return False
        for ref in self._around.deck.refs():
            if ref.account == self.account:
                self._around.deck.remove(ref)
        self._around.leases.forget(lease.ref for lease in self._around.leases.of_account(self.account))
        return True

    def claim_now(self, connector: Connector, wanted: Wanted) -> Claim:
        """Claim, and put what came on the deck."""
        around = self._around
        claim = claim_pass(around.store, connector, self.account, wanted, around.now())
        for item in claim.items:
            ref = CaseRef(self.account, item.case.id)
            around.leases.hold(ref, item.lease.id, item.lease.token, item.lease.ttl_s)
        refs = [CaseRef(self.account, item.case.id) for item in claim.items]
        if refs:
            around.store.run(lambda database: self.put_on_deck(database, refs))
            around.notifier.publish("desk", "status", origin="intake")
            self.renew.soon()
        return claim

    def give_back(self, lease: HeldLease, reason: str, delay_s: float) -> None:
        """Release a lease after a while.  Safe on any thread."""
        with self._lock:
            self._releases[lease.ref] = (lease, reason, self._around.clock() + delay_s)
        self.release.by(self._around.clock() + delay_s)

    def keep_after_all(self, ref: CaseRef) -> HeldLease | None:
        """Take back a release that has not gone out.  Safe on any thread."""
        with self._lock:
            known = self._releases.pop(ref, None)
        return known[0] if known else None

    def audit_soon(self) -> None:
        """Something waits for the audit's duty.  Safe on any thread."""
        self._audit.duty.soon()

    def _push(self, connector: Connector) -> float:
        around = self._around
        batch = self.service.decision_batch if self.service else 100
        pushed = push_pass(
            around.store, connector, self.account, batch=batch, is_due=around.delays.is_due, now=around.now
        )
        deferred = pushed.deferred
        for receipt in pushed.receipts:
            if receipt.decision_id in deferred:
                around.delays.put_off(receipt.decision_id, self.account, deferred[receipt.decision_id])
            else:
                around.delays.forget(receipt.decision_id)
        if pushed.receipts:
            around.leases.forget(CaseRef(self.account, case_id) for case_id in pushed.closed)
            topics = ("outbox", "status") if not pushed.returned else ("outbox", "status", "inbox")
            around.notifier.publish(*topics, origin="push")
            self.changes.soon()
            self.audit_soon()
        if pushed.more or pushed.closed:
            return 0.0  # what waited behind a decision of the same listing may be due
        following = around.delays.next_of(self.account)
        return following if following is not None else _IDLE_S

    def _renew(self, connector: Connector) -> float:
        around = self._around
        due = around.leases.due(self.account)
        for start in range(0, len(due), 100):
            part = due[start : start + 100]
            keys = [LeaseKey(lease.id, lease.token) for lease in part]
            renewals = renew_pass(around.store, connector, self.account, keys, around.now())
            for lease, renewal in zip(part, renewals, strict=True):
                if renewal.ttl_s is None:
                    self._lost(lease.ref)
                elif around.leases.get(lease.ref) is not None:
                    around.leases.hold(lease.ref, lease.id, lease.token, renewal.ttl_s)
        following = around.leases.next_renewal(self.account)
        return _IDLE_S if following is None else max(0.5, following - around.clock())

    def _release(self, connector: Connector) -> float:
        at = self._around.clock()
        with self._lock:
            due = [row for row in self._releases.values() if row[2] <= at]
            for lease, _, _ in due:
                del self._releases[lease.ref]
        if due:
            try:
                connector.release([LeaseKey(lease.id, lease.token, reason) for lease, reason, _ in due])
            except Exception:
                with self._lock:
                    self._releases.update({row[0].ref: row for row in due})
                raise
        with self._lock:
            times = [row[2] for row in self._releases.values()]
        return max(0.1, min(times) - at) if times else _IDLE_S

    def _claim(self, connector: Connector) -> float:
        missing = DESK_SIZE - self._around.store.run(self._on_desk)
        if missing <= DESK_SIZE // 3 or not self.topping_up:
            self.looked = True
            return _IDLE_S
        wanted = Wanted(missing, self.focus.marketplaces, self.focus.grounds)
        claim = self.claim_now(connector, wanted)
        self.holders = claim.held_elsewhere
        if not claim.items and not claim.held_elsewhere:
            self.holders = self._around.store.run(self._holders_of_mirror)
        first = not self.looked
        # Before the queue was read once, "nothing left" could be said while a lost desk of one's own holds cases.
        self.looked = self.looked or bool(claim.items) or self._mirrored or self._asked
        self._asked = True
        if first or not claim.items:
            self._around.notifier.publish("desk", "status", origin="intake")
        return _IDLE_S if claim.items else max(1.0, claim.next_retry_s)

    def _holders_of_mirror(self, database: Database) -> tuple[Holder, ...]:
        return tuple(Holder(name, cases) for name, cases in queue.leased_elsewhere(database, self.account))

    def _changes(self, connector: Connector) -> float:
        around = self._around
        if self.service is not None and not self.service.capabilities >= {"cases", "changes"}:
            self._mirror_is_there()
            return _IDLE_S  # a server without a queue to look at
        found = changes_pass(around.store, connector, self.account)
        self._mirror_is_there()
        for change in found:
            self._apply(connector, change)
        around.book.mirrored(self.account)
        if found:
            around.notifier.publish("queue", "status", origin="changes")
        return _CHANGES_S

    def _mirror_is_there(self) -> None:
        if not self._mirrored:
            self._mirrored = True
            self.claim.soon()

    def _banks(self, connector: Connector) -> float:
        return mirror_banks(self._around, self.account, self.service, connector, self._look_at)

    def _prices(self, connector: Connector) -> float:
        return mirror_prices(self._around, self.account, self.service, connector)

    def _apply(self, connector: Connector, change: Change) -> None:
        around, ref = self._around, CaseRef(self.account, change.case_id)
        if change.kind == "policy_changed":
            self._fetch_policy(connector, "")
            return
        entry = around.store.run(lambda _: around.deck.get(ref))
        if entry is None or entry.supersedes:
            return  # a case of one's own that was reopened here: what the server tells is what was undone
        if change.kind == "case_closed" or (change.row is not None and change.row.state in ("withdrawn", "decided")):
            words = f"“{entry.case.listing.title[:60]}” left the queue: its server closed the case. Your draft is kept."
            self._take_off(ref, "lost", words)
        elif change.kind in ("listing_changed", "case_changed", "proof_submitted"):
            self.claim_now(connector, Wanted(1, case_ids=(change.case_id,)))

    def _lost(self, ref: CaseRef) -> None:
        entry = self._around.store.run(lambda _: self._around.deck.get(ref))
        title = entry.case.listing.title[:60] if entry else ref.case_id
        self._take_off(ref, "lost", f"“{title}” was claimed by somebody else. Your draft is kept.")

    def _take_off(self, ref: CaseRef, state: str, words: str) -> None:
        around = self._around
        around.leases.drop(ref)

        def write(database: Database) -> bool:
            with database.transaction():
                cases.set_state(database, ref.account, ref.case_id, state)
            return around.deck.remove(ref) is not None

        if around.store.run(write):
            around.book.say(f"{state}:{ref}", "warning", words)
            around.notifier.publish("desk", "status", origin="intake")

    def put_on_deck(self, database: Database, refs: Sequence[CaseRef]) -> None:
        around = self._around
        for ref in refs:
            row = cases.stored(database, ref.account, ref.case_id)
            if row.pending:
                continue
            before = around.deck.get(ref)
            changed = before is not None and (
                before.case.listing.revision != row.case.listing.revision or before.problem == "changed"
            )
            draft = cases.draft(database, ref.account, ref.case_id)
            self._look_at(around.deck.add(row, draft, problem="changed" if changed else ""))

    def _look_at(self, entry: CaseOnDesk) -> None:
        around, ref = self._around, entry.ref

        def seen() -> None:
            def refresh(_: Database) -> None:
                if around.deck.refresh_evidence(ref):
                    around.notifier.publish("evidence", origin=str(ref))

            around.store.submit(refresh)

        around.pictures.look_at(ref.account, entry.case, seen)
        around.evidence.look_at(ref, entry.case, seen)

    def _on_desk(self, _: Database) -> int:
        return sum(ref.account == self.account for ref in self._around.deck.refs())

    def _fetch_policy(self, connector: Connector, version: str) -> None:
        """Take over the server's rules; where they have faults, what was known stays in force and is said."""
        try:
            policy = policy_pass(self._around.store, connector, self.account, version)
        except OperatorError as error:
            words = f"The server's rules can't be used; the ones known before stay in force. {error}"
            self._around.book.say(f"policy:{self.account}", "warning", words[:600])
        else:
            self._around.book.set_policy(self.account, policy)
