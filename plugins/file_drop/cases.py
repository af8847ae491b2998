"""From the row of a file to a case."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from reviewer.connectors.api import (
    Case,
    Flag,
    Listing,
    Money,
    Picture,
    Seller,
    gtin_is_valid,
    money,
    parse_time,
    revision_digest,
)

_ID = 128
_TITLE = 4000
_PRIORITY = 1_000_000
_EXCEL = datetime(1899, 12, 30, tzinfo=UTC)
_STATES = {"": "open", "open": "open", "withdrawn": "withdrawn", "closed": "withdrawn", "decided": "decided"}
_KINDS = {".jpg": "jpeg", ".jpeg": "jpeg", ".png": "png", ".gif": "gif", ".webp": "webp", ".avif": "avif"}


class BadRow(Exception):
    """A row that is no listing, with the reason."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How rows are read: which column is which field, and what stands for what is missing."""

    columns: Mapping[str, str]
    marketplace: str
    currency: str
    pictures: Path
    began: datetime


class Pictures:
    """Names of picture files with their digests; a file is read once for as long as it does not change."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, tuple[tuple[int, int], str]] = {}
        self.paths: dict[str, Path] = {}

    def named(self, name: str) -> Picture:
        """Raises `BadRow` where there is no such file in the folder."""
        path = self._folder / name
        try:
            if not path.resolve().is_relative_to(self._folder.resolve()):
                raise BadRow(f"the picture {name[:80]!r} lies outside of the folder of pictures")
            told = path.stat()
            sign = (told.st_size, told.st_mtime_ns)
            known = self._known.get(name)
            if known is None or known[0] != sign:
                known = (sign, hashlib.sha256(path.read_bytes()).hexdigest())
                self._known[name] = known
        except (OSError, ValueError) as error:
            raise BadRow(f"the picture {name[:80]!r} can't be read") from error
        self.paths[known[1]] = path
        return Picture(known[1], media_type=f"image/{_KINDS.get(path.suffix.lower(), 'jpeg')}")


def case_from(row: Mapping[str, Any], reading: Reading, pictures: Pictures) -> Case:
    """The case of a row; raises `BadRow`."""

    def text(field: str, most: int = 200) -> str:
        value = row.get(reading.columns.get(field) or field, "")
        if value is None:
            return ""
        told = value if isinstance(value, str) else f"{value:g}" if isinstance(value, float) else str(value)
        return told.strip()[:most]

    listing_id = text("id", _ID + 1)
    if not listing_id or len(listing_id) > _ID:
        raise BadRow(f"the column {reading.columns.get('id') or 'id'!r} must have 1 to {_ID} characters")
    title = text("title", _TITLE)
    if not title:
        raise BadRow(f"the column {reading.columns.get('title') or 'title'!r} is empty")
    state = _STATES.get(text("state").lower())
    if state is None:
        raise BadRow(f"the state {text('state')!r} is none of open, withdrawn, decided")
    price = _price(text("price"), text("currency") or reading.currency)
    shown = tuple(pictures.named(name) for name in _names(row.get(reading.columns.get("pictures") or "pictures")))
    gtin = text("gtin", 14)
    content = {
        "title": title,
        "description": text("description", 500_000),
        "brand": text("brand"),
        "category": text("category"),
        "gtin": gtin if gtin_is_valid(gtin) else "",
    }
    revision = revision_digest(
        **content,
        price=str(price.amount) if price else "",
        currency=(price.currency or "") if price else "",
        pictures=[picture.sha256 for picture in shown],
    )
    listing = Listing(
        id=listing_id, marketplace=reading.marketplace, title=title, revision=revision,
        description=content["description"], brand=content["brand"], category=content["category"], price=price,
        gtin=content["gtin"], country=text("country", 2).upper(), language=text("language", 35),
        url=text("url", _TITLE), pictures=shown,
    )  # fmt: skip
    flagged = _moment(text("flagged_at"), "flagged_at") or reading.began
    reason, seller = text("reason") or "counterfeit", text("seller_id", _ID) or text("seller_name", _ID) or "unknown"
    flag = Flag(f"{listing_id[:100]}-flag", text("source") or "staff", reason, flagged, text("explanation", 20_000))
    return Case(
        listing_id, reading.marketplace, state, _priority(text("priority")), _moment(text("due_at"), "due_at"), flagged,
        listing, Seller(seller, text("seller_name") or seller, reading.marketplace), (flag,),
    )  # fmt: skip


def _names(value: Any) -> list[str]:
    if isinstance(value, list):
        return [str(name) for name in value]
    return [name.strip() for name in str(value or "").split("|") if name.strip()]


def _price(amount: str, currency: str) -> Money | None:
    if not amount:
        return None
    bare = amount.replace("\u00a0", "").replace(" ", "").replace("'", "")
    if "," in bare and "." in bare:  # the last of both parts the fraction off
        bare = bare.replace("." if bare.rindex(",") > bare.rindex(".") else ",", "")
    try:
        return money(bare.replace(",", "."), currency.upper() or None)
    except ValueError:
        raise BadRow(f"the price {amount[:40]!r} is no number") from None


def _priority(value: str) -> int:
    try:
        number = float(value or 0)
    except ValueError:
        raise BadRow(f"the priority {value[:40]!r} is no number") from None
    return int(max(0, min(_PRIORITY, number))) if math.isfinite(number) else 0


def _moment(value: str, field: str) -> datetime | None:
    """A time of RFC 3339, a day, or the serial number of a spreadsheet; days and numbers are in UTC."""
    if not value:
        return None
    try:
        if value.replace(".", "", 1).isdigit() and len(value.partition(".")[0]) == 5:
            return _EXCEL + timedelta(days=float(value))
        told = datetime.fromisoformat(value)
        return parse_time(value) if told.tzinfo else told.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise BadRow(f"{field} {value[:40]!r} is no time, such as 2026-03-01T08:15:00Z") from None
