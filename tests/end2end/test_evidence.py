"""Picture evidence between desks: fingerprints travel with a takedown, the next desk knows the photos."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageOps

from reviewer.domain.decision import DecisionKind
from reviewer.domain.values import sha256_hex
from reviewer.imaging.jpeg_codes import codes_of_jpegs
from reviewer.services.model import CaseOnDesk, CaseRef
from reviewer.ui.review.sitting import together
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


def test_an_open_case_that_nobody_leased_is_offered_with_its_photo(hub: HubProcess, open_two: Any) -> None:
    rows = hub.call("GET", "/v1/cases?state=open&limit=100")["items"]
    cases = [hub.call("GET", f"/v1/cases/{row['id']}") for row in rows[-40:]]
    brands = {one["sha256"] for case in cases for product in case["references"] for one in product["pictures"]}
    case, picture = next(
        (case, one["sha256"]) for case in cases for one in case["listing"]["pictures"] if one["sha256"] not in brands
    )
    copied = mirrored(hub.bytes_of(picture))
    assert hub.put_bytes(copied, who="demo-service") == 201
    listing = {
        "id": "copied-listing", "marketplace": case["marketplace"], "title": "The same photo, mirrored",
        "pictures": [{"sha256": sha256_hex(copied), "media_type": "image/jpeg"}],
    }  # fmt: skip
    flag = {"id": "f-copied", "source": "automated", "reason": "counterfeit", "at": "2026-03-01T08:00:00Z"}
    item = {"listing": listing, "seller": {"id": "copied-seller", "display_name": "Copied"}, "flags": [flag]}
    answer = hub.call("POST", "/v1/listings", {"items": [item]}, who="demo-service")["items"][0]
    assert answer["status"] == "created", answer
    [code] = codes_of_jpegs([copied])
    assert code is not None
    told = {"picture": sha256_hex(copied), "algorithm": "pdq", "version": 1, "quality": code.quality}
    hub.call("POST", "/v1/pictures", {"items": [told | {"codes": [code.code.hex()]}]})

    desk = open_two("one", hub, "demo-reviewer")
    desk.ready()
    entry_of(desk, case["id"])
    station = desk.workstation

    def offered() -> Any:
        lying = station.on_desk(lambda: station._deck.entries()).result(30)
        entry = next(one for one in lying if one.case.id == case["id"])
        return entry if answer["case_id"] in together(entry) else None

    entry = desk.until(offered, patience=_PATIENCE_S)
    match = next(one for one in entry.matches if one.source_id == answer["case_id"])
    assert (match.kind, match.other, match.found.mirrored) == ("same photo", sha256_hex(copied), True)
    told_of = next(one for one in entry.earlier if one.case_id == answer["case_id"])
    assert (told_of.seller_name, told_of.listing_title) == ("Copied", "The same photo, mirrored")
    claimed = station.in_background(
        lambda: station.intake.claim_named(entry.ref.account, tuple(together(entry)))
    ).result(60)
    assert answer["case_id"] in {one.case.id for one in claimed}


def mirrored(data: bytes) -> bytes:
    """The picture mirrored and encoded anew."""
    sink = io.BytesIO()
    ImageOps.mirror(Image.open(io.BytesIO(data)).convert("RGB")).save(sink, "JPEG", quality=80)
    return sink.getvalue()
