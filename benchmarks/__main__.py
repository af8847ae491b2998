"""Runs the benchmarks one after another, each in a process of its own, and prints one table."""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from benchmarks import report
from benchmarks.hubs import ROOT
from benchmarks.report import Line
from benchmarks.table import show

#: Names on the command line, and the module that measures each; one run of a module answers all its names.
MODULES = {
    "audit": "audit",
    "audit_window": "audit_window",
    "audit_hub": "audit_hub",
    "connectors": "connectors",
    "decide": "decide",
    "hub": "hub",
    "key_to_painted": "review_day",
    "memory": "review_day",
    "cold_start": "cold_start",
    "queue_table": "queue_table",
    "store": "store",
    "decode": "decode",
    "evidence": "evidence",
    "policy": "policy",
    "dossier": "dossier",
    "notices": "notices",
}
_LONGEST_S = 1800


def main() -> int:
    """Answers 0 where every module ran to its end, whether or not its budgets were met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(MODULES)}; without any: all")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers to a file as well")
    parser.add_argument("--quick", action="store_true", help="a tenth of the work; the numbers do not count")
    given = parser.parse_args()
    unknown = [name for name in given.names if name not in MODULES]
    if unknown:
        parser.error(f"no benchmark is called {', '.join(unknown)}; there are {', '.join(MODULES)}")
    machine = f"{platform.platform()}, Python {platform.python_version()}, {report.machine()}"
    print(machine, flush=True)
    lines: list[Line] = []
    failed = []
    for module in dict.fromkeys(MODULES[name] for name in given.names or MODULES):
        found = _run(module, quick=given.quick)
        lines += found
        if any(math.isnan(line.ours) for line in found):
            failed.append(module)
    print()
    show(lines, machine + (" (quick: the numbers do not count)" if given.quick else ""))
    if given.json is not None:
        document = {"machine": machine, "quick": given.quick, "lines": [asdict(line) for line in lines]}
        given.json.write_text(json.dumps(document, indent=2), encoding="utf-8")
    return 1 if failed else 0


def _run(module: str, *, quick: bool) -> list[Line]:
    print(f"\n== {module} (load average {os.getloadavg()[0]:.2f})", flush=True)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="reviewer-bench-") as folder:
        result = Path(folder) / "result.json"
        command = [sys.executable, "-m", f"benchmarks.{module}", "--result", str(result)]
        try:
            ended = subprocess.run(
                [*command, *(["--quick"] if quick else [])],
                env=os.environ | {"QT_QPA_PLATFORM": "offscreen", "TMPDIR": folder},
                timeout=_LONGEST_S,
                cwd=ROOT,
                check=False,
            )
            words = f"ended with {ended.returncode}"
        except subprocess.TimeoutExpired:
            words = f"did not end within {_LONGEST_S} s"
        print(f"{module}: {time.monotonic() - began:.0f} s", flush=True)
        if result.exists():
            return report.read(result)
    return [Line(module, math.nan, budget="to run", met=False, note=f"The module {words}; see its output above.")]


if __name__ == "__main__":
    sys.exit(main())
