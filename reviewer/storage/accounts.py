"""Accounts at marketplaces, cursors, policies as served, and small things that are kept.  No secrets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reviewer.domain.server import Service
from reviewer.storage.database import Database
from reviewer.storage.records import decode, encode


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account: which connector with which settings; `service` is what the server last said of itself."""

    id: str
    connector: str
    name: str
    settings: Mapping[str, Any]
    service: Service | None


def all_accounts(database: Database) -> list[AccountRow]:
    """Every account that was not removed, in the order of their making."""
    rows = database.execute(
        "SELECT id, connector, name, settings, service FROM account WHERE removed_at IS NULL ORDER BY rowid"
    )
    return [
        AccountRow(row["id"], row["connector"], row["name"], json.loads(row["settings"]),
                   decode(bytes(row["service"]), Service) if row["service"] else None)
        for row in rows
    ]  # fmt: skip


def save_account(database: Database, account: AccountRow) -> None:
    """Add or change an account.  One transaction."""
    service = encode(account.service) if account.service else None
    with database.transaction():
        database.execute(
            "INSERT INTO account (id, connector, name, settings, service) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET connector = excluded.connector, name = excluded.name,"
            " settings = excluded.settings, service = coalesce(excluded.service, service), removed_at = NULL",
            (account.id, account.connector, account.name, json.dumps(dict(account.settings)), service),
        )


def save_service(database: Database, account: str, service: Service) -> None:
    """Keep what a server said of itself.  One transaction."""
    with database.transaction():
        database.execute("UPDATE account SET service = ? WHERE id = ?", (encode(service), account))


def unsent(database: Database, account: str) -> int:
    """How many decisions of an account are unsent, whoever made them."""
    row = database.one("SELECT count(*) FROM outbox WHERE account = ? AND state IN ('waiting', 'sending')", (account,))
    return row[0] if row else 0


def remove_account(database: Database, account: str, at: str) -> None:
    """Take an account out of use; its decisions stay.  One transaction."""
    with database.transaction():
        database.execute("UPDATE account SET removed_at = ? WHERE id = ?", (at, account))
        database.execute("DELETE FROM queue_row WHERE account = ?", (account,))
        database.execute("DELETE FROM cursor WHERE account = ?", (account,))
        for table in ("bank_entry", "reference_product", "reference_picture"):
            database.execute(f"DELETE FROM {table} WHERE account = ?", (account,))
        database.execute("UPDATE desk_case SET state = 'given_back' WHERE account = ? AND state = 'held'", (account,))


def cursor(database: Database, account: str, kind: str) -> str | None:
    """Where the reading of a list stands, or None at its beginning."""
    row = database.one("SELECT cursor FROM cursor WHERE account = ? AND kind = ?", (account, kind))
    return row["cursor"] if row else None


def save_cursor(database: Database, account: str, kind: str, value: str | None) -> None:
    """Call inside the transaction that writes what was read."""
    database.execute(
        "INSERT INTO cursor VALUES (?, ?, ?) ON CONFLICT (account, kind) DO UPDATE SET cursor = excluded.cursor",
        (account, kind, value),
    )


def save_policy(database: Database, account: str, version: str, tables: Mapping[str, Any]) -> None:
    """Keep the rules as the server gave them.  One transaction."""
    with database.transaction():
        database.execute(
            "INSERT INTO policy VALUES (?, ?, ?) ON CONFLICT (account, version) DO UPDATE SET body = excluded.body",
            (account, version, json.dumps(dict(tables)).encode()),
        )
        keep(database, f"policy:{account}", version)


def policy(database: Database, account: str) -> Mapping[str, Any] | None:
    """The rules that the account's server last gave, or None."""
    row = database.one(
        "SELECT body FROM policy WHERE account = ? AND version = (SELECT value FROM kept WHERE name = ?)",
        (account, f"policy:{account}"),
    )
    tables: Mapping[str, Any] | None = json.loads(row["body"]) if row else None
    return tables


def keep(database: Database, name: str, value: str) -> None:
    """Keep a small value under a name.  Call inside a transaction."""
    database.execute(
        "INSERT INTO kept VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, value),
    )


def kept(database: Database, name: str) -> str:
    """What was kept under a name, or the empty text."""
    row = database.one("SELECT value FROM kept WHERE name = ?", (name,))
    return row["value"] if row else ""
