"""Statements of reasons of the hub's decisions: made in the order of arrival, each once, and kept for ever."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, func, insert, select, update

from reviewer.domain.case import Case, Flag
from reviewer.domain.decision import Decision, DecisionKind, Measure, MeasureKind
from reviewer.domain.listing import Listing
from reviewer.domain.seller import Seller, SellerLink
from reviewer.domain.values import format_time, parse_time
from reviewer.errors import OperatorError
from reviewer.hub.schema import (
    Record,
    cases,
    decisions,
    facts,
    flags,
    listings,
    proofs,
    seller_links,
    sellers,
    statements,
)
from reviewer.policy.model import Policy
from reviewer.policy.statement import Statement, automated_removal, lifted, payload, statement_day, statement_of

_CURSOR = "statements_made"
_PASS = 500


def make_statements(connection: Connection, policy: Policy, now: datetime, limit: int = _PASS) -> int:
    """Makes the statements of the decisions that came since the last call; how many decisions were looked at.

    In the caller's transaction with the place that was reached, so that each decision yields its statement
    once: a repetition would meet the same identifier, which is unique.
    """
    cursor = connection.execute(select(facts.c.value).where(facts.c.name == _CURSOR).with_for_update()).scalar()
    rows = connection.execute(
        select(decisions)
        .where(decisions.c.seq > int(cursor or 0), decisions.c.status == "accepted")
        .order_by(decisions.c.seq)
        .limit(limit)
    ).all()
    if not rows:
        return 0
    made = [made for row in rows if (made := _made(connection, policy, row)) is not None]
    known = set(
        connection.execute(
            select(statements.c.puid).where(statements.c.puid.in_([statement.puid for _, statement in made]))
        ).scalars()
    )
    values = [_row(decision_id, statement, now) for decision_id, statement in made if statement.puid not in known]
    if values:
        connection.execute(insert(statements), values)
    reached = {"value": str(rows[-1].seq)}
    if cursor is None:
        connection.execute(insert(facts), {"name": _CURSOR} | reached)
    else:
        connection.execute(update(facts).where(facts.c.name == _CURSOR).values(reached))
    return len(rows)


def _made(connection: Connection, policy: Policy, row: Record) -> tuple[str, Statement] | None:
    statement = statement_of_row(connection, policy, row)
    return (row.id, statement) if statement is not None and statement.restricts else None


def statement_of_id(connection: Connection, policy: Policy, decision_id: str) -> tuple[str, Statement | None]:
    """The kind of a decision that this hub took, and the statement that it yields, or None.

    What a rule did by itself is asked for by the id of its measure.  Raises `OperatorError` where there is neither,
    or the decision was refused.
    """
    row = connection.execute(
        select(decisions).where(decisions.c.id == decision_id, decisions.c.status == "accepted")
    ).first()
    if row is not None:
        return str(row.kind), statement_of_row(connection, policy, row)
    proof = connection.execute(
        select(proofs).where(proofs.c.automatic_id == decision_id, proofs.c.automatic_id != "")
    ).first()
    if proof is None:
        raise OperatorError(f"There is no decision {decision_id} that this hub took.")
    words = proof.automatic_id, proof.automatic_ground, proof.removed_at
    return "a removal by rule", automatic_statement(connection, policy, proof, *words, first=True)


def statement_of_row(connection: Connection, policy: Policy, row: Record) -> Statement | None:
    """The statement that a stored decision yields, or None.

    What takes back, reverses or lessens a restriction yields one in which that has ended.  A ruling that upholds
    changes nothing and yields none.
    """
    chain = _chain(connection, row)
    after, before = _standing(chain), _standing(chain[:-1])
    if after is not None and after is before:
        return None
    if after is not None:
        made = _statement(connection, policy, after, chain[0].id, len(chain))
        if made is not None and (made.restricts or before is None):
            return made
    if before is None:
        return None
    ended = _statement(connection, policy, before, chain[0].id, len(chain) - 1)
    if ended is None or not ended.restricts:
        return None if after is None else _statement(connection, policy, after, chain[0].id, len(chain))
    reversal = lifted(ended, statement_day(parse_time(row.received_at)))
    lengths = range(len(chain) - 1, 0, -1)
    latest = next((n for n in lengths if _standing(chain[:n]) is not _standing(chain[: n - 1])), 0)
    return replace(reversal, replaces=latest)


def _standing(chain: Sequence[Record]) -> Record | None:
    """The decision of a chain that is in force at its end: what upholds leaves the one before, a withdrawal of a
    ruling on an appeal brings that one back."""
    if not chain:
        return None
    last = chain[-1]
    if last.kind == DecisionKind.UPHOLD:
        return _standing(chain[:-1])
    if last.kind == DecisionKind.WITHDRAW:
        taken = chain[-2] if len(chain) > 1 else None
        on_appeal = taken is not None and msgspec.json.decode(taken.body, type=_Fenced).is_on_appeal
        return _standing(chain[:-2]) if on_appeal else None
    return last


class _Fenced(msgspec.Struct):
    """What tells a ruling on an appeal: it supersedes another's decision under a lease of its own."""

    supersedes: str = ""
    lease: dict[str, Any] | None = None

    @property
    def is_on_appeal(self) -> bool:
        return bool(self.supersedes and self.lease)


def automatic_statement(
    connection: Connection,
    policy: Policy,
    proof: Record,
    name: str,
    ground: str,
    at: str,
    *,
    lifted_on: datetime | None = None,
    first: bool = False,
) -> Statement | None:
    """The next statement of a removal by rule, under the measure's id, or the `first` again.

    With `lifted_on` that in which it has ended.
    """
    case = _case(connection, proof.case_id, "")
    if case is None:
        return None
    asked = ", ".join(msgspec.json.decode(proof.asked, type=list[str])).replace("_", " ")
    found = policy.ground(ground)
    fact = (
        f"Proof of authenticity ({asked}) was asked for on {proof.requested_at[:10]} with a deadline of "
        f"{proof.due_at[:16].replace('T', ' ')} UTC, and none was given by then"
    )
    removal = Decision(
        id=name,
        case_id=proof.case_id,
        listing_id=proof.listing_id,
        revision="",
        kind=DecisionKind.TAKEDOWN,
        decided_at=parse_time(at),
        ground=ground,
        clause=found.clause if found else "",
        facts=(fact,),
    )
    earlier = connection.execute(
        select(func.count()).select_from(statements).where(statements.c.decision_id == name)
    ).scalar_one()
    ended = lifted_on is not None
    made = statement_of(removal, case, policy, revision=1 if first else max(1, earlier + (not ended)))
    if made is None:
        return None
    made = automated_removal(made)
    return made if lifted_on is None else lifted(made, statement_day(lifted_on))


def keep_statement(connection: Connection, decision_id: str, statement: Statement, now: datetime) -> None:
    """Puts a statement with those that wait to be sent."""
    connection.execute(insert(statements), _row(decision_id, statement, now))


def _row(decision_id: str, statement: Statement, now: datetime) -> dict[str, Any]:
    return {
        "puid": statement.puid,
        "decision_id": decision_id,
        "made_at": format_time(now),
        "body": msgspec.json.encode(payload(statement)).decode(),
        "state": "waiting",
        "answer": "",
        "error": "",
        "attempts": 0,
    }


def _chain(connection: Connection, row: Record) -> list[Record]:
    """The decisions that this one supersedes, the first of all in front, and this one at the end."""
    found = [row]
    while found[0].supersedes:
        before = connection.execute(select(decisions).where(decisions.c.id == found[0].supersedes)).first()
        if before is None or before in found:
            break
        found.insert(0, before)
    return found


def _statement(connection: Connection, policy: Policy, row: Record, first_id: str, revision: int) -> Statement | None:
    body = msgspec.json.decode(row.body)
    case = _case(connection, row.case_id, body.get("revision", ""))
    if case is None:
        return None
    return statement_of(_decision(row, body), case, policy, first_id=first_id, revision=revision)


def _decision(row: Record, body: Mapping[str, Any]) -> Decision:
    measure = body.get("measure")
    return Decision(
        id=row.id,
        case_id=row.case_id,
        listing_id=body.get("listing_id", ""),
        revision=body.get("revision", ""),
        kind=DecisionKind(row.kind),
        decided_at=parse_time(row.received_at),
        ground=body.get("ground", ""),
        clause=body.get("clause", ""),
        facts=tuple(body.get("facts", ())),
        measure=Measure(MeasureKind(measure["kind"]), measure.get("scope", "listing"), measure.get("days"))
        if measure
        else None,
    )


def _case(connection: Connection, case_id: str, revision: str) -> Case | None:
    row = connection.execute(
        select(cases, listings.c.body, listings.c.previous, sellers.c.display_name, sellers.c.verification)
        .join(listings, listings.c.id == cases.c.listing_id)
        .join(sellers, sellers.c.id == cases.c.seller_id)
        .where(cases.c.id == case_id)
    ).first()
    if row is None:
        return None
    shown = msgspec.json.decode(row.body)
    if shown.get("revision") != revision and row.previous:
        before = msgspec.json.decode(row.previous)
        shown = before if before.get("revision") == revision else shown
    links = connection.execute(
        select(seller_links.c.other_id, seller_links.c.kind, seller_links.c.strength, sellers.c.display_name)
        .join(sellers, sellers.c.id == seller_links.c.other_id)
        .where(seller_links.c.seller_id == row.seller_id)
    )
    listing = Listing(
        id=row.listing_id,
        marketplace=row.marketplace,
        title=shown.get("title", ""),
        revision=shown.get("revision", ""),
        gtin=shown.get("gtin", ""),
        language=shown.get("language", ""),
        listed_at=parse_time(shown["listed_at"]) if shown.get("listed_at") else None,
    )
    others = tuple(SellerLink(link.other_id, link.display_name, link.kind, link.strength) for link in links)
    seller = Seller(row.seller_id, row.display_name, verification=row.verification, links=others)
    found = connection.execute(select(flags).where(flags.c.case_id == case_id).order_by(flags.c.seq))
    raised = tuple(Flag(f.id, f.source, f.reason, parse_time(f.at), claimant=f.claimant) for f in found)
    opened = parse_time(row.opened_at)
    return Case(case_id, row.marketplace, row.state, 0, None, opened, listing, seller, raised)
