"""A seller's dossier: what a hub knows of one seller, on one page or in one file."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from reviewer.domain.decision import DecisionKind
from reviewer.domain.seller import Offence
from reviewer.domain.text import visible
from reviewer.domain.values import format_time, parse_time
from reviewer.errors import OperatorError
from reviewer.hub.schema import cases, decisions, flags, listings, measures
from reviewer.hub.sellers import sellers_as_json
from reviewer.policy.ladder import ladder_step
from reviewer.policy.model import Policy

#: From this strength on, a link to a closed account is proposed as a flag (0..1).
_STRONG = 0.5


def dossier_of(connection: Connection, seller_id: str, policy: Policy, now: datetime) -> dict[str, Any]:
    """Everything about a seller in JSON's types: standing, ladder, timeline, listings, links, proposals.

    Identifiers of people are not in it: links say their kind and strength alone.  Raises `OperatorError`
    where there is no such seller.
    """
    found = sellers_as_json(connection, [seller_id], now).get(seller_id)
    if found is None:
        raise OperatorError(f"There is no seller {seller_id} at this hub.")
    shown = connection.execute(
        select(listings.c.id, listings.c.title, listings.c.state, listings.c.brand, listings.c.category)
        .where(listings.c.seller_id == seller_id)
        .order_by(listings.c.id)
    ).all()
    return {
        "made_at": format_time(now),
        "policy_version": policy.version,
        "seller": {key: value for key, value in found.items() if key not in ("offences", "links")},
        "ladder": _ladder(policy, found["offences"], now),
        "timeline": _timeline(connection, seller_id),
        "listings": {
            "by_state": dict(sorted(Counter(row.state for row in shown).items())),
            "items": [dict(row._mapping) for row in shown],
        },
        "links": found["links"],
        "proposals": _proposals(found["links"]),
    }


def _ladder(policy: Policy, offences: Iterable[Mapping[str, Any]], now: datetime) -> dict[str, Any]:
    known = [
        Offence(
            row["decision_id"],
            parse_time(row["at"]),
            row["kind"],
            row["ground"],
            row["points"],
            parse_time(row["expires_at"]) if row["expires_at"] else None,
            row["overturned"],
            full_points=row["full_points"],
        )
        for row in offences
    ]
    step = ladder_step(policy, known, DecisionKind.CLEAR, "", now)
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
            }
            for line in step.lines
        ],
    }


def _timeline(connection: Connection, seller_id: str) -> list[dict[str, Any]]:
    """Flags, decisions and measures, the newest first."""
    mine = select(cases.c.id).where(cases.c.seller_id == seller_id)
    events: list[dict[str, Any]] = []
    for row in connection.execute(select(flags).where(flags.c.case_id.in_(mine))):
        what = "notice" if row.notice_id else "flag"
        event = {"at": row.at, "what": what, "case_id": row.case_id, "kind": row.source, "ground": row.reason}
        events.append(event | {"words": row.explanation, "reference": row.notice_id or row.id})
    for row in connection.execute(
        select(decisions).where(decisions.c.case_id.in_(mine), decisions.c.status == "accepted")
    ):
        body = msgspec.json.decode(row.body)
        what = "reversal" if row.kind == DecisionKind.WITHDRAW else "decision"
        event = {"at": row.received_at, "what": what, "case_id": row.case_id, "kind": row.kind}
        words = "; ".join(body.get("facts", ()))
        events.append(event | {"ground": body.get("ground", ""), "words": words, "reference": row.id})
    for row in connection.execute(select(measures).where(measures.c.seller_id == seller_id)):
        state = "taken back" if row.undone else (f"until {row.ends_at[:10]}" if row.ends_at else "")
        event = {"at": row.starts_at, "what": "measure", "case_id": "", "kind": row.kind, "ground": ""}
        events.append(event | {"words": state, "reference": row.decision_id})
    return sorted(events, key=lambda event: (event["at"], event["what"], event["reference"]), reverse=True)


def _proposals(links: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """`banned_seller` where strong links lead to closed accounts, with each as a reason."""
    reasons = [
        f"shares its {link['kind']} with {link['display_name']} ({link['strength']:.0%}), whose account is closed"
        for link in links
        if link["standing"] == "banned" and link["strength"] >= _STRONG
    ]
    return [{"ground": "banned_seller", "reasons": reasons}] if reasons else []


def dossier_page(dossier: Mapping[str, Any]) -> str:
    """The dossier as one HTML page without scripts and without anything from elsewhere."""
    seller, ladder = dossier["seller"], dossier["ladder"]
    parts = [
        _heading(1, f"{seller['display_name']} ({seller['id']})"),
        _rows((name, str(seller[name])) for name in sorted(seller) if seller[name] is not None),
        _heading(2, f"Ladder: {ladder['points']} points count, next threshold {ladder['next_threshold'] or 'none'}"),
        _table(("at", "ground", "state", "points"), ladder["sum"]),
        _heading(2, "Proposals"),
        _rows((row["ground"], "; ".join(row["reasons"])) for row in dossier["proposals"]),
        _heading(2, "Linked sellers"),
        _table(("seller_id", "display_name", "kind", "strength", "standing"), dossier["links"]),
        _heading(2, "Timeline"),
        _table(("at", "what", "kind", "ground", "words", "reference"), dossier["timeline"]),
        _heading(2, "Listings"),
        _table(("id", "title", "state", "brand", "category"), dossier["listings"]["items"]),
        f"<p>Made {_cell(dossier['made_at'])} by the rules {_cell(dossier['policy_version'])}.</p>",
    ]
    style = "body{font:14px sans-serif;margin:2em}td,th{text-align:left;padding:.2em .8em;vertical-align:top}"
    head = f'<meta charset="utf-8"><title>{_cell(seller["display_name"])}</title><style>{style}</style>'
    return f"<!DOCTYPE html>\n<html><head>{head}</head>\n<body>\n" + "\n".join(parts) + "\n</body></html>\n"


def _cell(value: object) -> str:
    return html.escape(visible(str(value), limit=4000, keep_lines=False))


def _heading(level: int, words: str) -> str:
    return f"<h{level}>{_cell(words)}</h{level}>"


def _rows(pairs: Iterable[tuple[str, str]]) -> str:
    lines = "".join(f"<tr><th>{_cell(name)}</th><td>{_cell(value)}</td></tr>" for name, value in pairs)
    return f"<table>{lines}</table>" if lines else "<p>none</p>"


def _table(names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    if not rows:
        return "<p>none</p>"
    head = "".join(f"<th>{_cell(name.replace('_', ' '))}</th>" for name in names)
    lines = "".join("<tr>" + "".join(f"<td>{_cell(row[name])}</td>" for name in names) + "</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{lines}</table>"
