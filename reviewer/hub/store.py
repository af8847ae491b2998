"""Everything that a hub holds: its database, its media, its rules and its clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from sqlalchemy import Connection, delete, func, insert, select

from reviewer.errors import OperatorError
from reviewer.hub.auth import DEMO_ACCOUNTS
from reviewer.hub.bucket import MediaBucket
from reviewer.hub.database import Database, database_time
from reviewer.hub.engines import CONNECTIONS
from reviewer.hub.leases import LeaseRules
from reviewer.hub.locks import START, hold
from reviewer.hub.media import MediaFolder, MediaStore
from reviewer.hub.prepared import Prepared
from reviewer.hub.schema import accounts, facts, policies
from reviewer.policy.policy import Policy, policy_from_mapping, policy_from_toml, policy_to_mapping
from reviewer.resources import resources_folder

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The clock on the wall."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Store:
    """A hub's data folder, opened."""

    database: Database
    media: MediaStore
    policy: Policy
    policy_number: int
    name: str
    demo: bool
    rules: LeaseRules
    clock: Clock
    folder: Path

    def now(self, connection: Connection) -> datetime:
        """The time of leases and receipts: where several hubs share a database, its server's clock."""
        if self.database.shared and self.clock is utc_now:
            return database_time(connection)
        return self.clock()

    def rules_in_force(self, connection: Connection) -> Policy:
        """The newest stored policy, whoever stored it."""
        number = _NEWEST.first(connection).number
        if number != self.policy_number:
            self.policy, self.policy_number = _policy(connection)
        return self.policy

    def close(self) -> None:
        """Closes the database after the work at hand."""
        self.database.close()
        self.media.close()


def open_store(
    folder: Path,
    *,
    database_url: str | None = None,
    media_url: str | None = None,
    clock: Clock = utc_now,
    rules: LeaseRules | None = None,
    connections: int = CONNECTIONS,
) -> Store:
    """Opens a data folder, and makes it with the shipped policy where it is new.

    Media are in the folder, or in the bucket of `media_url`.  Raises `OperatorError` where the folder or the
    bucket can't be used, or the database was made by a newer hub.
    """
    media = _media(folder, media_url)
    database = Database(database_url or f"sqlite:///{folder.resolve() / 'hub.db'}", connections)
    try:
        database.write(_first_policy)
        policy, number = database.read(_policy)
        name, demo = database.read(_name)
    except BaseException:
        database.close()
        media.close()
        raise
    return Store(database, media, policy, number, name, demo, rules or LeaseRules(), clock, folder)


def _media(folder: Path, url: str | None) -> MediaStore:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not url:
            return MediaFolder(folder / "media")
    except OSError as error:
        raise OperatorError(f"The data folder {folder} can't be made: {error.strerror}.") from None
    bucket = MediaBucket(url)
    bucket.check()
    return bucket


_NEWEST = Prepared(select(func.max(policies.c.seq).label("number")))


def _first_policy(connection: Connection) -> None:
    """Stores the shipped policy where there is none."""
    hold(connection, START)
    if _NEWEST.first(connection).number is None:
        path = resources_folder() / "policies.toml"
        policy = policy_from_toml(path.read_text("utf-8"), str(path))
        body = msgspec.json.encode(policy_to_mapping(policy)).decode()
        connection.execute(insert(policies), {"version": policy.version, "body": body})


def _policy(connection: Connection) -> tuple[Policy, int]:
    """The newest stored policy and its number."""
    row = connection.execute(select(policies).order_by(policies.c.seq.desc()).limit(1)).one()
    return policy_from_mapping(msgspec.json.decode(row.body), "the hub's stored policy"), row.seq


def _name(connection: Connection) -> tuple[str, bool]:
    rows = {row.name: row.value for row in connection.execute(select(facts))}
    return rows.get("name", "Hub"), rows.get("demo") == "yes"


def name_hub(store: Store, name: str, *, demo: bool) -> None:
    """Writes the name of the service document and whether the demo's tokens are valid."""

    def write(connection: Connection) -> None:
        rows = {"name": name, "demo": "yes" if demo else "no"}
        connection.execute(delete(facts).where(facts.c.name.in_(rows)))
        connection.execute(insert(facts), [{"name": key, "value": value} for key, value in rows.items()])

    store.database.write(write)
    store.name, store.demo = name, demo


def has_accounts(store: Store) -> bool:
    """Whether anybody may call."""
    return store.database.read(lambda connection: connection.execute(select(accounts.c.id)).first() is not None)


def is_empty(store: Store) -> bool:
    """Whether nothing was ever put in but the policy."""
    return not has_accounts(store) and not store.demo


def demo_tokens(store: Store) -> dict[str, str]:
    """The tokens of a demo hub by role-like names; empty for any other hub."""
    return {token.removeprefix("demo-"): token for token in DEMO_ACCOUNTS} if store.demo else {}
