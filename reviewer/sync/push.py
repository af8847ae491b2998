"""What goes out: one pass over the outbox of one account."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from reviewer.connectors.api import Connector, ConnectorError, OutgoingDecision, Receipt, ReceiptStatus, Unavailable
from reviewer.domain.decision import Decision
from reviewer.domain.values import format_time
from reviewer.failpoints import failpoint
from reviewer.storage import decisions, outbox
from reviewer.storage.database import Database
from reviewer.storage.outbox import Unsent
from reviewer.storage.threads import StoreThread

#: How long a deferred decision waits where the server does not say.
_DEFERRED_S = 5.0


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a pass did: `receipts` as they came, `returned` those to resolve, `closed` the cases that left the
    desk with them, `more` that others are due."""

    receipts: tuple[Receipt, ...] = ()
    returned: tuple[Receipt, ...] = ()
    closed: tuple[str, ...] = ()
    more: bool = False

    @property
    def deferred(self) -> dict[str, float]:
        """The decisions that were deferred, with the seconds that each wants to wait."""
        rows = [row for row in self.receipts if row.status is ReceiptStatus.DEFERRED]
        return {row.decision_id: row.retry_after_s or _DEFERRED_S for row in rows}


def push_pass(
    store: StoreThread,
    connector: Connector,
    account: str,
    *,
    batch: int,
    is_due: Callable[[str], bool],
    now: Callable[[], datetime],
) -> Pushed:
    """Send one batch of what is due and settle its receipts, in one transaction.

    Decisions of one listing go one after another, others don't wait for them.  On an error of the
    connector the rows go back to waiting with its words, and the error is raised: the outcome is
    unknown, and the same bytes will be sent again.
    """
    chosen, more = store.run(lambda database: _choose(database, account, batch, is_due))
    if not chosen:
        return Pushed()
    ids = [decision.id for _, decision in chosen]
    sending = set(store.run(lambda database: outbox.start_sending(database, ids)))
    outgoing = [OutgoingDecision(decision, row.body) for row, decision in chosen if decision.id in sending]
    if not outgoing:
        return Pushed(more=more)
    failpoint("C6")
    try:
        receipts = connector.submit(outgoing)
        if [receipt.decision_id for receipt in receipts] != [item.decision.id for item in outgoing]:
            raise Unavailable("The connector did not answer for every decision in order; they will be sent again.")
    except Exception as error:
        words = str(error) if isinstance(error, ConnectorError) else f"{type(error).__name__}: {error}"
        store.run(lambda database: outbox.put_back(database, sending, words[:500]))
        raise
    at = format_time(now())
    returned = store.run(lambda database: outbox.settle(database, receipts, at))
    failpoint("C14")
    closed = tuple(
        item.decision.case_id
        for item, receipt in zip(outgoing, receipts, strict=True)
        if receipt.status is not ReceiptStatus.DEFERRED
    )
    return Pushed(tuple(receipts), tuple(returned), closed, more)


def _choose(
    database: Database, account: str, batch: int, is_due: Callable[[str], bool]
) -> tuple[list[tuple[Unsent, Decision]], bool]:
    due = [row for row in outbox.waiting(database, account) if is_due(row.decision_id)]
    return [(row, decisions.stored(database, row.decision_id)) for row in due[:batch]], len(due) > batch
