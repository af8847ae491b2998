"""An account's part in the audit: the log's key is enrolled, heads are countersigned, returned cases come in."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import cast

from reviewer.audit.pins import NAME, Pin, add_pins
from reviewer.connectors.api import (
    Connector,
    Countersignature,
    KeepingLogs,
    LogHead,
    LogKey,
    Refused,
    Service,
    Unavailable,
    VouchedKey,
)
from reviewer.domain.values import format_time
from reviewer.errors import OperatorError
from reviewer.ledger.heads import Enrolment, Head, SignedHead, is_enrolment, is_witness, possession_bytes
from reviewer.ledger.keys import SigningKey
from reviewer.services.changes import Notifier
from reviewer.services.signing import CheckpointService
from reviewer.services.worker import Duty
from reviewer.storage import heads, returned, witness
from reviewer.storage.database import Database
from reviewer.storage.threads import StoreThread

_AGAIN_S = 60.0
_KEY_S = 2.0
_IDLE_S = 3600.0
_log = logging.getLogger(__name__)


class AuditDuty:
    """What an account's worker does for the audit, on its thread, after everything else.

    What waits is in the store: it goes out whenever the server answers.
    """

    def __init__(
        self,
        folder: Path,
        account: str,
        store: StoreThread,
        notifier: Notifier,
        checkpoints: CheckpointService,
        say: Callable[[str, str, str], None],
        now: Callable[[], datetime],
    ) -> None:
        self._folder = folder
        self._account = account
        self._store = store
        self._notifier = notifier
        self._checkpoints = checkpoints
        self._say = say
        self._now = now
        self._service: Service | None = None
        self._refused = False
        self.duty = Duty("audit", self._run)

    def connected(self, service: Service) -> None:
        """The server answered; what it refused before is tried once more."""
        self._service = service
        self._refused = False

    def _run(self, connector: Connector) -> float:
        if self._service is None or "audit" not in self._service.capabilities:
            return _IDLE_S
        server = cast(KeepingLogs, connector)
        self._settle(server)
        self._fetch(server)
        key = self._checkpoints.key
        if key is None:
            return _IDLE_S if self._checkpoints.tried else _KEY_S
        if not self._refused:
            try:
                self._countersign(server, self._enrolled(server, key), key)
            except Refused as error:
                self._note(str(error))
        return _AGAIN_S

    def _enrolled(self, server: KeepingLogs, key: SigningKey) -> VouchedKey:
        """The server's word for this log's key; asked for where there is none."""
        service = self._service
        log = self._store.run(heads.name_log)
        known: VouchedKey | None = self._store.run(lambda database: witness.enrolment(database, self._account))
        if known is not None and (known.key, known.log) == (key.public, log):
            return known
        proof = key.sign(possession_bytes(log, key.public, service.reviewer_id if service else "")).hex()
        made = server.enrol_key(LogKey(log, key.public, f"workstation {key.public[:8]}", proof))
        if (made.key, made.log) != (key.public, log) or not _is_vouched(made):
            raise Unavailable("The server's word for this workstation's key is not signed by the key that it names.")
        if known is not None and known.server_log == made.server_log and known.server_key != made.server_key:
            raise Refused(f"{made.server_name} shows another signing key than before. Ask its operator why.")
        self._store.run(lambda database: witness.save_enrolment(database, self._account, made))
        pin = Pin(made.server_key, made.server_name, 0, "")
        try:
            add_pins(self._folder / NAME, {made.server_log: pin})
        except OperatorError:
            _log.warning("the key of %s could not be pinned", made.server_name, exc_info=True)
        return made

    def _countersign(self, server: KeepingLogs, enrolled: VouchedKey, key: SigningKey) -> None:
        """Send the heads that wait, oldest first."""
        while (head := self._next_head(key)) is not None:
            made = server.countersign(head)
            if (made.log, made.size, made.root) != (head.log, head.size, head.root) or not _is_fit(made, enrolled):
                raise Unavailable("The server's countersignature is not on the head that was sent.")
            self._keep(made)

    def _next_head(self, key: SigningKey) -> LogHead | None:
        size, unsigned = self._store.run(lambda database: witness.next_size(database, self._account, key.public))
        if not size:
            return None
        if unsigned:
            self._checkpoints.sign_at(size)
        found: LogHead = self._store.run(lambda database: witness.head_to_send(database, self._account, size))
        return found

    def _keep(self, made: Countersignature) -> None:
        self._store.run(lambda database: witness.save_countersignature(database, self._account, made))

    def _note(self, words: str) -> None:
        """The server refused, for good as far as this sitting goes: said, and kept for the doctor."""
        self._refused = True
        self._store.run(lambda database: witness.note_trouble(database, self._account, words[:500]))
        self._say(f"audit:{self._account}", "warning", f"This workstation's log is not countersigned. {words}"[:600])
        self._notifier.publish("status", origin="audit")

    def _fetch(self, server: KeepingLogs) -> None:
        """Read what auditors sent back, a transaction a page."""
        cursor = self._store.run(lambda database: returned.cursor(database, self._account))
        new = 0
        while True:
            page = server.returned(cursor)
            following, at = page.next_cursor, format_time(self._now())

            def take(database: Database, page=page, following=following, at=at) -> int:  # type: ignore[no-untyped-def]
                return returned.take(database, self._account, page.items, following, at)

            if page.items:
                new += self._store.run(take)
            if following is None or following == cursor or not page.items:
                break
            cursor = following
        if new:
            words = "An auditor sent a decision back" if new == 1 else f"Auditors sent {new} decisions back"
            self._say(f"returned:{self._account}", "info", f"{words}: see the inbox.")
            self._notifier.publish("inbox", "status", origin="audit")

    def _settle(self, server: KeepingLogs) -> None:
        """Tell the server what became of returned cases."""
        cases = self._store.run(lambda database: returned.untold(database, self._account))
        if not cases:
            return
        server.settle(cases)
        names, at = [case.id for case in cases], format_time(self._now())
        self._store.run(lambda database: returned.mark_told(database, self._account, names, at))


def _is_vouched(made: VouchedKey) -> bool:
    try:
        signature = bytes.fromhex(made.signature)
        return is_enrolment(Enrolment(made.log, made.key, made.name, made.at, made.server_key, signature))
    except ValueError:
        return False


def _is_fit(made: Countersignature, enrolled: VouchedKey) -> bool:
    head = Head(made.log, made.size, made.root, made.at)
    try:
        return made.key == enrolled.server_key and is_witness(SignedHead(head, made.key, bytes.fromhex(made.signature)))
    except ValueError:
        return False
