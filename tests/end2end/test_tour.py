"""The whole product by keys: the real window, a hub of its own, a cut line; judged by what the hub holds."""

import json
import os
import re
import subprocess
import sys

import pytest


@pytest.mark.timeout(300)
def test_the_tour_loses_and_doubles_nothing(tmp_path):
    out = tmp_path / "tour"
    command = [sys.executable, "-m", "reviewer", "tour", "--out", str(out), "--cases", "24", "--sending-delay", "2"]
    ran = subprocess.run(
        command, capture_output=True, text=True, timeout=280, env=os.environ | {"TMPDIR": str(tmp_path)}
    )
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
    last = ran.stdout.strip().splitlines()[-1]
    assert re.fullmatch(r"tour: cases=\d+ decisions=\d+ lost=0 doubled=0 p50_ms=[\d.]+ p99_ms=[\d.]+", last)
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert summary["cases"] >= 24
    assert summary["offline"] >= 8
    assert summary["undone"] >= 3
    assert summary["synced"] > 0
    assert not summary["missing"]
    assert {"takedown", "clear", "warn", "restrict", "escalate", "request_proof"} <= set(summary["by_kind"])
    for picture in summary["pictures"]:
        assert (out / picture).stat().st_size > 5_000
    names = " ".join(summary["pictures"])
    for kind in ("ip-year", "dsa", "team"):
        assert (out / "audit" / "reports" / f"{kind}.pdf").read_bytes().startswith(b"%PDF")
    told = (out / "audit" / "verified.txt").read_text(encoding="utf-8").splitlines()
    assert sum("broken: " in line for line in told) == 10
    for state in (
        "audit-broken",
        "audit-charts",
        "audit-blind",
        "offline",
        "batch",
        "split",
        "difference",
        "queue",
        "outbox",
        "inbox",
        "keys",
        "palette",
        "dark",
        "approve",
        "files",
        "dossier",
        "notice",
        "proof-document",
        "appeal",
    ):
        assert state in names


def test_a_tour_on_a_hub_that_is_not_there_says_so(tmp_path):
    command = [
        sys.executable,
        "-m",
        "reviewer",
        "tour",
        "--out",
        str(tmp_path),
        "--hub",
        "http://127.0.0.1:9",
        "--token",
        "t",
    ]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 2
    assert "does not answer" in ran.stderr
