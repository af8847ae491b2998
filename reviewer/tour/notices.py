"""The tour's pictures of the notices behind flags: what does not fit, and one that its claimant took back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reviewer.tour.guide import Guide
from reviewer.tour.oracle import HubView


def show_notices(guide: Guide, hub: HubView, bring: Callable[[str], bool]) -> None:
    """Bring a case with each kind of notice and show the foot of its right column."""
    for name, case_id in find_notices(hub).items():
        if bring(case_id):
            bar = guide.screen.seller.verticalScrollBar()
            bar.setValue(bar.maximum())
            guide.album.take(guide.window, f"review-notice-{name}", settle_s=0.6)
            bar.setValue(0)


def find_notices(hub: HubView) -> dict[str, str]:
    """Open cases whose notices are worth a look: what they show, and the case's id."""
    found: dict[str, str] = {}
    for name, (state, holds) in _WANTED.items():
        for notice in hub.get("/v1/notices", limit=500, state=state)["items"]:
            case_id = _open_case(hub, notice) if holds(notice) else ""
            if case_id:
                found[name] = case_id
                break
    return found


def _open_case(hub: HubView, notice: dict[str, Any]) -> str:
    """The case of the first listing of a notice where it can be claimed, or ''."""
    rows = hub.get(f"/v1/notices/{notice['id']}/listings", limit=1)["items"]
    if not rows or not rows[0]["case_id"]:
        return ""
    case = hub.get(f"/v1/cases/{rows[0]['case_id']}")
    return str(case["id"]) if case["state"] == "open" else ""


#: What to show: the state of the notice, and what makes it worth a look.
_WANTED: dict[str, tuple[str, Callable[[dict[str, Any]], bool]]] = {
    "misfit": ("open", lambda notice: bool(notice["asked"]) and notice["right"] is not None),
    "many-listings": ("open", lambda notice: notice["listing_count"] > 1),
    "withdrawn": ("withdrawn", lambda notice: True),
}
