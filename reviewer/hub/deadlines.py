"""What falls due by itself: proofs that did not come by their deadline, accepted ones that end.

Each proof is one transaction under the locks of its seller and its case, so that two hubs on one database, or one
that is ended in the middle, do it once.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from reviewer.domain.values import format_time
from reviewer.hub.automatic import remove
from reviewer.hub.changes import record_changes
from reviewer.hub.notice_outcomes import follow_decisions
from reviewer.hub.schema import cases, flags, proofs
from reviewer.hub.store import Store
from reviewer.hub.submissions import bring_back, locked_proof
from reviewer.policy.model import Policy

_log = logging.getLogger(__name__)
_EVERY_S = 30.0
_PASS = 200


@dataclass(frozen=True, slots=True)
class Passed:
    """What a pass did: listings removed by the rule, cases put back for a person, proofs that ended."""

    removed: int = 0
    returned: int = 0
    expired: int = 0

    def __add__(self, other: Passed) -> Passed:
        return Passed(self.removed + other.removed, self.returned + other.returned, self.expired + other.expired)


def run_deadlines(store: Store) -> Passed:
    """Does what is due now, once; to be called again and again."""
    total = Passed()
    while True:
        names = store.database.read(lambda connection: _due(connection, store.now(connection)))
        step = Passed()
        for name in names:
            step += store.database.write(
                lambda connection, name=name: _act(  # type: ignore[misc]
                    connection, name, store.rules_in_force(connection), store.now(connection)
                )
            )
        total += step
        if len(names) < _PASS or step == Passed():
            return total


def _due(connection: Connection, now: datetime) -> list[str]:
    """The proofs that a deadline has come for, the oldest first."""
    moment = format_time(now)
    waiting = (
        select(proofs.c.id)
        .join(cases, cases.c.id == proofs.c.case_id)
        .where(
            cases.c.state == "awaiting_proof",
            cases.c.proof_id == proofs.c.id,
            ((proofs.c.state == "requested") & (proofs.c.due_at <= moment)) | (proofs.c.state == "submitted"),
        )
        .order_by(proofs.c.due_at, proofs.c.seq)
        .limit(_PASS)
    )
    ended = (
        select(proofs.c.id)
        .where(proofs.c.state == "accepted", proofs.c.valid_until <= moment)
        .order_by(proofs.c.valid_until, proofs.c.seq)
        .limit(_PASS)
    )
    return [*connection.execute(waiting).scalars(), *connection.execute(ended).scalars()][:_PASS]


def _act(connection: Connection, proof_id: str, policy: Policy, now: datetime) -> Passed:
    """Looks again under the locks, and does what is due."""
    locked = locked_proof(connection, proof_id)
    if locked is None:
        return Passed()
    proof, case = locked
    moment = format_time(now)
    if proof.state == "accepted":
        if proof.valid_until > moment:
            return Passed()
        connection.execute(update(proofs).where(proofs.c.id == proof_id).values(state="expired"))
        return Passed(expired=1)
    if case.state != "awaiting_proof" or case.proof_id != proof_id:
        return Passed()
    if proof.state == "submitted":  # its case was away when the documents came
        bring_back(connection, proof, case, policy, now)
        return Passed(returned=1)
    if proof.state != "requested" or proof.due_at > moment:
        return Passed()
    why = (
        remove(connection, policy, proof, now) if policy.proofs.remove_at_deadline else "the rules leave it to a person"
    )
    if why:
        _log.info("no proof came for %s; its case goes back into the queue: %s", proof.listing_id, why)
        connection.execute(update(proofs).where(proofs.c.id == proof_id).values(state="missed"))
        bring_back(connection, proof, case, policy, now, "listing")
        return Passed(returned=1)
    connection.execute(
        update(cases)
        .where(cases.c.id == case.id)
        .values(state="withdrawn", lease_owner=None, lease_expires_at=None, lease_id="")
    )
    connection.execute(
        update(flags).where(flags.c.case_id == case.id, flags.c.settled_by == "").values(settled_by=proof_id)
    )
    record_changes(connection, "case_closed", [case.id], moment)
    follow_decisions(connection, "", [proof.listing_id], {}, policy, now)
    return Passed(removed=1)


@contextmanager
def keeping_deadlines(store: Store, every_s: float = _EVERY_S) -> Iterator[None]:
    """Runs passes on a thread of its own for as long as the block runs."""
    ended = threading.Event()

    def run() -> None:
        while not ended.is_set():
            try:
                done = run_deadlines(store)
                if done != Passed():
                    _log.info("deadlines: %s", done)
            except RuntimeError:
                return  # the hub was closed
            except Exception:  # noqa: BLE001 - the next pass begins anew: what is due is durable
                _log.exception("a pass over the deadlines failed")
            ended.wait(every_s)

    thread = threading.Thread(target=run, name="deadlines", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
