"""The Qt binding must not use up the references of None, True and False: the program would die within an hour."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from PySide6.QtCore import QObject, QRectF, QSettings, Qt
from PySide6.QtGui import QColor, QPainter, QPixmap
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

CALLS = 2_000
#: What the interpreter itself may take or give back meanwhile.
SLACK = 100

pytestmark = pytest.mark.skipif(
    sys.version_info >= (3, 12), reason="None, True and False are not counted since Python 3.12"
)


def lost(call: Callable[[], object]) -> dict[str, int]:
    """References of each that are gone after many calls."""
    call()
    watched = {"None": None, "True": True, "False": False}
    before = {name: sys.getrefcount(value) for name, value in watched.items()}
    for _ in range(CALLS):
        call()
    return {
        name: missing for name, value in watched.items() if (missing := before[name] - sys.getrefcount(value)) > SLACK
    }


def test_painting_keeps_the_references(qtbot: QtBot) -> None:
    pixmap = QPixmap(40, 40)
    painter = QPainter(pixmap)
    colour, box = QColor("red"), QRectF(1, 1, 30, 30)

    def paint() -> None:
        painter.setPen(colour)
        painter.fillRect(box, colour)
        painter.drawText(box, "a")
        painter.drawRoundedRect(box, 2, 2)
        painter.isActive()
        painter.testRenderHint(QPainter.RenderHint.LosslessImageRendering)

    assert lost(paint) == {}
    painter.end()


def test_widgets_keep_the_references(qtbot: QtBot) -> None:
    widget = QWidget()
    label = QLabel(widget)
    qtbot.addWidget(widget)

    def work() -> None:
        label.setText("a")
        widget.update()
        widget.setVisible(False)
        widget.isVisible()
        label.isEnabled()
        widget.testAttribute(Qt.WidgetAttribute.WA_AcceptDrops)
        widget.setProperty("role", "x")
        widget.windowHandle()

    assert lost(work) == {}


def test_objects_keep_the_references(qtbot: QtBot, tmp_path) -> None:
    thing = QObject()
    settings = QSettings(str(tmp_path / "kept.ini"), QSettings.Format.IniFormat)

    def work() -> None:
        thing.setObjectName("a")
        thing.blockSignals(False)
        thing.signalsBlocked()
        thing.parent()
        settings.contains("nothing")
        settings.value("nothing")

    assert lost(work) == {}
