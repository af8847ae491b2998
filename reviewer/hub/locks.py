"""Locks that all hubs on one PostgreSQL share; on SQLite the writing transaction is alone anyway.

Who takes several takes them in this order: `START` or `FEED`, accounts, sellers by id, cases by id, `ORDER`.
A seller's row stands for the seller's listings, offences, measures and the ends of its cases.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection

#: Held while tables are made or changed, and while the first facts are written.
START: Final = 1
#: Held by those who make listings, cases or references, so that their numbers come in the order of commits.
FEED: Final = 2
#: Held from the first number of a change or a decision to the commit, for the same reason.
ORDER: Final = 3

#: Held while keys and heads of logs are taken, and while the hub's own log grows; the only one that its holder has.
AUDIT: Final = 4

_SPACE = 0x51554555


def is_shared(connection: Connection) -> bool:
    """Whether other transactions may write at the same time."""
    return connection.dialect.name == "postgresql"


def hold(connection: Connection, lock: int) -> None:
    """Takes a lock until the end of the transaction; waits for it."""
    if is_shared(connection):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_SPACE}, {lock})")
