"""A lock file that keeps a second instance out of a data folder."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from reviewer.errors import OperatorError

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


_OPEN = b"open\n"


class FolderInUse(OperatorError):
    """Another instance has this data folder."""


class FolderLock:
    """Held from construction to `release()`; the system lets go of it when the process dies."""

    def __init__(self, folder: Path) -> None:
        path = folder / "workstation.lock"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise OperatorError(
                f"The folder {folder} can't be written to. Make it writable for your account, or start with "
                "another data folder (--data).",
                detail=str(error),
            ) from error
        try:
            _lock(self._descriptor)
        except OSError as error:
            os.close(self._descriptor)
            raise FolderInUse(
                f"The workstation is already open on {folder}. Use that window, or close it first.",
                detail=str(error),
            ) from error

    @property
    def was_open(self) -> bool:
        """Whether the program ended the last time without closing its store."""
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        return os.read(self._descriptor, len(_OPEN)) == _OPEN

    def mark_open(self) -> None:
        """The store is open from here on."""
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        os.write(self._descriptor, _OPEN)

    def mark_closed(self) -> None:
        """All of the store is in its file."""
        os.ftruncate(self._descriptor, 0)

    def release(self) -> None:
        """Let another instance in."""
        os.close(self._descriptor)
