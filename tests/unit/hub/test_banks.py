"""The banks of pictures: filled by takedowns, emptied by reversals, pairs that are no match, hash lists of others."""

from __future__ import annotations

import pytest

FIRST, SECOND, BRAND = "a" * 64, "b" * 64, "c" * 64
CODE = "0123456789abcdef" * 4


def pictures(*names):
    return [{"sha256": name, "view": "", "media_type": "image/jpeg", "width": 10, "height": 10} for name in names]


def bank(hub, which="infringing", cursor=None):
    return hub.get(f"/v1/banks/{which}" + (f"?cursor={cursor}" if cursor else ""))


def fingerprint(picture, codes=(CODE,), version=1):
    return {"picture": picture, "algorithm": "pdq", "version": version, "quality": 90, "codes": list(codes)}


def test_a_takedown_fills_the_bank_and_a_reversal_empties_it(hub):
    hub.open_case("l1", pictures=pictures(FIRST, SECOND, FIRST), title="Bag")
    decision = hub.decision(hub.claim()[0], note="the logo is wrong", fingerprints=[fingerprint(FIRST)])
    assert hub.decide(decision)[0]["status"] == "accepted"
    page = bank(hub)
    rows = {row["picture"]: row for row in page["items"]}
    assert set(rows) == {FIRST, SECOND}
    row = rows[FIRST]
    assert (row["listing_id"], row["listing_title"], row["decision_id"]) == ("l1", "Bag", decision["id"])
    assert (row["note"], row["label"], row["removed"]) == ("the logo is wrong", "counterfeit", False)
    assert row["seller_id"] == "s1"
    assert row["fingerprints"] == [{"algorithm": "pdq", "version": 1, "quality": 90, "codes": [CODE]}]
    assert rows[SECOND]["fingerprints"] == []
    assert bank(hub, cursor=page["next_cursor"]) == {"items": [], "next_cursor": page["next_cursor"]}

    receipt = hub.decide(hub.supersede(decision, "withdraw"))[0]
    assert "2 pictures taken out of the bank of infringing pictures" in receipt["effects"]
    later = bank(hub, cursor=page["next_cursor"])
    assert {(row["picture"], row["removed"]) for row in later["items"]} == {(FIRST, True), (SECOND, True)}
    assert all(row["removed"] for row in bank(hub)["items"])


def test_a_repeated_decision_changes_nothing_and_a_refused_one_keeps_nothing(hub):
    hub.open_case("l1", pictures=pictures(FIRST))
    leased = hub.claim()[0]
    stale = hub.decision(leased, revision="old", fingerprints=[fingerprint(FIRST)])
    assert hub.decide(stale)[0]["status"] == "stale"
    decision = hub.decision(leased, fingerprints=[])
    hub.decide(decision)
    assert hub.decide(decision)[0]["status"] == "duplicate"
    assert [row["fingerprints"] for row in bank(hub)["items"]] == [[]]


def test_the_first_fingerprint_of_a_version_stays(hub):
    other = CODE[::-1]
    for number, codes in enumerate([(CODE,), (other,)]):
        hub.open_case(f"l{number}", pictures=pictures(FIRST))
        hub.decide(hub.decision(hub.claim()[0], fingerprints=[fingerprint(FIRST, codes)]))
    hub.open_case("l3", pictures=pictures(FIRST))
    hub.decide(hub.decision(hub.claim()[0], fingerprints=[fingerprint(FIRST, (other, CODE), version=2)]))
    for row in bank(hub)["items"]:
        assert [(one["version"], one["codes"]) for one in row["fingerprints"]] == [(1, [CODE]), (2, [other, CODE])]


@pytest.mark.parametrize("kind", ["clear", "warn", "restrict", "escalate", "request_proof"])
def test_other_decisions_leave_the_bank_alone(hub, kind):
    hub.open_case(pictures=pictures(FIRST))
    hub.decide(hub.decision(hub.claim()[0], kind, fingerprints=[fingerprint(FIRST)]))
    assert bank(hub)["items"] == []


def test_pairs_that_are_no_match(hub):
    pair = {"picture": SECOND, "other": FIRST, "note": "another bag"}
    assert hub.post("/v1/banks/negative", {"items": [pair, pair]})["items"] == ["stored", "known"]
    page = bank(hub, "negative")
    rows = page["items"]
    assert [(row["picture"], row["other"], row["note"], row["removed"]) for row in rows] == [
        (FIRST, SECOND, "another bag", False)
    ]
    turned = {"picture": FIRST, "other": SECOND, "removed": True}
    assert hub.post("/v1/banks/negative", {"items": [turned]}, "lead")["items"] == ["stored"]
    assert [row["removed"] for row in bank(hub, "negative", page["next_cursor"])["items"]] == [True]
    assert bank(hub)["items"] == []
    assert hub.call("POST", "/v1/banks/negative", "service", json={"items": [pair]}).status_code == 403


def test_hash_lists_of_others(hub):
    line = {"algorithm": "phash64", "hash": "00ff" * 4, "quality": 80, "label": "counterfeit", "source": "A brand"}
    body = {"items": [line, line, line | {"algorithm": "pdq", "hash": CODE}]}
    assert hub.post("/v1/banks/infringing", body, "service")["items"] == ["stored", "known", "stored"]
    rows = bank(hub)["items"]
    assert [(row["picture"], row["source"], row["label"]) for row in rows] == [("", "A brand", "counterfeit")] * 2
    assert [row["fingerprints"][0]["algorithm"] for row in rows] == ["phash64", "pdq"]
    assert hub.call("POST", "/v1/banks/infringing", "reviewer", json=body).status_code == 403
    for wrong in ({"hash": "xyz"}, {"algorithm": "No!"}, {"quality": 101}, {"more": 1}):
        assert hub.call("POST", "/v1/banks/infringing", "service", json={"items": [line | wrong]}).status_code == 422


def test_pages_go_on_where_they_ended(hub):
    items = [{"algorithm": "pdq", "hash": f"{number:064x}"} for number in range(7)]
    hub.post("/v1/banks/infringing", {"items": items}, "service")
    seen, cursor = [], "0"
    while True:
        page = hub.get(f"/v1/banks/infringing?limit=3&cursor={cursor}")
        if not page["items"]:
            break
        seen += [row["fingerprints"][0]["codes"][0] for row in page["items"]]
        cursor = page["next_cursor"]
    assert seen == [item["hash"] for item in items]
