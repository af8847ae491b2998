"""The main window: the views, the head bar, the banners, and what holds them together."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QSettings, Qt, Signal
from PySide6.QtGui import QCloseEvent, QIcon
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QMessageBox, QStackedWidget, QVBoxLayout, QWidget

from reviewer import __version__
from reviewer.resources import resources_folder
from reviewer.services.model import CaseRef, QueueFilter, QueueRow, Status
from reviewer.ui.audit.entry import AuditEntry
from reviewer.ui.banners import BannerStrip
from reviewer.ui.commands import Commands
from reviewer.ui.connectors.first_run import FirstRunPage
from reviewer.ui.connectors.view import ConnectorsView
from reviewer.ui.diagnostics import Diagnostics
from reviewer.ui.dossier.window import DossierEntry
from reviewer.ui.faults import Faults
from reviewer.ui.hash_lists import HashLists
from reviewer.ui.head import HeadBar
from reviewer.ui.help import HelpView
from reviewer.ui.keys import KeySurface
from reviewer.ui.keysheet import KeySheet
from reviewer.ui.layout import LayoutKeeper
from reviewer.ui.lock import ScreenLock
from reviewer.ui.navigation import VIEWS, Navigation
from reviewer.ui.offline import OfflineDialog
from reviewer.ui.outbox.view import OutboxView
from reviewer.ui.palette import Palette
from reviewer.ui.plain import message_box
from reviewer.ui.ports import Workstation
from reviewer.ui.queue.model import summary
from reviewer.ui.queue.view import QueueView
from reviewer.ui.review.screen import ReviewScreen
from reviewer.ui.tasks import Tasks
from reviewer.ui.theme import Theme
from reviewer.ui.watch import Watch
from reviewer.ui.window_commands import register_window_commands

_LOCK_MINUTES = 15
_FIRST_RUN = "first_run"


class MainWindow(QMainWindow):
    """Everything the reviewer sees.  `view_shown` carries the name of the view, `closing` comes before the end."""

    view_shown = Signal(str)
    closing = Signal()

    def __init__(
        self,
        workstation: Workstation,
        tasks: Tasks,
        commands: Commands,
        theme: Theme,
        settings: QSettings,
        screen: ReviewScreen,
    ) -> None:
        """`screen` is the review screen; it has registered its own commands."""
        super().__init__()
        self.workstation = workstation
        self.tasks = tasks
        self.commands = commands
        self.theme = theme
        self.settings = settings
        self.screen_view = screen
        self.diagnostics = Diagnostics(workstation.diagnostics, tasks, theme, self)
        self.faults = Faults(self, self.diagnostics)
        self.head = HeadBar(theme)
        self.banners = BannerStrip(theme)
        self.navigation = Navigation(theme)
        self.queue = QueueView(workstation, tasks, theme, settings)
        self.outbox = OutboxView(workstation, tasks, commands, theme)
        self.connectors = ConnectorsView(workstation.accounts, tasks, theme)
        self.first_run = FirstRunPage(workstation.accounts, tasks, theme)
        self.palette_box = Palette(commands, tasks, workstation.queue, theme, self)
        #: An account is being made elsewhere, such as the demo's: no first-run page in the meantime.
        self.account_expected = False
        self._status = Status()
        self.watch = Watch(workstation, tasks, screen.isVisible, self)
        register_window_commands(self)
        self.audit = AuditEntry(self, workstation.folder, lambda: workstation.findings)
        self.dossier = DossierEntry(self, lambda: workstation.dossiers)
        self.hash_lists = HashLists(self, workstation.evidence)
        minutes = int(str(settings.value("lock_minutes", _LOCK_MINUTES)))
        self.help = HelpView(commands, theme, minutes)
        self._lay_out()
        self.lock = ScreenLock(theme, self, minutes)
        splitters = {"outbox": self.outbox.splitter} | screen.splitters()
        self.layout_keeper = LayoutKeeper(self, splitters, settings, self._keep_more)
        self._connect()
        commands.install(self)
        self.surface = KeySurface(self, commands, "window")
        self._restore()
        self.refresh()
        self._look_for_accounts()

    @property
    def view(self) -> str:
        """The name of the view that is shown, or `first_run`."""
        shown = self._stack.currentWidget()
        return next((name for name, widget in self._views.items() if widget is shown), _FIRST_RUN)

    def show_view(self, name: str) -> None:
        """Show `review`, `queue`, `outbox`, `connectors`, `help` or `first_run`."""
        if name not in self._views:
            return
        self._stack.setCurrentWidget(self._views[name])
        self.navigation.show_view(name)
        self.head.show_view(name)
        if name == "review":
            self.screen_view.setFocus()
        self.layout_keeper.soon()
        self.view_shown.emit(name)

    def show_queue(self, chosen: QueueFilter) -> None:
        """Show the queue through a filter."""
        self.show_view("queue")
        self.queue.bar.show_filter(chosen)

    @property
    def veiled(self) -> bool:
        """Whether the pictures of listings are blurred and grey until one asks for them."""
        return str(self.settings.value("veil_pictures", "false")) == "true"

    def veil(self, on: bool) -> None:
        """Blur the pictures of listings, or show them; remembered."""
        self.settings.setValue("veil_pictures", "true" if on else "false")
        self._set_veiled(on)

    def refresh(self) -> None:
        """Read status and desk again."""
        self.watch.refresh()

    def about(self) -> QMessageBox:
        """Say what this is."""
        box = message_box(
            self,
            QMessageBox.Icon.Information,
            self.tr("About Reviewer"),
            self.tr("Reviewer {0}").format(__version__),
            self.tr("Flagged listings decided on evidence, one key each; no decision is ever lost."),
        )
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()
        return box

    def show_keys(self) -> KeySheet:
        """Show the sheet of all keys."""
        sheet = KeySheet(self.commands, self.theme, self)
        sheet.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        sheet.open()
        return sheet

    def take_offline(self) -> OfflineDialog:
        """Ask what to take along."""
        dialog = OfflineDialog(self.workstation.intake, self.tasks, self.theme, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()
        return dialog

    def closeEvent(self, event: QCloseEvent) -> None:
        self.layout_keeper.keep()
        self.closing.emit()
        super().closeEvent(event)

    def _lay_out(self) -> None:
        self.setWindowTitle(self.tr("Reviewer"))
        self.setAccessibleName(self.tr("Reviewer"))
        self.setWindowIcon(QIcon(str(resources_folder() / "icons" / "reviewer.svg")))
        self._stack = QStackedWidget()
        widgets = (self.screen_view, self.queue, self.outbox, self.connectors, self.help, self.first_run)
        self._views: dict[str, QWidget] = dict(zip((*VIEWS, _FIRST_RUN), widgets, strict=True))
        for widget in widgets:
            self._stack.addWidget(widget)
        right = QVBoxLayout()
        right.setSpacing(0)
        for part in (self.head, self.banners):
            right.addWidget(part)
        right.addWidget(self._stack, 1)
        self._middle = QWidget()
        line = QHBoxLayout(self._middle)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(0)
        line.addWidget(self.navigation)
        line.addLayout(right, 1)
        self.setCentralWidget(self._middle)
        self.resize(1280, 800)

    def _connect(self) -> None:
        self.navigation.view_chosen.connect(self.show_view)
        self.navigation.show_keys({name: self.commands.chord_text(f"view.{name}") for name in VIEWS})
        self.head.asked_for.connect(self._head_asked)
        self.banners.action_chosen.connect(self._act)
        self.queue.opened.connect(self._case_opened)
        self.queue.focused.connect(self._focused)
        self.outbox.opened.connect(self._case_opened)
        self.palette_box.case_chosen.connect(self._case_chosen)
        self.first_run.account_added.connect(self._account_added)
        self.connectors.accounts_changed.connect(self.refresh)
        self.help.lock_minutes_chosen.connect(self._set_lock_minutes)
        self.help.veil_chosen.connect(self.veil)
        self.queue.table.horizontalHeader().sectionResized.connect(self.layout_keeper.soon)
        self.queue.table.horizontalHeader().sectionMoved.connect(self.layout_keeper.soon)
        self.lock.locked.connect(partial(self._set_locked, True))
        self.lock.unlocked.connect(partial(self._set_locked, False))
        self.watch.status_read.connect(self._show_status)
        self.watch.desk_read.connect(self.head.show_desk)
        self.watch.failed.connect(self.faults.show)
        self.screen_view.desk_shown.connect(self.head.show_desk)
        self.screen_view.problem_raised.connect(self.banners.show_notice)
        self.screen_view.action_asked.connect(self._act)
        self.tasks.failed_unexpectedly.connect(self.faults.show)

    def _restore(self) -> None:
        self.layout_keeper.restore()
        self._set_veiled(self.veiled)
        view = str(self.settings.value("window/view", "review"))
        self.show_view(view if view in VIEWS else "review")

    def _look_for_accounts(self) -> None:
        def found(accounts: object) -> None:
            if not accounts and not self.account_expected:
                self.show_view(_FIRST_RUN)

        self.tasks.in_background(lambda: tuple(self.workstation.accounts.accounts()), found, owner=self)

    def _account_added(self) -> None:
        self.refresh()
        self.show_view("review")

    def _show_status(self, status: Status) -> None:
        self._status = status
        self.head.show_status(status)
        self.banners.show_banners(status.banners)
        self.navigation.show_badge(status.inbox)
        self.queue.bar.show_status(status)
        self.connectors.show_status(status)

    def _head_asked(self, part: str) -> None:
        if part == "due":
            self.show_queue(QueueFilter(due="overdue" if self._status.overdue else "soon"))
        else:
            self.show_view({"lease": "review", "today": "review"}.get(part, part))

    def _act(self, action: str) -> None:
        if action == "open_inbox":
            self.show_view("outbox")
        elif action == "retry":
            self.tasks.on_desk(self.workstation.delivery.send_now, owner=self)
        else:
            self.show_view("connectors")
            if action == "sign_in":
                self._sign_in()

    def _sign_in(self) -> None:
        for state in self._status.accounts:
            account = self.connectors.account(state.account) if state.state == "sign_in" else None
            if account is not None:
                self.connectors.sign_in(account)
                return

    def _case_chosen(self, row: object) -> None:
        if isinstance(row, QueueRow):
            self.show_view("queue")
            self.queue.open_row(row)

    def _case_opened(self, _ref: CaseRef) -> None:
        self.show_view("review")

    def _focused(self, chosen: QueueFilter) -> None:
        self.head.show_focus(summary(chosen, self.queue.model.names))
        self.show_view("review")

    def _keep_more(self) -> None:
        self.settings.setValue("window/view", self.view)
        self.queue.save_columns()

    def _set_veiled(self, on: bool) -> None:
        self.screen_view.set_sensitive(on)
        self.help.show_veil(on)

    def _set_lock_minutes(self, minutes: int) -> None:
        self.lock.minutes = minutes
        self.settings.setValue("lock_minutes", minutes)

    def _set_locked(self, locked: bool) -> None:
        self.commands.paused = locked
        self._middle.setVisible(not locked)
        if not locked:
            self.show_view(self.view)
