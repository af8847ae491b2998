"""A made-up server, its plugin in the data folder, and workstations that are closed at the end."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import keyring
import pytest

from tests.fakes_connector import SERVERS, FakeServer, approve, made_case, write_plugin
from tests.unit.services.sitting import MemoryKeyring, Sitting

Open = Callable[..., Sitting]


@pytest.fixture(autouse=True)
def kept_secrets() -> Iterator[MemoryKeyring]:
    before, ring = keyring.get_keyring(), MemoryKeyring()
    keyring.set_keyring(ring)
    yield ring
    keyring.set_keyring(before)


@pytest.fixture
def server() -> Iterator[FakeServer]:
    """Thirty open cases, the most urgent first."""
    made = FakeServer([made_case(number) for number in range(1, 31)])
    name = uuid.uuid4().hex
    made.name = name
    SERVERS[name] = made
    yield made
    made.gate.set()
    del SERVERS[name]
    assert made.open_connectors == 0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with the plugin of the made-up server."""
    write_plugin(tmp_path / "data" / "plugins")
    approve(tmp_path / "data", "made_up")
    return tmp_path / "data"


@pytest.fixture
def open_sitting(folder: Path, server: FakeServer) -> Iterator[Open]:
    """Opens workstations on the folder; with `connected`, an account is made first."""
    opened: list[Sitting] = []

    def open_one(*, connected: bool = True, **options: object) -> Sitting:
        sitting = Sitting(folder, **options)  # type: ignore[arg-type]
        opened.append(sitting)
        if connected:
            sitting.connect({"server": server.name}, connector="made_up")
        return sitting

    yield open_one
    server.gate.set()
    for sitting in opened:
        if not sitting.closed:
            sitting.close()


@pytest.fixture
def sitting(open_sitting: Open) -> Sitting:
    return open_sitting()
