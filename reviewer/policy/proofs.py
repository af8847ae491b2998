"""What is known of proofs of authenticity as facts: those that hold for the brand, and what came or did not come."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from reviewer.domain.case import Case
from reviewer.domain.facts import Fact, Side
from reviewer.domain.redress import Document, Proof, ProofState


def proof_facts(case: Case, now: datetime) -> Iterable[Fact]:
    """Facts of this case's proof and of those that hold for the seller's listings of the brand."""
    mine = case.proof.id if case.proof is not None else ""
    for proof in case.proofs:
        if proof.id != mine and proof.valid_until is not None and proof.valid_until > now:
            values = {"brand": proof.brand or case.listing.brand, "day": proof.valid_until.date().isoformat()}
            words = "Proof of authenticity for {brand} was accepted earlier; it holds until {day}"
            yield Fact("proof_accepted", Side.AGAINST, 0.9, words, values)
    if case.proof is not None:
        yield from _own(case.proof, case, now)


def _own(proof: Proof, case: Case, now: datetime) -> Iterable[Fact]:
    day = proof.due_at.date().isoformat()
    match proof.state:
        case ProofState.ACCEPTED if proof.valid_until is not None:
            until = proof.valid_until.date().isoformat()
            words = "Proof of authenticity was accepted; it holds until {day}"
            yield Fact("proof_accepted", Side.AGAINST, 0.9, words, {"day": until})
        case ProofState.REJECTED:
            words = "Proof of authenticity was rejected: {reason}"
            yield Fact("proof_rejected", Side.FOR, 0.6, words, {"reason": proof.reason})
        case ProofState.MISSED:
            yield Fact("proof_missed", Side.FOR, 0.6, "No proof of authenticity came by {day}", {"day": day})
        case ProofState.SUBMITTED:
            late = proof.submitted_at is not None and proof.submitted_at > proof.due_at
            if late:
                yield Fact("proof_late", Side.FOR, 0.2, "The documents came after the deadline of {day}", {"day": day})
            for document in proof.documents:
                yield from _of_document(document, case, now)


def _of_document(document: Document, case: Case, now: datetime) -> Iterable[Fact]:
    name = document.name or document.kind
    if document.is_expired(now.date()) and document.expires_on is not None:
        values = {"name": name, "day": document.expires_on.isoformat()}
        yield Fact("document_expired", Side.FOR, 0.7, "The document {name} expired on {day}", values)
    to, seller = document.issued_to.strip(), case.seller.display_name.strip()
    if to and to.casefold() != seller.casefold():
        values = {"name": name, "other": to, "seller": seller}
        words = "The document {name} is made out to {other}, not to {seller}"
        yield Fact("document_of_another", Side.FOR, 0.65, words, values)
