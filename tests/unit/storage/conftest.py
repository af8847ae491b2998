"""A store on a temporary folder, opened in the test's own thread."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reviewer.storage.database import Database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "store.sqlite3")
    yield opened
    assert [row[0] for row in opened.execute("PRAGMA integrity_check")] == ["ok"]
    assert not opened.execute("PRAGMA foreign_key_check").fetchall()
    opened.close()
