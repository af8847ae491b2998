"""`reviewer hub proofs`, `appeals` and `deadlines`: what sellers and claimants brought, and what falls due."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reviewer.errors import OperatorError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from reviewer.hub.store import Store

proofs_app = typer.Typer(no_args_is_help=True, help="Proofs of authenticity that a hub asked for.")
appeals_app = typer.Typer(no_args_is_help=True, help="Appeals of sellers and claimants at a hub.")

Data = Annotated[Path, typer.Option("--data", help="The hub's data folder.")]
Database = Annotated[
    str | None,
    typer.Option("--database-url", envvar="REVIEWER_HUB_DATABASE_URL", help="A database elsewhere."),
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of words.")]
State = Annotated[str, typer.Option(help="Only those in this state.")]
SellerId = Annotated[str, typer.Option("--seller", help="Only those of this seller.")]


@proofs_app.command("list")
def proofs_list(
    data: Data, state: State = "", seller: SellerId = "", as_json: AsJson = False, database_url: Database = None
) -> None:
    """List proofs, the newest first: state, seller, brand, deadline or end, documents."""
    from reviewer.domain.redress import ProofState
    from reviewer.hub.proofs import proof_page

    _known_state(state, ProofState)
    rows = _every(data, database_url, lambda c, at: proof_page(c, at, 500, state=state or None, seller=seller or None))
    _told(rows, as_json, _proof_line, "proof")


@proofs_app.command("show")
def proofs_show(
    proof: Annotated[str, typer.Argument(help="The id of a proof.")],
    data: Data,
    as_json: AsJson = False,
    database_url: Database = None,
) -> None:
    """Show one proof with its documents."""
    from reviewer.hub.proofs import proofs_by_id

    found = _read(data, database_url, lambda connection: proofs_by_id(connection, [proof]))
    if proof not in found:
        raise OperatorError(f"There is no proof {proof} at this hub. See: reviewer hub proofs list --data {data}")
    row = found[proof]
    if as_json:
        _print_json(row)
        return
    typer.echo(_proof_line(row))
    typer.echo(f"  listing {row['listing_id']}, case {row['case_id']}")
    typer.echo(f"  asked for on {row['requested_at']}: {_listed(row['asked'])}; until {row['due_at']}")
    _print_documents(row["documents"])
    if row["reason"]:
        typer.echo(f"  rejected: {_plain(row['reason'])}")
    if row["removed_at"]:
        typer.echo(f"  listing removed by rule on {row['removed_at']} (no decision, no points): {row['automatic_id']}")


@appeals_app.command("list")
def appeals_list(
    data: Data, state: State = "", seller: SellerId = "", as_json: AsJson = False, database_url: Database = None
) -> None:
    """List appeals, the newest first: state, who appeals, against which decision."""
    from reviewer.hub.appeals import appeal_page

    _known_state(state, ("pending", "upheld", "reversed", "partly"))
    rows = _every(data, database_url, lambda c, at: appeal_page(c, at, 500, state=state or None, seller=seller or None))
    _told(rows, as_json, _appeal_line, "appeal")


@appeals_app.command("show")
def appeals_show(
    appeal: Annotated[str, typer.Argument(help="The id of an appeal.")],
    data: Data,
    as_json: AsJson = False,
    database_url: Database = None,
) -> None:
    """Show one appeal with its text, its outcome and the reasons."""
    from sqlalchemy import select

    from reviewer.hub.appeals import appeals_as_json
    from reviewer.hub.schema import appeals

    found = _read(
        data,
        database_url,
        lambda c: appeals_as_json(c, c.execute(select(appeals).where(appeals.c.id == appeal)).all()),
    )
    if not found:
        raise OperatorError(f"There is no appeal {appeal} at this hub. See: reviewer hub appeals list --data {data}")
    row = found[0]
    if as_json:
        _print_json(row)
        return
    typer.echo(_appeal_line(row))
    typer.echo(f"  {_plain(row['text'])}")
    _print_documents(row["documents"])
    if row["ruled_at"]:
        typer.echo(f"  {row['state']} on {row['ruled_at']}: {_plain(row['reason'])}")
        for words in row["effects"]:
            typer.echo(f"  - {_plain(words)}")


def hub_deadlines(data: Data, as_json: AsJson = False, database_url: Database = None) -> None:
    """Do once what is due now, as a hub that serves does by itself: missed proofs, proofs that end."""
    from dataclasses import asdict

    from reviewer.hub.deadlines import run_deadlines

    store = _open(data, database_url)
    try:
        done = run_deadlines(store)
    finally:
        store.close()
    if as_json:
        _print_json(asdict(done))
        return
    typer.echo(
        f"{done.removed:,} listings removed by rule, {done.returned:,} cases back in the queue, "
        f"{done.expired:,} proofs ended."
    )


def _open(data: Path, database_url: str | None) -> Store:
    from reviewer.hub.store import open_store

    if database_url is None and not (data / "hub.db").is_file():
        raise OperatorError(f"{data} is no hub's data folder: there is no hub.db in it.")
    return open_store(data, database_url=database_url)


def _read(data: Path, database_url: str | None, work: Callable[[Connection], Any]) -> Any:
    store = _open(data, database_url)
    try:
        return store.database.read(work)
    finally:
        store.close()


Reading = Callable[["Connection", int | None], tuple[list[dict[str, Any]], int | None]]


def _every(data: Path, database_url: str | None, page: Reading) -> list[dict[str, Any]]:
    def read(connection: Connection) -> list[dict[str, Any]]:
        rows, following = page(connection, None)
        while following is not None:
            more, following = page(connection, following)
            rows += more
        return rows

    found: list[dict[str, Any]] = _read(data, database_url, read)
    return found


def _known_state(state: str, known: Any) -> None:
    if state and state not in set(known):
        raise OperatorError(f"There is no state {state!r}; there are {', '.join(known)}.")


def _told(rows: list[dict[str, Any]], as_json: bool, line: Callable[[Mapping[str, Any]], str], name: str) -> None:
    if as_json:
        _print_json(rows)
        return
    for row in rows:
        typer.echo(line(row))
    typer.echo(f"{len(rows):,} {name}{'' if len(rows) == 1 else 's'}.")


def _proof_line(row: Mapping[str, Any]) -> str:
    when = f"until {row['valid_until'][:10]}" if row["valid_until"] else f"due {row['due_at'][:16].replace('T', ' ')}"
    count = len(row["documents"])
    papers = f"{count} document{'' if count == 1 else 's'}"
    return f"{row['id']}  {row['state']:<9}  {row['seller_id']}  {_plain(row['brand'])}  {when}  {papers}"


def _appeal_line(row: Mapping[str, Any]) -> str:
    who = f"{row['appellant']} {_plain(row['party'])}"
    return f"{row['id']}  {row['state']:<8}  {row['filed_at'][:10]}  {who}  against {row['decision_id']}"


def _print_documents(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        until = f", until {row['expires_on']}" if row["expires_on"] else ""
        typer.echo(f"  {_plain(row['name'] or row['kind'])}: {row['kind']}, {row['media_type']}, {row['size']:,} bytes"
                   f"{until}, {row['sha256']}")  # fmt: skip


def _listed(names: list[str]) -> str:
    return ", ".join(names).replace("_", " ")


def _plain(text: str) -> str:
    from reviewer.domain.text import visible

    return visible(text, limit=4000, keep_lines=False)


def _print_json(value: Any) -> None:
    import json

    typer.echo(json.dumps(value, ensure_ascii=False, indent=1))
