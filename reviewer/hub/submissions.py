"""Documents as they come in for a proof: the case goes back into the queue with them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, update

from reviewer.domain.values import format_time, parse_time
from reviewer.hub.automatic import is_in_force
from reviewer.hub.changes import record_changes
from reviewer.hub.documents import add_documents
from reviewer.hub.messages import DocumentsRequest
from reviewer.hub.problems import Problem
from reviewer.hub.proofs import OPEN_STATES, proofs_by_id
from reviewer.hub.schema import Record, cases, flags, proofs, sellers
from reviewer.policy.model import Policy

_SAID = {
    "accepted": "The proof was accepted already.",
    "rejected": "The proof was judged already: it was rejected.",
    "expired": "The proof was accepted and has ended since; another must be asked for.",
    "withdrawn": "The request for this proof was taken back.",
}


def locked_proof(connection: Connection, proof_id: str) -> tuple[Record, Record] | None:
    """A proof and its case, with the seller and the case locked; None where there is no such proof."""
    found = connection.execute(select(proofs.c.seller_id, proofs.c.case_id).where(proofs.c.id == proof_id)).first()
    if found is None:
        return None
    connection.execute(select(sellers.c.id).where(sellers.c.id == found.seller_id).with_for_update(key_share=True))
    case = connection.execute(select(cases).where(cases.c.id == found.case_id).with_for_update(key_share=True)).one()
    proof = connection.execute(select(proofs).where(proofs.c.id == proof_id).with_for_update()).one()
    return proof, case


def submit_documents(
    connection: Connection, proof_id: str, request: DocumentsRequest, policy: Policy, now: datetime
) -> dict[str, Any]:
    """Takes a seller's documents, all or none, and answers the proof with what became of each.

    Sending them again changes nothing.  They are taken after the deadline as well, as long as an appeal would be:
    then they are judged before anything else is done.  Raises `Problem`.
    """
    locked = locked_proof(connection, proof_id)
    if locked is None:
        raise Problem("not-found", "There is no such proof.")
    proof, case = locked
    if proof.seller_id != request.seller_id:
        raise Problem("forbidden", "This proof was asked of another seller.")
    moment = format_time(now)
    if proof.state not in OPEN_STATES:
        known = proofs_by_id(connection, [proof_id])[proof_id]
        there = {row["sha256"] for row in known["documents"]}
        if not {one.sha256 for one in request.documents} <= there:
            raise Problem("conflict", _SAID.get(proof.state, "Documents are not taken any more."))
    elif proof.state == "missed" and now > parse_time(proof.due_at) + timedelta(days=31 * policy.appeals.months):
        raise Problem("conflict", f"The deadline was {proof.due_at[:10]}; it is too late for documents.")
    items = add_documents(
        connection, proof_id, proof.seller_id, request.documents, moment, _asked(connection, proof_id)
    )
    if any(item["status"] == "stored" for item in items):
        connection.execute(update(proofs).where(proofs.c.id == proof_id).values(state="submitted", submitted_at=moment))
        bring_back(connection, proof, case, policy, now)
    return {"proof": proofs_by_id(connection, [proof_id])[proof_id], "items": items}


def _asked(connection: Connection, proof_id: str) -> list[str]:
    asked: list[str] = proofs_by_id(connection, [proof_id])[proof_id]["asked"]
    return asked


def bring_back(
    connection: Connection, proof: Record, case: Record, policy: Policy, now: datetime, kind: str = "proof"
) -> None:
    """Puts a case that waited for its proof into the queue again, due anew; one that lies there learns of it."""
    moment = format_time(now)
    waits = case.state == "awaiting_proof" or (case.state == "withdrawn" and is_in_force(proof))
    if waits and case.proof_id == proof.id:
        hours = policy.due_hours(case.ground, case.source) or policy.proofs.deadline_hours
        due = format_time(now + timedelta(hours=hours))
        connection.execute(
            update(cases)
            .where(cases.c.id == case.id)
            .values(state=case.queue, kind=kind, due_at=due, due_order=due, lease_owner=None, lease_id="")
        )
        unsettled = update(flags).where(flags.c.case_id == case.id, flags.c.settled_by == proof.id)
        connection.execute(unsettled.values(settled_by=""))
    record_changes(connection, "proof_submitted" if kind == "proof" else "case_changed", [case.id], moment)
