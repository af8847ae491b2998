"""Prints the fault table with its tests, ready for pytest: `python -m tests.faults`."""

from __future__ import annotations

import sys

from tests.faults.table import places, rows


def main() -> int:
    """0 where every row has a test and every test that is named exists."""
    where, whole = places(), True
    for fault, tests in rows().items():
        sys.stdout.write(fault + "\n")
        for name in tests:
            sys.stdout.write(f"  {where.get(name, 'MISSING')}::{name}\n")
        whole = whole and bool(tests) and all(name in where for name in tests)
    sys.stdout.write(f"faults={len(rows())} tests={len({name for tests in rows().values() for name in tests})}\n")
    return 0 if whole else 1


if __name__ == "__main__":
    sys.exit(main())
