"""Picture evidence between desks: fingerprints travel with a takedown, the next desk knows the photos."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reviewer.domain.decision import DecisionKind
from reviewer.services.model import CaseOnDesk, CaseRef
from tests.end2end.hubs import HubProcess
from tests.unit.services.sitting import MemoryKeyring, Sitting

_PATIENCE_S = 90.0


@pytest.fixture
def open_two(tmp_path: Path, kept_secrets: MemoryKeyring) -> Iterator[Any]:
    opened: list[Sitting] = []

    def open_one(name: str, hub: HubProcess, token: str) -> Sitting:
        sitting = Sitting(tmp_path / name, evidence=True)
        opened.append(sitting)
        sitting.connect({"address": hub.address}, connector="queue_api", token=token)
        return sitting

    yield open_one
    for sitting in opened:
        sitting.close()


def entry_of(sitting: Sitting, case_id: str) -> CaseOnDesk:
    """Claim a case and answer it as it lies on the desk."""
    station = sitting.workstation
    account = station.on_desk(lambda: station.review.desk()).result(30).current.ref.account  # type: ignore[union-attr]
    entries = station.in_background(lambda: station.intake.claim_named(account, [case_id])).result(60)
    assert entries
    return entries[0]


def bank(hub: HubProcess) -> dict[str, Any]:
    found: dict[str, Any] = {}
    cursor = "0"
    while True:
        page = hub.call("GET", f"/v1/banks/infringing?cursor={cursor}&limit=500")
        if not page["items"]:
            return found
        found |= {item["id"]: item for item in page["items"]}
        cursor = page["next_cursor"]


def test_a_takedown_at_one_desk_is_evidence_at_the_next(hub: HubProcess, open_two: Any) -> None:
    first = open_two("one", hub, "demo-reviewer")
    first.ready()
    station = first.workstation
    desk = station.on_desk(station.review.desk).result(30)
    pairs = [
        (entry, sibling)
        for entry in (desk.current, *desk.upcoming)
        for sibling in entry.case.siblings
        if sibling.relation == "same_pictures" and entry.case.listing.pictures
    ]
    entry, sibling = pairs[0]
    wanted = {picture.sha256 for picture in entry.case.listing.pictures}

    def prints() -> set[str]:
        found = station.on_desk(lambda: station.evidence.fingerprints(entry.case)).result(30)
        return {one.picture for one in found}

    first.until(lambda: prints() == wanted, patience=_PATIENCE_S)
    first.decide(DecisionKind.TAKEDOWN, CaseRef(entry.ref.account, entry.case.id), note="the label is wrong")
    first.drained()
    rows = bank(hub)
    assert {row["picture"] for row in rows.values()} == wanted
    assert all(row["fingerprints"] and row["note"] == "the label is wrong" for row in rows.values())

    second = open_two("two", hub, "demo-reviewer-2")
    second.ready()
    again = entry_of(second, sibling.case_id)
    other = second.workstation

    def known() -> tuple[Any, ...]:
        found = other.on_desk(lambda: other.review.desk()).result(30)
        shown = [one for one in (found.current, *found.upcoming) if one and one.case.id == again.case.id]
        lying = shown or [one for one in other.on_desk(lambda: other._deck.entries()).result(30)
                          if one.case.id == again.case.id]  # fmt: skip
        return tuple(one for one in lying[0].earlier if one.kind == "takedown")

    second.until(lambda: known(), patience=_PATIENCE_S)
    assert [(one.listing_title, one.note) for one in known()] == [(entry.case.listing.title, "the label is wrong")]

    first.undo()
    first.drained()
    assert all(row["removed"] for row in bank(hub).values())
