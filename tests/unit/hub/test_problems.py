"""Every refusal is a problem of RFC 9457, and hostile bodies get one too."""

from __future__ import annotations

import gzip
import json

import pytest

JSON = {"Content-Type": "application/json"}


def problem(answer, status, kind):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (body["type"], body["status"]) == (kind, status)
    assert body["title"]
    assert body["detail"]
    return body


@pytest.mark.parametrize("path", ["/", "/v2", "/v1/nothing", "/v1/cases/unknown", "/v1/sellers/unknown"])
def test_what_is_not_there(hub, path):
    problem(hub.call("GET", path), 404, "not-found")


def test_another_method(hub):
    answer = hub.call("DELETE", "/v1/cases")
    problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == "GET"
    assert hub.call("DELETE", "/v1/decisions").headers["allow"] == "GET, POST"


def test_a_parameter_that_is_not_known_is_refused_like_a_field(hub):
    body = problem(hub.call("GET", "/v1/cases?limit=5&sta~te/x=open"), 422, "invalid-request")
    assert [error["pointer"] for error in body["errors"]] == ["/query/sta~0te~1x"]
    problem(hub.call("POST", "/v1/leases?limit=5", json={"count": 1}), 422, "invalid-request")


@pytest.mark.parametrize("query", ["limit=0", "limit=501", "limit=x", "cursor=x", "state=asleep", "due_before=noon"])
def test_wrong_parameters(hub, query):
    body = problem(hub.call("GET", f"/v1/cases?{query}"), 422, "invalid-request")
    assert body["errors"][0]["pointer"] == "/query/" + query.partition("=")[0]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"count": 0}, "/count"),
        ({"count": 51}, "/count"),
        ({"count": "5"}, "/count"),
        ({"count": True}, "/count"),
        ({"count": 1, "surprise": 1}, "/surprise"),
        ({"count": 1, "case_ids": ["x" * 129]}, "/case_ids/0"),
        ({"count": 1, "case_ids": [{"a/b": 1}]}, "/case_ids/0"),
        ({"count": 1, "offline_s": -1}, "/offline_s"),
        ([], ""),
        (None, ""),
    ],
)
def test_faults_have_a_pointer(hub, body, pointer):
    answered = problem(
        hub.call("POST", "/v1/leases", content=json.dumps(body).encode(), headers=JSON), 422, "invalid-request"
    )
    assert answered["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"count": 1, "count": 2}',
        b'{"count": NaN}',
        b'{"count": 1e999}',
        b'{"count": ' + b"9" * 5000 + b"}",
        b'{"count": 1, "case_ids": ["\\ud800"]}',
        b"\xff\xfe",
        b"[" * 200_000,
        b'{"a":' * 100_000,
    ],
    ids=["empty", "cut", "doubled", "nan", "huge", "long", "surrogate", "bytes", "deep-list", "deep-object"],
)
def test_hostile_json(hub, body):
    problem(hub.call("POST", "/v1/leases", content=body, headers=JSON), 422, "invalid-request")


def test_another_kind_of_body(hub):
    problem(hub.call("POST", "/v1/leases", content=b"count=1"), 415, "not-acceptable")
    problem(
        hub.call("POST", "/v1/leases", content=b"{}", headers=JSON | {"Content-Encoding": "br"}), 415, "not-acceptable"
    )


def test_a_compressed_body_is_read(hub):
    hub.open_case()
    body = gzip.compress(json.dumps({"count": 1}).encode())
    answer = hub.call("POST", "/v1/leases", content=body, headers=JSON | {"Content-Encoding": "gzip"})
    assert len(answer.json()["items"]) == 1


def test_too_large_plain_and_compressed(hub):
    large = b'{"count": 1' + b" " * (8 * 1024 * 1024) + b"}"
    problem(hub.call("POST", "/v1/leases", content=large, headers=JSON), 413, "too-large")
    bomb = gzip.compress(b" " * (200 * 1024 * 1024))
    headers = JSON | {"Content-Encoding": "gzip"}
    problem(hub.call("POST", "/v1/leases", content=bomb, headers=headers), 413, "too-large")


@pytest.mark.parametrize(
    "body",
    [b"not gzip", gzip.compress(b"{}", mtime=0)[:-4], gzip.compress(b"{}", mtime=0) + b"x"],
    ids=["none", "cut", "longer"],
)
def test_broken_gzip(hub, body):
    headers = JSON | {"Content-Encoding": "gzip"}
    problem(hub.call("POST", "/v1/leases", content=body, headers=headers), 422, "invalid-request")


def test_a_fault_of_ours_is_a_problem_too(hub, monkeypatch):
    def fail():
        raise RuntimeError("made to fail")

    monkeypatch.setattr(hub.store, "clock", fail)
    body = problem(hub.call("GET", "/v1"), 500, "internal")
    assert "made to fail" not in body["detail"]
