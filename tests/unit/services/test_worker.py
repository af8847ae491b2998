"""The thread of an account: duties, wake-ups, states."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from reviewer.connectors.api import Connector, RateLimited, Refused, Unauthorized, Unavailable
from reviewer.errors import OperatorError
from reviewer.services.changes import Changed, Notifier
from reviewer.services.clock import steady
from reviewer.services.delivery import SendingDelays
from reviewer.services.leases import Leases
from reviewer.services.logs import LastLines
from reviewer.services.model import AccountStatus, CaseRef
from reviewer.services.worker import AccountWorker, Duty
from reviewer.storage.database import StorageProblem
from tests.fakes_connector import FakeConnector, FakeServer, until


class Workplace:
    """A worker whose states and troubles are kept."""

    def __init__(self) -> None:
        self.server = FakeServer()
        self.states: list[AccountStatus] = []
        self.troubles: list[str] = []
        self.opening: Exception | None = None
        self.worker = AccountWorker(
            "a", "Siam", self._open, lambda *_: None, self.states.append, self.troubles.append,
            clock=steady, now=lambda: datetime.now(UTC),
        )  # fmt: skip

    def _open(self) -> Connector:
        if self.opening:
            raise self.opening
        return FakeConnector(self.server, "token")

    def until_state(self, state: str) -> AccountStatus:
        until(lambda: self.worker.status.state == state)
        return self.worker.status


@pytest.fixture
def place() -> Iterator[Workplace]:
    made = Workplace()
    yield made
    made.worker.stop()
    assert not any(thread.name == "account-a" for thread in threading.enumerate())


def test_a_wake_up_while_a_duty_runs_is_not_lost(place: Workplace) -> None:
    runs: list[int] = []
    inside, go_on = threading.Event(), threading.Event()

    def run(_: Connector) -> float:
        runs.append(1)
        if len(runs) == 1:
            inside.set()
            assert go_on.wait(20)
        return 3600.0

    duty = Duty("push", run)
    place.worker.add_duty(duty)
    place.worker.start()
    assert inside.wait(20)
    duty.soon()
    place.worker.wake()
    go_on.set()
    until(lambda: len(runs) == 2)


@pytest.mark.parametrize("answer", [math.inf, math.nan, 1e300, -5.0])
def test_a_duty_with_an_odd_wish_does_not_end_the_thread(place: Workplace, answer: float) -> None:
    ran = threading.Event()

    def run(_: Connector) -> float:
        ran.set()
        return answer

    duty = Duty("odd", run)
    place.worker.add_duty(duty)
    place.worker.start()
    assert ran.wait(20)
    assert place.worker.request(lambda connector: connector.service().name).result(20) == "Made-up"
    until(lambda: duty.due_at <= steady() + 3600.0)


def test_a_failing_duty_does_not_keep_the_others_from_their_turn(place: Workplace) -> None:
    other = threading.Event()

    def refuse(_: Connector) -> float:
        raise Refused("you hold too many")

    def serve(_: Connector) -> float:
        other.set()
        return 3600.0

    place.worker.add_duty(Duty("claim", refuse))
    place.worker.add_duty(Duty("push", serve))
    place.worker.start()
    assert other.wait(20)
    assert place.worker.status.state == "online"


@pytest.mark.parametrize(
    ("error", "state", "words"),
    [
        (Unavailable("no way through"), "offline", "no way through"),
        (Unauthorized("who are you"), "sign_in", "who are you"),
        (RateLimited("slowly", math.inf), "offline", "slowly"),
        (Refused("not a queue"), "failed", "not a queue"),
        (OperatorError("mend the settings"), "failed", "mend the settings"),
        (ZeroDivisionError("x"), "offline", "A fault of the connector: ZeroDivisionError. Its author must mend it."),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_an_error_becomes_the_state_of_the_account(place: Workplace, error: Exception, state: str, words: str) -> None:
    place.server.error = error
    place.worker.start()
    assert place.until_state(state).error == words
    place.server.error = None
    place.worker.wake(retry=True)
    assert place.until_state("online").reviewer_name == "Ana Reyes"


def test_a_connector_that_can_not_be_opened_waits_for_a_person(place: Workplace) -> None:
    place.opening = OperatorError("There is no connector made_up.")
    place.worker.start()
    place.until_state("failed")
    place.opening = None
    place.worker.wake(retry=True)
    place.until_state("online")


def test_a_full_disk_is_no_fault_of_the_server(place: Workplace) -> None:
    def run(_: Connector) -> float:
        raise StorageProblem("The disk is full.")

    place.worker.add_duty(Duty("claim", run))
    place.worker.start()
    until(lambda: place.troubles)
    assert place.troubles[0] == "The disk is full."
    assert place.worker.status.state == "online"


def test_the_errors_of_a_request_are_those_of_its_future(place: Workplace) -> None:
    place.worker.start()
    with pytest.raises(Refused, match="no"):
        place.worker.request(lambda _: (_ for _ in ()).throw(Refused("no"))).result(20)
    place.worker.stop()
    with pytest.raises(OperatorError, match="being closed"):
        place.worker.request(lambda connector: connector.service()).result(20)


def test_delays_count_down_and_are_released() -> None:
    now = [100.0]
    delays = SendingDelays(lambda: now[0], 10.0)
    delays.schedule("d-1", "a", "takedown case-1", 10.0)
    now[0] = 104.0
    delays.schedule("d-2", "a", "clear case-2", 10.0)
    assert (delays.left_s("d-1"), delays.is_due("d-1"), delays.left_s("earlier run")) == (6.0, False, 6.0)
    assert delays.latest() == ("clear case-2", 10.0)
    assert delays.next_of("a") == 6.0
    now[0] = 110.0
    assert delays.is_due("d-1")
    assert delays.is_due("earlier run")
    assert not delays.is_due("d-2")
    delays.forget("d-1")
    assert (delays.next_of("a"), delays.next_of("b")) == (4.0, None)
    delays.put_off("d-2", "a", math.inf)
    assert delays.left_s("d-2") == 3600.0
    assert delays.latest() == ("clear case-2", 3600.0)
    delays.release_all()
    assert delays.is_due("d-2")


def test_what_an_earlier_run_left_is_waited_for() -> None:
    delays = SendingDelays(lambda: 100.0, 10.0)
    assert delays.next_of("a") == 10.0


def test_leases_are_due_for_renewal_at_a_third_of_their_time() -> None:
    now = [0.0]
    leases = Leases(lambda: now[0])
    one, two = CaseRef("a", "1"), CaseRef("b", "1")
    leases.hold(one, "l-1", 7, 600.0)
    leases.hold(two, "l-2", 8, 60.0)
    assert leases.next_renewal("a") == 200.0
    now[0] = 200.0
    assert [lease.ref for lease in leases.due("a")] == [one]
    leases.hold(one, "l-1", 7, 600.0)
    assert leases.due("a") == []
    held = leases.drop(two)
    assert held is not None
    assert (held.deadline, leases.get(two), leases.next_renewal("b")) == (60.0, None, None)


def test_a_deaf_subscriber_does_not_silence_the_others(caplog: Any) -> None:
    heard: list[Changed] = []
    notifier = Notifier()

    def deaf(_: Changed) -> None:
        raise ZeroDivisionError

    notifier.subscribe(deaf)
    end = notifier.subscribe(heard.append)
    notifier.publish("desk", "status", origin="x")
    end()
    end()
    notifier.publish("desk")
    assert heard == [Changed(frozenset({"desk", "status"}), "x")]
    assert "a subscriber failed" in caplog.text


def test_the_last_lines_of_the_log_hold_no_token() -> None:
    lines = LastLines(2)
    for text in ("first", "{'Authorization': 'Bearer s3cret-token'}", "token=s3cret-token and more"):
        lines.emit(logging.LogRecord("x", logging.INFO, "", 0, text, None, None))
    lines.close()
    assert len(lines.lines()) == 2
    assert "s3cret" not in "\n".join(lines.lines())
