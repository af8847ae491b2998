"""The team's history as the hub gives it out: its own log, workstations' logs, tables."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import insert

from reviewer.domain.values import sha256_hex
from reviewer.hub.schema import appeals, proofs, referrals
from reviewer.ledger.chain import ChainRow, first_broken
from reviewer.ledger.tree import tree_head
from tests.unit.hub.desks import DeskLog


def account_id(hub, who="reviewer"):
    return hub.get("/v1", who)["reviewer"]["id"]


def decide(hub, count=3, **more):
    for number in range(count):
        hub.open_case(f"l{number}", description="Leather", price={"amount": "38.00", "currency": "EUR"})
    made = [hub.decision(leased, facts=["The logo differs."], note="sure", **more) for leased in hub.claim()]
    assert {row["status"] for row in hub.decide(*made)} == {"accepted"}
    return made


def rows_of(hub, log, limit=2):
    found: list[dict] = []
    after = 0
    while True:
        items = hub.get(f"/v1/audit/history/{log}?after_row={after}&limit={limit}", "lead")["items"]
        if not items:
            return found
        found += items
        after = items[-1]["sequence"]


def whole(rows):
    return first_broken(
        ChainRow(row["sequence"], row["previous"], row["content"].encode(), row["digest"]) for row in rows
    )


def test_the_hubs_own_log_has_every_decision_and_only_grows(hub):
    made = decide(hub)
    start = hub.get("/v1/audit/history", "lead")
    name = start["hub"]["log"]
    rows = rows_of(hub, name)
    assert whole(rows) is None
    root = tree_head([bytes.fromhex(row["digest"]) for row in rows]).hex()
    assert [(row["log"], row["size"], row["root"]) for row in start["logs"]] == [(name, 3, root)]
    assert [json.loads(row["content"])["decision"]["id"] for row in rows] == [one["id"] for one in made]
    for row in rows:
        said = json.loads(row["content"])
        assert sha256_hex(bytes.fromhex(row["salt"]) + row["text"].encode()) == said["text"]
        assert json.loads(row["text"]) == {"facts": ["The logo differs."], "note": "sure", "measure_off_reason": ""}
        assert row["case"]["title"].startswith("Listing l")
        assert (row["case"]["seller_name"], row["case"]["source"], row["reviewer_name"]) == (
            "Seller s1", "automated", "Reviewer",
        )  # fmt: skip
        assert (row["revision"]["price"], row["revision"]["description"]) == ("38.00", "Leather")
    hub.open_case("later")
    hub.decide(hub.decision(hub.claim()[0], "clear"))
    hub.get("/v1/audit/history", "lead")
    assert rows_of(hub, name)[:3] == rows


def test_a_decision_that_a_workstation_vouches_for_is_told_in_its_log(hub):
    made = decide(hub)
    log = DeskLog()
    hub.post("/v1/audit/keys", log.enrolment(account_id(hub)))
    log.decide(made[1])
    log.decide()
    log.decide({"id": "never-sent"})
    hub.post("/v1/audit/heads", log.head())
    start = hub.get("/v1/audit/history", "lead")
    assert [row["size"] for row in start["logs"]] == [3, 3]
    own = rows_of(hub, start["hub"]["log"])
    assert [row.get("told_in") for row in own] == [None, [log.name, 1], None]
    rows = rows_of(hub, log.name)
    assert [row["delivery"] if "content" in row else None for row in rows] == ["accepted", None, "not received"]
    assert json.loads(rows[0]["text"])["note"] == "sure"
    assert rows[2]["text"] is None
    assert [row["digest"] for row in rows] == [row.digest for row in log.rows]


def test_a_decision_in_two_logs_is_told_once(hub):
    made = decide(hub, 1)
    for name in ("desk-one", "desk-two"):
        log = DeskLog(name)
        hub.post("/v1/audit/keys", log.enrolment(account_id(hub)))
        log.decide(made[0])
        hub.post("/v1/audit/heads", log.head())
    assert "content" in rows_of(hub, "desk-one")[0]
    assert "content" not in rows_of(hub, "desk-two")[0]


def test_tables_tell_what_the_hub_alone_knows(hub):
    made = decide(hub, measure={"kind": "seller_warned", "scope": "all"})
    hub.decide(hub.supersede(made[0], "withdraw"))

    def table(name):
        return hub.get(f"/v1/audit/tables/{name}", "lead")["items"]

    assert [row["decision_id"] for row in table("receipts")][:3] == [one["id"] for one in made]
    assert {row["overturned"] for row in table("offences")} == {0, 1}
    assert any(row["kind"] == "seller_warned" and row["undone"] == 1 for row in table("measures"))
    assert table("policies")
    assert table("appeals") == []
    page = hub.get("/v1/audit/tables/receipts?limit=3", "lead")
    assert page["next_cursor"] == "3"
    assert len(hub.get("/v1/audit/tables/receipts?limit=3&cursor=3", "lead")["items"]) == 1
    assert hub.call("GET", "/v1/audit/tables/accounts", "lead").status_code == 404


def test_appeals_proofs_and_referrals_are_told_in_the_words_of_reports(hub):
    made = decide(hub, 2)
    case, at = made[0]["case_id"], "2026-03-01T09:00:00.000Z"
    of = {"case_id": case, "seller_id": "s1", "decision_id": made[0]["id"]}
    appeal = of | {"appellant": "seller", "party": "s1", "filed_at": at, "received_at": at, "body_sha256": "ab" * 32}
    rows = [
        appeal | {"id": "a1", "state": "reversed", "ruled_at": at},
        appeal | {"id": "a2", "state": "upheld", "ruled_at": at},
        appeal | {"id": "a3", "state": "pending", "ruled_at": None},
    ]
    proof = of | {"id": "p1", "listing_id": "l0", "requested_at": at, "due_at": at, "state": "missed"}
    account = hub.get("/v1")["reviewer"]["id"]
    referral = {"digest": "cd" * 32, "seller_id": "s1", "made_by": account, "made_at": at}
    draft = referral | {"id": "r0", "confirmed_at": None}

    def write(connection):
        connection.execute(insert(appeals), rows)
        connection.execute(insert(proofs), [proof])
        connection.execute(insert(referrals), [draft, referral | {"id": "r1", "confirmed_at": at}])

    hub.store.database.write(write)

    def table(name):
        return hub.get(f"/v1/audit/tables/{name}", "lead")["items"]

    assert [(row["id"], row["by"], row["outcome"]) for row in table("appeals")] == [
        ("a1", "seller", "overturned"), ("a2", "seller", "rejected"), ("a3", "seller", ""),
    ]  # fmt: skip
    assert [(row["state"], row["listing_id"]) for row in table("proofs")] == [("missed", "l0")]
    assert [row["id"] for row in table("referrals")] == ["r1"]


@pytest.mark.parametrize("log", ["desk-unknown"])
def test_an_unknown_log_has_no_rows(hub, log):
    assert rows_of(hub, log) == []
