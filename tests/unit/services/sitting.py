"""A reviewer's sitting at a workstation, as calls that wait for their answers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

from reviewer.connectors.opener import InThisProcess
from reviewer.domain.decision import DecisionKind
from reviewer.services.accounts import AccountForm
from reviewer.services.model import (
    AccountStatus,
    Banner,
    CaseOnDesk,
    CaseRef,
    Desk,
    InboxItem,
    OutboxRow,
    QueueFilter,
    QueuePage,
    Ruling,
    Status,
)
from reviewer.services.workstation import Options, Workstation
from reviewer.storage import decisions
from reviewer.storage.database import Database
from tests.fakes_connector import PATIENCE_S, until


class MemoryKeyring(KeyringBackend):
    """A keyring that forgets at the end of the test."""

    priority = 1.0

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.kept.pop((service, username), None) is None:
            raise PasswordDeleteError(username)


class Sitting:
    """A workstation on a folder; every question is asked on the thread that answers it."""

    def __init__(self, folder: Path, *, delay_s: float = 0.0, start: bool = True, evidence: bool = False) -> None:
        self.workstation = Workstation(
            Options(folder, sending_delay_s=delay_s, decode_workers=1, opener=InThisProcess(), evidence=evidence)
        )
        self.folder = folder
        self.closed = False
        if start:
            self.workstation.start()

    def close(self) -> None:
        self.closed = True
        self.workstation.close()

    def until(self, predicate: Callable[[], Any], *, patience: float = PATIENCE_S) -> Any:
        return until(predicate, self.workstation.notifier, patience=patience)

    def connect(self, settings: Mapping[str, Any], *, connector: str, token: str = "token", account: str = "") -> str:  # noqa: S107
        form = AccountForm(connector, "Siam", settings, {"token": token}, account)
        made: str = self.background(lambda: self.workstation.accounts.save(form))
        return made

    def desk_call(self, call: Callable[[], Any]) -> Any:
        return self.workstation.on_desk(call).result(PATIENCE_S)

    def background(self, call: Callable[[], Any]) -> Any:
        return self.workstation.in_background(call).result(PATIENCE_S)

    def desk(self) -> Desk:
        desk: Desk = self.desk_call(self.workstation.review.desk)
        return desk

    def status(self) -> Status:
        status: Status = self.desk_call(self.workstation.status.status)
        return status

    def account(self) -> AccountStatus:
        """The first account, as soon as there is one."""
        found: AccountStatus = self.until(lambda: self.status().accounts)[0]
        return found

    def banner(self, start: str) -> Banner | None:
        return next((banner for banner in self.status().banners if banner.id.startswith(start)), None)

    def first(self) -> CaseOnDesk:
        """The case in hand, as soon as there is one."""
        entry: CaseOnDesk = self.until(lambda: self.desk().current)
        return entry

    def ready(self, count: int = 12) -> CaseOnDesk:
        """The case in hand, as soon as so many lie on the desk and the queue is mirrored."""
        self.until(lambda: self.desk().on_desk >= count and self.page().total)
        return self.first()

    def decide(self, kind: DecisionKind = DecisionKind.TAKEDOWN, ref: CaseRef | None = None, **more: Any) -> CaseRef:
        ref = ref or self.first().ref
        self.desk_call(lambda: self.workstation.review.decide(Ruling(ref, kind, **more)))
        return ref

    def undo(self) -> Desk:
        desk: Desk = self.desk_call(self.workstation.review.undo)
        return desk

    def unsent(self) -> tuple[OutboxRow, ...]:
        return self.workstation.on_reader(self.workstation.delivery.outbox_rows).result(PATIENCE_S)

    def inbox(self) -> tuple[InboxItem, ...]:
        return self.workstation.on_reader(self.workstation.delivery.inbox_items).result(PATIENCE_S)

    def resolve(self, item: InboxItem, action: str) -> None:
        self.desk_call(lambda: self.workstation.delivery.resolve(item.id, action))

    def page(self, **chosen: Any) -> QueuePage:
        return self.workstation.on_reader(lambda: self.workstation.queue.page(QueueFilter(**chosen), 0, 500)).result(
            PATIENCE_S
        )

    def drained(self) -> None:
        """Wait until nothing is unsent."""
        self.until(lambda: not self.unsent())

    def look(self) -> None:
        """Ask the servers for changes now; a workstation does so every few seconds."""
        for _, desk in self.workstation.intake._workers.values():
            desk.changes.soon()
        self.workstation.intake.wake()

    def kept_decisions(self) -> list[tuple[str, str, str]]:
        """Id, kind and delivery state of every decision in the store; checks that the rows agree one to one."""

        def read(database: Database) -> list[tuple[str, str, str]]:
            assert decisions.disagreements(database) == []
            rows = database.execute(
                "SELECT id, kind, state FROM decision JOIN outbox USING (sequence) ORDER BY decision.sequence"
            )
            return [tuple(row) for row in rows]

        found: list[tuple[str, str, str]] = self.workstation._store.run(read)
        return found


def ours() -> set[str]:
    """The names of the threads that run now, but for the test's own."""
    return {thread.name for thread in threading.enumerate() if thread is not threading.current_thread()}
