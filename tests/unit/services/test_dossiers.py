"""Dossiers on the desk: at hand at once, the server's word kept, notes durable, nothing of people in the clear."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from plugins.queue_api import payload
from reviewer.connectors.api import Unavailable
from reviewer.domain.dossier import Dossier, DossierEvent, Identifier
from reviewer.domain.listing import CategoryPrice
from reviewer.domain.seller import Seller, SellerLink
from reviewer.domain.values import Money
from reviewer.errors import OperatorError
from reviewer.policy.policy import shipped_policy
from reviewer.services.account_book import AccountBook
from reviewer.services.changes import Notifier
from reviewer.services.deck import AccountView
from reviewer.services.dossiers import DossierService, export_dossier
from reviewer.services.model import AccountStatus
from reviewer.storage import dossiers as table
from reviewer.storage.database import Database
from reviewer.storage.threads import StoreThread
from tests.made import make_cases

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
PHONE = "+52 55 1234 5678"


class World:
    """A service on a real store, with a server that answers `served` or raises it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "store.sqlite3"
        self.store = StoreThread(self.path)
        self.store.start()
        self.book = AccountBook(Notifier(), lambda _: None, lambda: 0.0, lambda: NOW)
        self.entry = make_cases(1)[0]
        account = self.entry.ref.account
        self.book._views[account] = AccountView(shipped_policy(), {}, frozenset({"dossiers"}))
        self.book._reviewers[account] = "ana"
        self.online(True)
        self.served: Dossier | OperatorError = Dossier(replace(self.entry.case.seller, offences=(), links=()), NOW)
        self.service = DossierService(self.store, self.book, self._ask, lambda: NOW)

    def online(self, on: bool) -> None:
        state = "online" if on else "offline"
        self.book._statuses[self.entry.ref.account] = AccountStatus(self.entry.ref.account, "Market", state)

    def _ask(self, account: str, call: Any) -> Dossier:
        if isinstance(self.served, OperatorError):
            raise self.served
        return self.served


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.store.close()


def test_without_a_server_the_case_itself_tells_of_its_seller(world: World) -> None:
    closed = SellerLink("s-9", "Closed", "bank", 0.95, "banned")
    seller = replace(world.entry.case.seller, links=(closed,))
    entry = replace(world.entry, case=replace(world.entry.case, seller=seller))
    opened = world.service.at_hand(entry)
    assert opened.source == "desk"
    assert opened.as_of == entry.fetched_at
    assert opened.dossier.seller.id == seller.id
    assert len(opened.dossier.timeline) == len(entry.case.flags) + len(seller.offences)
    assert opened.dossier.proposals[0].ground == "banned_seller"


def test_what_the_server_says_is_kept_with_its_age(world: World) -> None:
    account, seller = world.entry.ref.account, world.entry.case.seller.id
    event = DossierEvent(NOW, "lawsuit", seller, words="<b>of a kind that nobody knows</b>")
    world.served = Dossier(replace(world.entry.case.seller, offences=()), NOW, timeline=(event,), events=1)
    assert world.service.fetch(account, seller).source == "server"
    world.online(False)
    with pytest.raises(OperatorError, match="can't be reached"):
        world.service.fetch(account, seller)
    kept = world.service.at_hand(world.entry)
    assert (kept.source, kept.as_of, kept.dossier.timeline) == ("kept", NOW, (event,))


def test_another_sellers_dossier_is_refused_and_not_kept(world: World) -> None:
    world.served = Dossier(Seller("somebody", "Else"), NOW)
    with pytest.raises(OperatorError, match="another seller"):
        world.service.fetch(world.entry.ref.account, world.entry.case.seller.id)
    assert world.service.at_hand(world.entry).source == "desk"


def test_notes_outlive_the_program_and_are_erased_but_never_lost(world: World) -> None:
    account, seller = world.entry.ref.account, world.entry.case.seller.id
    for text in ("first", "second 메모"):
        notes = world.service.add_note(account, seller, text)
    assert [note.text for note in notes] == ["second 메모", "first"]
    for wrong in (" ", "x" * 5000, "\ud800"):
        with pytest.raises(OperatorError):
            world.service.add_note(account, seller, wrong)
    world.service.erase_note(account, seller, notes[0].id)
    world.store.close()
    database = Database(world.path)
    try:
        kept = table.notes(database, account, seller)
        assert [(note.text, note.reviewer) for note in kept] == [(None, "ana"), ("first", "ana")]
        for statement in ("DELETE FROM seller_note", "UPDATE seller_note SET body = 'other'"):
            with pytest.raises(Exception, match="never deleted|erased or stays"):
                database.execute(statement)
    finally:
        database.close()


def test_no_identifier_in_the_clear_gets_into_the_store(world: World) -> None:
    """A server that sends one in the clear, against the rules: the connector leaves it out before anything is kept."""
    seller = world.entry.case.seller
    wire = Dossier(
        replace(seller, offences=(), links=()),
        NOW,
        identifiers=(Identifier("phone", PHONE, 2), Identifier("bank", "ab" * 32, 3)),
    )
    body = msgspec.json.encode(wire)
    world.served = payload.dossier(body)
    assert [row.kind for row in world.served.identifiers] == ["bank"]
    world.service.fetch(world.entry.ref.account, seller.id)
    world.store.close()
    kept = b"".join(path.read_bytes() for path in world.path.parent.glob("store.sqlite3*"))
    assert b"ab" * 32 in kept
    for secret in (PHONE, "12345678", "1234 5678"):
        assert secret.encode() not in kept


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"seller": {"id": "x"}}', b"\xff", b"[" * 5000])
def test_a_dossier_that_is_none_is_no_answer(body: bytes) -> None:
    with pytest.raises(Unavailable):
        payload.dossier(body)


def test_files_have_everything_and_no_markup_of_strangers(world: World, tmp_path: Path) -> None:
    account, seller = world.entry.ref.account, world.entry.case.seller
    event = DossierEvent(NOW, "lawsuit", seller.id, words="<script>alert(1)</script>")
    world.served = Dossier(replace(seller, offences=()), NOW, timeline=(event,), events=1)
    world.service.fetch(account, seller.id)
    world.service.add_note(account, seller.id, "a note")
    opened = world.service.at_hand(world.entry)
    for name in ("d.html", "d.json"):
        export_dossier(opened, tmp_path / name)
    page = (tmp_path / "d.html").read_text("utf-8")
    assert "<script>" not in page
    assert "a note" in page
    document = json.loads((tmp_path / "d.json").read_text("utf-8"))
    assert (document["source"], document["notes"][0]["text"]) == ("kept", "a note")
    printed: list[str] = []
    export_dossier(opened, tmp_path / "d.pdf", lambda html, path, title: printed.append(html))
    assert "a note" in printed[0]
    with pytest.raises(OperatorError, match="can't be written"):
        export_dossier(opened, tmp_path / "no" / "d.html")


def test_usual_prices_are_kept_whole(world: World) -> None:
    prices = (CategoryPrice(Money(Decimal("12.50"), "EUR"), 40, "belt"), CategoryPrice(Money(Decimal(9), None), 5, "x"))
    world.store.run(lambda database: table.save_prices(database, "a", prices))
    world.store.run(lambda database: table.save_prices(database, "a", prices))
    assert world.store.run(lambda database: table.prices(database, "a")) == prices[:1]
