"""What a connector's process may not do.  Runs in it, before any code of the connector.

Linux: a cap on its memory, no core files, and a system call filter under which it can start no other process and
trace none; threads stay allowed.  Elsewhere the parent watches its memory, and ends its whole process group.
Files and network are not closed to it: see docs/connectors/security.md.
"""

from __future__ import annotations

import ctypes
import errno
import signal
import sys
from contextlib import suppress
from typing import Final

try:
    import resource
except ImportError:  # not on Windows
    resource = None  # type: ignore[assignment]

try:
    import pyseccomp
except (ImportError, RuntimeError, OSError):  # not installed, or without its system library
    pyseccomp = None

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_NO_NEW_PRIVS: Final = 38
_CLONE_THREAD: Final = 0x00010000
_FORBIDDEN: Final = ("fork", "vfork", "execve", "execveat", "ptrace", "process_vm_readv", "process_vm_writev")


def die_with_parent() -> None:
    """Ask Linux to end this process when the thread that started it ends; elsewhere, the pipe's end does."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def lock_in(memory_bytes: int) -> str:
    """Limit this process; answers what is in force, in words."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the program's, which ends its connectors in order
    if resource is None:
        return "memory watched from outside"
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform != "linux":
        return "memory watched from outside"
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
    problem = _filter_calls()
    return f"memory capped; can start processes, since {problem}" if problem else "memory capped, no other processes"


def _filter_calls() -> str:
    if pyseccomp is None:
        return "libseccomp2 or pyseccomp is not installed"
    if ctypes.CDLL(None).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return "the kernel refused no_new_privs"
    try:
        rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
        for name in _FORBIDDEN:
            with suppress(OSError, ValueError):  # not every machine has every call
                rules.add_rule(pyseccomp.ERRNO(errno.EPERM), name)
        # The flags of clone3 lie behind a pointer: refused as unknown, so that the C library takes clone.
        with suppress(OSError, ValueError):
            rules.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")
        rules.add_rule(pyseccomp.ERRNO(errno.EPERM), "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, _CLONE_THREAD, 0))
        rules.load()
    except OSError as error:
        return f"the kernel refused the filter ({error.strerror})"
    return ""
