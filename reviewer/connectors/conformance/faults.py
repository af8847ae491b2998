"""Steps on servers, lines and clocks that are not as they should be."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime

from reviewer.connectors.api import ConnectorError, RateLimited, Refused, Unavailable
from reviewer.connectors.conformance.bench import Bench, Broken, expect_error, require
from reviewer.connectors.host_process import ConnectorFault

_LONGEST_S = 20.0
_CANCEL_S = 3.0
_DAY_S = 86_400.0
_CLOCK_S = 300.0
_ASKED_S = 7.0


def overloaded(bench: Bench) -> None:
    """429 is `RateLimited` with the seconds that the server asked for."""
    with bench.behind("busy") as (connector, _):
        error = expect_error(connector.service, RateLimited, doing="service() at a server that answers 429")
        after = error.after_s if isinstance(error, RateLimited) else 0.0
        require(after >= _ASKED_S - 1, f"the server asked for {_ASKED_S:g} s, RateLimited says {after:g}")


def slow_server(bench: Bench) -> None:
    """A server that sends a byte at a time is `Unavailable` within the session's limits."""
    began = time.monotonic()
    with bench.behind("drip") as (connector, _):
        expect_error(connector.service, Unavailable, doing="service() at a server that drips")
    require(time.monotonic() - began < _LONGEST_S, "a slow server held the connector up beyond its session's limits")


def cut_server(bench: Bench) -> None:
    """Half an answer is `Unavailable`, not half the data."""
    with bench.behind("cut") as (connector, _):
        error = expect_error(connector.service, Unavailable, doing="service() whose answer breaks off")
        require(not isinstance(error, ConnectorFault), f"half an answer is a fault of the connector: {error}")


def other_page(bench: Bench) -> None:
    """Another program's page, as of a network that wants a login, is no data."""
    with bench.behind("page") as (connector, _):
        error = expect_error(connector.service, Unavailable, Refused, doing="service() at a login page")
        require(not isinstance(error, ConnectorFault), f"a login page is a fault of the connector: {error}")


def well_again(bench: Bench) -> None:
    """After a fault of the line, the same instance works."""
    with bench.behind("cut") as (connector, relay):
        try:
            connector.service()
        except ConnectorError:
            relay.mode = "pass"
        relay.mode = "pass"
        connector.service()


def clock_off(bench: Bench) -> None:
    """With this computer's clock a day off, service and claims work, and the server's time is the server's."""
    bench.needs_server()
    with bench.opened("clock", skew_s=_DAY_S) as connector:
        told = connector.service().server_time
        off = abs((told - datetime.now(UTC)).total_seconds())
        require(off < _CLOCK_S, f"the server's time is taken from this computer's clock: {off:,.0f} s off")


def cancelled(bench: Bench) -> None:
    """A call that waits for its server ends at once when it is cancelled."""
    with bench.behind("hang") as (connector, relay):
        errors: list[Exception] = []

        def ask() -> None:
            try:
                connector.service()
            except Exception as error:  # noqa: BLE001 - looked at below
                errors.append(error)

        thread = threading.Thread(target=ask, daemon=True)
        thread.start()
        relay.waiting.wait(_LONGEST_S)
        began = time.monotonic()
        cut = getattr(connector, "cut")  # noqa: B009 - of the process's instance, no call of the API
        cut()
        thread.join(_LONGEST_S)
        took = time.monotonic() - began
        require(errors, "a call that was cancelled did not end")
        if not isinstance(errors[0], Unavailable):
            raise Broken(f"a call that was cancelled raised {type(errors[0]).__name__} instead of Unavailable")
        require(took < _CANCEL_S, f"a call that was cancelled went on for {took:.1f} s")


def quiet(bench: Bench) -> None:
    """In all of this the connector's process never failed and never had to be started again."""
    require(not bench.hosts.faults, "; ".join(bench.hosts.faults))
