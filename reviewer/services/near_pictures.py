"""Tells an account's server of pictures that were looked at here; it answers with open cases that show near ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from reviewer.connectors.api import Connector, LinkingPictures, Service
from reviewer.services.model import CaseOnDesk
from reviewer.services.surroundings import Surroundings
from reviewer.sync.banks import near_cases_pass

_IDLE_S = 3600.0
#: Pictures that the server is told of at once, and how long until the next; until it is asked for unseen ones.
_AT_ONCE = 20
_NEXT_S = 1.0
_PAUSE_S = 5.0
#: After so long it is asked again for the pictures of the cases on the desk, since others come.
_AGAIN_S = 60.0


class NearPictures:
    """What one account's worker does for it again and again, on the worker's thread."""

    def __init__(self, around: Surroundings, account: str, look_at: Callable[[CaseOnDesk], None]) -> None:
        self._around = around
        self._account = account
        self._look_at = look_at
        self._unseen_from = ""
        self._again_at = 0.0

    def look(self, connector: Connector, service: Service | None) -> float:
        """One round; answers the seconds until the next."""
        if service is None or "near_pictures" not in service.capabilities:
            return _IDLE_S
        linking = cast(LinkingPictures, connector)
        around, account = self._around, self._account
        sightings = around.evidence.sightings.take(account, _AT_ONCE)
        if not sightings:
            self._find_more(linking)
            return _PAUSE_S
        try:
            changed = near_cases_pass(around.store, linking, account, sightings)
        except Exception:
            around.evidence.sightings.give_back(account, sightings)
            raise
        if changed:
            self._compare_again({one.picture for one, _ in sightings})
        return _NEXT_S

    def _find_more(self, linking: LinkingPictures) -> None:
        """Ask again for what lies on the desk, or look at pictures that nobody has on a desk."""
        evidence, at = self._around.evidence, self._around.clock()
        if at >= self._again_at:
            self._again_at = at + _AGAIN_S
            mine = [entry.case.listing for entry in self._entries()]
            evidence.sightings.again(self._account, [one.sha256 for listing in mine for one in listing.pictures])
        elif evidence.idle:
            names = linking.unseen_pictures(self._unseen_from)
            self._unseen_from = names[-1] if names else ""
            evidence.look_at_unseen(self._account, names)

    def _compare_again(self, pictures: set[str]) -> None:
        """Cases with these pictures have new candidates, or match something that needs no comparison."""
        for entry in self._entries():
            if pictures & {one.sha256 for one in entry.case.listing.pictures}:
                self._look_at(entry)

    def _entries(self) -> list[CaseOnDesk]:
        entries = self._around.store.run(lambda _: self._around.deck.entries())
        return [entry for entry in entries if entry.ref.account == self._account]
