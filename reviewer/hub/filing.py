"""Appeals as they come in: filed once by whoever the decision was about, within the months of the rules."""

from __future__ import annotations

import calendar
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, insert, or_, select, update

from reviewer.domain.decision import AGAINST_SELLER, DecisionKind
from reviewer.domain.values import format_time, parse_time, sha256_hex
from reviewer.hub.appeals import appeals_as_json
from reviewer.hub.automatic import is_in_force
from reviewer.hub.changes import record_changes
from reviewer.hub.documents import add_documents
from reviewer.hub.leases import BARRED
from reviewer.hub.messages import AppealRequest
from reviewer.hub.problems import Problem
from reviewer.hub.schema import Record, appeals, cases, decisions, flags, proofs, sellers, skips
from reviewer.ledger.canonical import canonical_json
from reviewer.policy.model import Policy


def months_after(moment: datetime, months: int) -> datetime:
    """The same day so many months later; the last of that month where it has no such day."""
    years, month = divmod(moment.month - 1 + months, 12)
    year, month = moment.year + years, month + 1
    return moment.replace(year=year, month=month, day=min(moment.day, calendar.monthrange(year, month)[1]))


def file_appeal(
    connection: Connection, request: AppealRequest, sent: Any, policy: Policy, now: datetime
) -> tuple[dict[str, Any], bool]:
    """Takes an appeal and puts its case into the queue; answers it and whether it is new.

    The same appeal again, by its id, changes nothing.  Raises `Problem`: unknown decision, not the appellant's,
    too late, a second one, nothing to appeal against.
    """
    digest = sha256_hex(canonical_json(sent))
    known = connection.execute(select(appeals).where(appeals.c.id == request.id)).first()
    if known is not None:
        if known.body_sha256 != digest:
            raise Problem("conflict", "Another appeal was sent under this id.")
        return appeals_as_json(connection, [known])[0], False
    first = _first(connection, request.decision_id)
    connection.execute(select(sellers.c.id).where(sellers.c.id == first.seller_id).with_for_update(key_share=True))
    case = connection.execute(select(cases).where(cases.c.id == first.case_id).with_for_update(key_share=True)).one()
    _check_party(connection, request, case)
    _check_time(first, policy, now)
    _check_standing(connection, request, first, case)
    moment = format_time(now)
    add_documents(connection, request.id, case.seller_id if request.appellant == "seller" else request.party,
                  request.documents, moment)  # fmt: skip
    connection.execute(
        insert(appeals),
        {
            "id": request.id,
            "case_id": case.id,
            "seller_id": case.seller_id,
            "decision_id": request.decision_id,
            "first_kind": first.kind,
            "first_stands": True,
            "appellant": request.appellant,
            "party": request.party,
            "text": request.text,
            "filed_at": format_time(parse_time(request.filed_at)) if request.filed_at else moment,
            "received_at": moment,
            "body_sha256": digest,
            "state": "pending",
            "ruling_id": "",
            "reason": "",
            "effects": "[]",
        },
    )
    due = format_time(now + timedelta(days=policy.appeals.due_days))
    connection.execute(
        update(cases)
        .where(cases.c.id == case.id)
        .values(kind="appeal", appeal_id=request.id, state="open", queue="open", due_at=due, due_order=due,
                lease_id="", lease_owner=None, lease_expires_at=None)
    )  # fmt: skip
    _bar(connection, case.id, request.decision_id, moment)
    record_changes(connection, "case_opened", [case.id], moment)
    made = connection.execute(select(appeals).where(appeals.c.id == request.id)).one()
    return appeals_as_json(connection, [made])[0], True


class _First(msgspec.Struct):
    """What is appealed against: a decision, or a removal by rule."""

    case_id: str
    seller_id: str
    kind: str
    at: str
    automatic: bool = False


def _first(connection: Connection, decision_id: str) -> _First:
    row = connection.execute(
        select(decisions.c.case_id, decisions.c.kind, decisions.c.received_at, cases.c.seller_id)
        .join(cases, cases.c.id == decisions.c.case_id)
        .where(decisions.c.id == decision_id, decisions.c.status == "accepted")
    ).first()
    if row is not None:
        return _First(row.case_id, row.seller_id, row.kind, row.received_at)
    proof = connection.execute(
        select(proofs).where(proofs.c.automatic_id == decision_id, proofs.c.automatic_id != "")
    ).first()
    if proof is None:
        raise Problem("not-found", "There is no such decision.")
    return _First(proof.case_id, proof.seller_id, "takedown", proof.removed_at, automatic=True)


def _check_party(connection: Connection, request: AppealRequest, case: Record) -> None:
    if request.appellant == "seller":
        if request.party != case.seller_id:
            raise Problem("forbidden", "The decision is about another seller.")
        return
    mine = select(flags.c.id).where(
        flags.c.case_id == case.id, or_(flags.c.claimant == request.party, flags.c.notice_id == request.party)
    )
    if connection.execute(mine).first() is None:
        raise Problem("forbidden", "This claimant sent no notice that the decision is about.")


def _check_time(first: _First, policy: Policy, now: datetime) -> None:
    end = months_after(parse_time(first.at), policy.appeals.months)
    if now > end:
        words = f"The decision of {first.at[:10]} could be appealed against until {end.date()}: it is too late."
        raise Problem("conflict", words)


def _check_standing(connection: Connection, request: AppealRequest, first: _First, case: Record) -> None:
    mine = select(appeals.c.id, appeals.c.state).where(
        appeals.c.decision_id == request.decision_id,
        appeals.c.appellant == request.appellant,
        appeals.c.party == request.party,
    )
    if (earlier := connection.execute(mine).first()) is not None:
        raise Problem("conflict", f"There is an appeal against this decision already: {earlier.id}, {earlier.state}.")
    own = select(appeals.c.id).where(
        appeals.c.ruling_id == request.decision_id, appeals.c.appellant == request.appellant
    )
    if connection.execute(own).first() is not None:
        raise Problem(
            "conflict", "This is the ruling on an appeal of the same side; it can't be appealed against here."
        )
    against_seller = first.kind in AGAINST_SELLER
    if request.appellant == "seller" and not against_seller:
        raise Problem("conflict", "Nothing was decided against the seller.")
    if request.appellant == "claimant" and first.kind != DecisionKind.CLEAR:
        raise Problem("conflict", "The listing was not cleared: there is nothing for a claimant to appeal against.")
    if case.kind == "appeal" and case.state in ("open", "leased", "escalated"):
        raise Problem("conflict", "An appeal in this case is pending; wait for its outcome.")
    if first.automatic:
        proof = connection.execute(select(proofs).where(proofs.c.automatic_id == request.decision_id)).one()
        stands = is_in_force(proof) and case.state == "withdrawn"
    else:
        stands = case.decision_id == request.decision_id and case.state == "decided"
    if not stands:
        raise Problem("conflict", "The decision does not stand any more: it was superseded, or its case is open again.")


def _bar(connection: Connection, case_id: str, decision_id: str, moment: str) -> None:
    """Nobody who made the decision, or one that it supersedes, is offered the appeal."""
    authors: set[str] = set()
    while decision_id:
        row = connection.execute(
            select(decisions.c.reviewer_id, decisions.c.supersedes).where(decisions.c.id == decision_id)
        ).first()
        if row is None:
            break
        authors.add(row.reviewer_id)
        decision_id = row.supersedes
    for author in sorted(authors):
        mine = (skips.c.case_id == case_id, skips.c.account_id == author)
        connection.execute(delete(skips).where(*mine))
        barred = {"case_id": case_id, "account_id": author, "reason": BARRED, "at": moment}
        connection.execute(insert(skips), barred)
