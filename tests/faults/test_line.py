"""Every fault of the line at every call: nothing is lost, nothing is twice, the desk comes back by itself."""

from __future__ import annotations

import pytest

from reviewer.connectors.session import Limits
from reviewer.domain.values import sha256_hex
from tests.faults import proxy as lying
from tests.faults.conftest import PICTURE, SUBMIT, Judge, Open
from tests.faults.proxy import Fault, FaultProxy, answer, cut_after, problem, said, said_after

CLAIM = "POST /v1/leases"
RENEW = "POST /v1/leases/renew"
MEDIA = "GET /v1/media/"
CHANGES = "GET /v1/changes"
WAIT_S = 30

FAULTS: dict[str, Fault] = {
    "delay": lying.delayed,
    "reset before the hub": lying.reset_before,
    "reset after the hub": lying.reset_after,
    "no byte of the answer": cut_after(0),
    "cut in the headers": cut_after(30),
    "cut in the body": cut_after(-5),
    "half a body": lying.half_a_body,
    "replayed": lying.replayed,
    "duplicated": lying.duplicated,
    "reordered": lying.reordered,
    "500 after commit": said_after(problem("500 Internal Server Error", "internal")),
    "503": said(answer("503 Service Unavailable", b"", kind="text/plain")),
    "429": said(problem("429 Too Many Requests", "rate-limited", "Retry-After: 1")),
    "HTML for JSON": said(answer("200 OK", b"<html>Sign in to the hotel's network</html>", kind="text/html")),
    "slow drip": lying.dripping,
    "slow drip of headers": lying.dripping_headers,
    "without end": lying.endless,
    "gzip bomb": lying.gzip_bomb,
}  # fmt: skip

each_fault = pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())


@each_fault
def test_at_a_claim(fault: Fault, open_desk: Open, proxy: FaultProxy, judge: Judge) -> None:
    met = proxy.plan(CLAIM, fault)
    desk = open_desk()
    desk.first()
    assert met.wait(WAIT_S)
    desk.decide()
    desk.decide()
    desk.drained()
    lying.let_go(proxy)
    judge.once_each(desk)


@each_fault
def test_at_a_renewal(fault: Fault, open_desk: Open, proxy: FaultProxy, judge: Judge) -> None:
    first = open_desk()
    first.ready(4)
    held = {entry.ref for entry in (first.desk().current, *first.desk().upcoming) if entry}
    first.close()
    met = proxy.plan(RENEW, fault)
    desk = open_desk(connected=False)
    assert met.wait(WAIT_S)
    desk.until(lambda: desk.account().state == "online")
    now = desk.desk()
    assert held <= {entry.ref for entry in (now.current, *now.upcoming) if entry}
    desk.decide()
    desk.drained()
    lying.let_go(proxy)
    judge.once_each(desk)


@each_fault
def test_at_a_submission(fault: Fault, open_desk: Open, proxy: FaultProxy, judge: Judge) -> None:
    desk = open_desk()
    desk.ready(4)
    met = proxy.plan(SUBMIT, fault)
    for _ in range(3):
        desk.decide()
    assert met.wait(WAIT_S)
    desk.drained()
    lying.let_go(proxy)
    judge.once_each(desk)
    assert desk.inbox() == ()


@each_fault
def test_at_a_picture(fault: Fault, open_desk: Open, proxy: FaultProxy, judge: Judge) -> None:
    met = proxy.plan(MEDIA, fault)
    desk = open_desk()
    account = desk.first().ref.account
    assert met.wait(WAIT_S)
    desk.decide()
    desk.drained()

    def fetched() -> bool:
        return desk.workstation.pictures.fetch(account, [sha256_hex(PICTURE)])[0].result(WAIT_S) == PICTURE

    desk.until(fetched)
    judge.once_each(desk)


@each_fault
def test_at_the_changes(fault: Fault, open_desk: Open, proxy: FaultProxy, judge: Judge) -> None:
    met = proxy.plan(CHANGES, fault)
    desk = open_desk()
    desk.until(lambda: desk.page().total)
    assert met.wait(WAIT_S)
    desk.first()
    desk.decide()
    desk.drained()
    judge.once_each(desk)


@pytest.mark.parametrize("call", [CLAIM, SUBMIT, CHANGES])
def test_many_times_in_a_row(call: str, open_desk: Open, proxy: FaultProxy, judge: Judge) -> None:
    met = proxy.plan(call, lying.reset_after, 6)
    desk = open_desk()
    desk.first()
    desk.decide()
    assert met.wait(WAIT_S)
    desk.drained()
    judge.once_each(desk)
    assert desk.history()[0].state == "settled"


def test_retry_after_is_kept_to(open_desk: Open, proxy: FaultProxy, judge: Judge) -> None:
    desk = open_desk()
    desk.ready(4)
    met = proxy.plan(SUBMIT, said(problem("429 Too Many Requests", "rate-limited", "Retry-After: 1")))
    desk.decide()
    assert met.wait(WAIT_S)
    desk.drained()
    first, second = proxy.of(SUBMIT)
    assert second.at - first.at >= 1.0
    judge.once_each(desk)


def test_a_desk_without_a_hand_comes_back_by_itself(open_desk: Open, proxy: FaultProxy, judge: Judge) -> None:
    desk = open_desk(patient=True)
    desk.ready(4)
    met = proxy.plan(SUBMIT, lying.reset_after, 2)
    desk.decide()
    desk.until(lambda: desk.account().state == "offline")
    row = desk.unsent()[0]
    assert (row.state, row.attempts) == ("waiting", 1)
    assert "can't be reached" in row.last_error
    assert desk.desk().current is not None
    assert met.wait(WAIT_S)
    desk.drained()
    first, second, third = proxy.of(SUBMIT)
    assert second.at - first.at >= 0.5
    assert third.at - second.at >= 1.0
    judge.once_each(desk)


@pytest.mark.parametrize("days", [1, -1])
def test_a_clock_that_is_a_day_off_changes_nothing_but_a_banner(
    days: int, open_desk: Open, proxy: FaultProxy, judge: Judge
) -> None:
    proxy.plan("GET /v1", lying.clock_of(days=days), 50)
    desk = open_desk()
    desk.ready(4)
    desk.decide()
    desk.drained()
    banner = desk.banner("clock:")
    assert banner is not None
    assert "differ by 1,440 minutes" in banner.text
    judge.once_each(desk)


def test_the_window_stays_live_while_a_server_hangs(open_desk: Open, proxy: FaultProxy, judge: Judge) -> None:
    desk = open_desk(limits=Limits(idle_s=4.0, whole_s=6.0))
    desk.ready(4)
    met = proxy.plan(SUBMIT, lying.delayed)
    desk.decide()
    desk.until(lambda: proxy.of(SUBMIT))
    made = [desk.decide() for _ in range(3)]  # each answers while the first call hangs
    assert not met.is_set()
    assert len(made) == 3
    desk.drained()
    judge.once_each(desk)
