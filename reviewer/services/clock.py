"""The two clocks: wall time for people, and a steady one that counts suspend for everything else."""

from __future__ import annotations

import time
from datetime import UTC, datetime

_BOOTTIME = getattr(time, "CLOCK_BOOTTIME", None)


def steady() -> float:
    """Seconds on a clock that never jumps and, where the system has one, counts the time in suspend."""
    return time.monotonic() if _BOOTTIME is None else time.clock_gettime(_BOOTTIME)


def now() -> datetime:
    """The wall clock in UTC.  For showing and recording only: nothing may depend on it."""
    return datetime.now(UTC)
