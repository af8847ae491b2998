"""Pictures that were fingerprinted here and that an account's server is to be told of."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence

from reviewer.domain.evidence import Fingerprint

#: More than these of an account are not kept: a server that is away for long is told of the latest.
_MOST = 2000
#: So many that were told are remembered, so that their server can be asked again.
_REMEMBERED = 400

Sighting = tuple[Fingerprint, tuple[str, ...]]
"""A picture's fingerprint, and the codes by which near ones are looked for (its eight orientations)."""


class Sightings:
    """A queue for each account, a picture once.  Safe on any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, OrderedDict[str, Sighting]] = {}
        self._told: dict[str, OrderedDict[str, Sighting]] = {}

    def add(self, account: str, one: Fingerprint, searched: tuple[str, ...]) -> None:
        """Keep a picture until its server was told; one that was told of already is not told again."""
        with self._lock:
            if one.picture in self._told.get(account, ()):
                return
            waiting = self._waiting.setdefault(account, OrderedDict())
            waiting[one.picture] = (one, searched)
            waiting.move_to_end(one.picture)
            while len(waiting) > _MOST:
                waiting.popitem(last=False)

    def take(self, account: str, most: int) -> list[Sighting]:
        """Up to `most` of them, the latest first: they are in front of the reviewer."""
        with self._lock:
            waiting = self._waiting.get(account, OrderedDict())
            taken = [waiting.popitem()[1] for _ in range(min(most, len(waiting)))]
            told = self._told.setdefault(account, OrderedDict())
            for sighting in taken:
                told[sighting[0].picture] = sighting
                told.move_to_end(sighting[0].picture)
            while len(told) > _REMEMBERED:
                told.popitem(last=False)
            return taken

    def again(self, account: str, pictures: Iterable[str]) -> None:
        """Ask again for these pictures: other cases may have come since."""
        with self._lock:
            told = self._told.get(account, OrderedDict())
            waiting = self._waiting.setdefault(account, OrderedDict())
            for name in pictures:
                if name in told and name not in waiting:
                    waiting[name] = told[name]

    def give_back(self, account: str, sightings: Sequence[Sighting]) -> None:
        """They could not be told: keep them, unless there are newer ones of the same pictures."""
        with self._lock:
            waiting = self._waiting.setdefault(account, OrderedDict())
            told = self._told.get(account, OrderedDict())
            for one, searched in sightings:
                told.pop(one.picture, None)
                if one.picture not in waiting and len(waiting) < _MOST:
                    waiting[one.picture] = (one, searched)
                    waiting.move_to_end(one.picture, last=False)
