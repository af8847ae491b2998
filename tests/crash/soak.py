"""The crash harness as a command: every point, many seeds, all cores, one table."""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from reviewer.failpoints import POINTS
from tests.crash.processes import room
from tests.crash.run import Outcome, run
from tests.crash.template import make_hub

_SHOWN_FAULTS = 20


def main(arguments: Sequence[str]) -> int:
    """Run it; answers the exit code: 0 where every promise held and every point was reached."""
    parser = argparse.ArgumentParser(prog="soak", description="Kill the workstation and the hub at every point.")
    parser.add_argument("--seeds", type=int, default=200, help="runs of each point")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--jobs", type=int, default=2 * (os.cpu_count() or 1))
    parser.add_argument("--points", default=",".join(POINTS), help="some of the points, such as C7,C12")
    parser.add_argument("--keep", type=Path, help="copy what the last run left into this folder")
    given = parser.parse_args(arguments)
    points = given.points.split(",")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="soak-", dir=room()) as name:
        place = Path(name)
        make_hub(place / "template")
        tasks = [(point, seed) for seed in range(given.first, given.first + given.seeds) for point in points]
        outcomes = list(_outcomes(tasks, place, given.jobs, given.keep))
        failed = [outcome for outcome in outcomes if _words(outcome)]
        _say(table(points, outcomes))
        for outcome in failed[:_SHOWN_FAULTS]:
            _say(f"{outcome.point} seed {outcome.seed}: {_words(outcome)}")
    _say(f"{len(outcomes)} runs in {time.monotonic() - began:.0f} s on {os.cpu_count()} cores")
    _say(last_line(points, given.seeds, outcomes))
    reached = all(outcome.kills for outcome in outcomes)
    return 0 if not failed and reached and len(outcomes) == len(tasks) else 1


def _outcomes(tasks: Sequence[tuple[str, int]], place: Path, jobs: int, keep: Path | None) -> Iterable[Outcome]:
    """The outcomes as they come.  The workers are forked at once, so that nothing is imported twice."""
    context = multiprocessing.get_context("fork")
    logging.disable(logging.CRITICAL)
    done = 0
    with ProcessPoolExecutor(jobs, mp_context=context) as executor:
        futures = [executor.submit(run, point, seed, place / "template", place, keep) for point, seed in tasks]
        for future in as_completed(futures):
            done += 1
            if sys.stderr.isatty():
                sys.stderr.write(f"\r{done} of {len(tasks)}")
            yield future.result()


def _words(outcome: Outcome) -> str:
    found = [*outcome.lost, *outcome.doubled, *outcome.torn]
    return "; ".join([*found, outcome.fault] if outcome.fault else found)


def table(points: Sequence[str], outcomes: Sequence[Outcome]) -> str:
    """A line a point: runs, kills, decisions that were shown as made, and what went wrong with them."""
    by_point = defaultdict(list)
    for outcome in outcomes:
        by_point[outcome.point].append(outcome)
    width = max(len(words) for words in POINTS.values())
    lines = [
        f"{'point':5}  {'where':{width}}  {'seeds':>5} {'kills':>6} {'shown':>6} {'lost':>5} {'doubled':>7} {'torn':>5}"
    ]
    for point in points:
        rows = by_point[point]
        lines.append(
            f"{point:5}  {POINTS[point]:{width}}  {len(rows):5} {sum(row.kills for row in rows):6} "
            f"{sum(row.acked for row in rows):6} {sum(len(row.lost) for row in rows):5} "
            f"{sum(len(row.doubled) for row in rows):7} {sum(len(row.torn) for row in rows):5}"
        )
    return "\n".join(lines)


def last_line(points: Sequence[str], seeds: int, outcomes: Sequence[Outcome]) -> str:
    """What a script looks for."""
    kills = sum(outcome.kills for outcome in outcomes)
    acked = sum(outcome.acked for outcome in outcomes)
    lost = sum(len(outcome.lost) for outcome in outcomes)
    doubled = sum(len(outcome.doubled) for outcome in outcomes)
    torn = sum(len(outcome.torn) for outcome in outcomes)
    faults = sum(bool(outcome.fault) for outcome in outcomes)
    line = f"points={len(points)} seeds={seeds} kills={kills} acked={acked} lost={lost} doubled={doubled} torn={torn}"
    return f"soak: {line}" + (f" failed={faults}" if faults else "")


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
