"""A demo hub for all tests of the run, and hubs and workstations of one's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import keyring
import pytest

from tests.end2end.hubs import HubProcess, copy_of
from tests.unit.services.sitting import MemoryKeyring, Sitting

OpenDesk = Callable[..., Sitting]

TOKEN = "demo-reviewer"


@pytest.fixture
def kept_secrets() -> Iterator[MemoryKeyring]:
    before, ring = keyring.get_keyring(), MemoryKeyring()
    keyring.set_keyring(ring)
    yield ring
    keyring.set_keyring(before)


@pytest.fixture(scope="session")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a demo hub that never ran but to be filled."""
    folder = tmp_path_factory.mktemp("hub") / "template"
    HubProcess(folder).start().stop()
    return folder


@pytest.fixture(scope="session")
def shared_hub(demo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    """One hub for tests that each take cases of their own."""
    hub = HubProcess(copy_of(demo_folder, tmp_path_factory.mktemp("shared") / "hub")).start()
    yield hub
    hub.stop()


@pytest.fixture
def hub(demo_folder: Path, tmp_path: Path) -> Iterator[HubProcess]:
    """A hub of one's own, to be stopped and started."""
    hub = HubProcess(copy_of(demo_folder, tmp_path / "hub")).start()
    yield hub
    hub.stop()


@pytest.fixture
def open_desk(tmp_path: Path, kept_secrets: MemoryKeyring) -> Iterator[OpenDesk]:
    """Opens a workstation on the test's folder, connected where a hub is given."""
    opened: list[Sitting] = []

    def open_one(hub: HubProcess | None = None, *, token: str = TOKEN, delay_s: float = 0.0) -> Sitting:
        sitting = Sitting(tmp_path / "data", delay_s=delay_s)
        opened.append(sitting)
        if hub is not None:
            sitting.connect({"address": hub.address}, connector="queue_api", token=token)
        return sitting

    yield open_one
    for sitting in opened:
        if not sitting.closed:
            sitting.close()
