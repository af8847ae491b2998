"""The demo is what the tour and the tests count on."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime

import pytest

from reviewer.domain.values import gtin_is_valid, parse_time
from reviewer.hub.app import create_app
from reviewer.hub.demo import fill_demo
from reviewer.hub.store import open_store
from tests.unit.hub.asgi import Calls

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)


def filled(folder, seed=7):
    store = open_store(folder, clock=lambda: NOW)
    fill_demo(store, seed=seed)
    return store


def everything(store):
    client = Calls(create_app(store))

    def call(path):
        answer = client.request("GET", path, headers={"Authorization": "Bearer demo-reviewer"})
        assert answer.status_code == 200, answer.text
        return answer.json()

    rows = call("/v1/cases?state=open&limit=500")["items"]
    cases = [call(f"/v1/cases/{row['id']}") for row in rows]
    return cases, call("/v1/references")["items"], call("/v1"), call("/v1/decisions?limit=500")["items"]


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    store = filled(tmp_path_factory.mktemp("demo"))
    yield (*everything(store), store)
    store.close()


def test_there_are_enough_cases_sellers_and_marketplaces(demo):
    cases, references, service, past, _ = demo
    assert len(cases) >= 240
    assert len(references) == 15
    assert len(service["marketplaces"]) == 3
    assert len({case["seller"]["id"] for case in cases}) >= 60
    assert {item["receipt"]["status"] for item in past} == {"accepted"}


def test_currencies_languages_and_sources_are_mixed(demo):
    cases = demo[0]
    currencies = Counter(case["listing"]["price"]["currency"] for case in cases if case["listing"]["price"])
    assert {"KRW", "IDR", "THB", "MXN", None} <= set(currencies)
    assert {case["listing"]["language"] for case in cases} == {"en", "ko", "th", "zh", "id", "es"}
    sources = {flag["source"] for case in cases for flag in case["flags"]}
    assert sources == {
        "automated", "rights_holder", "trusted_flagger", "authority", "consumer", "staff", "brand_bot",
    }  # fmt: skip
    assert {"active", "warned", "restricted"} <= {case["seller"]["standing"] for case in cases}
    assert any(link["standing"] == "banned" for case in cases for link in case["seller"]["links"])


def test_every_price_can_be_compared_with_the_list_price(demo):
    for case in demo[0]:
        price = case["listing"]["price"]
        if price and price["currency"]:
            assert case["references"][0]["list_price"]["currency"] == price["currency"]


def test_due_times_reach_from_overdue_to_tomorrow(demo):
    hours = [(parse_time(case["due_at"]) - NOW).total_seconds() / 3600 for case in demo[0] if case["due_at"]]
    assert min(hours) < -1
    assert max(hours) > 20


def test_every_picture_is_there(demo):
    cases, references, _, _, store = demo
    pictures = [p for case in cases for p in case["listing"]["pictures"]]
    pictures += [p for product in references for p in product["pictures"]]
    pictures += [p for case in cases if case["previous"] for p in case["previous"]["pictures"]]
    for sha256 in {picture["sha256"] for picture in pictures}:
        assert store.media.get(sha256)


def test_the_special_cases_are_there(demo):
    listings = [case["listing"] for case in demo[0]]
    assert any(not listing["pictures"] for listing in listings)
    assert any(len(listing["pictures"]) == 40 for listing in listings)
    assert any(len(listing["description"]) == 10_000 for listing in listings)
    assert any("\u202e" in listing["title"] and "<b>" in listing["title"] for listing in listings)
    assert any(case["previous"] for case in demo[0])


def test_article_numbers_are_right_wrong_or_missing(demo):
    found: Counter[str] = Counter()
    for case in demo[0]:
        gtin = case["listing"]["gtin"]
        assert not gtin or gtin_is_valid(gtin)
        found["missing" if not gtin else "right" if gtin == case["references"][0]["gtin"] else "wrong"] += 1
    assert min(found["missing"], found["right"], found["wrong"]) >= 10


def test_the_references_say_what_to_look_at(demo):
    points = [point for product in demo[1] for point in product["authentication_points"]]
    assert all(point["words"] for point in points)
    assert sum(bool(point["copies"]) for point in points) > len(points) / 2
    assert all(product["rights"] and product["authorised_sellers"] for product in demo[1])


def test_the_same_seed_makes_the_same_demo_and_another_makes_another(demo, tmp_path):
    again, other = filled(tmp_path / "again"), filled(tmp_path / "other", seed=8)
    try:
        first = json.dumps(demo[0], sort_keys=True)
        assert json.dumps(everything(again)[0], sort_keys=True) == first
        assert json.dumps(everything(other)[0], sort_keys=True) != first
    finally:
        again.close()
        other.close()
