"""The dossier window: everything of one seller on one screen, beside the case."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QScrollArea,
    QSplitter,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from reviewer.domain.dossier import ProposedFlag
from reviewer.services.clock import now
from reviewer.services.dossiers import OpenedDossier, export_dossier
from reviewer.services.model import CaseOnDesk
from reviewer.storage.dossiers import SellerNote
from reviewer.ui.commands import Command, Scope
from reviewer.ui.dossier import words
from reviewer.ui.dossier.network import NetworkPicture
from reviewer.ui.outbox.tables import ItemTable
from reviewer.ui.plain import PlainLabel, button
from reviewer.ui.printing import write_pdf
from reviewer.ui.review.looks import Looks
from reviewer.ui.review.passage import Passage
from reviewer.ui.tasks import Tasks
from reviewer.ui.theme import Theme

if TYPE_CHECKING:
    from reviewer.ui.main_window import MainWindow


#: The column of the timeline that says whose event it is: of use where a trader has several accounts.
_ACCOUNT = 5


class Dossiers(Protocol):
    """`at_hand` and the notes on the desk's thread, `fetch` in the background."""

    def at_hand(self, entry: CaseOnDesk, /) -> OpenedDossier: ...

    def fetch(self, account: str, seller_id: str, /) -> OpenedDossier: ...

    def add_note(self, account: str, seller_id: str, text: str, /) -> tuple[SellerNote, ...]: ...


class DossierWindow(QDialog):
    """A seller on one screen.  `proposed` carries the case, the ground and the reasons that the reviewer takes over."""

    proposed = Signal(object, str, tuple)

    def __init__(self, service: Dossiers, tasks: Tasks, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._service = service
        self._tasks = tasks
        self._entry: CaseOnDesk | None = None
        self.opened: OpenedDossier | None = None
        self._problem = ""
        looks = Looks(theme, self)
        self.setWindowTitle(self.tr("Seller dossier"))
        self.setAccessibleName(self.tr("Seller dossier"))
        self.resize(theme.em(116), theme.em(60))
        self.title = PlainLabel("", "heading")
        self.source = PlainLabel("", "muted").wrapped()
        self.export_button = button(self.tr("Export … (Ctrl+S)"))
        self.export_button.clicked.connect(self.ask_export)
        self.proposal = PlainLabel("", "danger").wrapped()
        self.take_button = button(self.tr("Take over as a flag of the decision (F)"), "danger")
        self.take_button.clicked.connect(self.take_over)
        self.profile = Passage(looks, self.tr("Seller, accounts, strikes, sales, notes"))
        self.note = QLineEdit()
        self.note.setMaxLength(4000)
        self.note.setPlaceholderText(self.tr("A note on this seller; Enter keeps it"))
        self.note.setAccessibleName(self.tr("Note on this seller"))
        self.note.returnPressed.connect(self._keep_note)
        self.network = NetworkPicture(looks)
        self._names: dict[str, str] = {}
        self.events = ItemTable(words.event_columns(self._names), lambda row: id(row), theme, self)
        self.links = ItemTable(words.link_columns(), lambda row: (row.seller_id, row.kind), theme, self)
        self.listings = ItemTable(words.listing_columns(), lambda row: row.id, theme, self)
        self.events_head, self.links_head, self.listings_head = (PlainLabel("", "muted") for _ in range(3))
        self._lay_out(theme)
        for chord, call in (("Ctrl+S", self.ask_export), ("F", self.take_over), ("F5", self.fetch), ("I", self.close)):
            QShortcut(QKeySequence(chord), self, call)

    def _lay_out(self, theme: Theme) -> None:
        left, middle, right = (QVBoxLayout() for _ in range(3))
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(self.profile)
        left.addWidget(scroll, 1)
        left.addWidget(self.note)
        self.timeline = timeline = _table(self.events, self.tr("Timeline"), theme, (10.5, 7.5, 12, 15, 7, 6.5), 3)
        middle.addWidget(self.events_head)
        middle.addWidget(timeline, 3)
        middle.addWidget(self.listings_head)
        middle.addWidget(_table(self.listings, self.tr("Listings"), theme, (20, 13, 8.5, 4.5, 7), 0), 2)
        right.addWidget(self.network, 3)
        right.addWidget(self.links_head)
        right.addWidget(_table(self.links, self.tr("Linked sellers"), theme, (8, 9.5, 6, 6), 0), 2)
        across = QSplitter(Qt.Orientation.Horizontal)
        for column, stretch in ((left, 3), (middle, 6), (right, 4)):
            part = QWidget()
            column.setContentsMargins(0, 0, 0, 0)
            part.setLayout(column)
            across.addWidget(part)
            across.setStretchFactor(across.count() - 1, stretch)
        across.setSizes([theme.em(23), theme.em(60), theme.em(31)])
        across.setChildrenCollapsible(False)
        top, strip, whole = QHBoxLayout(), QHBoxLayout(), QVBoxLayout(self)
        top.addWidget(self.title)
        top.addWidget(self.source, 1)
        top.addWidget(self.export_button)
        strip.addWidget(self.proposal, 1)
        strip.addWidget(self.take_button)
        whole.addLayout(top)
        whole.addLayout(strip)
        whole.addWidget(across, 1)

    def show_seller(self, entry: CaseOnDesk) -> None:
        """Show the seller of a case: at once what is known here, then what the server says."""
        if self._entry is None or (self._entry.ref.account, self._entry.case.seller.id) != _seller(entry):
            self.opened = None
        self._entry, self._problem = entry, ""
        self._tasks.on_desk(partial(self._service.at_hand, entry), self._arrived, self._failed, owner=self)
        self.fetch()

    def go_on_to(self, entry: CaseOnDesk) -> None:
        """Show the seller of another case; nothing where it is the case that is shown."""
        if self._entry is None or self._entry.ref != entry.ref:
            self.show_seller(entry)

    def fetch(self) -> None:
        """Ask the server again."""
        if self._entry is not None:
            account, seller = self._entry.ref.account, self._entry.case.seller.id
            call = partial(self._service.fetch, account, seller)
            self._tasks.in_background(call, self._arrived, self._failed, owner=self)

    def take_over(self) -> None:
        """Take the proposed flag over into the decision on the case."""
        if self._entry is not None and self.opened is not None and self.opened.dossier.proposals:
            one = self.opened.dossier.proposals[0]
            self.proposed.emit(self._entry.ref, one.ground, one.reasons)
            self.take_button.setEnabled(False)
            self.take_button.setText(self.tr("Taken over"))

    def ask_export(self) -> None:
        """Ask for a file."""
        if self.opened is None:
            return
        kinds = self.tr("Page (*.html);;Paper (*.pdf);;Data (*.json)")
        name = "".join(sign if sign.isalnum() or sign in "-_" else "-" for sign in self.opened.dossier.seller.id)
        path, _ = QFileDialog.getSaveFileName(self, self.tr("Export the dossier"), f"{name}.html", kinds)
        if path:
            self.export(Path(path))

    def export(self, path: Path) -> None:
        """Write the dossier to a file; paper on the window's thread, which alone may lay texts out."""
        opened = self.opened
        if opened is None:
            return
        done = partial(self._exported, path)
        if path.suffix == ".pdf":
            try:
                export_dossier(opened, path, lambda page, out, title: write_pdf(page, out, title=title, pictures={}))
            except Exception as error:  # noqa: BLE001 - whatever went wrong is said
                self._failed(error)
            else:
                done(None)
            return
        self._tasks.in_background(partial(export_dossier, opened, path), done, self._failed, owner=self)

    def _exported(self, path: Path, _: object) -> None:
        self.source.set_role("muted")
        self.source.setText(self.tr("Written to {0}").format(path))

    def _arrived(self, opened: OpenedDossier) -> None:
        entry, shown = self._entry, self.opened
        if entry is None or (opened.account, opened.dossier.seller.id) != _seller(entry):
            return  # another seller's, asked for before
        if shown is not None and shown.source == "server" and opened.source != "server":
            return  # what the desk knew came after what the server said
        self.opened = opened
        self._show(opened)

    def _failed(self, error: Exception) -> None:
        self._problem = str(error)
        self._show_source()

    def _show_source(self) -> None:
        """Where this is from and how old it is, with what went wrong: whichever came first."""
        said = words.source_words(self.opened, now()) if self.opened is not None else ""
        self.source.set_role("danger" if self._problem else "muted")
        self.source.setText(". ".join(part for part in (said, self._problem) if part))

    def _show(self, opened: OpenedDossier) -> None:
        dossier = opened.dossier
        self._names.clear()
        self._names.update({row.seller_id: row.display_name for row in dossier.accounts})
        name = words.shown(dossier.seller.display_name, 80)
        self.title.setText(name)
        self.setWindowTitle(self.tr("Seller dossier: {0}").format(name))
        if opened.source == "server":
            self._problem = ""
        self._show_source()
        self._show_proposal(dossier.proposals)
        top = 1
        if self._entry is not None:
            top = max([threshold.points for threshold in self._entry.policy.thresholds] or [1])
        self.profile.set_lines(words.profile_lines(opened, top, now()))
        self.timeline.setColumnHidden(_ACCOUNT, len(dossier.accounts) < 2)
        self.events.show_items(dossier.timeline)
        self.links.show_items(dossier.links)
        self.listings.show_items(dossier.listings.items)
        told, events = len(dossier.timeline), dossier.events
        count = f"{events:,}" if told >= events else self.tr("the newest {0} of {1}").format(f"{told:,}", f"{events:,}")
        self.events_head.setText(self.tr("Timeline: {0} events").format(count))
        accounts = len({link.seller_id for link in dossier.links})
        self.links_head.setText(self.tr("Linked sellers: {0}").format(f"{accounts:,}"))
        self.listings_head.setText(words.listings_head(dossier))
        self.network.show_links(dossier.seller.display_name, dossier.links)

    def _show_proposal(self, proposals: tuple[ProposedFlag, ...]) -> None:
        for part in (self.proposal, self.take_button):
            part.setVisible(bool(proposals))
        if proposals:
            one = proposals[0]
            title = one.ground
            if self._entry is not None and (ground := self._entry.policy.ground(one.ground)):
                title = ground.title
            reasons = "; ".join(words.shown(reason) for reason in one.reasons[:6])
            self.proposal.setText(self.tr("Proposed: {0}. It {1}.").format(words.shown(title, 80), reasons))
            self.take_button.setEnabled(True)
            self.take_button.setText(self.tr("Take over as a flag of the decision (F)"))

    def _keep_note(self) -> None:
        opened, text = self.opened, self.note.text()
        if opened is None or not text.strip():
            return
        call = partial(self._service.add_note, opened.account, opened.dossier.seller.id, text)

        def kept(notes: tuple[SellerNote, ...]) -> None:
            self.note.clear()
            if self.opened is not None:
                self.opened = OpenedDossier(
                    self.opened.account, self.opened.dossier, self.opened.as_of, self.opened.source, notes,
                    self.opened.problem,
                )  # fmt: skip
                self._show(self.opened)

        self._tasks.on_desk(call, kept, self._failed, owner=self)


def _seller(entry: CaseOnDesk) -> tuple[str, str]:
    return entry.ref.account, entry.case.seller.id


def _table(model: ItemTable[Any], name: str, theme: Theme, widths: tuple[float, ...], stretched: int) -> QTableView:
    """A list with columns of those widths in heights of the text; one takes what is left."""
    table = QTableView()
    table.setModel(model)
    table.setAccessibleName(name)
    table.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
    table.setWordWrap(False)
    table.setShowGrid(False)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(theme.em(1.7))
    table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    table.setTabKeyNavigation(False)
    for column, width in enumerate(widths):
        table.setColumnWidth(column, theme.em(width))
    table.horizontalHeader().setStretchLastSection(False)
    table.horizontalHeader().setSectionResizeMode(stretched, QHeaderView.ResizeMode.Stretch)
    return table


class DossierEntry:
    """The key and the entry of the palette that open the dossier; one window at a time."""

    def __init__(self, window: MainWindow, service: Callable[[], Dossiers]) -> None:
        self._window = window
        self._service = service
        self.shown: DossierWindow | None = None
        title = window.tr("Dossier of this seller")
        window.commands.register(
            Command("dossier.open", title, "I", Scope.REVIEW, self.show, group=window.tr("Seller"))
        )

    def show(self) -> DossierWindow | None:
        """Show the dossier of the seller of the case in hand; nothing without a case."""
        window, sitting = self._window, self._window.screen_view.sitting
        if sitting is None:
            return None
        if self.shown is None:
            self.shown = DossierWindow(self._service(), window.tasks, window.theme, window)
            self.shown.proposed.connect(window.screen_view.propose)
            window.closing.connect(self.shown.close)
            window.lock.locked.connect(self.shown.close)
            window.screen_view.desk_shown.connect(self._follow)
        self.shown.show_seller(sitting.on_desk)
        self.shown.show()
        self.shown.raise_()
        self.shown.activateWindow()
        return self.shown

    def _follow(self, _desk: object) -> None:
        """Another case lies in front: the open dossier goes on to its seller."""
        sitting = self._window.screen_view.sitting
        if self.shown is not None and self.shown.isVisible() and sitting is not None:
            self.shown.go_on_to(sitting.on_desk)
