"""What a module measured, as lines of the table, and how they are handed to the command and printed."""

from __future__ import annotations

import argparse
import json
import math
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table.

    `ours`, `floor` and the `peers` are in `unit`, all of one run.  `ratio` is ours to the floor.  `met` is
    None where the design sets no budget.
    """

    name: str
    ours: float
    unit: str = "ms"
    budget: str = "none"
    floor: float | None = None
    floor_is: str = ""
    peers: dict[str, float] = field(default_factory=dict)
    ratio: float | None = None
    met: bool | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Options:
    """How a module is run; `quick` is for trying it out: a tenth of the work, numbers that do not count."""

    quick: bool = False

    def count(self, whole: int, least: int = 10) -> int:
        """How often to do something."""
        return max(least, whole // 10) if self.quick else whole


def percentile(values: Sequence[float], share: float) -> float:
    """The value below or at which that share of the values lies."""
    ordered = sorted(values)
    if not ordered:
        return math.nan
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]


def median(values: Sequence[float]) -> float:
    """The value in the middle."""
    return percentile(values, 0.5)


def spread(values: Sequence[float]) -> str:
    """Middle, upper end and worst in one phrase."""
    parts = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("most", 1.0))
    return ", ".join(f"{name} {percentile(values, share):.2f}" for name, share in parts)


def ratio_to(ours: float, floor: float) -> float | None:
    """How many times the floor ours is."""
    return ours / floor if floor > 0 else None


def machine() -> str:
    """Cores and load now."""
    load = os.getloadavg()[0]
    words = f"{os.cpu_count()} cores, load average {load:.2f} at the start"
    return words + (": the machine is busy, which spoils the numbers" if load > 0.5 else "")


def number(value: float) -> str:
    if math.isnan(value):
        return "failed"
    if value == int(value):
        return f"{value:,.0f}"
    if abs(value) < 10:
        return f"{value:.2f}"
    return f"{value:,.1f}" if abs(value) < 100 else f"{value:,.0f}"


def run(measure: Callable[[Options], list[Line]]) -> None:
    """The main function of a module: measure, print, and hand the lines over where the command asks for them."""
    parser = argparse.ArgumentParser(description=(measure.__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the work; the numbers do not count")
    parser.add_argument("--result", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    lines = measure(Options(quick=given.quick))
    if given.result is None:
        print(machine())
        for line in lines:
            met = {True: "met", False: "MISSED", None: ""}[line.met]
            print(f"{line.name}: {number(line.ours)} {line.unit} (budget {line.budget}) {met}".rstrip())
    else:
        given.result.write_text(json.dumps([asdict(line) for line in lines]), encoding="utf-8")


def read(path: Path) -> list[Line]:
    """The lines that a module handed over."""
    return [Line(**row) for row in json.loads(path.read_text(encoding="utf-8"))]
