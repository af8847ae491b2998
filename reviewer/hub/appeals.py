"""Appeals as they are shown: to whoever filed one, and on the desk with what it is against."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from reviewer.domain.decision import MeasureKind
from reviewer.domain.redress import Appellant
from reviewer.hub.documents import documents_of
from reviewer.hub.prepared import Prepared, among
from reviewer.hub.schema import Record, appeals, decisions, measures, offences, proofs, sellers
from reviewer.hub.statements import statement_of_id
from reviewer.policy.letter import letter
from reviewer.policy.model import Policy

_BY_ID = Prepared(select(appeals).where(among(appeals.c.id, "ids")))


def appeals_as_json(connection: Connection, rows: Iterable[Any]) -> list[dict[str, Any]]:
    """The AppealRecord shape of each row: what whoever appealed may read."""
    known = list(rows)
    papers = documents_of(connection, [row.id for row in known])
    return [
        {
            "id": row.id,
            "case_id": row.case_id,
            "seller_id": row.seller_id,
            "decision_id": row.decision_id,
            "appellant": row.appellant,
            "party": row.party,
            "text": row.text,
            "filed_at": row.filed_at,
            "received_at": row.received_at,
            "documents": papers[row.id],
            "state": row.state,
            "ruling_id": row.ruling_id,
            "ruled_at": row.ruled_at,
            "reason": row.reason,
            "effects": msgspec.json.decode(row.effects, type=list[str]),
        }
        for row in known
    ]


def appeals_for_desk(connection: Connection, ids: Iterable[str], policy: Policy) -> dict[str, dict[str, Any]]:
    """The Appeal shapes of these ids, each with what is appealed against."""
    wanted = sorted(set(ids) - {""})
    rows = _BY_ID.rows(connection, ids=wanted) if wanted else []
    papers = documents_of(connection, [row.id for row in rows])
    return {
        row.id: {
            "id": row.id,
            "appellant": row.appellant,
            "party": _party(connection, row),
            "text": row.text,
            "filed_at": row.filed_at,
            "documents": papers[row.id],
            "state": row.state,
            "first": _appealed(connection, row, policy),
        }
        for row in rows
    }


def _party(connection: Connection, row: Record) -> str:
    if row.appellant == Appellant.CLAIMANT:
        return str(row.party)
    return str(connection.execute(select(sellers.c.display_name).where(sellers.c.id == row.seller_id)).scalar_one())


_DONE = {
    MeasureKind.LISTING_REMOVED: "listing removed",
    MeasureKind.LISTING_HIDDEN: "listing hidden",
    MeasureKind.SELLER_WARNED: "seller warned",
    MeasureKind.SELLER_RESTRICTED: "seller restricted",
    MeasureKind.ACCOUNT_SUSPENDED: "account suspended",
    MeasureKind.ACCOUNT_CLOSED: "account closed",
    MeasureKind.REFUND_ADVISED: "refund advised",
}


def _appealed(connection: Connection, row: Record, policy: Policy) -> dict[str, Any]:
    stored = connection.execute(select(decisions).where(decisions.c.id == row.decision_id)).first()
    done = connection.execute(
        select(measures.c.kind, measures.c.scope, measures.c.ends_at)
        .where(measures.c.decision_id == row.decision_id)
        .order_by(measures.c.seq)
    ).all()
    points = connection.execute(select(offences.c.points).where(offences.c.decision_id == row.decision_id)).scalar()
    _, statement = statement_of_id(connection, policy, row.decision_id)
    shape: dict[str, Any] = {
        "id": row.decision_id,
        "kind": row.first_kind,
        "measures": [
            _DONE[MeasureKind(one.kind)] + (f" until {one.ends_at[:10]}" if one.ends_at else "") for one in done
        ],
        "points": points or 0,
        "letter": letter(statement).text if statement is not None else "",
        "automatic": stored is None,
        "note": "",
    }
    if stored is not None:
        body = msgspec.json.decode(stored.body)
        return shape | {
            "at": stored.received_at,
            "ground": body.get("ground", ""),
            "clause": body.get("clause", ""),
            "facts": body.get("facts", []),
            "note": body.get("note", ""),
        }
    proof = connection.execute(select(proofs).where(proofs.c.automatic_id == row.decision_id)).one()
    facts = list(statement.facts) if statement is not None else []
    ground = policy.ground(proof.automatic_ground)
    return shape | {
        "at": proof.removed_at,
        "ground": proof.automatic_ground,
        "clause": ground.clause if ground else "",
        "facts": facts,
    }


def appeal_page(
    connection: Connection,
    before: int | None,
    limit: int,
    *,
    state: str | None = None,
    seller: str | None = None,
    decision: str | None = None,
) -> tuple[list[dict[str, Any]], int | None]:
    """Appeals, the newest first, and the number to go on from."""
    query = select(appeals).order_by(appeals.c.seq.desc()).limit(limit + 1)
    if before is not None:
        query = query.where(appeals.c.seq < before)
    for column, wanted in ((appeals.c.state, state), (appeals.c.seller_id, seller), (appeals.c.decision_id, decision)):
        if wanted:
            query = query.where(column == wanted)
    rows: Sequence[Record] = connection.execute(query).all()
    return appeals_as_json(connection, rows[:limit]), rows[limit - 1].seq if len(rows) > limit else None
