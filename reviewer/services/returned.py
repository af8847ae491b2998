"""Decisions that auditors sent back, as inbox items: decided again by a superseding decision, or stood by."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from reviewer.domain.values import format_time, parse_time
from reviewer.errors import OperatorError
from reviewer.services.changes import Notifier
from reviewer.services.model import CaseRef, Draft, InboxItem
from reviewer.storage import returned as table
from reviewer.storage.database import Database
from reviewer.storage.returned import ReturnedEntry
from reviewer.storage.threads import StoreThread

_WAYS_OUT = ("again", "uphold")


class ReturnedCases:
    """Their items have negative numbers, which no other inbox item has."""

    def __init__(
        self,
        store: StoreThread,
        notifier: Notifier,
        reopen: Callable[[CaseRef, str, Draft], None],
        on_desk: Callable[[CaseRef], bool],
        told: Callable[[str], None],
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._notifier = notifier
        self._reopen = reopen
        self._on_desk = on_desk
        self._told = told
        self._now = now
        self._in_hand: set[int] = set()

    def items(self, database: Database) -> tuple[InboxItem, ...]:
        """What is not settled, newest first; without what lies on the desk to be decided again."""
        rows = table.entries(database)
        return tuple(_item(row) for row in rows if row.number not in self._in_hand or not self._on_desk(_ref(row)))

    def resolve(self, item_id: int, action: str) -> None:
        """`again`: the case lies in front, and what is decided supersedes; `uphold`: the decision stands.

        On the store's thread.  Raises `OperatorError`.
        """
        row = next((row for row in self._store.run(table.entries) if row.number == -item_id), None)
        if row is None:
            raise OperatorError("This item was resolved already.")
        if action not in _WAYS_OUT:
            raise OperatorError(f"There is no way out called {action}.")
        if action == "again":
            case, decision = row.case, row.decision
            ground = case.ground if case.verdict == "fix" else decision.ground
            self._reopen(_ref(row), decision.id, Draft(decision.note, ground, facts=decision.facts))
            self._in_hand.add(row.number)
        else:
            self._store.run(lambda database: self._uphold(database, row.number))
            self._told(row.account)
        self._notifier.publish("inbox", "status", origin="audit")

    def _uphold(self, database: Database, number: int) -> None:
        with database.transaction():
            table.uphold(database, number, format_time(self._now()))


def _ref(row: ReturnedEntry) -> CaseRef:
    return CaseRef(row.account, row.decision.case_id)


def _item(row: ReturnedEntry) -> InboxItem:
    case = row.case
    rules = f"{case.auditor} rules: {case.kind} {case.ground}".rstrip() + "." if case.verdict == "fix" else case.auditor
    return InboxItem(
        id=-row.number,
        decision=row.decision,
        ref=_ref(row),
        title=row.title,
        status="returned",
        detail=f"{rules}\n{case.note}".strip(),
        at=parse_time(format_time(case.at)),
        actions=_WAYS_OUT,
    )
