"""Decisions as a bad network delivers them: again and again, twice in one batch, late, out of order, with other bodies.

Each reviewer leases cases and rules on them in chains, every link superseding the one before, and sends over two
connections, each from a thread of its own, so that a copy may overtake its original.
"""

from __future__ import annotations

import random
import threading
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from typing import Any

from tests.contention.arena import Arena, Client, clock, kept
from tests.contention.linear import Call, explain, linearized

_BATCH = 100
_CHAIN = 4
_HOT = 400
_AGAIN, _LATE, _OTHER, _STALE = 0.45, 0.15, 0.08, 0.05


@dataclass
class Storm:
    """What was sent and answered; the calls of every `sample`-th case are kept whole."""

    target: int
    sample: int
    histories: dict[str, list[Call]] = field(default_factory=dict)
    accepted: dict[str, set[str]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, calls: list[tuple[str, Call]]) -> None:
        """Keeps the calls of one batch."""
        with self._lock:
            for case_id, call in calls:
                if call.what == "decide":
                    self.counts["sent"] += 1
                    self.counts[str(call.result)] += 1
                    if call.result == "accepted":
                        ids = self.accepted.setdefault(case_id, set())
                        self.counts["accepted twice"] += call.decision in ids
                        ids.add(call.decision)
                if int(case_id[1:]) % self.sample == 0:
                    self.histories.setdefault(case_id, []).append(call)

    def broken(self) -> list[str]:
        """The kept cases whose history no order explains, in words."""
        return [
            f"{case_id}\n{explain(calls)}" for case_id, calls in self.histories.items() if linearized(calls) is None
        ]


@dataclass
class _Reviewer:
    storm: Storm
    client: Client
    name: str
    rng: random.Random
    #: What may be sent: each body with what is left to send once it is accepted.
    ready: list[dict[str, Any]] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)
    chains: dict[str, int] = field(default_factory=dict)
    dry: bool = False
    replayer: Client | None = None
    over: bool = False

    def replay(self) -> None:
        """Sends again what the reviewer sends, on another connection and at the same time."""
        assert self.replayer is not None
        rng = random.Random(self.name)
        while self.storm.counts["sent"] < self.storm.target and not self.over:
            recent = self.sent[-_BATCH:]
            if recent:
                self.send(rng.sample(recent, min(len(recent), 20)), self.replayer)
        self.replayer.close()

    def work(self) -> None:
        """Sends batches until the target is reached or there is nothing left to decide."""
        while self.storm.counts["sent"] < self.storm.target:
            if len(self.ready) < _BATCH // 2 and not self.dry:
                self.lease()
            batch = self.batch()
            if not batch:
                break
            self.send(batch, self.client)
        self.over = True
        self.client.close()

    def lease(self) -> None:
        called = clock()
        status, answer = self.client.post("/v1/leases", {"count": 50})
        answered = clock()
        if status != 200:
            self.storm.faults.append(f"claim: {status} {answer}")
            return
        calls = []
        for item in answer["items"]:
            case, lease = item["case"], item["lease"]
            call = Call(
                "claim", self.name, called, answered, lease["id"], lease["token"], lease["ttl_s"], result="granted"
            )
            calls.append((case["id"], call))
            self.ready.append(self.body(case["id"], case["listing"], {"id": lease["id"], "token": lease["token"]}, ""))
        self.storm.note(calls)
        self.dry = not answer["items"]

    def body(
        self, case_id: str, listing: dict[str, Any], lease: dict[str, Any] | None, supersedes: str
    ) -> dict[str, Any]:
        kind = self.rng.choice(("clear", "takedown", "warn"))
        return {
            "id": str(uuid.UUID(int=self.rng.getrandbits(128), version=4)),
            "case_id": case_id,
            "listing_id": listing["id"],
            "revision": listing["revision"],
            "kind": kind,
            "decided_at": "2026-03-01T08:00:10.000Z",
            "lease": lease,
            "ground": "" if kind == "clear" else "counterfeit",
            "supersedes": supersedes,
        }

    def batch(self) -> list[dict[str, Any]]:
        """Some that are new, some that were sent before, some twice, some spoilt; in no order."""
        self.rng.shuffle(self.ready)
        count = max(1, int(_BATCH * (1 - _AGAIN - _LATE)))
        made, self.ready = self.ready[:count], self.ready[count:]
        fresh = list(made)
        recent = self.sent[-_HOT:]
        made += [self.rng.choice(recent) for _ in range(int(_BATCH * _LATE)) if recent]
        made += [self.rng.choice(self.sent) for _ in range(int(_BATCH * _LATE)) if self.sent]
        made += [self.rng.choice(fresh) for _ in range(int(_BATCH * (_AGAIN - _LATE))) if fresh]
        made = [self.spoilt(body) for body in made]
        self.rng.shuffle(made)
        self.sent += fresh  # before they go out: the replayer may be first
        del self.sent[: -50 * _HOT]
        return made[:_BATCH]

    def spoilt(self, body: dict[str, Any]) -> dict[str, Any]:
        fate = self.rng.random()
        if fate < _OTHER and body in self.sent[-_HOT:]:
            return body | {"note": "another body"}
        if fate > 1 - _STALE and body["lease"]:
            lease = {"id": body["lease"]["id"], "token": body["lease"]["token"] + self.rng.choice((-1, 1, 7))}
            return body | {"id": str(uuid.UUID(int=self.rng.getrandbits(128), version=4)), "lease": lease}
        return body

    def send(self, batch: list[dict[str, Any]], client: Client) -> None:
        called = clock()
        receipts: list[dict[str, Any]] = []
        try:
            status, answer = client.post("/v1/decisions", {"decisions": batch})
            receipts = answer["receipts"] if status == 200 else []
            if status != 200:
                self.storm.faults.append(f"decide: {status} {answer}")
        except OSError as error:
            self.storm.faults.append(str(error))
        answered = clock() if receipts else inf
        calls = []
        for place, body in enumerate(batch):
            lease = body["lease"] or {"id": "", "token": 0}
            result = receipts[place]["status"] if receipts else None
            call = Call(
                "decide", self.name, called, answered, lease["id"], lease["token"], 0.0, body["id"],
                body.get("note", ""), body["supersedes"], result,
            )  # fmt: skip
            calls.append((body["case_id"], call))
            if result == "accepted" and not body.get("note"):
                self.follow(body)
        self.storm.note(calls)

    def follow(self, body: dict[str, Any]) -> None:
        """The next link of the chain, and now and then a rival that comes too late."""
        links = self.chains[body["case_id"]] = self.chains.get(body["case_id"], 0) + 1
        if links > _CHAIN:
            return
        listing = {"id": body["listing_id"], "revision": body["revision"]}
        for _ in range(1 + (self.rng.random() < 0.2)):
            self.ready.append(self.body(body["case_id"], listing, None, body["id"]))


def run_chaos(place: Arena, *, target: int, seed: int, sample: int = 1) -> Storm:
    """Lets every reviewer of the arena send at once until so many decisions were sent."""
    storm = Storm(target, sample)
    failed: list[BaseException] = []

    def start(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised below, by the one who waits
            failed.append(error)

    reviewers = [
        _Reviewer(
            storm,
            Client(place.urls[number % len(place.urls)], token),
            f"r{number}",
            random.Random(seed + number),
            replayer=Client(place.urls[(number + 1) % len(place.urls)], token),
        )
        for number, token in enumerate(place.tokens)
    ]
    threads = [
        threading.Thread(target=start, args=(work,))
        for reviewer in reviewers
        for work in (reviewer.work, reviewer.replay)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    return storm


def doubled(place: Arena, storm: Storm) -> int:
    """How many decisions the database holds beyond what it may, or otherwise than the receipts said."""
    stored = kept(place)
    told = {case_id: len(ids) for case_id, ids in storm.accepted.items()}
    found = {case_id: len(chain) for case_id, chain in stored.accepted.items()}
    twice = storm.counts["accepted twice"]
    return (
        twice
        + stored.doubled()
        + sum(abs(told.get(name, 0) - found.get(name, 0)) for name in told.keys() | found.keys())
    )
