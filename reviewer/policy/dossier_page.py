"""A dossier as a page: one HTML file without scripts and without anything from elsewhere, also for printing."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from reviewer.domain.dossier import Dossier
from reviewer.domain.text import visible
from reviewer.domain.values import format_time

_STYLE = (
    "body{font:14px sans-serif;margin:2em}td,th{text-align:left;padding:.2em .8em;vertical-align:top}"
    "table{border-collapse:collapse}tr{border-bottom:1px solid #ddd}.b{color:#8a1f11;font-weight:bold}"
)
_LIMIT = 4000


@dataclass(frozen=True, slots=True)
class OwnNote:
    """A note that a person at this desk wrote on a seller."""

    at: datetime
    by: str
    text: str


def dossier_page(dossier: Dossier, notes: Sequence[OwnNote] = (), *, most_events: int = 0) -> str:
    """The whole dossier; with `most_events` only so many of the newest events, which it says."""
    seller, ladder, sales = dossier.seller, dossier.ladder, dossier.sales
    told = dossier.timeline[:most_events] if most_events else dossier.timeline
    turnover = ", ".join(f"{amount} {currency}" for currency, amount in sales.turnover.items())
    known = (
        ("country", seller.country), ("joined", _day(seller.joined_at)), ("verification", seller.verification),
        ("standing", seller.standing), ("until", _day(seller.standing_until)), ("marketplace", seller.marketplace),
        ("listings live", seller.listings_live), ("listings removed", seller.listings_removed),
        ("open cases", seller.open_cases), ("units sold", sales.units_sold), ("turnover of its listings", turnover),
        ("refunds advised", sales.refunds_advised),
    )  # fmt: skip
    following = ladder.next_threshold if ladder.next_threshold is not None else "none"
    states = ", ".join(f"{count} {state}" for state, count in dossier.listings.by_state.items())
    parts = [
        f"<h1>{_cell(f'{seller.display_name} ({seller.id})')}</h1>",
        _rows((name, str(value)) for name, value in known if value not in (None, "")),
        *(
            f'<p class="b">Proposed: {_cell(one.ground)}: {_cell("; ".join(one.reasons))}</p>'
            for one in dossier.proposals
        ),
        _heading(f"Accounts of this trader: {len(dossier.accounts)}"),
        _table(
            ("account", "marketplace", "standing", "points", "live", "removed", "sold", "joined"),
            (
                (f"{a.display_name} ({a.seller_id})", a.marketplace, a.standing, a.points, _known(a.listings_live),
                 _known(a.listings_removed), _known(a.units_sold), _day(a.joined_at))
                for a in dossier.accounts
            ),
        ),
        _heading(f"Ladder: {ladder.points} points count, next threshold {following}"),
        _table(
            ("date", "ground", "what became of it", "points", "expires", "listing"),
            ((_day(o.at), o.ground, o.state, o.points, _day(o.expires_at), o.listing_title) for o in ladder.sum),
        ),
        _heading("Notes"),
        _table(("date", "by", "note"), ((_day(note.at), note.by, note.text) for note in notes)),
        _heading(f"Linked sellers: {len({link.seller_id for link in dossier.links})}"),
        _table(
            ("seller", "marketplace", "kind", "strength", "standing"),
            (
                (f"{link.display_name} ({link.seller_id})", link.marketplace, link.kind, f"{link.strength:.0%}",
                 link.standing)
                for link in dossier.links
            ),
        ),
        _heading(f"Timeline: {len(told):,} of {dossier.events:,} events"),
        _table(
            ("time", "what", "kind", "ground", "words", "note", "by", "account", "reference"),
            (
                (_minute(e.at), e.what, e.kind, e.ground, e.words, e.note, e.by, e.seller_id, e.reference)
                for e in told
            ),
        ),
        _heading(f"Listings: {states or 'none'}; {dossier.listings.relisted} repeat a removed one"),
        _table(
            ("id", "title", "state", "brand", "category", "price", "sold", "repeats"),
            (
                (row.id, row.title, row.state, row.brand, row.category, f"{row.price} {row.currency}".strip(),
                 _known(row.units_sold), row.relists)
                for row in dossier.listings.items
            ),
        ),
        f"<p>Made {_cell(format_time(dossier.made_at))} by the rules {_cell(dossier.policy_version)}.</p>",
    ]  # fmt: skip
    head = f'<meta charset="utf-8"><title>{_cell(seller.display_name)}</title><style>{_STYLE}</style>'
    return f"<!DOCTYPE html>\n<html><head>{head}</head>\n<body>\n" + "\n".join(parts) + "\n</body></html>\n"


def _day(moment: datetime | None) -> str:
    return moment.date().isoformat() if moment else ""


def _minute(moment: datetime) -> str:
    return moment.isoformat(sep=" ", timespec="minutes").partition("+")[0]


def _known(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


@lru_cache(maxsize=16_384)
def _cell(value: str) -> str:
    if value.isascii() and value.isprintable() and len(value) <= _LIMIT:
        return html.escape(value)
    return html.escape(visible(value, limit=_LIMIT, keep_lines=False))


def _heading(words: str) -> str:
    return f"<h2>{_cell(words)}</h2>"


def _rows(pairs: Iterable[tuple[str, str]]) -> str:
    lines = "".join(f"<tr><th>{_cell(name)}</th><td>{_cell(value)}</td></tr>" for name, value in pairs)
    return f"<table>{lines}</table>" if lines else "<p>none</p>"


def _table(names: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = ["<tr><td>" + "</td><td>".join([_cell(str(value)) for value in row]) + "</td></tr>" for row in rows]
    if not lines:
        return "<p>none</p>"
    head = "".join(f"<th>{_cell(name)}</th>" for name in names)
    return f"<table><tr>{head}</tr>{''.join(lines)}</table>"
