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
from reviewer.ui.review.canvas import Mode

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
    window.resize(guide.window.size())
    _opened(window, pack)
    _listed(window)
    guide.album.take(window, "audit-decisions", settle_s=0.4)
    reviewer = window.filters.combos["reviewer"]
    before = len(window.list.model.rows)
    reviewer.setCurrentIndex(1)
    reviewer.activated.emit(1)
    wait_until(lambda: len(window.list.model.rows) < before, "the filtered list", 30)
    guide.album.take(window, "audit-filtered", settle_s=0.3)
    window.filters.reset()
    _listed(window)
    window.tabs.setCurrentWidget(window.tables)
    wait_until(lambda: window.report is not None, "the numbers", 60)
    guide.album.take(window, "audit-numbers", settle_s=0.3)
    _show_table(window, "Where auditors disagree")
    guide.album.take(window, "audit-disagreements", settle_s=0.3)
    window.tabs.setCurrentWidget(window.charts)
    wait_until(lambda: bool(window.charts.shown), "the charts", 60)
    guide.album.take(window, "audit-charts", settle_s=0.4)
    _judge(guide, window)
    window.tabs.setCurrentWidget(window.lines)
    guide.album.take(window, "audit-verified", settle_s=0.3)
    _opened(window, broken)
    guide.album.take(window, "audit-broken", settle_s=0.4)
    dialog = window.ask_export()
    guide.album.take(window, "audit-export", settle_s=0.3)
    dialog.reject()
    window.close()


def _judge(guide: Guide, window: AuditWindow) -> None:
    """Draw a sample, judge its first case blind, and look at the pictures laid onto one another."""
    pane = window.opinions
    window.tabs.setCurrentWidget(pane)
    dialog = pane.ask_draw()
    if dialog is None:
        raise BugError("a pack that was opened has nothing to draw from")
    dialog.auditor.setText("Kim Aalto")
    dialog.golden.setValue(3)
    guide.album.take(window, "audit-draw", settle_s=0.3)
    dialog.accept()
    wait_until(lambda: pane.case is not None and pane.compare.listing.canvas.frame.settled, "a drawn case", 30)
    guide.album.take(window, "audit-blind-second-opinion", settle_s=0.6)
    case = pane.case
    if case is not None:
        pane.ruling.take_over(case.decided)
        pane.step_kind(1)
        pane.judge("agree")
        guide.album.take(window, "audit-ruled-otherwise", settle_s=0.3)
    stolen = next((row for row in window.list.model.rows if row.ground == "copyright"), None)
    if stolen is None:
        return
    pane.look_at(stolen)
    wait_until(lambda: pane.case is not None and bool(pane.case.on_desk.matches), "compared pictures", 60)
    pane.compare.toggle(Mode.SPLIT)
    guide.album.take(window, "audit-laid-onto-one-another", settle_s=0.6)
    pane.compare.toggle(Mode.SPLIT)


def _show_table(window: AuditWindow, title: str) -> None:
    window.tables.chooser.setCurrentIndex(max(0, window.tables.chooser.findText(title)))


def _opened(window: AuditWindow, pack: Path) -> None:
    window.open_pack(pack)
    wait_until(
        lambda: window.opened is not None and window.opened.path == pack and not window.opened.verifying,
        f"{pack.name} to be verified",
        60,
    )


def _listed(window: AuditWindow) -> None:
    history = window.opened.history if window.opened is not None else None
    count = len(history.decisions) if history is not None else 0
    wait_until(lambda: len(window.list.model.rows) == count, "the list of decisions", 30)
