"""The fault table of the documentation names tests that exist, and crash points that are in the program."""

from __future__ import annotations

import re

from reviewer.failpoints import POINTS
from tests.faults.table import PAGE, places, rows


def test_every_row_of_the_fault_table_has_a_test_that_exists() -> None:
    known, table = places(), rows()
    assert len(table) >= 20
    assert {fault: [name for name in tests if name not in known] for fault, tests in table.items()} == {
        fault: [] for fault in table
    }
    assert [fault for fault, tests in table.items() if not tests] == []


def test_every_crash_point_is_in_the_table_of_crash_points() -> None:
    section = PAGE.read_text(encoding="utf-8").partition("\n## Crash points\n")[2].partition("\n## ")[0]
    found = set()
    for cell in re.findall(r"^\| (C\d[^|]*) \|", section, re.MULTILINE):
        numbers = [int(number) for number in re.findall(r"C(\d+)", cell)]
        spans = range(numbers[0], numbers[-1] + 1) if " to " in cell else numbers
        found |= {f"C{number}" for number in spans}
    assert found == set(POINTS)
