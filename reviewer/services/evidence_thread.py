"""The evidence thread: takes case after case, those first that the reviewer sees first, and lets the reviewer go first.

When nothing waits, pictures of references that were not seen yet are fingerprinted one by one, and then pictures of
open cases that nobody has told their server of.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import CancelledError

from reviewer.domain.case import Case
from reviewer.imaging.evidence import EvidenceLost
from reviewer.services.looking import Looking, Task
from reviewer.services.model import CaseRef
from reviewer.storage.threads import StoreThread

_log = logging.getLogger(__name__)

_QUIET_S = 60.0
_PAUSE_S = 0.05
#: Decisions that follow each other faster than this let comparisons wait ...
_QUICK_S = 1.0
#: ... until there was none for so long, and never longer than that in a row.
_AFTER_S = 0.4
_LONGEST_WAIT_S = 4.0


class EvidenceThread:
    """Its methods are safe on any thread.  `first` and `on_desk` are called on the store's thread."""

    def __init__(self, store: StoreThread, looking: Looking) -> None:
        self._store = store
        self._looking = looking
        #: The cases that are looked at next, in their order.
        self.first: Callable[[], Sequence[CaseRef]] = lambda: ()
        #: Whether a case is still on the desk.
        self.on_desk: Callable[[CaseRef], bool] = lambda ref: True
        self._wake = threading.Condition()
        self._tasks: deque[Task] = deque()
        self._later: deque[tuple[CaseRef, Callable[[], None]]] = deque()
        self._unseen: deque[tuple[str, str]] = deque()
        self._closed = False
        self._quiet = False
        self._decided_at = float("-inf")
        self._quick = False
        self._thread = threading.Thread(target=self._work, name="evidence-desk", daemon=True)

    def start(self) -> None:
        """Begin to look at pictures."""
        self._thread.start()

    def end(self) -> None:
        """Take no more; what runs ends with the evidence process."""
        with self._wake:
            self._closed = True
            self._tasks.clear()
            self._later.clear()
            self._unseen.clear()
            self._wake.notify_all()

    def join(self) -> None:
        """Wait for its end."""
        if self._thread.is_alive():
            self._thread.join()

    def look_at(self, ref: CaseRef, case: Case, seen: Callable[[], None]) -> None:
        """Compare a case's pictures; `seen` is called each time there may be something new."""
        with self._wake:
            self._tasks = deque(task for task in self._tasks if task.ref != ref)
            self._tasks.append(Task(ref, case, seen))
            self._wake.notify_all()

    def look_at_unseen(self, account: str, names: Iterable[str]) -> None:
        """Fingerprint pictures for the account's server when nothing else waits."""
        with self._wake:
            waiting = set(self._unseen)
            self._unseen.extend((account, name) for name in names if (account, name) not in waiting)
            self._wake.notify_all()

    def idle(self) -> bool:
        """Whether nothing waits but references without a fingerprint."""
        with self._wake:
            return not self._tasks and not self._later and not self._unseen

    def go_on(self) -> None:
        """New reference products came: look at their pictures when nothing else waits."""
        with self._wake:
            self._quiet = False
            self._wake.notify_all()

    def decided(self) -> None:
        """The reviewer decided a case: while decisions come in quick succession, comparisons wait."""
        with self._wake:
            at = time.monotonic()
            self._quick = at - self._decided_at < _QUICK_S
            self._decided_at = at

    def _work(self) -> None:
        while True:
            with self._wake:
                while not (self._tasks or self._later or self._unseen) and self._quiet and not self._closed:
                    if not self._wake.wait(_QUIET_S):
                        self._quiet = False
                self._let_go_first()
                if self._closed:
                    return
            try:
                self._do_next()
            except (EvidenceLost, CancelledError) as error:
                if not self._closed:
                    _log.warning("pictures could not be compared: %s", error)
                    self._quiet = True
            except Exception:  # noqa: BLE001 - the review goes on without evidence
                if self._closed:
                    return
                _log.exception("pictures could not be compared")
                self._quiet = True

    def _let_go_first(self) -> None:
        """Wait while the reviewer decides quickly; call with the lock held."""
        until = time.monotonic() + _LONGEST_WAIT_S
        while self._quick and not self._closed:
            now = time.monotonic()
            wait_s = min(self._decided_at + _AFTER_S, until) - now
            if wait_s <= 0:
                self._quick = self._quick and now < until
                return
            self._wake.wait(wait_s)

    def _do_next(self) -> None:
        task = self._next()
        if task is not None:
            later = self._looking.look(task)
            with self._wake:
                self._later = deque(one for one in self._later if one[0] != task.ref)
                self._later.append((task.ref, later))
        elif self._later:
            ref, look = self._later.popleft()
            if self._still([ref]):
                look()
        elif self._looking.look_at_a_reference():
            self._pause()
        elif self._unseen:
            self._looking.look_at_unseen(*self._unseen.popleft())
            self._pause()
        else:
            self._quiet = True

    def _pause(self) -> None:
        with self._wake:
            self._wake.wait(_PAUSE_S)

    def _next(self) -> Task | None:
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
