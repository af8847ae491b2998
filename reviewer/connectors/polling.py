"""Leases for servers that know none: what was polled is kept here, and claims are answered from it.

A marketplace whose connector polls belongs to one workstation; who works on what is known here alone.  A lease is named
after its case, so that it outlives this process: after a restart the cases are polled anew and the leases renewed.
"""

from __future__ import annotations

import bisect
import itertools
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, cast

import msgspec

from reviewer.connectors.api import (
    Case,
    CaseRow,
    CaseState,
    Change,
    Claim,
    Connector,
    CursorLost,
    DecisionKind,
    Lease,
    LeasedCase,
    LeaseKey,
    OutgoingDecision,
    Page,
    Polling,
    Quarantined,
    Receipt,
    ReceiptStatus,
    Renewal,
    Service,
)
from reviewer.connectors.manifest import Manifest
from reviewer.domain.urgency import reach_of, trust_of, urgency_of_case

#: How long what was polled is taken for new.
FRESH_S = 5.0
LEASE_S = 3600.0
_PAGE = 500
_GONE = frozenset({CaseState.DECIDED.value, CaseState.WITHDRAWN.value})
_DONE = 5000
_CHANGES = 100_000
_PREFIX = "poll:"


@dataclass(frozen=True, slots=True)
class _Kept:
    """A case as it was polled: what claims choose by, and the rest as bytes, a tenth of the size."""

    rank: int
    marketplace: str
    grounds: tuple[str, ...]
    body: bytes


def polled(connector: Connector, manifest: Manifest) -> Connector:
    """A connector that polls, with the calls of one that claims."""
    return cast("Connector", PolledConnector(connector, manifest.id))


class PolledConnector:
    """One call at a time, like every connector.  What it does not answer itself is answered by the connector."""

    def __init__(self, connector: Connector, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._connector = connector
        self._clock = clock
        self._generation = f"{name}-{time.time_ns():x}"
        self._open: dict[str, _Kept] = {}
        self._order: list[str] = []
        self._by_id: list[str] = []
        self._sorted = True
        self._done: OrderedDict[str, _Kept] = OrderedDict()
        self._leased: set[str] = set()
        self._skipped: set[str] = set()
        self._cursor: str | None = None
        self._polled_at = float("-inf")
        self._numbers = itertools.count(1)
        self._changes: deque[tuple[int, Change]] = deque(maxlen=_CHANGES)
        self._last = 0
        self._quarantined: list[Quarantined] = []
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(Case)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connector, name)

    def service(self) -> Service:
        service = self._connector.service()
        return replace(service, capabilities=service.capabilities | {"leases", "cases", "changes"})

    def claim(
        self,
        count: int,
        *,
        marketplaces: Sequence[str] = (),
        grounds: Sequence[str] = (),
        case_ids: Sequence[str] = (),
        offline_s: float = 0.0,
    ) -> Claim:
        self._poll()
        wanted = set(grounds)
        chosen = []
        for case_id in case_ids or self._sort():
            kept = self._open.get(case_id)
            if kept is None or (not case_ids and (case_id in self._leased or case_id in self._skipped)):
                continue
            if (marketplaces and kept.marketplace not in marketplaces) or (wanted and wanted.isdisjoint(kept.grounds)):
                continue
            chosen.append(case_id)
            if len(chosen) >= count:
                break
        self._leased.update(chosen)
        ttl = max(LEASE_S, offline_s)
        items = tuple(
            LeasedCase(self._decoder.decode(self._open[case_id].body), Lease(f"{_PREFIX}{case_id}", 1, ttl))
            for case_id in chosen
        )
        bad, self._quarantined = tuple(self._quarantined), []
        return Claim(items, 15.0, bad)

    def renew(self, leases: Sequence[LeaseKey]) -> tuple[Renewal, ...]:
        self._poll()
        answers = []
        for lease in leases:
            case_id = lease.id.removeprefix(_PREFIX)
            known = case_id in self._open
            if known:
                self._leased.add(case_id)
            answers.append(Renewal(lease.id, LEASE_S if known else None))
        return tuple(answers)

    def release(self, leases: Sequence[LeaseKey]) -> None:
        for lease in leases:
            case_id = lease.id.removeprefix(_PREFIX)
            self._leased.discard(case_id)
            if lease.reason and lease.reason != "done_for_today":
                self._skipped.add(case_id)

    def submit(self, decisions: Sequence[OutgoingDecision]) -> tuple[Receipt, ...]:
        receipts = self._connector.submit(decisions)
        for item, receipt in zip(decisions, receipts, strict=False):
            if receipt.status not in (ReceiptStatus.ACCEPTED, ReceiptStatus.DUPLICATE):
                continue
            case_id = item.decision.case_id
            if item.decision.kind is DecisionKind.WITHDRAW:
                self._reopen(case_id)
            else:
                self._close_case(case_id)
        return receipts

    def cases(self, cursor: str | None, limit: int = 500) -> Page[CaseRow]:
        if cursor is None:
            self._poll()
        self._sort()
        start = bisect.bisect_right(self._by_id, cursor) if cursor is not None else 0
        names = self._by_id[start : start + limit]
        rows = tuple(self._row(self._open[name]) for name in names)
        return Page(rows, names[-1] if start + limit < len(self._by_id) else None)

    def changes(self, cursor: str | None, limit: int = 500) -> Page[Change]:
        self._poll()
        if cursor is None:
            return Page((), f"{self._generation}:{self._last}")
        generation, _, number = cursor.rpartition(":")
        first = self._changes[0][0] if self._changes else self._last + 1
        if generation != self._generation or not number.isdigit() or not first - 1 <= int(number) <= self._last:
            raise CursorLost("The list of changes begins anew; the whole queue is read again.")
        found = list(itertools.islice((row for row in self._changes if row[0] > int(number)), limit))
        return Page(tuple(change for _, change in found), f"{generation}:{found[-1][0] if found else number}")

    def _poll(self) -> None:
        """Bring what is kept up to date, if it is not new."""
        if self._clock() - self._polled_at < FRESH_S:
            return
        whole = self._cursor is None
        cursor, seen = self._cursor, set()
        while True:
            page = cast("Polling", self._connector).poll(cursor, _PAGE)
            for case in page.items:
                self._take(case)
                seen.add(case.id)
            self._quarantined = [*self._quarantined, *page.quarantined][-_PAGE:]
            ended = page.next_cursor in (None, cursor) or not (page.items or page.quarantined)
            cursor = page.next_cursor
            if ended:
                break
        if whole:
            for case_id in self._open.keys() - seen:
                self._close_case(case_id)
        self._cursor = cursor
        self._polled_at = self._clock()

    def _take(self, case: Case) -> None:
        if case.state in _GONE:
            self._close_case(case.id)
            return
        body = self._encoder.encode(case)
        before = self._open.get(case.id)
        if before is not None and before.body == body:
            return
        grounds = tuple(flag.reason for flag in case.flags)
        self._open[case.id] = _Kept(urgency_of_case(case, _no_ground).rank(), case.marketplace, grounds, body)
        self._sorted = False
        if self._polled_at > float("-inf"):  # the first reading is the whole queue, and no change
            kind = "case_opened" if before is None else "listing_changed"
            self._note(Change(kind, case.id, datetime.now(UTC), row_of(case)))

    def _close_case(self, case_id: str) -> None:
        kept = self._open.pop(case_id, None)
        self._leased.discard(case_id)
        if kept is None:
            return
        self._done[case_id] = kept
        if len(self._done) > _DONE:
            self._done.popitem(last=False)
        self._sorted = False
        self._note(Change("case_closed", case_id, datetime.now(UTC)))

    def _reopen(self, case_id: str) -> None:
        kept = self._done.pop(case_id, None)
        if kept is not None and case_id not in self._open:
            self._open[case_id] = kept
            self._sorted = False
            self._note(Change("case_opened", case_id, datetime.now(UTC), self._row(kept)))

    def _note(self, change: Change) -> None:
        self._last = next(self._numbers)
        self._changes.append((self._last, change))

    def _sort(self) -> list[str]:
        if not self._sorted:
            self._order = sorted(self._open, key=lambda name: (self._open[name].rank, name))
            self._by_id = sorted(self._open)
            self._sorted = True
        return self._order

    def _row(self, kept: _Kept) -> CaseRow:
        return row_of(self._decoder.decode(kept.body))


def _no_ground(_: str) -> None:
    """Such a server has no house rules of its own: every ground is as grave as usual."""


def row_of(case: Case) -> CaseRow:
    """A case as a row of the queue table."""
    offer, seller = case.listing, case.seller
    first = case.flags[0] if case.flags else None
    return CaseRow(
        case.id, case.marketplace, case.state, case.priority, case.due_at, offer.title, offer.brand, offer.category,
        seller.id, seller.display_name, seller.standing, first.reason if first else "", first.source if first else "",
        len(case.flags), offer.price, offer.language, reach=reach_of(offer.units_sold),
        trust=trust_of(flag.source for flag in case.flags),
    )  # fmt: skip
