"""Undo beyond its everyday: many steps, bare decisions, accounts that are gone; and what the outbox tells of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from reviewer.connectors.api import Unavailable
from reviewer.domain.decision import DecisionKind
from reviewer.errors import OperatorError
from reviewer.services.model import CaseRef, Draft
from tests.fakes_connector import FakeServer
from tests.unit.services.conftest import Open
from tests.unit.services.sitting import Sitting


def test_as_many_steps_are_taken_back_as_were_made(open_sitting: Open, server: FakeServer) -> None:
    sitting = open_sitting(delay_s=600.0)
    first = sitting.ready().ref
    for _ in range(14):
        sitting.until(lambda: sitting.desk().current is not None)
        sitting.decide(DecisionKind.CLEAR)
    assert len(sitting.desk().counts.recent) == 12
    for _ in range(14):
        desk = sitting.undo()
    assert desk.current is not None
    assert (desk.current.ref, desk.counts.total, desk.counts.recent) == (first, 0, ())
    assert server.submitted == []
    with pytest.raises(OperatorError, match="nothing to undo"):
        sitting.undo()


def test_what_was_decided_without_a_word_comes_back_without_a_draft(open_sitting: Open) -> None:
    sitting = open_sitting(delay_s=600.0)
    sitting.ready()
    ref = sitting.decide(DecisionKind.CLEAR)
    current = sitting.undo().current
    assert current is not None
    assert (current.ref, current.draft) == (ref, Draft())


def test_the_days_counts_hold_whoever_comes_and_goes(open_sitting: Open) -> None:
    """They are counted anew from the store where somebody signs in; undo takes back from them all the same."""
    sitting = open_sitting(delay_s=600.0)
    account = sitting.ready().ref.account
    refs = [sitting.decide(DecisionKind.CLEAR, seconds=4.0), sitting.decide(seconds=2.0)]
    review, now = sitting.workstation.review, datetime.now(UTC)
    sitting.desk_call(lambda: review.start_day({account: "ana"}, now - timedelta(hours=1)))
    desk = sitting.desk()
    assert (desk.counts.total, desk.counts.seconds_per_case) == (2, 3.0)
    assert desk.undo_label == f"takedown {refs[1].case_id}"
    desk = sitting.undo()
    assert (desk.counts.total, desk.counts.by_kind, desk.counts.recent) == (
        1, {DecisionKind.CLEAR: 1}, (DecisionKind.CLEAR,),
    )  # fmt: skip
    sitting.desk_call(lambda: review.start_day({account: "ana"}, now + timedelta(hours=1)))
    desk = sitting.undo()  # of a day that is over
    assert (desk.counts.total, desk.counts.recent) == (0, ())


def test_a_case_that_left_the_desk_can_not_be_skipped(sitting: Sitting, server: FakeServer) -> None:
    ref = sitting.ready().ref
    with pytest.raises(OperatorError, match="not on your desk any more"):
        sitting.desk_call(lambda: sitting.workstation.review.skip(CaseRef(ref.account, "unheard")))
    assert server.released == []


def test_what_was_done_at_an_account_that_is_gone_stays_done(sitting: Sitting, server: FakeServer) -> None:
    account = sitting.ready().ref.account
    sitting.decide()
    sitting.drained()
    sitting.background(lambda: sitting.workstation.accounts.remove(account))
    assert sitting.desk().undo_label == ""
    with pytest.raises(OperatorError, match="nothing to undo"):
        sitting.undo()
    assert sitting.unsent() == ()
    assert server.kinds() == ["takedown"]


def test_an_account_with_something_unsent_is_not_removed(open_sitting: Open) -> None:
    sitting = open_sitting(delay_s=600.0)
    account = sitting.ready().ref.account
    sitting.decide()
    with pytest.raises(OperatorError, match="1 decisions of this account are unsent"):
        sitting.background(lambda: sitting.workstation.accounts.remove(account))
    assert sitting.account().state == "online"


def test_a_decision_between_the_question_and_the_removal_keeps_the_account(open_sitting: Open) -> None:
    sitting = open_sitting(delay_s=600.0)
    account = sitting.ready().ref.account
    service = sitting.workstation.accounts
    end = service._end

    def decide_first(name: str) -> None:
        sitting.decide()
        end(name)

    service._end = decide_first
    with pytest.raises(OperatorError, match="1 decisions of this account are unsent"):
        sitting.background(lambda: service.remove(account))
    assert len(sitting.unsent()) == 1
    sitting.until(lambda: sitting.account().state == "online")
    sitting.desk_call(sitting.workstation.delivery.send_now)
    sitting.drained()


def test_one_decision_may_go_before_its_time(open_sitting: Open, server: FakeServer) -> None:
    sitting = open_sitting(delay_s=600.0)
    sitting.ready()
    sitting.decide()
    sitting.decide(DecisionKind.CLEAR)
    first, second = sitting.unsent()
    sitting.desk_call(lambda: sitting.workstation.delivery.retry(second.decision.id))
    sitting.until(lambda: len(sitting.unsent()) == 1)
    assert server.kinds() == ["clear"]
    told = sitting.workstation.on_reader(sitting.workstation.delivery.history).result(20)
    assert [(row.decision_id, row.state) for row in told] == [
        (first.decision.id, "waiting"), (second.decision.id, "settled"),
    ]  # fmt: skip


def test_a_release_that_failed_is_made_again(sitting: Sitting, server: FakeServer) -> None:
    ref = sitting.ready().ref
    server.errors["release"] = Unavailable("not now")
    sitting.desk_call(lambda: sitting.workstation.review.skip(ref))
    sitting.until(lambda: server.calls.count("release"))
    assert server.released == []
    server.errors.clear()
    sitting.workstation.intake.wake(retry=True)
    sitting.until(lambda: server.released)
    assert [lease.reason for lease in server.released] == ["skipped"]
