"""The strip of small pictures."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPoint, QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from reviewer.ui.review.looks import Looks
from reviewer.ui.review.thumbnails import Thumbnail, ThumbnailStrip
from reviewer.ui.theme import Theme


def test_a_strip_that_was_filled_before_it_had_its_size_begins_at_its_first_picture(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path
) -> None:
    strip = ThumbnailStrip(
        Looks(Theme(qapp, QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))), "Pictures"
    )
    qtbot.addWidget(strip)
    picked: list[int] = []
    strip.picked.connect(picked.append)
    strip.resize(60, strip.sizeHint().height())
    strip.show_items(tuple(Thumbnail(str(number) * 64) for number in range(6)), 5)
    strip.resize(1600, strip.sizeHint().height())
    strip.show()
    QTest.mouseClick(strip, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(10, 20))
    assert picked == [0]
