"""The window by keys on a real django-oscar shop: set up by the form, decided, taken back; judged by the shop."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

NEEDED = ("django", "oscar", "oscarapi", "rest_framework")


@pytest.mark.timeout(300)
@pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in NEEDED),
    reason="django-oscar and django-oscar-api are not installed",
)
def test_the_tour_on_oscar_arrives_at_the_shop(tmp_path: Path) -> None:
    out = tmp_path / "tour"
    command = [sys.executable, "-m", "reviewer", "tour", "--connector", "oscar", "--cases", "2", "--out", str(out)]
    ran = subprocess.run(
        command, capture_output=True, text=True, timeout=280, env=os.environ | {"TMPDIR": str(tmp_path)}, check=False
    )
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
    last = ran.stdout.strip().splitlines()[-1]
    assert last == "tour: connector=oscar decisions=4 takedowns=2 reversed=1 wrong=0"
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert [(row["kind"], row["shown"]) for row in summary["decisions"]] == [
        ("takedown", "removed"), ("clear", "live"), ("takedown", "removed"), ("withdraw", "live"),
    ]  # fmt: skip
    assert "does not carry out “Warn”" in summary["not_carried_out"]
    assert all((out / picture).stat().st_size > 5_000 for picture in summary["pictures"])


def test_a_connector_that_is_not_there_says_so(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "reviewer", "tour", "--connector", "nobody", "--out", str(tmp_path)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode != 0
    assert "there is no plugin.toml" in ran.stdout + ran.stderr
    assert "Traceback" not in ran.stderr
