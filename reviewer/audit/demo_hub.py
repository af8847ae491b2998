"""What the demo history's hub knows beside the decisions: receipts, measures, offences, proofs, keys, refused heads."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import timedelta

from reviewer.audit.pack import PackWriter
from reviewer.domain.case import Case
from reviewer.domain.decision import AGAINST_SELLER, Decision
from reviewer.domain.values import format_time

_POINTS = {"counterfeit": 2}
_EXPIRES = timedelta(days=365)
_REASON = "the log {} does not go on from the {} rows that were seen (a fork)"


def write_hub_tables(
    writer: PackWriter, decided: Iterable[tuple[Decision, Case]], logs: Sequence[str], start: str
) -> None:
    """Rows for each decision, and for each log a key that was taken back and a head that was refused, at `start`."""
    for number, (decision, case) in enumerate(decided):
        at, seller = decision.decided_at, case.seller.id
        arrived, moment = format_time(at + timedelta(seconds=10)), format_time(at)
        writer.add("receipts", (decision.id, arrived, "accepted", "", "[]"))
        if decision.measure is not None:
            made = decision.measure
            ends = format_time(at + timedelta(days=made.days)) if made.days else None
            values = (decision.id, made.kind.value, made.scope, seller, decision.listing_id, moment, ends, 0, "")
            writer.add("measures", values)
        if decision.kind in AGAINST_SELLER:
            points = _POINTS.get(decision.ground, 1)
            expires = format_time(at + _EXPIRES)
            row = (decision.id, seller, moment, decision.kind.value, decision.ground, points, expires, 0)
            writer.add("offences", row)
        if number % 97 == 5:
            writer.add("proofs", _proof(number, decision, case))
    for log in logs:
        digest = hashlib.sha256(log.encode()).hexdigest()
        writer.add("revocations", (log, digest, start, "Omar Duarte"))
        writer.add("refusals", (log, 90, digest, digest, start, _REASON.format(log, 80)))


def _proof(number: int, decision: Decision, case: Case) -> tuple[object, ...]:
    """One that came in time and was accepted, every third that did not come."""
    asked = decision.decided_at - timedelta(days=9)
    missed = number % 3 == 0
    came = None if missed else format_time(asked + timedelta(days=4))
    judged = None if missed else format_time(asked + timedelta(days=5))
    due = format_time(asked + timedelta(days=7))
    return (
        f"p-{number:06d}", decision.id, decision.listing_id, case.seller.id, case.listing.brand,
        "missed" if missed else "accepted", format_time(asked), due, came, judged, "", None, due if missed else None,
    )  # fmt: skip
