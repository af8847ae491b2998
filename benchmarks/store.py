"""Sending: how fast the outbox drains into a hub on SQLite, and how the hub bears 32 clients that claim."""

from __future__ import annotations

import http.client
import json
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks import report
from benchmarks.hubs import Hub, fed, filled, running_hub
from benchmarks.report import Line, Options, median, percentile, spread
from reviewer.connectors.api import Connector, LeasedCase
from reviewer.connectors.loader import find_connectors
from reviewer.connectors.opener import Opening, open_here
from reviewer.domain.decision import Decision, DecisionKind
from reviewer.domain.values import new_id
from reviewer.resources import plugins_folder
from reviewer.storage import decisions
from reviewer.storage.accounts import AccountRow, save_account
from reviewer.storage.database import Database
from reviewer.storage.threads import StoreThread
from reviewer.sync.pull import Wanted, claim_pass
from reviewer.sync.push import push_pass

_ROUNDS, _A_ROUND, _A_CLAIM, _A_BATCH = 8, 400, 50, 100
_CLAIMS, _CLIENTS = 10_000, 32
_A_SECOND, _P99_MS = 1000.0, 250.0


def measure(options: Options) -> list[Line]:
    """Drain the outbox, then let 32 clients claim."""
    claims = options.count(_CLAIMS)
    rounds = options.count(_ROUNDS, 1)
    with tempfile.TemporaryDirectory(prefix="store-") as made:
        folder = Path(made)
        tokens = filled(folder / "hub", _CLIENTS)
        with running_hub(folder / "hub", demo=False) as hub:
            fed(hub, claims + rounds * _A_ROUND, own_pictures=False)
            return [_drain(folder / "data", hub, rounds), *_claims(hub, tokens, claims)]


def _drain(folder: Path, hub: Hub, rounds: int) -> Line:
    """Claim 400 cases, record 400 decisions, then time `push_pass` until the outbox is empty; again and again."""
    manifest = next(
        found.manifest for found in find_connectors((plugins_folder(),)) if found.id == "queue_api" and found.manifest
    )
    connector = open_here(Opening("hub", manifest, {"address": hub.url}, {"token": hub.tokens["reviewer"]}))
    account = AccountRow("hub", "queue_api", "Hub", {"address": hub.url}, None)
    store = StoreThread(folder / "workstation.sqlite3")
    store.start()
    speeds, bare = [], []
    try:
        store.run(lambda database: save_account(database, account))
        for _ in range(rounds):
            _record(store, connector)
            began = time.perf_counter()
            sent = 0
            more = True
            while more:
                pushed = push_pass(
                    store, connector, "hub", batch=_A_BATCH, is_due=lambda _: True, now=lambda: datetime.now(UTC)
                )
                sent += sum(receipt.status == "accepted" for receipt in pushed.receipts)
                more = pushed.more
            took = time.perf_counter() - began
            assert sent == _A_ROUND, f"{sent} of {_A_ROUND} were accepted"
            speeds.append(sent / took)
            bare.append(_round_trips(hub))
    finally:
        store.close()
        connector.close()
    print(
        f"store: the outbox drained {rounds} times {_A_ROUND} decisions in batches of {_A_BATCH}, in decisions a"
        f" second: {', '.join(f'{speed:,.0f}' for speed in speeds)}"
    )
    ours = median(speeds)
    return Line(
        "outbox to hub", ours, "decisions/s", f"≥ {_A_SECOND:,.0f}/s", met=ours >= _A_SECOND,
        peers={"one a request, bare GET": median(bare)},
        note="the peer is how many empty answers of the same hub fetch one after another in a second",
    )  # fmt: skip


def _round_trips(hub: Hub, count: int = 100) -> float:
    """Requests a second of one connection that is kept: what sending decisions one by one could reach at most."""
    client = _Client(hub, hub.tokens["reviewer"])
    began = time.perf_counter()
    for _ in range(count):
        client.ask("GET", "/v1", None)
    took = time.perf_counter() - began
    client.close()
    return count / took


def _record(store: StoreThread, connector: Connector) -> None:
    items: list[LeasedCase] = []
    while len(items) < _A_ROUND:
        claim = claim_pass(store, connector, "hub", Wanted(_A_CLAIM), datetime.now(UTC))
        assert claim.items, "the hub ran out of cases"
        items += claim.items

    def write(database: Database) -> None:
        with database.transaction():
            for number, item in enumerate(items[:_A_ROUND]):
                decisions.record(
                    database, _decision(item, number), account="hub", reviewer="bench", title=item.case.listing.title
                )

    store.run(write)


def _decision(item: LeasedCase, number: int) -> Decision:
    """Three of four are clear, one takes the listing down."""
    against = number % 4 == 0
    return Decision(
        id=new_id(),
        case_id=item.case.id,
        listing_id=item.case.listing.id,
        revision=item.case.listing.revision,
        kind=DecisionKind.TAKEDOWN if against else DecisionKind.CLEAR,
        decided_at=datetime.now(UTC),
        lease_id=item.lease.id,
        lease_token=item.lease.token,
        ground="counterfeit" if against else "",
        facts=("The price is 97% below that of the original.",) if against else (),
        seconds=11.0,
    )


class _Client:
    """One connection that is kept, with as little of a client as can be: it shares the machine with the hub."""

    def __init__(self, hub: Hub, token: str) -> None:
        parts = urlsplit(hub.url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def ask(self, method: str, path: str, body: bytes | None) -> bytes:
        """The body of an answer of 200."""
        self._connection.request(method, path, body, self._headers)
        answer = self._connection.getresponse()
        data = answer.read()
        assert answer.status == 200, f"{answer.status}: {data[:200]!r}"
        return data

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()


def _claims(hub: Hub, tokens: list[str], claims: int) -> list[Line]:
    """Each client claims one case after another; what they got must be different cases."""
    each = claims // _CLIENTS
    took: list[float] = []
    got: list[str] = []
    faults: list[BaseException] = []
    start = threading.Barrier(_CLIENTS + 1)

    def work(token: str) -> None:
        client = _Client(hub, token)
        mine: list[tuple[float, str]] = []
        try:
            start.wait()
            for _ in range(each):
                began = time.perf_counter()
                data = client.ask("POST", "/v1/leases", b'{"count":1}')
                ended = time.perf_counter()
                mine.append(((ended - began) * 1e3, json.loads(data)["items"][0]["case"]["id"]))
        except BaseException as error:  # noqa: BLE001 - told by the main thread
            faults.append(error)
        finally:
            client.close()
            took.extend(milliseconds for milliseconds, _ in mine)
            got.extend(case for _, case in mine)

    threads = [threading.Thread(target=work, args=(token,)) for token in tokens]
    for thread in threads:
        thread.start()
    start.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    if faults:
        raise faults[0]
    twice = len(got) - len(set(got))
    print(
        f"store: {len(got):,} claims of one case by {_CLIENTS} clients over HTTP, {len(got) / seconds:,.0f} a second,"
        f" in ms: {spread(took)}; given twice: {twice}"
    )
    upper = percentile(took, 0.99)
    return [
        Line(
            f"{len(got):,} claims by {_CLIENTS} clients, p99", upper, budget=f"< {_P99_MS:g} ms",
            met=upper < _P99_MS, note=f"{len(got) / seconds:,.0f} claims a second; {spread(took)}",
        ),
        Line("cases claimed twice", twice, unit="", budget="0", met=twice == 0),
    ]  # fmt: skip


if __name__ == "__main__":
    report.run(measure)
