"""What comes in for picture evidence: reference products, and the banks of pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reviewer.connectors.api import BankEntry, Connector, Fingerprint, KeepingBanks, LinkingPictures
from reviewer.storage import accounts, evidence, near_cases
from reviewer.storage.database import Database
from reviewer.storage.threads import StoreThread

_PAGE = 200


def references_pass(store: StoreThread, connector: Connector, account: str) -> int:
    """Read the reference products that came since the last time, a transaction a page; answers how many."""
    count = 0
    cursor = store.run(lambda database: accounts.cursor(database, account, "references"))
    while True:
        page = connector.references(cursor, _PAGE)
        following = page.next_cursor

        def write(database: Database, page=page, following=following) -> None:  # type: ignore[no-untyped-def]
            with database.transaction():
                evidence.save_references(database, account, page.items)
                if following is not None:
                    accounts.save_cursor(database, account, "references", following)

        if page.items:
            store.run(write)
        count += len(page.items)
        if following is None or following == cursor:
            return count
        cursor = following


def bank_pass(store: StoreThread, connector: KeepingBanks, account: str, bank: str) -> list[BankEntry]:
    """Read what came into a bank or left it since the last time, a transaction a page; answers all of it."""
    found: list[BankEntry] = []
    cursor = store.run(lambda database: accounts.cursor(database, account, f"bank:{bank}"))
    while True:
        page = connector.bank(bank, cursor, _PAGE)
        following = page.next_cursor
        items = [_named(entry) for entry in page.items]

        def write(database: Database, items=items, following=following) -> None:  # type: ignore[no-untyped-def]
            with database.transaction():
                evidence.save_bank(database, account, bank, items)
                if following is not None:
                    accounts.save_cursor(database, account, f"bank:{bank}", following)

        if items:
            store.run(write)
        found += items
        if following is None or following == cursor or not page.items:
            return found
        cursor = following


def near_cases_pass(
    store: StoreThread,
    connector: LinkingPictures,
    account: str,
    sightings: Sequence[tuple[Fingerprint, tuple[str, ...]]],
) -> bool:
    """Tell the server of pictures that were looked at, and keep the open cases with near ones; whether any are new."""
    found = connector.link_pictures([one for one, _ in sightings], [searched for _, searched in sightings])
    asked = {one.picture for one, _ in sightings}
    rows = [near for near in found if near.picture in asked]
    return store.run(lambda database: near_cases.save(database, account, sorted(asked), rows))


def _named(entry: BankEntry) -> BankEntry:
    """The entry whose fingerprints bear its picture; a line of a hash list has its own id for one."""
    name = entry.picture or entry.id
    return replace(entry, fingerprints=tuple(replace(one, picture=name) for one in entry.fingerprints))


def pairs_pass(store: StoreThread, connector: KeepingBanks, account: str) -> int:
    """Tell the server of pairs that were called no match here; answers how many."""
    pairs = store.run(lambda database: evidence.unsent_pairs(database, account))
    if not pairs:
        return 0
    connector.add_non_matches(pairs)
    told = [replace(entry, source="") for entry in pairs]

    def write(database: Database) -> None:
        with database.transaction():
            evidence.save_bank(database, account, "negative", told)

    store.run(write)
    return len(pairs)
