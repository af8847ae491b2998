"""A demo pack of a thousand decisions, made once, and its copies to break."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reviewer.audit.demo import write_demo
from reviewer.audit.layout import schema
from reviewer.audit.pins import Pin, pin_file_beside, write_pins
from reviewer.audit.verifier import Outcome, Pins, Verification
from reviewer.ledger.keys import is_signed

START = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Made:
    """A pack with what must be pinned to verify it."""

    path: Path
    key: str
    heads: dict[str, tuple[int, str]]

    def pins(self) -> Pins:
        return Pins({self.key: "demo admin"}, dict(self.heads))


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Made:
    path = tmp_path_factory.mktemp("demo") / "demo.pack"
    made = write_demo(path, seed=11, decisions=1000, start=START)
    write_pins(
        pin_file_beside(path),
        {log: Pin(made.key, "demo admin", size, root, demo=True) for log, (size, root) in made.heads.items()},
    )
    return Made(path, made.key, made.heads)


@pytest.fixture(scope="session")
def bench(demo: Made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the pack without the pictures' bytes being copied again for each test."""
    path = tmp_path_factory.mktemp("bench") / "copy.pack"
    shutil.copyfile(demo.path, path)
    return path


Tamper = Callable[[sqlite3.Connection], object]


@pytest.fixture
def after(demo: Made, bench: Path) -> Iterator[Callable[[Tamper], Outcome]]:
    """Verify the pack as it is after a change, which is then taken back."""
    connection = sqlite3.connect(bench, isolation_level=None)

    def verified(tamper: Tamper) -> Outcome:
        connection.execute("BEGIN")
        try:
            tamper(connection)
            return Verification(connection, demo.pins(), is_signed).run()
        finally:
            connection.execute("ROLLBACK")

    yield verified
    connection.close()


@pytest.fixture
def copy(demo: Made, tmp_path: Path) -> Path:
    path = tmp_path / "copy.pack"
    shutil.copyfile(demo.path, path)
    return path


def is_table(name: str) -> bool:
    return any(statement.startswith(f"CREATE TABLE {name} ") for statement in schema())
