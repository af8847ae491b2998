"""The statement of reasons of a decision: made and judged before the decision is recorded, read again from a store."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reviewer.domain.case import Case
from reviewer.domain.decision import Decision, DecisionKind
from reviewer.domain.listing import Listing
from reviewer.errors import BugError, OperatorError
from reviewer.policy.model import Policy
from reviewer.policy.policy import policy_from_mapping, shipped_policy
from reviewer.policy.statement import Statement, lifted, payload, statement_day, statement_of
from reviewer.policy.statement_schema import judge_outgoing
from reviewer.services.export import copied_store
from reviewer.storage import cases, decisions
from reviewer.storage.database import Database
from reviewer.storage.records import decode


@dataclass(frozen=True, slots=True)
class Reasons:
    """A decision and the statement that it yields; None where it does not stand against the seller."""

    decision: Decision
    statement: Statement | None


def stated(decision: Decision, case: Case, policy: Policy) -> Statement | None:
    """The statement of a decision that is about to be recorded, judged by the schema and the stricter profile.

    Raises `OperatorError` where it could not be sent: then the decision must not be recorded.
    """
    statement = statement_of(decision, case, policy)
    if statement is not None and statement.restricts:
        findings = judge_outgoing(payload(statement))
        if findings:
            raise OperatorError(
                "The decision was not made: its statement of reasons would be refused ("
                + "; ".join(map(str, findings[:3]))
                + "). Change the facts, or ask whoever keeps the house rules."
            )
    return statement


def reasons_of(folder: Path, decision_id: str) -> Reasons:
    """A decision of a workstation's data folder with its statement; the store stays as it is.

    Raises `OperatorError` where there is no store or no such decision.
    """
    with copied_store(folder) as copy:
        database = Database(copy, read_only=True)
        try:
            return _read(database, decision_id)
        finally:
            database.close()


def _read(database: Database, decision_id: str) -> Reasons:
    row = database.one("SELECT account FROM decision WHERE id = ?", (decision_id,))
    decision = decisions.read(database, decision_id) if row else None
    if row is None or decision is None:
        raise OperatorError(f"There is no decision {decision_id} in this store. Name its data folder (--data).")
    chain = _chain(database, decision)
    if decision.kind is DecisionKind.WITHDRAW and len(chain) > 1:
        before = _statement(database, row["account"], chain[-2], chain[:-1])
        return Reasons(decision, lifted(before, statement_day(decision.decided_at)) if before else None)
    return Reasons(decision, _statement(database, row["account"], decision, chain))


def _statement(database: Database, account: str, decision: Decision, chain: list[Decision]) -> Statement | None:
    desk_row = cases.find(database, account, decision.case_id)
    if desk_row is None:
        raise BugError(f"the case of decision {decision.id} is not in the store")
    case = replace(desk_row.case, listing=_listing(database, account, decision) or desk_row.case.listing)
    policy = _policy(database, account, decision.policy_version)
    before = chain[0].supersedes  # of somebody else: a ruling on an appeal follows the statement of that
    return statement_of(decision, case, policy, first_id=before or chain[0].id, revision=len(chain) + bool(before))


def _chain(database: Database, decision: Decision) -> list[Decision]:
    """The decisions that this one supersedes, the first of all in front, and this one at the end."""
    found = [decision]
    while found[0].supersedes and (before := decisions.read(database, found[0].supersedes)) is not None:
        found.insert(0, before)
    return found


def _listing(database: Database, account: str, decision: Decision) -> Listing | None:
    row = database.one(
        "SELECT body FROM listing_revision WHERE account = ? AND listing_id = ? AND revision = ?",
        (account, decision.listing_id, decision.revision),
    )
    return decode(bytes(row["body"]), Listing) if row else None


def _policy(database: Database, account: str, version: str) -> Policy:
    row = database.one("SELECT body FROM policy WHERE account = ? AND version = ?", (account, version))
    if row is None:
        return shipped_policy()
    tables: Mapping[str, Any] = json.loads(row["body"])
    return policy_from_mapping(tables, "The kept policy")
