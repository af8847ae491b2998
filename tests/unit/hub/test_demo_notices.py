"""The demo's notices: of each kind of claimant, with every sort of misfit, and the same for the same seed."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from reviewer.hub.app import create_app
from reviewer.hub.demo import fill_demo
from reviewer.hub.store import open_store
from tests.unit.hub.asgi import Calls

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    store = open_store(tmp_path_factory.mktemp("demo"), clock=lambda: NOW)
    fill_demo(store)
    calls = Calls(create_app(store))

    def get(path, who="demo-reviewer"):
        answer = calls.request("GET", path, headers={"Authorization": f"Bearer {who}"})
        assert answer.status_code == 200, answer.text
        return answer.json()

    yield get
    store.close()


def test_there_are_notices_of_each_kind(demo):
    rows = demo("/v1/notices?limit=500")["items"]
    kinds = Counter(row["source"] for row in rows)
    assert set(kinds) == {"rights_holder", "trusted_flagger", "authority", "consumer"}
    assert {row["complete"] for row in rows} == {True, False}
    assert any(1 < row["listing_count"] < 10 for row in rows), "one names several listings of a seller"
    assert len(demo("/v1/notices?state=withdrawn")["items"]) == 1
    assert all(row["received_at"] <= "2026-05-04T09:30:00.000Z" for row in rows)


def test_the_cases_carry_their_notices_with_every_sort_of_misfit(demo):
    found: Counter[tuple[str, str]] = Counter()
    for row in demo("/v1/cases?state=open&limit=500")["items"]:
        case = demo(f"/v1/cases/{row['id']}")
        named = {flag["notice_id"] for flag in case["flags"]} - {""}
        assert named == {notice["id"] for notice in case["notices"]}
        for notice in case["notices"]:
            if notice["record"]["judged"]:
                shares = {flag["claimant_upheld"] for flag in case["flags"] if flag["notice_id"] == notice["id"]}
                assert shares == {notice["record"]["upheld_percent"] / 100}
            found.update((item["id"], item["verdict"]) for item in notice["checks"])
    wanted = [("in_force", "fails"), ("class", "fails"), ("class", "unknown"), ("territory", "fails"),
              ("may_act", "unknown"), ("may_act", "ok"), ("gtin", "fails"), ("duplicate", "fails"),
              ("good_faith", "fails")]  # fmt: skip
    assert [item for item in wanted if not found[item]] == []


def test_the_claimants_have_records(demo):
    told = demo("/v1/claimants/me", "demo-claimant")
    assert told["name"] == "Norrvik brand protection"
    assert told["record"]["judged"]
    records = [demo(f"/v1/claimants/{row['claimant_id']}")["record"]
               for row in demo("/v1/notices?source=rights_holder&limit=500")["items"]]  # fmt: skip
    assert any(record["warned_at"] for record in records)


def test_the_claimant_follows_its_outcomes(demo):
    items = demo("/v1/notices/outcomes", "demo-claimant")["items"]
    assert {"open", "upheld"} <= {item["outcome"] for item in items}
