"""A decision, from the call to durable: `ReviewService.decide` on the thread of a real workstation."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from benchmarks import report
from benchmarks.hubs import ROOT
from benchmarks.report import Line, Options, median, percentile, ratio_to, spread
from reviewer.connectors.approvals import Approval, Approvals, folder_digest
from reviewer.domain.decision import DecisionKind
from reviewer.services.accounts import AccountForm
from reviewer.services.model import Ruling
from reviewer.services.workstation import Options as WorkstationOptions
from reviewer.services.workstation import Workstation
from reviewer.storage.database import Database

ResultT = TypeVar("ResultT")

_DECISIONS = 1000
#: A desk that is filled as one works, and one that was filled for hours offline (the hub's most leases).
_DESKS = (("desk of 12", 0), ("desk of 400", 400))
_KINDS = (DecisionKind.CLEAR, DecisionKind.TAKEDOWN, DecisionKind.CLEAR, DecisionKind.WARN)
_TABLES = ("decision", "decision_text", "outbox", "audit")
_LIMIT_MS, _TIMES = 5.0, 2.0
_FLOOR_SIZE = 4 * 2**20


class Floor:
    """Appends so many bytes and waits until they are on the disk, which is what a commit can't do without."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
        self._size = 0

    def commit(self, size: int) -> float:
        """Milliseconds."""
        data = os.urandom(size)
        if self._size > _FLOOR_SIZE:  # as the write-ahead log begins anew
            os.ftruncate(self._file, 0)
            self._size = 0
        began = time.perf_counter_ns()
        os.pwrite(self._file, data, self._size)
        os.fdatasync(self._file)
        ended = time.perf_counter_ns()
        self._size += size
        return (ended - began) / 1e6

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)


class Peer:
    """The rows of each decision once more, in one transaction of plain sqlite3 with WAL and FULL."""

    def __init__(self, path: Path, source: Path) -> None:
        Database(path).close()
        self._connection = sqlite3.connect(path, isolation_level=None)
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "wal_autocheckpoint = 0", "foreign_keys = ON"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._source = sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True)
        self._log = path.with_name(path.name + "-wal")

    def commit_last(self) -> float:
        """Milliseconds for the rows of the decision that the workstation made last."""
        rows = {
            table: self._source.execute(f"SELECT * FROM {table} ORDER BY sequence DESC LIMIT 1").fetchone()  # noqa: S608
            for table in _TABLES
        }
        if self._log.stat().st_size > _FLOOR_SIZE:
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        execute = self._connection.execute
        began = time.perf_counter_ns()
        execute("BEGIN IMMEDIATE")
        execute("INSERT OR REPLACE INTO kept VALUES ('in_hand', ?)", (rows["decision"][1],))
        for table, row in rows.items():
            execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608
        execute("COMMIT")
        return (time.perf_counter_ns() - began) / 1e6

    def close(self) -> None:
        """Close both files."""
        self._connection.close()
        self._source.close()


def measure(options: Options) -> list[Line]:
    """`decide` through the store's thread, against fdatasync and plain sqlite3."""
    return [line for name, held in _DESKS for line in _measure(options, name, options.count(held, 0))]


def _measure(options: Options, name: str, held: int) -> list[Line]:
    with tempfile.TemporaryDirectory(prefix="decide-") as made:
        folder = Path(made)
        shutil.copytree(ROOT / "benchmarks" / "desk_connector", folder / "plugins" / "benchmark_desk")
        digest = folder_digest(folder / "plugins" / "benchmark_desk")
        Approvals(folder).approve("benchmark_desk", Approval(digest, "1.0.0", ""))
        # Nothing is sent while this runs: the sending delay is longer than that.
        workstation = Workstation(WorkstationOptions(folder, sending_delay_s=3600.0))
        floor = Floor(folder / "floor.bin")
        peer = Peer(folder / "peer.sqlite3", folder / "workstation.sqlite3")
        try:
            workstation.accounts.save(AccountForm("benchmark_desk", "Benchmark", {}, {}))
            if held:
                workstation.intake.take_offline(8, held)
            return _decide_all(options.count(_DECISIONS, 100), workstation, floor, peer, name)
        finally:
            workstation.close()
            peer.close()
            floor.close()


def _decide_all(count: int, workstation: Workstation, floor: Floor, peer: Peer, name: str) -> list[Line]:
    log = workstation.folder / "workstation.sqlite3-wal"
    ours, floors, peers, grown = [], [], [], 40_000
    desk = _on_desk(workstation, workstation.review.desk)
    for number in range(count):
        while desk.current is None or desk.on_desk < 6:
            time.sleep(0.002)
            desk = _on_desk(workstation, workstation.review.desk)
        kind = _KINDS[number % len(_KINDS)]
        current = desk.current
        facts = tuple(fact.sentence() for fact in current.facts[:3])
        ruling = Ruling(current.ref, kind, facts=facts, seconds=12.0)
        before = log.stat().st_size
        began = time.perf_counter_ns()
        desk = _on_desk(workstation, partial(workstation.review.decide, ruling))
        ours.append((time.perf_counter_ns() - began) / 1e6)
        after = log.stat().st_size
        grown = after - before if 0 < after - before < 200_000 else grown
        floors.append(floor.commit(grown))
        peers.append(peer.commit_last())
    print(f"decide, {name}, {count} decisions of about {grown:,} bytes of log each, in ms:")
    for label, values in (("ours", ours), ("fdatasync", floors), ("plain sqlite3", peers)):
        print(f"  {label}: {spread(values)}")
    upper, lower = percentile(ours, 0.95), percentile(floors, 0.95)
    times = ratio_to(upper, lower)
    return [
        Line(
            f"decide, {name}, p95",
            upper,
            budget=f"≤ {_LIMIT_MS:g} ms, ≤ {_TIMES:g}x floor",
            floor=lower,
            floor_is="fdatasync",
            peers={"plain sqlite3": percentile(peers, 0.95)},
            ratio=times,
            met=upper <= _LIMIT_MS and times is not None and times <= _TIMES,
        ),
        Line(
            f"decide, {name}, p50",
            median(ours),
            floor=median(floors),
            floor_is="fdatasync",
            peers={"plain sqlite3": median(peers)},
            ratio=ratio_to(median(ours), median(floors)),
        ),
    ]


def _on_desk(workstation: Workstation, call: Callable[[], ResultT]) -> ResultT:
    return workstation.on_desk(call).result()


if __name__ == "__main__":
    report.run(measure)
