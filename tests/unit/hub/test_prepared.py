"""The busy statements: none of them reads a whole table, whatever the database makes of it."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from reviewer.hub import batch, cases, changes, decisions, effects, leases, references, sellers, store
from reviewer.hub.prepared import Prepared, among, given
from reviewer.hub.schema import accounts

MODULES = (batch, cases, changes, decisions, effects, leases, references, sellers, store)
STATEMENTS = [
    pytest.param(found, id=f"{module.__name__.rpartition('.')[2]}{name}")
    for module in MODULES
    for name, found in vars(module).items()
    if isinstance(found, Prepared)
]


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    opened = store.open_store(tmp_path_factory.mktemp("plan"))

    def plan(statement):
        def read(connection):
            form = statement._form(connection.dialect)
            nothing = [None for _ in form.places]
            return connection.connection.driver_connection.execute(f"EXPLAIN QUERY PLAN {form.sql}", nothing).fetchall()

        return [row[3] for row in opened.database.read(read)]

    yield plan
    opened.close()


@pytest.mark.parametrize("statement", STATEMENTS)
def test_no_busy_statement_reads_a_whole_table(plan, statement):
    whole = [step for step in plan(statement) if step.startswith("SCAN") and "json_each" not in step]
    assert whole in ([], ["SCAN policies"])


def test_lists_are_given_as_they_are(hub):
    statement = Prepared(select(accounts.c.name, accounts.c.role).where(among(accounts.c.role, "roles")))
    rows = hub.store.database.read(lambda connection: statement.rows(connection, roles=["lead", "admin", 'x"y']))
    assert sorted(row.name for row in rows) == ["Admin", "Lead"]
    assert hub.store.database.read(lambda connection: statement.rows(connection, roles=[])) == []


def test_a_first_row_that_is_not_there_is_none(hub):
    statement = Prepared(select(accounts.c.name).where(accounts.c.id == given("id")))
    assert hub.store.database.read(lambda connection: statement.first(connection, id="nobody")) is None
