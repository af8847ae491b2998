"""What a reviewer saw, written down so that no kill takes it away: the witness of the crash tests."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Step:
    """A key press on cases: `end` is `shown` (the window had it as made), `refused` (it said why not), or
    `open`: the process was killed before it answered.  `life` is the place of the start among all starts."""

    op: str
    kind: str
    cases: tuple[str, ...]
    life: int
    end: str = "open"


class Journal:
    """Appends to a file; every line is on the disk before the call answers."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def start(self, rows: int) -> None:
        """The program was started on a store with so many decisions."""
        self._write({"start": rows})

    def begin(self, op: str, kind: str, cases: tuple[str, ...]) -> None:
        """The key goes down."""
        self._write({"op": op, "kind": kind, "cases": cases})

    def end(self, how: str) -> None:
        """The window shows it as made (`shown`), or why it was not (`refused`)."""
        self._write({"end": how})

    def _write(self, value: dict[str, object]) -> None:
        os.write(self._file, json.dumps(value).encode() + b"\n")
        os.fsync(self._file)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)


def read_journal(path: Path) -> tuple[list[int], list[Step]]:
    """How many decisions there were at each start, and every key press of all lives of a desk, in order."""
    starts: list[int] = []
    steps: list[Step] = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        value = json.loads(line)
        if "start" in value:
            starts.append(value["start"])
        elif "end" in value:
            steps[-1] = replace(steps[-1], end=value["end"])
        else:
            steps.append(Step(value["op"], value["kind"], tuple(value["cases"]), len(starts) - 1))
    return starts, steps
