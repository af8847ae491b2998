"""Every branch of what carries a decision: `python -m tests.covered` (`make coverage`), or what some tests reach.

The modules are named here and nowhere else, with the reason why each is held to all of its branches.  No line is
excluded: coverage's own marks ("pragma: no cover") count for nothing here.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

#: The modules and why: on both sides, whatever a decision passes from the key press to its receipt and back.
MODULES = {
    "reviewer/domain/decision.py": "the decision, its receipt, and its form on the wire",
    "reviewer/services/review.py": "desk: the key press becomes one transaction; undo",
    "reviewer/services/leases.py": "desk: which leases are held, and when they are renewed",
    "reviewer/services/account_desk.py": "desk: when to claim, renew, send and give back",
    "reviewer/services/delivery.py": "desk: when a decision may leave; the inbox and its ways out",
    "reviewer/services/export.py": "desk: the outbox as a file, also from a store that can't be opened",
    "reviewer/storage/decisions.py": "desk: decision, outbox and audit row",
    "reviewer/storage/outbox.py": "desk: what is unsent, sent, settled, and what came back",
    "reviewer/storage/cases.py": "desk: the leased cases and their drafts",
    "reviewer/storage/people.py": "desk: whose rows are shown and sent",
    "reviewer/sync/push.py": "desk: one pass out",
    "reviewer/sync/pull.py": "desk: claims, renewals and changes in",
    "reviewer/hub/routes_work.py": "hub: the calls of leases and decisions",
    "reviewer/hub/leases.py": "hub: claim, renew, release, fence",
    "reviewer/hub/decisions.py": "hub: the key, the fence, the receipt",
    "reviewer/hub/batch.py": "hub: what a batch of decisions reads and writes",
    "reviewer/hub/effects.py": "hub: what a decision does, and its undoing",
    "reviewer/hub/prepared.py": "hub: the statements of the four above",
    "reviewer/hub/locks.py": "hub: who waits for whom",
    "reviewer/hub/sequenced.py": "hub: rows that come in the order of their commits",
}
#: The tests that reach them in this process; the crash, fault and contention tests judge the same code from outside.
TESTS = (
    "tests/unit/domain",
    "tests/unit/storage",
    "tests/unit/sync",
    "tests/unit/services",
    *(
        f"tests/unit/hub/test_{name}.py"
        for name in (
            "leases",
            "accounts",
            "decisions",
            "effects",
            "lists",
            "banks",
            "database",
            "prepared",
            "roles",
            "proofs",
            "appeals",
        )  # fmt: skip
    ),
)
_SETTINGS = """
[run]
branch = true
parallel = true
data_file = {folder}/data
include =
{modules}

[report]
exclude_lines =
partial_branches =
"""


@dataclass(frozen=True, slots=True)
class Row:
    """A module's statements and branches, and where some were not reached: lines, or `from->to`."""

    module: str
    statements: int
    branches: int
    missing: tuple[str, ...]
    reached: float


def main(tests: tuple[str, ...] = TESTS) -> int:
    """Runs the tests and prints a line a module; 0 where every test passed and every branch was reached."""
    with tempfile.TemporaryDirectory(prefix="covered-") as name:
        settings = Path(name) / "settings"
        modules = "\n".join(f"    {module}" for module in MODULES)
        settings.write_text(_SETTINGS.format(folder=name, modules=modules), encoding="utf-8")
        ours = [sys.executable, "-m", "coverage"]
        kept = f"--rcfile={settings}"
        without_qt = ["-p", "tests.without_qt", "-p", "no:pytest-qt"]
        failed = subprocess.run([*ours, "run", kept, "-m", "pytest", "-q", *without_qt, *tests], check=False).returncode
        subprocess.run([*ours, "combine", kept, "-q"], check=True)
        report = Path(name) / "report.json"
        subprocess.run([*ours, "json", kept, "-q", "-o", str(report)], check=True)
        rows = rows_of(json.loads(report.read_text(encoding="utf-8")))
    sys.stdout.write("\n".join(table(rows)) + "\n")
    whole = all(not row.missing for row in rows)
    return 0 if whole and not failed else 1


def rows_of(report: dict[str, object]) -> list[Row]:
    """The modules of a report of coverage.py as JSON; one that no test imported has nothing reached."""
    files = report["files"]
    assert isinstance(files, dict)
    rows = []
    for module in MODULES:
        found = files.get(module)
        if found is None:
            rows.append(Row(module, 0, 0, ("never imported",), 0.0))
            continue
        missing = [str(line) for line in found["missing_lines"]]
        missing += [f"{begin}->{'exit' if end < 0 else end}" for begin, end in found["missing_branches"]]
        numbers = found["summary"]
        rows.append(
            Row(module, numbers["num_statements"], numbers["num_branches"], tuple(missing), numbers["percent_covered"])
        )
    return rows


def table(rows: list[Row]) -> list[str]:
    """A line a module, and the last line that a script looks for."""
    wide = max(len(row.module) for row in rows)
    lines = [f"{'module':{wide}}  {'lines':>5} {'branches':>8} {'reached':>8}  why it is here"]
    for row in rows:
        lines.append(
            f"{row.module:{wide}}  {row.statements:5} {row.branches:8} {row.reached:7.2f}%  {MODULES[row.module]}"
        )
        if row.missing:
            lines.append(f"  not reached: {', '.join(row.missing)}")
    missing = sum(len(row.missing) for row in rows)
    lines.append(
        f"coverage: modules={len(rows)} lines={sum(row.statements for row in rows)}"
        f" branches={sum(row.branches for row in rows)} missing={missing}"
    )
    return lines


if __name__ == "__main__":
    sys.exit(main(tuple(sys.argv[1:]) or TESTS))
