"""What links sellers: hashed identifiers, photos, near-equal texts; and that nothing is kept in the clear."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import Connection, insert

from reviewer.hub.dossier import dossier_of, read_dossier
from reviewer.hub.schema import metadata, notice_listings, notices
from reviewer.policy.links import IDENTIFIERS
from tests.unit.hub.conftest import Hub

PHONE = "+52 55 1234-5678"
WORDS = " ".join(f"handmade leather belt number {number} with brass buckle" for number in range(12))


def tell(hub: Hub, *items: dict[str, Any]) -> list[str]:
    return list(hub.post("/v1/identifiers", {"items": list(items)}, "service")["items"])


def known(seller: str, value: str = PHONE, kind: str = "phone", **more: Any) -> dict[str, Any]:
    return {"seller_id": seller, "kind": kind, "value": value} | more


def links(hub: Hub, seller: str) -> list[tuple[str, str, float]]:
    return [(link["seller_id"], link["kind"], link["strength"]) for link in hub.seller(seller)["links"]]


def dossier(hub: Hub, seller: str = "s1") -> Any:
    return hub.get(f"/v1/sellers/{seller}/dossier")


def sellers(hub: Hub, count: int) -> list[str]:
    names = [f"s{number}" for number in range(1, count + 1)]
    for name in names:
        hub.open_case(seller=name)
    return names


def test_one_number_however_it_is_written_links_its_accounts(hub: Hub) -> None:
    sellers(hub, 3)
    assert tell(hub, known("s1"), known("s2", "+525512345678"), known("s3", "555"), known("nobody")) == [
        "stored", "stored", "stored", "unknown_seller",
    ]  # fmt: skip
    assert links(hub, "s1") == [("s2", "phone", 0.8)]
    assert links(hub, "s2") == [("s1", "phone", 0.8)]
    assert links(hub, "s3") == []
    assert tell(hub, known("s1")) == ["known"]
    assert tell(hub, known("s1", removed=True)) == ["removed"]
    assert links(hub, "s1") == links(hub, "s2") == []


def test_a_thing_of_one_kind_is_no_thing_of_another(hub: Hub) -> None:
    sellers(hub, 2)
    tell(hub, known("s1", "12345678", "phone"), known("s2", "12345678", "bank"))
    assert links(hub, "s1") == []


def test_in_whatever_order_they_come_the_links_are_the_same(hub: Hub) -> None:
    sellers(hub, 4)
    told = [known("s1"), known("s2"), known("s3", "other"), known("s3"), known("s4", "other")]
    seen = set()
    for order in list(permutations(told))[::17]:
        tell(hub, *order)
        seen.add(str([sorted(links(hub, name)) for name in ("s1", "s2", "s3", "s4")]))
        tell(hub, *[item | {"removed": True} for item in order])
        assert links(hub, "s3") == []
    assert len(seen) == 1


def test_what_a_crowd_shares_says_nothing_and_speaks_again_when_the_crowd_goes(hub: Hub) -> None:
    names = sellers(hub, IDENTIFIERS["address"].crowd + 1)
    tell(hub, *[known(name, "Parcel station 4", "address") for name in names[:-1]])
    assert len(links(hub, "s1")) == len(names) - 2
    tell(hub, known(names[-1], "parcel  STATION 4", "address"))
    assert links(hub, "s1") == links(hub, names[-1]) == []
    tell(hub, known("s2", "Parcel station 4", "address", removed=True))
    assert len(links(hub, "s1")) == len(names) - 2


def test_nothing_is_kept_or_told_in_the_clear(hub: Hub) -> None:
    sellers(hub, 2)
    hashed = {"seller_id": "s2", "kind": "device", "digest": "ab" * 32}
    tell(hub, known("s1"), known("s2"), known("s1", "Calle 5, Puebla", "address"), hashed)
    shown = str(dossier(hub)) + str(dossier(hub, "s2"))
    kept = hub.store.database.read(
        lambda c: str([list(c.execute(metadata.tables[table].select())) for table in metadata.tables])
    )
    for secret in ("1234", "Puebla", "puebla", "ab" * 32):
        assert secret not in shown
        assert secret not in kept
    (row,) = [row for row in dossier(hub)["identifiers"] if row["kind"] == "phone"]
    assert row["accounts"] == 2
    assert len(row["digest"]) == 64


def test_what_is_no_identifier_is_refused(hub: Hub) -> None:
    sellers(hub, 1)
    both = known("s1", digest="ab" * 32)
    assert tell(hub, known("s1", " "), both, {"seller_id": "s1", "kind": "bank"}) == ["refused"] * 3
    wrong = known("s1", kind="shoe_size")
    assert hub.call("POST", "/v1/identifiers", "service", json={"items": [wrong]}).status_code == 422
    assert hub.call("POST", "/v1/identifiers", "reviewer", json={"items": [known("s1")]}).status_code == 403


def test_shared_photos_and_near_equal_texts_link_but_propose_nothing(hub: Hub) -> None:
    photo = {"sha256": "1" * 64}
    hub.open_case(seller="s1", pictures=[photo], description=WORDS)
    hub.open_case(seller="s2", pictures=[photo], description=WORDS.replace("number 3 ", "number three "))
    hub.open_case(seller="s3", pictures=[{"sha256": "2" * 64}], description=WORDS.replace("belt", "watch"))
    found = {(link["seller_id"], link["kind"]): link for link in dossier(hub)["links"]}
    assert set(found) == {("s2", "pictures"), ("s2", "texts")}
    assert found["s2", "pictures"]["strength"] == 0.4
    assert 0.25 < found["s2", "texts"]["strength"] < 0.4
    assert dossier(hub)["proposals"] == []


def test_a_photo_that_everybody_has_says_nothing(hub: Hub) -> None:
    for number in range(1, 15):
        hub.open_case(seller=f"s{number}", pictures=[{"sha256": "3" * 64}], description=WORDS)
    assert dossier(hub)["links"] == []


def test_the_accounts_of_one_trader_are_told_of_together(hub: Hub) -> None:
    sellers(hub, 3)
    tell(hub, known("s1", "DE89 3704", "bank"), known("s2", "de89-3704", "bank"), known("s3"), known("s1"))
    cases = {item["case"]["seller"]["id"]: item for item in hub.claim()}
    hub.decide(hub.decision(cases["s2"], measure={"kind": "account_closed", "scope": "all", "days": None}))
    found = dossier(hub)
    assert [(row["seller_id"], row["standing"]) for row in found["accounts"]] == [("s1", "active"), ("s2", "banned")]
    assert {event["seller_id"] for event in found["timeline"]} == {"s1", "s2"}
    (proposed,) = found["proposals"]
    assert proposed["ground"] == "banned_seller"
    assert proposed["reasons"] == ["shares its bank with Seller s2 (95%), whose account is closed"]
    assert read_dossier(found).accounts[1].points == 12


def test_a_listing_that_repeats_a_removed_one_says_which(hub: Hub) -> None:
    photo = {"sha256": "4" * 64}
    hub.open_case("old", title="Belt", pictures=[photo])
    hub.decide(hub.decision(hub.claim()[0]))
    hub.open_case("new", title="Another belt", pictures=[photo])
    hub.open_case("same-title", title=" BELT ")
    hub.open_case("other", title="Watch")
    found = dossier(hub)["listings"]
    assert {row["id"]: row["relists"] for row in found["items"]} == {
        "old": "", "new": "old", "same-title": "old", "other": "",
    }  # fmt: skip
    assert found["relisted"] == 2
    assert found["by_state"] == {"live": 3, "removed": 1}


def test_sales_are_told_by_currency(hub: Hub) -> None:
    for number, units in enumerate((3, 5)):
        hub.open_case(f"l{number}", price={"amount": "10.50", "currency": "EUR"}, units_sold=units)
    assert dossier(hub)["sales"] == {"units_sold": None, "turnover": {"EUR": "84.00"}, "refunds_advised": 0}


def test_nobody_has_no_dossier(hub: Hub) -> None:
    assert hub.call("GET", "/v1/sellers/nobody/dossier").status_code == 404


def test_the_usual_price_of_a_category_leaves_removed_listings_out(hub: Hub) -> None:
    for number, amount in enumerate(("90", "100", "110", "100", "1")):
        hub.open_case(f"l{number}", category="belt", price={"amount": amount, "currency": "EUR"})
    hub.open_case("few", category="watch", price={"amount": "5", "currency": "EUR"})
    prices = hub.get("/v1/prices")["items"]
    assert prices == [{"category": "belt", "middle": {"amount": "100", "currency": "EUR"}, "listings": 5}]


def test_many_events_are_counted_and_the_newest_told(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reviewer.hub.timeline.MOST_EVENTS", 2)
    sellers(hub, 1)
    hub.open_case(flags=[])
    for _ in range(3):
        hub.open_case()
    found = hub.store.database.read(lambda c: dossier_of(c, "s1", hub.store.policy, hub.clock.now))
    assert len(found["timeline"]) == 2
    assert found["events"] == 4


def test_what_became_of_a_notice_is_told(hub: Hub) -> None:
    hub.open_case("l-a")
    at = "2026-03-01T08:00:00.000Z"
    told = {"claimant_id": "c", "account_id": "", "source": "rights_holder", "ground": "counterfeit", "right_key": ""}
    sent = {"received_at": at, "body": "{}", "body_sha256": "0" * 64, "listing_count": 1, "open_count": 0}
    one = {"listing_id": "l-a", "claimant_id": "c", "case_id": "", "right_key": "", "revision": "", "gtin": ""}
    ended = {"outcome": "upheld", "decision_id": "", "upheld_by": "", "settled_at": at}

    def write(connection: Connection) -> None:
        connection.execute(insert(notices), [{"id": "n-1", "complete": True, "withdrawn_why": ""} | told | sent])
        connection.execute(insert(notice_listings), [{"notice_id": "n-1"} | one | ended])
        connection.execute(insert(notice_listings), [{"notice_id": "n-2"} | one | ended | {"settled_at": None}])

    hub.store.database.write(write)
    found = [event for event in dossier(hub)["timeline"] if event["what"] == "notice"]
    assert [(event["kind"], event["reference"], event["ground"]) for event in found] == [
        ("upheld", "n-1", "counterfeit")
    ]
