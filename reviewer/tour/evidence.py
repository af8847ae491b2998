"""The tour's pictures of the picture evidence: a copy laid onto its original, and the list of matches."""

from __future__ import annotations

from collections.abc import Callable

from reviewer.domain.facts import Match
from reviewer.services.model import CaseOnDesk, Desk
from reviewer.tour.guide import Guide
from reviewer.tour.waiting import let_pass

#: How often and how far apart the tour looks for evidence on the desk's cases; without it, it goes on.
_LOOKS = 30
_PAUSE_S = 0.5


def show_evidence(guide: Guide, bring: Callable[[str], bool]) -> bool:
    """Take in hand a case with an edited copy of a reference and take its pictures; False where none is there."""
    station = guide.desktop.workstation
    found: list[tuple[CaseOnDesk, Match]] = []

    def look() -> bool:
        desk: Desk = station.on_desk(station.review.desk).result(30)
        for entry in (desk.current, *desk.upcoming):
            match = _edited_copy(entry) if entry is not None else None
            if entry is not None and match is not None:
                found.append((entry, match))
                return True
        return False

    for _ in range(_LOOKS):
        if look():
            break
        let_pass(_PAUSE_S)
    else:
        return False
    entry, match = found[0]
    if not bring(entry.case.id):
        return False
    press = guide.keyboard.press
    press("E")
    guide.album.take(guide.window, "review-matches", settle_s=0.8)
    names = list(dict.fromkeys(picture.sha256 for picture in entry.case.listing.pictures))
    for _ in range(names.index(match.picture)):
        press("Down")
    press("Return")
    guide.screen.compare.show_pair(match.picture, match.other)
    guide.album.take(guide.window, "review-same-photo", settle_s=0.6)
    for chord, name in (("S", "split"), ("D", "difference"), ("O", "onion-skin")):
        press(chord)
        guide.album.take(guide.window, f"review-aligned-{name}", settle_s=0.4)
        press(chord)
    return True


def _edited_copy(entry: CaseOnDesk) -> Match | None:
    """A copy of a reference that was cropped or mirrored; the most edited one."""
    own = {picture.sha256 for product in entry.case.references for picture in product.pictures}
    copies = [
        match
        for match in entry.matches
        if match.kind == "same photo" and match.other in own and match.found is not None and match.found.homography
    ]
    return min(copies, key=lambda match: match.found.overlap if match.found else 1.0, default=None)
