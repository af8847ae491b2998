"""A real hub, a line that lies, and desks behind it; every test has a reviewer of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import keyring
import pytest

from reviewer.connectors.session import Limits
from reviewer.services.changes import Changed
from reviewer.services.workstation import Options, Workstation
from reviewer.storage.outbox import Delivered
from reviewer.tour.oracle import HubView
from tests.crash.desk import NoPictures
from tests.crash.template import make_hub
from tests.end2end.hubs import HubProcess
from tests.faults.proxy import FaultProxy, fault_proxy
from tests.unit.services.sitting import MemoryKeyring, Sitting

PICTURE = b"\xff\xd8\xff\xe0 a small picture \xff\xd9"
#: Short enough for tests; the shipped ones are 5, 10 and 60 seconds.
LIMITS = Limits(connect_s=2.0, idle_s=0.4, whole_s=1.2)
SUBMIT = "POST /v1/decisions"


@dataclass
class RunningHub:
    """The hub of all tests of a process, and who has not worked at it yet."""

    process: HubProcess
    people: Iterator[str]

    @property
    def url(self) -> str:
        return self.process.address


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    folder = tmp_path_factory.mktemp("hub") / "hub"
    people = [("service-1", "Detection"), *((f"reviewer-{number}", f"Person {number}") for number in range(1, 201))]
    make_hub(folder, 1200, picture=PICTURE, people=people)
    process = HubProcess(folder, "reviewer", "hub", "serve").start()
    yield RunningHub(process, iter(token for token, _ in people[1:]))
    process.stop()


@pytest.fixture
def token(hub: RunningHub) -> str:
    return next(hub.people)


@pytest.fixture
def other_token(hub: RunningHub) -> str:
    return next(hub.people)


@pytest.fixture
def proxy(hub: RunningHub) -> Iterator[FaultProxy]:
    with fault_proxy(hub.url) as opened:
        yield opened


@pytest.fixture(autouse=True)
def kept_secrets(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = keyring.get_keyring()
    keyring.set_keyring(MemoryKeyring())
    monkeypatch.setattr("reviewer.services.workstation.DecodePool", NoPictures)
    monkeypatch.setattr("reviewer.services.account_desk.DESK_SIZE", 4)
    yield
    keyring.set_keyring(before)


class Desk(Sitting):
    """A sitting behind the line whose reviewer presses “try again” whenever the account is offline."""

    def __init__(self, folder: Path, *, delay_s: float = 0.0, limits: Limits = LIMITS, patient: bool = False) -> None:
        self.workstation = Workstation(
            Options(folder, sending_delay_s=delay_s, decode_workers=1, limits=limits, evidence=False)
        )
        self.folder = folder
        self.closed = False
        self.states: list[str] = []
        if not patient:
            self.workstation.notifier.subscribe(self._press)
        self.workstation.start()

    def _press(self, _: Changed) -> None:
        states = [status.state for status in self.workstation._book.statuses()]
        self.states += states
        if "offline" in states:
            self.workstation.intake.wake(retry=True)

    def history(self) -> tuple[Delivered, ...]:
        return self.workstation.on_reader(self.workstation.delivery.history).result(20)


Open = Callable[..., Desk]


@pytest.fixture
def open_desk(tmp_path: Path, proxy: FaultProxy, token: str) -> Iterator[Open]:
    """Opens desks on one folder; with `connected` an account is made first."""
    opened: list[Desk] = []

    def open_one(*, connected: bool = True, **options: object) -> Desk:
        desk = Desk(tmp_path / "data", **options)  # type: ignore[arg-type]
        opened.append(desk)
        if connected:
            desk.connect({"address": proxy.url}, connector="queue_api", token=token)
        return desk

    yield open_one
    proxy.closing.set()
    for desk in opened:
        if not desk.closed:
            desk.close()


@dataclass
class Judge:
    """Compares a desk with its hub, by ids and by bytes."""

    view: HubView
    proxy: FaultProxy

    def once_each(self, desk: Desk) -> None:
        """Every decision of the desk is settled and on the hub exactly once, with the bytes of every try."""
        made = desk.history()
        assert {row.state for row in made} <= {"settled", "withdrawn"}
        there = self.view.decisions(self.view.reviewer())
        accepted = [row["decision"]["id"] for row in there if row["receipt"]["status"] == "accepted"]
        assert sorted(accepted) == sorted(row.decision_id for row in made if row.state == "settled")
        cases = [row["decision"]["case_id"] for row in there if not row["decision"]["supersedes"]]
        assert len(cases) == len(set(cases))
        self.same_bytes()

    def same_bytes(self) -> None:
        """A decision that was sent again went out as before."""
        sent: dict[str, set[str]] = {}
        for request in self.proxy.of(SUBMIT):
            for decision in json.loads(request.body)["decisions"]:
                sent.setdefault(decision["id"], set()).add(json.dumps(decision))
        assert all(len(bodies) == 1 for bodies in sent.values())

    def status_of(self, decision_id: str) -> str | None:
        """What the hub holds of a decision."""
        rows = {row["decision"]["id"]: row for row in self.view.decisions(self.view.reviewer())}
        return str(rows[decision_id]["receipt"]["status"]) if decision_id in rows else None


@pytest.fixture
def judge(hub: RunningHub, proxy: FaultProxy, token: str) -> Iterator[Judge]:
    made = Judge(HubView(hub.url, token), proxy)
    yield made
    made.view.close()
