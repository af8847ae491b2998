"""All changes of a pack of a thousand rows, one by one: each is caught and named."""

from __future__ import annotations

import argparse
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from reviewer.audit.demo import write_demo
from reviewer.audit.layout import TABLES
from reviewer.audit.verifier import Pins
from tests.tamper.sweep import all_changes, fault_of

#: First rulings of the pack: with what belongs to them they make a thousand rows and a few.
DECISIONS = 80


def main() -> int:
    """Exit code 0 where every change was caught and named."""
    parser = argparse.ArgumentParser(prog="tamper", description=__doc__)
    parser.add_argument("--decisions", type=int, default=DECISIONS)
    parser.add_argument("--seed", type=int, default=1, help="of the history")
    given = parser.parse_args()
    began = time.monotonic()
    tried: Counter[str] = Counter()
    wrong: list[str] = []
    with tempfile.TemporaryDirectory(prefix="tamper-") as name:
        path = Path(name) / "demo.pack"
        made = write_demo(path, seed=given.seed, decisions=given.decisions, start=datetime(2024, 1, 1, tzinfo=UTC))
        pins = Pins({made.key: "demo admin"}, dict(made.heads))
        changes = list(all_changes(path, made.heads))
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            rows = sum(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES)
            for change in changes:
                words = fault_of(connection, pins, change)
                tried["a value changed" if change.what.endswith(" changed") else change.what] += 1
                if words:
                    wrong.append(words)
    for what, count in sorted(tried.items()):
        sys.stdout.write(f"{count:>7,}  {what}\n")
    for words in wrong[:20]:
        sys.stdout.write(f"{words}\n")
    told = f"{len(changes):,} changes among {rows:,} rows in {time.monotonic() - began:.0f} s"
    sys.stdout.write(f"{told}: {len(changes) - len(wrong):,} caught and named, {len(wrong):,} not\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
