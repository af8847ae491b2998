"""Connectors: what a call through a process costs, how ten begin, and 100,000 listings out of a file."""

from __future__ import annotations

import csv
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import psutil

from benchmarks import report
from benchmarks.hubs import ROOT
from benchmarks.report import Line, Options, median, spread
from reviewer.connectors.api import API_VERSION, Connector
from reviewer.connectors.host import ConnectorHosts
from reviewer.connectors.manifest import Manifest, read_manifest
from reviewer.connectors.opener import Opening, open_here

_PAGE = 50
_HEADINGS = ("id", "title", "description", "brand", "price", "currency", "seller_id", "seller_name", "reason")
_TEN = 10
_CALL_BUDGET_MS = 1.0
_START_BUDGET_S = 1.5
_FILE_BUDGET_S = 20.0
_MEMORY_BUDGET_MIB = 300.0


def measure(options: Options) -> list[Line]:
    """The lines of this module."""
    with tempfile.TemporaryDirectory(prefix="bench-connectors-") as made:
        folder = Path(made)
        return [*_calls(folder, options), *_ten(folder), *_file(folder, options)]


def _calls(folder: Path, options: Options) -> list[Line]:
    """Fifty whole cases: the same connector in this process, and in its own."""
    manifest = read_manifest(ROOT / "benchmarks" / "desk_connector", API_VERSION)
    given = Opening("bench", manifest, {}, {}, keep=str(folder / "kept"))
    hosts = ConnectorHosts()
    hosted, here = hosts.open(given), open_here(given)
    try:
        far, near, empty = [], [], []
        for _ in range(options.count(400)):
            near.append(_timed(lambda: here.claim(_PAGE)))
            far.append(_timed(lambda: hosted.claim(_PAGE)))
            empty.append(_timed(lambda: hosted.claim(0)))
        claim = here.claim(_PAGE)
        encoder, decoder = msgspec.msgpack.Encoder(), msgspec.msgpack.Decoder(type(claim))
        codec = [_timed(lambda: decoder.decode(encoder.encode(claim))) for _ in range(options.count(400))]
    finally:
        hosted.close()
        hosts.close()
    ours = median(far) - median(near)
    return [
        Line(
            "connector call, 50 cases", ours, budget=f"≤ {_CALL_BUDGET_MS:g} ms", floor=median(codec),
            floor_is="encoding and decoding the same", ratio=report.ratio_to(ours, median(codec)),
            met=ours <= _CALL_BUDGET_MS,
            note=f"overhead over the same call in this process ({median(near):.2f} ms); whole call {spread(far)}; "
            f"an empty page {median(empty):.2f} ms",
        )
    ]  # fmt: skip


def _ten(folder: Path) -> list[Line]:
    """Ten accounts at once, as at the start of the program."""
    manifest = read_manifest(ROOT / "benchmarks" / "desk_connector", API_VERSION)
    hosts = ConnectorHosts()
    opened: list[Connector] = []
    try:
        began = time.perf_counter()
        with ThreadPoolExecutor(_TEN) as pool:
            asked = [
                pool.submit(hosts.open, Opening(f"a{number}", manifest, {}, {}, keep=str(folder / f"ten-{number}")))
                for number in range(_TEN)
            ]
            opened = [future.result() for future in asked]
        seconds = time.perf_counter() - began
        memory = sum(row.memory for row in hosts.reports()) / 2**20
    finally:
        for connector in opened:
            connector.close()
        hosts.close()
    return [
        Line(
            "ten connectors begin", seconds, "s", f"≤ {_START_BUDGET_S:g} s", met=seconds <= _START_BUDGET_S,
            note=f"{memory:.0f} MiB resident together",
        )
    ]  # fmt: skip


def _file(folder: Path, options: Options) -> list[Line]:
    """A CSV file of listings through `file_drop`: all rows and the first claim, in the connector's process."""
    count = options.count(100_000)
    manifest: Manifest = read_manifest(ROOT / "plugins" / "file_drop", API_VERSION)
    drop = folder / "drop"
    (drop / "in").mkdir(parents=True)
    path = drop / "in" / "listings.csv"
    _write(path, count)
    began = time.perf_counter()
    with path.open(encoding="utf-8", newline="") as file:
        floor_rows = sum(1 for _ in csv.reader(file))
    floor = time.perf_counter() - began
    hosts = ConnectorHosts()
    given = Opening("files", manifest, {"folder": str(drop), "reviewer": "Ana"}, {}, keep=str(folder / "files"))
    connector = hosts.open(replace(given))
    try:
        process = psutil.Process(hosts.reports()[0].pid)
        began = time.perf_counter()
        rows = len(connector.claim(12).items)
        cursor: str | None = None
        seen = 0
        while True:
            page = connector.cases(cursor)
            seen += len(page.items)
            cursor = page.next_cursor
            if cursor is None:
                break
        seconds = time.perf_counter() - began
        memory = _peak(process)
    finally:
        connector.close()
        hosts.close()
    if seen != count or floor_rows != count + 1 or not rows:
        raise RuntimeError(f"{seen} of {count} listings came")
    return [
        Line(
            f"{count:,} listings through file_drop", seconds, "s", f"≤ {_FILE_BUDGET_S:g} s", floor=floor,
            floor_is="reading the CSV rows", ratio=report.ratio_to(seconds, floor), met=seconds <= _FILE_BUDGET_S,
            note="read, made cases, claimed 12, all rows told page by page",
        ),
        Line(
            "file_drop's memory", memory, "MiB", f"≤ {_MEMORY_BUDGET_MIB:g} MiB", met=memory <= _MEMORY_BUDGET_MIB,
            note="highest resident size of its process",
        ),
    ]  # fmt: skip


def _write(path: Path, count: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            ["id", "title", "description", "brand", "price", "currency", "seller_id", "seller_name", "reason"]
        )
        for number in range(count):
            writer.writerow([
                f"l-{number}", f"กระเป๋า Orle Saddle {number} 정품급", "Never used, comes with box and papers. " * 4,
                "Orle", f"{number % 900}.50", "THB", f"s-{number % 5000}", f"Shop {number % 5000}", "counterfeit",
            ])  # fmt: skip


def _peak(process: Any) -> float:
    try:
        text = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
    except OSError:
        return float(process.memory_info().rss) / 2**20
    line = next(line for line in text.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def _timed(call: Any) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    report.run(measure)
