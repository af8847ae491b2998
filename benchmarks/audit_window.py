"""The audit window on a pack of 100,000 decisions: opening, list, filters, numbers, charts, and its memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

import psutil
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QApplication

from benchmarks import report
from benchmarks.report import Line, Options
from reviewer.audit.pins import NAME
from reviewer.services.audit_desk import AuditDesk
from reviewer.services.changes import Notifier
from reviewer.ui.audit.keys import register
from reviewer.ui.audit.window import AuditWindow
from reviewer.ui.commands import Commands
from reviewer.ui.tasks import Tasks
from reviewer.ui.theme import Theme

_DECISIONS = 100_000
_OPEN_S, _CHARTS_S, _MEMORY_MIB, _LONGEST_S = 2.0, 1.0, 500.0, 300.0
ResultT = TypeVar("ResultT")


class _Threads:
    """A thread for each call, as the workstation's background is."""

    def __init__(self) -> None:
        self.notifier = Notifier()

    def in_background(self, call: Callable[[], ResultT]) -> Future[ResultT]:
        future: Future[ResultT] = Future()

        def run() -> None:
            try:
                future.set_result(call())
            except Exception as error:  # noqa: BLE001 - handed on
                future.set_exception(error)

        threading.Thread(target=run, daemon=True).start()
        return future

    on_desk = on_reader = in_background


def measure(options: Options) -> list[Line]:
    """Make the pack in a process of its own, so that only the window's memory is counted."""
    count = options.count(_DECISIONS)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory(prefix="audit-window-") as name:
        folder = Path(name)
        pack = folder / "demo.pack"
        made = [sys.executable, "-m", "reviewer", "audit", "export", "--demo", "--out", str(pack), "--decisions",
                str(count), "--data", str(folder)]  # fmt: skip
        subprocess.run(made, check=True, capture_output=True)
        assert (folder / NAME).is_file()
        return _lines(folder, pack)


def _lines(folder: Path, pack: Path) -> list[Line]:
    application = QApplication.instance() or QApplication([])
    assert isinstance(application, QApplication)
    settings = QSettings(str(folder / "window.ini"), QSettings.Format.IniFormat)
    commands = Commands(settings)
    tasks = Tasks(_Threads())
    window = AuditWindow(AuditDesk(folder), tasks, Theme(application, settings), commands)
    register(commands, lambda: window.opinions)
    window.resize(1920, 1080)
    window.show()
    opened = _timed(application, lambda: window.open_pack(pack), lambda: bool(window.list.model.rows))
    verified = opened + _timed(application, lambda: None, lambda: not _is_verifying(window))
    assert window.opened is not None
    assert window.opened.verdict is not None
    assert window.opened.verdict.verified
    whole = len(window.list.model.rows)
    combo = window.filters.combos["decision"]

    def choose() -> None:
        combo.setCurrentIndex(1)
        combo.activated.emit(1)

    filtered = _timed(application, choose, lambda: len(window.list.model.rows) < whole)
    window.filters.reset()
    _timed(application, lambda: None, lambda: len(window.list.model.rows) == whole)
    ordered = _timed(application, lambda: window.list.table.sortByColumn(6, Qt.SortOrder.AscendingOrder), lambda: True)
    counted = _timed(
        application, lambda: window.tabs.setCurrentWidget(window.tables), lambda: window.report is not None
    )
    drawn = _timed(application, lambda: window.tabs.setCurrentWidget(window.charts), lambda: bool(window.charts.shown))
    drawn += _timed(application, window.charts.grab, lambda: True)
    window.tabs.setCurrentWidget(window.opinions)

    def sample() -> None:
        dialog = window.opinions.ask_draw()
        assert dialog is not None
        dialog.auditor.setText("Kim Aalto")
        dialog.accept()

    judged = _timed(application, sample, lambda: window.opinions.case is not None)
    peak = psutil.Process().memory_info()
    most = getattr(peak, "peak_wset", 0) or _peak()
    window.close()
    tasks.close()
    note = f"{whole:,} decisions"
    return [
        Line("audit window: read and listed", opened, "s", "<= 2 s", met=opened <= _OPEN_S, note=note),
        Line("audit window: verified as well", verified, "s"),
        Line("audit window: another filter", filtered, "s"),
        Line("audit window: another order", ordered, "s"),
        Line("audit window: numbers", counted, "s", note="all tables, 2,000 resamples each"),
        Line("audit window: all charts", drawn, "s", "<= 1 s", met=drawn <= _CHARTS_S,
             note="counted, drawn and painted"),
        Line("audit window: draw to first case", judged, "s", note="two draws and the first case"),
        Line("audit window: memory", most / 2**20, "MiB", "<= 500 MiB", met=most / 2**20 <= _MEMORY_MIB,
             note="the window's process, the most at once"),
    ]  # fmt: skip


def _is_verifying(window: AuditWindow) -> bool:
    return window.opened is not None and window.opened.verifying


def _peak() -> int:
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def _timed(application: QApplication, begin: Callable[[], object], done: Callable[[], bool]) -> float:
    began = time.perf_counter()
    begin()
    while not done():
        application.processEvents()
        time.sleep(0.001)
        assert time.perf_counter() - began < _LONGEST_S
    return time.perf_counter() - began


if __name__ == "__main__":
    report.run(measure)
