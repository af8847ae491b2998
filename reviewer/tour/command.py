"""Runs the tour: opens everything, walks, asks the hub, writes pictures and summary."""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import requests
from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler

from reviewer import __version__
from reviewer.app import Desktop, make_application
from reviewer.errors import OperatorError
from reviewer.services.workstation import Options
from reviewer.tour.album import Album
from reviewer.tour.audit import show_audit
from reviewer.tour.guide import Guide
from reviewer.tour.hub_process import demo_hub
from reviewer.tour.oracle import HubView, Verdict, judge
from reviewer.tour.relay import Relay
from reviewer.tour.walk import Walk


@dataclass(frozen=True, slots=True)
class TourOptions:
    """Where the pictures go, how many cases, and which hub: empty for one of its own."""

    out: Path
    cases: int = 40
    hub: str = ""
    token: str = ""
    width: int = 1280
    height: int = 800
    sending_delay_s: float = 10.0


def run_tour(options: TourOptions) -> int:
    """Walk, write `summary.json` and the pictures; 0 where nothing was lost or doubled, else 1."""
    album = Album(options.out)
    qInstallMessageHandler(say_what_matters)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="reviewer-tour-")))
        url, token, service_token = options.hub.rstrip("/"), options.token, ""
        if not url:
            own = stack.enter_context(demo_hub(folder / "hub"))
            url, token, service_token = own.url, own.tokens["reviewer"], own.tokens.get("service", "")
        hub = HubView(url, token)
        stack.callback(hub.close)
        try:
            reviewer = hub.reviewer()
            before = frozenset(row["decision"]["id"] for row in hub.decisions(reviewer))
        except requests.RequestException as error:
            raise OperatorError(f"The hub at {url} does not answer this token: {error}") from error
        relay = Relay(url) if url.startswith("http://") else None
        if relay is not None:
            stack.callback(relay.close)
        desktop = Desktop(make_application(), Options(folder / "desk", sending_delay_s=options.sending_delay_s))
        guide = Guide(desktop, album)
        try:
            failure = _walk(desktop, guide, hub, relay, service_token, options, token, url)
            history = desktop.workstation.on_reader(desktop.workstation.delivery.history).result(30)
            memory = _memory()
        finally:
            desktop.close()
        verdict = judge(guide.shown, history, hub.decisions(reviewer), before)
    summary = _summary(options, guide, verdict, memory, failure)
    (options.out / "summary.json").write_text(json.dumps(summary, indent=2, ensure_ascii=False), encoding="utf-8")
    _report(summary)
    return 0 if verdict.good and not failure else 1


def _walk(
    desktop: Desktop,
    guide: Guide,
    hub: HubView,
    relay: Relay | None,
    service_token: str,
    options: TourOptions,
    token: str,
    url: str,
) -> str:
    """The walk; answers the words of what stopped it, or nothing."""
    station, window = desktop.workstation, desktop.window
    window.account_expected = True
    window.resize(options.width, options.height)
    window.show()
    window.activateWindow()
    station.start()
    address = relay.url if relay is not None else url
    station.in_background(lambda: station.accounts.use_for_this_run("tour", "Tour", address, token)).result(60)
    started = time.monotonic()
    try:
        Walk(guide, hub, relay, service_token).run(options.cases)
        for line in show_audit(guide, options.out / "audit"):
            sys.stdout.write(f"  audit: {line}\n")
    except OperatorError as error:
        guide.album.take(window, "stopped-here")
        return str(error)
    sys.stdout.write(f"The walk took {time.monotonic() - started:.0f} s.\n")
    return ""


def say_what_matters(_kind: QtMsgType, _where: QMessageLogContext, words: str) -> None:
    """Qt's remarks, without those on what the offscreen platform can't do."""
    if "This plugin does not support" not in words:
        sys.stderr.write(f"{words}\n")


def _memory() -> dict[str, float]:
    process = psutil.Process()
    window = process.memory_info().rss
    workers = 0
    for child in process.children(recursive=True):
        try:
            if "reviewer.imaging" in " ".join(child.cmdline()):
                workers += child.memory_info().rss
        except psutil.Error:
            continue
    return {"window_mib": round(window / 2**20, 1), "all_mib": round((window + workers) / 2**20, 1)}


def _summary(
    options: TourOptions, guide: Guide, verdict: Verdict, memory: dict[str, float], failure: str
) -> dict[str, Any]:
    made = [step for step in guide.shown for _ in step.cases]
    painted = sorted(guide.painted_ms)
    return {
        "version": __version__,
        "cases": len({case for step in guide.shown for case in step.cases}),
        "decisions": len(made),
        "by_kind": dict(Counter(step.kind for step in made)),
        "undone": guide.undone,
        "skipped": guide.skipped,
        "offline": guide.offline,
        "synced": verdict.held,
        "lost": len(verdict.lost),
        "doubled": len(verdict.doubled),
        "duplicated": len(verdict.doubled),
        "differences": [*verdict.lost, *verdict.doubled, *verdict.other],
        "missing": failure,
        "key_to_painted_ms": {
            "count": len(painted),
            "p50": round(statistics.median(painted), 2) if painted else None,
            "p99": round(painted[min(len(painted) - 1, int(len(painted) * 0.99))], 2) if painted else None,
        },
        "memory": memory,
        "pictures": guide.album.taken,
        "hub": options.hub or "own demo hub",
    }


def _report(summary: dict[str, Any]) -> None:
    for words in summary["differences"]:
        sys.stdout.write(f"  differs: {words}\n")
    if summary["missing"]:
        sys.stdout.write(f"  missing: {summary['missing']}\n")
    painted = summary["key_to_painted_ms"]
    sys.stdout.write(f"{len(summary['pictures'])} pictures and summary.json are written.\n")
    sys.stdout.write(
        f"tour: cases={summary['cases']} decisions={summary['decisions']} lost={summary['lost']}"
        f" doubled={summary['doubled']} p50_ms={painted['p50']} p99_ms={painted['p99']}\n"
    )
    sys.stdout.flush()
