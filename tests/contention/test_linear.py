"""The checker of histories, on histories made by hand and on made-up ones that are right by construction."""

from __future__ import annotations

import random
from dataclasses import replace
from math import inf

import pytest

from tests.contention.linear import Call, State, explain, linearized, step


def claim(who, called, answered, lease, token, ttl_s=10.0):
    return Call("claim", who, called, answered, lease, token, ttl_s, result="granted")


def decide(who, called, answered, lease, token, result, decision="d1", digest="b1", supersedes=""):
    return Call("decide", who, called, answered, lease, token, 0.0, decision, digest, supersedes, result)


def keep(what, who, called, answered, lease, token, result, ttl_s=10.0):
    return Call(what, who, called, answered, lease, token, ttl_s, result=result)


ANA = claim("ana", 0, 1, "A", 1)
TAKEN = decide("ana", 2, 3, "A", 1, "accepted")

GOOD = {
    "nothing": [],
    "claimed and decided": [ANA, TAKEN],
    "sent again": [ANA, TAKEN, decide("ana", 4, 5, "A", 1, "duplicate")],
    "sent again while the first was on its way": [ANA, TAKEN, decide("ana", 1.5, 2.5, "A", 1, "duplicate")],
    "the copy was first": [
        ANA, decide("ana", 2, 9, "A", 1, "duplicate"), decide("ana", 3, 4, "A", 1, "accepted"),
    ],
    "another body": [ANA, TAKEN, decide("ana", 4, 5, "A", 1, "conflict", digest="b2")],
    "ran out and was claimed": [
        ANA, claim("ben", 10.5, 11, "B", 2), decide("ana", 12, 13, "A", 1, "lease_lost"),
        decide("ben", 12, 13, "B", 2, "accepted", "d2"), decide("ana", 14, 15, "A", 1, "lease_lost"),
    ],
    "ran out and nobody came": [ANA, decide("ana", 50, 51, "A", 1, "accepted")],
    "ran out, decided while the other claimed, before": [
        ANA, claim("ben", 10.5, 12, "B", 2), decide("ana", 10.6, 11, "A", 1, "lease_lost"),
    ],
    "given back and claimed": [
        ANA, keep("release", "ana", 2, 3, "A", 1, "released"), claim("ben", 4, 5, "B", 2),
        keep("renew", "ana", 6, 7, "A", 1, "lease_lost"),
    ],
    "renewed, so held": [
        ANA, keep("renew", "ana", 5, 6, "A", 1, "renewed"), claim("ben", 15.5, 16, "B", 2),
    ],
    "own claim again": [ANA, claim("ana", 2, 3, "A", 1, 8.0), decide("ana", 4, 5, "A", 1, "accepted")],
    "superseded by its author": [ANA, TAKEN, decide("ana", 4, 5, "", 0, "accepted", "d2", supersedes="d1")],
    "superseded too late": [
        ANA, TAKEN, decide("ana", 4, 5, "", 0, "accepted", "d2", supersedes="d1"),
        decide("ana", 6, 7, "", 0, "stale", "d3", supersedes="d1"),
    ],
    "superseded by a stranger": [ANA, TAKEN, decide("ben", 4, 5, "", 0, "rejected", "d2", supersedes="d1")],
    "no answer, was done": [ANA, decide("ana", 2, inf, "A", 1, None), decide("ana", 4, 5, "A", 1, "duplicate")],
    "no answer, was not done": [ANA, decide("ana", 2, inf, "A", 1, None), decide("ana", 4, 5, "A", 1, "accepted")],
}  # fmt: skip

BAD = {
    "decided twice": [ANA, TAKEN, decide("ana", 4, 5, "A", 1, "accepted", "d2")],
    "decided twice under one id": [ANA, TAKEN, decide("ana", 4, 5, "A", 1, "accepted")],
    "a duplicate of nothing": [ANA, decide("ana", 2, 3, "A", 1, "duplicate")],
    "a duplicate before the first was sent": [ANA, decide("ana", 2, 3, "A", 1, "duplicate"), replace(
        TAKEN, called=4, answered=5)],
    "claimed while held": [ANA, claim("ben", 2, 3, "B", 2)],
    "claimed while renewed": [
        ANA, keep("renew", "ana", 5, 6, "A", 1, "renewed"), claim("ben", 11, 12, "B", 2),
    ],
    "the same token for two": [ANA, claim("ben", 11, 12, "B", 1)],
    "a token passed over": [ANA, claim("ben", 11, 12, "B", 3)],
    "a lease twice": [ANA, claim("ben", 11, 12, "A", 2)],
    "claimed when decided": [ANA, TAKEN, claim("ben", 20, 21, "B", 2)],
    "a stale token was taken": [
        ANA, claim("ben", 11, 12, "B", 2), decide("ana", 13, 14, "A", 1, "accepted"),
    ],
    "refused though held": [ANA, decide("ana", 2, 3, "A", 1, "lease_lost")],
    "another's lease was taken": [ANA, decide("ben", 2, 3, "A", 1, "accepted")],
    "renewed after it was given back": [
        ANA, keep("release", "ana", 2, 3, "A", 1, "released"), keep("renew", "ana", 4, 5, "A", 1, "renewed"),
    ],
    "two successors of one decision": [
        ANA, TAKEN, decide("ana", 4, 5, "", 0, "accepted", "d2", supersedes="d1"),
        decide("ana", 4, 5, "", 0, "accepted", "d3", supersedes="d1"),
    ],
    "another body was called the same": [ANA, TAKEN, decide("ana", 4, 5, "A", 1, "duplicate", digest="b2")],
    "a lost answer can't be done twice": [
        ANA, decide("ana", 2, inf, "A", 1, None), decide("ana", 4, 5, "A", 1, "duplicate"),
        decide("ana", 6, 7, "A", 1, "accepted", "d2"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_a_good_history_has_an_order(name):
    found = linearized(GOOD[name])
    assert found is not None
    state = State()
    for call in found:
        made = step(state, call)
        assert made is not None
        state, answer = made
        assert call.result in (None, answer)


@pytest.mark.parametrize("name", BAD)
def test_a_bad_history_has_none(name):
    assert linearized(BAD[name]) is None
    assert explain(BAD[name])


@pytest.mark.parametrize("seed", range(60))
def test_whatever_one_hub_answers_has_an_order_however_the_calls_overlap(seed):
    history = made_up(random.Random(seed))
    assert linearized(history) is not None


@pytest.mark.parametrize("seed", range(60))
def test_a_second_acceptance_is_always_found(seed):
    rng = random.Random(seed)
    history = made_up(rng)
    accepted = [call for call in history if call.result == "accepted" and not call.supersedes]
    if not accepted:
        return
    forged = replace(rng.choice(accepted), decision="forged", who="eve")
    assert linearized([*history, forged]) is None


def made_up(rng):
    """Calls done one after another by the model, whose times are then stretched so that they overlap."""
    calls: list[Call] = []
    leases: list[tuple[str, int, str]] = []
    state, moment = State(), 0.0
    for number in range(30):
        moment += rng.random()
        who = rng.choice(("ana", "ben", "cid"))
        lease, token, owner = rng.choice(leases) if leases else ("none", 9, who)
        early, late = rng.random() * 3, rng.random() * 3
        what = rng.choice(("claim", "claim", "renew", "release", "decide", "decide", "again", "supersede"))
        if what == "claim":
            if state.phase == "leased" and moment < state.holds_until + 4:
                moment = state.holds_until + 4
            call = Call("claim", who, moment - early, moment + late, f"L{number}", state.token + 1, 5.0)
            made = step(state, call)
            if made is None:
                continue
            leases.append((call.lease, call.token, who))
        elif what in ("renew", "release"):
            call = Call(what, owner, moment - early, moment + late, lease, token, 5.0)
        elif what == "again" and any(call.decision for call in calls):
            old = rng.choice([call for call in calls if call.decision])
            digest = rng.choice((old.digest, "other"))
            call = replace(old, called=moment - early, answered=moment + late, digest=digest)
        elif what == "supersede" and state.current:
            target = rng.choice([call.decision for call in calls if call.decision])
            call = Call("decide", who, moment - early, moment + late, "", 0, 0.0, f"D{number}", "b", target)
        else:
            call = Call("decide", owner, moment - early, moment + late, lease, token, 0.0, f"D{number}", "b")
        made = step(state, call)
        if made is not None:
            state, answer = made
            lost = rng.random() < 0.1 and call.what == "decide"
            calls.append(replace(call, result=None if lost else answer, answered=inf if lost else call.answered))
    return calls
