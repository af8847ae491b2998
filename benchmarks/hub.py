"""The hub over HTTP: decisions drained and cases claimed, on SQLite and PostgreSQL, with one process and two."""

from __future__ import annotations

import asyncio
import os
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import procrastinate
import psutil
from sqlalchemy import make_url

from benchmarks import report
from benchmarks.report import Line, Options, percentile, spread
from tests.contention.arena import Arena, Client, arena
from tests.unit.hub.databases import new_database

_BATCH, _LEASE, _HELD = 100, 50, 400
_CLIENTS = 32
_PARALLEL = 4
_KINDS = ("clear", "takedown", "clear", "warn")
_FACTS = ["The price is 12 % of the list price.", "The picture is that of another listing.", "Seller since 2025." * 4]
_LEAST_S, _MOST_MS = 1000, 250


def measure(options: Options) -> list[Line]:
    """Decisions a second, the slowest claims, and what a second process brings."""
    lines: list[Line] = []
    for kind in ("SQLite", "PostgreSQL"):
        lines.append(_drain(kind, options.count(4000, 400)))
        lines.append(_claim(kind, options.count(6400, 640)))
    lines.append(_two_hubs(options.count(6400, 800)))
    return lines


@contextmanager
def _hubs(kind: str, cases: int, reviewers: int, hubs: int = 1) -> Iterator[Arena]:
    url = new_database(durable=True) if kind == "PostgreSQL" else None
    with (
        tempfile.TemporaryDirectory(prefix="hub-") as folder,
        arena(Path(folder), url, cases=cases, reviewers=reviewers, hubs=hubs) as place,
    ):
        yield place


def _drain(kind: str, count: int) -> Line:
    with _hubs(kind, count, 1) as place:
        client = Client(place.urls[0], place.tokens[0])
        seconds: list[tuple[float, float]] = []
        for _ in range(count // _HELD):
            batches = _leased(client)
            before_drain = _cpu()
            began = time.perf_counter()
            for batch in batches:
                _send(client, batch)
            seconds.append((time.perf_counter() - began, _cpu() - before_drain))
        client.close()
    rate = _HELD * len(seconds) / sum(took for took, _ in seconds)
    used = 1000 * sum(cpu for _, cpu in seconds) / (_HELD * len(seconds))
    print(f"drained {_HELD * len(seconds)} decisions on {kind}: {rate:,.0f}/s, {used:.2f} ms of the hub's CPU each")
    return Line(
        f"hub drain, {kind}",
        rate,
        unit="decisions/s",
        budget=f"≥ {_LEAST_S:,}/s",
        met=rate >= _LEAST_S,
        note=f"one client, batches of {_BATCH} over HTTP; {used:.2f} ms of the hub's CPU a decision",
    )


def _cpu() -> float:
    """Seconds of CPU that the hubs of this process have used."""
    used = 0.0
    for child in psutil.Process().children():
        if "serve" in child.cmdline():
            times = child.cpu_times()
            used += times.user + times.system
    return used


def _leased(client: Client) -> list[list[dict[str, Any]]]:
    """Batches of decisions about as many cases as one may hold."""
    made: list[dict[str, Any]] = []
    for _ in range(_HELD // _LEASE):
        status, answer = client.post("/v1/leases", {"count": _LEASE})
        assert status == 200, answer
        made += [_decision(item, number) for number, item in enumerate(answer["items"])]
    assert len(made) == _HELD
    return [made[start : start + _BATCH] for start in range(0, _HELD, _BATCH)]


def _decision(item: dict[str, Any], number: int) -> dict[str, Any]:
    case, lease = item["case"], item["lease"]
    kind = _KINDS[number % len(_KINDS)]
    return {
        "id": str(uuid.uuid4()),
        "case_id": case["id"],
        "listing_id": case["listing"]["id"],
        "revision": case["listing"]["revision"],
        "kind": kind,
        "decided_at": "2026-03-01T08:00:10.000Z",
        "lease": {"id": lease["id"], "token": lease["token"]},
        "ground": "" if kind == "clear" else "counterfeit",
        "facts": _FACTS,
        "seconds": 12.5,
    }


def _send(client: Client, batch: list[dict[str, Any]]) -> None:
    status, answer = client.post("/v1/decisions", {"decisions": batch})
    assert status == 200, answer
    assert {receipt["status"] for receipt in answer["receipts"]} == {"accepted"}


def _claim(kind: str, count: int) -> Line:
    times: list[float] = []
    with _hubs(kind, count, _CLIENTS) as place:

        def work(number: int) -> None:
            client = Client(place.urls[0], place.tokens[number])
            for _ in range(count // _CLIENTS):
                began = time.perf_counter()
                status, answer = client.post("/v1/leases", {"count": 1})
                times.append(1000 * (time.perf_counter() - began))
                assert status == 200, answer
                assert len(answer["items"]) == 1, answer
            client.close()

        took = _together(work, range(_CLIENTS))
        peers = asyncio.run(_peer(place.database_url, count)) if kind == "PostgreSQL" else {}
    rate, slowest = len(times) / took, percentile(times, 0.99)
    print(
        f"claimed {len(times)} cases on {kind} by {_CLIENTS} clients, one each call: {rate:,.0f}/s; ms: {spread(times)}"
    )
    return Line(
        f"hub claims p99, {kind}",
        slowest,
        budget=f"< {_MOST_MS} ms",
        peers={name: value[1] for name, value in peers.items()},
        met=slowest < _MOST_MS,
        note=f"{_CLIENTS} clients over HTTP, a whole case each: {rate:,.0f} claims/s"
        + "".join(
            f"; {name} without HTTP, an empty job each: {value[0]:,.0f} claims/s" for name, value in peers.items()
        ),
    )


async def _peer(url: str, count: int) -> dict[str, tuple[float, float]]:
    """A job queue on the same server: claims a second and p99 in ms of as many workers, in this process."""
    address = make_url(url)
    database = make_url(new_database(durable=True)).database
    plain = address.set(drivername="postgresql", database=database).render_as_string(hide_password=False)
    connector = procrastinate.PsycopgConnector(conninfo=plain, min_size=_CLIENTS, max_size=_CLIENTS)
    queue = procrastinate.App(connector=connector)
    times: list[float] = []
    async with queue.open_async():
        await queue.schema_manager.apply_schema_async()

        @queue.task(name="decide")
        async def decide() -> None:
            return None

        await decide.batch_defer_async(*({} for _ in range(count)))
        workers = [await queue.job_manager.register_worker() for _ in range(_CLIENTS)]

        async def work(worker: int) -> None:
            for _ in range(count // _CLIENTS):
                began = time.perf_counter()
                job = await queue.job_manager.fetch_job(queues=None, worker_id=worker)
                times.append(1000 * (time.perf_counter() - began))
                assert job is not None

        began = time.perf_counter()
        await asyncio.gather(*(work(worker) for worker in workers))
        took = time.perf_counter() - began
    print(f"procrastinate: {len(times) / took:,.0f} claims/s; ms: {spread(times)}")
    return {"procrastinate": (len(times) / took, percentile(times, 0.99))}


def _two_hubs(count: int) -> Line:
    rates = {hubs: _parallel(hubs, count) for hubs in (1, 2)}
    cores = os.cpu_count() or 1
    ratio = rates[2] / rates[1]
    print(
        f"{_PARALLEL} clients drain on PostgreSQL: one hub {rates[1]:,.0f}/s, two hubs {rates[2]:,.0f}/s, {cores} cores"
    )
    return Line(
        "two hubs on one PostgreSQL",
        rates[2],
        unit="decisions/s",
        budget="1.5x of one, from 4 cores",
        floor=rates[1],
        floor_is="one hub",
        ratio=ratio,
        met=ratio >= 1.5 if cores >= 4 else None,
        note=f"{cores} cores for hubs, PostgreSQL and {_PARALLEL} clients together",
    )


def _parallel(hubs: int, count: int) -> float:
    each = max(1, count // _PARALLEL // _HELD)
    with _hubs("PostgreSQL", each * _PARALLEL * _HELD, _PARALLEL, hubs) as place:
        spent = 0.0
        for _ in range(each):
            clients = [Client(place.urls[n % hubs], place.tokens[n]) for n in range(_PARALLEL)]
            leased = [_leased(client) for client in clients]

            def work(number: int, clients: Sequence[Client] = clients, leased: Sequence[Any] = leased) -> None:
                for batch in leased[number]:
                    _send(clients[number], batch)

            spent += _together(work, range(_PARALLEL))
            for client in clients:
                client.close()
    return each * _PARALLEL * _HELD / spent


def _together(work: Callable[[int], None], numbers: range) -> float:
    """Seconds until every one of the threads is through."""
    failed: list[BaseException] = []

    def run(number: int) -> None:
        try:
            work(number)
        except BaseException as error:  # noqa: BLE001 - raised below
            failed.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in numbers]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    return time.perf_counter() - began


if __name__ == "__main__":
    report.run(measure)
