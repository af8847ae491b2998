"""How often one account may call: a bucket for each, filled at a steady rate."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Final

_BURST_S: Final = 5.0
_MOST: Final = 10_000


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


class Rates:
    """Calls a second for each account, with five seconds' worth at once; each process of a hub counts its own.

    Used on the event loop only, so it needs no lock.
    """

    def __init__(self, per_second: float, clock: Callable[[], float] = monotonic) -> None:
        self._rate = per_second
        self._most = max(1.0, per_second * _BURST_S)
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}

    def wait(self, account_id: str) -> int:
        """0 where the call may go on, else after how many seconds to come back."""
        now = self._clock()
        bucket = self._buckets.get(account_id)
        if bucket is None:
            if len(self._buckets) >= _MOST:
                self._buckets.clear()
            bucket = self._buckets[account_id] = _Bucket(self._most, now)
        bucket.left = min(self._most, bucket.left + (now - bucket.at) * self._rate)
        bucket.at = now
        if bucket.left >= 1:
            bucket.left -= 1
            return 0
        return math.ceil((1 - bucket.left) / self._rate)
