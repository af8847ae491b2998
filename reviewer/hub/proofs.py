"""Proofs of authenticity: asked for by a decision, brought by the seller, judged by another decision.

A case waits in `awaiting_proof` until documents come; then it is in the queue again, as a case of the kind
`proof`.  What is decided of such a case judges the proof: `clear` accepts it, what stands against the seller and a
new request reject it, and the note says why.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, select, update

from reviewer.domain.decision import AGAINST_SELLER, DecisionKind
from reviewer.domain.values import format_time
from reviewer.hub.automatic import is_in_force, lift, restore
from reviewer.hub.batch import Batch, CaseNow
from reviewer.hub.documents import documents_of, holds_until
from reviewer.hub.messages import DecisionMessage
from reviewer.hub.prepared import Prepared, among, given
from reviewer.hub.schema import Record, cases, listings, proofs

#: The states in which documents are taken.
OPEN_STATES = ("requested", "submitted", "missed")
_JUDGING = AGAINST_SELLER | {DecisionKind.CLEAR, DecisionKind.REQUEST_PROOF}
_SET_KIND = Prepared(
    update(cases).where(cases.c.id == given("case")).values(kind=given("kind"), proof_id=given("proof"))
)
_BY_ID = Prepared(select(proofs).where(among(proofs.c.id, "ids")))
_ACCEPTED = Prepared(
    select(proofs).where(
        among(proofs.c.seller_id, "sellers"), proofs.c.state == "accepted", proofs.c.valid_until > given("moment")
    )
)


def brand_key(brand: str) -> str:
    """A brand as proofs are found by it: without case and without spaces around it."""
    return " ".join(brand.casefold().split())


def refusal(batch: Batch, decision: DecisionMessage, found: CaseNow) -> tuple[str, bool]:
    """Why a decision on a case with documents is not taken, or ''; and whether it would be with a newer look."""
    if found.kind != "proof" or DecisionKind(decision.kind) not in _JUDGING:
        return "", False
    rows = documents_of(batch.connection, [found.proof_id])[found.proof_id]
    if not {row["sha256"] for row in rows} <= set(decision.evidence):
        return "Documents came that you have not seen.", True
    if decision.kind == DecisionKind.CLEAR:
        if not holds_until(rows, batch.now.date())[0]:
            return "Every document of this proof has expired, so that it can't be accepted.", False
    elif not decision.note.strip():
        return "Say in the note why the proof is rejected: the seller reads it.", False
    return "", False


def follow(batch: Batch, decision: DecisionMessage, found: CaseNow) -> list[str]:
    """What a decision does to proofs: judges the one that came, opens the one that it asks for."""
    words: list[str] = []
    if found.kind == "proof" and DecisionKind(decision.kind) in _JUDGING:
        words += _judge(batch, decision, found)
    if decision.kind == DecisionKind.REQUEST_PROOF:
        words += _ask(batch, decision, found)
    return words


def _judge(batch: Batch, decision: DecisionMessage, found: CaseNow) -> list[str]:
    batch.flush()
    proof = one_proof(batch.connection, found.proof_id)
    accepted = decision.kind == DecisionKind.CLEAR
    until = None
    if accepted:
        rows = documents_of(batch.connection, [found.proof_id])[found.proof_id]
        until = _valid_until(batch, holds_until(rows, batch.now.date())[1])
    batch.connection.execute(
        update(proofs)
        .where(proofs.c.id == proof.id)
        .values(
            state="accepted" if accepted else "rejected",
            judged_at=batch.moment,
            judged_by=decision.id,
            reason="" if accepted else decision.note,
            valid_until=until,
        )
    )
    if not accepted:
        return ["Proof of authenticity rejected"]
    words = [f"Proof of authenticity accepted until {str(until)[:10]}"]
    words += lift(batch.connection, batch.policy, proof, decision.id, batch.now)
    batch.forget(found)
    return words


def _valid_until(batch: Batch, last_day: date | None) -> str:
    """The end of a proof that is accepted now: that of the rules, or of the first document that ends."""
    end = batch.now + timedelta(days=batch.policy.proofs.valid_days)
    if last_day is not None:
        end = min(end, datetime(last_day.year, last_day.month, last_day.day, 23, 59, 59, 999_000, UTC))
    return format_time(end)


def _ask(batch: Batch, decision: DecisionMessage, found: CaseNow) -> list[str]:
    batch.flush()
    connection, rules = batch.connection, batch.policy.proofs
    brand = connection.execute(select(listings.c.brand).where(listings.c.id == found.listing_id)).scalar_one()
    due = format_time(batch.now + timedelta(hours=rules.deadline_hours))
    name = "proof-" + uuid.uuid5(uuid.NAMESPACE_OID, decision.id).hex
    connection.execute(
        insert(proofs),
        {
            "id": name,
            "case_id": found.case_id,
            "seller_id": found.seller_id,
            "listing_id": found.listing_id,
            "brand": brand,
            "brand_key": brand_key(brand),
            "decision_id": decision.id,
            "state": "requested",
            "asked": msgspec.json.encode(list(rules.documents)).decode(),
            "words": decision.note,
            "requested_at": batch.moment,
            "due_at": due,
            "reason": "",
            "judged_by": "",
            "automatic_id": "",
            "automatic_ground": "",
            "lifted_by": "",
        },
    )
    _set_kind(batch, found, "listing", name)
    asked = ", ".join(rules.documents).replace("_", " ")
    return [f"Asked for: {asked}; until {due[:16].replace('T', ' ')} UTC"]


def _set_kind(batch: Batch, found: CaseNow, kind: str, proof: str) -> None:
    found.kind, found.proof_id = kind, proof
    batch.write(_SET_KIND, case=found.case_id, kind=kind, proof=proof)


def take_back(batch: Batch, taken: str, found: CaseNow, by: str) -> list[str]:
    """What becomes of proofs where the decision `taken` is superseded by the decision `by`."""
    if not found.proof_id:
        return []
    batch.flush()
    connection = batch.connection
    words: list[str] = []
    mine = connection.execute(select(proofs).where(proofs.c.case_id == found.case_id).order_by(proofs.c.seq)).all()
    for proof in mine:
        if proof.judged_by == taken:
            again = {"state": "submitted", "judged_at": None, "judged_by": "", "reason": "", "valid_until": None}
            connection.execute(update(proofs).where(proofs.c.id == proof.id).values(**again))
            words.append("Proof of authenticity to be judged again")
            words += restore(connection, batch.policy, proof, taken, batch.now)
        if proof.decision_id == taken and proof.state in OPEN_STATES:
            connection.execute(update(proofs).where(proofs.c.id == proof.id).values(state="withdrawn"))
            words.append("Request for proof taken back")
            words += lift(connection, batch.policy, proof, by, batch.now)
    if words:
        batch.forget(found)
        latest = connection.execute(
            select(proofs.c.id, proofs.c.state)
            .where(proofs.c.case_id == found.case_id, proofs.c.state != "withdrawn")
            .order_by(proofs.c.seq.desc())
            .limit(1)
        ).first()
        waits = latest is not None and latest.state == "submitted"
        _set_kind(batch, found, "proof" if waits else "listing", latest.id if latest is not None else "")
    return words


def was_removed_by_rule(batch: Batch, found: CaseNow) -> bool:
    """Whether a case left the queue because its proof did not come."""
    return bool(found.proof_id) and is_in_force(one_proof(batch.connection, found.proof_id))


def one_proof(connection: Connection, proof_id: str) -> Record:
    """The row of a proof that is known to be there."""
    return connection.execute(select(proofs).where(proofs.c.id == proof_id)).one()


def proofs_as_json(connection: Connection, rows: Iterable[Any]) -> list[dict[str, Any]]:
    """The Proof shape of each row."""
    known = list(rows)
    papers = documents_of(connection, [row.id for row in known])
    return [
        {
            "id": row.id,
            "case_id": row.case_id,
            "seller_id": row.seller_id,
            "listing_id": row.listing_id,
            "brand": row.brand,
            "state": row.state,
            "asked": msgspec.json.decode(row.asked, type=list[str]),
            "words": row.words,
            "requested_at": row.requested_at,
            "due_at": row.due_at,
            "documents": papers[row.id],
            "submitted_at": row.submitted_at,
            "judged_at": row.judged_at,
            "judged_by": row.judged_by,
            "reason": row.reason,
            "valid_until": row.valid_until,
            "automatic_id": row.automatic_id if is_in_force(row) else "",
            "removed_at": row.removed_at if is_in_force(row) else None,
        }
        for row in known
    ]


def proofs_by_id(connection: Connection, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The Proof shapes of these ids."""
    wanted = sorted(set(ids) - {""})
    rows = _BY_ID.rows(connection, ids=wanted) if wanted else []
    return {row["id"]: row for row in proofs_as_json(connection, rows)}


def accepted_of(connection: Connection, sellers: Iterable[str], moment: str) -> dict[tuple[str, str], list[Any]]:
    """The proofs of these sellers that hold now, by seller and brand."""
    rows = _ACCEPTED.rows(connection, sellers=sorted(set(sellers)), moment=moment)
    found: dict[tuple[str, str], list[Any]] = {}
    for row, shape in zip(rows, proofs_as_json(connection, rows), strict=True):
        found.setdefault((row.seller_id, row.brand_key), []).append(shape)
    return found


def proof_page(
    connection: Connection, before: int | None, limit: int, *, state: str | None = None, seller: str | None = None
) -> tuple[list[dict[str, Any]], int | None]:
    """Proofs, the newest first, and the number to go on from."""
    query = select(proofs).order_by(proofs.c.seq.desc()).limit(limit + 1)
    if before is not None:
        query = query.where(proofs.c.seq < before)
    if state:
        query = query.where(proofs.c.state == state)
    if seller:
        query = query.where(proofs.c.seller_id == seller)
    rows: Sequence[Record] = connection.execute(query).all()
    return proofs_as_json(connection, rows[:limit]), rows[limit - 1].seq if len(rows) > limit else None
