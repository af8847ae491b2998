"""Decisions taken: idempotent by their UUID, fenced by the lease, bound to the revision seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, select, update

from reviewer.domain.decision import AGAINST_SELLER, DecisionKind, MeasureKind, ReceiptStatus
from reviewer.domain.values import sha256_hex
from reviewer.failpoints import failpoint
from reviewer.hub import proofs, rulings
from reviewer.hub.auth import Account
from reviewer.hub.banks import keep_fingerprints
from reviewer.hub.batch import Batch, CaseNow
from reviewer.hub.changes import record_changes
from reviewer.hub.effects import apply_effects, undo_effects
from reviewer.hub.messages import DecisionMessage
from reviewer.hub.notice_outcomes import follow_decisions
from reviewer.hub.prepared import Prepared, given
from reviewer.hub.schema import cases, decisions, flags
from reviewer.ledger.canonical import canonical_json
from reviewer.policy.policy import Policy

#: States of a listing that is no longer offered, so that there is nothing left to decide.
GONE_STATES = ("ended", "deleted")

_NOT_CURRENT = Prepared(update(decisions).where(decisions.c.id == given("id")).values(current=False))
_CLOSE = Prepared(
    update(cases)
    .where(cases.c.id == given("case"))
    .values(
        state=given("state"),
        queue=given("queue"),
        decision_id=given("decision"),
        lease_id="",
        lease_owner=None,
        lease_expires_at=None,
    )
)
_SETTLE = Prepared(
    update(flags).where(flags.c.case_id == given("case"), flags.c.settled_by == "").values(settled_by=given("decision"))
)
_MEASURES = frozenset(kind.value for kind in MeasureKind)


@dataclass(frozen=True, slots=True)
class _Answer:
    status: ReceiptStatus
    detail: str = ""
    effects: Sequence[str] = ()

    def receipt(self, decision_id: str) -> dict[str, Any]:
        return {
            "decision_id": decision_id,
            "status": self.status.value,
            "detail": self.detail,
            "effects": list(self.effects),
            "retry_after_s": None,
        }


class _Refused(Exception):
    """A decision that is not taken, with the answer that is stored for it."""

    def __init__(self, status: ReceiptStatus, detail: str) -> None:
        super().__init__(detail)
        self.answer = _Answer(status, detail)


def submit(
    connection: Connection,
    account: Account,
    batch: Sequence[tuple[DecisionMessage, Any]],
    policy: Policy,
    now: datetime,
) -> list[dict[str, Any]]:
    """A receipt for each decision, in order; all in the one transaction of the caller.

    Each decision comes as the checked message and as the JSON value that was sent, whose canonical
    bytes tell a repetition from another decision under the same id.
    """
    receipts: list[dict[str, Any]] = []
    view = Batch(connection, account, [message for message, _ in batch], policy, now)
    for message, sent in batch:
        body = canonical_json(sent)
        digest = sha256_hex(body)
        stored = _known(view, message.id)
        if stored is not None:
            receipts.append(_repeated(message.id, stored, digest))
            continue
        try:
            answer = _take(view, message)
        except _Refused as refusal:
            answer = refusal.answer
        if answer.status is ReceiptStatus.ACCEPTED:
            keep_fingerprints(connection, message.fingerprints)
        _store(view, message, body, digest, answer)
        receipts.append(answer.receipt(message.id))
    view.close()
    follow_decisions(
        connection,
        account.id,
        {message.listing_id for message, _ in batch},
        {message.id: message.kind for message, _ in batch},
        policy,
        now,
    )
    failpoint("C10")
    return receipts


def _known(batch: Batch, decision_id: str) -> tuple[str, _Answer] | None:
    taken = batch.taken(decision_id)
    if taken is not None:
        effects = msgspec.json.decode(taken["effects"], type=list[str])
        return taken["body_sha256"], _Answer(ReceiptStatus(taken["status"]), taken["detail"], effects)
    row = batch.stored(decision_id)
    if row is None:
        return None
    effects = msgspec.json.decode(row.effects, type=list[str])
    return row.body_sha256, _Answer(ReceiptStatus(row.status), row.detail, effects)


def _repeated(decision_id: str, stored: tuple[str, _Answer], digest: str) -> dict[str, Any]:
    """The first answer again: `duplicate` where it was accepted, else the refusal as it was."""
    first_digest, first = stored
    if first_digest != digest:
        return _Answer(ReceiptStatus.CONFLICT, "Another decision was sent under this id.").receipt(decision_id)
    if first.status is ReceiptStatus.ACCEPTED:
        first = _Answer(ReceiptStatus.DUPLICATE, first.detail, first.effects)
    return first.receipt(decision_id)


def _take(batch: Batch, decision: DecisionMessage) -> _Answer:
    _check_rules(decision, batch.policy)
    found = batch.case(decision.case_id)
    if found is None:
        raise _Refused(ReceiptStatus.GONE, "There is no such case on this server.")
    if found.listing_id != decision.listing_id:
        raise _Refused(ReceiptStatus.REJECTED, "The case is of another listing.")
    on_appeal, ruling = found.kind == "appeal", rulings.is_ruling(decision, found)
    if decision.supersedes and not ruling:
        _check_superseding(batch, decision, found)
    else:
        _check_lease(batch.account, decision, found)
    _check_kind(batch, decision, found)
    if decision.kind != DecisionKind.WITHDRAW and not on_appeal:  # an appeal is about the decision
        if found.base_state in GONE_STATES:
            raise _Refused(ReceiptStatus.GONE, "The listing is no longer offered.")
        if found.revision != decision.revision:
            raise _Refused(ReceiptStatus.STALE, "The listing has changed since you saw it.")
    undone: list[str] = []
    if decision.supersedes and not ruling:
        undone = undo_effects(batch, decision.supersedes, found)
        undone += proofs.take_back(batch, decision.supersedes, found, decision.id)
    if on_appeal:
        undone += rulings.turn(batch, decision, found)
    if undone:
        record_changes(batch.connection, "decision_overturned", [decision.case_id], batch.moment)
    effects = undone + apply_effects(
        batch, decision, found, since=rulings.since(batch, decision, found) if on_appeal else None
    )
    effects += rulings.settle(batch, decision, found, effects) if on_appeal else proofs.follow(batch, decision, found)
    return _Answer(ReceiptStatus.ACCEPTED, "", effects + _close_case(batch, decision, found))


def _check_kind(batch: Batch, decision: DecisionMessage, found: CaseNow) -> None:
    """What holds for proofs and appeals alone."""
    if found.kind == "appeal":
        why, newer = rulings.refusal(batch, decision, found), False
    elif decision.kind == DecisionKind.UPHOLD:
        why, newer = "Only an appeal can be answered with 'uphold'.", False
    else:
        why, newer = proofs.refusal(batch, decision, found)
    if why:
        raise _Refused(ReceiptStatus.STALE if newer else ReceiptStatus.REJECTED, why)


def _check_rules(decision: DecisionMessage, policy: Policy) -> None:
    if decision.kind not in set(DecisionKind):
        raise _Refused(ReceiptStatus.REJECTED, f"There is no decision of the kind {decision.kind[:40]!r}.")
    if decision.kind == DecisionKind.WITHDRAW and not decision.supersedes:
        raise _Refused(ReceiptStatus.REJECTED, "A withdrawal must name the decision that it supersedes.")
    if decision.kind in AGAINST_SELLER and not decision.ground:
        raise _Refused(ReceiptStatus.REJECTED, "A decision against the seller must name its ground.")
    if decision.kind in AGAINST_SELLER and policy.ground(decision.ground) is None:
        raise _Refused(ReceiptStatus.REJECTED, f"There is no ground {decision.ground[:40]!r} in the rules in force.")
    if decision.measure is not None and decision.measure.kind not in _MEASURES:
        raise _Refused(ReceiptStatus.REJECTED, f"There is no measure {decision.measure.kind[:40]!r}.")
    if not decision.supersedes and decision.lease is None:
        raise _Refused(ReceiptStatus.REJECTED, "A decision needs a lease, or must supersede another.")


def _check_lease(account: Account, decision: DecisionMessage, found: CaseNow) -> None:
    lease = decision.lease
    if found.state == "withdrawn":
        raise _Refused(ReceiptStatus.GONE, "The case was withdrawn: there is nothing left to decide.")
    holds = (
        lease is not None
        and found.lease_owner == account.id
        and found.lease_id == lease.id
        and found.lease_token == lease.token
        and found.state in ("leased", found.queue)
    )
    if not holds:
        done = "was decided meanwhile" if found.state == "decided" else "is not leased to you any more"
        raise _Refused(ReceiptStatus.LEASE_LOST, f"The case {done}.")


def _check_superseding(batch: Batch, decision: DecisionMessage, found: CaseNow) -> None:
    account = batch.account
    if found.decision_id != decision.supersedes:
        raise _Refused(ReceiptStatus.STALE, "That is not the current decision of this case.")
    author, kind = _first(batch, decision.supersedes)
    if author != account.id and account.role != "lead":
        raise _Refused(ReceiptStatus.REJECTED, "Only its author or a lead may supersede a decision.")
    if kind == DecisionKind.WITHDRAW and decision.kind == DecisionKind.WITHDRAW:
        raise _Refused(ReceiptStatus.REJECTED, "The decision is withdrawn already.")
    if found.state == "withdrawn" and not proofs.was_removed_by_rule(batch, found):
        raise _Refused(ReceiptStatus.GONE, "The case was withdrawn: there is nothing left to decide.")
    if found.lease_owner not in (None, account.id):
        raise _Refused(ReceiptStatus.LEASE_LOST, "Somebody else has claimed the case.")


def _first(batch: Batch, decision_id: str) -> tuple[str, str]:
    """The author and the kind of the decision that is superseded."""
    taken = batch.taken(decision_id)
    if taken is not None:
        return taken["reviewer_id"], taken["kind"]
    row = batch.stored(decision_id)
    return row.reviewer_id, row.kind


def _close_case(batch: Batch, decision: DecisionMessage, found: CaseNow) -> list[str]:
    """Writes the case's new state and its current decision."""
    queue = found.queue
    words: list[str] = []
    if decision.supersedes and found.state == "escalated":
        queue = "open"
    if decision.kind == DecisionKind.WITHDRAW:
        state, change = queue, "case_opened"
        words.append("Case reopened")
    elif decision.kind == DecisionKind.ESCALATE:
        state, queue, change = "escalated", "escalated", "case_changed"
    elif decision.kind == DecisionKind.REQUEST_PROOF:
        state, change = "awaiting_proof", "case_changed"
    else:
        state, change = "decided", "case_closed"
        batch.write(_SETTLE, case=decision.case_id, decision=decision.id)
    if found.decision_id:
        _end_current(batch, found.decision_id)
    found.state, found.queue, found.decision_id = state, queue, decision.id
    found.lease_id, found.lease_owner = "", None
    batch.write(_CLOSE, case=decision.case_id, state=state, queue=queue, decision=decision.id)
    record_changes(batch.connection, change, [decision.case_id], batch.moment)
    return words


def _end_current(batch: Batch, decision_id: str) -> None:
    taken = batch.taken(decision_id)
    if taken is not None:
        taken["current"] = False
    else:
        batch.write(_NOT_CURRENT, id=decision_id)


def _store(batch: Batch, decision: DecisionMessage, body: bytes, digest: str, answer: _Answer) -> None:
    batch.take(
        {
            "id": decision.id,
            "case_id": decision.case_id,
            "reviewer_id": batch.account.id,
            "kind": decision.kind,
            "received_at": batch.moment,
            "body": body.decode(),
            "body_sha256": digest,
            "status": answer.status.value,
            "detail": answer.detail,
            "effects": msgspec.json.encode(list(answer.effects)).decode(),
            "current": answer.status is ReceiptStatus.ACCEPTED,
            "supersedes": decision.supersedes,
        }
    )


def decision_page(
    connection: Connection, after: int, limit: int, *, case: str | None = None, reviewer: str | None = None
) -> tuple[list[dict[str, Any]], int | None]:
    """Stored decisions with their first receipts, in the order of arrival."""
    query = select(decisions).where(decisions.c.seq > after).order_by(decisions.c.seq).limit(limit + 1)
    if case:
        query = query.where(decisions.c.case_id == case)
    if reviewer:
        query = query.where(decisions.c.reviewer_id == reviewer)
    rows = connection.execute(query).all()
    items = [
        {
            "decision": msgspec.Raw(row.body.encode()),
            "reviewer": row.reviewer_id,
            "received_at": row.received_at,
            "receipt": _Answer(
                ReceiptStatus(row.status), row.detail, msgspec.json.decode(row.effects, type=list[str])
            ).receipt(row.id),
            "current": row.current,
        }
        for row in rows[:limit]
    ]
    return items, rows[limit - 1].seq if len(rows) > limit else None
