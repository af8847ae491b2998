"""Reviewers who claim, hold, outlive, renew, give back and decide, all at once; every call is written down."""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from math import inf
from typing import Any

from tests.contention.arena import Arena, Client, clock, kept
from tests.contention.linear import Call, explain, linearized

_OUTLIVE = 0.3
_RENEW = 0.1
_GIVE_BACK = 0.1
_AGAIN = 0.1


@dataclass
class Run:
    """What all clients did, counted, and the calls of each case."""

    target: int
    lease_s: float
    histories: dict[str, list[Call]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, case_id: str, call: Call) -> None:
        """Keeps a call."""
        with self._lock:
            self.histories.setdefault(case_id, []).append(call)
            self.counts[f"{call.what} {call.result}"] += 1

    def count(self, what: str, by: int = 1) -> int:
        """Counts, and says how many there are."""
        with self._lock:
            self.counts[what] += by
            return self.counts[what]

    def broken(self) -> list[str]:
        """The cases whose history no order explains, in words."""
        return [
            f"{case_id}\n{explain(calls)}" for case_id, calls in self.histories.items() if linearized(calls) is None
        ]


@dataclass
class _Reviewer:
    run: Run
    client: Client
    name: str
    rng: random.Random
    parked: list[tuple[float, dict[str, Any]]] = field(default_factory=list)

    def work(self) -> None:
        """Claims until the target is reached, then decides what is left in hand."""
        while self.run.counts["claims"] < self.run.target:
            now = clock()
            over = [item for until, item in self.parked if until <= now]
            self.parked = [(until, item) for until, item in self.parked if until > now]
            self.decide(over)
            items = self.claim(self.rng.randint(1, 4))
            if not items:
                time.sleep(0.02)
            self.handle(items)
        while self.parked:
            until, item = self.parked.pop()
            time.sleep(max(0.0, until - clock()))
            self.decide([item])
        self.client.close()

    def claim(self, count: int) -> list[dict[str, Any]]:
        called = clock()
        status, answer = self.client.post("/v1/leases", {"count": count})
        answered = clock()
        self.run.seconds.append(answered - called)
        if status != 200:
            self.run.faults.append(f"claim: {status} {answer}")
            return []
        items: list[dict[str, Any]] = answer["items"]
        self.run.count("claims", len(items))
        for item in items:
            lease = item["lease"]
            self.run.note(
                item["case"]["id"],
                Call(
                    "claim", self.name, called, answered, lease["id"], lease["token"], lease["ttl_s"], result="granted"
                ),
            )
        return items

    def handle(self, items: list[dict[str, Any]]) -> None:
        now: list[dict[str, Any]] = []
        for item in items:
            fate = self.rng.random()
            if fate < _OUTLIVE:
                self.run.count("outlived")
                self.parked.append((clock() + self.run.lease_s * (1.05 + self.rng.random()), item))
            elif fate < _OUTLIVE + _RENEW:
                self.keep("renew", item)
                now.append(item)
            elif fate < _OUTLIVE + _RENEW + _GIVE_BACK:
                self.keep("release", item)
                if self.rng.random() < 0.3:
                    now.append(item)
            else:
                now.append(item)
        self.decide(now)

    def keep(self, what: str, item: dict[str, Any]) -> None:
        lease = item["lease"]
        name: dict[str, Any] = {"id": lease["id"], "token": lease["token"]}
        if what == "release":
            name["reason"] = "done_for_today"
        called = clock()
        status, answer = self.client.post(f"/v1/leases/{what}", {"leases": [name]})
        answered = clock()
        if status != 200:
            self.run.faults.append(f"{what}: {status} {answer}")
            return
        found = answer["items"][0]
        call = Call(
            what, self.name, called, answered, lease["id"], lease["token"], found.get("ttl_s", 0.0),
            result=found["status"],
        )  # fmt: skip
        self.run.note(item["case"]["id"], call)

    def decide(self, items: list[dict[str, Any]]) -> None:
        bodies = [self.body(item) for item in items]
        if not bodies:
            return
        if self.rng.random() < _AGAIN:
            bodies.append(self.rng.choice(bodies))
        self.send(bodies)
        if self.rng.random() < _AGAIN:
            self.send([body | {"note": "another body"} if self.rng.random() < 0.5 else body for body in bodies])

    def body(self, item: dict[str, Any]) -> dict[str, Any]:
        case, lease = item["case"], item["lease"]
        kind = self.rng.choice(("clear", "takedown", "warn"))
        return {
            "id": str(uuid.UUID(int=self.rng.getrandbits(128), version=4)),
            "case_id": case["id"],
            "listing_id": case["listing"]["id"],
            "revision": case["listing"]["revision"],
            "kind": kind,
            "decided_at": "2026-03-01T08:00:10.000Z",
            "lease": {"id": lease["id"], "token": lease["token"]},
            "ground": "" if kind == "clear" else "counterfeit",
        }

    def send(self, bodies: list[dict[str, Any]]) -> None:
        called = clock()
        receipts: list[dict[str, Any]] = []
        try:
            status, answer = self.client.post("/v1/decisions", {"decisions": bodies})
            receipts = answer["receipts"] if status == 200 else []
            if status != 200:
                self.run.faults.append(f"decide: {status} {answer}")
        except OSError as error:
            self.run.faults.append(f"decide: {error}")
        answered = clock() if receipts else inf
        for place, body in enumerate(bodies):
            lease = body["lease"]
            result = receipts[place]["status"] if receipts else None
            call = Call(
                "decide", self.name, called, answered, lease["id"], lease["token"], 0.0, body["id"],
                body.get("note", ""), result=result,
            )  # fmt: skip
            self.run.note(body["case_id"], call)


def run_claims(place: Arena, *, target: int, lease_s: float, seed: int) -> Run:
    """Lets every reviewer of the arena work at once, each at one of its hubs, until so many cases were claimed."""
    run = Run(target, lease_s)
    failed: list[BaseException] = []

    def start(reviewer: _Reviewer) -> None:
        try:
            reviewer.work()
        except BaseException as error:  # noqa: BLE001 - raised below, by the one who waits
            failed.append(error)

    reviewers = [
        _Reviewer(run, Client(place.urls[number % len(place.urls)], token), f"r{number}", random.Random(seed + number))
        for number, token in enumerate(place.tokens)
    ]
    threads = [threading.Thread(target=start, args=(reviewer,)) for reviewer in reviewers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    return run


def doubled(place: Arena, run: Run) -> int:
    """How many decisions the database or the receipts hold beyond the one that each case may have."""
    firsts: Counter[str] = Counter()
    for case_id, calls in run.histories.items():
        firsts[case_id] = sum(call.result == "accepted" for call in calls)
    stored = kept(place)
    told = {case_id for case_id, count in firsts.items() if count}
    missing = len(told ^ set(stored.accepted))
    return stored.doubled() + sum(count - 1 for count in firsts.values() if count > 1) + missing
