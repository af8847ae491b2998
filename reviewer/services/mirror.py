"""What an account mirrors beside its cases: the reference products, the banks of pictures, and usual prices."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from reviewer.connectors.api import Connector, KeepingBanks, KeepingDossiers, Service
from reviewer.services.model import CaseOnDesk
from reviewer.services.surroundings import Surroundings
from reviewer.storage import dossiers
from reviewer.storage.database import Database
from reviewer.sync.banks import bank_pass, pairs_pass, references_pass

_BANKS_S = 30.0
_PRICES_S = 3600.0
_IDLE_S = 3600.0


def mirror_banks(
    around: Surroundings,
    account: str,
    service: Service | None,
    connector: Connector,
    look_at: Callable[[CaseOnDesk], None],
) -> float:
    """One reading, where the server has them; seconds until the next.  On the account's thread."""
    able = service.capabilities if service else frozenset()
    if "references" in able and references_pass(around.store, connector, account):
        around.evidence.thread.go_on()
    if "banks" not in able:
        return _IDLE_S
    keeping = cast(KeepingBanks, connector)
    pairs_pass(around.store, keeping, account)
    changed = False
    for bank in ("infringing", "negative"):
        entries = bank_pass(around.store, keeping, account, bank)
        around.evidence.learn_codes([one for entry in entries for one in entry.fingerprints])
        changed = changed or bool(entries)
    if changed:
        _refresh(around, account, look_at)
    return _BANKS_S


def _refresh(around: Surroundings, account: str, look_at: Callable[[CaseOnDesk], None]) -> None:
    """The banks changed: what is on the deck may match something new, or no more."""

    def refresh(_: Database) -> bool:
        return any([around.deck.refresh_evidence(ref) for ref in around.deck.refs()])

    if around.store.run(refresh):
        around.notifier.publish("evidence", origin="banks")
    for entry in around.store.run(lambda _: around.deck.entries()):
        if entry.ref.account == account:
            look_at(entry)


def mirror_prices(around: Surroundings, account: str, service: Service | None, connector: Connector) -> float:
    """What categories usually cost, where the server says so: a price far below is a sign.  On the account's thread."""
    if service is None or "dossiers" not in service.capabilities:
        return _IDLE_S
    found = cast(KeepingDossiers, connector).prices()

    def keep(database: Database) -> bool:
        dossiers.save_prices(database, account, found)
        around.book.set_prices(account, found)
        return around.deck.reckon_again(account)

    if around.store.run(keep):
        around.notifier.publish("evidence", origin="prices")
    return _PRICES_S
