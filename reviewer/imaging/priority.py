"""The place of a process behind all others that want the processor."""

import os
import sys
from contextlib import suppress

import psutil

_NICEST = 19


def let_others_first() -> None:
    """Put this process last: the window, the decode workers and whatever else runs here go first.

    Linux: nice 19 and SCHED_BATCH, under which it interrupts nobody (sched(7)); macOS: nice 19; Windows: the class
    below normal.  Where the system refuses, everything works on as before.
    """
    with suppress(OSError, psutil.Error):
        if sys.platform == "win32":
            psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
            return
        os.nice(_NICEST)
        if sys.platform == "linux":
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
