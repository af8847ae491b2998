"""Processes of their own, forked from one that has everything imported: a start costs milliseconds.

A child ends with the signal that its failpoint sends, or by itself; one that hangs ends by its alarm.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

#: After so many seconds a child that hangs is ended by the system.
PATIENCE_S = 90
_PR_SET_PDEATHSIG = 1


@dataclass(slots=True)
class Child:
    """A forked process; `says` is the reading end of its pipe, `hears` the writing end of another."""

    pid: int
    says: int
    hears: int
    log: Path

    def line(self) -> str:
        """What it says first; empty where it ended without a word."""
        data = b""
        while not data.endswith(b"\n"):
            part = os.read(self.says, 4096)
            if not part:
                return data.decode()
            data += part
        return data.decode()

    def tell(self) -> None:
        """Wake it with a byte; one that has ended doesn't hear."""
        try:
            os.write(self.hears, b"!")
        except BrokenPipeError:
            return

    def wait(self) -> int:
        """Wait for its end; the number of the signal that ended it, negative, or its exit code."""
        _, status = os.waitpid(self.pid, 0)
        os.close(self.says)
        os.close(self.hears)
        return os.waitstatus_to_exitcode(status)

    def kill(self) -> int:
        """End it at once, as a power cut does, and wait."""
        os.kill(self.pid, signal.SIGKILL)
        return self.wait()

    def words(self) -> str:
        """What it wrote to its standard error."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-4000:]


def fork(main: Callable[[int, int], None], log: Path) -> Child:
    """Run `main(hears, says)` in a child with these descriptors; its standard error goes to `log`."""
    reading, says = os.pipe()
    hears, writing = os.pipe()
    parent = os.getpid()
    pid = os.fork()
    if pid:
        os.close(says)
        os.close(hears)
        return Child(pid, reading, writing, log)
    code = 70
    try:
        os.close(reading)
        os.close(writing)
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(71)
        signal.alarm(PATIENCE_S)
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(out, 2)
        main(hears, says)
        code = 0
    except BaseException:  # noqa: BLE001 - the parent reads the log
        traceback.print_exc(file=sys.stderr)
        sys.stderr.flush()
    finally:
        os._exit(code)


def room() -> Path | None:
    """Where the runs' folders lie: in memory where the system has such a place.

    SIGKILL takes nothing from what was written, so that a disk would only make the runs slower.
    """
    place = Path("/dev/shm")  # noqa: S108 - the runs' folders are made there by tempfile
    return place if place.is_dir() and shutil.disk_usage(place).free > 2**30 else None
