"""What the hub refuses comes back to the reviewer; nothing is dropped, and nothing else waits for it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
import requests

from reviewer.services.model import CaseOnDesk
from tests.faults.conftest import SUBMIT, Desk, Judge, Open, RunningHub
from tests.faults.proxy import FaultProxy, Line, let_go, reordered

_TIMEOUT_S = 30


def post(hub: RunningHub, token: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = requests.post(hub.url + path, json=body, headers={"Authorization": f"Bearer {token}"}, timeout=_TIMEOUT_S)
    answer.raise_for_status()
    value: dict[str, Any] = answer.json()
    return value


def change_listing(hub: RunningHub, entry: CaseOnDesk, **changes: Any) -> None:
    listing, seller = entry.case.listing, entry.case.seller
    item = {
        "listing": {"id": listing.id, "marketplace": listing.marketplace, "title": listing.title} | changes,
        "seller": {"id": seller.id, "display_name": seller.display_name},
        "flags": [],
    }
    post(hub, "service-1", "/v1/listings", {"items": [item]})


def came_back(desk: Desk, judge: Judge, status: str, *, open_item: bool = True) -> None:
    """The decision is parked, shown where something is to be done, and on the hub only as refused."""
    desk.until(lambda: not desk.unsent())
    first = desk.history()[0]
    assert first.state == "parked"
    assert [item.status for item in desk.inbox()] == ([status] if open_item else [])
    assert judge.status_of(first.decision_id) in (status, None)
    desk.decide()
    desk.workstation.delivery.send_now()
    desk.drained()
    assert desk.history()[1].state == "settled"


def quiet(desk: Desk) -> None:
    """Changes of the queue reach the desk every few seconds; here the reviewer was quicker."""
    for _, account in desk.workstation.intake._workers.values():
        account.changes.do = lambda *_: None  # type: ignore[method-assign]
        account.changes._due_at = float("inf")


def test_a_lease_that_was_lost_parks_the_decision(
    open_desk: Open, hub: RunningHub, judge: Judge, token: str, other_token: str
) -> None:
    desk = open_desk(delay_s=30.0)
    entry = desk.ready(4)
    quiet(desk)
    lease = desk.workstation.intake._around.leases.get(entry.ref)
    assert lease is not None
    desk.decide(ref=entry.ref)
    key = {"id": lease.id, "token": lease.token, "reason": "skipped"}
    post(hub, token, "/v1/leases/release", {"leases": [key]})
    taken = post(hub, other_token, "/v1/leases", {"count": 1, "case_ids": [entry.case.id]})
    assert len(taken["items"]) == 1
    desk.workstation.delivery.send_now()
    came_back(desk, judge, "lease_lost")


def test_a_listing_that_changed_is_asked_again(open_desk: Open, hub: RunningHub, judge: Judge) -> None:
    desk = open_desk(delay_s=30.0)
    entry = desk.ready(4)
    quiet(desk)
    desk.decide(ref=entry.ref)
    change_listing(hub, entry, description="Now with another text")
    desk.workstation.delivery.send_now()
    came_back(desk, judge, "stale")


def test_a_listing_that_is_gone_is_recorded_as_moot(open_desk: Open, hub: RunningHub, judge: Judge) -> None:
    desk = open_desk(delay_s=30.0)
    entry = desk.ready(4)
    quiet(desk)
    desk.decide(ref=entry.ref)
    change_listing(hub, entry, state="deleted")
    desk.workstation.delivery.send_now()
    came_back(desk, judge, "gone", open_item=False)


def other_body_first(line: Line) -> None:
    """Somebody else's program has used the id already, for other words."""
    forged = replace(line.request, raw=line.request.raw.replace(b"my own words", b"their's, ours"[:12]))
    line.proxy.to_hub(forged)
    line.send(line.forward())


def test_the_same_id_with_another_body_is_refused_and_parked(open_desk: Open, proxy: FaultProxy, judge: Judge) -> None:
    desk = open_desk()
    desk.ready(4)
    proxy.plan(SUBMIT, other_body_first)
    desk.decide(note="my own words")
    desk.until(lambda: desk.inbox())
    assert desk.inbox()[0].status == "conflict"
    assert desk.history()[0].state == "parked"
    desk.decide()
    desk.drained()
    assert desk.history()[1].state == "settled"
    judge.same_bytes()


def test_decisions_of_one_listing_stay_in_order_and_others_do_not_wait(
    open_desk: Open, proxy: FaultProxy, judge: Judge
) -> None:
    """A withdrawal of what is being sent waits for its receipt; the hub sees the late first try last."""
    desk = open_desk()
    desk.ready(4)
    met = proxy.plan(SUBMIT, reordered)
    desk.decide()
    assert met.wait(_TIMEOUT_S)
    desk.undo()
    desk.decide()
    other = desk.decide()
    desk.drained()
    answers = let_go(proxy)
    assert all(b'"status":"duplicate"' in answer for answer in answers)
    judge.once_each(desk)
    assert other.case_id in {row.case_id for row in desk.history()}
    sent = [decision for request in proxy.of(SUBMIT) for decision in json.loads(request.body)["decisions"]]
    first = desk.history()[0]
    kinds = [decision["kind"] for decision in sent if decision["case_id"] == first.case_id]
    assert kinds[:2] == ["takedown", "takedown"]
    assert kinds[2:] == ["withdraw", "takedown"]


@pytest.mark.parametrize("size", [1, 3])
def test_one_that_breaks_the_schema_comes_back_and_the_others_go_through(
    size: int, open_desk: Open, judge: Judge
) -> None:
    desk = open_desk(delay_s=30.0)
    desk.ready(4)
    desk.decide(note="x" * 30_000)
    for _ in range(size - 1):
        desk.decide()
    desk.workstation.delivery.send_now()
    desk.drained()
    assert [row.state for row in desk.history()] == ["parked"] + ["settled"] * (size - 1)
    assert desk.inbox()[0].status == "rejected"
