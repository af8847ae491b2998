"""What a batch of decisions reads and writes: read for all of them at once, kept in step, written at once.

A decision touches a dozen rows.  One statement for each would be a dozen journeys to the database; here
a hundred decisions make some twenty.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, or_, select

from reviewer.domain.seller import Offence
from reviewer.domain.values import format_time, parse_time
from reviewer.hub.auth import Account
from reviewer.hub.locks import is_shared
from reviewer.hub.messages import DecisionMessage
from reviewer.hub.prepared import Prepared, among, given, inserting
from reviewer.hub.schema import cases, decisions, listings, measures, offences, sellers
from reviewer.hub.sellers import STANDING_KINDS
from reviewer.hub.sequenced import write_at_end
from reviewer.policy.policy import Policy

#: The states of a case on which a decision about another case of the same listing has an effect.
WAITING = ("open", "leased", "escalated", "awaiting_proof")
#: Stands for a removal by a rule among the kinds of measures on a listing; also the listing's state then.
REMOVED_BY_RULE = "removed_by_rule"

_LOCK_SELLERS = Prepared(
    select(sellers.c.id)
    .where(sellers.c.id.in_(select(cases.c.seller_id).where(among(cases.c.id, "cases"))))
    .order_by(sellers.c.id)
    .with_for_update(key_share=True)
)
_CASES = Prepared(
    select(
        cases.c.id.label("case_id"),
        cases.c.state,
        cases.c.queue,
        cases.c.seller_id,
        cases.c.listing_id,
        cases.c.lease_id,
        cases.c.lease_token,
        cases.c.lease_owner,
        cases.c.decision_id,
        listings.c.title.label("listing_title"),
        listings.c.revision,
        listings.c.base_state,
        cases.c.kind,
        cases.c.proof_id,
        cases.c.appeal_id,
    )
    .join(listings, listings.c.id == cases.c.listing_id)
    .where(among(cases.c.id, "cases"))
    .order_by(cases.c.id)
    .with_for_update(of=cases, key_share=True)
)
_STORED = Prepared(
    select(
        decisions.c.id,
        decisions.c.reviewer_id,
        decisions.c.kind,
        decisions.c.body_sha256,
        decisions.c.status,
        decisions.c.detail,
        decisions.c.effects,
    ).where(among(decisions.c.id, "ids"))
)
_STORE = Prepared(inserting(decisions))
#: Those that may still count: the ladder passes over the others.
_OFFENCES = Prepared(
    select(offences).where(
        among(offences.c.seller_id, "sellers"),
        offences.c.overturned.is_(False),
        or_(offences.c.expires_at.is_(None), offences.c.expires_at > given("moment")),
    )
)
_ON_LISTINGS = Prepared(
    select(measures.c.listing_id, measures.c.kind, measures.c.rule).where(
        among(measures.c.listing_id, "listings"), measures.c.undone.is_(False)
    )
)
_ON_SELLERS = Prepared(
    select(measures.c.seller_id, measures.c.kind, measures.c.ends_at).where(
        among(measures.c.seller_id, "sellers"), measures.c.undone.is_(False), measures.c.kind.in_(STANDING_KINDS)
    )
)
_BASES = Prepared(select(sellers.c.id, sellers.c.base_standing).where(among(sellers.c.id, "sellers")))
_SIBLINGS = Prepared(
    select(cases.c.id, cases.c.listing_id, cases.c.queue, cases.c.state)
    .where(among(cases.c.listing_id, "listings"), cases.c.state.in_(WAITING), cases.c.kind != "appeal")
    .order_by(cases.c.seq)
)


@dataclass(slots=True)
class CaseNow:
    """A case with its listing, as it is after what this batch did so far."""

    case_id: str
    state: str
    queue: str
    seller_id: str
    listing_id: str
    lease_id: str
    lease_token: int
    lease_owner: str | None
    decision_id: str
    listing_title: str
    revision: str
    base_state: str
    kind: str
    proof_id: str
    appeal_id: str


@dataclass(slots=True)
class StandingNow:
    """What a seller's standing follows from: the marketplace's own and the measures in force with their ends."""

    base: str
    measures: list[tuple[str, str | None]]


class Batch:
    """The rows that some decisions are about, locked and at hand; what is written waits for `flush`."""

    def __init__(
        self,
        connection: Connection,
        account: Account,
        messages: Sequence[DecisionMessage],
        policy: Policy,
        now: datetime,
    ) -> None:
        self.connection = connection
        self.account = account
        self.policy = policy
        self.now = now
        self.moment = format_time(now)
        case_ids = sorted({message.case_id for message in messages})
        if is_shared(connection):
            _LOCK_SELLERS.rows(connection, cases=case_ids)
        self._cases = {row.case_id: CaseNow(*row) for row in _CASES.rows(connection, cases=case_ids)}
        ids = {message.id for message in messages} | {message.supersedes for message in messages} - {""}
        self._stored = {row.id: row for row in _STORED.rows(connection, ids=sorted(ids))}
        self._taken: dict[str, dict[str, Any]] = {}
        self._writes: dict[Prepared, list[dict[str, Any]]] = {}
        self._offences: dict[str, list[Offence]] = {}
        self._on_listings: dict[str, list[str]] = {}
        self._standings: dict[str, StandingNow] = {}
        self._siblings: dict[str, list[Any]] = {}

    def case(self, case_id: str) -> CaseNow | None:
        """The named case, where it exists."""
        return self._cases.get(case_id)

    def stored(self, decision_id: str) -> Any:
        """The row of a decision from before this batch, or None."""
        return self._stored.get(decision_id)

    def taken(self, decision_id: str) -> dict[str, Any] | None:
        """The row of a decision of this batch, which is not written yet and may be changed, or None."""
        return self._taken.get(decision_id)

    def take(self, row: dict[str, Any]) -> None:
        """Keeps the row of a decision for the end of the transaction."""
        self._taken[row["id"]] = row

    def write(self, statement: Prepared, **values: Any) -> None:
        """Keeps a write; those of one statement come in order, those of several don't."""
        self._writes.setdefault(statement, []).append(values)

    def flush(self) -> None:
        """Writes what is kept, so that other statements see it."""
        for statement, rows in self._writes.items():
            statement.run_all(self.connection, rows)
        self._writes.clear()

    def close(self) -> None:
        """Writes everything, the decisions themselves at the end of the transaction."""
        self.flush()
        write_at_end(self.connection, _STORE, list(self._taken.values()))

    def forget(self, found: CaseNow) -> None:
        """Reads again what was read of the seller and the listing of a case: other statements have changed it."""
        for kept in (self._offences, self._standings):
            kept.pop(found.seller_id, None)
        for rows in (self._on_listings, self._siblings):
            rows.pop(found.listing_id, None)
        ids = [case.case_id for case in self._cases.values() if case.seller_id == found.seller_id]
        for row in _CASES.rows(self.connection, cases=ids):
            for name, value in zip(row._fields, row, strict=True):
                setattr(self._cases[row.case_id], name, value)

    def offences(self, seller_id: str) -> list[Offence]:
        """The seller's offences that may count; who writes one adds it here."""
        if seller_id not in self._offences:
            wanted = self._missing(self._offences, self._sellers(), seller_id)
            self._offences |= {name: [] for name in wanted}
            for row in _OFFENCES.rows(self.connection, sellers=wanted, moment=self.moment):
                self._offences[row.seller_id].append(_offence(row))
        return self._offences[seller_id]

    def on_listing(self, listing_id: str) -> list[str]:
        """The kinds of the measures on a listing that are not undone; who writes one adds it here."""
        if listing_id not in self._on_listings:
            wanted = self._missing(self._on_listings, self._listings(), listing_id)
            self._on_listings |= {name: [] for name in wanted}
            for row in _ON_LISTINGS.rows(self.connection, listings=wanted):
                self._on_listings[row.listing_id].append(REMOVED_BY_RULE if row.rule else row.kind)
        return self._on_listings[listing_id]

    def standing(self, seller_id: str) -> StandingNow:
        """What the seller's standing follows from; who writes a measure adds it here."""
        if seller_id not in self._standings:
            wanted = self._missing(self._standings, self._sellers(), seller_id)
            for row in _BASES.rows(self.connection, sellers=wanted):
                self._standings[row.id] = StandingNow(row.base_standing, [])
            for row in _ON_SELLERS.rows(self.connection, sellers=wanted):
                self._standings[row.seller_id].measures.append((row.kind, row.ends_at))
        return self._standings[seller_id]

    def siblings(self, found: CaseNow) -> list[tuple[str, str, str]]:
        """The other waiting cases of a case's listing: id, queue and state."""
        if found.listing_id not in self._siblings:
            wanted = self._missing(self._siblings, self._listings(), found.listing_id)
            self._siblings |= {name: [] for name in wanted}
            for row in _SIBLINGS.rows(self.connection, listings=wanted):
                self._siblings[row.listing_id].append(row)
        others = []
        for row in self._siblings[found.listing_id]:
            now = self._cases.get(row.id, row)
            if row.id != found.case_id and now.state in WAITING:
                others.append((row.id, now.queue, now.state))
        return others

    def _sellers(self) -> Iterable[str]:
        return (case.seller_id for case in self._cases.values())

    def _listings(self) -> Iterable[str]:
        return (case.listing_id for case in self._cases.values())

    @staticmethod
    def _missing(known: dict[str, Any], names: Iterable[str], first: str) -> list[str]:
        """All names at the first time; later only the one that was forgotten."""
        return [first] if known else sorted(set(names))


def _offence(row: Any) -> Offence:
    return Offence(
        row.decision_id,
        parse_time(row.at),
        row.kind,
        row.ground,
        row.points,
        parse_time(row.expires_at) if row.expires_at else None,
        bool(row.overturned),
        full_points=row.full_points,
    )
