"""A lead's findings on their way to a hub, by an account of this workstation."""

from __future__ import annotations

from pathlib import Path

from reviewer.audit.findings import read_findings
from reviewer.connectors.api import FindingsTaken
from reviewer.errors import OperatorError
from reviewer.services.account_book import AccountBook
from reviewer.services.intake import IntakeService
from reviewer.services.model import AccountStatus


class FindingsOut:
    """Blocking calls: for a thread in the background."""

    def __init__(self, intake: IntakeService, book: AccountBook) -> None:
        self._intake = intake
        self._book = book

    def accounts(self) -> tuple[AccountStatus, ...]:
        """The accounts that findings can go to: those of a lead whose server passes them on."""
        return tuple(
            status
            for status in self._book.statuses()
            if status.role == "lead" and "audit" in self._book.view(status.account).capabilities
        )

    def send(self, account: str, path: Path) -> FindingsTaken:
        """Hand a findings file to an account's server, byte for byte; the same again changes nothing.

        Raises `OperatorError` where the file is not what its key signed, or the server does not take it, in its words.
        """
        read_findings(path)
        try:
            body = path.read_bytes()
        except OSError as error:
            raise OperatorError(f"{path} can't be read: {error.strerror}.") from error
        return self._intake.send_findings(account, body)
