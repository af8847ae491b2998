"""Audit packs: export with pictures, verification of a million rows, opening, sampling, charts."""

from __future__ import annotations

import hashlib
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import report
from benchmarks.report import Line, Options
from reviewer.audit.chart import svg
from reviewer.audit.demo import demo_start, write_demo
from reviewer.audit.history import read_history
from reviewer.audit.sample import SIZES, code_letter, draw
from reviewer.audit.team import rated, team
from reviewer.audit.team_charts import all_charts
from reviewer.audit.verifier import Pins, verify
from reviewer.ledger.keys import is_signed

_DECISIONS = 100_000
_A_SECOND, _VERIFY_S, _OPEN_S, _SAMPLE_S, _CHARTS_S, _MEMORY_MIB = 2000.0, 60.0, 2.0, 0.5, 1.0, 500.0
_MILLION = 1_000_000


def measure(options: Options) -> list[Line]:
    """Write a demo history of 100,000 decisions, then verify, open, sample and draw it."""
    count = options.count(_DECISIONS)
    with tempfile.TemporaryDirectory(prefix="audit-") as made:
        path = Path(made) / "demo.pack"
        began = time.perf_counter()
        pack = write_demo(path, seed=7, decisions=count, start=demo_start(datetime.now(UTC)))
        wrote = time.perf_counter() - began
        began = time.perf_counter()
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
        floor = time.perf_counter() - began
        began = time.perf_counter()
        outcome = verify(path, Pins({pack.key: ""}, pack.heads), is_signed)
        verified = time.perf_counter() - began
        assert outcome.first is None
        rows = sum(outcome.counts.values())
        began = time.perf_counter()
        history = read_history(path)
        opened = time.perf_counter() - began
        began = time.perf_counter()
        lot = list(history.standing().values())
        draw(lot, seed="bench", size=SIZES[code_letter(len(lot))], by=("reviewer", "decision", "speed"))
        drew = time.perf_counter() - began
        began = time.perf_counter()
        assert [svg(chart) for chart in all_charts(history, rated(history))]
        drawn = time.perf_counter() - began
        began = time.perf_counter()
        assert team(history).tables
        counted = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
    speed, million = pack.decisions / wrote, verified / rows * _MILLION
    note = f"{rows:,} rows of {pack.decisions:,} decisions in {verified:.1f} s, scaled"
    return [
        Line("audit export", speed, "decisions/s", ">= 2,000/s", met=speed >= _A_SECOND, note="and made up"),
        Line("audit verify, a million rows", million, "s", "<= 60 s", floor / rows * _MILLION, "SHA-256 of the file",
             ratio=verified / floor, met=million <= _VERIFY_S, note=note),
        Line("audit open", opened, "s", "<= 2 s", met=opened <= _OPEN_S),
        Line("audit sample", drew, "s", "<= 0.5 s", met=drew <= _SAMPLE_S, note="three strata"),
        Line("audit charts", drawn, "s", "<= 1 s", met=drawn <= _CHARTS_S, note="all six as SVG"),
        Line("audit numbers", counted, "s", note="agreement with 2,000 resamples each, and the charts"),
        Line("audit memory", peak, "MiB", "<= 500 MiB", met=peak <= _MEMORY_MIB, note="the most at once"),
    ]  # fmt: skip


if __name__ == "__main__":
    report.run(measure)
