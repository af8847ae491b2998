"""The fault table of docs/reliability.md: each row with the tests that are named in it."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reliability.md"


def rows() -> dict[str, list[str]]:
    """The faults with the names of their tests, in the order of the page."""
    section = PAGE.read_text(encoding="utf-8").partition("\n## Faults\n")[2].partition("\n## ")[0]
    cells = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return {row[0].strip(): re.findall(r"`(test_\w+)`", row[-1]) for row in cells[2:]}


def places() -> dict[str, str]:
    """Every test function of the project with the file that it is in."""
    found = {}
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        for name in re.findall(r"^(?:async )?def (test_\w+)\(", file.read_text(encoding="utf-8"), re.MULTILINE):
            found[name] = file.relative_to(ROOT).as_posix()
    return found
