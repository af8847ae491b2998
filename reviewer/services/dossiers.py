"""Dossiers on the desk: at once what is known here, then what the server says; own notes; files."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec

from reviewer.connectors.api import Connector, KeepingDossiers
from reviewer.domain.case import Case
from reviewer.domain.decision import DecisionKind
from reviewer.domain.dossier import (
    Account,
    Dossier,
    DossierEvent,
    DossierListing,
    DossierListings,
    LadderSum,
    ProposedFlag,
    Sales,
    SumLine,
)
from reviewer.domain.values import format_time, parse_time
from reviewer.errors import OperatorError
from reviewer.policy.dossier_page import OwnNote, dossier_page
from reviewer.policy.ladder import ladder_step
from reviewer.policy.links import proposals
from reviewer.policy.policy import Policy
from reviewer.services.account_book import AccountBook
from reviewer.services.model import CaseOnDesk
from reviewer.storage import dossiers as table
from reviewer.storage.database import Database
from reviewer.storage.dossiers import SellerNote
from reviewer.storage.threads import StoreThread

ResultT = TypeVar("ResultT")
_NOTE = 4000

#: How a call is made at an account's server, in the background.
Ask = Callable[[str, Callable[[Connector], Any]], Any]
#: Writes a page as PDF: its HTML, the file, its title.
PrintPdf = Callable[[str, Path, str], None]


@dataclass(frozen=True, slots=True)
class OpenedDossier:
    """A dossier as it is shown.  `source` is `server` (just fetched), `kept` (fetched at `as_of`) or `desk` (put
    together from the case and what was decided here); `problem` says why it is not the server's."""

    account: str
    dossier: Dossier
    as_of: datetime
    source: str
    notes: tuple[SellerNote, ...] = ()
    problem: str = ""


class DossierService:
    """`at_hand` and the notes on the store's thread; `fetch` and `export` in the background."""

    def __init__(self, store: StoreThread, book: AccountBook, ask: Ask, now: Callable[[], datetime]) -> None:
        self._store = store
        self._book = book
        self._ask = ask
        self._now = now

    def at_hand(self, entry: CaseOnDesk) -> OpenedDossier:
        """What this desk knows of the seller of a case: the last dossier that was fetched, else the case's own word."""
        account, case = entry.ref.account, entry.case

        def read(database: Database) -> OpenedDossier:
            kept = table.dossier(database, account, case.seller.id)
            notes = table.notes(database, account, case.seller.id)
            if kept is not None:
                return OpenedDossier(account, kept.dossier, parse_time(kept.fetched_at), "kept", notes)
            decided = table.decisions_on(database, account, [case.id, *(other.case_id for other in case.siblings)])
            made = from_case(case, entry.policy, entry.fetched_at, decided)
            return OpenedDossier(account, made, entry.fetched_at, "desk", notes)

        return self._store.run(read)

    def fetch(self, account: str, seller_id: str) -> OpenedDossier:
        """Ask the server, and keep what it says.  Blocking.  Raises `OperatorError` with words for the window."""
        status = next((row for row in self._book.statuses() if row.account == account), None)
        if status is None or status.state != "online":
            raise OperatorError("Its server can't be reached now; this is what the desk knows.")
        if "dossiers" not in self._book.view(account).capabilities:
            raise OperatorError("This server keeps no dossiers; this is what the case and this desk know.")
        found: Dossier = self._ask(account, lambda connector: cast(KeepingDossiers, connector).dossier(seller_id))
        if found.seller.id != seller_id:
            raise OperatorError("The server answered with another seller's dossier: ask its operator.")
        at = self._now()

        def keep(database: Database) -> tuple[SellerNote, ...]:
            table.save_dossier(database, account, found, format_time(at))
            return table.notes(database, account, seller_id)

        return OpenedDossier(account, found, at, "server", self._store.run(keep))

    def add_note(self, account: str, seller_id: str, text: str) -> tuple[SellerNote, ...]:
        """Keep a note; durable when this returns.  Raises `OperatorError` where it is empty or too long."""
        words = text.strip()
        if not words or len(words) > _NOTE:
            raise OperatorError(f"A note has 1 to {_NOTE:,} characters.")
        by, at = self._book.reviewer(account), format_time(self._now())

        def write(database: Database) -> tuple[SellerNote, ...]:
            table.add_note(database, account, seller_id, by, at, words)
            return table.notes(database, account, seller_id)

        try:
            return self._store.run(write)
        except ValueError as error:
            raise OperatorError(f"The note can't be kept ({error}). Change it.") from error

    def erase_note(self, account: str, seller_id: str, note_id: int) -> tuple[SellerNote, ...]:
        """Erase the text of a note; that there was one stays."""

        def write(database: Database) -> tuple[SellerNote, ...]:
            table.erase_note(database, note_id)
            return table.notes(database, account, seller_id)

        return self._store.run(write)


def export_dossier(opened: OpenedDossier, out: Path, print_pdf: PrintPdf | None = None) -> None:
    """Write a dossier to a file: `.html`, `.pdf` (the newest 500 events), anything else JSON.

    Raises `OperatorError` where it can't be written.
    """
    notes = own_notes(opened)
    if out.suffix == ".pdf" and print_pdf is not None:
        print_pdf(dossier_page(opened.dossier, notes, most_events=500), out, opened.dossier.seller.display_name)
        return
    if out.suffix == ".html":
        text = dossier_page(opened.dossier, notes)
    else:
        document: Mapping[str, Any] = msgspec.to_builtins(opened.dossier)
        told = [{"at": format_time(note.at), "by": note.by, "text": note.text} for note in notes]
        whole = {**document, "as_of": format_time(opened.as_of), "source": opened.source, "notes": told}
        text = json.dumps(whole, ensure_ascii=False, indent=1)
    try:
        out.write_bytes(text.encode("utf-8", "replace"))
    except OSError as error:
        raise OperatorError(f"{out} can't be written: {error.strerror}. Choose another place.") from None


def own_notes(opened: OpenedDossier) -> list[OwnNote]:
    """The notes that were not erased."""
    return [OwnNote(parse_time(note.at), note.reviewer, note.text) for note in opened.notes if note.text is not None]


def from_case(case: Case, policy: Policy, as_of: datetime, decided: list[tuple[str, str, str, str, str]]) -> Dossier:
    """A dossier of what a case says of its seller and what was decided at this desk: for servers that keep none."""
    seller = case.seller
    step = ladder_step(policy, seller.offences, DecisionKind.CLEAR, "", as_of)
    events = [
        DossierEvent(flag.at, "notice" if flag.notice_id else "flag", seller.id, flag.source, flag.reason,
                     flag.explanation, "", flag.claimant, case.id, case.listing.id, flag.notice_id or flag.id)
        for flag in case.flags
    ]  # fmt: skip
    known = {decision[0] for decision in decided}
    events += [
        DossierEvent(o.at, "decision", seller.id, o.kind, o.ground, o.listing_title, "", "", "", o.listing_id,
                     o.decision_id)
        for o in seller.offences
        if o.decision_id not in known
    ]  # fmt: skip
    events += [
        DossierEvent(parse_time(at), "reversal" if kind == DecisionKind.WITHDRAW else "decision", seller.id, kind,
                     ground, "", "", "", case_id, "", name)
        for name, at, kind, ground, case_id in decided
    ]  # fmt: skip
    price, listing = case.listing.price, case.listing
    shown = DossierListing(
        listing.id, listing.title, listing.state, listing.brand, listing.category, seller.id, listing.marketplace,
        str(price.amount) if price else "", (price.currency or "") if price else "", listing.units_sold,
        listing.pictures[0].sha256 if listing.pictures else "",
    )  # fmt: skip
    account = Account(seller.id, seller.display_name, seller.marketplace, seller.standing, step.before,
                      seller.listings_live, seller.listings_removed, seller.units_sold, seller.joined_at)  # fmt: skip
    sums = tuple(
        SumLine(line.offence.decision_id, line.offence.at, line.offence.ground, line.state.value, line.points,
                line.offence.expires_at, seller.id, line.offence.listing_title)
        for line in step.lines
    )  # fmt: skip
    return Dossier(
        seller=replace(seller, offences=(), links=()),
        made_at=as_of,
        policy_version=policy.version,
        ladder=LadderSum(step.before, step.next_points, sums),
        accounts=(account,),
        timeline=tuple(sorted(events, key=lambda event: event.at, reverse=True)),
        events=len(events),
        listings=DossierListings({listing.state: 1}, 0, (shown,)),
        links=seller.links,
        proposals=tuple(ProposedFlag(one.ground, one.reasons) for one in proposals(seller.links)),
        sales=Sales(seller.units_sold),
    )
