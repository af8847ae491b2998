"""A workstation that decides without end and says each decision once it is made: to be killed.

`python -m tests.end2end.desk_process FOLDER ADDRESS TOKEN`
"""

from __future__ import annotations

import sys
from pathlib import Path

import keyring

from reviewer.domain.decision import DecisionKind
from tests.unit.services.sitting import MemoryKeyring, Sitting

if __name__ == "__main__":
    keyring.set_keyring(MemoryKeyring())
    sitting = Sitting(Path(sys.argv[1]))
    sitting.connect({"address": sys.argv[2]}, connector="queue_api", token=sys.argv[3])
    kinds = (DecisionKind.CLEAR, DecisionKind.TAKEDOWN, DecisionKind.WARN)
    for number in range(10_000):
        sitting.decide(kinds[number % 3], note=f"number {number}")
        if number % 7 == 3:
            sitting.undo()
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
