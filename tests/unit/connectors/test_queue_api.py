"""The connector of the Queue API against servers of every quality."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from reviewer.connectors.api import (
    API_VERSION,
    Connector,
    Decision,
    DecisionKind,
    LeaseKey,
    OutgoingDecision,
    RateLimited,
    ReceiptStatus,
    Refused,
    Unauthorized,
    Unavailable,
    sha256_hex,
)
from reviewer.connectors.manifest import read_manifest
from reviewer.domain.decision import decision_to_mapping
from reviewer.ledger.canonical import canonical_json
from reviewer.resources import plugins_folder
from tests.fakes_connector import open_connector
from tests.unit.connectors.conftest import Answer, ScriptedServer

AT = "2026-11-20T09:00:00.000Z"
SERVICE: dict[str, Any] = {
    "name": "Hub", "server_time": AT, "api": ["1"], "reviewer": {"id": "r", "name": "Ana", "role": "reviewer"},
    "marketplaces": [{"id": "m", "name": "Market", "currency": "EUR", "language": "de", "country": "DE"}],
    "capabilities": ["cases"], "policy_version": "1", "unknown": {"ignored": True},
    "limits": {"lease_s": 600, "leases_per_reviewer": 50, "decision_batch": 100, "offline_s": 0, "claim": 50},
}  # fmt: skip
ROW: dict[str, Any] = {
    "id": "c-1", "marketplace": "m", "state": "open", "priority": 5, "due_at": AT, "title": "정품급", "brand": "Orle",
    "category": "bags", "seller_id": "s", "seller_name": "Shop", "standing": "active", "ground": "counterfeit",
    "source": "staff", "flags": 1, "price": {"amount": "38.00", "currency": None}, "language": "ko", "leased_by": "",
}  # fmt: skip
CASE: dict[str, Any] = {
    "id": "c-1", "marketplace": "m", "state": "leased", "priority": 5, "due_at": AT, "opened_at": AT,
    "listing": {"id": "l", "marketplace": "m", "title": "t", "revision": "r", "price": None},
    "seller": {"id": "s", "display_name": "Shop"}, "flags": [{"id": "f", "source": "staff", "reason": "", "at": AT}],
}  # fmt: skip


@pytest.fixture
def connector(server: ScriptedServer) -> Iterator[Connector]:
    manifest = read_manifest(plugins_folder() / "queue_api", API_VERSION)
    opened = open_connector(manifest, {"address": f" {server.address}/v1/ "}, {"token": " s3cret\n"})
    yield opened
    opened.close()


def changed(value: dict[str, Any], path: str, new: Any) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(value))
    *way, last = path.split(".")
    inner = copy
    for key in way:
        inner = inner[key]
    inner[last] = new
    return copy


def page_of(*items: str) -> bytes:
    return ('{"next_cursor": "7", "items": [' + ", ".join(items) + "]}").encode("utf-8", "surrogatepass")


def outgoing(number: int) -> OutgoingDecision:
    decision = Decision(
        f"d-{number}", "c", "l", "r", DecisionKind.CLEAR, datetime(2026, 1, 1, tzinfo=UTC), note=f"ของแท้ {number}"
    )
    return OutgoingDecision(decision, canonical_json(decision_to_mapping(decision)))


def test_the_service_is_read_and_unknown_fields_are_ignored(server: ScriptedServer, connector: Connector) -> None:
    server.say("/v1", SERVICE)
    service = connector.service()
    assert (service.name, service.reviewer_id, service.lease_s) == ("Hub", "r", 600.0)
    assert server.asked[0].headers["Authorization"] == "Bearer s3cret"


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (Answer(b"<html>Welcome</html>", kind="text/html"), Unavailable, "answered with a page, not with data"),
        (Answer(b'{"name": "Hub", "server_ti'), Refused, "does not speak the Queue API"),
        (Answer(b"[]"), Refused, "does not speak the Queue API"),
        (Answer(b'{"hello": "world"}'), Refused, "does not speak the Queue API"),
        (Answer(json.dumps(changed(SERVICE, "api", ["2"])).encode()), Refused, "speaks version 2 of the Queue API"),
        (Answer(json.dumps(changed(SERVICE, "server_time", "2026-11-20T09:00:00")).encode()), Refused, "its offset"),
        (Answer(json.dumps(changed(SERVICE, "limits.lease_s", 1e300)).encode()), Refused, "lease_s is larger"),
        (Answer(status=302, headers={"Location": "https://login.example"}), Refused, "answered 302"),
        (Answer(b"not here", 404, kind="text/plain"), Refused, "does not speak the Queue API"),
        (Answer(b"{}", 401), Unauthorized, "does not know this token. Sign in"),
        (Answer(b"{}", 403), Unauthorized, "Your role does not allow this"),
        (Answer(b"{}", 500), Unavailable, "fault of its own"),
        (Answer(b"{}", 400), Refused, "refused: 400"),
    ],
)
def test_a_server_that_is_none_is_told_in_words(
    server: ScriptedServer, connector: Connector, answer: Answer, error: type[Exception], words: str
) -> None:
    server.otherwise = answer
    with pytest.raises(error, match=words):
        connector.service()


@pytest.mark.parametrize(
    ("status", "header", "after"),
    [
        (429, "7", 7.0),
        (503, "90", 90.0),
        (429, "never", 5.0),
        (429, "1e9", 3600.0),
        (429, "-3", 1.0),
        (429, "nan", None),
    ],
)
def test_patience_is_kept_for_as_long_as_the_server_asks(
    server: ScriptedServer, connector: Connector, status: int, header: str, after: float | None
) -> None:
    server.otherwise = Answer(b"{}", status, {"Retry-After": header})
    with pytest.raises(RateLimited) as caught:
        connector.service()
    if after is None:
        assert 1.0 <= caught.value.after_s <= 3600.0
    else:
        assert caught.value.after_s == after


def test_the_servers_own_words_are_passed_on(server: ScriptedServer, connector: Connector) -> None:
    problem = {"type": "lease-limit", "title": "Too many", "detail": "You hold 400 cases."}
    server.say("/v1/leases", problem, status=409, kind="application/problem+json")
    with pytest.raises(Refused, match="You hold 400 cases"):
        connector.claim(3)


DEEP = "[" * 200_000 + "]" * 200_000
BAD_ROWS = {
    "a doubled key": json.dumps(ROW)[:-1] + ', "id": "c-2"}',
    "NaN": json.dumps(ROW).replace('"priority": 5', '"priority": NaN'),
    "Infinity": json.dumps(ROW).replace('"priority": 5', '"priority": -Infinity'),
    "nested without end": json.dumps(ROW)[:-1] + f', "x": {DEEP}}}',
    "thousands of digits": json.dumps(ROW).replace('"priority": 5', f'"priority": {"9" * 5000}'),
    "an integer no store holds": json.dumps(ROW).replace('"priority": 5', f'"priority": {2**70}'),
    "a number without end": json.dumps(ROW)[:-1] + ', "x": 1e999}',
    "a missing field": json.dumps({key: value for key, value in ROW.items() if key != "title"}),
    "a wrong type": json.dumps(changed(ROW, "title", 7)),
    "a price that is none": json.dumps(changed(ROW, "price.amount", "NaN")),
    "a price beyond all prices": json.dumps(changed(ROW, "price.amount", "1e999999")),
    "a price as a number of a text": json.dumps(changed(ROW, "price.amount", "38 EUR")),
    "a time without its offset": json.dumps(changed(ROW, "due_at", "2026-11-20T09:00:00")),
    "a time before all time": json.dumps(changed(ROW, "due_at", "0001-01-01T00:00:00+14:00")),
    "no time": json.dumps(changed(ROW, "due_at", "soon")),
    "an id without end": json.dumps(changed(ROW, "id", "x" * 129)),
    "null": "null",
    "a text": '"c-1"',
    "an empty object": "{}",
}


@pytest.mark.parametrize("bad", BAD_ROWS.values(), ids=BAD_ROWS.keys())
def test_an_item_that_can_not_be_read_is_put_aside_and_the_rest_goes_on(
    server: ScriptedServer, connector: Connector, bad: str
) -> None:
    others = [json.dumps(changed(ROW, "id", name)) for name in ("first, [1}", 'last \\" {')]
    server.say("/v1/cases", page_of(others[0], bad, others[1]))
    page = connector.cases(None)
    assert [row.id for row in page.items] == ["first, [1}", 'last \\" {']
    assert page.next_cursor == "7"
    assert [item.where for item in page.quarantined] == ["cases[1]"]
    assert page.quarantined[0].reason
    assert len(page.quarantined[0].excerpt) <= 500


def test_bytes_that_are_no_text_spoil_their_item_only(server: ScriptedServer, connector: Connector) -> None:
    good, bad = json.dumps(ROW).encode(), json.dumps(ROW).encode().replace(b"Orle", b"\xff\xfe")
    server.say("/v1/cases", b'{"items": [' + bad + b"," + good + b'], "next_cursor": null}')
    page = connector.cases(None)
    assert (len(page.items), len(page.quarantined)) == (1, 1)


def test_lone_surrogates_become_a_sign_that_can_be_kept(server: ScriptedServer, connector: Connector) -> None:
    row = json.dumps(changed(ROW, "title", "bag \ud800 \U0001f600"))
    server.say("/v1/cases", page_of(row))
    assert connector.cases(None).items[0].title == "bag \ufffd \U0001f600"


@pytest.mark.parametrize(
    "body",
    [
        b'{"items": [',
        b'{"items": [{}',
        b"{}",
        b'{"items": {}}',
        b'{"items": null}',
        b'{"items": []} trailing',
        b"",
        b"[[]]",
        b'{"items": [NaN]',
    ],
)
def test_a_page_that_is_none_is_no_answer(server: ScriptedServer, connector: Connector, body: bytes) -> None:
    server.say("/v1/cases", body)
    with pytest.raises(Unavailable, match="Queue API promises"):
        connector.cases(None)


def test_an_empty_page_is_empty(server: ScriptedServer, connector: Connector) -> None:
    server.say("/v1/cases", b' { "items" : [ ] , "next_cursor" : null } ')
    assert connector.cases(None) == type(connector.cases(None))()


def test_pages_are_asked_for_by_cursor_and_limit(server: ScriptedServer, connector: Connector) -> None:
    server.say("/v1/changes", page_of())
    connector.changes("a&b=c", 7)
    assert server.asked[0].path == "/v1/changes?limit=7&cursor=a%26b%3Dc"


def leased(case: dict[str, Any], **lease: Any) -> str:
    return json.dumps({"case": case, "lease": {"id": "lease", "token": 3, "ttl_s": 600} | lease})


def test_a_claim_puts_cases_aside_that_can_not_be_read(server: ScriptedServer, connector: Connector) -> None:
    bad = leased(changed(CASE, "opened_at", "2026-11-20T09:00:00"))
    endless = leased(CASE, ttl_s=1e300)
    server.say("/v1/leases", page_of(leased(CASE), bad, endless, leased(changed(CASE, "id", "c-2"))))
    claim = connector.claim(5, marketplaces=["m"], case_ids=["c-1"], offline_s=60.0)
    assert [item.case.id for item in claim.items] == ["c-1", "c-2"]
    assert len(claim.quarantined) == 2
    assert json.loads(server.asked[0].body) == {
        "count": 5,
        "marketplaces": ["m"],
        "case_ids": ["c-1"],
        "offline_s": 60.0,
    }


def test_renewals_are_told_one_by_one(server: ScriptedServer, connector: Connector) -> None:
    rows = [{"id": "b", "status": "lease_lost", "ttl_s": 0}, {"id": "a", "status": "renewed", "ttl_s": 600}]
    server.say("/v1/leases/renew", {"items": rows})
    renewals = connector.renew([LeaseKey("a", 1), LeaseKey("b", 2)])
    assert [(row.id, row.ttl_s) for row in renewals] == [("a", 600.0), ("b", None)]
    with pytest.raises(Unavailable, match="every lease"):
        connector.renew([LeaseKey("a", 1), LeaseKey("c", 2)])


def receipt(number: int, status: str = "accepted") -> dict[str, Any]:
    return {"decision_id": f"d-{number}", "status": status, "detail": "", "effects": [], "retry_after_s": None}


def test_the_durable_bytes_go_out_as_they_are(server: ScriptedServer, connector: Connector) -> None:
    server.say("/v1/decisions", {"receipts": [receipt(1), receipt(2, "deferred")]})
    receipts = connector.submit([outgoing(1), outgoing(2)])
    assert [row.status for row in receipts] == [ReceiptStatus.ACCEPTED, ReceiptStatus.DEFERRED]
    assert server.asked[0].body == b'{"decisions":[' + outgoing(1).body + b"," + outgoing(2).body + b"]}"


@pytest.mark.parametrize(
    "receipts",
    [
        [receipt(1)],
        [receipt(2), receipt(1)],
        [receipt(1), receipt(1)],
        [receipt(1), receipt(2), receipt(3)],
        [receipt(1), receipt(2, "maybe")],
        [],
    ],
    ids=["too few", "another order", "doubled", "too many", "an unknown status", "none"],
)
def test_receipts_that_do_not_match_are_no_answer(
    server: ScriptedServer, connector: Connector, receipts: list[Any]
) -> None:
    server.say("/v1/decisions", {"receipts": receipts})
    with pytest.raises(Unavailable, match="every decision in order"):
        connector.submit([outgoing(1), outgoing(2)])


def problem(kind: str, status: int) -> Answer:
    body = json.dumps({"type": kind, "detail": "The note is too long."}).encode()
    return Answer(body, status, kind="application/problem+json")


def test_one_decision_that_breaks_the_rules_does_not_hold_up_the_others(
    server: ScriptedServer, connector: Connector
) -> None:
    def said(*rows: dict[str, Any]) -> Answer:
        return Answer(json.dumps({"receipts": rows}).encode())

    refusal = problem("invalid-request", 400)
    server.queue = [refusal, said(receipt(1), receipt(2)), refusal, refusal, said(receipt(4))]
    receipts = connector.submit([outgoing(number) for number in (1, 2, 3, 4)])
    assert [(row.decision_id, row.status.value) for row in receipts] == [
        ("d-1", "accepted"), ("d-2", "accepted"), ("d-3", "rejected"), ("d-4", "accepted"),
    ]  # fmt: skip
    assert receipts[2].detail == "The note is too long."


@pytest.mark.parametrize("answer", [Answer(b"{}", 400), Answer(b"<html>", 413, kind="text/html"), Answer(status=302)])
def test_a_refusal_without_the_servers_words_is_no_receipt(
    server: ScriptedServer, connector: Connector, answer: Answer
) -> None:
    server.otherwise = answer
    with pytest.raises(Refused):
        connector.submit([outgoing(1)])


def test_pictures_come_as_bytes_of_any_kind(server: ScriptedServer, connector: Connector) -> None:
    data = b"\xff\xd8 jpeg"
    server.say(f"/v1/media/{sha256_hex(data)}", data, kind="image/jpeg")
    assert connector.media(sha256_hex(data)) == data
    assert server.asked[0].path == f"/v1/media/{sha256_hex(data)}"


def test_ids_can_not_leave_their_place_in_the_address(server: ScriptedServer, connector: Connector) -> None:
    server.say("/v1/sellers/..%2F..%2Fadmin%3Fx", {"id": "../../admin?x", "display_name": "Shop"})
    assert connector.seller("../../admin?x").display_name == "Shop"


def test_policies_come_as_tables(server: ScriptedServer, connector: Connector) -> None:
    server.say("/v1/policies", {"version": "1", "ground": []})
    assert connector.policies() == {"version": "1", "ground": []}
