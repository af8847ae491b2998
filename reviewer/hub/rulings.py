"""Rulings on appeals: what each does to the decision that is appealed against, and how it is taken back.

A ruling is a decision that names the one appealed against, made under a lease by somebody else: `uphold` leaves it,
any other takes its place.  What stands afterwards depends on the ruling alone, not on those before it.
"""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import exists, select, update

from reviewer.domain.decision import AGAINST_SELLER, DecisionKind
from reviewer.domain.redress import Outcome, outcome_of
from reviewer.domain.values import parse_time
from reviewer.hub.automatic import lift, restore
from reviewer.hub.batch import Batch, CaseNow
from reviewer.hub.effects import redo_effects, undo_effects
from reviewer.hub.leases import BARRED
from reviewer.hub.messages import DecisionMessage
from reviewer.hub.schema import Record, appeals, decisions, proofs, skips

#: What leaves or brings back the decision that is appealed against.
_LEAVING = frozenset({DecisionKind.UPHOLD, DecisionKind.ESCALATE, DecisionKind.WITHDRAW})
_WORDS = {
    Outcome.UPHELD: "Appeal not granted: the decision stands",
    Outcome.REVERSED: "Appeal granted: the decision is reversed",
    Outcome.PARTLY: "Appeal granted in part",
}


def is_ruling(decision: DecisionMessage, found: CaseNow) -> bool:
    """Whether a decision rules on an appeal under a lease, naming what is appealed against."""
    return found.kind == "appeal" and decision.lease is not None and bool(decision.supersedes)


def refusal(batch: Batch, decision: DecisionMessage, found: CaseNow) -> str:
    """Why a decision on the case of an appeal is not taken, or ''."""
    appeal = _appeal(batch, found)
    kind = DecisionKind(decision.kind)
    barred = exists().where(
        skips.c.case_id == found.case_id, skips.c.account_id == batch.account.id, skips.c.reason == BARRED
    )
    if batch.connection.execute(select(barred)).scalar():
        return "You made the decision that is appealed against: somebody else rules on the appeal."
    if kind is DecisionKind.ESCALATE:
        return "" if not decision.supersedes or not decision.lease else "An escalation supersedes nothing."
    if kind is DecisionKind.WITHDRAW:
        standing = appeal.state == "pending" and found.state != "escalated"
        return "An appeal against this decision is pending." if standing else ""
    outcome = outcome_of(appeal.first_kind, kind)
    if outcome is None:
        return f"On this appeal {kind.value!r} is no ruling: uphold, reverse, or decide in part."
    if decision.lease is not None and decision.supersedes != appeal.decision_id:
        return "A ruling must name the decision that is appealed against (supersedes)."
    if not decision.note.strip():
        return "Say in the note why: whoever appealed reads it."
    if outcome is Outcome.PARTLY and kind == appeal.first_kind and not _is_less(batch, decision, appeal):
        return "That is no less than the decision that is appealed against; name a lesser ground, or uphold it."
    return ""


def _is_less(batch: Batch, decision: DecisionMessage, appeal: Record) -> bool:
    """Whether a ruling of the same kind is on a ground with fewer points."""
    row = batch.connection.execute(select(decisions.c.body).where(decisions.c.id == appeal.decision_id)).first()
    if row is None:
        return False
    was = batch.policy.ground(str(msgspec.json.decode(row.body).get("ground", "")))
    now = batch.policy.ground(decision.ground)
    return was is not None and now is not None and now.points < was.points


def turn(batch: Batch, decision: DecisionMessage, found: CaseNow) -> list[str]:
    """Takes what is appealed against out of force, or brings it back, as the ruling has it; says it in words."""
    appeal = _appeal(batch, found)
    stays = DecisionKind(decision.kind) in _LEAVING
    if bool(appeal.first_stands) == stays:
        return []
    batch.flush()
    connection = batch.connection
    proof = connection.execute(
        select(proofs).where(proofs.c.automatic_id == appeal.decision_id, proofs.c.automatic_id != "")
    ).first()
    connection.execute(update(appeals).where(appeals.c.id == appeal.id).values(first_stands=stays))
    if proof is None:
        turned = redo_effects if stays else undo_effects
        return turned(batch, appeal.decision_id, found)
    if stays:
        words = restore(connection, batch.policy, proof, appeal.id, batch.now)
    else:
        words = lift(connection, batch.policy, proof, appeal.id, batch.now)
    batch.forget(found)
    return words


def since(batch: Batch, decision: DecisionMessage, found: CaseNow) -> datetime | None:
    """The time of the offence of a ruling that lessens a decision: that of the decision."""
    if DecisionKind(decision.kind) not in AGAINST_SELLER:
        return None
    appeal = _appeal(batch, found)
    if appeal.first_kind not in AGAINST_SELLER:
        return None
    row = batch.connection.execute(select(decisions.c.received_at).where(decisions.c.id == appeal.decision_id)).first()
    return parse_time(row.received_at) if row is not None else None


def settle(batch: Batch, decision: DecisionMessage, found: CaseNow, words: list[str]) -> list[str]:
    """Writes the outcome where whoever appealed reads it; a withdrawal makes the appeal pending again."""
    kind = DecisionKind(decision.kind)
    mine = update(appeals).where(appeals.c.id == found.appeal_id)
    if kind is DecisionKind.ESCALATE:
        return []
    appeal = _appeal(batch, found)
    if kind is DecisionKind.WITHDRAW:
        if appeal.state == "pending":
            return []
        batch.connection.execute(mine.values(state="pending", ruling_id="", ruled_at=None, reason="", effects="[]"))
        return ["The appeal is pending again"]
    outcome = outcome_of(appeal.first_kind, kind)
    if outcome is None:
        return []
    said = [_WORDS[outcome]]
    batch.connection.execute(
        mine.values(
            state=outcome.value,
            ruling_id=decision.id,
            ruled_at=batch.moment,
            reason=decision.note,
            effects=msgspec.json.encode([*said, *words]).decode(),
        )
    )
    return said


def _appeal(batch: Batch, found: CaseNow) -> Record:
    return batch.connection.execute(select(appeals).where(appeals.c.id == found.appeal_id)).one()
