"""Brings a database to the tables of this version: once, under a lock, or not at all."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, select

from reviewer.errors import OperatorError
from reviewer.hub.locks import START, hold
from reviewer.hub.schema import facts

_FIRST = "0001"
_FOLDER = Path(__file__).parent / "migrations"


def migrate(connection: Connection) -> None:
    """Runs the steps that are missing, in the caller's transaction; several hubs may start at once.

    Raises `OperatorError` for a database that a newer hub made, before anything is written to it.
    """
    hold(connection, START)
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    scripts = ScriptDirectory.from_config(config)
    known = [step.revision for step in scripts.walk_revisions()]
    found = _revision(connection, known)
    if found == scripts.get_current_head():
        return
    config.attributes["connection"] = connection
    if found == _FIRST and not MigrationContext.configure(connection).get_current_heads():
        command.stamp(config, _FIRST)
    command.upgrade(config, "head")


def _revision(connection: Connection, known: Collection[str]) -> str | None:
    """The step that the database is at: None for an empty one."""
    heads = MigrationContext.configure(connection).get_current_heads()
    for head in heads:
        if head not in known:
            raise OperatorError(f"The database was made by a newer hub (its tables are of {head}); run that version.")
    if heads:
        return heads[0]
    if not inspect(connection).has_table("facts"):
        return None
    number = connection.execute(select(facts.c.value).where(facts.c.name == "schema")).scalar()
    if number not in (None, "1"):
        raise OperatorError(f"The database was made by a newer hub (its tables are of {number}); run that version.")
    return _FIRST
