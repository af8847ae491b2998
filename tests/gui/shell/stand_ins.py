"""The fake workstation with what the shell asks beyond the review screen."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from reviewer.connectors.settings_schema import Setting
from reviewer.domain.audit import FindingsTaken
from reviewer.domain.case import FlagSource
from reviewer.domain.seller import Standing
from reviewer.services.accounts import ConnectorKind
from reviewer.services.model import AccountStatus, CaseOnDesk, CaseRef, QueueFilter, QueuePage, QueueRow
from tests.fakes import (
    ACCOUNT,
    MARKETS,
    FakeAccounts,
    FakeIntake,
    FakeQueue,
    FakeReview,
    FakeWorkstation,
    make_row,
)


@dataclass(frozen=True)
class Account:
    id: str
    connector: str
    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)


QUEUE_API = ConnectorKind(
    "queue_api",
    "Queue API",
    "1.0.0",
    (
        Setting("address", "Address", "address", True, "", "Where the queue server is."),
        Setting("token", "Token", "secret", True, "", "From whoever runs the server."),
        Setting("page", "Rows a page", "number", False, 500),
        Setting("tls", "Transport", "choice", False, "strict", "", ("strict", "local")),
        Setting("bulk", "Fetch in bulk", "switch", False, True),
    ),
)
BROKEN = ConnectorKind("broken", "broken", "", (), "plugin.toml: api_version must be 1, found 7.", "broken")


class PlainQueue(FakeQueue):
    """Rows by number, so that a million of them cost nothing; counts what is asked."""

    def __init__(self, total: int = 1214) -> None:
        super().__init__(total)
        self.titles: dict[int, str] = {}
        self.leased_by = ""
        self.gate = threading.Event()
        self.gate.set()

    def page(self, chosen: QueueFilter, start: int, count: int) -> QueuePage:
        self.gate.wait(20)
        self.asked.append((chosen, start, count))
        total = self.total
        if chosen.text:
            total = 0 if chosen.text == "nothing" else 7
        if chosen.marketplaces:
            total = min(total, 11)
        numbers = range(start, min(total, start + count))
        return QueuePage(start, total, tuple(self.row(number) for number in numbers))

    def row(self, number: int) -> QueueRow:
        row = make_row(number)
        title = self.titles.get(number, row.title)
        row = replace(row, title=title, leased_by=self.leased_by or row.leased_by)
        return QueueRow(CaseRef(ACCOUNT, row.id), row, number < 3, "takedown" if number == 2 else "")

    def facets(self) -> Mapping[str, tuple[tuple[str, int], ...]]:
        return {
            "marketplace": tuple((maker.marketplace.id, 200) for maker in MARKETS),
            "ground": (("counterfeit", 700), ("trademark", 300)),
            "source": tuple((source.value, 100) for source in FlagSource),
            "state": (("open", 1200), ("escalated", 14)),
            "standing": tuple((standing.value, 100) for standing in Standing),
        }


class ShellIntake(FakeIntake):
    """Keeps what it was asked for."""

    def __init__(self, review: FakeReview) -> None:
        super().__init__(review)
        self.focused: list[QueueFilter] = []
        self.taken: list[tuple[float, int]] = []

    def set_focus(self, chosen: QueueFilter) -> None:
        self.focused.append(chosen)

    def take_offline(self, hours: float, count: int, progress: Callable[[int, int], None] | None = None) -> int:
        if progress is not None:
            progress(count, count)
        self.taken.append((hours, count))
        return count


class ShellAccounts(FakeAccounts):
    """Accounts on a connector with every kind of field, beside a broken one."""

    def __init__(self) -> None:
        super().__init__()
        self.known_kinds = (QUEUE_API, BROKEN)
        self.known = [Account(ACCOUNT, QUEUE_API.id, "Demo marketplaces", {"address": "http://127.0.0.1:8571"})]
        self.renewed: list[tuple[str, Mapping[str, str]]] = []

    def sign_in(self, account: str, secrets: Mapping[str, str]) -> None:
        if self.error is not None:
            raise self.error
        self.renewed.append((account, secrets))


class ShellFindings:
    """Takes findings at the accounts of `leads`; `sent` holds account and file."""

    def __init__(self) -> None:
        self.leads: list[AccountStatus] = []
        self.sent: list[tuple[str, Path]] = []

    def accounts(self) -> Sequence[AccountStatus]:
        return tuple(self.leads)

    def send(self, account: str, path: Path) -> FindingsTaken:
        self.sent.append((account, path))
        return FindingsTaken(2, 1, 0, 1)


class ShellWorkstation(FakeWorkstation):
    """The fake workstation with these in place of its own."""

    def __init__(self, folder: Path, cases: Sequence[CaseOnDesk] | None = None, *, total: int = 1214) -> None:
        super().__init__(cases)
        self.folder = folder
        self.queue: PlainQueue = PlainQueue(total)
        self.intake: ShellIntake = ShellIntake(self.review)
        self.accounts: ShellAccounts = ShellAccounts()
        self.findings = ShellFindings()

    def diagnostics(self) -> str:
        return "Accounts: 1\nLog: quiet"
