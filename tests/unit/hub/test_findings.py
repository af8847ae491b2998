"""Findings files at the hub: verified, kept, given back to reviewers, settled once."""

from __future__ import annotations

import pytest

from reviewer.ledger.findings import signed_findings
from reviewer.ledger.keys import SigningKey
from tests.unit.hub.desks import DeskLog


def account_id(hub, who):
    return hub.get("/v1", who)["reviewer"]["id"]


@pytest.fixture
def lead(hub):
    """The workstation of a lead, enrolled."""
    log = DeskLog("desk-lead")
    hub.post("/v1/audit/keys", log.enrolment(account_id(hub, "lead")), "lead")
    return log


@pytest.fixture
def decided(hub):
    """Three decisions of the reviewer."""
    for number in range(3):
        hub.open_case(f"l{number}")
    made = [hub.decision(leased, "takedown") for leased in hub.claim()]
    hub.decide(*made)
    return made


def finding(decision, verdict="return", **more):
    return {
        "decision_id": decision["id"], "reviewer": "Reviewer", "auditor": "Kim Aalto", "at": "2026-03-02T10:00:00.000Z",
        "verdict": verdict, "kind": decision["kind"], "ground": decision["ground"], "note": "Look at the seam again.",
        "blind": False, "golden": False, "seconds": 4.5,
    } | more  # fmt: skip


def file_of(log, *items):
    return signed_findings(log.key, "2026-11", "draw", list(items))


def send(hub, value, who="lead"):
    return hub.post("/v1/audit/findings", value, who)


def refused(hub, value):
    answer = hub.call("POST", "/v1/audit/findings", "lead", json=value)
    assert answer.status_code == 409, answer.text
    assert hub.get("/v1/audit/tables/opinions", "lead")["items"] == []
    return answer.json()["detail"]


def returned(hub, who="reviewer"):
    return hub.get("/v1/audit/returned", who)["items"]


def test_returned_cases_go_to_their_reviewer_and_are_settled_once(hub, lead, decided):
    first, second, third = decided
    value = file_of(
        lead, finding(first), finding(second, "agree", note=""), finding(third, "fix", kind="clear", ground="", note="")
    )
    assert send(hub, value) == {"new": 3, "known": 0, "elsewhere": 0, "back": 2}
    assert send(hub, value) == {"new": 0, "known": 3, "elsewhere": 0, "back": 0}
    rows = returned(hub)
    assert [(row["decision_id"], row["verdict"], row["note"]) for row in rows] == [
        (first["id"], "return", "Look at the seam again."), (third["id"], "fix", "")
    ]  # fmt: skip
    assert (rows[0]["auditor"], rows[1]["kind"], rows[1]["case_id"]) == ("Kim Aalto", "clear", third["case_id"])
    assert returned(hub, "other") == []
    body = {"items": [{"id": rows[0]["id"], "resolution": "corrected", "decision_id": "new"}]}
    answer = hub.call("POST", "/v1/audit/returned/settle", "other", json=body)
    assert answer.status_code == 404, "it was not returned to somebody else"
    assert hub.post("/v1/audit/returned/settle", body)["items"] == ["settled"]
    again = {"items": [{"id": rows[0]["id"], "resolution": "upheld"}]}
    assert hub.post("/v1/audit/returned/settle", again)["items"] == ["known"], "the first word stays"
    assert [row["decision_id"] for row in returned(hub)] == [third["id"]]
    opinions = hub.get("/v1/audit/tables/opinions", "lead")["items"]
    assert [(row["verdict"], row["sample"], row["seconds"]) for row in opinions] == [
        ("return", "draw", 4.5), ("agree", "draw", 4.5), ("fix", "draw", 4.5)
    ]  # fmt: skip


def test_a_page_goes_on_where_the_last_one_ended(hub, lead, decided):
    send(hub, file_of(lead, *(finding(decision) for decision in decided)))
    page = hub.get("/v1/audit/returned?limit=2")
    rest = hub.get(f"/v1/audit/returned?cursor={page['next_cursor']}")
    assert len(page["items"]) == 2
    assert len(rest["items"]) == 1
    assert hub.get(f"/v1/audit/returned?cursor={rest['next_cursor']}") == {
        "items": [],
        **{"next_cursor": rest["next_cursor"]},
    }


def test_a_fix_that_says_the_same_goes_to_nobody(hub, lead, decided):
    assert send(hub, file_of(lead, finding(decided[0], "fix")))["back"] == 0
    assert returned(hub) == []


@pytest.mark.parametrize("change", [{"seed": "other"}, {"draw": ""}, {"key": SigningKey.generate().public}])
def test_a_file_that_was_tampered_with_is_refused(hub, lead, decided, change):
    assert "not what its auditor signed" in refused(hub, file_of(lead, finding(decided[0])) | change)


def test_a_changed_opinion_is_refused(hub, lead, decided):
    value = file_of(lead, finding(decided[0]))
    value["items"][0]["note"] = "Well done."
    assert "not what its auditor signed" in refused(hub, value)


def test_a_foreign_key_and_a_revoked_key_are_refused(hub, lead, decided):
    assert "not enrolled here" in refused(hub, file_of(DeskLog(), finding(decided[0])))
    hub.post("/v1/audit/keys/revoke", {"key": lead.key.public}, "lead")
    assert "was revoked" in refused(hub, file_of(lead, finding(decided[0])))


def test_a_file_about_other_decisions_is_refused_and_in_part_it_is_counted(hub, lead, decided):
    foreign = finding(decided[0], decision_id="0190c0de-0000-7000-8000-000000000000")
    assert "None of the decisions" in refused(hub, file_of(lead, foreign))
    assert send(hub, file_of(lead, foreign, finding(decided[0]))) == {"new": 1, "known": 0, "elsewhere": 1, "back": 1}


def test_a_return_needs_a_note_and_nobody_audits_oneself(hub, lead, decided):
    assert "without a note" in refused(hub, file_of(lead, finding(decided[0], note=" ")))
    hub.open_case("own")
    own = hub.decision(hub.claim("lead")[0])
    hub.decide(own, who="lead")
    assert "your own" in refused(hub, file_of(lead, finding(own)))


def test_only_leads_send_findings(hub, lead, decided):
    for who in ("reviewer", "admin", "service"):
        assert hub.call("POST", "/v1/audit/findings", who, json=file_of(lead, finding(decided[0]))).status_code == 403
