"""From a new process to the first case painted, with an account that is set up and a hub that runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import keys, report
from benchmarks.hubs import ROOT, fed, running_hub
from benchmarks.report import Line, Options, median, ratio_to, spread
from benchmarks.window import set_up_account

_STARTS = 7
_LIMIT_MS = 1500.0


def measure(options: Options) -> list[Line]:
    """Interleaved: an empty desk that claims first, the same desk restored, a bare window."""
    starts = options.count(_STARTS, 2)
    found: dict[str, list[dict[str, float]]] = {"empty": [], "restored": [], "bare": []}
    with tempfile.TemporaryDirectory(prefix="cold-") as made:
        folder = Path(made)
        environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"} | keys.environment(folder / "keyring.json")
        os.environ.update(keys.environment(folder / "keyring.json"))
        with running_hub(folder / "hub") as hub:
            fed(hub, 20 * (starts + 1), own_pictures=True)
            for number in range(starts + 1):
                data = folder / f"data-{number}"
                set_up_account(data, hub)
                runs = {
                    "empty": _run(environment, "window", str(data)),
                    "restored": _run(environment, "window", str(data)),
                    "bare": _run(environment, "bare"),
                }
                if number:  # the first fills the system's file cache
                    for name, run in runs.items():
                        found[name].append(run)
    return _lines(found)


def _lines(found: dict[str, list[dict[str, float]]]) -> list[Line]:
    print(f"cold_start, {len(found['empty'])} starts each, in ms:")
    for name, runs in found.items():
        for part in runs[0]:
            print(f"  {name}, {part}: {spread([run[part] for run in runs])}")
    floor = median([run["rest"] for run in found["bare"]])
    lines = []
    for name in ("empty", "restored"):
        ours = median([run["rest"] for run in found[name]])
        imports = median([run["imports"] for run in found[name]])
        lines.append(
            Line(
                f"cold start, {name} desk, without imports",
                ours,
                budget=f"≤ {_LIMIT_MS:g} ms",
                floor=floor,
                floor_is="bare window",
                ratio=ratio_to(ours, floor),
                met=ours <= _LIMIT_MS,
                note=f"imports take another {imports:.0f} ms",
            )
        )
    return lines


def _run(environment: dict[str, str], *arguments: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.cold_child", repr(time.monotonic()), *arguments]
    ended = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise RuntimeError(f"a start failed: {ended.stderr[-2000:]}")
    parts: dict[str, float] = json.loads(ended.stdout.splitlines()[-1])
    return parts


if __name__ == "__main__":
    report.run(measure)
