"""A price is held against what its category usually costs, as the account's server says, also when it says so late."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from reviewer.domain.case import Case
from reviewer.domain.listing import CategoryPrice
from reviewer.domain.values import Money
from reviewer.policy.policy import shipped_policy
from reviewer.services.deck import AccountView, Deck
from reviewer.services.model import CaseRef
from reviewer.storage.cases import DeskRow
from tests.made import make_cases

NOW = datetime(2026, 11, 20, tzinfo=UTC)


class World:
    """A deck with one case of a cheap belt."""

    def __init__(self) -> None:
        self.view = AccountView(shipped_policy(), {})
        self.deck = Deck(lambda _: self.view, lambda _: (), lambda _: None, lambda: NOW)
        made = make_cases(1)[0].case
        offer = replace(made.listing, category="belt", price=Money(Decimal(4), "EUR"))
        self.case: Case = replace(made, listing=offer)
        row = DeskRow("a", self.case, 1, "l", 1, "", "held", "2026-11-20T00:00:00.000Z", False, False)
        self.deck.add(row, None)

    def told(self) -> list[str]:
        entry = self.deck.get(CaseRef("a", self.case.id))
        assert entry is not None
        return [fact.sentence() for fact in entry.facts if fact.kind == "category_price"]

    def says(self, amount: int, currency: str = "EUR", listings: int = 90) -> None:
        price = CategoryPrice(Money(Decimal(amount), currency), listings, "belt")
        self.view = replace(self.view, prices={("belt", currency): price})


def test_a_price_far_below_its_category_speaks_once_the_server_tells_the_base() -> None:
    world = World()
    assert world.told() == []
    world.says(100)
    assert world.deck.reckon_again("a")
    assert world.told() == ["96 % under the middle price of its category: 4 EUR against 100 EUR (90 listings)"]
    assert not world.deck.reckon_again("a")
    assert not world.deck.reckon_again("another account")


def test_another_currency_a_small_base_and_a_fair_price_say_nothing() -> None:
    world = World()
    for amount, currency, listings in ((100, "USD", 90), (100, "EUR", 6), (5, "EUR", 90)):
        world.says(amount, currency, listings)
        world.deck.reckon_again("a")
        assert world.told() == []


def test_what_is_wrong_with_the_price_is_not_forgotten_when_evidence_comes() -> None:
    world = World()
    world.says(100)
    world.deck.reckon_again("a")
    world.deck.refresh_evidence(CaseRef("a", world.case.id))
    assert len(world.told()) == 1
