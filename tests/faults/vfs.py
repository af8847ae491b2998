"""A disk that fails at the Nth write: SQLite's own file system, with a shim in front of its writes.

SQLite asks its default file system for files; the shim replaces the write, truncate and sync calls of every
file that is opened while it is in place.
"""

from __future__ import annotations

import _sqlite3
import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

SQLITE_FULL = 13
SQLITE_IOERR_WRITE = 10 | (3 << 8)
SQLITE_IOERR_FSYNC = 10 | (4 << 8)

_POINTER = ctypes.c_void_p
_OPEN = ctypes.CFUNCTYPE(ctypes.c_int, _POINTER, _POINTER, _POINTER, ctypes.c_int, ctypes.POINTER(ctypes.c_int))
_WRITE = ctypes.CFUNCTYPE(ctypes.c_int, _POINTER, _POINTER, ctypes.c_int, ctypes.c_int64)
_TRUNCATE = ctypes.CFUNCTYPE(ctypes.c_int, _POINTER, ctypes.c_int64)
_SYNC = ctypes.CFUNCTYPE(ctypes.c_int, _POINTER, ctypes.c_int)


class _Vfs(ctypes.Structure):
    _fields_ = [
        ("version", ctypes.c_int), ("file_size", ctypes.c_int), ("most_path", ctypes.c_int), ("following", _POINTER),
        ("name", ctypes.c_char_p), ("data", _POINTER), ("open", _OPEN),
    ]  # fmt: skip


class _Methods(ctypes.Structure):
    _fields_ = [
        ("version", ctypes.c_int), ("close", _POINTER), ("read", _POINTER), ("write", _WRITE),
        ("truncate", _TRUNCATE), ("sync", _SYNC), ("others", _POINTER * 13),
    ]  # fmt: skip


class FailingDisk:
    """Counts writes; from the `nth` on they fail: `once`, or for ever until `mend()`."""

    def __init__(self) -> None:
        self.writes = 0
        self._nth = 0
        self._once = False
        self._code = SQLITE_FULL

    def fail(self, nth: int, code: int = SQLITE_FULL, *, once: bool) -> None:
        """Let the nth write from now on fail."""
        self.writes, self._nth, self._code, self._once = 0, nth, code, once

    def mend(self) -> None:
        """All is well from here on."""
        self._nth = 0

    @property
    def failed(self) -> bool:
        """Whether the write that was to fail has come."""
        return 0 < self._nth <= self.writes

    def verdict(self) -> int:
        """What the write that comes now answers; 0 where it is to be made."""
        self.writes += 1
        if not self._nth or self.writes < self._nth or (self._once and self.writes > self._nth):
            return 0
        return self._code


def _find() -> Any:
    for name in (getattr(_sqlite3, "__file__", None), None):
        library = ctypes.CDLL(name)
        if hasattr(library, "sqlite3_vfs_find"):
            return library
    raise RuntimeError("this Python hides its SQLite: no disk faults can be made")


@contextmanager
def failing_disk() -> Iterator[FailingDisk]:
    """Every database that is opened meanwhile lies on this disk."""
    library = _find()
    library.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
    vfs = library.sqlite3_vfs_find(None).contents
    real_open = ctypes.cast(vfs.open, _OPEN)
    disk = FailingDisk()
    kept: list[Any] = []
    shimmed: dict[int, int] = {}

    def shim(methods: int) -> int:
        """The table of a file's calls, with ours in the place of those that write."""
        if methods in shimmed:
            return shimmed[methods]
        table = _Methods.from_buffer_copy(ctypes.string_at(methods, ctypes.sizeof(_Methods)))
        write, truncate, sync = (
            ctypes.cast(ctypes.cast(call, _POINTER).value or 0, kind)
            for call, kind in ((table.write, _WRITE), (table.truncate, _TRUNCATE), (table.sync, _SYNC))
        )
        table.write = _WRITE(_guarded(disk, write))
        table.truncate = _TRUNCATE(_guarded(disk, truncate))
        table.sync = _SYNC(_guarded(disk, sync))
        kept.append((table, write, truncate, sync))
        shimmed[methods] = ctypes.addressof(table)
        return shimmed[methods]

    def opened(at: int, name: int, file: int, flags: int, out: Any) -> int:
        code = int(real_open(at, name, file, flags, out))
        slot = ctypes.cast(file, ctypes.POINTER(_POINTER))
        if code == 0 and slot[0]:
            slot[0] = shim(slot[0])
        return code

    ours = _OPEN(opened)
    kept.append(ours)
    _KEPT.append(kept)  # files that are still open may call us later
    vfs.open = ours
    try:
        yield disk
    finally:
        disk.mend()
        vfs.open = real_open


_KEPT: list[Any] = []


def _guarded(disk: FailingDisk, real: Callable[..., int]) -> Callable[..., int]:
    def call(*arguments: Any) -> int:
        return disk.verdict() or int(real(*arguments))

    return call
