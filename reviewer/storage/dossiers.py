"""What is kept of sellers: the dossiers that servers gave, own notes, and the usual prices of categories."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from reviewer.domain.dossier import Dossier
from reviewer.domain.listing import CategoryPrice
from reviewer.domain.values import Money
from reviewer.storage.database import Database
from reviewer.storage.records import decode, encode

#: So many dossiers are kept; the oldest go.
_KEPT = 500


@dataclass(frozen=True, slots=True)
class KeptDossier:
    """A dossier with the time when it was fetched, an RFC 3339 text."""

    dossier: Dossier
    fetched_at: str


@dataclass(frozen=True, slots=True)
class SellerNote:
    """A person's own note on a seller; `text` is None where it was erased."""

    id: int
    reviewer: str
    at: str
    text: str | None


def save_dossier(database: Database, account: str, dossier: Dossier, at: str) -> None:
    """Keep the newest of a seller.  One transaction."""
    with database.transaction():
        database.execute(
            "INSERT INTO dossier VALUES (?, ?, ?, ?) ON CONFLICT (account, seller_id)"
            " DO UPDATE SET fetched_at = excluded.fetched_at, body = excluded.body",
            (account, dossier.seller.id, at, encode(dossier)),
        )
        database.execute(
            "DELETE FROM dossier WHERE fetched_at < (SELECT fetched_at FROM dossier"
            " ORDER BY fetched_at DESC LIMIT 1 OFFSET ?)",
            (_KEPT,),
        )


def dossier(database: Database, account: str, seller_id: str) -> KeptDossier | None:
    """The last dossier of a seller, or None."""
    row = database.one("SELECT * FROM dossier WHERE account = ? AND seller_id = ?", (account, seller_id))
    return KeptDossier(decode(bytes(row["body"]), Dossier), row["fetched_at"]) if row else None


def add_note(database: Database, account: str, seller_id: str, reviewer: str, at: str, text: str) -> None:
    """Keep a note.  One transaction: once this returns, the note is durable."""
    with database.transaction():
        database.execute(
            "INSERT INTO seller_note (account, seller_id, reviewer, at, body) VALUES (?, ?, ?, ?, ?)",
            (account, seller_id, reviewer, at, text),
        )


def erase_note(database: Database, note_id: int) -> None:
    """Erase the text of a note; that there was one stays.  One transaction."""
    with database.transaction():
        database.execute("UPDATE seller_note SET body = NULL WHERE id = ?", (note_id,))


def notes(database: Database, account: str, seller_id: str) -> tuple[SellerNote, ...]:
    """The notes on a seller, the newest first."""
    rows = database.execute(
        "SELECT * FROM seller_note WHERE account = ? AND seller_id = ? ORDER BY id DESC", (account, seller_id)
    ).fetchall()
    return tuple(SellerNote(row["id"], row["reviewer"], row["at"], row["body"]) for row in rows)


def decisions_on(database: Database, account: str, case_ids: Iterable[str]) -> list[tuple[str, str, str, str, str]]:
    """What was decided at this desk on some cases: id, time, kind, ground, case."""
    found: list[tuple[str, str, str, str, str]] = []
    for case_id in case_ids:
        rows = database.execute(
            "SELECT id, decided_at, kind, ground, case_id FROM decision WHERE account = ? AND case_id = ?",
            (account, case_id),
        ).fetchall()
        found += [(row["id"], row["decided_at"], row["kind"], row["ground"], row["case_id"]) for row in rows]
    return found


def save_prices(database: Database, account: str, prices: Iterable[CategoryPrice]) -> None:
    """Keep the usual prices in the place of those known before.  One transaction."""
    rows: list[tuple[object, ...]] = [
        (account, one.category, one.middle.currency, str(one.middle.amount), one.listings)
        for one in prices
        if one.middle.currency
    ]
    with database.transaction():
        database.execute("DELETE FROM category_price WHERE account = ?", (account,))
        database.executemany("INSERT OR REPLACE INTO category_price VALUES (?, ?, ?, ?, ?)", rows)


def prices(database: Database, account: str) -> tuple[CategoryPrice, ...]:
    """The usual prices that the account's server last gave."""
    rows = database.execute("SELECT * FROM category_price WHERE account = ?", (account,)).fetchall()
    return tuple(
        CategoryPrice(Money(Decimal(row["amount"]), row["currency"]), row["listings"], row["category"]) for row in rows
    )
