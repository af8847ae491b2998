"""A rights owner's marketplace by a map: a takedown is a complaint with a number, and what the suite promises holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from reviewer.connectors.api import API_VERSION, DecisionKind, ReceiptStatus
from reviewer.connectors.conformance.bench import Bench
from reviewer.connectors.conformance.suite import EXEMPT, FAILED, STEPS, Step, bench_for, run_step
from reviewer.connectors.manifest import read_manifest
from reviewer.resources import plugins_folder

#: A real server is started, and some of it is slow on purpose.
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    manifest = read_manifest(plugins_folder() / "rest_map", API_VERSION)
    yield from bench_for(replace(manifest, stand="stand_complaints.py"))


def test_the_server_says_that_decisions_are_complaints(bench: Bench) -> None:
    assert bench.told.effect == "complaint"
    assert bench.told.decisions == frozenset({"takedown", "clear", "withdraw"})
    assert bench.told.measures == frozenset()


def test_a_complaint_has_what_the_marketplace_asks_for_and_its_number_comes_back(bench: Bench) -> None:
    stand: Any = bench.stand
    name, title = bench.add()
    with bench.opened() as connector:
        item = bench.take(connector, title)
        outgoing = bench.decided(item, DecisionKind.TAKEDOWN, note="The buckle is a copy.")
    with bench.opened("after-a-restart") as connector:  # what it knew of the case is gone: it reads the list again
        (receipt,) = bench.submit(connector, outgoing)
    assert receipt.status is ReceiptStatus.ACCEPTED
    assert receipt.effects == (f"complaint C-{len(stand.complaints)} at {bench.told.name}",)
    assert stand.state(name) == "live"
    filed = stand.complaints[-1]
    assert filed["listing"] == {"url": f"https://shop.example/{name}", "title": title, "seller": "Shop 1"}
    assert filed["complainant"] == {"name": "Maison Orle SAS", "email": "ip@orle.example"}
    assert (filed["statement"], filed["facts"]) == ("The buckle is a copy.", ["the logo is a copy"])
    assert (filed["good_faith"], filed["right"]) == (True, "EUIPO 018234567")


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_every_promise_is_kept(bench: Bench, step: Step) -> None:
    outcome = run_step(step, bench)
    assert outcome.outcome != FAILED, outcome.reason
    assert not outcome.untested, outcome.reason
    assert step.name not in ("reversal", "every kind", "act twice") or outcome.outcome != EXEMPT
