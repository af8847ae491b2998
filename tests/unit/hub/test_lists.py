"""Pages and cursors: nothing skipped, nothing twice; changes in one growing sequence."""

from __future__ import annotations

import pytest


def walk(hub, path, limit, between=lambda: None):
    found, cursor = [], ""
    while cursor is not None:
        mark = "&" if "?" in path else "?"
        page = hub.get(f"{path}{mark}limit={limit}" + (f"&cursor={cursor}" if cursor else ""))
        found += page["items"]
        cursor = page["next_cursor"]
        between()
    return found


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_pages_of_cases_hold_each_once(hub, limit):
    ids = [hub.open_case() for _ in range(6)]
    assert [row["id"] for row in walk(hub, "/v1/cases", limit)] == ids


def test_a_cursor_keeps_its_place_while_others_change(hub):
    ids = [hub.open_case() for _ in range(6)]

    def between():
        for leased in hub.claim(count=1):
            hub.decide(hub.decision(leased))

    assert [row["id"] for row in walk(hub, "/v1/cases", 2, between)] == ids


def test_cases_can_be_narrowed(hub):
    first = hub.open_case(title="Blue 100% bag", seller="s1", due_at="2026-03-01T09:00:00Z")
    second = hub.open_case(title="Red shoe", seller="s2", due_at="2026-03-02T09:00:00Z")
    ids = lambda query: [row["id"] for row in hub.get(f"/v1/cases?{query}")["items"]]  # noqa: E731
    assert ids("seller=s2") == [second]
    assert ids("text=100%25") == [first]
    assert ids("text=sHOE") == [second]
    assert ids("text=Seller s1") == [first]
    assert ids("text=%25") == [first]
    assert ids("marketplace=elsewhere") == []
    assert ids("due_before=2026-03-01T12:00:00Z") == [first]
    hub.claim(count=1)
    assert len(ids("state=leased")) == 1
    assert len(ids("state=open")) == 1


def test_a_row_says_who_holds_the_case(hub):
    hub.open_case()
    hub.claim()
    assert hub.get("/v1/cases")["items"][0]["leased_by"] == "Reviewer"


def test_changes_start_from_now_and_only_grow(hub):
    start = hub.get("/v1/changes")
    assert start["items"] == []
    case_id = hub.open_case("l-a")
    decision = hub.decision(hub.claim()[0])
    hub.upsert(hub.item("l-a", title="Changed", flags=[]))
    fresh = hub.claim(case_ids=[case_id])[0]
    decision = hub.decision(fresh)
    hub.decide(decision, hub.supersede(decision, "withdraw"))
    page = hub.get(f"/v1/changes?cursor={start['next_cursor']}")
    kinds = [change["kind"] for change in page["items"]]
    assert kinds == [
        "case_opened",
        "case_changed",
        "listing_changed",
        "case_closed",
        "decision_overturned",
        "case_opened",
    ]
    assert {change["row"]["id"] for change in page["items"]} == {case_id}
    assert page["items"][-1]["row"]["state"] == "open"
    end = hub.get(f"/v1/changes?cursor={page['next_cursor']}")
    assert (end["items"], end["next_cursor"]) == ([], page["next_cursor"])


def test_changes_can_be_read_from_the_very_start_in_pages(hub):
    ids = [hub.open_case() for _ in range(5)]
    cursor, seen = "0", []
    while page := hub.get(f"/v1/changes?cursor={cursor}&limit=2"):
        if not page["items"]:
            break
        seen += [change["case_id"] for change in page["items"]]
        cursor = page["next_cursor"]
    assert seen == ids


def test_expired_leases_come_back_in_the_changes(hub, clock):
    hub.open_case()
    hub.claim()
    cursor = hub.get("/v1/changes")["next_cursor"]
    clock.pass_(minutes=11)
    hub.claim("other", case_ids=["nothing"])
    rows = [change["row"] for change in hub.get(f"/v1/changes?cursor={cursor}")["items"]]
    assert [(row["state"], row["leased_by"]) for row in rows] == [("open", "")]
