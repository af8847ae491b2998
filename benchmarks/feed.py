"""Feeds a running hub with listings: `python -m benchmarks.feed url token cases own|shared`.

With `own` no two listings share a picture.  The demo has few pictures, so that after a while everything
would be painted from memory; here each listing gets two of its own: files of the demo with a comment of
its own in them, which makes them other files to all that stores, fetches, checks and decodes them.
"""

from __future__ import annotations

import csv
import hashlib
import sys
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests

from reviewer.resources import resources_folder

_BATCH = 100
_WORDS = (
    "Bought as a gift and never used; comes with the box and the papers that were in it. Sent with tracking the next "
    "day. I have more of them in other colours, write to me before you buy. No returns, since the price is final. "
)
_GROUNDS = ("counterfeit", "trademark", "copyright", "misleading")


def main() -> None:
    """Upload the pictures, then the listings, above every other priority."""
    url, token, cases, own = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4] == "own"
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {token}"
    sellers = _sellers(session, url)
    products = _products(resources_folder() / "demo")
    names = sorted(products)
    now = datetime.now(UTC)
    with ThreadPoolExecutor(4) as lanes:
        for start in range(0, cases, _BATCH):
            items = []
            for number in range(start, min(start + _BATCH, cases)):
                product = names[number % len(names)]
                kept = products[product]
                data = [kept[(number + place) % len(kept)].read_bytes() for place in (0, 1)]
                if own:
                    data = [_commented(one, number, place) for place, one in enumerate(data)]
                digests = [hashlib.sha256(one).hexdigest() for one in data]
                if own:
                    list(lanes.map(lambda digest, one: _put(session, url, digest, one), digests, data))
                items.append(_item(number, product, digests, sellers[number % len(sellers)], now))
            session.post(f"{url}/v1/listings", json={"items": items}, timeout=60).raise_for_status()


def _sellers(session: requests.Session, url: str) -> list[dict[str, str]]:
    """The demo's sellers of open cases, who have histories."""
    answer = session.get(f"{url}/v1/cases", params={"limit": 500}, timeout=60)
    answer.raise_for_status()
    rows = {row["seller_id"]: row for row in answer.json()["items"]}
    return [
        {"id": key, "display_name": row["seller_name"], "marketplace": row["marketplace"]}
        for key, row in sorted(rows.items())
    ]


def _products(folder: Path) -> dict[str, list[Path]]:
    found: defaultdict[str, list[Path]] = defaultdict(list)
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["role"] != "reference" and row["file"].endswith(".jpg"):
                found[row["product"]].append(folder / row["file"])
    return dict(found)


def _commented(data: bytes, number: int, place: int) -> bytes:
    words = f"listing {number} picture {place}".encode()
    return data[:2] + b"\xff\xfe" + (len(words) + 2).to_bytes(2) + words + data[2:]


def _put(session: requests.Session, url: str, digest: str, data: bytes) -> None:
    session.put(f"{url}/v1/media/{digest}", data=data, timeout=60).raise_for_status()


def _item(number: int, product: str, digests: list[str], seller: dict[str, str], now: datetime) -> dict[str, Any]:
    at = now - timedelta(hours=3, minutes=number % 180)
    return {
        "listing": {
            "id": f"fed-{number:06d}",
            "marketplace": seller["marketplace"],
            "title": f"{product.replace('-', ' ').title()}, like new, quick sale, number {number}",
            "description": _WORDS * 3,
            "brand": "",
            "category": product,
            "price": {"amount": f"{20 + number % 90}.00", "currency": "EUR"},
            "language": "en",
            "units_sold": number % 300,
            "pictures": [{"sha256": digest} for digest in digests],
        },
        "seller": seller,
        "flags": [
            {
                "id": f"fed-{number:06d}-flag",
                "source": "automated",
                "reason": _GROUNDS[number % len(_GROUNDS)],
                "at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                "explanation": "The pictures resemble those of a protected product.",
                "confidence": 0.8,
            }
        ],
        "references": [product],
        "due_at": (now + timedelta(hours=4, seconds=number)).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "priority": 1000,
    }


if __name__ == "__main__":
    main()
