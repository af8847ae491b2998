"""Who calls too often is told when to come back; others are not touched."""

from __future__ import annotations

from reviewer.hub.app import create_app
from reviewer.hub.rates import Rates
from tests.unit.hub.asgi import Calls


def test_five_seconds_worth_at_once_then_one_by_one():
    moment = [0.0]
    rates = Rates(2, lambda: moment[0])
    assert [rates.wait("a") for _ in range(12)] == [0] * 10 + [1, 1]
    assert rates.wait("b") == 0
    moment[0] = 0.5
    assert [rates.wait("a") for _ in range(2)] == [0, 1]
    moment[0] = 1000
    assert [rates.wait("a") for _ in range(11)] == [0] * 10 + [1]


def test_less_than_one_a_second():
    moment = [0.0]
    rates = Rates(0.1, lambda: moment[0])
    assert [rates.wait("a"), rates.wait("a")] == [0, 10]
    moment[0] = 10
    assert rates.wait("a") == 0


def test_many_accounts_do_not_fill_the_memory(monkeypatch):
    monkeypatch.setattr("reviewer.hub.rates._MOST", 3)
    rates = Rates(1, lambda: 0.0)
    for number in range(50):
        assert rates.wait(str(number)) == 0
    assert len(rates._buckets) <= 3


def test_the_answer_says_when_to_come_back(hub):
    calls = Calls(create_app(hub.store, requests_per_second=0.2))
    bearer = {"Authorization": "Bearer reviewer"}
    assert calls.request("GET", "/v1", headers=bearer).status_code == 200
    refused = calls.request("POST", "/v1/leases", headers=bearer, json={"count": 1})
    assert (refused.status_code, refused.json()["type"]) == (429, "rate-limited")
    assert 1 <= int(refused.headers["retry-after"]) <= 5
    assert calls.request("GET", "/v1", headers={"Authorization": "Bearer lead"}).status_code == 200


def test_without_a_limit_nobody_waits(hub):
    assert {hub.call("GET", "/v1").status_code for _ in range(30)} == {200}
