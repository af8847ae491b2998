"""Notices over HTTP into a hub on SQLite: batches from many claimants, and one notice that names 10,000 listings."""

from __future__ import annotations

import json
import sqlite3
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.hubs import running_hub
from benchmarks.report import Line, Options, percentile, ratio_to, spread
from reviewer.domain.values import format_time
from reviewer.hub.auth import add_account
from reviewer.hub.listings import listing_row
from reviewer.hub.messages import ListingMessage
from reviewer.hub.provision import put_marketplace
from reviewer.hub.schema import listings, sellers
from reviewer.hub.store import open_store
from tests.contention.arena import Client

_BATCH, _MANY = 100, 10_000
_LEAST_S = 500
_TOKEN = "token-of-the-portal"  # noqa: S105 - of a hub that lives as long as the measurement
_PLACE = {"id": "bazaar", "name": "Bazaar", "currency": "EUR", "language": "en", "country": "IE"}
_SELLERS = 200
_RIGHT = {
    "kind": "trademark", "number": "018123456", "sign": "NORRVIK", "office": "EUIPO", "owner": "Norrvik AB",
    "nice_classes": [18, 25], "territories": ["EU"], "expires_at": "2099-06-30T00:00:00Z",
}  # fmt: skip
_WORDS = "The zipper, the lining and the logo are not ours; a test purchase was made. " * 4


def measure(options: Options) -> list[Line]:
    """Notices a second in batches, and how long a notice of 10,000 listings takes."""
    count = options.count(10_000, 1000)
    many = options.count(_MANY, 1000)
    with tempfile.TemporaryDirectory(prefix="notices-") as name:
        folder = Path(name)
        _fill(folder, count + many)
        with running_hub(folder, demo=False) as hub:
            client = Client(hub.url, _TOKEN)
            batches = [
                [_notice(number, [number]) for number in range(start, start + _BATCH)]
                for start in range(0, count, _BATCH)
            ]
            times = []
            for batch in batches:
                began = time.perf_counter()
                _send(client, batch)
                times.append(time.perf_counter() - began)
            began = time.perf_counter()
            _send(client, [_notice(count, list(range(count, count + many)))])
            whole = time.perf_counter() - began
            client.close()
    rate, floor = count / sum(times), _floor(batches)
    milliseconds = [1000 * one for one in times]
    print(f"{count} notices in batches of {_BATCH}: {rate:,.0f}/s; ms a batch: {spread(milliseconds)}")
    print(f"one notice that names {many:,} listings: {whole:.2f} s")
    return [
        Line(
            "hub takes notices",
            rate,
            unit="notices/s",
            budget=f"≥ {_LEAST_S}/s",
            floor=floor,
            floor_is="JSON read, five rows written",
            ratio=ratio_to(rate, floor),
            met=rate >= _LEAST_S,
            note=f"one client, batches of {_BATCH} over HTTP to SQLite, each notice of another claimant and listing, "
            f"with checklist, flag, case and receipt; p99 {percentile(milliseconds, 0.99):.0f} ms a batch",
        ),
        Line(f"a notice of {many:,} listings", whole, unit="s", note="each gets its checklist, its case and its flag"),
    ]


def _fill(folder: Path, count: int) -> None:
    """So many listings without a flag, and a portal's account."""
    with _opened(folder) as store:
        now = store.clock()

        def write(connection: Any) -> None:
            put_marketplace(connection, _PLACE)
            add_account(connection, "Portal", "service", _TOKEN, now)
            names = [{"id": f"s{number}", "display_name": f"Seller {number}"} for number in range(_SELLERS)]
            connection.execute(sellers.insert(), [row | {"marketplace": "bazaar", "country": "IE"} for row in names])
            rows = []
            for number in range(count):
                shown = ListingMessage(
                    id=f"l{number}", marketplace="bazaar", title=f"Backpack {number}", description=_WORDS,
                    category="backpack", country="IE", listed_at=format_time(now),
                )  # fmt: skip
                row = listing_row(shown, f"s{number % _SELLERS}", f"r{number}")
                rows.append(row | {"id": shown.id, "state": "live", "previous": None})
            connection.execute(listings.insert(), rows)

        store.database.write(write)


@contextmanager
def _opened(folder: Path) -> Iterator[Any]:
    store = open_store(folder)
    try:
        yield store
    finally:
        store.close()


def _notice(number: int, named: list[int]) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "ground": "counterfeit",
        "listings": [{"id": f"l{one}"} for one in named],
        "statement": _WORDS,
        "good_faith": True,
        "right": _RIGHT,
        "acting_as": "owner",
        "claimant": {"id": f"c{number}", "name": "Norrvik AB", "source": "rights_holder"},
    }


def _send(client: Client, batch: list[dict[str, Any]]) -> None:
    status, answer = client.post("/v1/notices", {"notices": batch})
    assert status == 200, answer
    for receipt in answer["receipts"]:
        assert receipt["status"] == "received", receipt
        assert set(receipt["listings"]) == {"open"}, receipt


def _floor(batches: list[list[dict[str, Any]]]) -> float:
    """Notices a second where each batch is read as JSON and five plain rows a notice are made durable."""
    sent = [json.dumps({"notices": batch}).encode() for batch in batches]
    with tempfile.TemporaryDirectory(prefix="notices-floor-") as folder:
        database = sqlite3.connect(Path(folder) / "floor.db", isolation_level=None)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        for table in "abcde":
            database.execute(f"CREATE TABLE {table} (id TEXT PRIMARY KEY, body TEXT) WITHOUT ROWID")
        began = time.perf_counter()
        for body in sent:
            read = json.loads(body)["notices"]
            database.execute("BEGIN IMMEDIATE")
            for table in "abcde":
                rows = [(one["id"], one["statement"]) for one in read]
                database.executemany(f"INSERT INTO {table} VALUES (?, ?)", rows)  # noqa: S608 - our own names
            database.execute("COMMIT")
        took = time.perf_counter() - began
        database.close()
    return sum(map(len, batches)) / took


if __name__ == "__main__":
    report.run(measure)
