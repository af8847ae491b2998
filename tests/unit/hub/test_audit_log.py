"""Keys of workstations' logs and the heads over them: enrolled, countersigned, refused."""

from __future__ import annotations

import os
import stat

import pytest

from reviewer.errors import OperatorError
from reviewer.hub.signing import KEY_FILE, with_key
from reviewer.ledger.heads import Enrolment, Head, SignedHead, is_enrolment, is_witness
from reviewer.ledger.keys import SigningKey
from tests.unit.hub.desks import DeskLog


def account_id(hub, who="reviewer"):
    return hub.get("/v1", who)["reviewer"]["id"]


def enrolled(hub, log=None, who="reviewer"):
    log = log or DeskLog()
    hub.post("/v1/audit/keys", log.enrolment(account_id(hub, who)), who)
    return log


def refused(hub, path, body, who="reviewer"):
    answer = hub.call("POST", path, who, json=body)
    assert answer.status_code == 409, answer.text
    return answer.json()


def refusals(hub):
    return hub.get("/v1/audit/tables/refusals", "lead")["items"]


def test_a_key_is_enrolled_by_proof_of_possession_and_again_the_same(hub):
    log = DeskLog()
    made = hub.post("/v1/audit/keys", log.enrolment(account_id(hub)))
    hub.clock.pass_(days=1)
    assert hub.post("/v1/audit/keys", log.enrolment(account_id(hub))) == made
    signed = Enrolment(
        made["log"], made["key"], made["name"], made["at"], made["hub"]["key"], bytes.fromhex(made["signature"])
    )
    assert is_enrolment(signed)
    assert (made["log"], made["key"]) == (log.name, log.key.public)
    keys = hub.get("/v1/audit/keys", "lead")
    assert [(row["key"], row["account_name"], row["revoked_at"]) for row in keys["items"]] == [
        (log.key.public, "Reviewer", None)
    ]
    assert keys["hub"]["key"] == made["hub"]["key"]


def test_the_proof_is_of_this_account_and_this_key(hub):
    log = DeskLog()
    words = refused(hub, "/v1/audit/keys", log.enrolment("somebody else"))
    assert words["type"] == "key-refused"
    other = log.enrolment(account_id(hub)) | {"key": SigningKey.generate().public}
    refused(hub, "/v1/audit/keys", other)
    assert hub.get("/v1/audit/keys", "lead")["items"] == []


def test_two_people_may_enrol_the_key_of_one_workstation(hub):
    log = enrolled(hub)
    enrolled(hub, log, "other")
    assert len(hub.get("/v1/audit/keys", "lead")["items"]) == 1


def test_another_key_of_a_log_needs_the_first_to_be_revoked(hub):
    log = enrolled(hub).grow(3)
    hub.post("/v1/audit/heads", log.head())
    second = DeskLog(log.name, SigningKey.generate(), log.rows, log.salts)
    assert "lead must revoke" in refused(hub, "/v1/audit/keys", second.enrolment(account_id(hub)))["detail"]
    assert hub.call("POST", "/v1/audit/keys/revoke", json={"key": log.key.public}).status_code == 403
    hub.post("/v1/audit/keys/revoke", {"key": log.key.public}, "lead")
    assert "revoked" in refused(hub, "/v1/audit/keys", log.enrolment(account_id(hub)))["detail"]
    enrolled(hub, second).grow(2)
    assert hub.post("/v1/audit/heads", second.head(first=3))["size"] == 5


@pytest.mark.parametrize("path", ["/v1/audit/keys", "/v1/audit/history", "/v1/audit/tables/keys"])
def test_reviewers_read_nothing_of_the_team(hub, path):
    assert hub.call("GET", path).status_code == 403
    assert hub.call("GET", path, "admin").status_code == 200


def test_the_private_key_is_for_its_owner_alone_and_a_lost_one_is_not_replaced(hub):
    store = hub.store
    first = store.database.write(with_key(store))
    assert store.database.write(with_key(store)).key.public == first.key.public
    path = store.folder / KEY_FILE
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert first.key.seed.hex() not in repr(first)
    path.unlink()
    with pytest.raises(OperatorError, match="Put it back"):
        store.database.write(with_key(store))
    answer = hub.call("POST", "/v1/audit/keys", json=DeskLog().enrolment(account_id(hub)))
    assert answer.status_code == 503
    path.write_text(SigningKey.generate().seed.hex())
    with pytest.raises(OperatorError, match="Put it back"):
        store.database.write(with_key(store))


def test_heads_are_countersigned_one_after_another_and_again_the_same(hub):
    log = enrolled(hub).grow(7)
    first = hub.post("/v1/audit/heads", log.head(3))
    hub.clock.pass_(minutes=5)
    second = hub.post("/v1/audit/heads", log.head(7, first=3))
    for answer in (first, second):
        head = Head(answer["log"], answer["size"], answer["root"], answer["at"])
        assert is_witness(SignedHead(head, answer["key"], bytes.fromhex(answer["signature"])))
    assert (first["size"], second["size"], second["at"]) == (3, 7, "2026-03-01T08:05:00.000Z")
    hub.clock.pass_(minutes=5)
    assert hub.post("/v1/audit/heads", log.head(7, first=3)) == second, "a lost answer is asked for again"
    assert hub.post("/v1/audit/heads", log.head(3)) == first, "a head that is played again changes nothing"
    assert hub.post("/v1/audit/heads", log.grow(2).head(9, first=3))["size"] == 9, "rows that overlap are the same"
    assert refusals(hub) == []


@pytest.mark.parametrize(("first", "size"), [(1, 2), (3, 7), (4, 8), (6, 7), (8, 21)])
def test_proofs_of_many_sizes(hub, first, size):
    log = enrolled(hub).grow(size)
    hub.post("/v1/audit/heads", log.head(first))
    assert hub.post("/v1/audit/heads", log.head(size, first=first))["size"] == size


def forked(log, hub):
    """The same number of rows and more, with another row among them."""
    other = DeskLog(log.name, log.key).grow(8)
    return other.head(8, first=5)


def forked_without_proof(log, hub):
    return DeskLog(log.name, log.key).grow(8).head(8)


def other_at_the_same_size(log, hub):
    return DeskLog(log.name, log.key).grow(5).head(5)


def shrunk(log, hub):
    return log.head(4)


def other_key(log, hub):
    return log.grow(1).head(6, first=5, key=SigningKey.generate())


def foreign_signature(log, hub):
    return log.grow(1).head(6, first=5, key=SigningKey.generate()) | {"key": log.key.public}


def revoked_key(log, hub):
    hub.post("/v1/audit/keys/revoke", {"key": log.key.public}, "lead")
    return log.grow(1).head(6, first=5)


def rows_missing(log, hub):
    head = log.grow(3).head(8, first=5)
    return head | {"rows": head["rows"][:-1]}


def rows_of_another_log(log, hub):
    head = log.grow(1).head(6, first=5)
    return head | {"rows": [{"digest": "ab" * 32}]}


def proof_changed(log, hub):
    head = log.grow(3).head(8, first=5)
    return head | {"proof": [head["proof"][0], *["00" * 32] * (len(head["proof"]) - 1)]}


def from_a_size_that_was_not_seen(log, hub):
    return log.grow(3).head(8, first=4)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (forked, "fork"),
        (forked_without_proof, "fork"),
        (other_at_the_same_size, "fork"),
        (shrunk, "ends at row 4, and 5 rows were seen"),
        (other_key, "not enrolled"),
        (foreign_signature, "signature"),
        (revoked_key, "revoked"),
        (rows_missing, "3 rows go with this head, and 2 came"),
        (rows_of_another_log, "do not have the head"),
        (proof_changed, "does not go on"),
        (from_a_size_that_was_not_seen, "no head of 4 rows"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_does_not_go_on_is_refused_and_noted_once(hub, spoil, words):
    log = enrolled(hub).grow(5)
    hub.post("/v1/audit/heads", log.head())
    body = spoil(log, hub)
    problem = refused(hub, "/v1/audit/heads", body)
    assert words in problem["detail"]
    assert problem["type"] in ("log-refused", "key-refused")
    refused(hub, "/v1/audit/heads", body)
    noted = refusals(hub)
    assert [(row["log"], row["size"], row["root"]) for row in noted] == [(log.name, body["size"], body["root"])]
    assert words in noted[0]["reason"]
    start = hub.get("/v1/audit/history", "lead")["logs"]
    assert start == [{"log": log.name, "size": 5, "root": log.head(5)["root"]}], "nothing was taken"


def test_an_unknown_key_signs_nothing(hub):
    log = DeskLog().grow(2)
    assert "not enrolled" in refused(hub, "/v1/audit/heads", log.head())["detail"]


def test_a_row_must_tell_what_was_sent(hub):
    log = enrolled(hub)
    hub.open_case("l1")
    decision = hub.decision(hub.claim()[0])
    hub.decide(decision)
    log.decide(decision | {"kind": "clear"})
    assert "tells another decision" in refused(hub, "/v1/audit/heads", log.head())["detail"]
    honest = enrolled(hub, DeskLog("desk-two"))
    honest.decide(decision)
    assert hub.post("/v1/audit/heads", honest.head())["size"] == 1


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        '{"decision":{"id":"x"},"outbox":"","text":"","account":"","reviewer":""}',
        "{}",
        '{"decision":{"id":7},"outbox":""}',
        "[" * 5000,
    ],
)
def test_a_row_whose_content_is_none_is_refused(hub, content):
    log = enrolled(hub)
    log.decide({"id": "x"})
    head = log.head()
    head["rows"][0]["content"] = content
    assert hub.call("POST", "/v1/audit/heads", json=head).status_code in (409, 422)


@pytest.mark.parametrize("change", [{"size": 0}, {"root": "x"}, {"rows": [{}]}, {"more": 1}, {"log": "a b"}])
def test_a_head_of_the_wrong_shape_is_named_by_its_fault(hub, change):
    log = enrolled(hub).grow(1)
    answer = hub.call("POST", "/v1/audit/heads", json=log.head() | change)
    assert answer.status_code == 422
    assert answer.json()["errors"]
