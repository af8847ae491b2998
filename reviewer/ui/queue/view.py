"""The queue view: the filter bar, the table, and what can be done with a row or with all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from PySide6.QtCore import QModelIndex, QSettings, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from reviewer.domain.text import visible
from reviewer.services.changes import Changed
from reviewer.services.model import CaseOnDesk, CaseRef, QueueFilter, QueueRow
from reviewer.ui.faults import words_of
from reviewer.ui.plain import PlainLabel, button
from reviewer.ui.ports import Workstation
from reviewer.ui.queue.ahead import RowsAhead
from reviewer.ui.queue.cells import NAMES, TITLE
from reviewer.ui.queue.filters import FilterBar
from reviewer.ui.queue.model import QueueTable, column_of, sorted_by
from reviewer.ui.queue.painting import CellPainter
from reviewer.ui.tasks import Latest, Tasks
from reviewer.ui.theme import Theme

_WIDTHS = {
    "due": 7.4,
    "marketplace": 8.6,
    "title": 20.0,
    "brand": 6.8,
    "seller": 8.8,
    "standing": 6.8,
    "ground": 7.4,
    "source": 7.8,
    "flags": 3.6,
    "price": 8.2,
    "state": 9.0,
}
_MINUTE_MS = 30_000


class Table(QTableView):
    """A table whose Return key opens the row."""

    return_pressed = Signal()
    resized = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.return_pressed.emit()
            event.accept()
            return
        super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit()


class QueueView(QWidget):
    """`opened` follows when a case lies on top of the desk, `focused` when the filtered set is under review."""

    opened = Signal(object)
    focused = Signal(object)

    def __init__(
        self, workstation: Workstation, tasks: Tasks, theme: Theme, settings: QSettings, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._workstation = workstation
        self._tasks = tasks
        self._theme = theme
        self._settings = settings
        self._selected: CaseRef | None = None
        self._claiming = False
        self.setObjectName("queue")
        self.bar = FilterBar(theme)
        self.model = QueueTable(tasks, workstation.queue, theme, self)
        self.table = Table()
        self.message = PlainLabel(role="muted").wrapped()
        self.message.setAccessibleName(self.tr("Message"))
        self.count = PlainLabel(role="muted")
        self.open_button = button(self.tr("Open"), tip=self.tr("Claim this case and review it (Return)"))
        self.review_button = button(
            self.tr("Review these"),
            "primary",
            tip=self.tr("Bring the cases of these marketplaces and grounds to the desk, one after the other"),
        )
        self._facets = Latest(self._ask_facets)
        self._set_up_table()
        self._lay_out()
        self._connect()

    def restore_columns(self) -> None:
        """Widths and order of the columns as they were left."""
        state = self._settings.value("queue/columns")
        header = self.table.horizontalHeader()
        if state is None or not header.restoreState(state):
            for place, name in enumerate(NAMES):
                self.table.setColumnWidth(place, self._theme.em(_WIDTHS[name]))
        header.setSectionResizeMode(TITLE, QHeaderView.ResizeMode.Stretch)
        header.setSortIndicator(column_of(self.model.chosen), Qt.SortOrder.AscendingOrder)

    def save_columns(self) -> None:
        """Remember them."""
        self._settings.setValue("queue/columns", self.table.horizontalHeader().saveState())

    def search(self) -> None:
        """Put the cursor into the search field."""
        self.bar.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.bar.search.selectAll()

    def open_current(self) -> None:
        """Bring the chosen case to the desk."""
        cells = self.model.row_at(self.table.currentIndex().row())
        if cells is not None:
            self.open_row(cells.row)

    def open_row(self, row: QueueRow) -> None:
        """Bring a case to the desk: claim it where it is not there yet."""
        if self._claiming:
            return
        if row.on_desk:
            self._bring(row.ref)
            return
        self._claiming = True
        self._say(self.tr("Claiming {0} …").format(visible(row.row.title, limit=80, keep_lines=False)))
        self._tasks.in_background(
            partial(self._workstation.intake.claim_named, row.ref.account, (row.ref.case_id,)),
            partial(self._claimed, row),
            self._failed,
            owner=self,
        )

    def review_these(self) -> None:
        """Claim from the marketplaces and grounds of the filter from now on."""
        chosen = self.model.chosen
        self._tasks.in_background(
            partial(self._workstation.intake.set_focus, chosen),
            lambda _done: self.focused.emit(chosen),
            self._failed,
            owner=self,
        )

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self.model.total is None:
            self.model.show_filter(self.bar.chosen)
        else:
            self.model.refresh()
        self._facets.refresh()
        if not self.bar.search.hasFocus():
            self.table.setFocus()

    def _set_up_table(self) -> None:
        self.table.setModel(self.model)
        self.painter = CellPainter(self.model, self._theme, self.table)
        self.table.setItemDelegate(self.painter)
        self._ahead = RowsAhead(self.table, self.painter)
        self.model.page_arrived.connect(self._ahead.start)
        self.table.setAccessibleName(self.tr("Cases in the queue"))
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self.table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.table.setWordWrap(False)
        self.table.setShowGrid(False)
        self.table.setTabKeyNavigation(False)
        self.table.setCornerButtonEnabled(False)
        rows = self.table.verticalHeader()
        rows.setVisible(False)
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header = self.table.horizontalHeader()
        header.setSectionsMovable(True)
        header.setHighlightSections(False)
        header.setSortIndicatorShown(True)
        header.setSortIndicatorClearable(True)
        header.setSectionsClickable(True)
        header.setAccessibleName(self.tr("Columns of the queue"))
        self._dress()
        self.restore_columns()

    def _lay_out(self) -> None:
        self._stack = QStackedWidget()
        self._stack.addWidget(self.table)
        self._stack.addWidget(self._empty_page())
        below = QHBoxLayout()
        below.addWidget(self.count)
        below.addWidget(self.message, 1)
        below.addWidget(self.open_button)
        below.addWidget(self.review_button)
        whole = QVBoxLayout(self)
        margin = self._theme.em(0.8)
        whole.setContentsMargins(margin, margin, margin, margin)
        whole.setSpacing(self._theme.em(0.6))
        whole.addWidget(self.bar)
        whole.addWidget(self._stack, 1)
        whole.addLayout(below)

    def _empty_page(self) -> QWidget:
        page = QWidget()
        self.empty = PlainLabel(role="title").wrapped()
        self.empty_hint = PlainLabel(role="muted").wrapped()
        self.empty_clear = button(self.tr("Clear filters"))
        self.empty_clear.clicked.connect(self.bar.clear_all)
        inner = QVBoxLayout(page)
        inner.addStretch(1)
        for widget in (self.empty, self.empty_hint):
            widget.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            inner.addWidget(widget)
        inner.addWidget(self.empty_clear, 0, Qt.AlignmentFlag.AlignHCenter)
        inner.addStretch(2)
        return page

    def _connect(self) -> None:
        self.bar.filter_changed.connect(self._filter)
        self.table.horizontalHeader().sortIndicatorChanged.connect(self._sort)
        self.table.return_pressed.connect(self.open_current)
        self.table.doubleClicked.connect(lambda _index: self.open_current())
        self.table.selectionModel().currentRowChanged.connect(self._remember)
        self.open_button.clicked.connect(self.open_current)
        self.review_button.clicked.connect(self.review_these)
        self.model.page_arrived.connect(self._arrived)
        self.model.total_changed.connect(self._counted)
        self.model.named.connect(self.bar.show_names)
        self.model.failed.connect(self._failed)
        self._tasks.changed.connect(self._changed)
        self._theme.changed.connect(self._dress)
        minute = QTimer(self)
        minute.setInterval(_MINUTE_MS)
        minute.timeout.connect(self.table.viewport().update)
        minute.start()
        # Down from the search field goes into the table.
        self.bar.search.returnPressed.connect(self.table.setFocus)
        self.bar.search.left.connect(self.table.setFocus)

    def _filter(self, chosen: QueueFilter) -> None:
        if chosen == self.model.chosen and self.model.total is not None:
            return
        self._selected = None
        self._say("")
        self.table.scrollToTop()
        self.model.show_filter(chosen)

    def _sort(self, column: int, order: Qt.SortOrder) -> None:
        ordered = sorted_by(self.model.chosen, column, order == Qt.SortOrder.DescendingOrder)
        if column_of(ordered) != column:
            header = self.table.horizontalHeader()
            header.blockSignals(True)
            header.setSortIndicator(column_of(self.model.chosen), order)
            header.blockSignals(False)
            return
        self.bar.set_order(ordered)

    def _remember(self, current: QModelIndex, _previous: QModelIndex) -> None:
        self.painter.current_row = current.row() if current.isValid() else -1
        cells = self.model.row_at(current.row()) if current.isValid() else None
        self._selected = cells.row.ref if cells is not None else None
        self.open_button.setEnabled(cells is not None)

    def _arrived(self, first: int) -> None:
        """Keep the chosen case chosen, where its row moved; choose the first where none is."""
        current = self.table.currentIndex()
        if self._selected is None or not current.isValid():
            if first == 0 and self.model.row_at(0) is not None:
                self.table.setCurrentIndex(self.model.index(0, TITLE))
                self._remember(self.table.currentIndex(), QModelIndex())
            return
        cells = self.model.row_at(current.row())
        if cells is not None and cells.row.ref == self._selected:
            return
        found = self.model.find(self._selected, first)
        if found is not None:
            self.table.setCurrentIndex(self.model.index(found, max(0, current.column())))

    def _counted(self, total: int) -> None:
        shown = self.tr("1 case") if total == 1 else self.tr("{0} cases").format(f"{total:,}")
        if self.model.more:
            shown = self.tr("the first {0} cases of more: add a word or a filter").format(f"{total:,}")
        self.count.setText(shown)
        filtered = self.bar.clear.isEnabled()
        self._stack.setCurrentIndex(0 if total else 1)
        self.empty.setText(self.tr("No case fits these filters") if filtered else self.tr("The queue is empty"))
        self.empty_hint.setText(
            self.tr("Clear the filters, or search for something else.")
            if filtered
            else self.tr("New cases appear here as soon as a marketplace has some.")
        )
        self.empty_clear.setVisible(filtered)
        self.open_button.setEnabled(bool(total))
        self.review_button.setEnabled(bool(total))

    def _claimed(self, row: QueueRow, found: tuple[CaseOnDesk, ...]) -> None:
        self._claiming = False
        if found:
            self._bring(found[0].ref)
            return
        holder = visible(row.row.leased_by, limit=80, keep_lines=False)
        self._say(
            self.tr("{0} holds this case at present. It comes back to the queue when the lease ends.").format(holder)
            if holder
            else self.tr("Somebody else has just claimed this case, or it was decided. The table is read again."),
            "warning",
        )
        self.model.refresh()

    def _bring(self, ref: CaseRef) -> None:
        self._say("")
        self._tasks.on_desk(
            partial(self._workstation.review.bring, ref),
            lambda _desk: self.opened.emit(ref),
            self._failed,
            owner=self,
        )

    def _failed(self, error: Exception) -> None:
        self._claiming = False
        self._say(words_of(error), "danger")

    def _say(self, text: str, role: str = "muted") -> None:
        self.message.set_role(role)
        self.message.setText(text)

    def _changed(self, changed: Changed) -> None:
        if self.isVisible() and changed.topics & {"queue", "outbox", "desk"}:
            self.model.refresh()
            if "queue" in changed.topics:
                self._facets.refresh()

    def _ask_facets(self, ended: Callable[[], None]) -> None:
        def arrived(facets: Mapping[str, tuple[tuple[str, int], ...]]) -> None:
            self.bar.show_facets(facets)
            ended()

        def failed(error: Exception) -> None:
            self._failed(error)
            ended()

        self._tasks.on_reader(self._workstation.queue.facets, arrived, failed, owner=self)

    def _dress(self) -> None:
        self.table.verticalHeader().setDefaultSectionSize(self._theme.em(2.1))
        self.table.horizontalHeader().setMinimumSectionSize(self._theme.em(2.5))
