"""A connector that lies: what it says is checked, what it got wrong is named, and nothing is taken for done."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reviewer.connectors.api import (
    API_VERSION,
    Connector,
    Decision,
    DecisionKind,
    LeaseKey,
    OutgoingDecision,
    ReceiptStatus,
)
from reviewer.connectors.host import ConnectorHosts
from reviewer.connectors.host_process import ConnectorFault, HostLimits
from reviewer.connectors.instance import as_declared
from reviewer.connectors.manifest import read_manifest
from reviewer.connectors.opener import Opening
from reviewer.domain.server import Service, reach_of
from tests.fakes_connector import write_plugin

MANIFEST = """
id = "liar"
name = "Liar"
version = "1.0"
api = ["1"]
entry = "connector:connect"
hosts = []
capabilities = ["leases", "submit"]
decisions = ["takedown", "clear"]
measures = ["listing_removed"]
licence = "Apache-2.0"
author = "Nobody"

[[setting]]
key = "lie"
label = "Lie"
"""
CODE = """
import os
from datetime import UTC, datetime
from reviewer.connectors.api import *


class Liar:
    def __init__(self, context):
        self.lie = context.settings["lie"]

    def service(self):
        time = datetime(2026, 1, 1) if self.lie == "no offset" else datetime(2026, 1, 1, tzinfo=UTC)
        return Service("Liar", time, "x" * (300 if self.lie == "long id" else 3), "Ana", "reviewer",
                       capabilities=frozenset({"submit", "banks", "flying"}), decisions=frozenset({"clear", "warn"}),
                       lease_s=float("nan") if self.lie == "no number" else 600.0)

    def claim(self, count, **more):
        seller, listing = Seller("s", "S"), Listing("l", "m", "T", "" if self.lie == "no revision" else "r")
        at = datetime(2026, 1, 1, tzinfo=UTC)
        case = lambda name: Case(name, "m", "open", 1, None, at, listing, seller)
        ttl = float("inf") if self.lie == "for ever" else 600.0
        return Claim((LeasedCase(case("c1"), Lease("l1", 1, ttl)), LeasedCase("c2", None)), 1.0)

    def renew(self, leases):
        names = {"others": ["another"], "too few": [], "swapped": [lease.id for lease in reversed(leases)]}
        return tuple(Renewal(name, 60.0) for name in names.get(self.lie, [lease.id for lease in leases]))

    def release(self, leases):
        pass

    def submit(self, decisions):
        ids = [item.decision.id for item in decisions]
        if self.lie == "speaks in between":
            for number in range(3, 20):
                try:
                    os.write(number, b"\\0\\0\\0\\3xyz")
                except OSError:
                    pass
        if self.lie == "closes its pipe":
            os.closerange(3, 50)
        ids = {"others": ["another"] * len(ids), "too few": ids[1:], "too many": ids * 2,
               "swapped": ids[::-1]}.get(self.lie, ids)
        status = "done!" if self.lie == "no such status" else ReceiptStatus.ACCEPTED
        return tuple(Receipt(name, status) for name in ids)

    def close(self):
        pass


def connect(context):
    return Liar(context)
"""


@pytest.fixture
def hosts() -> Iterator[ConnectorHosts]:
    made = ConnectorHosts(HostLimits(call_s=10.0, first_wait_s=0.0, longest_wait_s=0.0))
    yield made
    made.close()


def liar(hosts: ConnectorHosts, folder: Path, lie: str = "") -> Connector:
    path = folder / "liar"
    if not path.exists():
        write_plugin(folder, folder="liar", manifest=MANIFEST, code=CODE)
    return hosts.open(Opening(lie or "honest", read_manifest(path, API_VERSION), {"lie": lie}, {}))


def outgoing(kind: DecisionKind = DecisionKind.CLEAR) -> OutgoingDecision:
    return OutgoingDecision(Decision(str(uuid.uuid4()), "c1", "l", "r", kind, datetime.now(UTC)), b"{}")


@pytest.mark.parametrize(
    ("lie", "words"),
    [
        ("others", "did not answer for every decision in order"),
        ("too few", "did not answer for every decision in order"),
        ("too many", "did not answer for every decision in order"),
        ("swapped", "did not answer for every decision in order"),
        ("no such status", "Its author must mend it"),
        ("speaks in between", "to its answers"),
        ("closes its pipe", "closed its pipe|ended"),
    ],
)
def test_a_decision_is_not_taken_for_sent_on_a_false_receipt(
    hosts: ConnectorHosts, tmp_path: Path, lie: str, words: str
) -> None:
    with pytest.raises(ConnectorFault, match=words):
        liar(hosts, tmp_path, lie).submit([outgoing(), outgoing()])
    assert liar(hosts, tmp_path).submit([outgoing()])[0].status is ReceiptStatus.ACCEPTED


def test_what_is_not_declared_is_answered_for_it(hosts: ConnectorHosts, tmp_path: Path) -> None:
    receipts = liar(hosts, tmp_path).submit([outgoing(), outgoing(DecisionKind.WARN)])
    assert [row.status for row in receipts] == [ReceiptStatus.ACCEPTED, ReceiptStatus.REJECTED]
    assert "does not carry out" in receipts[1].detail


@pytest.mark.parametrize("lie", ["others", "too few", "swapped"])
def test_a_lease_is_not_taken_for_prolonged_on_anothers_word(hosts: ConnectorHosts, tmp_path: Path, lie: str) -> None:
    with pytest.raises(ConnectorFault, match="did not answer for every lease in order"):
        liar(hosts, tmp_path, lie).renew([LeaseKey("l1", 1), LeaseKey("l2", 1)])


@pytest.mark.parametrize("lie", ["no offset", "long id", "no number"])
def test_a_service_that_can_not_be_is_a_fault(hosts: ConnectorHosts, tmp_path: Path, lie: str) -> None:
    with pytest.raises(ConnectorFault, match="answered what it must not"):
        liar(hosts, tmp_path, lie).service()


def test_a_service_says_no_more_than_the_manifest(hosts: ConnectorHosts, tmp_path: Path) -> None:
    service = liar(hosts, tmp_path).service()
    assert service.capabilities == frozenset({"submit"})
    assert (service.effect, service.decisions, service.measures) == (
        "change", frozenset({"clear"}), frozenset({"listing_removed"}),
    )  # fmt: skip
    assert reach_of(service).is_final


@pytest.mark.parametrize(
    ("lie", "good", "bad"), [("", ["c1"], 1), ("no revision", [], 2), ("for ever", [], 2)]
)  # fmt: skip
def test_of_a_claim_only_what_fits_is_taken(
    hosts: ConnectorHosts, tmp_path: Path, lie: str, good: list[str], bad: int
) -> None:
    claim = liar(hosts, tmp_path, lie).claim(2)
    assert [item.case.id for item in claim.items] == good
    assert len(claim.quarantined) == bad


def test_a_complaint_stays_one_whatever_the_server_says(tmp_path: Path) -> None:
    path = write_plugin(tmp_path, folder="liar", manifest='effect = "complaint"\n' + MANIFEST, code=CODE)
    service = Service("Liar", datetime.now(UTC), "ana", "Ana", "reviewer", effect="change")
    assert as_declared(read_manifest(path, API_VERSION), service).effect == "complaint"


def test_for_an_account_of_complaints_no_measure_is_carried_out(tmp_path: Path) -> None:
    path = write_plugin(tmp_path, folder="liar", manifest=MANIFEST, code=CODE)
    service = Service("Liar", datetime.now(UTC), "ana", "Ana", "reviewer", effect="complaint")
    told = as_declared(read_manifest(path, API_VERSION), service)
    assert (told.effect, told.measures) == ("complaint", frozenset())
