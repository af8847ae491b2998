"""The words of a dossier: its lines, its tables, how old it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal, InvalidOperation

from PySide6.QtCore import QCoreApplication

from reviewer.domain.dossier import Account, Dossier, DossierEvent, DossierListing, SumLine
from reviewer.domain.seller import SellerLink, Standing
from reviewer.domain.text import visible
from reviewer.domain.values import parse_time
from reviewer.services.dossiers import OpenedDossier
from reviewer.ui import words
from reviewer.ui.outbox.tables import Column
from reviewer.ui.review.passage import Line, Meter
from reviewer.ui.review.wording import age, country_name, day, day_and_time, link_text, standing_look, verification_look

translate = QCoreApplication.translate


def shown(text: str, limit: int = 300) -> str:
    """A stranger's text on one line, with what hides in it made visible."""
    return visible(text, limit=limit, keep_lines=False)


def source_words(opened: OpenedDossier, now: datetime) -> str:
    """Where the dossier comes from and how old it is."""
    if opened.source == "server":
        return translate("Dossier", "From the server, {0}").format(words.ago(opened.as_of, now))
    if opened.source == "kept":
        text = translate("Dossier", "As the server told it {0}").format(words.ago(opened.as_of, now))
    else:
        text = translate("Dossier", "What the case says, {0}, and what was decided at this desk").format(
            words.ago(opened.as_of, now)
        )
    return f"{text}. {opened.problem}".strip() if opened.problem else text


def profile_lines(opened: OpenedDossier, top: int, now: datetime) -> tuple[Line, ...]:
    """The left column: who it is, the accounts, the ladder's sum, sales, own notes."""
    dossier = opened.dossier
    return (
        *_who(dossier, now),
        *_accounts(dossier.accounts),
        *_ladder(dossier, top, now),
        *_sales(dossier),
        *_notes(opened),
    )


def _who(dossier: Dossier, now: datetime) -> Iterator[Line]:
    seller = dossier.seller
    text, glyph, role = standing_look(seller.standing)
    if seller.standing_until is not None:
        text = translate("Review", "{0} until {1}").format(text, day(seller.standing_until))
    yield Line(text, role, glyph, bold=True, rows=1, trailing=age(seller.joined_at, now))
    text, glyph, role = verification_look(seller.verification)
    yield Line(text, glyph=glyph, glyph_role=role, rows=1, trailing=country_name(seller.country))


def _head(text: str, trailing: str = "") -> Line:
    return Line(text, "muted", bold=True, scale=0.9, gap=0.6, rows=1, trailing=trailing)


def _accounts(accounts: tuple[Account, ...]) -> Iterator[Line]:
    yield _head(translate("Dossier", "ACCOUNTS OF THIS TRADER"), str(len(accounts)))
    for account in accounts:
        text, glyph, role = standing_look(account.standing)
        counts = [
            template.format(count)
            for template, count in (
                (translate("Review", "{0:,} live"), account.listings_live),
                (translate("Review", "{0:,} removed"), account.listings_removed),
                (translate("Review", "{0:,} sold"), account.units_sold),
            )
            if count is not None
        ]
        place = " · ".join(part for part in (shown(account.marketplace, 40), *counts) if part)
        points = translate("Dossier", "{0} points").format(account.points)
        yield Line(shown(account.display_name, 80), "text", glyph, role, rows=1, gap=0.15, trailing=f"{text}, {points}")
        yield Line(place, "muted", indent=1.35, rows=2)


def _ladder(dossier: Dossier, top: int, now: datetime) -> Iterator[Line]:
    ladder = dossier.ladder
    role = "ok" if ladder.points == 0 else "danger" if ladder.points >= top * 0.75 else "warning"
    following = (
        translate("Dossier", "next step at {0}").format(ladder.next_threshold)
        if ladder.next_threshold is not None
        else ""
    )
    yield _head(translate("Dossier", "STRIKES"), following)
    yield Line(
        translate("Review", "{0} of {1} points").format(ladder.points, top),
        bold=True,
        rows=1,
        meter=Meter(ladder.points, ladder.points, max(top, 1), (), role),
    )
    for line in sorted(ladder.sum, key=lambda line: line.at, reverse=True)[:40]:
        yield _sum_line(line, now)
    if len(ladder.sum) > 40:
        yield Line(translate("Review", "and {0} more").format(len(ladder.sum) - 40), "muted")


def _sum_line(line: SumLine, now: datetime) -> Line:
    text = f"{day(line.at)}  {words.ground(line.ground)}"
    states = {
        "counts": "",
        "merged": translate("Dossier", "counted with another"),
        "capped": translate("Dossier", "capped"),
        "expired": translate("Dossier", "expired"),
        "overturned": translate("Dossier", "overturned"),
    }
    state = states.get(line.state, shown(line.state, 30))
    counts = line.state in ("counts", "capped", "merged")
    until = translate("Review", "until {0}").format(day(line.expires_at)) if counts and line.expires_at else ""
    trailing = ", ".join(part for part in (f"+{line.points}" if counts else "", state, until) if part)
    return Line(text, "text" if counts else "muted", "flag" if counts else "clock", "warning" if counts else "muted",
                rows=1, trailing=trailing, strike=line.state == "overturned",
                tooltip=shown(line.listing_title))  # fmt: skip


def _sales(dossier: Dossier) -> Iterator[Line]:
    sales = dossier.sales
    yield _head(translate("Dossier", "SALES AND REFUNDS"))
    known = [translate("Dossier", "{0:,} units sold").format(sales.units_sold)] if sales.units_sold is not None else []
    known += [
        translate("Dossier", "{0} {1} turnover of the listings here").format(_amount(amount), shown(currency, 8))
        for currency, amount in sales.turnover.items()
    ]
    for text in known or [translate("Dossier", "No sales known")]:
        yield Line(text, rows=1)
    refunds = translate("Dossier", "Refund of buyers advised: {0}").format(sales.refunds_advised)
    yield Line(refunds, "muted" if not sales.refunds_advised else "text", rows=1)


def _amount(text: str) -> str:
    try:
        return f"{Decimal(text):,}" if text else ""
    except InvalidOperation:
        return shown(text, 30)


def _notes(opened: OpenedDossier) -> Iterator[Line]:
    yield _head(translate("Dossier", "YOUR NOTES"), str(sum(note.text is not None for note in opened.notes)))
    if not opened.notes:
        yield Line(translate("Dossier", "None yet. They stay on this desk."), "muted", rows=2)
    for note in opened.notes:
        at = day_and_time(parse_time(note.at))
        if note.text is None:
            yield Line(translate("Dossier", "erased"), "muted", rows=1, trailing=at)
        else:
            yield Line(shown(note.text, 4000), rows=0, trailing=at, gap=0.15)


def what_text(what: str) -> str:
    """The name of a kind of event; one that is not known as it came."""
    known = {
        "flag": translate("Dossier", "Flag"),
        "notice": translate("Dossier", "Notice"),
        "decision": translate("Dossier", "Decision"),
        "reversal": translate("Dossier", "Reversal"),
        "measure": translate("Dossier", "Measure"),
        "referral": translate("Dossier", "Referral"),
        "appeal": translate("Dossier", "Appeal"),
        "ruling": translate("Dossier", "Ruling"),
        "automated measure": translate("Dossier", "Automated measure"),
        "proof requested": translate("Dossier", "Proof requested"),
        "proof submitted": translate("Dossier", "Proof submitted"),
        "proof accepted": translate("Dossier", "Proof accepted"),
        "proof rejected": translate("Dossier", "Proof rejected"),
        "proof expired": translate("Dossier", "Proof expired"),
    }
    return known.get(what) or shown(what, 40)


def _what_role(event: DossierEvent) -> str:
    if event.what in ("measure", "automated measure", "referral"):
        return "danger"
    return "warning" if event.what in ("reversal", "appeal", "ruling") else ""


def _kind_and_ground(event: DossierEvent) -> str:
    ground = words.ground(event.ground) if event.ground else ""
    return " · ".join(part for part in (words.plain_id(event.kind), ground) if part)


def _event_words(event: DossierEvent) -> str:
    return "  ·  ".join(part for part in (shown(event.words), shown(event.note)) if part)


def event_columns(names: dict[str, str]) -> tuple[Column[DossierEvent], ...]:
    """The columns of the timeline; `names` are those of the trader's accounts."""
    return (
        Column(translate("Dossier", "When"), lambda row: day_and_time(row.at)),
        Column(translate("Dossier", "What"), lambda row: what_text(row.what), _what_role),
        Column(translate("Dossier", "Kind and ground"), _kind_and_ground),
        Column(translate("Dossier", "Words"), _event_words),
        Column(translate("Dossier", "By"), lambda row: shown(row.by, 60)),
        Column(translate("Dossier", "Account"), lambda row: shown(names.get(row.seller_id, row.seller_id), 60)),
    )


def link_columns() -> tuple[Column[SellerLink], ...]:
    """The columns of the list of links."""
    return (
        Column(translate("Dossier", "Seller"), _linked, _link_role),
        Column(translate("Dossier", "Shares"), _shares),
        Column(translate("Dossier", "Strength"), lambda row: f"{row.strength:.0%}"),
        Column(translate("Dossier", "Standing"), lambda row: standing_look(row.standing)[0], _link_role),
    )


def _linked(row: SellerLink) -> str:
    return " · ".join(part for part in (shown(row.display_name, 80), shown(row.marketplace, 40)) if part)


def _shares(row: SellerLink) -> str:
    return link_text(row.kind) if row.count < 2 else f"{link_text(row.kind)} ({row.count})"


def _link_role(row: SellerLink) -> str:
    return "danger" if row.standing == Standing.BANNED else ""


def listing_columns() -> tuple[Column[DossierListing], ...]:
    """The columns of the trader's listings."""
    return (
        Column(translate("Dossier", "Listing"), lambda row: shown(row.title)),
        Column(translate("Dossier", "State"), _listing_state, _listing_role),
        Column(translate("Dossier", "Price"), lambda row: f"{_amount(row.price)} {shown(row.currency, 8)}".strip()),
        Column(translate("Dossier", "Sold"), lambda row: "" if row.units_sold is None else f"{row.units_sold:,}"),
        Column(translate("Dossier", "Brand"), lambda row: shown(row.brand, 60)),
    )


def _listing_state(row: DossierListing) -> str:
    state = words.plain_id(row.state)
    return translate("Dossier", "{0}, repeats a removed one").format(state) if row.relists else state


def _listing_role(row: DossierListing) -> str:
    return "danger" if row.relists else "muted" if row.state == "removed" else ""


def listings_head(dossier: Dossier) -> str:
    """How many listings there are in which state."""
    states = ", ".join(
        f"{count:,} {words.plain_id(state).lower()}" for state, count in dossier.listings.by_state.items()
    )
    relisted = dossier.listings.relisted
    more = translate("Dossier", "; {0} repeat a removed one").format(relisted) if relisted else ""
    return translate("Dossier", "Listings: {0}").format(states or translate("Dossier", "none")) + more
