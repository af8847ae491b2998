"""What a rule does by itself: a listing without proof at the deadline is removed, and that can be taken back.

It is a measure and no decision: it bears an id of its own, gives no points, and yields a statement of reasons that
says that it was wholly automated.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import Connection, case, insert, select, update

from reviewer.domain.decision import MeasureKind
from reviewer.domain.values import format_time
from reviewer.hub.batch import REMOVED_BY_RULE
from reviewer.hub.schema import Record, listings, measures, proofs, sellers
from reviewer.hub.statements import automatic_statement, keep_statement
from reviewer.policy.model import Policy
from reviewer.policy.statement import Statement, payload
from reviewer.policy.statement_schema import judge_outgoing

RULE = "proof_deadline"
_NAMES = uuid.UUID("a1b6f0de-6a0c-4f0a-9a55-0c1f3a1c8e21")


def automatic_id(proof_id: str) -> str:
    """The id of the removal that follows from a proof, the same whoever works it out."""
    return str(uuid.uuid5(_NAMES, proof_id))


def remove(connection: Connection, policy: Policy, proof: Record, now: datetime) -> str:
    """Removes the listing of a proof that did not come; answers why that can't be done, or ''.

    In the caller's transaction, with the seller and the case locked.
    """
    moment, name, ground = format_time(now), automatic_id(proof.id), policy.proofs.ground
    statement = automatic_statement(connection, policy, proof, name, ground, moment)
    if statement is None:
        return "its case is not there"
    findings = judge_outgoing(payload(statement))
    if findings:
        return "its statement of reasons would be refused: " + "; ".join(map(str, findings[:3]))
    values = {"state": "missed", "automatic_id": name, "automatic_ground": ground, "removed_at": moment}
    connection.execute(update(proofs).where(proofs.c.id == proof.id).values(**values))
    connection.execute(
        insert(measures),
        {
            "decision_id": name,
            "seller_id": proof.seller_id,
            "listing_id": proof.listing_id,
            "kind": MeasureKind.LISTING_REMOVED.value,
            "scope": "listing",
            "starts_at": moment,
            "ends_at": None,
            "undone": False,
            "rule": RULE,
        },
    )
    _after(connection, proof, 1)
    keep_statement(connection, name, statement, now)
    return ""


def is_in_force(proof: Record) -> bool:
    """Whether a rule removed the listing and nobody took that back."""
    return bool(proof.automatic_id) and not proof.lifted_by


def lift(connection: Connection, policy: Policy, proof: Record, by: str, now: datetime) -> list[str]:
    """Takes the removal back for the decision `by`, and says it in words; the statement is followed by another."""
    if not is_in_force(proof):
        return []
    _turn(connection, proof, undone=True, by=by)
    statement = _statement(connection, policy, proof, now)
    if statement is not None:
        keep_statement(connection, proof.automatic_id, statement, now)
    return ["Removal by rule taken back: the listing is as it was"]


def restore(connection: Connection, policy: Policy, proof: Record, by: str, now: datetime) -> list[str]:
    """Puts the removal in force again that the decision `by` had taken back."""
    if not proof.automatic_id or proof.lifted_by != by:
        return []
    _turn(connection, proof, undone=False, by="")
    statement = _statement(connection, policy, proof)
    if statement is not None:
        keep_statement(connection, proof.automatic_id, statement, now)
    return ["Removal by rule in force again"]


def _statement(
    connection: Connection, policy: Policy, proof: Record, lifted_on: datetime | None = None
) -> Statement | None:
    words = proof.automatic_id, proof.automatic_ground, proof.removed_at
    return automatic_statement(connection, policy, proof, *words, lifted_on=lifted_on)


def _turn(connection: Connection, proof: Record, *, undone: bool, by: str) -> None:
    mine = measures.c.decision_id == proof.automatic_id
    connection.execute(update(measures).where(mine).values(undone=undone))
    connection.execute(update(proofs).where(proofs.c.id == proof.id).values(lifted_by=by))
    _after(connection, proof, -1 if undone else 1)


def _after(connection: Connection, proof: Record, by: int) -> None:
    """The listing's state and the seller's numbers, from the measures in force."""
    mine = (measures.c.listing_id == proof.listing_id, measures.c.undone.is_(False))
    kinds = [(row.kind, row.rule) for row in connection.execute(select(measures.c.kind, measures.c.rule).where(*mine))]
    base = connection.execute(select(listings.c.base_state).where(listings.c.id == proof.listing_id)).scalar_one()
    state = base
    if any(kind == MeasureKind.LISTING_REMOVED and not rule for kind, rule in kinds):
        state = "removed"
    elif any(rule for _, rule in kinds):
        state = REMOVED_BY_RULE
    elif any(kind == MeasureKind.LISTING_HIDDEN for kind, _ in kinds):
        state = "hidden"
    connection.execute(update(listings).where(listings.c.id == proof.listing_id).values(state=state))
    live = sellers.c.listings_live
    connection.execute(
        update(sellers)
        .where(sellers.c.id == proof.seller_id)
        .values(
            listings_removed=sellers.c.listings_removed + by,
            listings_live=case((live >= by, live - by), else_=0),
        )
    )
