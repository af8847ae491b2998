"""A seller's dossier: what a hub knows of one seller across its marketplaces, as JSON's types."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from reviewer.domain.decision import DecisionKind, MeasureKind
from reviewer.domain.dossier import Dossier
from reviewer.domain.seller import Offence, SellerLink
from reviewer.domain.values import format_time, parse_time
from reviewer.errors import OperatorError
from reviewer.hub.links import identifiers_of, links_by_content
from reviewer.hub.prepared import Prepared, among
from reviewer.hub.schema import listing_pictures, listings, measures, offences, sellers
from reviewer.hub.sellers import sellers_as_json
from reviewer.hub.timeline import timeline
from reviewer.policy.ladder import LadderStep, ladder_step
from reviewer.policy.links import SAME_TRADER, proposals
from reviewer.policy.model import Policy

#: So many other accounts of a trader are told of, and so many listings.
_ACCOUNTS, _LISTINGS = 50, 2000
_SURE = 0.8

_SELLERS = Prepared(select(sellers).where(among(sellers.c.id, "sellers")))
_OFFENCES = Prepared(select(offences).where(among(offences.c.seller_id, "sellers")))
_SHOWN = Prepared(
    select(
        listings.c.id, listings.c.title, listings.c.state, listings.c.brand, listings.c.category,
        listings.c.seller_id, listings.c.marketplace, listings.c.price_amount, listings.c.price_currency,
        listings.c.picture, listings.c.body,
    )
    .where(among(listings.c.seller_id, "sellers"))
    .order_by(listings.c.id)
)  # fmt: skip
_PICTURES = Prepared(
    select(listing_pictures.c.listing_id, listing_pictures.c.sha256)
    .join(listings, listings.c.id == listing_pictures.c.listing_id)
    .where(among(listings.c.seller_id, "sellers"))
)
_REFUNDS = Prepared(
    select(measures.c.decision_id).where(
        among(measures.c.seller_id, "sellers"),
        measures.c.kind == MeasureKind.REFUND_ADVISED.value,
        measures.c.undone.is_(False),
    )
)


class _Sold(msgspec.Struct):
    units_sold: int | None = None


_SOLD = msgspec.json.Decoder(_Sold)


def dossier_of(connection: Connection, seller_id: str, policy: Policy, now: datetime) -> dict[str, Any]:
    """Everything about a seller in JSON's types, in the shape of `domain.dossier.Dossier`.

    The trader's other accounts here, which share a bank account, a payout address or a document, are told of with
    it.  Identifiers of people are in it as hashes only.  Raises `OperatorError` where there is no such seller.
    """
    found = sellers_as_json(connection, [seller_id], now).get(seller_id)
    if found is None:
        raise OperatorError(f"There is no seller {seller_id} at this hub.")
    links = _links(connection, seller_id, found["links"])
    own = [seller_id, *_same_trader(links)][: _ACCOUNTS + 1]
    rows = {row.id: row for row in _SELLERS.rows(connection, sellers=own)}
    past = _offences(connection, own)
    steps = {
        name: ladder_step(policy, [offence for offence, _ in past.get(name, ())], DecisionKind.CLEAR, "", now)
        for name in own
    }
    events, in_all = timeline(connection, own)
    shown = _listings(connection, own)
    return {
        "made_at": format_time(now),
        "policy_version": policy.version,
        "seller": {key: value for key, value in found.items() if key not in ("offences", "links")},
        "ladder": _ladder(steps[seller_id], {o.decision_id: title for o, title in past.get(seller_id, ())}, seller_id),
        "accounts": [_account(rows[name], steps[name].before) for name in own if name in rows],
        "timeline": events,
        "events": in_all,
        "listings": shown,
        "links": links,
        "identifiers": identifiers_of(connection, seller_id),
        "proposals": [
            {"ground": one.ground, "reasons": list(one.reasons)}
            for one in proposals(SellerLink(**link) for link in links)
        ],
        "sales": _sales(connection, own, rows.values(), shown["items"]),
    }


def read_dossier(document: Mapping[str, Any]) -> Dossier:
    """The record of what `dossier_of` answers."""
    return msgspec.convert(document, Dossier)


def _links(connection: Connection, seller_id: str, told: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Told and hashed links with those by photos and texts, the strongest account first."""
    found = [dict(link) for link in told]
    by_content = links_by_content(connection, seller_id)
    names = sorted({link["seller_id"] for link in found} | {link["other_id"] for link in by_content})
    rows = {row.id: row for row in _SELLERS.rows(connection, sellers=names)}
    found += [
        {
            "seller_id": link["other_id"],
            "display_name": rows[link["other_id"]].display_name,
            "kind": link["kind"],
            "strength": link["strength"],
            "standing": rows[link["other_id"]].standing,
            "count": link["count"],
        }
        for link in by_content
    ]
    for link in found:
        link["marketplace"] = rows[link["seller_id"]].marketplace
        link.setdefault("count", 1)
    return sorted(found, key=lambda link: (-link["strength"], link["seller_id"], link["kind"]))


def _same_trader(links: Iterable[Mapping[str, Any]]) -> list[str]:
    sure = [link["seller_id"] for link in links if link["kind"] in SAME_TRADER and link["strength"] >= _SURE]
    return list(dict.fromkeys(sure))


def _offences(connection: Connection, names: list[str]) -> dict[str, list[tuple[Offence, str]]]:
    """The offences of each account with the title of the listing."""
    found: dict[str, list[tuple[Offence, str]]] = {}
    for row in _OFFENCES.rows(connection, sellers=names):
        offence = Offence(
            row.decision_id,
            parse_time(row.at),
            row.kind,
            row.ground,
            row.points,
            parse_time(row.expires_at) if row.expires_at else None,
            bool(row.overturned),
            full_points=row.full_points,
        )
        found.setdefault(row.seller_id, []).append((offence, row.listing_title))
    return found


def _ladder(step: LadderStep, titles: Mapping[str, str], seller_id: str) -> dict[str, Any]:
    return {
        "points": step.before,
        "next_threshold": step.next_points,
        "sum": [
            {
                "decision_id": line.offence.decision_id,
                "at": format_time(line.offence.at),
                "ground": line.offence.ground,
                "state": line.state.value,
                "points": line.points,
                "expires_at": format_time(line.offence.expires_at) if line.offence.expires_at else None,
                "seller_id": seller_id,
                "listing_title": titles.get(line.offence.decision_id, ""),
            }
            for line in step.lines
        ],
    }


def _account(row: Any, points: int) -> dict[str, Any]:
    return {
        "seller_id": row.id,
        "display_name": row.display_name,
        "marketplace": row.marketplace,
        "standing": row.standing,
        "points": points,
        "listings_live": row.listings_live,
        "listings_removed": row.listings_removed,
        "units_sold": row.units_sold,
        "joined_at": row.joined_at,
    }


def _listings(connection: Connection, names: list[str]) -> dict[str, Any]:
    rows = _SHOWN.rows(connection, sellers=names)
    relists = _relisted(connection, names, rows)
    items = [
        {
            "id": row.id,
            "title": row.title,
            "state": row.state,
            "brand": row.brand,
            "category": row.category,
            "seller_id": row.seller_id,
            "marketplace": row.marketplace,
            "price": row.price_amount or "",
            "currency": row.price_currency or "",
            "units_sold": _SOLD.decode(row.body).units_sold,
            "picture": row.picture,
            "relists": relists.get(row.id, ""),
        }
        for row in rows
    ]
    by_state = dict(sorted(Counter(row.state for row in rows).items()))
    items.sort(key=lambda item: (not item["relists"], item["state"] != "removed", item["id"]))
    return {"by_state": by_state, "relisted": len(relists), "items": items[:_LISTINGS]}


def _relisted(connection: Connection, names: list[str], rows: Sequence[Any]) -> dict[str, str]:
    """Offered listings with a photo or the very title of one that was removed, by which one."""
    removed = {row.id: row for row in rows if row.state == "removed"}
    if not removed or len(removed) == len(rows):
        return {}
    titles = {_folded(row.title): name for name, row in removed.items()}
    pictures: dict[str, list[str]] = {}
    for listing_id, sha256 in _PICTURES.rows(connection, sellers=names):
        pictures.setdefault(listing_id, []).append(sha256)
    gone = {sha256: name for name in removed for sha256 in pictures.get(name, ())}
    found = {}
    for row in rows:
        if row.id not in removed:
            same = next((gone[sha256] for sha256 in pictures.get(row.id, ()) if sha256 in gone), "")
            if same := same or titles.get(_folded(row.title), ""):
                found[row.id] = same
    return found


def _folded(title: str) -> str:
    return " ".join(title.casefold().split())


def _sales(
    connection: Connection, names: list[str], rows: Iterable[Any], items: Iterable[Mapping[str, Any]]
) -> dict[str, Any]:
    known = [row.units_sold for row in rows if row.units_sold is not None]
    turnover: dict[str, Decimal] = {}
    for item in items:
        if item["units_sold"] and item["price"] and item["currency"]:
            amount = Decimal(item["price"]) * item["units_sold"]
            turnover[item["currency"]] = turnover.get(item["currency"], Decimal(0)) + amount
    return {
        "units_sold": sum(known) if known else None,
        "turnover": {currency: str(amount) for currency, amount in sorted(turnover.items())},
        "refunds_advised": len(_REFUNDS.rows(connection, sellers=names)),
    }
