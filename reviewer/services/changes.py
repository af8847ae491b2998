"""One notification for everything: what changed, and who caused it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Changed:
    """`topics` are of `desk`, `status`, `outbox`, `inbox`, `queue`, `accounts`, `pictures`, `evidence`."""

    topics: frozenset[str]
    origin: str = ""


class Notifier:
    """Passes changes to subscribers, on the thread that caused them.  Safe on any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._subscribers: list[Callable[[Changed], None]] = []

    def subscribe(self, subscriber: Callable[[Changed], None]) -> Callable[[], None]:
        """Call `subscriber` at every change from now on; answers what ends that."""
        with self._lock:
            self._subscribers.append(subscriber)

        def unsubscribe() -> None:
            with self._lock:
                if subscriber in self._subscribers:
                    self._subscribers.remove(subscriber)

        return unsubscribe

    def publish(self, *topics: str, origin: str = "") -> None:
        """Tell everyone.  A subscriber that fails is logged; the others hear it all the same."""
        changed = Changed(frozenset(topics), origin)
        with self._lock:
            subscribers = tuple(self._subscribers)
        for subscriber in subscribers:
            try:
                subscriber(changed)
            except Exception:  # noqa: BLE001 - one deaf listener must not silence the rest
                _log.exception("a subscriber failed on %s", sorted(topics))
