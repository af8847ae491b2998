"""Accounts taken back: their tokens, and the cases that they hold."""

from __future__ import annotations

import re

import pytest
from typer.testing import CliRunner

from reviewer.cli import app
from reviewer.errors import OperatorError
from reviewer.hub.auth import all_accounts, replace_token, set_disabled
from reviewer.hub.leases import end_account


@pytest.fixture
def later(monkeypatch):
    """Lets the five seconds pass in which a hub trusts what it knows of a token."""
    moment = [1000.0]
    monkeypatch.setattr("reviewer.hub.auth.time.monotonic", lambda: moment[0])

    def pass_() -> None:
        moment[0] += 5.1

    return pass_


def id_of(hub, name):
    return next(row.id for row in hub.store.database.read(all_accounts) if row.name == name)


@pytest.fixture(autouse=True)
def as_before(hub):
    yield
    hub.store.database.write(lambda connection: set_disabled(connection, id_of(hub, "Other"), None))
    hub.store.database.write(lambda connection: replace_token(connection, id_of(hub, "Other"), "other"))


def test_who_is_gone_is_refused_and_the_cases_come_back_at_once(hub, clock, later):
    names = {hub.open_case() for _ in range(3)}
    mine = hub.claim("other", 3, offline_s=8 * 3600)
    before = hub.get("/v1/changes")["next_cursor"]
    assert hub.claim() == []
    returned = hub.store.database.write(lambda connection: end_account(connection, id_of(hub, "Other"), clock()))
    assert returned == 3
    assert {change["case_id"] for change in hub.get(f"/v1/changes?cursor={before}")["items"]} == names
    later()
    assert hub.call("GET", "/v1", "other").status_code == 401
    taken = hub.claim()
    assert {item["case"]["id"] for item in taken} == names
    tokens = {item["case"]["id"]: item["lease"]["token"] for item in mine}
    assert all(item["lease"]["token"] == tokens[item["case"]["id"]] + 1 for item in taken)
    hub.store.database.write(lambda connection: set_disabled(connection, id_of(hub, "Other"), None))
    later()
    assert hub.decide(hub.decision(mine[0]), who="other")[0]["status"] == "lease_lost"


def test_a_new_token_ends_the_one_before(hub, later):
    hub.get("/v1", "other")
    hub.store.database.write(lambda connection: replace_token(connection, id_of(hub, "Other"), "another"))
    later()
    assert hub.call("GET", "/v1", "other").status_code == 401
    assert hub.get("/v1", "another")["reviewer"]["name"] == "Other"


def test_an_account_that_is_not_there_is_said(hub, clock):
    with pytest.raises(OperatorError, match="no account 'nobody'"):
        hub.store.database.write(lambda connection: end_account(connection, "nobody", clock()))


def test_the_commands(tmp_path):
    def run(*words):
        return CliRunner().invoke(app, ["hub", *words, "--data", str(tmp_path)])

    token = run("token", "--name", "Ana Ruiz", "--role", "reviewer").output.strip()
    listed = run("accounts", "list").output
    found = re.fullmatch(r"([0-9a-f]{16})  reviewer  0 cases    since \d{4}-\d\d-\d\d  Ana Ruiz\n", listed)
    assert found
    assert token not in listed
    assert "is refused from now on; 0 of its cases" in run("accounts", "disable", found[1]).output
    assert re.search(r"Ana Ruiz  disabled \d{4}-\d\d-\d\d\n", run("accounts", "list").output)
    assert "may call again" in run("accounts", "enable", found[1]).output
    assert run("accounts", "list").output == listed
    again = run("accounts", "token", found[1]).output.strip()
    assert len(again) >= 40
    assert again != token
    assert "no account 'x'" in str(run("accounts", "token", "x").exception)
