"""Hash lists in and out of the program, by a file: two entries of the palette."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog

from reviewer.ui.commands import Command, Scope
from reviewer.ui.ports import HashListDoor

if TYPE_CHECKING:
    from reviewer.ui.main_window import MainWindow


class HashLists:
    """Asks for a file, does the work in the background and says in the banner how it went."""

    def __init__(self, window: MainWindow, door: HashListDoor) -> None:
        self._window = window
        self._door = door
        for name, title, handler in (
            ("hashes.import", window.tr("Import a hash list …"), self._ask_for_list),
            ("hashes.export", window.tr("Export the bank as a hash list …"), partial(self._ask_where, "infringing")),
            (
                "hashes.export_references",
                window.tr("Export reference pictures as a hash list …"),
                partial(self._ask_where, "references"),
            ),
        ):
            window.commands.register(Command(name, title, "", Scope.WINDOW, handler, group=window.tr("Evidence")))

    def take(self, path: Path) -> None:
        """Take a list into the bank."""
        text = self._window.tr("{0} new hashes from {1}. Cases on the desk are compared as they come.")
        self._window.tasks.in_background(
            partial(self._door.import_list, path),
            lambda count: self._window.banners.show_notice(text.format(count, path.name)),
            lambda error: self._window.banners.show_notice(str(error)),
            owner=self._window,
        )

    def write(self, bank: str, path: Path) -> None:
        """Write a bank as a list."""
        text = self._window.tr("{0} hashes written to {1}.")
        self._window.tasks.in_background(
            partial(self._door.export_list, path, bank),
            lambda count: self._window.banners.show_notice(text.format(count, path)),
            lambda error: self._window.banners.show_notice(str(error)),
            owner=self._window,
        )

    def _ask_for_list(self) -> None:
        title, kinds = self._window.tr("Import a hash list"), "CSV, JSON (*.csv *.json)"
        path, _ = QFileDialog.getOpenFileName(self._window, title, "", kinds)
        if path:
            self.take(Path(path))

    def _ask_where(self, bank: str) -> None:
        title, kinds = self._window.tr("Export a hash list"), "CSV (*.csv);;JSON (*.json)"
        path, _ = QFileDialog.getSaveFileName(self._window, title, f"{bank}.csv", kinds)
        if path:
            self.write(bank, Path(path))
