"""The numbers of the window's head and foot."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime, timedelta

from reviewer.domain.values import format_time
from reviewer.services.account_book import AccountBook
from reviewer.services.changes import Changed, Notifier
from reviewer.services.delivery import SendingDelays
from reviewer.services.model import Banner, Status
from reviewer.storage import outbox, queue
from reviewer.storage.threads import StoreThread

_SOON = timedelta(minutes=30)
_FRESH_S = 5.0


class StatusService:
    """Answers at once: what would take long is counted on the reader's thread and shown when it is known."""

    def __init__(
        self,
        store: StoreThread,
        reader: StoreThread,
        book: AccountBook,
        delays: SendingDelays,
        notifier: Notifier,
        *,
        protection: Callable[[], str],
        offline_until: Callable[[], float | None],
        session_tokens: Callable[[], bool],
        notices: Callable[[], tuple[Banner, ...]] = tuple,
        clock: Callable[[], float],
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._reader = reader
        self._book = book
        self._delays = delays
        self._notifier = notifier
        self._protection = protection
        self._offline_until = offline_until
        self._session_tokens = session_tokens
        self._notices = notices
        self._clock = clock
        self._now = now
        self._lock = threading.Lock()
        self._counts = (0, 0, 0)
        self._counted_at = -_FRESH_S
        self._counting = False
        notifier.subscribe(self._heard)

    def status(self) -> Status:
        """How it stands now.  On the store's thread."""
        self._count_again()
        unsent, returned = self._store.run(outbox.counts)
        oldest = self._store.run(outbox.oldest_unsent)
        latest = self._delays.latest()
        until = self._offline_until()
        return Status(
            accounts=self._book.statuses(),
            open_cases=self._counts[0],
            due_soon=self._counts[1],
            overdue=self._counts[2],
            unsent=unsent,
            oldest_unsent_s=(self._now() - datetime.fromisoformat(oldest)).total_seconds() if oldest else None,
            next_send_s=latest[1] if latest else None,
            next_send_label=latest[0] if latest else "",
            inbox=returned,
            offline_until_s=None if until is None else max(0.0, until - self._clock()),
            protection=self._protection(),
            banners=self._banners(returned),
        )

    def _heard(self, changed: Changed) -> None:
        if "queue" in changed.topics:
            with self._lock:
                self._counted_at = -_FRESH_S
            self._count_again()

    def _banners(self, returned: int) -> tuple[Banner, ...]:
        found = [*self._notices(), *self._book.banners()]
        if trouble := self._store.trouble:
            found.insert(0, Banner("storage", "error", trouble))
        if returned:
            words = f"{returned} decisions came back. Look at them in the inbox." if returned > 1 else (
                "One decision came back. Look at it in the inbox."
            )  # fmt: skip
            found.append(Banner("inbox", "warning", words, "open_inbox"))
        if self._protection() == "reduced":
            words = "Pictures are decoded with reduced protection on this computer. See the help on the decode worker."
            found.append(Banner("sandbox", "info", words))
        if self._session_tokens():
            words = "This computer has no keyring: your token is kept until you close the program."
            found.append(Banner("keyring", "info", words))
        return tuple(found)

    def _count_again(self) -> None:
        with self._lock:
            if self._counting or self._clock() - self._counted_at < _FRESH_S:
                return
            self._counting = True
        now = self._now()
        future = self._reader.submit(
            lambda database: queue.due_counts(database, format_time(now), format_time(now + _SOON))
        )
        future.add_done_callback(self._counted)

    def _counted(self, future: Future[tuple[int, int, int]]) -> None:
        with self._lock:
            self._counting = False
            self._counted_at = self._clock()
            if future.cancelled() or future.exception() is not None:
                return
            changed = future.result() != self._counts
            self._counts = future.result()
        if changed:
            self._notifier.publish("status", origin="counts")
