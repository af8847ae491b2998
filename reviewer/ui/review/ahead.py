"""What was worked out for a coming case while the reviewer looked at the one before."""

from __future__ import annotations

from typing import Generic, TypeVar

WorkT = TypeVar("WorkT")


class Ahead(Generic[WorkT]):
    """Work done ahead for one object.

    It is handed out once: whatever happens to the object afterwards needs it anew.
    """

    def __init__(self) -> None:
        self._kept: tuple[object, WorkT] | None = None

    def keep(self, owner: object, work: WorkT) -> WorkT:
        """Keep what was worked out for `owner`, in the place of anything else."""
        self._kept = (owner, work)
        return work

    def take(self, owner: object) -> WorkT | None:
        """What was worked out for exactly this object, or None."""
        if self._kept is None or self._kept[0] is not owner:
            return None
        work, self._kept = self._kept[1], None
        return work
