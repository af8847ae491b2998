"""Who works on what, where the server does not keep it: claims, leases and changes out of what was polled."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from reviewer.connectors.api import (
    Case,
    CursorLost,
    Decision,
    DecisionKind,
    LeaseKey,
    OutgoingDecision,
    Page,
    Quarantined,
    Receipt,
    ReceiptStatus,
    Service,
)
from reviewer.connectors.polling import FRESH_S, PolledConnector
from tests.fakes_connector import made_case


class Market:
    """A server with a list of cases, with or without cursors."""

    def __init__(self, *cases: Case, cursors: bool = False) -> None:
        self.cases = list(cases)
        self.cursors = cursors
        self.bad: tuple[Quarantined, ...] = ()
        self.asked: list[str | None] = []
        self.answer = ReceiptStatus.ACCEPTED

    def service(self) -> Service:
        return Service("Market", datetime.now(UTC), "ana", "Ana", "reviewer", capabilities=frozenset({"media"}))

    def poll(self, cursor: str | None, limit: int = 500) -> Page[Case]:
        self.asked.append(cursor)
        if not self.cursors:
            return Page(tuple(self.cases), None, self.bad)
        start = int(cursor or 0)
        part = self.cases[start : start + 2]
        return Page(tuple(part), str(start + len(part)))

    def submit(self, decisions: Any) -> tuple[Receipt, ...]:
        return tuple(Receipt(item.decision.id, self.answer) for item in decisions)

    def media(self, sha256: str) -> bytes:
        return b"media"


class Clock:
    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at

    def later(self) -> None:
        self.at += FRESH_S + 1


@pytest.fixture
def clock() -> Clock:
    return Clock()


def polled(market: Market, clock: Clock) -> PolledConnector:
    return PolledConnector(market, "market", clock)  # type: ignore[arg-type]


def ids(claim: Any) -> list[str]:
    return [item.case.id for item in claim.items]


def decided(case: Case, kind: DecisionKind = DecisionKind.CLEAR) -> OutgoingDecision:
    decision = Decision("d-" + case.id + kind, case.id, case.listing.id, case.listing.revision, kind, datetime.now(UTC))
    return OutgoingDecision(decision, b"{}")


CASES = [made_case(number) for number in range(1, 8)]


def test_the_most_urgent_come_first_and_once(clock: Clock) -> None:
    connector = polled(Market(*reversed(CASES)), clock)
    assert ids(connector.claim(3)) == ["case-1", "case-2", "case-3"]
    assert ids(connector.claim(9)) == ["case-4", "case-5", "case-6", "case-7"]
    assert ids(connector.claim(1, case_ids=["case-2"])) == ["case-2"]
    assert ids(connector.claim(5, case_ids=["nowhere"])) == []


def test_claims_are_narrowed_by_marketplace_and_ground(clock: Clock) -> None:
    other = replace(made_case(9), marketplace="other")
    connector = polled(Market(*CASES, other), clock)
    assert ids(connector.claim(9, marketplaces=["other"])) == ["case-9"]
    assert ids(connector.claim(9, grounds=["no such"])) == []


def test_leases_outlive_a_restart(clock: Clock) -> None:
    market = Market(*CASES)
    item = polled(market, clock).claim(1).items[0]
    again = polled(market, clock)
    key = LeaseKey(item.lease.id, item.lease.token)
    assert again.renew([key, LeaseKey("poll:nowhere", 1)])[0].ttl_s
    assert again.renew([LeaseKey("poll:nowhere", 1)])[0].ttl_s is None
    assert item.case.id not in ids(again.claim(9))


def test_what_is_skipped_does_not_come_again_and_what_is_given_back_does(clock: Clock) -> None:
    connector = polled(Market(*CASES[:2]), clock)
    one, two = connector.claim(2).items
    connector.release([LeaseKey(one.lease.id, 1, "skipped"), LeaseKey(two.lease.id, 1, "done_for_today")])
    assert ids(connector.claim(9)) == [two.case.id]


def test_a_whole_list_tells_what_left_and_what_changed(clock: Clock) -> None:
    market = Market(*CASES)
    connector = polled(market, clock)
    start = connector.changes(None).next_cursor
    market.cases = [*CASES[1:6], replace(CASES[6], priority=5), made_case(20)]
    assert connector.changes(start).items == ()  # what was polled is still fresh
    clock.later()
    page = connector.changes(start)
    assert {(change.kind, change.case_id) for change in page.items} == {
        ("case_closed", "case-1"), ("listing_changed", "case-7"), ("case_opened", "case-20"),
    }  # fmt: skip
    assert connector.changes(page.next_cursor).items == ()


def test_cursors_are_gone_on_from(clock: Clock) -> None:
    market = Market(*CASES, cursors=True)
    connector = polled(market, clock)
    assert len(connector.cases(None).items) == 7
    market.cases.append(replace(CASES[0], state="withdrawn"))
    clock.later()
    assert len(connector.cases(None).items) == 6
    assert market.asked == [None, "2", "4", "6", "7", "7", "8"]


def test_pages_of_any_size_are_the_same_list(clock: Clock) -> None:
    connector = polled(Market(*CASES), clock)
    found: list[str] = []
    cursor: str | None = None
    while True:
        page = connector.cases(cursor, 3)
        found += [row.id for row in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert found == [row.id for row in connector.cases(None, 500).items]


def test_a_decision_takes_the_case_off_and_a_reversal_brings_it_back(clock: Clock) -> None:
    connector = polled(Market(*CASES), clock)
    case = connector.claim(1).items[0].case
    start = connector.changes(None).next_cursor
    connector.submit([decided(case)])
    assert case.id not in {row.id for row in connector.cases(None).items}
    connector.submit([decided(case, DecisionKind.WITHDRAW)])
    assert ids(connector.claim(1, case_ids=[case.id])) == [case.id]
    assert [change.kind for change in connector.changes(start).items] == ["case_closed", "case_opened"]


def test_what_the_server_did_not_take_stays(clock: Clock) -> None:
    market = Market(*CASES)
    connector = polled(market, clock)
    case = connector.claim(1).items[0].case
    market.answer = ReceiptStatus.STALE
    connector.submit([decided(case)])
    assert case.id in {row.id for row in connector.cases(None).items}


@pytest.mark.parametrize("cursor", ["", "17", "market-0:0", "another:3"])
def test_a_cursor_of_another_life_begins_anew(clock: Clock, cursor: str) -> None:
    connector = polled(Market(*CASES), clock)
    with pytest.raises(CursorLost):
        connector.changes(cursor)


def test_bad_items_are_told_with_the_next_claim(clock: Clock) -> None:
    market = Market(*CASES)
    market.bad = (Quarantined("row 3", "no title"),)
    connector = polled(market, clock)
    assert connector.claim(1).quarantined == market.bad
    assert connector.claim(1).quarantined == ()


def test_what_it_does_not_answer_itself_is_the_connectors(clock: Clock) -> None:
    connector = polled(Market(), clock)
    assert connector.media("x") == b"media"
    assert connector.service().capabilities == {"media", "leases", "cases", "changes"}
