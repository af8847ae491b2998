"""A full disk: it is said, nothing is shown as made, and the same key works once there is space again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication

from reviewer.services.demo_hub import RunningHub
from tests.gui.real.conftest import Sitting

#: Longer than what is left in the file's last pages.
NOTE = "The clasp differs from the reference. " * 100


def paste(text: str) -> None:
    """A text into the field that has the focus, in one event, as an input method gives it."""
    event = QKeyEvent(QEvent.Type.KeyPress, 0, Qt.KeyboardModifier.NoModifier, text)
    field = QApplication.focusWidget()
    assert field is not None
    QApplication.sendEvent(field, event)


def pages(sitting: Sitting, most: int) -> None:
    """Let the store's file be no larger than so many pages; 0 is what it has now."""

    def limit(database: Any) -> None:
        now = database.one("PRAGMA page_count")[0]
        database.execute(f"PRAGMA max_page_count = {most or now}")

    sitting.station._store.run(limit)


def fill(sitting: Sitting) -> None:
    """Use up the free pages that the file has."""

    def write(database: Any) -> None:
        free = database.one("PRAGMA freelist_count")[0]
        database.execute("CREATE TABLE ballast (bytes BLOB)")
        for _ in range(free):
            database.execute("INSERT INTO ballast VALUES (zeroblob(4000))")

    sitting.station._store.run(write)


def test_deciding_on_a_full_disk(open_desktop: Callable[..., Sitting], hub: RunningHub) -> None:
    sitting = open_desktop()
    sitting.work_at(hub)
    sitting.decide("1")
    sitting.until(lambda: len(sitting.station._store.run(lambda _: sitting.station._deck.refs())) >= 8)
    fill(sitting)
    pages(sitting, 0)
    before, case = sitting.total, sitting.current
    sitting.press("N")
    sitting.until(lambda: QApplication.focusWidget() is sitting.screen.bar.note)
    paste(NOTE)
    sitting.press("Esc")
    sitting.until(lambda: QApplication.focusWidget() is sitting.screen)
    sitting.until(lambda: sitting.problems)  # what was typed could not be kept, and that is said
    for key in "4242":
        sitting.problems.clear()
        sitting.press(key)
        sitting.until(lambda: sitting.problems or "Press again" in sitting.screen.case_bar.notice)
        if not sitting.problems:  # a changed listing asks for a second press
            sitting.press(key)
            sitting.until(lambda: sitting.problems)
        assert "is full. Nothing was recorded. Free some space" in sitting.problems[-1]
    assert "is full" in sitting.screen.case_bar.notice
    assert "is full" in sitting.window.banners.frames["notice"].accessibleName()
    assert (sitting.current, sitting.total) == (case, before)
    assert sitting.screen.bar.note.text() == NOTE
    kept = sitting.station._store.run(lambda database: database.one("SELECT count(*) FROM decision"))
    assert kept is not None
    assert kept[0] == before
    pages(sitting, 1_000_000)
    sitting.decide("4")
    assert sitting.current != case
    sitting.press("U")
    sitting.until(lambda: sitting.current == case)
    assert sitting.screen.bar.note.text() == NOTE
