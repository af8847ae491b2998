"""A shop on django-oscar with django-oscar-api: flagged products in, takedowns and their reversals out.

A product is flagged by a text attribute; what was decided is kept in another one, so that the shop itself knows what
was done and a decision that is sent twice acts once.  A takedown makes the product non-public, a reversal makes it what
it was.  Oscar knows partners and no sellers with a standing: warnings, restrictions and suspensions can't be carried
out there, and this connector does not declare them.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import time
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests

from reviewer.connectors.api import (
    Case,
    Context,
    DecisionKind,
    Flag,
    Listing,
    Marketplace,
    Money,
    OutgoingDecision,
    Page,
    Picture,
    Quarantined,
    RateLimited,
    Receipt,
    ReceiptStatus,
    Refused,
    Seller,
    Service,
    Unauthorized,
    Unavailable,
    date_of,
    json_of,
    parse_time,
    retry_after_s,
    revision_digest,
    sha256_hex,
)

_LIST_BYTES = 64 * 1024 * 1024
_MEDIA_BYTES = 20 * 1024 * 1024
_RECORDS = 20
_KINDS = {".jpg": "jpeg", ".jpeg": "jpeg", ".png": "png", ".gif": "gif", ".webp": "webp"}
_TAG = re.compile(r"<[^>]*>")
_BREAK = re.compile(r"<br\s*/?>|</p>|</li>|</h\d>", re.IGNORECASE)


class PictureNames:
    """Addresses of pictures with the digests of their bytes, kept over restarts."""

    def __init__(self, folder: str) -> None:
        self._path = Path(folder) / "pictures.json" if folder else None
        self._digests: dict[str, str] = {}
        self.load()

    def load(self) -> None:
        """Read what another instance kept."""
        try:
            told = json.loads(self._path.read_bytes()) if self._path else {}
        except (OSError, ValueError):
            return
        if isinstance(told, dict):
            self._digests |= {str(key): str(value) for key, value in told.items()}

    def digest(self, path: str) -> str:
        """The digest of a picture; empty where it is not known."""
        return self._digests.get(path, "")

    def path_of(self, digest: str) -> str:
        """Where a picture is; empty where nobody knows."""
        return next((path for path, known in self._digests.items() if known == digest), "")

    def keep(self, path: str, digest: str) -> None:
        """Remember one."""
        self._digests[path] = digest
        if self._path is not None:
            part = self._path.with_name(f".{id(self):x}.part")
            part.write_text(json.dumps(self._digests), encoding="utf-8")
            part.replace(self._path)


class OscarConnector:
    """One call at a time."""

    def __init__(self, context: Context) -> None:
        told = context.settings
        self._base = str(told["address"]).strip().rstrip("/")
        self._user = str(told["username"]).strip()
        self._flag, self._record = str(told["flag"]).strip(), str(told["record"]).strip()
        self._every_s = float(told.get("every_s") or 0.0)
        self._session = context.session
        self._log = context.logger
        secret = base64.b64encode(f"{self._user}:{context.secrets.get('password', '')}".encode()).decode()
        self._headers = {"Authorization": f"Basic {secret}", "Accept": "application/json"}
        self._names = PictureNames(context.folder)
        self._partners: dict[str, str] = {}
        self._last: tuple[float, Page[Case]] | None = None

    def service(self) -> Service:
        response = self._call("GET", "/admin/productclasses/")
        _rows(response)
        name = urlsplit(self._base).hostname or "shop"
        return Service(
            f"django-oscar at {name}", date_of(response), self._user, self._user, "reviewer",
            (Marketplace(name, name),), decision_batch=20,
        )  # fmt: skip

    def poll(self, cursor: str | None, limit: int = 500) -> Page[Case]:
        """The whole list each time: Oscar has no cursor of changes.  `limit` does not apply to what is one answer."""
        if self._last is not None and time.monotonic() - self._last[0] < self._every_s:
            return self._last[1]
        cases: list[Case] = []
        bad: list[Quarantined] = []
        address = f"{self._base}/admin/products/"
        while address:
            response = self._call("GET", address, cap=_LIST_BYTES)
            for row in _rows(response):
                try:
                    if self._is_open(row):
                        cases.append(self._case(row))
                except (KeyError, TypeError, ValueError, AttributeError, InvalidOperation) as error:
                    bad.append(
                        Quarantined(f"product {_text(row, 'id')}", f"{type(error).__name__}: {error}", str(row)[:300])
                    )
            address = self._next(response)
        page = Page(tuple(cases), None, tuple(bad))
        self._last = (time.monotonic(), page)
        return page

    def media(self, sha256: str) -> bytes:
        path = self._names.path_of(sha256)
        if not path:
            self._names.load()
            path = self._names.path_of(sha256)
        if not path:
            raise Refused("the shop has no picture with these bytes")
        return self._call("GET", urljoin(self._base, path), cap=_MEDIA_BYTES, anonymous=True).content

    def submit(self, decisions: Sequence[OutgoingDecision]) -> tuple[Receipt, ...]:
        self._last = None
        return tuple(self._take(item) for item in decisions)

    def close(self) -> None:
        self._session.close()

    def _take(self, item: OutgoingDecision) -> Receipt:
        decision = item.decision
        if not decision.case_id.isdigit():
            return Receipt(decision.id, ReceiptStatus.GONE, "there is no such product")
        address = f"{self._base}/admin/products/{decision.case_id}/"
        try:
            row = _object(self._call("GET", address))
        except _NotThere:
            return Receipt(decision.id, ReceiptStatus.GONE, "the product was deleted")
        records = _records(_attribute(row, self._record))
        mark = hashlib.sha256(item.body).hexdigest()[:16]
        for record in records:
            if record["id"] == decision.id:
                same = record["body"] == mark
                return Receipt(decision.id, ReceiptStatus.DUPLICATE if same else ReceiptStatus.CONFLICT)
        standing = records[0] if records and records[0]["kind"] != DecisionKind.WITHDRAW else None
        public = bool(row.get("is_public", True))
        if decision.supersedes:
            if standing is None or standing["id"] != decision.supersedes:
                return Receipt(decision.id, ReceiptStatus.STALE, "another decision stands")
            if decision.kind is DecisionKind.WITHDRAW:
                public = standing["was"] == "public"
            elif decision.kind is DecisionKind.TAKEDOWN:
                public = False
        elif standing is not None and standing["revision"] == decision.revision:
            return Receipt(decision.id, ReceiptStatus.STALE, "another decision stands")
        elif not _attribute(row, self._flag):
            return Receipt(decision.id, ReceiptStatus.GONE, "the product is not flagged any more")
        elif self._revision(row) != decision.revision:
            return Receipt(decision.id, ReceiptStatus.STALE, "the product was changed")
        elif decision.kind is DecisionKind.TAKEDOWN:
            public = False
        record = {
            "id": decision.id, "kind": decision.kind.value, "body": mark, "revision": decision.revision,
            "ground": decision.ground, "was": "public" if row.get("is_public", True) else "hidden",
        }  # fmt: skip
        text = "\n".join(json.dumps(one, sort_keys=True) for one in [record, *records][:_RECORDS])
        change = {
            "product_class": row["product_class"],
            "is_public": public,
            "attributes": [{"code": self._record, "value": text}],
        }
        try:
            told = _object(self._call("PATCH", address, change))
        except _Invalid as error:
            words = f"The shop refused: {error}. Its product class needs a text attribute {self._record}."
            return Receipt(decision.id, ReceiptStatus.REJECTED, words)
        if bool(told.get("is_public", public)) != public:
            return Receipt(decision.id, ReceiptStatus.REJECTED, "The shop did not take the change over.")
        return Receipt(
            decision.id, ReceiptStatus.ACCEPTED, effects=("product is public" if public else "product is not public",)
        )

    def _is_open(self, row: Mapping[str, Any]) -> bool:
        if not _attribute(row, self._flag):
            return False
        records = _records(_attribute(row, self._record))
        if not records or records[0]["kind"] == DecisionKind.WITHDRAW:
            return True
        return records[0]["revision"] != self._revision(row)

    def _case(self, row: Mapping[str, Any]) -> Case:
        shop = urlsplit(self._base).hostname or "shop"
        stock = (row.get("stockrecords") or [{}])[0]
        price, seller = _price(stock), self._seller(stock, shop)
        made = parse_time(row["date_created"])
        listing = Listing(
            id=str(row["id"]), marketplace=shop, title=row["title"] or "(no title)", revision=self._revision(row),
            description=_plain(row.get("description") or ""), brand=_attribute(row, "brand"),
            category=str((row.get("categories") or [""])[0])[:200], price=price, listed_at=made,
            state="live" if row.get("is_public", True) else "ended", pictures=self._pictures(row),
        )  # fmt: skip
        reason = _attribute(row, self._flag)
        flag = Flag(f"{row['id']}-flag", "staff", "counterfeit", parse_time(row["date_updated"]), reason)
        return Case(str(row["id"]), shop, "open", 0, None, made, listing, seller, (flag,))

    def _seller(self, stock: Mapping[str, Any], shop: str) -> Seller:
        partner = str(stock.get("partner") or "")
        number = partner.rstrip("/").rpartition("/")[2] or "none"
        if partner and partner not in self._partners:
            try:
                told = _object(self._call("GET", urljoin(self._base, urlsplit(partner).path)))
                self._partners[partner] = str(told.get("name") or told.get("code") or number)
            except (_NotThere, Unauthorized, Refused):
                self._partners[partner] = f"Partner {number}"
        return Seller(f"partner-{number}", self._partners.get(partner, "No partner"), shop)

    def _revision(self, row: Mapping[str, Any]) -> str:
        price = _price((row.get("stockrecords") or [{}])[0])
        return revision_digest(
            title=row["title"] or "", description=row.get("description") or "", brand=_attribute(row, "brand"),
            category="", price=str(price.amount) if price else "", currency=(price.currency or "") if price else "",
            gtin=str(row.get("upc") or ""), pictures=[picture.sha256 for picture in self._pictures(row)],
        )  # fmt: skip

    def _pictures(self, row: Mapping[str, Any]) -> tuple[Picture, ...]:
        shown = []
        for image in sorted(row.get("images") or (), key=lambda image: image.get("display_order") or 0):
            path = urlsplit(str(image["original"])).path
            digest = self._names.digest(path)
            if not digest:
                try:
                    data = self._call("GET", urljoin(self._base, path), cap=_MEDIA_BYTES, anonymous=True).content
                except (_NotThere, Refused) as error:
                    self._log.warning("a picture of product %s is missing: %s", row.get("id"), error)
                    continue
                digest = sha256_hex(data)
                self._names.keep(path, digest)
            kind = _KINDS.get(Path(path).suffix.lower(), "jpeg")
            shown.append(Picture(digest, media_type=f"image/{kind}"))
        return tuple(shown)

    def _next(self, response: requests.Response) -> str:
        """Where the list goes on, for shops whose REST framework pages it."""
        told = response.json()
        following = told.get("next") if isinstance(told, dict) else None
        if not following:
            return ""
        parts = urlsplit(str(following))
        return urljoin(self._base, f"{parts.path}?{parts.query}")

    def _call(
        self, method: str, address: str, change: Mapping[str, Any] | None = None, *, cap: int = 8 * 1024 * 1024,
        anonymous: bool = False,
    ) -> requests.Response:  # fmt: skip
        url = address if "://" in address else self._base + address
        more: dict[str, Any] = {"cap": cap}
        if change is not None:
            more["json"] = change
        response = self._session.request(method, url, headers={} if anonymous else self._headers, **more)
        status = response.status_code
        if status < 300:
            return response
        if status == 404:
            raise _NotThere(f"{url} is not there. Check the address: it ends where django-oscar-api begins.")
        if status in (401, 403):
            raise Unauthorized(
                f"{self._base} does not know {self._user}, or does not let the user change products. Its administrator "
                "must make the user staff with rights on products and set OSCARAPI_BLOCK_ADMIN_API_ACCESS = False."
            )
        if status == 429:
            raise RateLimited(f"{self._base} asks for patience.", retry_after_s(response))
        if status >= 500:
            raise Unavailable(f"{self._base} has a fault of its own ({status}). It will be tried again.")
        if status == 400:
            raise _Invalid(response.text[:300])
        raise Refused(f"{self._base} refused: {status} {response.text[:200]}")


class _NotThere(Refused):
    """404."""


class _Invalid(Refused):
    """400: the shop read the request and won't have it."""


def connect(context: Context) -> OscarConnector:
    """The entry that `plugin.toml` names."""
    return OscarConnector(context)


def _rows(response: requests.Response) -> list[Any]:
    told = json_of(response)
    rows = told.get("results") if isinstance(told, dict) else told
    if not isinstance(rows, list):
        raise Unavailable("The answer is not what django-oscar-api promises. Check the address.")
    return rows


def _object(response: requests.Response) -> dict[str, Any]:
    told = json_of(response)
    if not isinstance(told, dict):
        raise Unavailable("The answer is not what django-oscar-api promises. Check the address.")
    return told


def _attribute(row: Mapping[str, Any], code: str) -> str:
    for one in row.get("attributes") or ():
        if one.get("code") == code:
            return str(one.get("value") or "").strip()
    return ""


def _records(text: str) -> list[dict[str, str]]:
    """The decisions that the shop keeps, the newest first."""
    found = []
    for line in text.splitlines():
        try:
            told = json.loads(line)
            found.append({key: str(told[key]) for key in ("id", "kind", "body", "revision", "was")} | {
                "ground": str(told.get("ground", ""))})  # fmt: skip
        except (ValueError, KeyError, TypeError):
            continue  # what somebody wrote into the attribute by hand
    return found


def _price(stock: Mapping[str, Any]) -> Money | None:
    amount = stock.get("price")
    return Money(Decimal(str(amount)), str(stock.get("price_currency") or "") or None) if amount is not None else None


def _plain(text: str) -> str:
    """A description without its markup: the workstation shows plain text."""
    return html.unescape(_TAG.sub("", _BREAK.sub("\n", text))).strip()


def _text(row: Any, key: str) -> str:
    return str(row.get(key, "")) if isinstance(row, dict) else ""
