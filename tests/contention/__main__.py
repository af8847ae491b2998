"""The whole of the contention tests: `python -m tests.contention [--claims N] [--decisions N] [--seed N]`."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from _pytest.outcomes import Skipped

from tests.contention import chaos, claims
from tests.contention.arena import arena
from tests.unit.hub.databases import new_database

_CLIENTS = 32
_SENDERS = 6


def main() -> int:
    """Prints what happened and ends with one line of figures; 0 where nothing was doubled, lost or unexplained."""
    parser = argparse.ArgumentParser(prog="python -m tests.contention", description=__doc__)
    parser.add_argument("--claims", type=int, default=10_000, help="on each database, by 32 clients")
    parser.add_argument("--decisions", type=int, default=1_000_000, help="in all, half on each database")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    given = parser.parse_args()
    print(f"seed {given.seed}", flush=True)
    totals = dict.fromkeys(("claims", "decisions", "doubled", "faults", "stale_refused", "histories", "unexplained"), 0)
    kinds = {"sqlite": 1, "postgresql": 2}
    try:
        new_database()
    except Skipped as missing:
        print(f"without PostgreSQL: {missing}")
        del kinds["postgresql"]
    for kind, hubs in kinds.items():
        _claims(kind, hubs, given.claims, given.seed, totals)
        _chaos(kind, hubs, given.decisions // len(kinds), given.seed, totals)
    print("contention: " + " ".join(f"{name}={count}" for name, count in totals.items()))
    return 1 if totals["doubled"] or totals["faults"] or totals["unexplained"] else 0


def _url(kind: str) -> str | None:
    return new_database() if kind == "postgresql" else None


def _claims(kind: str, hubs: int, target: int, seed: int, totals: dict[str, int]) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        arena(Path(folder), _url(kind), cases=target, reviewers=_CLIENTS, hubs=hubs, lease_s=1) as place,
    ):
        began = time.monotonic()
        run = claims.run_claims(place, target=target, lease_s=1, seed=seed)
        took = time.monotonic() - began
        twice = claims.doubled(place, run)
    broken = run.broken()
    times = sorted(run.seconds)
    refused = run.counts["decide lease_lost"]
    print(
        f"{kind}, hubs {hubs}: claims {run.counts['claims']} by {_CLIENTS} clients in {took:.0f} s, "
        f"outlived {run.counts['outlived']}, stale tokens refused {refused}, doubled {twice}, "
        f"histories {len(run.histories)}, without an order {len(broken)}; "
        f"a claim p50 {1000 * times[len(times) // 2]:.0f} ms, p99 {1000 * times[len(times) * 99 // 100]:.0f} ms",
        flush=True,
    )
    _tell(run.faults + broken)
    totals["claims"] += run.counts["claims"]
    totals["decisions"] += sum(count for name, count in run.counts.items() if name.startswith("decide "))
    totals["stale_refused"] += refused
    _add(totals, twice, len(run.faults), len(run.histories), len(broken))


def _chaos(kind: str, hubs: int, target: int, seed: int, totals: dict[str, int]) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        arena(Path(folder), _url(kind), cases=max(200, target // 12), reviewers=_SENDERS, hubs=hubs) as place,
    ):
        began = time.monotonic()
        storm = chaos.run_chaos(place, target=target, seed=seed, sample=max(1, target // 100_000))
        took = time.monotonic() - began
        twice = chaos.doubled(place, storm)
    broken = storm.broken()
    words = ", ".join(f"{name} {count}" for name, count in sorted(storm.counts.items()))
    print(
        f"{kind}, hubs {hubs}: decisions {storm.counts['sent']} in {took:.0f} s ({words}), doubled {twice}, "
        f"histories {len(storm.histories)}, without an order {len(broken)}",
        flush=True,
    )
    _tell(storm.faults + broken)
    totals["decisions"] += storm.counts["sent"]
    totals["stale_refused"] += storm.counts["lease_lost"]
    _add(totals, twice, len(storm.faults), len(storm.histories), len(broken))


def _add(totals: dict[str, int], twice: int, faults: int, histories: int, broken: int) -> None:
    totals["doubled"] += twice
    totals["faults"] += faults
    totals["histories"] += histories
    totals["unexplained"] += broken


def _tell(found: list[str]) -> None:
    for words in found[:5]:
        print(words, flush=True)


if __name__ == "__main__":
    sys.exit(main())
