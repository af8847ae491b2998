"""Every connector does what the connector API promises, whatever is behind it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reviewer.connectors import api
from reviewer.connectors.api import (
    API_VERSION,
    CaseRow,
    Connector,
    Decision,
    DecisionKind,
    LeasedCase,
    LeaseKey,
    OutgoingDecision,
    ReceiptStatus,
    Refused,
    Unauthorized,
    sha256_hex,
)
from reviewer.connectors.loader import find_connectors
from reviewer.connectors.manifest import Manifest, read_manifest
from reviewer.domain.decision import decision_to_mapping
from reviewer.domain.urgency import RAISED, Urgency
from reviewer.domain.values import is_sha256, new_id
from reviewer.ledger.canonical import canonical_json
from reviewer.policy.policy import policy_from_mapping
from reviewer.resources import plugins_folder
from tests.end2end.hubs import HubProcess
from tests.fakes_connector import SERVERS, FakeServer, made_case, open_connector, picture_named, write_plugin

PICTURE = b"the bytes of a picture"


@dataclass
class Candidate:
    """A connector with a server behind it."""

    manifest: Manifest
    settings: dict[str, Any]

    def open(self, token: str) -> Connector:
        return open_connector(self.manifest, self.settings, {"token": token})


@pytest.fixture(scope="module", params=["queue_api", "made_up"])
def candidate(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Candidate]:
    folder: Path = tmp_path_factory.mktemp("contract")
    if request.param == "queue_api":
        hub = HubProcess(folder / "hub").start()
        yield Candidate(read_manifest(plugins_folder() / "queue_api", API_VERSION), {"address": hub.address})
        hub.stop()
    else:
        server = FakeServer([made_case(number, pictures=(picture_named(PICTURE),)) for number in range(1, 41)])
        server.pictures[sha256_hex(PICTURE)] = PICTURE
        server.tokens["demo-reviewer"] = ("ana", "Ana")
        name = uuid.uuid4().hex
        SERVERS[name] = server
        yield Candidate(read_manifest(write_plugin(folder), API_VERSION), {"server": name})
        del SERVERS[name]


@pytest.fixture
def connector(candidate: Candidate) -> Iterator[Connector]:
    opened = candidate.open("demo-reviewer")
    yield opened
    opened.close()


def decided(item: LeasedCase, kind: DecisionKind = DecisionKind.CLEAR, **changes: Any) -> OutgoingDecision:
    case = item.case
    decision = Decision(
        new_id(), case.id, case.listing.id, case.listing.revision, kind, datetime.now(UTC), item.lease.id,
        item.lease.token, policy_version="2026-11-1", **changes,
    )  # fmt: skip
    return OutgoingDecision(decision, canonical_json(decision_to_mapping(decision)))


def status(connector: Connector, *outgoing: OutgoingDecision) -> list[ReceiptStatus]:
    receipts = connector.submit(outgoing)
    assert [receipt.decision_id for receipt in receipts] == [item.decision.id for item in outgoing]
    return [receipt.status for receipt in receipts]


def test_the_service_says_who_is_asking_and_the_time_in_utc(connector: Connector) -> None:
    service = connector.service()
    assert service.reviewer_id
    assert service.server_time.utcoffset() is not None
    assert service.marketplaces
    assert service.lease_s > 0


def test_bad_credentials_fail_at_the_service(candidate: Candidate) -> None:
    connector = candidate.open("nobody")
    with pytest.raises(Unauthorized):
        connector.service()
    connector.close()


def test_claimed_cases_are_whole(connector: Connector) -> None:
    claim = connector.claim(3)
    assert len(claim.items) == 3
    assert claim.quarantined == ()
    for item in claim.items:
        assert item.lease.ttl_s > 0
        assert item.case.listing.revision
        assert item.case.opened_at.utcoffset() is not None
        assert all(is_sha256(picture.sha256) for picture in item.case.listing.pictures)
    ranks = [Urgency(item.case.due_at, priority=item.case.priority // RAISED * RAISED).rank() for item in claim.items]
    hours = [rank >> 23 for rank in ranks]  # by raise and hour; what comes after knows the rules of the server
    assert hours == sorted(hours)


def test_no_case_is_handed_out_twice_and_ones_own_comes_again_with_its_lease(connector: Connector) -> None:
    first, second = connector.claim(3), connector.claim(3)
    assert {i.case.id for i in first.items}.isdisjoint({i.case.id for i in second.items})
    again = connector.claim(1, case_ids=[first.items[0].case.id])
    assert (again.items[0].lease.id, again.items[0].lease.token) == (
        first.items[0].lease.id,
        first.items[0].lease.token,
    )


def test_leases_are_prolonged_until_they_are_given_back(connector: Connector) -> None:
    one, two = connector.claim(2).items
    keys = [LeaseKey(item.lease.id, item.lease.token, "skipped") for item in (one, two)]
    assert all(renewal.ttl_s for renewal in connector.renew(keys))
    connector.release(keys[:1])
    assert [renewal.ttl_s is None for renewal in connector.renew(keys)] == [True, False]
    connector.release(keys[:1])


def test_a_decision_is_taken_once_however_often_it_is_sent(connector: Connector) -> None:
    item = connector.claim(1).items[0]
    outgoing = decided(item)
    assert status(connector, outgoing) == [ReceiptStatus.ACCEPTED]
    assert status(connector, outgoing) == [ReceiptStatus.DUPLICATE]
    other = replace(outgoing.decision, note="another body")
    forged = OutgoingDecision(other, canonical_json(decision_to_mapping(other)))
    assert status(connector, forged) == [ReceiptStatus.CONFLICT]


def test_every_decision_of_a_batch_has_its_own_receipt(connector: Connector) -> None:
    one, two, three = connector.claim(3).items
    stolen = replace(two, lease=replace(two.lease, token=two.lease.token + 7))
    old = replace(three, case=replace(three.case, listing=replace(three.case.listing, revision="another")))
    assert status(connector, decided(one), decided(stolen), decided(old)) == [
        ReceiptStatus.ACCEPTED, ReceiptStatus.LEASE_LOST, ReceiptStatus.STALE,
    ]  # fmt: skip


def test_a_decision_is_withdrawn_by_one_that_supersedes_it(connector: Connector) -> None:
    item = connector.claim(1).items[0]
    first = decided(item)
    no_lease = replace(item, lease=replace(item.lease, id="", token=0))
    back = decided(no_lease, DecisionKind.WITHDRAW, supersedes=first.decision.id)
    assert status(connector, first, back) == [ReceiptStatus.ACCEPTED, ReceiptStatus.ACCEPTED]
    assert connector.claim(1, case_ids=[item.case.id]).items[0].case.id == item.case.id


def test_all_cases_can_be_read_page_by_page(connector: Connector) -> None:
    whole = connector.cases(None, 500).items
    rows: list[CaseRow] = []
    cursor: str | None = None
    while True:
        page = connector.cases(cursor, 7)
        assert len(page.items) <= 7
        rows += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    assert [row.id for row in rows] == [row.id for row in whole]
    assert len({row.id for row in rows}) == len(rows)


def test_changes_begin_now_and_tell_what_became_of_a_case(connector: Connector) -> None:
    start = connector.changes(None)
    assert start.items == ()
    item = connector.claim(1).items[0]
    status(connector, decided(item))
    page = connector.changes(start.next_cursor)
    last = [change for change in page.items if change.case_id == item.case.id][-1]
    assert last.row is None or last.row.state == "decided"
    assert last.at.utcoffset() is not None
    assert connector.changes(page.next_cursor or start.next_cursor).items == ()


def test_pictures_are_the_bytes_of_their_digest(connector: Connector) -> None:
    name = next(p.sha256 for item in connector.claim(3).items for p in item.case.listing.pictures)
    assert sha256_hex(connector.media(name)) == name
    with pytest.raises(Refused):
        connector.media("0" * 64)


def test_the_house_rules_can_be_read(connector: Connector) -> None:
    assert policy_from_mapping(connector.policies(), "wire").version == connector.service().policy_version


def test_every_shipped_plugin_has_a_manifest_without_faults() -> None:
    found = find_connectors([plugins_folder()])
    assert found
    assert [row.problem for row in found] == [""] * len(found)


def test_every_name_of_the_api_is_there() -> None:
    assert [name for name in api.__all__ if not hasattr(api, name)] == []
    assert len(set(api.__all__)) == len(api.__all__)
