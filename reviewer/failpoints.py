"""Named points at which the crash tests stop the program.  In every normal run they do nothing.

Nothing outside of the process can arm one: no setting, environment variable, file or message is looked at.
Only code in the same process that calls `arm()` can, and the program itself never does; a test holds it to that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

#: Where a run can be stopped.  C7, C8 and C12 lie inside the HTTP library; the crash tests tap its sockets.
POINTS: Final[Mapping[str, str]] = {
    "C0": "decide: before BEGIN",
    "C1": "decide: decision row written",
    "C2": "decide: outbox row written",
    "C3": "decide: audit row written",
    "C4": "decide: before COMMIT",
    "C5": "decide: committed and not yet shown",
    "C6": "push: row picked",
    "C7": "push: half a body sent",
    "C8": "push: body sent and no reply",
    "C9": "hub: before BEGIN",
    "C10": "hub: in the transaction",
    "C11": "hub: committed and no reply",
    "C12": "push: half a reply read",
    "C13": "push: receipt not committed",
    "C14": "push: receipt committed",
    "C15": "store: checkpoint",
    "C16": "store: in a schema step",
    "C17": "export, outbox or audit: before the new file takes its name",
}

_armed: Callable[[str], None] | None = None


def failpoint(name: str) -> None:
    """Passed here.  Nothing happens unless a test armed this process."""
    if _armed is not None:
        _armed(name)


def arm(action: Callable[[str], None] | None) -> None:
    """From now on call `action(name)` at every point, on the thread that passes it; None: nothing again."""
    global _armed
    _armed = action
