"""What the window asks of the services, as protocols: the composition root passes in what fits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from reviewer.connectors.api import Preview, Service
from reviewer.domain.audit import FindingsTaken
from reviewer.services.accounts import ConnectorKind
from reviewer.services.model import (
    AccountStatus,
    CaseOnDesk,
    CaseRef,
    Desk,
    InboxItem,
    OutboxRow,
    QueueFilter,
    QueuePage,
    Status,
)
from reviewer.ui.dossier.window import Dossiers
from reviewer.ui.tasks import Threads


class ReviewDesk(Protocol):
    """On the desk's thread."""

    def desk(self) -> Desk: ...

    def bring(self, ref: CaseRef) -> Desk: ...


class Queue(Protocol):
    """On the reader's thread."""

    def page(self, chosen: QueueFilter, start: int, count: int) -> QueuePage: ...

    def facets(self) -> Mapping[str, tuple[tuple[str, int], ...]]:
        """Values with counts, by `marketplace`, `ground`, `source`, `state`, `standing`."""


class Delivery(Protocol):
    """The lists on the reader's thread, the changes on the desk's, the export in the background."""

    def outbox_rows(self) -> tuple[OutboxRow, ...]: ...

    def inbox_items(self) -> tuple[InboxItem, ...]: ...

    def retry(self, decision_id: str) -> None: ...

    def send_now(self) -> None: ...

    def resolve(self, item_id: int, action: str) -> None: ...

    def export_outbox(self, path: Path) -> int: ...


class StatusSource(Protocol):
    """On the desk's thread."""

    def status(self) -> Status: ...


class Intake(Protocol):
    """In the background: these wait for servers."""

    def claim_named(self, account: str, case_ids: Sequence[str]) -> tuple[CaseOnDesk, ...]: ...

    def take_offline(self, hours: float, count: int, progress: Callable[[int, int], None] | None = None) -> int: ...

    def end_offline(self) -> None: ...

    def set_focus(self, chosen: QueueFilter) -> None: ...


class SettingLike(Protocol):
    """One field of a connector's settings form; `kind` is one of the manifest's."""

    @property
    def key(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def required(self) -> bool: ...
    @property
    def default(self) -> Any: ...
    @property
    def help(self) -> str: ...
    @property
    def choices(self) -> Sequence[str]: ...
    @property
    def least(self) -> float | None: ...
    @property
    def most(self) -> float | None: ...

    def label_in(self, language: str) -> str: ...

    def help_in(self, language: str) -> str: ...

    def problem(self, value: Any) -> str:
        """What is wrong with a value; empty where it fits."""


class KindLike(Protocol):
    """A connector that can be chosen; `problem` says why not, where it could not be loaded."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def settings(self) -> Sequence[SettingLike]: ...
    @property
    def problem(self) -> str: ...


class AccountLike(Protocol):
    """An account that is set up."""

    @property
    def id(self) -> str: ...
    @property
    def connector(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def settings(self) -> Mapping[str, Any]: ...


class Accounts(Protocol):
    """In the background."""

    def kinds(self) -> Sequence[ConnectorKind]: ...

    def approve(self, connector: str, /) -> Any: ...

    def preview(self, form: Any) -> Preview | None: ...

    def accounts(self) -> Sequence[AccountLike]: ...

    def test(self, form: Any) -> Service: ...

    def save(self, form: Any) -> Any: ...

    def remove(self, account_id: str, /) -> None: ...

    def start_demo(self) -> Any: ...

    def sign_in(self, account_id: str, secrets: Mapping[str, str], /) -> Any: ...


class HashListDoor(Protocol):
    """In the background."""

    def import_list(self, path: Path, /) -> int: ...

    def export_list(self, path: Path, bank: str, /) -> int: ...


class FindingsDoor(Protocol):
    """What hands findings on; its calls block."""

    def accounts(self) -> Sequence[AccountStatus]:
        """The accounts that findings can go to."""

    def send(self, account: str, path: Path) -> FindingsTaken:
        """Hand a findings file to an account's server; raises `OperatorError`."""


class Workstation(Threads, Protocol):
    """Everything behind the window."""

    @property
    def review(self) -> ReviewDesk: ...
    @property
    def queue(self) -> Queue: ...
    @property
    def delivery(self) -> Delivery: ...
    @property
    def status(self) -> StatusSource: ...
    @property
    def intake(self) -> Intake: ...
    @property
    def accounts(self) -> Accounts: ...
    @property
    def evidence(self) -> HashListDoor: ...
    @property
    def dossiers(self) -> Dossiers: ...
    @property
    def findings(self) -> FindingsDoor: ...
    @property
    def folder(self) -> Path: ...

    def diagnostics(self) -> str:
        """Versions, settings and the last lines of the log, without tokens or personal data."""
