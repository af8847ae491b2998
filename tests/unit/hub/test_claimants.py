"""Claimants: the record over three months, fast handling, misuse, floods; tables that are pasted."""

from __future__ import annotations

import uuid
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import delete, insert

from reviewer.domain.values import format_time
from reviewer.hub.claimants import lift
from reviewer.hub.notice_csv import COLUMNS
from reviewer.hub.schema import notice_listings, policies
from reviewer.policy.policy import policy_to_mapping
from tests.unit.hub.test_notices import claimant, listing, notice, send


@pytest.fixture
def known(hub):
    claimant(hub)
    listing(hub, "l1")
    return hub


@pytest.fixture
def numbers(hub):
    """Puts house rules with other numbers for notices in force, for one test."""
    made = []

    def change(**changes):
        made.append(_other_rules(hub, changes))

    yield change
    hub.store.database.write(
        lambda connection: connection.execute(delete(policies).where(policies.c.version.in_(made)))
    )


def _other_rules(hub, changes):
    tables = policy_to_mapping(hub.store.policy)
    tables["notices"] |= changes
    tables["version"] = f"test-{uuid.uuid4()}"
    body = msgspec.json.encode(tables).decode()
    hub.store.database.write(
        lambda connection: connection.execute(insert(policies), {"version": tables["version"], "body": body})
    )
    return tables["version"]


def past(hub, upheld=0, rejected=0, turned=0, days=10, who="norrvik"):
    """Listings that were settled some days ago."""
    at = format_time(hub.clock.now - timedelta(days=days))
    outcomes = ["upheld"] * upheld + ["rejected"] * rejected + ["reversed"] * turned
    rows = [
        {
            "notice_id": f"old-{uuid.uuid4()}",
            "listing_id": f"gone-{number}",
            "claimant_id": who,
            "case_id": "",
            "right_key": "",
            "revision": "",
            "gtin": "",
            "outcome": outcome,
            "checks": "[]",
            "decision_id": "",
            "upheld_by": "",
            "settled_at": at,
        }
        for number, outcome in enumerate(outcomes)
    ]
    hub.store.database.write(lambda connection: connection.execute(insert(notice_listings), rows))


def record(hub):
    return hub.get("/v1/claimants/norrvik")["record"]


@pytest.mark.parametrize(
    ("past_outcomes", "fast", "words"),
    [
        ({"upheld": 9}, True, "no record yet: 9 of 10"),
        ({"upheld": 9, "rejected": 1}, True, "90 % upheld, 0 % successfully countered: keeps fast handling"),
        ({"upheld": 8, "rejected": 2}, False, "fast handling is lost: 80 % upheld, at least 90 % are needed"),
        ({"upheld": 95, "turned": 5}, True, "95 % upheld, 5 % successfully countered: keeps fast handling"),
        ({"upheld": 94, "turned": 6}, False, "fast handling is lost: 6 % successfully countered, at most 5 % may be"),
        ({"upheld": 0, "rejected": 12, "days": 95}, True, "no record yet: 0 of 10"),
    ],
)
def test_the_meter_over_three_months(known, past_outcomes, fast, words):
    past(known, **past_outcomes)
    found = record(known)
    assert (found["fast"], found["months"]) == (fast, 3)
    assert found["words"].startswith(words)
    send(known, notice("l1"))
    row = known.get("/v1/cases")["items"][0]
    assert row["priority"] == (100 if fast else 0)
    ground = known.store.policy.ground("counterfeit").sla_hours
    assert row["due_at"].startswith("2026-03-02T08" if fast or ground == 24 else "2026-03")


def test_the_flag_and_the_case_tell_the_claimants_record(known):
    past(known, upheld=19, rejected=1)
    send(known, notice("l1"))
    case = known.case(known.get("/v1/cases")["items"][0]["id"])
    assert case["flags"][0]["claimant_upheld"] == 0.95
    told = case["notices"][0]["record"]
    assert (told["upheld"], told["rejected"], told["upheld_percent"], told["judged"]) == (19, 1, 95.0, True)


def test_a_trusted_flagger_keeps_fast_handling_and_the_record_says_so(hub):
    claimant(hub, source="trusted_flagger")
    listing(hub, "l1")
    past(hub, upheld=5, rejected=15)
    assert record(hub)["words"].startswith("keeps fast handling by its role: 25 % upheld")
    send(hub, notice("l1"))
    assert hub.get("/v1/cases")["items"][0]["priority"] == 200


def reject(hub, count):
    """So many listings of fresh notices are cleared."""
    names = [f"r{uuid.uuid4()}" for _ in range(count)]
    for name in names:
        listing(hub, name)
    assert send(hub, notice(*names))[0]["listings"] == {"open": count}
    leased = hub.claim("lead")
    assert len(leased) == count
    hub.decide(*(hub.decision(one, "clear") for one in leased), who="lead")


def test_misuse_is_warned_of_first_and_then_suspends_until_a_date(known):
    hub = known
    reject(hub, 10)
    told = hub.get("/v1/claimants/me", "claimant")
    assert [event["kind"] for event in told["events"]] == ["registered", "warned"]
    assert "10 of 10 listings were complained of without ground" in told["events"][1]["words"]
    assert told["record"]["warned_at"] == "2026-03-01T08:00:00.000Z"
    assert told["record"]["suspended_until"] is None

    hub.clock.pass_(days=2)
    reject(hub, 9)
    assert record(hub)["suspended_until"] is None, "too few were settled since the warning"
    reject(hub, 1)
    until = "2026-04-02T08:00:00.000Z"
    assert record(hub)["suspended_until"] == until
    answer = hub.call("POST", "/v1/notices", "claimant", json={"notices": [notice("l1")]})
    assert (answer.status_code, answer.json()["type"]) == (403, "suspended")
    assert until in answer.json()["detail"]
    receipts = send(
        hub,
        notice("l1", claimant={"id": "norrvik"}),
        notice("l1", claimant={"id": "b", "name": "B", "source": "consumer"}),
        who="service",
    )
    assert [receipt["status"] for receipt in receipts] == ["refused", "received"]
    assert until in receipts[0]["detail"]

    hub.clock.pass_(days=31)
    assert send(hub, notice("l1"))[0]["status"] == "received"
    assert record(hub)["suspended_until"] is None


def test_an_administrator_lifts_a_suspension(known):
    hub = known
    reject(hub, 10)
    hub.clock.pass_(minutes=1)
    reject(hub, 10)
    assert record(hub)["suspended_until"]
    hub.store.database.write(lambda connection: lift(connection, "norrvik", hub.clock(), "a fault of ours"))
    assert send(hub, notice("l1"))[0]["status"] == "received"
    assert hub.get("/v1/claimants/norrvik")["events"][-1] == {
        "kind": "lifted", "at": "2026-03-01T08:01:00.000Z", "words": "a fault of ours",
    }  # fmt: skip


def test_an_authority_is_never_suspended(hub):
    claimant(hub, source="authority")
    for _ in range(2):
        hub.clock.pass_(minutes=1)
        reject(hub, 11)
    assert [event["kind"] for event in hub.get("/v1/claimants/norrvik")["events"]] == ["registered"]


def test_a_claimant_who_floods_is_told_when_to_come_back(known, numbers):
    hub = known
    numbers(per_hour=5)
    send(hub, *(notice("l1") for _ in range(3)))
    hub.clock.pass_(minutes=20)
    send(hub, *(notice("l1") for _ in range(2)))
    answer = hub.call("POST", "/v1/notices", "claimant", json={"notices": [notice("l1")]})
    assert (answer.status_code, answer.json()["type"], answer.headers["retry-after"]) == (429, "rate-limited", "2400")
    assert "At most 5 notices" in answer.json()["detail"]
    receipts = send(hub, notice("l1", claimant={"id": "norrvik"}), who="service")
    assert (receipts[0]["status"], receipts[0]["retry_after_s"]) == ("deferred", 2400)
    hub.clock.pass_(seconds=2400)
    assert send(hub, *(notice("l1") for _ in range(3)))[2]["status"] == "received"
    too_many = hub.call("POST", "/v1/notices", "claimant", json={"notices": [notice("l1") for _ in range(6)]})
    assert too_many.status_code == 422
    assert "these are 6" in too_many.json()["detail"]


def test_listings_count_against_a_flood_as_well(known, numbers):
    hub = known
    numbers(listings_per_hour=10)
    send(hub, notice(*(f"x{number}" for number in range(8))))
    answer = hub.call("POST", "/v1/notices", "claimant", json={"notices": [notice("a", "b", "c")]})
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "3600")
    assert send(hub, notice("a", "b"))[0]["status"] == "received"


HEAD = (
    "notice,listing_id,gtin,ground,right_kind,right_number,right_owner,right_office,nice_classes,territories,"
    "expires,acting_as,good_faith,statement"
)
ONE = 'counterfeit,trademark,EM-1,Norrvik AB,EUIPO,18 25,EU,2031-06-30,owner,yes,"Logo, zipper and label are wrong"'
TABLE = f"""{HEAD}
n1,l1,4006381333931,{ONE}
n1,l2,,{ONE}
,l3,,copyright,copyright,,Norrvik AB,,,,,owner,yes,Our own picture is shown there
"""


def paste(hub, text, who="claimant"):
    data = text if isinstance(text, bytes) else text.encode()
    return hub.call("POST", "/v1/notices/csv", who, content=data, headers={"content-type": "text/csv; charset=utf-8"})


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_pasted_table(known, separator):
    hub = known
    for name in ("l2", "l3"):
        listing(hub, name)
    text = TABLE.replace('"Logo, zipper and label are wrong"', "Logo and label are wrong").replace(",", separator)
    answer = paste(hub, b"\xef\xbb\xbf" + text.encode())
    assert answer.status_code == 200, answer.text
    receipts = answer.json()["receipts"]
    assert [(one["status"], one["listings"], one["complete"]) for one in receipts] == [
        ("received", {"open": 2}, True), ("received", {"open": 1}, True),
    ]  # fmt: skip
    again = paste(hub, text).json()["receipts"]
    assert [one["status"] for one in again] == ["duplicate", "duplicate"]
    assert [one["id"] for one in again] == [one["id"] for one in receipts]
    page = hub.get("/v1/notices")["items"]
    assert page[0]["right"]["nice_classes"] == [18, 25]
    assert (page[0]["listing_count"], page[1]["ground"]) == (2, "copyright")


def test_each_faulty_line_of_a_table_is_named_and_nothing_is_taken(known):
    hub = known
    lines = [
        "notice,listing_id,ground,right_kind,nice_classes,expires,good_faith,statement",
        ",l1,counterfeit,trademark,18,2031-06-30,yes,This one is right",
        ",,counterfeit,trademark,18,2031-06-30,yes,There is no listing",
        ",l1,nonsense,trademark,18,2031-06-30,yes,There is no such ground",
        ",l1,counterfeit,brand,18,2031-06-30,yes,There is no such right",
        ",l1,counterfeit,trademark,eighteen,2031-06-30,yes,No number",
        ",l1,counterfeit,trademark,18,30.6.2031,yes,No such date",
        ",l1,counterfeit,trademark,18,2031-06-30,perhaps,Neither yes nor no",
        "a,l1,counterfeit,trademark,18,2031-06-30,yes,One notice",
        "a,l2,copyright,trademark,18,2031-06-30,yes,One notice",
        ",l1,counterfeit,trademark,18,2031-06-30,yes,One cell,too many",
    ]
    answer = paste(hub, "\n".join(lines))
    assert answer.status_code == 422
    problem = answer.json()
    named = {fault["pointer"]: fault["detail"] for fault in problem["errors"]}
    assert sorted(named, key=lambda one: int(one.rpartition("/")[2])) == [
        f"/lines/{number}" for number in (3, 4, 5, 6, 7, 8, 10, 11)
    ]
    assert "no ground 'nonsense'" in named["/lines/4"]
    assert "same notice as line 9 and says otherwise in ground" in named["/lines/10"]
    assert "has 9 cells, there are 8 columns" in named["/lines/11"]
    assert "nothing was taken" in problem["detail"]
    assert hub.get("/v1/notices")["items"] == []
    only = paste(hub, "\n".join([lines[0], lines[1], lines[3]])).json()
    assert only["errors"][0]["pointer"] == "/lines/3"
    assert "no ground 'nonsense'" in only["errors"][0]["detail"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the column listing_id is missing"),
        ("listing_id,grund\nl1,counterfeit\n", "there is no column 'grund'"),
        ("listing_id,ground,ground\nl1,a,b\n", "the column ground stands twice"),
        ("listing_id,ground\n", "no lines below"),
        (b"listing_id,ground\nl1,\xff\n", "not UTF-8"),
        ('listing_id,ground\nl1,"' + "x" * 200_000 + '"\n', "can't be read"),
        ("listing_id,ground\n" + "l1,counterfeit\n" * 10_001, "more than 10,000 lines"),
    ],
)
def test_what_is_no_such_table_is_refused_with_its_reason(known, text, words):
    answer = paste(known, text)
    assert answer.status_code == 422
    assert words in answer.text


def test_a_portal_names_the_claimants_in_its_table(known):
    hub = known
    head = "listing_id,ground,statement,good_faith,claimant_id,claimant_name,claimant_source"
    text = f"{head}\nl1,counterfeit,The seams come apart,yes,buyer-7,A buyer,consumer\n"
    assert paste(hub, text, "service").json()["receipts"][0]["status"] == "received"
    missing = paste(hub, "listing_id,ground\nl1,counterfeit\n", "service").json()
    assert missing["errors"][0]["pointer"] == "/lines/2"


def test_every_column_is_documented():
    page = (Path(__file__).parents[3] / "docs" / "notices.md").read_text("utf-8")
    for name in COLUMNS:
        assert f"`{name}`" in page
