"""The leases that this desk holds, on the steady clock."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from reviewer.services.model import CaseRef


@dataclass(frozen=True, slots=True)
class HeldLease:
    """A lease with its time on the steady clock: it should be renewed at `renew_at`, and ends at `deadline`."""

    ref: CaseRef
    id: str
    token: int
    renew_at: float
    deadline: float


class Leases:
    """Which leases are held and when they must be renewed.  Safe on any thread."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._held: dict[CaseRef, HeldLease] = {}

    def hold(self, ref: CaseRef, lease_id: str, token: int, ttl_s: float) -> None:
        """A lease was given or prolonged: renew it at a third of its time."""
        at = self._clock()
        with self._lock:
            self._held[ref] = HeldLease(ref, lease_id, token, at + ttl_s / 3, at + ttl_s)

    def drop(self, ref: CaseRef) -> HeldLease | None:
        """The lease is not held any more."""
        with self._lock:
            return self._held.pop(ref, None)

    def get(self, ref: CaseRef) -> HeldLease | None:
        """The lease of a case, or None."""
        with self._lock:
            return self._held.get(ref)

    def of_account(self, account: str) -> list[HeldLease]:
        """All leases of an account."""
        with self._lock:
            return [lease for ref, lease in self._held.items() if ref.account == account]

    def due(self, account: str) -> list[HeldLease]:
        """Those of an account that should be renewed now."""
        at = self._clock()
        return [lease for lease in self.of_account(account) if lease.renew_at <= at]

    def next_renewal(self, account: str) -> float | None:
        """When the next renewal of an account is due, or None."""
        return min((lease.renew_at for lease in self.of_account(account)), default=None)

    def forget(self, refs: Iterable[CaseRef]) -> None:
        """Drop several."""
        with self._lock:
            for ref in refs:
                self._held.pop(ref, None)

    def restore(self, lease: HeldLease) -> None:
        """Put a lease as it is."""
        with self._lock:
            self._held[lease.ref] = lease
