"""Sign-in in the middle of a drain, and two people at one desk."""

from __future__ import annotations

import pytest

from reviewer.services.model import Draft
from reviewer.tour.oracle import HubView
from tests.faults.conftest import SUBMIT, Judge, Open, RunningHub
from tests.faults.proxy import FaultProxy, problem, said

WAIT_S = 30


@pytest.mark.parametrize(("status", "kind"), [("401 Unauthorized", "unauthorized"), ("403 Forbidden", "forbidden")])
def test_a_token_that_ends_in_a_drain_pauses_and_the_same_person_resumes(
    status: str, kind: str, open_desk: Open, proxy: FaultProxy, judge: Judge, token: str
) -> None:
    desk = open_desk()
    account = desk.ready(4).ref.account
    met = proxy.plan(SUBMIT, said(problem(status, kind)))
    for _ in range(3):
        desk.decide()
    assert met.wait(WAIT_S)
    desk.until(lambda: desk.account().state == "sign_in")
    tried = len(proxy.of(SUBMIT))
    assert {row.state for row in desk.unsent()} == {"waiting"}
    banner = desk.banner("sign_in:")
    assert banner is not None
    assert banner.action == "sign_in"
    desk.decide()  # one goes on with what lies here
    assert len(proxy.of(SUBMIT)) == tried
    desk.background(lambda: desk.workstation.accounts.sign_in(account, {"token": token}))
    desk.drained()
    assert len(desk.history()) == 4
    judge.once_each(desk)


def test_another_person_neither_sees_nor_sends_what_the_first_one_decided(
    open_desk: Open, proxy: FaultProxy, judge: Judge, hub: RunningHub, token: str, other_token: str
) -> None:
    desk = open_desk()
    account = desk.ready(4).ref.account
    proxy.plan(SUBMIT, said(problem("401 Unauthorized", "unauthorized")))
    decided = desk.decide(note="seen at the warehouse")
    desk.until(lambda: desk.account().state == "sign_in")
    kept = desk.first()
    desk.desk_call(lambda: desk.workstation.review.save_draft(kept.ref, Draft(note="the first one's draft")))
    held = {entry.ref for entry in (kept, *desk.desk().upcoming)}

    desk.background(lambda: desk.workstation.accounts.sign_in(account, {"token": other_token}))
    desk.until(lambda: desk.account().state == "online" and desk.desk().current)
    now = desk.desk()
    assert not held & {entry.ref for entry in (now.current, *now.upcoming) if entry}
    assert (desk.unsent(), desk.history(), desk.inbox(), desk.status().unsent) == ((), (), (), 0)
    assert now.undo_label == ""
    assert now.counts.total == 0
    assert not any(row.pending for row in desk.page().rows)
    assert desk.banner("others:") is not None
    mine = desk.decide()
    desk.drained()
    other = HubView(hub.url, other_token)
    assert [row["decision"]["case_id"] for row in other.decisions(other.reviewer())] == [mine.case_id]
    other.close()
    assert judge.view.decisions(judge.view.reviewer()) == []

    desk.background(lambda: desk.workstation.accounts.sign_in(account, {"token": token}))
    desk.until(lambda: desk.account().state == "online")
    desk.drained()
    assert [row.case_id for row in desk.history()] == [decided.case_id]
    judge.once_each(desk)
    again = desk.background(lambda: desk.workstation.intake.claim_named(account, [kept.ref.case_id]))
    assert again[0].draft.note == "the first one's draft"


def test_another_person_is_told_from_the_first_also_after_a_restart(
    open_desk: Open, proxy: FaultProxy, judge: Judge, token: str, other_token: str
) -> None:
    first = open_desk()
    account = first.ready(4).ref.account
    proxy.plan(SUBMIT, said(problem("401 Unauthorized", "unauthorized")), 50)
    first.decide()
    first.until(lambda: first.account().state == "sign_in")
    first.close()
    desk = open_desk(connected=False)
    desk.background(lambda: desk.workstation.accounts.sign_in(account, {"token": other_token}))
    desk.until(lambda: desk.account().state == "online" and desk.desk().current)
    assert desk.unsent() == ()
    desk.close()
    proxy.behave()
    back = open_desk(connected=False)
    back.background(lambda: back.workstation.accounts.sign_in(account, {"token": token}))
    back.until(lambda: len(back.history()) == 1)
    back.drained()
    judge.once_each(back)
