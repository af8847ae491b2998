"""The audit window: opens beside the review, on this workstation's history or any pack, with no network."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QPlainTextEdit, QTabWidget, QVBoxLayout, QWidget

from reviewer.audit.chart import Chart
from reviewer.audit.history import Decided, History
from reviewer.audit.tables import Report
from reviewer.errors import OperatorError
from reviewer.services.audit_desk import AuditDesk, OpenedPack
from reviewer.ui.audit.export import ExportDialog
from reviewer.ui.audit.filters import FilterBar
from reviewer.ui.audit.listing import ListPane
from reviewer.ui.audit.numbers import ChartsPane, TablesPane
from reviewer.ui.audit.opinions import OpinionsPane
from reviewer.ui.audit.sending import Sending
from reviewer.ui.commands import Commands, Scope
from reviewer.ui.keys import KeySurface
from reviewer.ui.plain import PlainLabel, button
from reviewer.ui.ports import FindingsDoor
from reviewer.ui.tasks import Latest, Task, Tasks
from reviewer.ui.theme import Theme


class AuditWindow(QDialog):
    """A history with its filters, list, numbers, charts, second opinions and verification.

    `report` is what the numbers show; `counted` comes when they are there.
    """

    told = Signal(str)
    counted = Signal()

    def __init__(
        self,
        desk: AuditDesk,
        tasks: Tasks,
        theme: Theme,
        commands: Commands,
        parent: QWidget | None = None,
        *,
        findings: FindingsDoor | None = None,
    ) -> None:
        super().__init__(parent)
        self._desk = desk
        self._tasks = tasks
        self._theme = theme
        self.opened: OpenedPack | None = None
        self.report: Report | None = None
        self._stale: set[QWidget] = set()
        self.setWindowTitle(self.tr("Audit"))
        self.setAccessibleName(self.tr("Audit"))
        self.resize(theme.em(96), theme.em(56))
        self.verdict = PlainLabel(
            self.tr("Open this workstation's history, or an audit pack. Looking changes nothing and needs no network."),
            "heading",
        )
        self.verdict.wrapped().setAccessibleName(self.tr("Verdict"))
        self.live_button = button(
            self.tr("This workstation"), "primary", tip=self.tr("The history of this workstation")
        )
        self.open_button = button(self.tr("Open a pack …"))
        self.findings_button = button(
            self.tr("Add findings …"), tip=self.tr("Opinions of other auditors, from their findings files")
        )
        self.export_button = button(self.tr("Export …"), tip=self.tr("This workstation's history as an audit pack"))
        for made, call in (
            (self.live_button, self.open_live), (self.open_button, self.ask),
            (self.findings_button, self._ask_findings),
            (self.export_button, self.ask_export),
        ):  # fmt: skip
            made.clicked.connect(call)
        self.sending = Sending(findings, tasks, lambda: self.opened.path if self.opened is not None else None)
        self.sending.setParent(self)
        self.sending.said.connect(self._said)
        self.cancel_button = button(self.tr("Cancel"))
        self.cancel_button.clicked.connect(self.cancel)
        self.cancel_button.hide()
        self._opening: Task | None = None
        self._stop = threading.Event()
        self.filters = FilterBar(theme)
        self.list = ListPane(theme)
        self.lines = QPlainTextEdit()
        self.lines.setReadOnly(True)
        self.lines.setAccessibleName(self.tr("Verification"))
        self.tables, self.charts = TablesPane(theme), ChartsPane(theme)
        self.opinions = OpinionsPane(desk, tasks, theme)
        self.tabs = QTabWidget()
        self._lay_out()
        self._listing = Latest(self._ask_list)
        self._counting = Latest(self._ask_numbers)
        self._drawing = Latest(self._ask_charts)
        self.told.connect(self.verdict.setText)
        self.filters.chosen_changed.connect(self._choose)
        self.list.picked.connect(self._look_at)
        self.tables.save_asked.connect(self._ask_folder)
        self.tables.kind_chosen.connect(self._more_opinions)
        self.opinions.given_changed.connect(self._more_opinions)
        self.opinions.given_changed.connect(self.sending.renew)
        self.tabs.currentChanged.connect(self._count)
        self.surface = KeySurface(self.opinions, commands, Scope.AUDIT)
        self._show(None)

    def _lay_out(self) -> None:
        for widget, title in (
            (self.list, self.tr("Decisions")),
            (self.tables, self.tr("Numbers")),
            (self.charts, self.tr("Charts")),
            (self.opinions, self.tr("Second opinions")),
            (self.lines, self.tr("Verification")),
        ):
            self.tabs.addTab(widget, title)
        top = QHBoxLayout()
        top.addWidget(self.verdict, 1)
        for made in (
            self.cancel_button, self.live_button, self.open_button, self.findings_button, self.sending.button,
            self.export_button,
        ):  # fmt: skip
            top.addWidget(made)
        column = QVBoxLayout(self)
        column.setSpacing(self._theme.em(0.5))
        column.addLayout(top)
        column.addWidget(self.filters)
        column.addWidget(self.tabs, 1)

    # Opening

    def ask(self) -> None:
        """Ask for a pack."""
        path, _ = QFileDialog.getOpenFileName(self, self.tr("Open an audit pack"), "", self.tr("All files (*)"))
        if path:
            self.open_pack(Path(path))

    def open_pack(self, path: Path) -> None:
        """Verify and read a pack in the background."""
        self._begin(self.tr("Opening {0} …").format(path.name), partial(self._desk.read, path))

    def open_live(self) -> None:
        """Read this workstation's own history as it is now."""
        self._stop.clear()
        self._begin(self.tr("Reading this workstation's history …"), partial(self._desk.open_live, self._tell))

    def cancel(self) -> None:
        """Drop what is being opened; what was open before stays."""
        self._stop.set()
        if self._opening is None:
            return
        self._opening.cancel()
        self._opening = None
        if self.opened is not None and self.opened.verifying:
            self.opened = replace(self.opened, problem=self.tr("Not verified: cancelled."), verifying=False)
        self.cancel_button.hide()
        for made in (self.live_button, self.open_button):
            made.setEnabled(True)
        if self.opened is not None:
            self._show_verdict(self.opened)
        else:
            self.verdict.setText(self.tr("Cancelled. Open this workstation's history, or an audit pack."))
            self.verdict.set_role("heading")

    def add_findings(self, paths: list[Path]) -> None:
        """Count other auditors' opinions as well."""
        if self.opened is not None:
            self._tasks.in_background(
                partial(self._desk.add_findings, self.opened, paths), self._show, self._say, owner=self
            )

    def ask_export(self) -> ExportDialog:
        """Ask what goes into a pack."""
        dialog = ExportDialog(self._desk, self._tasks, self._theme, self)
        dialog.open()
        return dialog

    def done(self, result: int) -> None:
        self._desk.close()
        super().done(result)

    def _tell(self, words: str) -> None:
        """Called on the thread that reads."""
        if self._stop.is_set():
            raise OperatorError(self.tr("Cancelled."))
        self.told.emit(words)

    def _begin(self, words: str, work: Callable[[], OpenedPack]) -> None:
        if self._opening is not None:
            self._opening.cancel()
        self.verdict.set_role("heading")
        self.verdict.setText(words)
        for made in (self.live_button, self.open_button):
            made.setEnabled(False)
        self.cancel_button.show()
        self._opening = self._tasks.in_background(work, self._read, self._failed, owner=self)

    def _read(self, opened: OpenedPack) -> None:
        """What it tells is shown at once; whether it is true is known a little later."""
        self._show(opened)
        self.cancel_button.show()
        self._opening = self._tasks.in_background(
            partial(self._desk.verify, opened), self._verified, self._failed, owner=self
        )

    def _verified(self, verified: OpenedPack) -> None:
        self._opening = None
        self.cancel_button.hide()
        now = self.opened
        if now is None or now.path != verified.path:
            return
        self.opened = replace(now, verdict=verified.verdict, problem=verified.problem, verifying=False)
        if verified.history is None and now.history is not None:
            self._show(verified)
        else:
            self._show_verdict(self.opened)

    def _failed(self, error: Exception) -> None:
        self._show(None)
        self.verdict.setText(str(error))
        self.verdict.set_role("danger")

    def _say(self, error: Exception) -> None:
        self.verdict.setText(str(error))
        self.verdict.set_role("danger")

    def _said(self, words: str, good: bool) -> None:
        self.verdict.setText(words)
        self.verdict.set_role("heading" if good else "danger")

    def _ask_findings(self) -> None:
        paths, _ = QFileDialog.getOpenFileNames(
            self, self.tr("Findings of other auditors"), "", self.tr("Findings (*.findings.json);;All files (*)")
        )
        if paths:
            self.add_findings([Path(path) for path in paths])

    # Showing

    def _show(self, opened: OpenedPack | None) -> None:
        same = opened is not None and self.opened is not None and opened.path == self.opened.path
        self.opened = opened
        self._opening = None
        self.cancel_button.hide()
        for made in (self.live_button, self.open_button):
            made.setEnabled(True)
        history = opened.history if opened is not None else None
        self.findings_button.setEnabled(history is not None)
        self.sending.renew()
        if opened is not None:
            self._show_verdict(opened)
        self.opinions.show_pack(opened)
        if not (same and opened is not None and opened.others):
            self.filters.show_history(history)
        self._choose()

    def _show_verdict(self, opened: OpenedPack) -> None:
        verdict = opened.verdict
        name = self.tr("This workstation") if opened.live else opened.path.name
        if opened.verifying:
            self.verdict.setText(self.tr("{0} is being verified …").format(name))
            self.lines.setPlainText(self.tr("Verifying …"))
        elif verdict is None:
            self.verdict.setText(f"✕ {name}: {opened.problem}")
            self.lines.setPlainText(opened.problem)
        else:
            sign = "✓" if verdict.verified else "✕"
            self.verdict.setText(f"{sign} {name}: {verdict.lines[-1]}")
            said = [
                self.tr("findings: {0}, {1} opinions of {2}, signed by ed25519:{3}").format(
                    path.name, len(found.items), ", ".join(sorted({item.auditor for item in found.items})), found.key
                )
                for path, found in opened.others
            ]
            self.lines.setPlainText("\n".join((*verdict.lines, *said, opened.problem)).strip())
        good = opened.verifying or (verdict is not None and verdict.verified)
        self.verdict.set_role("heading" if good else "danger")

    def _choose(self) -> None:
        self.opinions.chosen = self.filters.chosen
        self._listing.refresh()
        self._more_opinions()

    def _more_opinions(self) -> None:
        self._stale = {self.tables, self.charts}
        self._count()

    def _look_at(self, decided: Decided) -> None:
        self.tabs.setCurrentWidget(self.opinions)
        self.opinions.look_at(decided)

    def _ask_list(self, ended: Callable[[], None]) -> None:
        opened, chosen = self.opened, self.filters.chosen
        if opened is None or opened.history is None:
            self.list.show_rows((), (), opened=False)
            ended()
            return
        whole = opened.history

        def show(history: History) -> None:
            self.list.show_rows(history.decisions, history.opinions, opened=True)
            self.filters.show_count(len(history.decisions), len(whole.decisions))
            ended()

        def failed(error: Exception) -> None:
            self._say(error)
            ended()

        self._tasks.in_background(lambda: chosen.choose(self._desk.history(opened)), show, failed, owner=self)

    # Numbers

    def _count(self) -> None:
        """Count again where the numbers are looked at and not those of what is chosen now."""
        shown = self.tabs.currentWidget()
        if shown in self._stale:
            self._stale.discard(shown)
            (self._counting if shown is self.tables else self._drawing).refresh()

    def _ask_numbers(self, ended: Callable[[], None]) -> None:
        opened = self.opened
        if opened is None or opened.history is None:
            self._show_report(None, self._nothing())
            ended()
            return

        def show(report: Report) -> None:
            self._show_report(report)
            ended()

        def failed(error: Exception) -> None:
            self._show_report(None, str(error))
            ended()

        self.tables.say(self.tr("Counting …"))
        work = partial(self._desk.numbers, opened, self.filters.chosen, self.tables.report_kind)
        self._tasks.in_background(work, show, failed, owner=self)

    def _ask_charts(self, ended: Callable[[], None]) -> None:
        opened = self.opened
        if opened is None or opened.history is None:
            self.charts.show_charts((), self._nothing())
            ended()
            return

        def show(charts: tuple[Chart, ...]) -> None:
            self.charts.show_charts(charts)
            ended()

        def failed(error: Exception) -> None:
            self.charts.show_charts((), str(error))
            ended()

        work = partial(self._desk.charts, opened, self.filters.chosen, self.tables.report_kind)
        self._tasks.in_background(work, show, failed, owner=self)

    def _nothing(self) -> str:
        return self.tr("Open this workstation's history or a pack: then its numbers are here.")

    def _show_report(self, report: Report | None, problem: str = "") -> None:
        self.report = report
        self.tables.show_report(report, problem)
        self.counted.emit()

    def _ask_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, self.tr("A folder for the report"))
        if folder:
            self.save_report(Path(folder))

    def save_report(self, folder: Path) -> None:
        """Write the report that is shown as HTML, PDF and CSV."""
        if self.report is not None:
            self.tables.save(self._desk, self.report, folder)
