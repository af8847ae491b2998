"""Proofs of authenticity: asked for, brought, judged, reused, missed."""

from __future__ import annotations

import threading

import pytest

from reviewer.hub.deadlines import Passed, keeping_deadlines, run_deadlines
from reviewer.hub.dossier import dossier_of
from tests.unit.hub.redress import PDF, ask, judged, paper, put, send, sent, statements

PNG = bytes.fromhex("89504e470d0a1a0a") + b"rest"


def test_asking_opens_a_request_with_a_deadline_and_what_is_asked(hub):
    proof = ask(hub)
    assert (proof["state"], proof["due_at"]) == ("requested", "2026-03-04T08:00:00.000Z")
    assert proof["asked"] == ["invoice", "authorisation_letter", "licence"]
    assert proof["words"] == "Please send the invoice of your supplier."
    case = hub.case(proof["case_id"])
    assert (case["state"], case["kind"]) == ("awaiting_proof", "listing")
    assert hub.get(f"/v1/proofs/{proof['id']}", "service")["id"] == proof["id"]
    assert [row["id"] for row in hub.get("/v1/proofs?state=requested&seller=s1")["items"]] == [proof["id"]]
    assert hub.get("/v1/proofs?state=accepted")["items"] == []


def test_documents_bring_the_case_back_into_the_queue_and_sending_them_again_changes_nothing(hub, clock):
    proof = ask(hub)
    assert hub.claim() == []
    clock.pass_(hours=5)
    cursor = hub.get("/v1/changes")["next_cursor"]
    answer = send(hub, proof, paper(hub, issued_on="2026-01-02")).json()
    assert [row["status"] for row in answer["items"]] == ["stored"]
    assert (answer["proof"]["state"], answer["proof"]["submitted_at"]) == ("submitted", "2026-03-01T13:00:00.000Z")
    assert send(hub, proof, paper(hub, issued_on="2026-01-02")).json()["items"][0]["status"] == "known"
    changes = hub.get(f"/v1/changes?cursor={cursor}")["items"]
    assert [(row["kind"], row["row"]["kind"]) for row in changes] == [("proof_submitted", "proof")]
    assert hub.claim() == []  # a workstation that does not know proofs is given none
    (leased,) = hub.claim(kinds=["listing", "proof", "appeal"])
    (document,) = leased["case"]["proof"]["documents"]
    assert (document["media_type"], document["size"], document["issuer"]) == ("application/pdf", len(PDF), "Norrvik AB")
    assert leased["case"]["due_at"] == "2026-03-02T13:00:00.000Z"


def test_pictures_are_documents_too_and_what_came_late_is_shown_to_whoever_holds_the_case(hub):
    proof, leased = sent(hub)
    assert send(hub, proof, paper(hub, PNG, kind="licence")).status_code == 200
    receipt = hub.decide(judged(hub, leased, "clear"))[0]
    assert (receipt["status"], receipt["detail"]) == ("stale", "Documents came that you have not seen.")
    (again,) = hub.claim(kinds=["proof"], case_ids=[proof["case_id"]])
    assert [one["media_type"] for one in again["case"]["proof"]["documents"]] == ["application/pdf", "image/png"]
    assert hub.decide(judged(hub, again, "clear"))[0]["status"] == "accepted"


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"seller": "s2"}, 403, "asked of another seller"),
        ({"data": b"MZ not a document"}, 415, "neither a PDF nor a picture"),
        ({"data": b"<svg xmlns='http://www.w3.org/2000/svg'/>"}, 415, "neither a PDF nor a picture"),
        ({"kind": "passport"}, 422, "was not asked for"),
        ({"sha256": "0" * 64}, 422, "no such bytes"),
        ({"expires_on": "2026-02-30"}, 422, "schema"),
    ],
)
def test_what_is_no_document_of_this_proof_is_refused(hub, changes, status, words):
    proof = ask(hub)
    hub.open_case(seller="s2")
    said = {key: value for key, value in changes.items() if key not in ("seller", "data")}
    document = paper(hub, changes.get("data", PDF), **said)
    answer = send(hub, proof, document, seller=changes.get("seller"))
    assert (answer.status_code, words in answer.json()["detail"]) == (status, True), answer.text
    assert hub.get(f"/v1/proofs/{proof['id']}")["state"] == "requested"
    assert hub.call("POST", "/v1/proofs/none/documents", "service",
                    json={"seller_id": "s1", "documents": [paper(hub)]}).status_code == 404  # fmt: skip


def test_a_document_of_another_seller_is_refused(hub):
    theirs = ask(hub, seller="s2")
    assert send(hub, theirs).status_code == 200
    mine = ask(hub, seller="s1")
    answer = send(hub, mine)
    assert (answer.status_code, answer.json()["type"]) == (409, "conflict")
    assert "sent for another seller" in answer.json()["detail"]


def test_a_document_that_is_too_large_is_refused(hub):
    proof = ask(hub)
    answer = send(hub, proof, paper(hub, PDF + bytes(10 * 2**20)))
    assert (answer.status_code, answer.json()["type"]) == (413, "too-large")


def test_more_documents_than_anybody_can_look_at_are_refused(hub):
    proof = ask(hub)
    papers = [paper(hub, PDF + bytes([number])) for number in range(11)]
    assert send(hub, proof, *papers[:10]).status_code == 200
    assert send(hub, proof, papers[10]).json()["detail"] == "At most 10 documents are taken; 10 are there."


def test_an_expired_document_is_said_so_and_can_not_be_accepted(hub):
    proof = ask(hub)
    answer = send(hub, proof, paper(hub, expires_on="2026-02-28"))
    assert answer.json()["items"][0]["detail"] == "expired on 2026-02-28"
    (leased,) = hub.claim(kinds=["proof"])
    receipt = hub.decide(judged(hub, leased, "clear"))[0]
    assert receipt["status"] == "rejected"
    assert "has expired" in receipt["detail"]
    assert hub.decide(judged(hub, leased, "takedown"))[0]["status"] == "accepted"


def test_accepting_clears_the_listing_and_holds_for_the_sellers_other_listings_of_the_brand(hub, clock):
    proof, leased = sent(hub)
    receipt = hub.decide(judged(hub, leased, "clear"))[0]
    assert "Proof of authenticity accepted until 2027-03-01" in receipt["effects"]
    assert hub.case(proof["case_id"])["state"] == "decided"
    other = hub.open_case(brand="  NORRVIK ")
    elsewhere = hub.open_case(brand="Tallgren")
    theirs = hub.open_case(seller="s2")
    (held,) = hub.case(other)["proofs"]
    assert (held["id"], held["valid_until"]) == (proof["id"], "2027-03-01T08:00:00.000Z")
    assert hub.case(elsewhere)["proofs"] == hub.case(theirs)["proofs"] == []
    assert hub.seller()["offences"] == []
    clock.pass_(days=366)
    assert hub.case(other)["proofs"] == []
    assert run_deadlines(hub.store) == Passed(expired=1)
    assert hub.get(f"/v1/proofs/{proof['id']}")["state"] == "expired"


def test_a_proof_holds_no_longer_than_its_documents(hub):
    proof = ask(hub)
    send(hub, proof, paper(hub, expires_on="2026-06-30"), paper(hub, PNG))
    (leased,) = hub.claim(kinds=["proof"])
    hub.decide(judged(hub, leased, "clear"))
    assert hub.get(f"/v1/proofs/{proof['id']}")["valid_until"] == "2026-06-30T23:59:59.999Z"


def test_rejecting_needs_a_reason_and_removes_the_listing_with_points(hub):
    proof, leased = sent(hub)
    assert hub.decide(judged(hub, leased, "takedown", note=" "))[0]["status"] == "rejected"
    receipt = hub.decide(judged(hub, leased, "takedown"))[0]
    assert "Proof of authenticity rejected" in receipt["effects"]
    told = hub.get(f"/v1/proofs/{proof['id']}", "service")
    assert (told["state"], told["reason"]) == ("rejected", "The invoice names another article.")
    assert hub.seller()["offences"][0]["points"] == 2
    assert send(hub, proof).status_code == 200  # the same documents again: nothing new
    assert send(hub, proof, paper(hub, PNG)).status_code == 409


def test_asking_again_rejects_what_came_and_sets_a_new_deadline(hub, clock):
    proof, leased = sent(hub)
    clock.pass_(hours=30)
    hub.decide(judged(hub, leased, "request_proof"))
    case = hub.case(proof["case_id"])
    assert (case["state"], case["kind"], case["proof"]["state"]) == ("awaiting_proof", "listing", "requested")
    assert case["proof"]["due_at"] == "2026-03-05T14:00:00.000Z"
    assert hub.get(f"/v1/proofs/{proof['id']}")["state"] == "rejected"


def test_taking_the_judgement_back_puts_the_documents_into_the_queue_again(hub):
    proof, leased = sent(hub)
    first = judged(hub, leased, "clear")
    hub.decide(first)
    hub.decide(hub.supersede(first, "withdraw"))
    case = hub.case(proof["case_id"])
    assert (case["state"], case["kind"], case["proof"]["state"]) == ("open", "proof", "submitted")
    assert hub.get(f"/v1/proofs/{proof['id']}")["valid_until"] is None
    second = hub.claim(kinds=["proof"])[0]
    assert hub.decide(judged(hub, second, "takedown"))[0]["status"] == "accepted"


def test_taking_the_request_back_ends_it(hub):
    proof = ask(hub)
    hub.decide(hub.supersede(proof["request"], "withdraw"))
    case = hub.case(proof["case_id"])
    assert (case["state"], case["kind"], case["proof"]) == ("open", "listing", None)
    assert send(hub, proof).json()["detail"] == "The request for this proof was taken back."


def test_at_the_deadline_the_rule_removes_the_listing_and_says_that_it_did(hub, clock):
    proof = ask(hub)
    clock.pass_(hours=71, minutes=59)
    assert run_deadlines(hub.store) == Passed()
    clock.pass_(minutes=1)
    assert run_deadlines(hub.store) == Passed(removed=1)
    case = hub.case(proof["case_id"])
    assert (case["state"], case["listing"]["state"]) == ("withdrawn", "removed_by_rule")
    assert (case["proof"]["state"], case["proof"]["removed_at"]) == ("missed", "2026-03-04T08:00:00.000Z")
    seller = hub.seller()
    assert (seller["offences"], seller["listings_removed"], seller["standing"]) == ([], 1, "active")
    kinds = [row["decision"]["kind"] for row in hub.get("/v1/decisions")["items"]]
    assert kinds == ["request_proof"]  # a measure is no decision
    (statement,) = statements(hub)
    assert statement["automated_decision"] == "AUTOMATED_DECISION_FULLY"
    assert statement["decision_visibility"] == ["DECISION_VISIBILITY_CONTENT_REMOVED"]
    assert "Proof of authenticity" in statement["decision_facts"]
    assert statement["puid"] == f"{case['proof']['automatic_id']}-r1"


def test_the_dossier_calls_the_removal_an_automated_measure(hub, clock):
    proof = ask(hub)
    clock.pass_(days=4)
    run_deadlines(hub.store)
    told = hub.store.database.read(
        lambda connection: dossier_of(connection, "s1", hub.store.rules_in_force(connection), clock())
    )
    measures = [row for row in told["timeline"] if row["what"] == "automated measure"]
    assert [(row["kind"], row["case_id"]) for row in measures] == [("listing_removed", proof["case_id"])]
    assert "by rule" in measures[0]["words"]
    assert {row["what"] for row in told["timeline"]} >= {"proof requested"}
    assert told["listings"]["by_state"]["removed_by_rule"] == 1


def test_a_pass_again_or_at_another_hub_does_nothing_more(hub, clock):
    for number in range(3):
        ask(hub, f"l-{number}")
    clock.pass_(days=4)
    done: list[Passed] = []

    def run():
        done.append(run_deadlines(hub.store))

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(one.removed for one in done) == 3
    assert run_deadlines(hub.store) == Passed()
    assert len(statements(hub)) == 3
    assert hub.seller()["listings_removed"] == 3


def test_serving_keeps_the_deadlines(hub, clock):
    proof = ask(hub)
    clock.pass_(days=4)
    with keeping_deadlines(hub.store, every_s=0.01):
        while hub.case(proof["case_id"])["state"] == "awaiting_proof":
            pass
    assert hub.case(proof["case_id"])["listing"]["state"] == "removed_by_rule"


def test_a_proof_that_came_in_time_is_never_removed(hub, clock):
    proof, _ = sent(hub)
    clock.pass_(days=40)
    assert run_deadlines(hub.store) == Passed()
    assert hub.case(proof["case_id"])["listing"]["state"] == "live"


def test_late_documents_are_judged_and_an_accepted_proof_brings_the_listing_back(hub, clock):
    proof = ask(hub)
    clock.pass_(days=4)
    run_deadlines(hub.store)
    assert send(hub, proof).status_code == 200
    (leased,) = hub.claim(kinds=["proof"])
    assert leased["case"]["listing"]["state"] == "removed_by_rule"
    accepted = judged(hub, leased, "clear")
    assert any("taken back" in words for words in hub.decide(accepted)[0]["effects"])
    assert hub.case(proof["case_id"])["listing"]["state"] == "live"
    assert hub.seller()["listings_removed"] == 0
    first, second = statements(hub)
    assert second["puid"].removesuffix("-r2") == first["puid"].removesuffix("-r1")
    assert second["end_date_visibility_restriction"] == "2026-03-05"
    hub.decide(hub.supersede(accepted, "withdraw"))
    assert hub.case(proof["case_id"])["listing"]["state"] == "removed_by_rule"
    assert [row["puid"][-3:] for row in statements(hub)] == ["-r1", "-r2", "-r3"]


def test_documents_that_come_when_an_appeal_would_be_too_late_are_too_late_as_well(hub, clock):
    proof = ask(hub)
    clock.pass_(days=4)
    run_deadlines(hub.store)
    clock.pass_(days=200)
    assert send(hub, proof).status_code == 409


def test_whoever_asked_may_take_the_removal_by_rule_back(hub, clock):
    proof = ask(hub)
    clock.pass_(days=4)
    run_deadlines(hub.store)
    receipt = hub.decide(hub.supersede(proof["request"], "withdraw"))[0]
    assert receipt["status"] == "accepted"
    case = hub.case(proof["case_id"])
    assert (case["state"], case["listing"]["state"], case["proof"]) == ("open", "live", None)


def test_where_the_rules_leave_it_to_a_person_the_case_comes_back_without_a_removal(hub, clock):
    import msgspec

    from reviewer.hub.schema import policies
    from reviewer.policy.policy import policy_to_mapping

    tables = policy_to_mapping(hub.store.policy)
    tables["proofs"]["remove_at_deadline"] = False
    row = {"version": "by-hand", "body": msgspec.json.encode(tables | {"version": "by-hand"}).decode()}
    hub.store.database.write(lambda connection: connection.execute(policies.insert(), row))
    try:
        proof = ask(hub)
        clock.pass_(days=4)
        assert run_deadlines(hub.store) == Passed(returned=1)
        case = hub.case(proof["case_id"])
        assert (case["state"], case["listing"]["state"], case["proof"]["state"]) == ("open", "live", "missed")
        assert [leased["case"]["id"] for leased in hub.claim()] == [proof["case_id"]]
    finally:
        hub.store.database.write(
            lambda connection: connection.execute(policies.delete().where(policies.c.version == "by-hand"))
        )


def test_a_takedown_of_the_listing_settles_the_case_that_waits_and_its_reversal_brings_it_back(hub, clock):
    proof = ask(hub, "l-1")
    hub.store.database.write(lambda connection: _second_case(connection, proof["case_id"]))
    leased = hub.claim(case_ids=["case-second"])[0]
    first = hub.decision(leased)
    hub.decide(first)
    assert hub.case(proof["case_id"])["state"] == "withdrawn"
    assert send(hub, proof).status_code == 200  # they are kept, though nobody waits for them
    assert hub.case(proof["case_id"])["state"] == "withdrawn"
    hub.decide(hub.supersede(first, "withdraw"))
    assert hub.case(proof["case_id"])["state"] == "awaiting_proof"
    assert run_deadlines(hub.store) == Passed(returned=1)
    assert hub.case(proof["case_id"])["kind"] == "proof"


def _second_case(connection, case_id):
    from sqlalchemy import select

    from reviewer.hub.schema import cases

    row = dict(connection.execute(select(cases).where(cases.c.id == case_id)).mappings().one())
    fresh = {"id": "case-second", "state": "open", "proof_id": "", "decision_id": "", "lease_token": 0}
    del row["seq"]
    connection.execute(cases.insert(), row | fresh)


def test_roles(hub):
    proof = ask(hub)
    body = {"seller_id": "s1", "documents": [{"sha256": put(hub), "kind": "invoice"}]}
    for who in ("reviewer", "lead"):
        assert hub.call("POST", f"/v1/proofs/{proof['id']}/documents", who, json=body).status_code == 403
    assert hub.call("POST", f"/v1/proofs/{proof['id']}/documents", "admin", json=body).status_code == 200
