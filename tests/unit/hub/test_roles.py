"""Who may call what: the role table of docs/queue-api.md, call by call."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import select, update

from reviewer.hub.app import create_app
from reviewer.hub.schema import accounts

CONTRACT = Path(__file__).parents[3] / "docs" / "queue-api.md"
STAFF = ("reviewer", "lead", "admin", "service")
ROLES = (*STAFF, "claimant")
SHA = "0" * 64


def rows():
    lines = r"^\| `(GET|POST|PUT|PATCH|DELETE) (/v1[^`?]*)[^`]*` \| ([^|]+) \|"
    for method, path, roles in re.findall(lines, CONTRACT.read_text("utf-8"), re.MULTILINE):
        named = tuple(role.strip() for role in roles.split(","))
        allowed = STAFF + named[1:] if named[0] == "any" else named
        assert set(allowed) <= set(ROLES), (method, path, roles)
        yield method, path.strip(), allowed


def table():
    for method, path, allowed in rows():
        yield method, re.sub(r"\{\w+\}", "x", path.replace("{sha256}", SHA)), allowed


CALLS = list(table())


def test_every_call_of_the_hub_is_in_the_table_and_no_other():
    told = {(method, re.sub(r"\{\w+\}", "{}", path)) for method, path, _ in rows()}
    document = create_app(SimpleNamespace(database=None)).openapi()  # type: ignore[arg-type]  # it is only described
    served = {
        (method.upper(), re.sub(r"\{\w+\}", "{}", path))
        for path, operations in document["paths"].items()
        for method in operations
    }
    assert sorted(told ^ served) == []


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("method", "path", "allowed"), CALLS)
def test_a_role_may_call_what_the_table_says(lasting_hub, method, path, allowed, role):
    answer = lasting_hub.call(method, path, role, json={} if method == "POST" else None)
    if role in allowed:
        assert answer.status_code not in (401, 403)
    else:
        assert (answer.status_code, answer.json()["type"]) == (403, "forbidden")


@pytest.mark.parametrize("token", [None, "wrong", "Reviewer", "reviewer "])
@pytest.mark.parametrize(("method", "path", "_allowed"), CALLS)
def test_nobody_calls_without_a_valid_token(lasting_hub, method, path, _allowed, token):
    answer = lasting_hub.call(method, path, None, headers={"Authorization": f"Bearer {token}x"} if token else {})
    assert (answer.status_code, answer.json()["type"]) == (401, "unauthorized")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_tokens_are_not_in_the_database(hub):
    hub.get("/v1")
    found = hub.store.database.read(lambda connection: connection.execute(select(accounts)).all())
    assert len(found) == 6
    for row in found:
        assert len(row.token_sha256) == 64
        assert not {"reviewer", "lead", "admin", "service", "claimant", "other"} & set(row[3:])


def test_a_disabled_account_is_out_within_five_seconds(hub, monkeypatch):
    moment = [1000.0]
    monkeypatch.setattr("reviewer.hub.auth.time.monotonic", lambda: moment[0])
    hub.get("/v1", "other")
    hub.store.database.write(
        lambda connection: connection.execute(
            update(accounts).where(accounts.c.name == "Other").values(disabled_at="2026-03-01T08:00:00.000Z")
        )
    )
    moment[0] += 5.1
    assert hub.call("GET", "/v1", "other").status_code == 401
    hub.store.database.write(
        lambda connection: connection.execute(
            update(accounts).where(accounts.c.name == "Other").values(disabled_at=None)
        )
    )
