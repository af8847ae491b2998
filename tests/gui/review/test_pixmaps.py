"""The store of pictures ready to paint: what it drops when it is full."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QSize
from pytestqt.qtbot import QtBot

from reviewer.ui.review.pixmaps import PixmapStore
from tests.fakes import FakePictures

BOX = QSize(100, 100)
NAMES = [digit * 64 for digit in "abcdef"]


@pytest.fixture
def pictures() -> Iterator[FakePictures]:
    """Pictures by digest."""
    source = FakePictures()
    yield source
    source.close()


def test_what_was_wanted_again_outlives_what_was_not(qtbot: QtBot, pictures: FakePictures) -> None:
    store = PixmapStore(pictures, limit=4 * (4 * 100 * 100 + 512))

    def wait_for(name: str) -> None:
        store.want("one", name, BOX)
        qtbot.waitUntil(lambda: store.any_size("one", name) is not None)

    for name in NAMES[:4]:
        wait_for(name)
    store.want("one", NAMES[0], BOX)
    wait_for(NAMES[4])
    wait_for(NAMES[5])
    held = [name for name in NAMES if store.any_size("one", name) is not None]
    assert NAMES[0] in held
    assert NAMES[1] not in held
    assert store.bytes_held <= 4 * (4 * 100 * 100 + 512)
