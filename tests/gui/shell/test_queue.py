"""The queue table: pages of a million rows, filters, opening."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QHeaderView
from pytestqt.qtbot import QtBot

from reviewer.services.model import Names, QueueFilter, Status
from reviewer.ui.queue.cells import COLUMNS, DUE, NAMES, TITLE, Cells
from reviewer.ui.queue.model import KEPT_PAGES, PAGE_ROWS, QueueTable, sorted_by, summary
from reviewer.ui.queue.view import QueueView
from reviewer.ui.tasks import Tasks
from reviewer.ui.theme import Theme
from tests.gui.shell.stand_ins import ShellWorkstation

DISPLAY = Qt.ItemDataRole.DisplayRole
MILLION = 1_000_000


@pytest.fixture
def model(workstation: ShellWorkstation, tasks: Tasks, theme: Theme) -> QueueTable:
    workstation.queue.total = MILLION
    return QueueTable(tasks, workstation.queue, theme)


@pytest.fixture
def view(
    qtbot: QtBot, workstation: ShellWorkstation, tasks: Tasks, theme: Theme, settings: QSettings
) -> Callable[[], QueueView]:
    def make() -> QueueView:
        made = QueueView(workstation, tasks, theme, settings)
        qtbot.addWidget(made)
        made.resize(1200, 700)
        with qtbot.waitExposed(made):
            made.show()
        qtbot.waitUntil(lambda: made.model.total is not None)
        return made

    return make


def text(model: QueueTable, row: int, column: int = TITLE) -> str:
    return str(model.data(model.index(row, column), DISPLAY))


def is_there(model: QueueTable, row: int) -> bool:
    return text(model, row) != "…"


def test_rows_come_when_they_are_looked_at(qtbot: QtBot, model: QueueTable, workstation: ShellWorkstation) -> None:
    with qtbot.waitSignal(model.total_changed) as told:
        model.show_filter(QueueFilter())
    assert told.args == [MILLION]
    assert model.rowCount() == MILLION
    assert len(workstation.queue.asked) == 1
    assert text(model, 900_000) == "…"
    with qtbot.waitSignal(model.page_arrived, check_params_cb=lambda first: first == 900_000):
        pass
    assert text(model, 900_000) != "…"
    assert len(workstation.queue.asked) == 2


def test_a_drag_through_a_million_rows_asks_for_few_pages(
    qtbot: QtBot, model: QueueTable, workstation: ShellWorkstation
) -> None:
    with qtbot.waitSignal(model.total_changed):
        model.show_filter(QueueFilter())
    workstation.queue.gate.clear()
    for row in range(0, MILLION, 1000):
        text(model, row)
    last = MILLION - 1000
    workstation.queue.gate.set()
    qtbot.waitUntil(lambda: text(model, last) != "…")
    assert len(workstation.queue.asked) < 12


def test_only_so_many_pages_are_kept(qtbot: QtBot, model: QueueTable) -> None:
    with qtbot.waitSignal(model.total_changed):
        model.show_filter(QueueFilter())
    for page in range(1, KEPT_PAGES + 5):
        row = page * PAGE_ROWS
        text(model, row)
        qtbot.waitUntil(partial(is_there, model, row))
    assert model.row_at(0) is None


def test_painting_a_million_rows_costs_what_is_seen(
    qtbot: QtBot, view: Callable[[], QueueView], workstation: ShellWorkstation, monkeypatch: pytest.MonkeyPatch
) -> None:
    workstation.queue.total = MILLION
    shown = view()
    qtbot.waitUntil(lambda: text(shown.model, 0) != "…")
    calls: list[int] = []
    plain = shown.model.row_at

    def counted(row: int) -> Cells | None:
        calls.append(row)
        return plain(row)

    monkeypatch.setattr(shown.model, "row_at", counted)
    shown.table.viewport().grab()
    rows = shown.table.viewport().height() // shown.table.rowHeight(0) + 2
    assert 0 < len(calls) <= rows * len(COLUMNS) * 2
    assert max(calls) <= rows
    assert shown.table.verticalHeader().sectionResizeMode(0) == QHeaderView.ResizeMode.Fixed
    assert len(workstation.queue.asked) <= 2


def test_a_refresh_keeps_the_old_rows_until_the_new_ones_are_there(
    qtbot: QtBot, model: QueueTable, workstation: ShellWorkstation
) -> None:
    with qtbot.waitSignal(model.page_arrived):
        model.show_filter(QueueFilter())
    before = text(model, 0)
    workstation.queue.gate.clear()
    workstation.queue.titles[0] = "Another title"
    model.refresh()
    assert text(model, 0) == before
    workstation.queue.gate.set()
    qtbot.waitUntil(lambda: text(model, 0) == "Another title")


def test_a_page_that_fails_is_told_and_not_asked_for_ever(
    qtbot: QtBot, model: QueueTable, workstation: ShellWorkstation, monkeypatch: pytest.MonkeyPatch
) -> None:
    with qtbot.waitSignal(model.page_arrived):
        model.show_filter(QueueFilter())

    def broken(*_arguments: object) -> None:
        raise OSError("no")

    monkeypatch.setattr(workstation.queue, "page", broken)
    with qtbot.waitSignal(model.failed):
        text(model, 5000)
    assert text(model, 5000) == "…"


def test_strangers_texts_are_shown_as_they_are(qtbot: QtBot, model: QueueTable, workstation: ShellWorkstation) -> None:
    workstation.queue.titles[0] = "<b>bag</b>\u202e <img src='file:///etc/passwd'>\nsecond"
    with qtbot.waitSignal(model.page_arrived):
        model.show_filter(QueueFilter())
    assert text(model, 0).startswith("<b>bag</b>⟦RLO⟧")
    assert "\n" not in text(model, 0)
    tip = str(model.data(model.index(0, TITLE), Qt.ItemDataRole.ToolTipRole))
    assert "&lt;b&gt;" in tip
    assert "<img" not in tip


def test_overdue_is_told_by_icon_and_text(qtbot: QtBot, model: QueueTable) -> None:
    with qtbot.waitSignal(model.page_arrived):
        model.show_filter(QueueFilter())
    row = model.row_at(0)
    assert row is not None
    due_at = row.row.row.due_at
    assert due_at is not None
    model.clock = lambda: due_at.replace(year=due_at.year + 1)
    assert "late" in text(model, 0, DUE)
    assert model.data(model.index(0, DUE), Qt.ItemDataRole.DecorationRole) is not None


def test_typing_waits_for_a_pause(qtbot: QtBot, view: Callable[[], QueueView], workstation: ShellWorkstation) -> None:
    shown = view()
    told: list[QueueFilter] = []
    shown.bar.filter_changed.connect(told.append)
    qtbot.keyClicks(shown.bar.search, "bag")
    assert told == []
    qtbot.waitUntil(lambda: bool(told))
    assert [chosen.text for chosen in told] == ["bag"]
    qtbot.waitUntil(lambda: shown.count.text() == "7 cases")


def test_choosers_chips_and_clearing(qtbot: QtBot, view: Callable[[], QueueView]) -> None:
    shown = view()
    shown.bar.show_status(Status(overdue=3, due_soon=2))
    assert shown.bar.overdue.text() == "Overdue 3"
    chooser = shown.bar.choosers["marketplace"]
    qtbot.waitUntil(lambda: len(chooser.menu().actions()) > 3)
    chooser.menu().actions()[0].trigger()
    assert shown.model.chosen.marketplaces == ("mercado-mx",)
    qtbot.waitUntil(lambda: shown.count.text() == "11 cases")
    shown.bar.overdue.click()
    shown.bar.soon.click()
    assert shown.model.chosen.due == "soon"
    shown.bar.local.click()
    assert shown.model.chosen.where == "local"
    assert summary(shown.model.chosen, shown.model.names) == "mercado-mx"
    shown.bar.show_names(Names({"mercado-mx": "Mercado México"}))
    assert chooser.text() == "Marketplace: Mercado México ▾"
    shown.bar.clear.click()
    assert shown.model.chosen == QueueFilter()
    assert not shown.bar.clear.isEnabled()


def test_an_empty_table_says_what_to_do(qtbot: QtBot, view: Callable[[], QueueView]) -> None:
    shown = view()
    shown.bar.search.setText("nothing")
    qtbot.waitUntil(lambda: shown.empty.isVisible())
    shown.empty_clear.click()
    qtbot.waitUntil(lambda: shown.table.isVisible())


def test_headers_sort_where_the_store_can(qtbot: QtBot, view: Callable[[], QueueView]) -> None:
    shown = view()
    header = shown.table.horizontalHeader()
    header.setSortIndicator(NAMES.index("price"), Qt.SortOrder.DescendingOrder)
    assert (shown.model.chosen.sort, shown.model.chosen.descending) == ("price", True)
    header.setSortIndicator(NAMES.index("flags"), Qt.SortOrder.AscendingOrder)
    assert shown.model.chosen.sort == "price"
    header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
    assert shown.model.chosen.sort == "urgency"
    assert sorted_by(QueueFilter(), TITLE, False).sort == "title"


def test_return_claims_and_opens(qtbot: QtBot, view: Callable[[], QueueView], workstation: ShellWorkstation) -> None:
    shown = view()
    qtbot.waitUntil(lambda: text(shown.model, 8) != "…")
    shown.table.setCurrentIndex(shown.model.index(8, TITLE))
    with qtbot.waitSignal(shown.opened) as told:
        qtbot.keyClick(shown.table, Qt.Key.Key_Return)
    assert told.args[0].case_id == "case-000008"
    assert workstation.intake.claimed == [("case-000008",)]


def test_a_case_on_this_desk_is_brought_without_a_claim(
    qtbot: QtBot, view: Callable[[], QueueView], workstation: ShellWorkstation
) -> None:
    shown = view()
    qtbot.waitUntil(lambda: text(shown.model, 0) != "…")
    with qtbot.waitSignal(shown.opened):
        shown.open_current()
    assert workstation.intake.claimed == []


def test_who_holds_a_case_is_said(qtbot: QtBot, view: Callable[[], QueueView], workstation: ShellWorkstation) -> None:
    workstation.queue.leased_by = "Bo <b>"
    workstation.intake.refuses = {"case-000009"}
    shown = view()
    qtbot.waitUntil(lambda: text(shown.model, 9) != "…")
    shown.table.setCurrentIndex(shown.model.index(9, TITLE))
    shown.open_current()
    qtbot.waitUntil(lambda: "Bo <b> holds this case" in shown.message.text())


def test_the_filtered_set_is_reviewed(
    qtbot: QtBot, view: Callable[[], QueueView], workstation: ShellWorkstation
) -> None:
    shown = view()
    shown.bar.show_filter(QueueFilter(grounds=("counterfeit",)))
    with qtbot.waitSignal(shown.focused):
        shown.review_button.click()
    assert workstation.intake.focused[-1].grounds == ("counterfeit",)


def test_the_chosen_case_stays_chosen_where_rows_move(
    qtbot: QtBot, view: Callable[[], QueueView], workstation: ShellWorkstation, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = view()
    qtbot.waitUntil(lambda: text(shown.model, 5) != "…")
    shown.table.setCurrentIndex(shown.model.index(5, TITLE))
    plain = workstation.queue.row
    monkeypatch.setattr(workstation.queue, "row", lambda number: plain(number + 2))
    shown.model.refresh()
    qtbot.waitUntil(lambda: shown.table.currentIndex().row() == 3)


def test_column_widths_are_kept(qtbot: QtBot, view: Callable[[], QueueView]) -> None:
    shown = view()
    shown.table.setColumnWidth(NAMES.index("brand"), 177)
    shown.save_columns()
    assert view().table.columnWidth(NAMES.index("brand")) == 177
