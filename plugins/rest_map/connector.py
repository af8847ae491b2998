"""A plain REST service, reached by a map: a TOML file that says where in the answers what is.  No code."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

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
    Preview,
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
    gtin_is_valid,
    json_of,
    money,
    parse_time,
    retry_after_s,
    revision_digest,
)

from .mapping import CASE_FIELDS, DECISION_FIELDS, Decide, Map, MapFault, at, filled, read_map

_MEDIA_BYTES = 20 * 1024 * 1024
_ID = 128
_TEXT = 500_000
_PRIORITY = 1_000_000
_SHOWN = ("id", "title", "price", "seller_name", "reason")


class RestMapConnector:
    """One call at a time; what the map says is all that it knows."""

    def __init__(self, context: Context, told: Map) -> None:
        self._map = told
        self._base = str(context.settings["address"]).strip().rstrip("/")
        credential = filled(told.credential, {"token": context.secrets.get("token", "")}, in_path=False)
        self._headers = {told.header: str(credential), "Accept": "application/json"}
        self._session = context.session
        self._now = context.now
        self._listed: dict[str, dict[str, str]] = {}
        self._names_cases = any(way.names_case for way in told.decides)

    def service(self) -> Service:
        who = self._map.who
        response = self._call("GET", who["path"])
        answer = json_of(response)
        person = at(answer, who["id"])
        if person in (None, ""):
            raise Unavailable(f"{self._base}{who['path']} does not say who is asking: nothing is at {who['id']}.")
        name = str(at(answer, who["name"]) or person) if "name" in who else str(person)
        here = Marketplace(self._map.marketplace, self._map.name)
        return Service(
            self._map.name,
            self._time(answer, response),
            str(person)[:_ID],
            name,
            "reviewer",
            (here,),
            decision_batch=20,
            effect=self._map.effect,
            decisions=self._map.kinds,
            measures=frozenset(self._map.measures),
        )

    def poll(self, cursor: str | None, limit: int = 500) -> Page[Case]:
        values = {"cursor": cursor or "", "limit": limit}
        query = {key: filled(value, values) for key, value in self._map.query.items()}
        query = {key: value for key, value in query.items() if value not in ("", None)}
        answer = json_of(self._call("GET", filled(self._map.cases_path, values, in_path=True), query=query))
        rows = at(answer, self._map.items)
        if not isinstance(rows, list):
            raise Unavailable(
                f"The answer has no list at {self._map.items or 'its top'}. The map or the service must change."
            )
        cases, bad = [], []
        for place, row in enumerate(rows):
            try:
                case = self._case(row)
                cases.append(case)
                if self._names_cases:
                    self._listed[case.id] = _listed(case)
            except (ValueError, TypeError, OverflowError) as error:
                bad.append(Quarantined(f"cases[{place}]", str(error), str(row)[:300]))
        following = at(answer, self._map.next) if self._map.next else None
        return Page(tuple(cases), str(following) if following is not None else None, tuple(bad))

    def media(self, sha256: str) -> bytes:
        if not self._map.media_path:
            raise Refused("The map says no [media].")
        return self._call(
            "GET", filled(self._map.media_path, {"sha256": sha256}, in_path=True), cap=_MEDIA_BYTES
        ).content

    def submit(self, decisions: Sequence[OutgoingDecision]) -> tuple[Receipt, ...]:
        return tuple(self._send(item) for item in decisions)

    def preview(self) -> Preview:
        page = self.poll(None, 5)
        rows = tuple(tuple(self._cell(case, name) for name in _SHOWN) for case in page.items[:5])
        words = f"{len(page.items)} cases can be read."
        if page.quarantined:
            words += f" {page.quarantined[0].where} can't: {page.quarantined[0].reason}"
        return Preview(words, _SHOWN, rows)

    def close(self) -> None:
        self._session.close()

    def _send(self, item: OutgoingDecision) -> Receipt:
        decision = item.decision
        way = self._map.decide(decision.kind.value)
        if way is None:
            words = f"The map has no [[decide]] for {decision.kind.value}: {self._map.name} does not carry it out."
            return Receipt(decision.id, ReceiptStatus.REJECTED, words)
        told = json.loads(item.body)
        values = {name: told.get(name) or "" for name in DECISION_FIELDS}
        values |= {f"complainant_{key}": value for key, value in self._map.complainant.items()}
        if way.names_case:
            listed = self._case_of(decision.case_id)
            if listed is None:
                words = f"{self._map.name} does not list the case any more, and the map needs its fields."
                return Receipt(decision.id, ReceiptStatus.GONE, words)
            values |= listed
        response = self._call(
            way.method, filled(way.path, values, in_path=True),
            body=filled(way.body, values) if way.body is not None else None,
            headers={key: str(filled(value, values)) for key, value in way.headers.items()}, known=way.receipts,
        )  # fmt: skip
        status = way.receipts.get(response.status_code)
        if status is None:
            raise Refused(f"{self._base} answered {response.status_code}, of which the map says nothing.")
        if status not in (ReceiptStatus.ACCEPTED, ReceiptStatus.DUPLICATE):
            return Receipt(decision.id, status, response.text[:300])
        return Receipt(decision.id, status, effects=self._effects(way, decision.kind, response))

    def _effects(self, way: Decide, kind: DecisionKind, response: requests.Response) -> tuple[str, ...]:
        """What happened, in words, with the number that the service gave it."""
        if not way.number:
            return ()
        try:
            number = at(response.json(), way.number)
        except ValueError:
            number = None
        what = "complaint" if self._map.effect == "complaint" and kind is DecisionKind.TAKEDOWN else kind.value
        return (f"{what} {number} at {self._map.name}",) if number not in (None, "") else ()

    def _case_of(self, case_id: str) -> dict[str, str] | None:
        """The fields of a case as it was listed last; after a start the list is read once more."""
        if case_id not in self._listed:
            cursor: str | None = None
            seen: set[str | None] = set()
            while cursor not in seen and case_id not in self._listed:
                seen.add(cursor)
                page = self.poll(cursor)
                cursor = page.next_cursor if page.items else None
                if cursor is None:
                    break
        return self._listed.get(case_id)

    def _case(self, row: Any) -> Case:
        def text(name: str, most: int = 200) -> str:
            value = at(row, self._map.fields[name]) if name in self._map.fields else None
            return "" if value is None else str(value).strip()[:most]

        case_id, title = text("id", _ID + 1), text("title", 4000)
        if not case_id or len(case_id) > _ID:
            raise ValueError(f"its id at {self._map.fields['id']} must have 1 to {_ID} characters")
        if not title:
            raise ValueError(f"it has no title at {self._map.fields['title']}")
        price = _money(text("price"), text("currency", 3))
        names = at(row, self._map.fields["pictures"]) if "pictures" in self._map.fields else []
        pictures = tuple(Picture(str(name)) for name in (names if isinstance(names, list) else [names]) if name)
        gtin = text("gtin", 14)
        gtin = gtin if gtin_is_valid(gtin) else ""
        description, brand, category = text("description", _TEXT), text("brand"), text("category")
        revision = text("revision", _ID) or revision_digest(
            title=title, description=description, brand=brand, category=category,
            price=str(price.amount) if price else "", currency=(price.currency or "") if price else "", gtin=gtin,
            pictures=[picture.sha256 for picture in pictures],
        )  # fmt: skip
        flagged = _moment(text("flagged_at"), "flagged_at") or self._now()
        seller = text("seller_id", _ID) or text("seller_name", _ID) or "unknown"
        listing = Listing(
            text("listing_id", _ID) or case_id, self._map.marketplace, title, revision, description, brand, category,
            price, gtin, text("country", 2).upper(), text("language", 35), text("url", 4000), pictures=pictures,
        )  # fmt: skip
        flag = Flag(
            f"{case_id[:100]}-flag", text("source") or "staff", text("reason") or "counterfeit", flagged,
            text("explanation", 20_000),
        )  # fmt: skip
        return Case(
            case_id, self._map.marketplace, self._map.states.get(text("state"), "open"), _priority(text("priority")),
            _moment(text("due_at"), "due_at"), flagged, listing,
            Seller(seller, text("seller_name") or seller, self._map.marketplace), (flag,),
        )  # fmt: skip

    def _cell(self, case: Case, name: str) -> str:
        offer = case.listing
        told = {
            "id": case.id, "title": offer.title, "price": str(offer.price or ""),
            "seller_name": case.seller.display_name, "reason": case.flags[0].reason,
        }  # fmt: skip
        return told[name][:60]

    def _time(self, answer: Any, response: requests.Response) -> datetime:
        try:
            if "time" in self._map.who:
                return parse_time(str(at(answer, self._map.who["time"])))
            return date_of(response)
        except (KeyError, ValueError) as error:
            raise Unavailable(f"{self._base} does not tell its time where the map looks for it.") from error

    def _call(
        self, method: str, path: str, *, query: Mapping[str, Any] | None = None, body: Any = None,
        headers: Mapping[str, str] | None = None, cap: int = 8 * 1024 * 1024,
        known: Mapping[int, ReceiptStatus] | None = None,
    ) -> requests.Response:  # fmt: skip
        more: dict[str, Any] = {"cap": cap}
        if body is not None:
            more["json"] = body
        response = self._session.request(
            method, self._base + path, params=query, headers={**self._headers, **(headers or {})}, **more
        )
        status = response.status_code
        if status in (known or ()) or (known is None and status < 300):
            return response
        if status in (401, 403):
            raise Unauthorized(f"{self._base} does not know this token, or does not allow this. Sign in again.")
        if status == 429:
            raise RateLimited(f"{self._base} asks for patience.", retry_after_s(response))
        if status >= 500:
            raise Unavailable(f"{self._base} has a fault of its own ({status}). It will be tried again.")
        raise Refused(f"{self._base} refused {method} {path}: {status} {response.text[:200]}")


def connect(context: Context) -> RestMapConnector:
    """The entry that `plugin.toml` names."""
    path = Path(str(context.settings["map"])).expanduser()
    try:
        told = read_map(path)
    except MapFault as error:
        raise Refused(f"The map {path.name} can't be used: {error}.") from error
    return RestMapConnector(context, told)


def _listed(case: Case) -> dict[str, str]:
    """What a template may say of a case."""
    offer, price = case.listing, case.listing.price
    told = {
        "title": offer.title, "url": offer.url, "brand": offer.brand, "category": offer.category,
        "price": str(price.amount) if price else "", "currency": (price.currency or "") if price else "",
        "gtin": offer.gtin, "country": offer.country, "seller_id": case.seller.id,
        "seller_name": case.seller.display_name, "reason": case.flags[0].reason,
    }  # fmt: skip
    return {name: told[name] for name in CASE_FIELDS}


def _money(amount: str, currency: str) -> Money | None:
    return money(amount, currency.upper() or None) if amount else None


def _moment(value: str, name: str) -> datetime | None:
    try:
        return parse_time(value) if value else None
    except (ValueError, OverflowError):
        raise ValueError(f"{name} {value[:40]!r} is no time with its offset, such as 2026-03-01T08:15:00Z") from None


def _priority(value: str) -> int:
    return int(max(0.0, min(float(_PRIORITY), float(value)))) if value else 0
