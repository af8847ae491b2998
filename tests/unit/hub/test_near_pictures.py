"""Open cases with near pictures: told by fingerprint, in every orientation that was searched, none missed."""

from __future__ import annotations

import random

from reviewer.domain.values import sha256_hex

FIRST, SECOND, THIRD = "a" * 64, "b" * 64, "c" * 64


def pictures(*names):
    return [{"sha256": name, "view": "", "media_type": "image/jpeg", "width": 10, "height": 10} for name in names]


def seen(picture, code, *searched):
    codes = [f"{code:064x}"] if code is not None else []
    return {
        "picture": picture, "algorithm": "pdq", "version": 1, "quality": 80, "codes": codes,
        "searched": [f"{one:064x}" for one in searched],
    }  # fmt: skip


def tell(hub, *items):
    return hub.post("/v1/pictures", {"items": list(items)})["items"]


def flipped(code, bits, chance):
    for bit in chance.sample(range(256), bits):
        code ^= 1 << bit
    return code


def test_a_case_that_nobody_leased_is_found_by_a_near_picture(hub):
    code = random.Random(1).getrandbits(256)
    hub.open_case("l1", pictures=pictures(FIRST), title="Bag one")
    hub.open_case("l2", seller="s2", pictures=pictures(SECOND), title="Bag two")
    assert [row["listing_id"] for row in tell(hub, seen(SECOND, flipped(code, 12, random.Random(2))))] == ["l2"]
    rows = tell(hub, seen(FIRST, code))
    assert [(row["listing_id"], row["bits"], row["other"]) for row in rows] == [("l1", 0, FIRST), ("l2", 12, SECOND)]
    assert (rows[1]["listing_title"], rows[1]["seller_id"], rows[1]["picture"]) == ("Bag two", "s2", FIRST)


def test_every_distance_up_to_31_is_found_and_none_beyond(hub):
    chance = random.Random(3)
    code = chance.getrandbits(256)
    names = {bits: f"{bits:064x}" for bits in range(1, 41)}
    for start in range(1, 41, 10):
        for bits in range(start, start + 10):
            hub.open_case(f"l{bits}", pictures=pictures(names[bits]))
        tell(hub, *(seen(names[bits], flipped(code, bits, chance)) for bits in range(start, start + 10)))
    assert [row["bits"] for row in tell(hub, seen(FIRST, code))] == list(range(1, 32))


def test_other_orientations_are_found_by_their_codes(hub):
    chance = random.Random(4)
    upright, mirrored = chance.getrandbits(256), chance.getrandbits(256)
    hub.open_case("l1", pictures=pictures(FIRST))
    tell(hub, seen(FIRST, mirrored))
    assert [row["listing_id"] for row in tell(hub, seen(SECOND, upright))] == []
    assert [row["listing_id"] for row in tell(hub, seen(SECOND, upright, mirrored))] == ["l1"]


def test_decided_cases_are_not_told(hub):
    hub.open_case("l1", pictures=pictures(FIRST))
    tell(hub, seen(FIRST, 5))
    assert hub.decide(hub.decision(hub.claim()[0]))[0]["status"] == "accepted"
    assert tell(hub, seen(SECOND, 5)) == []


def test_what_nobody_told_of_is_unseen_until_somebody_does(hub):
    for name in (FIRST, SECOND, THIRD):
        hub.open_case(f"l-{name[0]}", pictures=pictures(name))
    assert hub.get("/v1/pictures/unseen")["items"] == [], "their bytes are not here"
    held = sorted((sha256_hex(data), data) for data in (b"one", b"two", b"three"))
    for name, data in held:
        assert hub.call("PUT", f"/v1/media/{name}", "service", content=data).status_code == 201
        hub.open_case(f"l-{name[:8]}", pictures=pictures(name))
    names = [name for name, _ in held]
    assert hub.get("/v1/pictures/unseen")["items"] == names
    assert hub.get(f"/v1/pictures/unseen?start={names[1]}&limit=2")["items"] == names[1:]
    assert hub.get(f"/v1/pictures/unseen?start={names[2]}")["items"] == [names[2], *names[:2]]
    tell(hub, seen(names[0], None), seen(names[1], 7))
    assert hub.get("/v1/pictures/unseen")["items"] == [names[2]]


def test_refused_requests(hub):
    bad = seen(FIRST, 1) | {"codes": ["xyz"]}
    assert hub.call("POST", "/v1/pictures", json={"items": [bad]}).status_code == 422
    assert hub.call("POST", "/v1/pictures", json={"items": []}).status_code == 422
    assert hub.call("GET", "/v1/pictures/unseen?start=no").status_code == 422
