"""The tour's oracle must be able to find what it looks for."""

import pytest

from reviewer.storage.outbox import Delivered
from reviewer.tour.oracle import Shown, judge


def kept(number, kind="takedown", state="settled", case="case-1", supersedes=""):
    return Delivered(f"d{number}", case, kind, state, supersedes)


def held(number, kind="takedown", case="case-1", current=True, status="accepted"):
    decision = {"id": f"d{number}", "case_id": case, "kind": kind}
    return {"decision": decision, "receipt": {"status": status}, "current": current}


def test_a_decision_that_was_shown_kept_and_held_once_is_good():
    verdict = judge([Shown("takedown", ("case-1",))], [kept(1)], [held(1)], frozenset())
    assert verdict.good
    assert verdict.held == 1


def test_what_the_hub_held_before_does_not_count():
    assert judge([], [], [held(9, case="case-9")], frozenset({"d9"})).good


@pytest.mark.parametrize("state", ["waiting", "sending", "parked"])
def test_a_decision_that_visibly_waits_is_good(state):
    assert judge([Shown("warn", ("case-1",))], [kept(1, "warn", state)], [], frozenset()).good


def test_a_decision_withdrawn_before_sending_leaves_nothing_on_the_hub():
    rows = [kept(1, state="withdrawn"), kept(2, "withdraw", "withdrawn", supersedes="d1")]
    shown = [Shown("takedown", ("case-1",), undone=True)]
    assert judge(shown, rows, [], frozenset()).good
    assert judge(shown, rows, [held(1)], frozenset()).other


def test_a_decision_that_the_hub_lost_is_lost():
    verdict = judge([Shown("takedown", ("case-1",))], [kept(1)], [], frozenset())
    assert verdict.lost
    assert not verdict.good


def test_a_decision_that_the_desk_lost_is_lost():
    assert judge([Shown("takedown", ("case-1",))], [], [], frozenset()).lost


def test_a_decision_held_twice_is_doubled():
    verdict = judge([Shown("takedown", ("case-1",))], [kept(1)], [held(1), held(1)], frozenset())
    assert verdict.doubled
    assert not verdict.good


def test_a_decision_nobody_pressed_is_told():
    assert judge([], [kept(1)], [held(1)], frozenset()).other
    assert judge([], [], [held(1)], frozenset()).other


def test_another_kind_on_the_hub_is_told():
    verdict = judge([Shown("takedown", ("case-1",))], [kept(1)], [held(1, "clear")], frozenset())
    assert not verdict.good


def test_an_undone_decision_that_stands_on_the_hub_is_told():
    rows = [kept(1), kept(2, "withdraw", supersedes="d1")]
    shown = [Shown("takedown", ("case-1",), undone=True)]
    reversed_there = [held(1, current=False), held(2, "withdraw")]
    assert judge(shown, rows, reversed_there, frozenset()).good
    assert not judge(shown, rows, [held(1), held(2, "withdraw", current=False)], frozenset()).good


def test_a_refused_decision_is_not_on_the_hub():
    rows = [kept(1, state="parked")]
    hub = [held(1, status="stale", current=False)]
    assert judge([Shown("takedown", ("case-1",))], rows, hub, frozenset()).good
