"""Decisions in a store, for the tests of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from reviewer.domain.decision import Decision, DecisionKind
from reviewer.storage import decisions
from reviewer.storage.database import Database

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def made(number: int, *, listing: str = "", **changes: Any) -> Decision:
    values: dict[str, Any] = {
        "id": f"00000000-0000-7000-8000-{number:012d}", "case_id": f"case-{number}",
        "listing_id": listing or f"l-{number}", "revision": "r-1", "kind": DecisionKind.TAKEDOWN, "decided_at": NOW,
        "lease_id": f"lease-{number}", "lease_token": 3, "ground": "counterfeit", "note": f"note {number}",
        "facts": ("a fact",), "seconds": 11.5,
    } | changes  # fmt: skip
    return Decision(**values)


def withdrawal(number: int, of: Decision) -> Decision:
    return made(
        number, listing=of.listing_id, case_id=of.case_id, kind=DecisionKind.WITHDRAW, supersedes=of.id, lease_id="",
        lease_token=0, ground="", note="", facts=(),
    )  # fmt: skip


def keep(database: Database, *rows: Decision, account: str = "a") -> None:
    with database.transaction():
        for row in rows:
            decisions.record(database, row, account=account, reviewer="ana", title=f"title of {row.case_id}")
