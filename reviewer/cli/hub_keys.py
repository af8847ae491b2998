"""`reviewer hub keys`: whose workstations the hub vouches for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reviewer.errors import OperatorError

if TYPE_CHECKING:
    from reviewer.hub.store import Store

hub_keys_app = typer.Typer(no_args_is_help=True, help="The keys of workstations that were enrolled, and the hub's own.")

Data = Annotated[Path, typer.Option("--data", help="The hub's data folder.")]
DatabaseUrl = Annotated[str | None, typer.Option("--database-url", envvar="REVIEWER_HUB_DATABASE_URL")]


@contextmanager
def _opened(data: Path, database_url: str | None) -> Iterator[Store]:
    from reviewer.hub.store import open_store

    if database_url is None and not (data / "hub.db").is_file():
        raise OperatorError(f"There is no hub in {data}. Name its data folder (--data).")
    store = open_store(data, database_url=database_url)
    try:
        yield store
    finally:
        store.close()


@hub_keys_app.command("list")
def hub_keys_list(data: Data, database_url: DatabaseUrl = None) -> None:
    """Print the hub's own key, which audits pin, then every key that was enrolled, with whose it is."""
    from reviewer.hub.log_keys import listed_keys
    from reviewer.hub.signing import with_key

    with _opened(data, database_url) as store:
        hub = store.database.write(with_key(store))
        rows = store.database.read(listed_keys)
    typer.echo(f"hub     ed25519:{hub.key.public}  {hub.name}, log {hub.log}")
    for row in rows:
        state = f"revoked {row['revoked_at'][:10]} by {row['revoked_by']}" if row["revoked_at"] else "enrolled"
        typer.echo(f"{state}  ed25519:{row['key']}  {row['account_name']}, log {row['log']}, since {row['at'][:10]}")
    typer.echo(f"{len(rows)} keys, {sum(row['revoked_at'] is None for row in rows)} count.")


@hub_keys_app.command("revoke")
def hub_keys_revoke(
    key: Annotated[str, typer.Argument(help="The key, or its first 8 digits or more.")],
    data: Data,
    database_url: DatabaseUrl = None,
) -> None:
    """Take a key back: the hub countersigns nothing more that it signs.  What it signed before stays."""
    from reviewer.hub.log_keys import revoke_key, whole_key

    with _opened(data, database_url) as store:
        found = store.database.read(lambda connection: whole_key(connection, key))
        done = store.database.write(
            lambda connection: revoke_key(connection, found, "the operator", store.now(connection))
        )
    typer.echo(f"ed25519:{found} counts for nothing since {done['revoked_at']}.")
