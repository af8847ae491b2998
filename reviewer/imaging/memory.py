"""What the C library does with memory that pictures leave behind."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress
from typing import Final

_M_MMAP_THRESHOLD: Final = -3
_M_ARENA_MAX: Final = -8
#: Pixels of a picture are larger than this, everything else is smaller.
_LARGE: Final = 256 * 1024


def return_large_blocks() -> None:
    """Let the C library give blocks of pictures back to the system as soon as they are freed.

    glibc raises its limit for such blocks whenever one is freed, and keeps a heap for each thread: a process that
    decodes or compares pictures in several threads then holds several times what it uses (mallopt(3)).  Elsewhere
    nothing happens.
    """
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            library = ctypes.CDLL(None)
            library.mallopt(_M_MMAP_THRESHOLD, _LARGE)
            library.mallopt(_M_ARENA_MAX, 2)
