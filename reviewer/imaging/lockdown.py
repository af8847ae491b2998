"""Taking away, for good, what a decoder doesn't need.  Runs in the worker, after every import.

Linux: resource limits, no_new_privs, and a seccomp filter under which nothing can be opened, connected,
started or made executable; the only descriptors that work are the two pipes.  Elsewhere the limits that the
system has; the parent caps time and memory everywhere.  Nothing here raises for a missing feature: the
result says what is in force, and "full" is said only where the forbidden things were tried and refused.
"""

import ctypes
import errno
import os
import signal
import socket
import sys
from dataclasses import dataclass
from typing import Final, Literal

try:
    import resource
except ImportError:  # not on Windows
    resource = None  # type: ignore[assignment]

try:
    import pyseccomp
except (ImportError, RuntimeError, OSError):  # not installed, or without its system library
    pyseccomp = None

MEMORY_BYTES: Final = 512 * 1024 * 1024
"""Private writable memory of the worker (RLIMIT_DATA)."""
ADDRESS_BYTES: Final = MEMORY_BYTES + 192 * 1024 * 1024
"""Address space (RLIMIT_AS): the same plus the read-only mappings of the libraries, about 130 MiB."""
PROCESSOR_SECONDS: Final = 900
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_NO_NEW_PRIVS: Final = 38
_PROT_EXEC: Final = 4
_ALLOWED: Final = (
    "brk",
    "munmap",
    "mremap",
    "madvise",
    "futex",
    "exit",
    "exit_group",
    "rt_sigreturn",
    "rt_sigprocmask",
    "rt_sigaction",
    "clock_gettime",
    "gettimeofday",
    "getrandom",
    "restart_syscall",
    "sched_yield",
)

Finding = Literal["refused", "possible"]


@dataclass(frozen=True, slots=True)
class Protection:
    """What is in force, in a sentence where it is less than everything, and what was tried."""

    level: Literal["full", "reduced"]
    reason: str
    checks: dict[str, Finding]


def die_with_parent() -> None:
    """Ask Linux to end this process when the thread that started it ends; elsewhere, the pipe's end does."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def lock_down() -> Protection:
    """Limit this process as far as this system can; call once, with a single thread, after all imports."""
    _limit_resources()
    problem = _filter_calls()
    checks = _try_forbidden()
    if not problem and "possible" in checks.values():
        names = ", ".join(name for name, finding in checks.items() if finding == "possible")
        problem = f"the system call filter did not hold for: {names}"
    return Protection("reduced" if problem else "full", problem, checks)


def _limit_resources() -> None:
    if resource is None:
        return
    limits = {
        "RLIMIT_CORE": 0,
        "RLIMIT_FSIZE": 0,
        "RLIMIT_NOFILE": 3,
        "RLIMIT_NPROC": 0,
        "RLIMIT_CPU": PROCESSOR_SECONDS,
        "RLIMIT_DATA": MEMORY_BYTES,
        "RLIMIT_AS": ADDRESS_BYTES,
    }
    for name, value in limits.items():
        kind = getattr(resource, name, None)
        if kind is None or (sys.platform == "darwin" and name in ("RLIMIT_DATA", "RLIMIT_AS")):
            continue
        try:
            resource.setrlimit(kind, (value, value))
        except (OSError, ValueError):
            continue  # a lower hard limit is already in force, or the system has no such limit


def _filter_calls() -> str:
    """Install the filter and return "", or why it is not there."""
    if sys.platform != "linux":
        return "this operating system has no system call filter"
    if pyseccomp is None:
        return "the system library libseccomp2 or the package pyseccomp is not installed"
    if ctypes.CDLL(None).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return "the kernel refused no_new_privs"
    try:
        rules = pyseccomp.SyscallFilter(pyseccomp.ERRNO(errno.EPERM))
        for name in _ALLOWED:
            rules.add_rule(pyseccomp.ALLOW, name)
        for name in ("mmap", "mprotect"):
            rules.add_rule(pyseccomp.ALLOW, name, pyseccomp.Arg(2, pyseccomp.MASKED_EQ, _PROT_EXEC, 0))
        rules.add_rule(pyseccomp.ALLOW, "read", pyseccomp.Arg(0, pyseccomp.EQ, 0))
        rules.add_rule(pyseccomp.ALLOW, "write", pyseccomp.Arg(0, pyseccomp.EQ, 1))
        rules.load()
    except OSError as error:
        return f"the kernel refused the system call filter ({error.strerror})"
    return ""


def _try_forbidden() -> dict[str, Finding]:
    return {"open": _try_open(), "socket": _try_socket(), "exec": _try_exec(), "fork": _try_fork()}


def _try_open() -> Finding:
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError as error:
        return "refused" if error.errno == errno.EPERM else "possible"
    return "possible"


def _try_socket() -> Finding:
    try:
        socket.socket().close()
    except OSError as error:
        return "refused" if error.errno == errno.EPERM else "possible"
    return "possible"


def _try_exec() -> Finding:
    """Name a program that can't exist, so that an unfiltered call fails with another error and returns."""
    if sys.platform == "win32":
        return "possible"
    try:
        os.execv(os.devnull + "/nothing", ["nothing"])  # noqa: S606  (there is no such program)
    except OSError as error:
        return "refused" if error.errno == errno.EPERM else "possible"


def _try_fork() -> Finding:
    if sys.platform == "win32":
        return "possible"
    try:
        child = os.fork()
    except OSError as error:
        return "refused" if error.errno == errno.EPERM else "possible"
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return "possible"
