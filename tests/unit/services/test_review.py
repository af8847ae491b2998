"""Deciding at a workstation against a made-up server: claim, decide, undo, skip, come back."""

from __future__ import annotations

from typing import Any

import pytest

from reviewer.connectors.api import Receipt, ReceiptStatus
from reviewer.domain.decision import AGAINST_SELLER, DecisionKind
from reviewer.errors import OperatorError
from reviewer.services.model import CaseRef, Draft, QueueFilter, Ruling
from tests.fakes_connector import FakeServer
from tests.unit.services.conftest import Open
from tests.unit.services.sitting import Sitting

KINDS = [kind for kind in DecisionKind if kind not in (DecisionKind.WITHDRAW, DecisionKind.UPHOLD)]


def test_the_most_urgent_cases_lie_on_the_desk_in_order(sitting: Sitting) -> None:
    sitting.ready()
    desk = sitting.desk()
    assert desk.current is not None
    assert [entry.case.id for entry in (desk.current, *desk.upcoming)] == [f"case-{n}" for n in range(1, 7)]
    assert desk.current.marketplace.name == "สยามมาร์เก็ต"
    assert desk.current.default_ground == "counterfeit"
    assert desk.current.lease_deadline is not None
    assert {fact.kind for fact in desk.current.facts} >= {"price", "evasive_words"}


def test_every_kind_of_decision_goes_out_once(sitting: Sitting, server: FakeServer) -> None:
    sitting.ready()
    refs = [sitting.decide(kind, note=f"ของแท้ {kind}", facts=("one",), seconds=3.5) for kind in KINDS]
    sitting.drained()
    assert server.kinds() == [kind.value for kind in KINDS]
    for body, ref, kind in zip(server.bodies(), refs, KINDS, strict=True):
        assert body["case_id"] == ref.case_id
        assert body["note"] == f"ของแท้ {kind}"
        assert body["lease"]["token"] == 1
        assert body["ground"] == ("counterfeit" if kind in AGAINST_SELLER else "")
        assert (body["measure"] is not None) == (kind in AGAINST_SELLER)
        assert body["policy_version"] == "2026-11-1"
    assert [state for _, _, state in sitting.kept_decisions()] == ["settled"] * len(KINDS)
    counts = sitting.desk().counts
    assert (counts.total, counts.seconds_per_case, counts.recent) == (len(KINDS), 3.5, tuple(KINDS))


def test_a_decision_is_durable_before_it_is_shown_and_before_any_network(sitting: Sitting, server: FakeServer) -> None:
    sitting.ready()
    server.gate.clear()
    ref = sitting.decide()
    assert [(kind, state in ("waiting", "sending")) for _, kind, state in sitting.kept_decisions()] == [
        ("takedown", True)
    ]
    current = sitting.desk().current
    assert current is not None
    assert current.ref != ref
    assert server.taken == {}
    server.gate.set()
    sitting.drained()
    assert len(server.taken) == 1


def test_the_desk_is_filled_again_while_one_decides(sitting: Sitting) -> None:
    sitting.ready()
    for _ in range(20):
        sitting.decide(DecisionKind.CLEAR)
    sitting.drained()
    sitting.until(lambda: sitting.desk().on_desk >= 8)
    assert len({name for name, _, _ in sitting.kept_decisions()}) == 20


def test_undo_before_sending_lets_nothing_leave(open_sitting: Open, server: FakeServer) -> None:
    sitting = open_sitting(delay_s=60.0)
    sitting.ready()
    ref = sitting.decide(note="first thought")
    assert sitting.desk().undo_label == f"takedown {ref.case_id}"
    desk = sitting.undo()
    assert desk.current is not None
    assert (desk.current.ref, desk.current.draft.note, desk.current.problem) == (ref, "first thought", "")
    assert desk.counts.total == 0
    assert [(kind, state) for _, kind, state in sitting.kept_decisions()] == [
        ("takedown", "withdrawn"),
        ("withdraw", "withdrawn"),
    ]
    sitting.desk_call(sitting.workstation.delivery.send_now)
    sitting.decide(DecisionKind.CLEAR, ref)
    sitting.desk_call(sitting.workstation.delivery.send_now)
    sitting.drained()
    assert server.kinds() == ["clear"]


def test_undo_after_sending_sends_the_reversal_and_then_what_replaces_it(sitting: Sitting, server: FakeServer) -> None:
    sitting.ready()
    ref = sitting.decide(note="too quick")
    sitting.drained()
    desk = sitting.undo()
    assert desk.current is not None
    assert (desk.current.ref, desk.current.problem) == (ref, "reopened")
    reversal = desk.current.supersedes
    sitting.decide(DecisionKind.CLEAR, ref)
    sitting.drained()
    first, second, third = server.bodies()
    assert (first["kind"], second["kind"], third["kind"]) == ("takedown", "withdraw", "clear")
    assert (second["supersedes"], second["id"], third["supersedes"]) == (first["id"], reversal, reversal)
    assert second["lease"] is None
    assert third["lease"] is None


def test_undo_while_a_decision_is_on_its_way_keeps_the_case_here(sitting: Sitting, server: FakeServer) -> None:
    sitting.ready()
    server.gate.clear()
    ref = sitting.decide()
    assert server.arrived.wait(20)
    desk = sitting.undo()
    assert desk.current is not None
    assert (desk.current.ref, desk.current.problem) == (ref, "reopened")
    server.gate.set()
    sitting.drained()
    changes = server.calls.count("changes")
    sitting.until(lambda: server.calls.count("changes") > changes)
    current = sitting.desk().current
    assert current is not None
    assert current.ref == ref
    assert server.kinds() == ["takedown", "withdraw"]


def test_undo_of_what_came_back_leaves_it_in_the_inbox(sitting: Sitting, server: FakeServer) -> None:
    sitting.ready()
    server.gate.clear()
    server.answer = lambda item: Receipt(item.decision.id, ReceiptStatus.REJECTED, "no")
    sitting.decide()
    assert server.arrived.wait(20)
    server.gate.set()
    sitting.drained()
    sitting.undo()
    assert [item.status for item in sitting.inbox()] == ["rejected"]
    assert len(sitting.kept_decisions()) == 1


def test_a_reversal_waits_for_what_it_reverses(sitting: Sitting, server: FakeServer) -> None:
    sitting.ready()
    server.gate.clear()
    server.answer = lambda item: Receipt(item.decision.id, ReceiptStatus.REJECTED, "no")
    sitting.decide()
    assert server.arrived.wait(20)
    sitting.undo()
    server.gate.set()
    sitting.drained()
    assert [state for _, _, state in sitting.kept_decisions()] == ["parked", "withdrawn"]
    assert len(server.submitted) == 1


def test_there_is_nothing_to_undo_at_the_beginning(sitting: Sitting) -> None:
    with pytest.raises(OperatorError, match="nothing to undo"):
        sitting.undo()


def test_a_skip_goes_back_to_the_server_and_is_not_offered_again(sitting: Sitting, server: FakeServer) -> None:
    ref = sitting.ready().ref
    sitting.desk_call(lambda: sitting.workstation.review.skip(ref, "needs_language"))
    sitting.until(lambda: server.released)
    assert [lease.reason for lease in server.released] == ["needs_language"]
    assert sitting.desk().undo_label == f"skip {ref.case_id}"
    with pytest.raises(OperatorError, match="not on your desk"):
        sitting.decide(ref=ref)


def test_a_skip_is_undone_before_it_went_out(open_sitting: Open, server: FakeServer) -> None:
    sitting = open_sitting(delay_s=60.0)
    ref = sitting.ready().ref
    sitting.desk_call(lambda: sitting.workstation.review.skip(ref))
    desk = sitting.undo()
    assert desk.current is not None
    assert desk.current.ref == ref
    assert desk.current.lease_deadline is not None
    assert server.released == []
    assert server.calls.count("release") == 0


def test_a_skip_is_undone_after_it_went_out(sitting: Sitting, server: FakeServer) -> None:
    ref = sitting.ready().ref
    sitting.desk_call(lambda: sitting.workstation.review.skip(ref))
    sitting.until(lambda: server.released)
    sitting.undo()
    sitting.until(lambda: (current := sitting.desk().current) is not None and current.ref == ref)
    sitting.decide(ref=ref)
    sitting.drained()
    assert server.bodies()[0]["lease"]["id"] != server.released[0].id


def test_a_batch_is_decided_and_undone_together(open_sitting: Open, server: FakeServer) -> None:
    sitting = open_sitting(delay_s=60.0)
    sitting.ready()
    refs = tuple(CaseRef(sitting.first().ref.account, f"case-{number}") for number in (1, 3, 5))
    review = sitting.workstation.review
    sitting.desk_call(lambda: review.decide_batch(refs, Ruling(refs[0], DecisionKind.TAKEDOWN, note="same seller")))
    assert sitting.desk().undo_label == "takedown ×3"
    assert sitting.desk().counts.total == 3
    desk = sitting.undo()
    assert desk.current is not None
    assert desk.current.ref == refs[0]
    assert desk.counts.total == 0
    assert [state for _, _, state in sitting.kept_decisions()] == ["withdrawn"] * 6
    assert server.submitted == []


def test_a_batch_is_made_whole_or_not_at_all(sitting: Sitting) -> None:
    ref = sitting.ready().ref
    review = sitting.workstation.review
    refs = (ref, CaseRef(ref.account, "unheard"))
    with pytest.raises(OperatorError, match="Nothing was recorded"):
        sitting.desk_call(lambda: review.decide_batch(refs, Ruling(ref, DecisionKind.CLEAR)))
    assert sitting.kept_decisions() == []


@pytest.mark.parametrize("kind", sorted(AGAINST_SELLER))
def test_switching_the_measure_off_needs_a_reason(sitting: Sitting, server: FakeServer, kind: DecisionKind) -> None:
    sitting.ready()
    with pytest.raises(OperatorError, match="Say why"):
        sitting.decide(kind, measure_off=True, measure_off_reason="  ")
    assert sitting.kept_decisions() == []
    sitting.decide(kind, measure_off=True, measure_off_reason="a first mistake")
    sitting.drained()
    body = server.bodies()[0]
    assert (body["measure"], body["measure_off_reason"]) == (None, "a first mistake")


def test_a_text_that_can_not_be_kept_is_refused_in_words(sitting: Sitting) -> None:
    ref = sitting.ready().ref
    with pytest.raises(OperatorError, match="Change the note or the facts"):
        sitting.decide(ref=ref, note="\ud800")
    assert sitting.kept_decisions() == []
    assert sitting.first().ref == ref


def test_a_changed_listing_must_be_seen_before_it_is_decided(sitting: Sitting, server: FakeServer) -> None:
    ref = sitting.ready().ref
    server.edit(ref.case_id, title="a harmless title", revision="rev-1b")
    sitting.look()
    sitting.until(lambda: sitting.first().problem == "changed")
    with pytest.raises(OperatorError, match="listing changed"):
        sitting.decide(ref=ref)
    assert sitting.first().case.listing.title == "a harmless title"
    sitting.decide(ref=ref, confirm_changed=True)
    sitting.drained()
    assert server.bodies()[0]["revision"] == "rev-1b"


def test_a_case_that_its_server_closed_leaves_the_desk_in_words(sitting: Sitting, server: FakeServer) -> None:
    ref = sitting.ready().ref
    sitting.desk_call(lambda: sitting.workstation.review.save_draft(ref, Draft(note="half a thought")))
    server.withdraw(ref.case_id)
    sitting.look()
    sitting.until(lambda: sitting.banner("lost"))
    assert sitting.first().ref != ref
    with pytest.raises(OperatorError, match="Nothing was recorded"):
        sitting.decide(ref=ref)


def test_a_lease_that_somebody_else_took_leaves_the_desk_with_its_draft_kept(
    open_sitting: Open, server: FakeServer
) -> None:
    server.lease_s = 3.0
    sitting = open_sitting()
    ref = sitting.ready().ref
    sitting.desk_call(lambda: sitting.workstation.review.save_draft(ref, Draft(note="half a thought")))
    server.give_to_another(ref.case_id)
    banner = sitting.until(lambda: sitting.banner("lost"))
    assert "claimed by somebody else. Your draft is kept" in banner.text
    assert sitting.first().ref != ref


def test_leases_are_renewed_before_they_end(open_sitting: Open, server: FakeServer) -> None:
    server.lease_s = 3.0
    sitting = open_sitting()
    before = sitting.ready().lease_deadline
    assert before is not None
    sitting.until(lambda: server.renewals >= 12)
    sitting.until(lambda: (sitting.first().lease_deadline or 0.0) > before)


def test_a_decision_that_lost_its_lease_comes_back_and_can_be_made_again(sitting: Sitting, server: FakeServer) -> None:
    ref = sitting.ready().ref
    server.give_to_another(ref.case_id)
    sitting.decide(ref=ref, note="my grounds", facts=("a fact",))
    item = sitting.until(sitting.inbox)[0]
    assert (item.status, item.ref) == ("lease_lost", ref)
    assert sitting.banner("inbox") is not None

    sitting.resolve(item, "again")
    sitting.until(lambda: sitting.banner("again"))
    assert len(sitting.inbox()) == 1

    server.leases.pop(ref.case_id)
    server.states[ref.case_id] = "open"
    sitting.resolve(item, "again")
    sitting.until(lambda: not sitting.inbox())
    entry = sitting.first()
    assert (entry.ref, entry.draft.note, entry.draft.facts) == (ref, "my grounds", ("a fact",))

    # The receipt of another decision must not take the case off the desk again.
    other = sitting.desk().upcoming[0].ref
    sitting.decide(DecisionKind.CLEAR, other)
    sitting.drained()
    sitting.decide(ref=ref)
    sitting.drained()
    assert server.bodies()[-1]["case_id"] == ref.case_id
    assert server.bodies()[-1]["lease"] is not None
    assert sitting.inbox() == ()


def test_what_came_back_can_be_handed_to_a_lead(sitting: Sitting, server: FakeServer) -> None:
    ref = sitting.ready().ref
    server.answer = lambda item: Receipt(item.decision.id, ReceiptStatus.REJECTED, "ground not allowed")
    sitting.decide(ref=ref, note="mine")
    item = sitting.until(sitting.inbox)[0]
    server.answer = lambda _: None
    sitting.resolve(item, "escalate")
    sitting.until(lambda: server.kinds() == ["escalate"])
    assert "ground not allowed" in server.bodies()[0]["note"]
    sitting.until(lambda: not sitting.inbox())


def test_what_came_back_can_be_recorded_as_moot_once(sitting: Sitting, server: FakeServer) -> None:
    sitting.ready()
    server.answer = lambda item: Receipt(item.decision.id, ReceiptStatus.STALE, "the listing changed")
    sitting.decide()
    item = sitting.until(sitting.inbox)[0]
    with pytest.raises(OperatorError, match="no way out"):
        sitting.resolve(item, "forget")
    sitting.resolve(item, "moot")
    assert sitting.inbox() == ()
    with pytest.raises(OperatorError, match="resolved already"):
        sitting.resolve(item, "moot")


def test_a_listing_that_is_gone_is_recorded_as_moot_without_asking(sitting: Sitting, server: FakeServer) -> None:
    sitting.ready()
    server.answer = lambda item: Receipt(item.decision.id, ReceiptStatus.GONE, "deleted")
    sitting.decide()
    sitting.drained()
    assert sitting.inbox() == ()
    assert [state for _, _, state in sitting.kept_decisions()] == ["parked"]


def test_drafts_wait_with_their_case(sitting: Sitting) -> None:
    ref = sitting.ready().ref
    draft = Draft("งาน", "design", True, "why", ("x",))
    sitting.desk_call(lambda: sitting.workstation.review.save_draft(ref, draft))
    assert sitting.first().draft == draft


def test_a_full_disk_refuses_the_decision_and_keeps_the_draft(sitting: Sitting, server: FakeServer) -> None:
    ref = sitting.ready().ref
    draft = Draft(note="kept")
    sitting.desk_call(lambda: sitting.workstation.review.save_draft(ref, draft))
    store = sitting.workstation._store

    def pages(most: int) -> None:
        store.run(lambda database: database.execute(f"PRAGMA max_page_count = {most}").fetchone())

    pages(store.run(lambda database: database.execute("PRAGMA page_count").fetchone()[0]))
    with pytest.raises(OperatorError, match=r"is full. Nothing was recorded"):
        sitting.decide(ref=ref, note="long " * 20_000)
    assert (sitting.first().ref, sitting.first().draft) == (ref, draft)
    assert sitting.kept_decisions() == []
    assert sitting.desk().counts.total == 0
    pages(1_000_000)
    sitting.decide(ref=ref)
    sitting.desk_call(sitting.workstation.delivery.send_now)
    sitting.drained()
    assert len(server.taken) == 1


def test_a_case_can_be_brought_into_hand(sitting: Sitting) -> None:
    sitting.ready()
    ref = sitting.desk().upcoming[3].ref
    desk: Any = sitting.desk_call(lambda: sitting.workstation.review.bring(ref))
    assert desk.current.ref == ref
    with pytest.raises(OperatorError, match="not on your desk"):
        sitting.desk_call(lambda: sitting.workstation.review.bring(CaseRef("x", "y")))


def test_a_named_case_is_claimed_and_answered(sitting: Sitting) -> None:
    account = sitting.ready().ref.account
    intake = sitting.workstation.intake
    found = sitting.background(lambda: intake.claim_named(account, ["case-30", "case-1", "unheard"]))
    assert [entry.case.id for entry in found] == ["case-30", "case-1"]


def test_work_is_taken_along_for_hours_without_network(sitting: Sitting, server: FakeServer) -> None:
    sitting.ready()
    told: list[tuple[int, int]] = []
    intake = sitting.workstation.intake
    assert sitting.background(lambda: intake.take_offline(8.0, 10, lambda *step: told.append(step))) == 10
    assert sitting.desk().on_desk == 22
    left = sitting.status().offline_until_s
    assert left is not None
    assert 0 < left <= 8 * 3600
    sitting.desk_call(intake.end_offline)
    assert sitting.status().offline_until_s is None


def test_cases_of_the_chosen_marketplaces_only_are_asked_for(open_sitting: Open, server: FakeServer) -> None:
    sitting = open_sitting()
    sitting.ready()
    sitting.workstation.intake.set_focus(QueueFilter(marketplaces=("siam",), grounds=("counterfeit",)))
    for _ in range(6):
        sitting.decide(DecisionKind.CLEAR)
    sitting.until(lambda: server.asked_for == (("siam",), ("counterfeit",)))
