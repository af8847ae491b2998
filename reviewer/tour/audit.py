"""The tour's audit part: a good pack and ten broken ones, two packs merged, the three reports, the audit window."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from reviewer.audit.broken import TAMPERED
from reviewer.audit.chart import svg
from reviewer.audit.checking import check_pack
from reviewer.audit.demo import DemoPack, demo_start, write_demo
from reviewer.audit.merge import merge_packs
from reviewer.audit.pins import NAME, Pin, add_pins
from reviewer.audit.reporting import KINDS, make_report, write_files
from reviewer.audit.tables import html_text
from reviewer.audit.verifier import NotAPack
from reviewer.errors import BugError
from reviewer.tour.guide import Guide
from reviewer.tour.waiting import wait_until
from reviewer.ui.audit.window import AuditWindow
from reviewer.ui.printing import write_pdf

_DECISIONS = 600


def show_audit(guide: Guide, out: Path) -> list[str]:
    """Make packs and reports in `out`, take pictures of the audit window; answers what was found, in lines.

    Raises `BugError` where a good pack is not verified or a broken one is.
    """
    out.mkdir(parents=True, exist_ok=True)
    station = guide.desktop.workstation
    pins = station.folder / NAME
    pack, other = out / "demo.pack", out / "other.pack"
    for path, seed in ((pack, 7), (other, 8)):
        _pin(pins, write_demo(path, seed=seed, decisions=_DECISIONS, start=demo_start(datetime.now(UTC))))
    lines = [_checked(pack, pins, good=True), *_break(pack, out, pins)]
    lines += merge_packs([pack, other], out / "merged.pack")
    lines.append(_checked(out / "merged.pack", pins, good=True))
    for kind in KINDS:
        report = make_report(pack, kind)
        write_files(report, out / "reports")
        charts = {chart.name: svg(chart) for chart in report.charts}
        html = html_text(report, {name: name for name in charts})
        write_pdf(html, out / "reports" / f"{kind}.pdf", title=report.title, pictures=charts)
    (out / "verified.txt").write_text("\n".join(lines) + "\n", "utf-8")
    _pictures(guide, pack, out / "broken.pack")
    return lines


def _pin(pins: Path, made: DemoPack) -> None:
    add_pins(pins, {log: Pin(made.key, "demo admin", *head, demo=True) for log, head in made.heads.items()})


def _checked(pack: Path, pins: Path, *, good: bool, what: str = "") -> str:
    try:
        verdict = check_pack(pack, pins)
        verified, words = verdict.verified, verdict.lines[-1]
    except NotAPack as problem:
        verified, words = False, f"not a readable pack: {problem}"
    if verified is not good:
        raise BugError(f"{what or pack.name}: {words}")
    return f"{what or pack.name}: {words}"


def _break(pack: Path, out: Path, pins: Path) -> list[str]:
    lines = []
    for what, statements in TAMPERED.items():
        shutil.copyfile(pack, out / "broken.pack")
        with closing(sqlite3.connect(out / "broken.pack")) as connection:
            connection.executescript(statements)
        lines.append(_checked(out / "broken.pack", pins, good=False, what=what))
    return lines


def _pictures(guide: Guide, pack: Path, broken: Path) -> None:
    window = guide.window.audit.show()
    _opened(window, pack)
    for name, pane in (("verified", window.lines), ("numbers", window.tables), ("charts", window.charts)):
        window.tabs.setCurrentWidget(pane)
        guide.album.take(guide.window, f"audit-{name}", settle_s=0.4)
    window.tabs.setCurrentWidget(window.opinions)
    window.opinions.auditor.setText("Kim Aalto")
    window.opinions.draw()
    wait_until(lambda: window.opinions.case is not None, "a drawn case", 30)
    guide.album.take(guide.window, "audit-blind-second-opinion", settle_s=0.4)
    window.tabs.setCurrentWidget(window.lines)
    _opened(window, broken)
    guide.album.take(guide.window, "audit-broken", settle_s=0.4)
    window.close()


def _opened(window: AuditWindow, pack: Path) -> None:
    window.open_pack(pack)
    wait_until(lambda: window.opened is not None and window.opened.path == pack, f"{pack.name} to be verified", 60)
