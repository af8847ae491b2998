"""Failures on the screen: an operator's error in its own words, anything else as a fault of the program."""

from __future__ import annotations

import logging

from PySide6.QtCore import QCoreApplication, QObject
from PySide6.QtWidgets import QMessageBox, QWidget

from reviewer.connectors.api import ConnectorError
from reviewer.domain.text import visible
from reviewer.errors import OperatorError
from reviewer.ui.diagnostics import Diagnostics
from reviewer.ui.plain import message_box

_log = logging.getLogger(__name__)


def is_operators(error: BaseException) -> bool:
    """Whether a person can mend it."""
    return isinstance(error, OperatorError | ConnectorError)


def words_of(error: BaseException) -> str:
    """What is shown of an error: its own words where a person can mend it."""
    if is_operators(error):
        return visible(str(error), limit=2000)
    return QCoreApplication.translate("faults", "This is a fault of the program ({0}).").format(type(error).__name__)


class Faults(QObject):
    """Shows failures, one box at a time, and never the same one twice while it is open."""

    def __init__(self, window: QWidget, diagnostics: Diagnostics) -> None:
        super().__init__(window)
        self._window = window
        self._diagnostics = diagnostics
        self._open: dict[str, QMessageBox] = {}

    def show(self, error: BaseException) -> QMessageBox:
        """Show an error; the box is not modal, so that work can go on."""
        words = words_of(error)
        known = self._open.get(words)
        if known is not None:
            known.raise_()
            return known
        if is_operators(error):
            box = message_box(self._window, QMessageBox.Icon.Warning, self.tr("This did not work"), words)
        else:
            _log.error("a fault of the program", exc_info=error)
            box = message_box(
                self._window,
                QMessageBox.Icon.Critical,
                self.tr("A fault of the program"),
                words,
                self.tr("Nothing that was shown as decided is lost. Please copy the diagnostics and report it."),
            )
            copy = box.addButton(self.tr("Copy diagnostics"), QMessageBox.ButtonRole.ActionRole)
            copy.clicked.connect(self._diagnostics.copy)
        box.addButton(QMessageBox.StandardButton.Ok)
        self._open[words] = box
        box.finished.connect(lambda _result: self._closed(words))
        box.setModal(False)
        box.show()
        return box

    def _closed(self, words: str) -> None:
        box = self._open.pop(words, None)
        if box is not None:
            box.deleteLater()
