"""Rows whose numbers must come in the order of commits, since clients page by them: changes and decisions.

They are kept until the end of the transaction and written then, on PostgreSQL under a lock that lasts until
the commit: a reader that saw a number will never see a lower one appear.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from reviewer.hub.locks import ORDER, hold
from reviewer.hub.prepared import Prepared

_KEY = "sequenced"


def begin_sequenced(connection: Connection) -> None:
    """At the start of a unit of work: nothing is kept."""
    connection.info[_KEY] = []


def write_at_end(connection: Connection, statement: Prepared, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keeps rows for the end of the transaction, in the order of the calls."""
    if rows:
        connection.info[_KEY].append((statement, rows))


def write_sequenced(connection: Connection) -> None:
    """At the end of a unit of work: writes what was kept."""
    kept: list[tuple[Prepared, Sequence[Mapping[str, Any]]]] = connection.info[_KEY]
    if not kept:
        return
    hold(connection, ORDER)
    merged: dict[Prepared, list[Mapping[str, Any]]] = {}
    for statement, rows in kept:
        merged.setdefault(statement, []).extend(rows)
    for statement, all_rows in merged.items():
        statement.run_all(connection, all_rows)
    begin_sequenced(connection)
