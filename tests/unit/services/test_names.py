"""What marketplaces and grounds are called, for the queue table."""

from __future__ import annotations

from datetime import UTC, datetime

from reviewer.domain.server import Marketplace, Service
from reviewer.policy.policy import policy_from_toml
from reviewer.resources import resources_folder
from reviewer.services.account_book import AccountBook
from reviewer.services.changes import Notifier
from reviewer.storage.accounts import AccountRow


def service(*marketplaces: Marketplace) -> Service:
    now = datetime.now(UTC)
    return Service("Made-up", now, "ana", "Ana Reyes", "reviewer", marketplaces, frozenset({"cases"}))


def test_the_book_knows_the_names_of_all_accounts() -> None:
    house = policy_from_toml((resources_folder() / "policies.toml").read_text("utf-8"))
    book = AccountBook(Notifier(), lambda _: None, lambda: 0.0, lambda: datetime.now(UTC))
    assert dict(book.names().marketplaces) == {}
    kept = service(Marketplace("siam", "สยามมาร์เก็ต", "THB"))
    book.add(AccountRow("a", "queue_api", "A", {}, kept), house)
    book.add(AccountRow("b", "queue_api", "B", {}, None), house)
    assert dict(book.names().marketplaces) == {"siam": "สยามมาร์เก็ต"}
    book.connected("b", service(Marketplace("mercadia", "Mercadía"), Marketplace("nameless", "")))
    assert dict(book.names().marketplaces) == {"siam": "สยามมาร์เก็ต", "mercadia": "Mercadía"}
    assert book.names().grounds["counterfeit"] == house.ground("counterfeit").title  # type: ignore[union-attr]
