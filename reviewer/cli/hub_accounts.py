"""`reviewer hub accounts`: who may call a hub, and taking that back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

accounts_app = typer.Typer(no_args_is_help=True, help="Who may call the hub: list, disable, enable, new tokens.")

_Data = Annotated[Path, typer.Option("--data", help="The hub's data folder.")]
_Url = Annotated[str | None, typer.Option("--database-url", envvar="REVIEWER_HUB_DATABASE_URL")]
_Id = Annotated[str, typer.Argument(help="The id that `reviewer hub accounts list` prints.")]


@accounts_app.command("list")
def list_accounts(data: _Data, database_url: _Url = None) -> None:
    """One line an account: id, role, how many cases it holds, since when, name."""
    from reviewer.hub.auth import all_accounts
    from reviewer.hub.store import open_store

    store = open_store(data, database_url=database_url)
    try:
        rows = store.database.read(all_accounts)
    finally:
        store.close()
    for row in rows:
        ended = f"  disabled {row.disabled_at[:10]}" if row.disabled_at else ""
        held = "1 case" if row.held == 1 else f"{row.held} cases"
        typer.echo(f"{row.id:16}  {row.role:8}  {held:9}  since {row.created_at[:10]}  {row.name}{ended}")


@accounts_app.command("disable")
def disable(account: _Id, data: _Data, database_url: _Url = None) -> None:
    """Refuse an account's token within five seconds, and give the cases that it holds back to the queue."""
    from reviewer.hub.leases import end_account
    from reviewer.hub.store import open_store

    store = open_store(data, database_url=database_url)
    try:
        returned = store.database.write(lambda connection: end_account(connection, account, store.now(connection)))
    finally:
        store.close()
    typer.echo(f"{account} is refused from now on; {returned} of its cases are back in the queue.")


@accounts_app.command("enable")
def enable(account: _Id, data: _Data, database_url: _Url = None) -> None:
    """Let a disabled account call again, with the token that it has."""
    from reviewer.hub.auth import set_disabled
    from reviewer.hub.store import open_store

    store = open_store(data, database_url=database_url)
    try:
        store.database.write(lambda connection: set_disabled(connection, account, None))
    finally:
        store.close()
    typer.echo(f"{account} may call again.")


@accounts_app.command("token")
def token(account: _Id, data: _Data, database_url: _Url = None) -> None:
    """Print a new token for an account, this once; the one before is refused within five seconds."""
    from reviewer.hub.auth import new_token, replace_token
    from reviewer.hub.store import open_store

    store = open_store(data, database_url=database_url)
    try:
        made = new_token()
        store.database.write(lambda connection: replace_token(connection, account, made))
    finally:
        store.close()
    typer.echo(made)
