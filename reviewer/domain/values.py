"""Small values that many records share: money, times, article numbers, digests."""

from __future__ import annotations

import hashlib
import secrets
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

_MOST_DIGITS = 24


@dataclass(frozen=True, slots=True)
class Money:
    """An amount as the marketplace gave it.

    `currency` is an ISO 4217 code, or None where the marketplace sent none: then the amount is shown
    with the remark that its currency is missing, and never compared with another.  Raises ValueError for
    an amount that is no number or beyond all prices: it could neither be shown nor compared.
    """

    amount: Decimal
    currency: str | None

    def __post_init__(self) -> None:
        if not self.amount.is_finite() or abs(self.amount.adjusted()) > _MOST_DIGITS:
            raise ValueError("an amount that is no price")

    def __str__(self) -> str:
        return f"{self.amount:,} {self.currency}" if self.currency else f"{self.amount:,} (currency missing)"


def money(amount: str, currency: str | None) -> Money:
    """`Money` from a decimal string; raises ValueError where it is none or not finite."""
    try:
        value = Decimal(amount)
    except InvalidOperation:
        raise ValueError(f"not a decimal number: {amount[:40]!r}") from None
    if not value.is_finite():
        raise ValueError(f"not a finite number: {amount[:40]!r}")
    return Money(value, currency or None)


def parse_time(text: str) -> datetime:
    """A time in UTC from an RFC 3339 text; raises ValueError where it has no offset or is none."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"a time without its offset: {text!r}")
    return moment.astimezone(UTC)


def format_time(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds, such as `2026-03-01T08:15:00.000Z`: sorts as text."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def gtin_is_valid(text: str) -> bool:
    """Whether a GTIN-8, -12, -13 or -14 has the right check digit (GS1 General Specifications, 7.9)."""
    if len(text) not in (8, 12, 13, 14) or not (text.isascii() and text.isdigit()):
        return False
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(text[:-1])))
    return (10 - total % 10) % 10 == int(text[-1])


def sha256_hex(data: bytes) -> str:
    """The SHA-256 of some bytes in lower-case hexadecimal: the name of pictures, documents, revisions."""
    return hashlib.sha256(data).hexdigest()


def is_sha256(text: str) -> bool:
    """Whether a text is a lower-case hexadecimal SHA-256, fit to name a file."""
    return len(text) == 64 and not text.strip("0123456789abcdef")


def new_id() -> str:
    """A UUID of version 7 (RFC 9562, 5.7): random, and ordered by time, which keeps indices compact."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & (1 << 48) - 1) << 80 | 7 << 76 | secrets.randbits(12) << 64 | 2 << 62 | secrets.randbits(62)
    return str(uuid.UUID(int=value))
