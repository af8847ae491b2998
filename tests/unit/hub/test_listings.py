"""Upserts: created, updated, unchanged, refused; and the cases that follow from flags."""

from __future__ import annotations

import pytest

from reviewer.domain.listing import revision_digest


def test_the_same_again_changes_nothing(hub):
    item = hub.item("l-a")
    first, again = hub.upsert(item)[0], hub.upsert(item)[0]
    assert (first["status"], again["status"]) == ("created", "unchanged")
    assert again["case_id"] == first["case_id"]
    assert again["revision"] == first["revision"]
    assert len(hub.get("/v1/cases")["items"]) == 1


def test_the_revision_is_the_digest_of_the_content(hub):
    picture = {"sha256": "a" * 64}
    item = hub.item("l-a", description="d", price={"amount": "9.50", "currency": "EUR"}, pictures=[picture])
    assert hub.upsert(item)[0]["revision"] == revision_digest(
        title="Listing l-a",
        description="d",
        brand="Norrvik",
        category="",
        price="9.50",
        currency="EUR",
        gtin="",
        pictures=["a" * 64],
    )


def test_sales_change_the_listing_but_not_its_revision(hub):
    first = hub.upsert(hub.item("l-a"))[0]
    second = hub.upsert(hub.item("l-a", units_sold=9, flags=[]))[0]
    assert second["status"] == "updated"
    assert second["revision"] == first["revision"]
    case = hub.case(first["case_id"])
    assert (case["listing"]["units_sold"], case["previous"]) == (9, None)


def test_a_new_flag_joins_the_waiting_case(hub):
    first = hub.open_case("l-a")
    assert hub.open_case("l-a", priority=7) == first
    case = hub.case(first)
    assert (len(case["flags"]), case["priority"]) == (2, 7)


def test_a_new_flag_after_the_decision_opens_a_new_case(hub):
    first = hub.open_case("l-a")
    hub.decide(hub.decision(hub.claim()[0], "clear"))
    assert hub.open_case("l-a") != first


def test_without_flags_there_is_no_case(hub):
    assert hub.upsert(hub.item("l-a", flags=[]))[0]["case_id"] == ""
    assert hub.get("/v1/cases")["items"] == []


def test_the_due_time_follows_from_the_ground(hub):
    assert hub.case(hub.open_case())["due_at"] == "2026-03-02T08:00:00.000Z"


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"gtin": "2041577310016"}, "GTIN"),
        ({"marketplace": "elsewhere"}, "marketplace"),
        ({"references": ["no-such"]}, "reference"),
    ],
)
def test_a_refused_item_leaves_the_others(hub, changes, word):
    bad, good = hub.upsert(hub.item("l-a", **changes), hub.item("l-b", gtin="2041577310015"))
    assert bad["status"] == "refused"
    assert word in bad["detail"]
    assert good["status"] == "created"


def test_a_listing_stays_with_its_seller(hub):
    hub.upsert(hub.item("l-a", seller="s1"))
    assert hub.upsert(hub.item("l-a", seller="s2"))[0]["status"] == "refused"
    assert hub.call("GET", "/v1/sellers/s2").status_code == 404


def test_hostile_texts_come_back_as_they_were(hub):
    title = "<b>\u202eevil\u202c</b> \u200b \U0001f525"
    case = hub.case(hub.open_case(title=title, description="x" * 100_000))
    assert case["listing"]["title"] == title
    assert len(case["listing"]["description"]) == 100_000


def test_siblings_share_a_picture_or_a_seller(hub):
    shared = [{"sha256": "b" * 64}]
    first = hub.open_case(seller="s1", pictures=shared)
    twin = hub.open_case(seller="s2", pictures=shared)
    mate = hub.open_case(seller="s1")
    hub.open_case(seller="s3")
    found = {sibling["case_id"]: sibling["relation"] for sibling in hub.case(first)["siblings"]}
    assert found == {twin: "same_pictures", mate: "same_seller"}
