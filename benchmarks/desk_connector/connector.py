"""Gives made-up cases without a server, as many as are asked for; the benchmarks put it into a data folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from reviewer.connectors.api import (
    Case,
    Change,
    Claim,
    Context,
    Flag,
    Lease,
    LeasedCase,
    LeaseKey,
    Listing,
    Money,
    Offence,
    OutgoingDecision,
    Page,
    Receipt,
    ReceiptStatus,
    Renewal,
    Seller,
    Service,
    Standing,
    sha256_hex,
)

_WORDS = (
    "Never used, comes with box and papers. I have more of them in other colours, write to me before you buy. "
    "Payment to the account that I send you; no returns, since the price is final. "
)


class DeskConnector:
    """Every claim is granted for eight hours; nothing is ever sent."""

    def __init__(self, context: Context) -> None:
        self._log = context.logger
        self._given = 0

    def service(self) -> Service:
        return Service(
            name="Benchmark desk",
            server_time=datetime.now(UTC),
            reviewer_id="benchmark",
            reviewer_name="Benchmark",
            role="reviewer",
            capabilities=frozenset({"leases", "submit"}),
            lease_s=28800.0,
            offline_s=28800.0,
            leases_per_reviewer=100_000,
        )

    def claim(
        self,
        count: int,
        *,
        marketplaces: Sequence[str] = (),
        grounds: Sequence[str] = (),
        case_ids: Sequence[str] = (),
        offline_s: float = 0.0,
    ) -> Claim:
        first, self._given = self._given, self._given + count
        items = tuple(
            LeasedCase(_case(number), Lease(f"lease-{number}", 1, 28800.0)) for number in range(first, first + count)
        )
        return Claim(items)

    def renew(self, leases: Sequence[LeaseKey]) -> tuple[Renewal, ...]:
        return tuple(Renewal(lease.id, 28800.0) for lease in leases)

    def release(self, leases: Sequence[LeaseKey]) -> None:
        self._log.debug("%d leases came back", len(leases))

    def submit(self, decisions: Sequence[OutgoingDecision]) -> tuple[Receipt, ...]:
        return tuple(Receipt(item.decision.id, ReceiptStatus.ACCEPTED) for item in decisions)

    def changes(self, cursor: str | None, limit: int = 500) -> Page[Change]:
        return Page((), "end")

    def cases(self, cursor: str | None, limit: int = 500) -> Page[Any]:
        return Page((), None)

    def policies(self) -> Mapping[str, Any]:
        return {}

    def close(self) -> None:
        self._log.debug("closed")


def connect(context: Context) -> DeskConnector:
    """The entry of the manifest."""
    return DeskConnector(context)


def _case(number: int) -> Case:
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number)
    seller = number % 150
    return Case(
        id=f"case-{number:06d}",
        marketplace="market",
        state="leased",
        priority=number % 100,
        due_at=datetime(2030, 1, 1, tzinfo=UTC) + timedelta(minutes=number * 7919 % 100_000),
        opened_at=at,
        listing=Listing(
            id=f"listing-{number:06d}",
            marketplace="market",
            title=f"Leather shoulder bag, gold chain, like new, number {number}",
            revision=sha256_hex(f"listing {number}".encode()),
            description=_WORDS * 3,
            category="bag",
            price=Money(Decimal(20 + number % 90), "EUR"),
            language="en",
            units_sold=number % 300,
            listed_at=at,
        ),
        seller=Seller(
            id=f"seller-{seller}",
            display_name=f"Shop {seller}",
            marketplace="market",
            joined_at=at,
            standing=Standing.WARNED if seller % 3 == 0 else Standing.ACTIVE,
            offences=(Offence("earlier", at, "warn", "counterfeit", 1),) if seller % 3 == 0 else (),
        ),
        flags=(
            Flag(
                id=f"flag-{number}",
                source="automated",
                reason="counterfeit",
                at=at,
                explanation="The pictures resemble those of a protected product.",
                confidence=0.8,
            ),
        ),
    )
