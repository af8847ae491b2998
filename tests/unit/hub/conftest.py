"""A hub over HTTP with a clock that the test moves."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reviewer.hub.app import create_app
from reviewer.hub.leases import LeaseRules
from reviewer.hub.store import Store
from tests.unit.hub.asgi import Calls
from tests.unit.hub.databases import KINDS, Place

START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


@dataclass
class Clock:
    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **step: float) -> None:
        self.now += timedelta(**step)


@dataclass
class Hub:
    """The calls of the API in short; `who` is a token, which is the role's name (or `other`, a second reviewer)."""

    http: Calls
    store: Store
    clock: Clock
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(1, 10_000)))

    def call(self, method: str, path: str, who: str | None = "reviewer", **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {who}"} if who else {}
        return self.http.request(method, path, headers=headers | options.pop("headers", {}), **options)

    def get(self, path: str, who: str = "reviewer") -> Any:
        answer = self.call("GET", path, who)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any, who: str = "reviewer") -> Any:
        answer = self.call("POST", path, who, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def item(self, listing: str | None = None, *, seller: str = "s1", **changes: Any) -> dict[str, Any]:
        number = next(self.numbers)
        name = listing or f"l{number}"
        shown = {"id": name, "marketplace": "bazaar", "title": f"Listing {name}", "brand": "Norrvik"}
        top = {key: changes.pop(key) for key in ("priority", "due_at", "references", "flags") if key in changes}
        flag = {"id": f"f{number}", "source": "automated", "reason": "counterfeit", "at": "2026-03-01T07:00:00Z"}
        return {
            "listing": shown | changes,
            "seller": {"id": seller, "display_name": f"Seller {seller}", "listings_live": 10, "listings_removed": 0},
            "flags": [flag],
        } | top

    def upsert(self, *items: dict[str, Any]) -> list[dict[str, Any]]:
        answered: list[dict[str, Any]] = self.post("/v1/listings", {"items": list(items)}, "service")["items"]
        return answered

    def open_case(self, listing: str | None = None, **changes: Any) -> str:
        made = self.upsert(self.item(listing, **changes))[0]
        assert made["status"] in ("created", "updated"), made
        return str(made["case_id"])

    def claim(self, who: str = "reviewer", count: int = 50, **more: Any) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.post("/v1/leases", {"count": count, **more}, who)["items"]
        return items

    def decision(self, leased: dict[str, Any], kind: str = "takedown", **changes: Any) -> dict[str, Any]:
        case, lease = leased["case"], leased["lease"]
        return {
            "id": str(uuid.uuid4()),
            "case_id": case["id"],
            "listing_id": case["listing"]["id"],
            "revision": case["listing"]["revision"],
            "kind": kind,
            "decided_at": "2026-03-01T08:00:10.000Z",
            "lease": {"id": lease["id"], "token": lease["token"]},
            "ground": "counterfeit" if kind in ("takedown", "warn", "restrict") else "",
        } | changes

    def decide(self, *decisions: dict[str, Any], who: str = "reviewer") -> list[dict[str, Any]]:
        receipts: list[dict[str, Any]] = self.post("/v1/decisions", {"decisions": list(decisions)}, who)["receipts"]
        return receipts

    def supersede(self, first: dict[str, Any], kind: str, **changes: Any) -> dict[str, Any]:
        ground = "counterfeit" if kind in ("takedown", "warn", "restrict") else ""
        new = {"id": str(uuid.uuid4()), "kind": kind, "lease": None, "supersedes": first["id"], "measure": None}
        return first | new | {"ground": ground} | changes

    def case(self, case_id: str) -> Any:
        return self.get(f"/v1/cases/{case_id}")

    def seller(self, seller_id: str = "s1") -> Any:
        return self.get(f"/v1/sellers/{seller_id}")


@pytest.fixture(scope="module", params=KINDS)
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    made = Place(request.param)
    yield made
    made.drop()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def rules() -> LeaseRules:
    return LeaseRules()


@pytest.fixture
def hub(tmp_path: Path, place: Place, clock: Clock, rules: LeaseRules) -> Iterator[Hub]:
    store = place.open(tmp_path / "hub", clock=clock, rules=rules)
    yield Hub(Calls(create_app(store)), store, clock)
    store.close()


@pytest.fixture(scope="module")
def lasting_hub(tmp_path_factory: pytest.TempPathFactory, place: Place) -> Iterator[Hub]:
    """A hub for all tests of a module; for tests that leave nothing behind."""
    clock = Clock()
    store = place.open(tmp_path_factory.mktemp("hub"), clock=clock)
    yield Hub(Calls(create_app(store)), store, clock)
    store.close()
