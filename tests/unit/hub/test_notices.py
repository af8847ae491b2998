"""Notices: taken in once, checked, put onto the queue; what became of them; what claimants may do."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select

from reviewer.hub.auth import Account
from reviewer.hub.claimants import claimant_of, register
from reviewer.hub.provision import put_marketplace
from reviewer.hub.references import put_references
from reviewer.hub.schema import accounts

RIGHT = {
    "kind": "trademark", "number": "EM-0155120", "sign": "NORRVIK", "office": "EUIPO", "owner": "Norrvik AB",
    "nice_classes": [18, 25], "territories": ["EU"], "expires_at": "2031-06-30T00:00:00Z",
}  # fmt: skip
WORDS = "The zipper and the logo are not ours."


def claimant(hub, name="Norrvik AB", source="rights_holder", owners=("Norrvik AB",), **more):
    """The account of the role `claimant` becomes this claimant; or another, without an account."""
    account = Account("", "", "claimant")

    def write(connection):
        found = connection.execute(select(accounts.c.id).where(accounts.c.role == "claimant")).scalar()
        register(connection, more.get("id", "norrvik"), name, source, hub.clock(), owners=owners, account_id=found)

    hub.store.database.write(write)
    return account


def notice(*listings, **changes):
    named = [{"id": one} if isinstance(one, str) else one for one in listings]
    return {
        "id": str(uuid.uuid4()),
        "ground": "counterfeit",
        "listings": named,
        "statement": WORDS,
        "good_faith": True,
        "right": RIGHT,
        "acting_as": "owner",
    } | changes


def listing(hub, name, **changes):
    """A listing without a flag."""
    values = {"category": "backpack", "country": "IE", "flags": []} | changes
    return hub.upsert(hub.item(name, **values))[0]


def send(hub, *notices, who="claimant"):
    return hub.post("/v1/notices", {"notices": list(notices)}, who)["receipts"]


def checks(hub, notice_id, listing_id=None, who="reviewer"):
    rows = hub.get(f"/v1/notices/{notice_id}/listings", who)["items"]
    row = next(row for row in rows if listing_id in (None, row["listing_id"]))
    return {item["id"]: (item["verdict"], item["reason"]) for item in row["checks"]}


@pytest.fixture
def known(hub):
    claimant(hub)
    listing(hub, "l1")
    return hub


def test_a_notice_opens_a_case_and_stands_behind_it(known):
    hub, sent = known, notice("l1")
    receipt = send(hub, sent)[0]
    assert (receipt["status"], receipt["complete"], receipt["asked"]) == ("received", True, [])
    assert receipt["listings"] == {"open": 1}
    assert receipt["received_at"] == "2026-03-01T08:00:00.000Z"
    row = hub.get("/v1/cases")["items"][0]
    assert (row["source"], row["ground"], row["priority"]) == ("rights_holder", "counterfeit", 100)
    assert row["due_at"] == "2026-03-02T08:00:00.000Z"
    case = hub.case(row["id"])
    flag = case["flags"][0]
    assert (flag["notice_id"], flag["claimant"], flag["explanation"]) == (sent["id"], "Norrvik AB", WORDS)
    behind = case["notices"][0]
    assert (behind["id"], behind["outcome"], behind["state"], behind["listing_ids"]) == (
        sent["id"], "open", "open", ["l1"],
    )  # fmt: skip
    assert behind["right"] == RIGHT
    assert {item["id"]: item["verdict"] for item in behind["checks"]} == dict.fromkeys(
        ("good_faith", "statement", "in_force", "may_act", "class", "territory", "duplicate"), "ok"
    )
    assert behind["record"]["words"].startswith("no record yet")


def test_a_notice_on_a_waiting_case_adds_a_flag_and_hurries_it(known):
    hub = known
    case_id = hub.open_case("l2", category="backpack", due_at="2026-03-09T08:00:00Z")
    before = hub.case(case_id)
    send(hub, notice("l2"))
    after = hub.case(case_id)
    assert len(after["flags"]) == len(before["flags"]) + 1
    assert (after["due_at"], after["priority"]) == ("2026-03-02T08:00:00.000Z", 100)
    assert hub.get("/v1/changes?cursor=0")["items"][-1]["kind"] == "case_changed"


def test_the_same_notice_again_gets_its_receipt_again(known):
    hub, sent = known, notice("l1")
    first, inner = send(hub, sent, sent)
    assert (first["status"], inner["status"]) == ("received", "duplicate")
    hub.clock.pass_(hours=3)
    again = send(hub, sent)[0]
    assert again == first | {"status": "duplicate"}
    other = send(hub, sent | {"statement": "Something quite different now."})[0]
    assert other["status"] == "conflict"
    assert len(hub.get("/v1/notices")["items"]) == 1
    assert len(hub.get("/v1/cases")["items"]) == 1


def test_a_notice_of_somebody_else_under_the_same_id_is_a_conflict(known):
    hub, sent = known, notice("l1")
    send(hub, sent)
    buyer = {"id": "buyer-1", "name": "A buyer", "source": "consumer"}
    assert send(hub, sent | {"claimant": buyer}, who="service")[0]["status"] == "conflict"


@pytest.mark.parametrize(
    ("source", "priority", "hours"),
    [("authority", 200, 12), ("trusted_flagger", 200, 24), ("rights_holder", 100, 24), ("consumer", 0, 24)],
)
def test_each_kind_of_claimant_has_its_place_in_the_queue(hub, source, priority, hours):
    claimant(hub, source=source)
    listing(hub, "l1")
    send(hub, notice("l1"))
    row = hub.get("/v1/cases")["items"][0]
    assert (row["source"], row["priority"]) == (source, priority)
    ground = hub.store.policy.ground("counterfeit").sla_hours
    due = hub.clock() + timedelta(hours=min(ground, hours))
    assert row["due_at"] == due.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def test_many_listings_of_one_seller_in_one_notice(known):
    hub = known
    for number in range(2, 8):
        listing(hub, f"l{number}")
    sent = notice(*(f"l{number}" for number in range(1, 8)), "nowhere", "l1")
    receipt = send(hub, sent)[0]
    assert receipt["listings"] == {"not_found": 1, "open": 7}
    assert receipt["asked"] == ["Not known here: nowhere. Check the listing's id as the marketplace shows it."]
    assert len(hub.get("/v1/cases")["items"]) == 7
    page = hub.get(f"/v1/notices/{sent['id']}/listings?limit=5", "claimant")
    rest = hub.get(f"/v1/notices/{sent['id']}/listings?limit=5&cursor={page['next_cursor']}", "claimant")
    names = [row["listing_id"] for row in page["items"] + rest["items"]]
    assert names == [f"l{number}" for number in range(1, 8)] + ["nowhere"]


def test_a_notice_that_names_ten_thousand_listings_is_taken_and_one_more_is_refused(known):
    hub = known
    names = [f"x{number}" for number in range(9_999)]
    receipt = send(hub, notice("l1", *names))[0]
    assert receipt["listings"] == {"not_found": 9_999, "open": 1}
    assert "and 9,994 more" in receipt["asked"][0]
    hub.clock.pass_(hours=2)
    answer = hub.call("POST", "/v1/notices", "claimant", json={"notices": [notice("l1", "more", *names)]})
    assert answer.status_code == 422
    fault = answer.json()["errors"][0]
    assert fault["pointer"] == "/notices/0/listings"
    assert "names 10,001 listings; at most 10,000 go into one notice" in fault["detail"]
    two = {"notices": [notice("l1", *names[:6000]), notice("l1", *names[:6000])]}
    answer = hub.call("POST", "/v1/notices", "claimant", json=two)
    assert "at most 10,000 go into one call" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("change", "item", "verdict", "words", "asked"),
    [
        ({"good_faith": False}, "good_faith", "fails", "no declaration", "good faith"),
        ({"statement": "fake"}, "statement", "fails", "no reasons", "Say in a sentence"),
        ({"right": RIGHT | {"expires_at": "2025-01-31T00:00:00Z"}}, "in_force", "fails", "expired on 2025-01-31",
         "renewal"),
        ({"right": RIGHT | {"expires_at": None}}, "in_force", "unknown", "until when", "until which"),
        ({"right": RIGHT | {"nice_classes": []}}, "class", "unknown", "names no Nice class", "Nice classes"),
        ({"right": RIGHT | {"nice_classes": [3, 35]}}, "class", "fails", "backpack is of class 18", ""),
        ({"right": RIGHT | {"nice_classes": [35]}}, "class", "fails", "of services alone", ""),
        ({"right": RIGHT | {"kind": "copyright", "nice_classes": []}}, "class", "ok", "no Nice classes", ""),
        ({"right": RIGHT | {"territories": ["GB", "KR"]}}, "territory", "fails", "offered in IE", ""),
        ({"right": RIGHT | {"territories": []}}, "territory", "ok", "holds in IE", ""),
        ({"right": RIGHT | {"territories": [], "office": "WIPO"}}, "territory", "unknown", "where", "Say where"),
        ({"right": RIGHT | {"owner": "Kestrel Ltd"}}, "may_act", "fails", "whose owner is Kestrel Ltd", "connected"),
        ({"right": RIGHT | {"owner": "Kestrel Ltd"}, "acting_as": "agent"}, "may_act", "unknown",
         "no authorisation of Kestrel Ltd", "Attach the authorisation"),
        ({"right": RIGHT | {"owner": "Kestrel Ltd"}, "acting_as": "agent", "evidence": ["a" * 64]}, "may_act",
         "unknown", "a person must read the authorisation", ""),
        ({"right": RIGHT | {"owner": "norrvik, ab"}}, "may_act", "ok", "owns the right", ""),
        ({"right": None}, "right", "fails", "names no right", "Name the right"),
        ({"listings": [{"id": "l1", "gtin": "4006381333932"}]}, "gtin", "fails", "wrong check digit", "send it again"),
        ({"listings": [{"id": "l1", "gtin": "4006381333931"}]}, "gtin", "ok", "right check digit", ""),
    ],
)  # fmt: skip
def test_the_checklist_names_each_misfit_and_what_is_asked(known, change, item, verdict, words, asked):
    hub, sent = known, notice("l1", **change)
    receipt = send(hub, sent)[0]
    found = checks(hub, sent["id"])
    assert found[item][0] == verdict
    assert words in found[item][1]
    assert receipt["complete"] is not bool(asked)
    assert asked in " ".join(receipt["asked"])
    row = hub.get("/v1/cases")["items"][0]
    assert row["priority"] == (0 if asked else 100), "an incomplete notice does not come first"


def test_the_brands_own_record_of_the_right_stands(hub):
    claimant(hub, name="Norrvik AB")
    listing(hub, "l1")
    right = {"kind": "trademark", "number": "EM 0155120", "sign": "NORRVIK", "office": "EM", "owner": "Norrvik AB",
             "nice_classes": [18], "territories": ["EU"], "expires_at": "2025-06-30T00:00:00.000Z"}  # fmt: skip
    product = {"id": "p", "brand": "Norrvik", "model": "Tur", "gtin": "", "category": "backpack", "list_price": None,
               "pictures": [], "rights": [right], "authorised_sellers": [], "authentication_points": []}  # fmt: skip
    hub.store.database.write(lambda connection: put_references(connection, [(product, {})]))
    sent = notice("l1")
    send(hub, sent)
    verdict, reason = checks(hub, sent["id"])["in_force"]
    assert verdict == "fails"
    assert "expired on 2025-06-30; the notice says 2031-06-30, the brand's own record stands" in reason


def test_a_duplicate_says_so_and_adds_no_second_flag(known):
    hub, first, second = known, notice("l1"), notice("l1", statement="Once more: this is not ours.")
    send(hub, first)
    hub.clock.pass_(days=1)
    assert send(hub, second)[0]["listings"] == {"open": 1}
    verdict, reason = checks(hub, second["id"])["duplicate"]
    assert (verdict, reason) == ("fails", f"Norrvik AB complained of it on 2026-03-01: notice {first['id']} is open")
    case = hub.case(hub.get("/v1/cases")["items"][0]["id"])
    assert (len(case["flags"]), len(case["notices"])) == (1, 2)
    hub.decide(hub.decision(hub.claim()[0]))
    for sent in (first, second):
        assert hub.get(f"/v1/notices/{sent['id']}")["outcomes"] == {"upheld": 1}


def test_what_was_rejected_is_not_decided_again_unless_something_is_new(known):
    hub, first = known, notice("l1")
    send(hub, first)
    hub.decide(hub.decision(hub.claim()[0], "clear"))
    again = notice("l1", statement="We insist, and have no further grounds.")
    assert send(hub, again)[0]["listings"] == {"repeated": 1}
    row = hub.get(f"/v1/notices/{again['id']}/listings", "claimant")["items"][0]
    assert "nothing is new" in row["words"]
    assert "DSA Art. 20" in row["redress"]
    assert send(hub, notice("l1", evidence=["b" * 64]))[0]["listings"] == {"open": 1}
    hub.decide(hub.decision(hub.claim()[0], "clear"))
    listing(hub, "l1", title="Another offer")
    assert send(hub, notice("l1"))[0]["listings"] == {"open": 1}


def test_a_removed_listing_needs_no_further_notice(known):
    hub = known
    send(hub, notice("l1"))
    hub.decide(hub.decision(hub.claim()[0]))
    other = {"id": "buyer", "name": "A buyer", "source": "consumer"}
    sent = notice("l1", right=None, claimant=other)
    assert send(hub, sent, who="service")[0]["listings"] == {"unavailable": 1}
    assert hub.get("/v1/notices/" + sent["id"])["state"] == "closed"


def test_outcomes_follow_decisions_and_reversals(known):
    hub, sent = known, notice("l1")
    send(hub, sent)
    first = hub.decision(hub.claim("other")[0])
    hub.decide(first, who="other")
    page = hub.get("/v1/notices/outcomes", "claimant")
    assert [row["outcome"] for row in page["items"]] == ["open", "upheld"]
    assert page["items"][1]["words"] == "The notice was upheld: the listing was removed."
    assert "within 6 months" in page["items"][1]["redress"]
    hub.decide(hub.supersede(first, "clear"), who="lead")
    later = hub.get(f"/v1/notices/outcomes?cursor={page['next_cursor']}", "claimant")
    assert [row["outcome"] for row in later["items"]] == ["reversed"]
    record = hub.get("/v1/claimants/me", "claimant")["record"]
    assert (record["upheld"], record["rejected"], record["reversed"]) == (0, 0, 1)


def test_a_correction_by_the_same_reviewer_is_no_reversal(known):
    hub, sent = known, notice("l1")
    send(hub, sent)
    first = hub.decision(hub.claim()[0])
    hub.decide(first)
    hub.decide(hub.supersede(first, "clear"))
    assert hub.get(f"/v1/notices/{sent['id']}")["outcomes"] == {"rejected": 1}


def test_a_lead_who_takes_a_takedown_back_reverses_it_whoever_clears_it_then(known):
    hub, sent = known, notice("l1")
    send(hub, sent)
    first = hub.decision(hub.claim()[0])
    hub.decide(first)
    hub.decide(hub.supersede(first, "withdraw"), who="lead")
    assert hub.get(f"/v1/notices/{sent['id']}")["outcomes"] == {"open": 1}
    assert hub.get(f"/v1/notices/{sent['id']}")["state"] == "open"
    hub.decide(hub.decision(hub.claim()[0], "clear"))
    assert hub.get(f"/v1/notices/{sent['id']}")["outcomes"] == {"reversed": 1}


def test_a_takedown_settles_the_notices_on_other_cases_of_the_listing_too(known):
    hub, first, second = known, notice("l1"), notice("l1", right=RIGHT | {"number": "EM-2"})
    send(hub, first)
    cleared = hub.decision(hub.claim()[0], "clear")
    hub.decide(cleared)
    send(hub, second)
    hub.decide(hub.supersede(cleared, "withdraw"), who="lead")
    assert {hub.get(f"/v1/notices/{one['id']}")["state"] for one in (first, second)} == {"open"}
    leased = next(one for one in hub.claim("other") if one["case"]["id"] == cleared["case_id"])
    takedown = hub.decision(leased)
    assert "1 other open case of this listing settled with it" in hub.decide(takedown, who="other")[0]["effects"]
    for one in (first, second):
        assert hub.get(f"/v1/notices/{one['id']}")["outcomes"] == {"upheld": 1}
    hub.decide(hub.supersede(takedown, "withdraw"), who="other")
    for one in (first, second):
        assert hub.get(f"/v1/notices/{one['id']}")["outcomes"] == {"open": 1}


def test_a_warning_upholds_a_notice_and_says_that_the_listing_stays(known):
    hub = known
    send(hub, notice("l1"))
    hub.decide(hub.decision(hub.claim()[0], "warn"))
    last = hub.get("/v1/notices/outcomes")["items"][-1]
    assert (last["outcome"], "warned; the listing stays" in last["words"]) == ("upheld", True)


def test_what_asks_for_more_leaves_a_notice_open(known):
    hub, sent = known, notice("l1")
    send(hub, sent)
    hub.decide(hub.decision(hub.claim()[0], "request_proof"))
    assert hub.get(f"/v1/notices/{sent['id']}")["outcomes"] == {"open": 1}
    item = hub.post("/v1/notices/withdraw", {"notices": [{"id": sent["id"]}]}, "claimant")["items"][0]
    assert item["cases_closed"] == 1


def test_a_listing_that_its_marketplace_ends_closes_its_notices(known):
    hub, sent = known, notice("l1")
    send(hub, sent)
    listing(hub, "l1", state="ended")
    assert hub.get(f"/v1/notices/{sent['id']}")["outcomes"] == {"unavailable": 1}


def test_a_withdrawn_notice_closes_the_case_that_nothing_else_keeps_open(known):
    hub, sent = known, notice("l1", "l2")
    kept = hub.open_case("l2", category="backpack")
    send(hub, sent)
    leased = {one["case"]["listing"]["id"]: one for one in hub.claim()}
    item = hub.post("/v1/notices/withdraw", {"notices": [{"id": sent["id"], "reason": "settled"}]}, "claimant")[
        "items"
    ][0]
    assert item == {"id": sent["id"], "status": "withdrawn", "withdrawn": 2, "decided": 0, "cases_closed": 1}
    assert hub.decide(hub.decision(leased["l1"]))[0]["status"] == "gone"
    case = hub.case(kept)
    assert (case["state"], case["notices"][0]["state"], case["notices"][0]["outcome"]) == (
        "leased", "withdrawn", "withdrawn",
    )  # fmt: skip
    assert hub.decide(hub.decision(leased["l2"]))[0]["status"] == "accepted"
    assert hub.get(f"/v1/notices/{sent['id']}")["outcomes"] == {"withdrawn": 2}
    again = hub.post("/v1/notices/withdraw", {"notices": [{"id": sent["id"]}]}, "claimant")["items"][0]
    assert (again["status"], again["withdrawn"]) == ("known", 2)
    assert hub.get("/v1/claimants/me", "claimant")["record"]["withdrawn"] == 2
    kinds = [row["kind"] for row in hub.get("/v1/changes?cursor=0")["items"]]
    assert "case_closed" in kinds


def test_what_was_decided_is_not_undone_by_a_withdrawal(known):
    hub, sent = known, notice("l1")
    send(hub, sent)
    hub.decide(hub.decision(hub.claim()[0]))
    item = hub.post("/v1/notices/withdraw", {"notices": [{"id": sent["id"]}]}, "claimant")["items"][0]
    assert (item["withdrawn"], item["decided"]) == (0, 1)
    assert hub.get(f"/v1/notices/{sent['id']}")["outcomes"] == {"upheld": 1}


def test_claimants_see_and_withdraw_their_own_only(known):
    hub = known
    buyer = {"id": "buyer", "name": "A buyer", "source": "consumer"}
    mine, theirs = notice("l1"), notice("l1", right=None, claimant=buyer)
    send(hub, mine)
    send(hub, theirs, who="service")
    assert [row["id"] for row in hub.get("/v1/notices", "claimant")["items"]] == [mine["id"]]
    assert [row["notice_id"] for row in hub.get("/v1/notices/outcomes", "claimant")["items"]] == [mine["id"]]
    assert len(hub.get("/v1/notices", "lead")["items"]) == 2
    assert [row["id"] for row in hub.get("/v1/notices?source=consumer")["items"]] == [theirs["id"]]
    for path in (f"/v1/notices/{theirs['id']}", f"/v1/notices/{theirs['id']}/listings", "/v1/claimants/buyer"):
        assert hub.call("GET", path, "claimant").status_code == 404
    item = hub.post("/v1/notices/withdraw", {"notices": [{"id": theirs["id"]}]}, "claimant")["items"][0]
    assert item["status"] == "not_found"


def test_an_account_without_a_claimant_is_told_whom_to_ask(hub):
    answer = hub.call("POST", "/v1/notices", "claimant", json={"notices": [notice("l1")]})
    assert (answer.status_code, answer.json()["type"]) == (403, "forbidden")
    assert "administrator" in answer.json()["detail"]


def test_every_faulty_notice_of_a_batch_is_named(known):
    hub = known
    body = {"notices": [notice("l1"), notice("l1", ground="nonsense"), notice("l1", ground="other")]}
    answer = hub.call("POST", "/v1/notices", "claimant", json=body)
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/notices/1/ground", "/notices/2/ground"]
    body = {"notices": [notice("l1"), notice("l1", claimant={"id": "x"}), notice(claimant={"id": "y", "name": "Y"})]}
    body["notices"][2]["listings"] = [{"id": "l1"}]
    faults = hub.call("POST", "/v1/notices", "service", json=body).json()["errors"]
    assert [fault["pointer"] for fault in faults] == [f"/notices/{number}/claimant" for number in range(3)]
    assert "Say who complains" in faults[0]["detail"]
    flagger = {"id": "z", "name": "Z", "source": "trusted_flagger"}
    faults = hub.call("POST", "/v1/notices", "service", json={"notices": [notice("l1", claimant=flagger)]}).json()
    assert "registered by the hub's administrator" in faults["errors"][0]["detail"]
    assert hub.get("/v1/notices")["items"] == []


def test_an_administrator_registers_a_trusted_flagger(hub):
    put = {"id": "alliance", "name": "Alliance against Fake Goods", "source": "trusted_flagger"}
    made = hub.post("/v1/claimants", put, "admin")
    assert made["events"][0]["kind"] == "registered"
    listing(hub, "l1")
    receipt = send(hub, notice("l1", right=None, claimant={"id": "alliance"}), who="service")[0]
    assert (receipt["status"], receipt["complete"]) == ("received", True)
    wrong = hub.call(
        "POST", "/v1/notices", "service",
        json={"notices": [notice("l1", claimant={"id": "alliance", "source": "consumer"})]},
    )  # fmt: skip
    assert "known as trusted_flagger" in wrong.json()["errors"][0]["detail"]


def test_where_it_is_offered_is_the_marketplaces_country_where_the_listing_has_none(hub):
    claimant(hub)
    values = {"id": "bazaar", "name": "Bazaar", "currency": "EUR", "language": "en", "country": "IE"}
    hub.store.database.write(lambda connection: put_marketplace(connection, values))
    listing(hub, "l1", country="")
    sent = notice("l1")
    send(hub, sent)
    assert checks(hub, sent["id"])["territory"] == ("ok", "the right holds in IE")


def test_the_account_is_found_again(known):
    def find(connection):
        row = connection.execute(select(accounts).where(accounts.c.role == "claimant")).one()
        return claimant_of(connection, Account(row.id, row.name, row.role))

    assert known.store.database.read(find).name == "Norrvik AB"


def test_a_case_of_a_notice_has_its_place_by_severity_reach_and_trust(known):
    hub = known
    listing(hub, "l2", units_sold=4321)
    case_id = hub.open_case("l3", category="backpack", units_sold=12)
    send(hub, notice("l2", "l3", ground="copyright"))
    rows = {row["title"]: row for row in hub.get("/v1/cases")["items"]}
    severity = hub.store.policy.severity("copyright")
    assert (rows["Listing l2"]["severity"], rows["Listing l2"]["reach"], rows["Listing l2"]["trust"]) == (
        severity,
        4,
        3,
    )
    added = hub.case(case_id)
    assert rows["Listing l3"]["trust"] == 3
    assert rows["Listing l3"]["severity"] == hub.store.policy.severity("counterfeit")
    assert len(added["flags"]) == 2
