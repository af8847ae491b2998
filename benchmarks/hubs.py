"""Hubs to measure against: the real program in a process of its own, on a free port of this machine."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

#: Where `python -m benchmarks` works.
ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Hub:
    """A hub that listens: `tokens` by role-like names (`reviewer`, `service`)."""

    url: str
    pid: int
    tokens: dict[str, str]


@contextmanager
def running_hub(folder: Path, *, demo: bool = True) -> Iterator[Hub]:
    """`reviewer hub serve` on that folder, with the demo where the folder is empty; ends with the block."""
    command = [
        sys.executable, "-m", "reviewer", "hub", "serve", "--data", str(folder), "--port", "0",
        "--until-stdin-closes", *(["--demo"] if demo else []),
    ]  # fmt: skip
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        said = json.loads(process.stdout.readline())
        yield Hub(said["hub"], said["pid"], said["tokens"])
    finally:
        process.stdin.close()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def filled(folder: Path, reviewers: int) -> list[str]:
    """Fill an empty folder with the demo; answers the tokens of as many further reviewers.

    In a process of its own, so that nothing of the hub is loaded into the one that measures.
    """
    command = [sys.executable, "-m", "benchmarks.fill", str(folder), str(reviewers)]
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT)
    tokens: list[str] = json.loads(ended.stdout)
    return tokens


def fed(hub: Hub, cases: int, *, own_pictures: bool) -> None:
    """Put so many cases before those of the demo, over the hub's own interface."""
    how = "own" if own_pictures else "shared"
    command = [sys.executable, "-m", "benchmarks.feed", hub.url, hub.tokens["service"], str(cases), how]
    subprocess.run(command, check=True, cwd=ROOT)
