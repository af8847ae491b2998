"""What is on its way out and what came back."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from reviewer.domain.values import format_time
from reviewer.errors import OperatorError
from reviewer.services.changes import Notifier
from reviewer.services.export import document_of, write_whole
from reviewer.services.model import CaseRef, InboxItem, OutboxRow
from reviewer.services.returned import ReturnedCases
from reviewer.storage import outbox as table
from reviewer.storage.database import Database
from reviewer.storage.threads import StoreThread

#: No server puts a decision off for longer.
_LONGEST_S = 3600.0
_WAYS_OUT = ("again", "escalate", "moot")


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A decision in its sending delay, until `due_at` on the steady clock."""

    account: str
    label: str
    due_at: float


class SendingDelays:
    """When each decision may leave the desk.  Rows of an earlier run are due one delay after the start.

    Safe on any thread.
    """

    def __init__(self, clock: Callable[[], float], delay_s: float) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._scheduled: dict[str, Scheduled] = {}
        #: By account: when and which, soonest first. What is no longer so is dropped when it comes up.
        self._soonest: dict[str, list[tuple[float, str]]] = {}
        self._started = clock() + delay_s

    def schedule(self, decision_id: str, account: str, label: str, delay_s: float) -> None:
        """Hold a decision back for so long."""
        with self._lock:
            self._hold(decision_id, Scheduled(account, label, self._clock() + delay_s))

    def forget(self, decision_id: str) -> None:
        """The decision is settled or withdrawn."""
        with self._lock:
            self._scheduled.pop(decision_id, None)

    def forget_account(self, account: str) -> None:
        """Somebody else works at the account: nothing of it is due any more."""
        with self._lock:
            self._scheduled = {key: row for key, row in self._scheduled.items() if row.account != account}
            self._soonest.pop(account, None)

    def put_off(self, decision_id: str, account: str, delay_s: float) -> None:
        """The server wants the decision later: nothing before then."""
        with self._lock:
            known = self._scheduled.get(decision_id)
            due_at = self._clock() + min(_LONGEST_S, max(0.0, delay_s))
            self._hold(decision_id, Scheduled(account, known.label if known else "", due_at))

    def is_due(self, decision_id: str) -> bool:
        """Whether it may be sent now."""
        return self.left_s(decision_id) <= 0

    def left_s(self, decision_id: str) -> float:
        """Seconds until it may be sent; 0 where it may."""
        with self._lock:
            known = self._scheduled.get(decision_id)
        return max(0.0, (known.due_at if known else self._started) - self._clock())

    def next_of(self, account: str) -> float | None:
        """Seconds until the next decision of an account, or what an earlier run left, is due; None where none waits."""
        now = self._clock()
        with self._lock:
            soonest = self._soonest.get(account, [])
            while soonest and not self._holds(account, *soonest[0]):
                heapq.heappop(soonest)
            times = [due_at for due_at, _ in soonest[:1]]
            if self._started > now:
                times.append(self._started)
        return max(0.0, min(times) - now) if times else None

    def latest(self) -> tuple[str, float] | None:
        """Label and seconds left of the decision that was scheduled last and still waits."""
        now = self._clock()
        with self._lock:
            waiting = [row for row in self._scheduled.values() if row.due_at > now]
        return (waiting[-1].label, waiting[-1].due_at - now) if waiting else None

    def release_all(self) -> None:
        """Everything is due now."""
        with self._lock:
            now = self._clock()
            self._started = now
            held, self._scheduled, self._soonest = self._scheduled, {}, {}
            for key, row in held.items():
                self._hold(key, Scheduled(row.account, row.label, min(row.due_at, now)))

    def _hold(self, decision_id: str, row: Scheduled) -> None:
        """Called with the lock held."""
        self._scheduled[decision_id] = row
        heapq.heappush(self._soonest.setdefault(row.account, []), (row.due_at, decision_id))

    def _holds(self, account: str, due_at: float, decision_id: str) -> bool:
        """Whether that is still so.  Called with the lock held."""
        row = self._scheduled.get(decision_id)
        return row is not None and (row.account, row.due_at) == (account, due_at)


class DeliveryService:
    """The outbox and inbox as the window shows them, and what can be done there."""

    def __init__(
        self,
        store: StoreThread,
        reader: StoreThread,
        delays: SendingDelays,
        notifier: Notifier,
        wake: Callable[[], None],
        claim_again: Callable[[InboxItem, Callable[[], None]], None],
        escalate: Callable[[InboxItem], None],
        now: Callable[[], datetime],
        returned: ReturnedCases,
    ) -> None:
        self._returned = returned
        self._escalate = escalate
        self._store = store
        self._reader = reader
        self._delays = delays
        self._notifier = notifier
        self._wake = wake
        self._claim_again = claim_again
        self._now = now

    def outbox_rows(self) -> tuple[OutboxRow, ...]:
        """What is unsent, oldest first.  On the reader's thread."""
        return tuple(
            OutboxRow(
                decision=row.decision,
                ref=CaseRef(row.account, row.decision.case_id),
                title=row.title,
                state=row.state,
                decided_at=row.decision.decided_at,
                send_in_s=self._delays.left_s(row.decision.id),
                attempts=row.attempts,
                last_error=row.last_error,
            )
            for row in self._reader.run(table.entries)
        )

    def inbox_items(self) -> tuple[InboxItem, ...]:
        """What came back and is not resolved, newest first.  On the reader's thread."""
        found = tuple(self._item(row) for row in self._reader.run(table.inbox))
        back = self._reader.run(self._returned.items)
        return tuple(sorted((*found, *back), key=lambda item: item.at, reverse=True)) if back else found

    def history(self) -> tuple[table.Delivered, ...]:
        """Every decision of this desk with where it is, oldest first.  On the reader's thread."""
        return tuple(self._reader.run(table.history))

    def retry(self, decision_id: str) -> None:
        """Send a decision now, without waiting for its delay or for the next try."""
        self._delays.schedule(decision_id, "", "", 0.0)
        self._wake()
        self._notifier.publish("outbox", "status", origin="delivery")

    def send_now(self) -> None:
        """Send everything that waits."""
        self._delays.release_all()
        self._wake()
        self._notifier.publish("outbox", "status", origin="delivery")

    def resolve(self, item_id: int, action: str) -> None:
        """`again`: claim the case anew and decide it with the draft; `escalate`: claim it anew and hand it to a
        lead; `moot`: nothing is left to do.  What an auditor sent back has ways out of its own.

        On the store's thread.  Raises `OperatorError`.
        """
        if item_id < 0:
            self._returned.resolve(item_id, action)
            return
        row = next((row for row in self._store.run(table.inbox) if row.id == item_id), None)
        if row is None:
            raise OperatorError("This item was resolved already.")
        if action not in _WAYS_OUT:
            raise OperatorError(f"There is no way out called {action}.")
        item = self._item(row)
        if action == "again":
            self._claim_again(item, lambda: self._close(item_id, "again"))
        elif action == "escalate":
            self._claim_again(item, lambda: self._escalated(item))
        else:
            self._close(item_id, action)

    def _escalated(self, item: InboxItem) -> None:
        self._escalate(item)
        self._close(item.id, "escalate")

    def _close(self, item_id: int, action: str) -> None:
        def write(database: Database) -> None:
            with database.transaction():
                table.resolve(database, item_id, action, format_time(self._now()))

        self._store.run(write)
        self._notifier.publish("inbox", "status", origin="delivery")

    def export_outbox(self, path: Path) -> int:
        """Write what is unsent and what came back to a JSON file, whole or not at all; answers how many."""
        unsent, returned = self._reader.run(lambda database: (table.entries(database), table.inbox(database)))
        write_whole(path, document_of(unsent, returned, self._now()))
        return len(unsent) + len(returned)

    def _item(self, row: table.InboxEntry) -> InboxItem:
        return InboxItem(
            id=row.id,
            decision=row.decision,
            ref=CaseRef(row.account, row.decision.case_id),
            title=row.title,
            status=row.status,
            detail=row.detail,
            at=datetime.fromisoformat(row.at),
            actions=_WAYS_OUT,
        )
