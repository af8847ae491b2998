"""`reviewer hub notices`: complaints that a hub takes in, their checklists and outcomes, and the claimants' records."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from reviewer.errors import OperatorError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from reviewer.hub.store import Store

notices_app = typer.Typer(no_args_is_help=True, help="Take notices in, list them, and look after claimants.")

Answer = TypeVar("Answer")
DataFolder = Annotated[Path, typer.Option("--data", help="The hub's data folder.")]
DatabaseUrl = Annotated[str | None, typer.Option("--database-url", envvar="REVIEWER_HUB_DATABASE_URL")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of words.")]
NoticeId = Annotated[str, typer.Argument(help="The id of the notice.")]
_BATCH = 500


def _at_hub(data: Path, url: str | None, work: Callable[[Connection, Store], Answer], *, write: bool = False) -> Answer:
    from reviewer.hub.store import open_store

    if url is None and not (data / "hub.db").is_file():
        raise OperatorError(f"{data} is no hub's data folder: there is no hub.db in it.")
    store = open_store(data, database_url=url)
    try:
        database = store.database
        return (database.write if write else database.read)(lambda connection: work(connection, store))
    finally:
        store.close()


def _json(value: Any) -> None:
    import msgspec

    typer.echo(msgspec.json.format(msgspec.json.encode(value), indent=1).decode())


@notices_app.command("import")
def import_file(
    file: Annotated[str, typer.Argument(help="A CSV file as docs/notices.md says; - reads standard input.")],
    data: DataFolder,
    claimant: Annotated[str, typer.Option(help="Who complains, where the lines do not say so: a known id.")] = "",
    as_json: AsJson = False,
    database_url: DatabaseUrl = None,
) -> None:
    """Take a table of notices in: all of it, or none, with every faulty line named (exit code 1)."""
    from reviewer.hub.auth import Account
    from reviewer.hub.notice_csv import read_notice_table
    from reviewer.hub.notices import take_notices
    from reviewer.hub.problems import Problem

    try:
        body = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise OperatorError(f"{file} can't be read: {error.strerror}.") from None
    account = Account("hub notices import", "The hub's operator", "admin")
    try:
        rules = _at_hub(data, database_url, lambda connection, store: store.rules_in_force(connection))
        table = read_notice_table(body, claimant, [ground.id for ground in rules.grounds])
        try:
            receipts = _at_hub(
                data,
                database_url,
                lambda connection, store: take_notices(
                    connection, account, table.batch, store.rules_in_force(connection), store.now(connection)
                ),
                write=True,
            )
        except Problem as problem:
            raise table.problem(problem) from None
    except Problem as problem:
        typer.echo(f"{file}: {problem.detail}", err=True)
        for fault in problem.errors:
            line = fault["pointer"].removeprefix("/lines/")
            typer.echo(f"  line {line}: {fault['detail']}", err=True)
        raise typer.Exit(1) from None
    if as_json:
        _json({"receipts": receipts})
        return
    for receipt in receipts:
        listed = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in receipt["listings"].items())
        typer.echo(f"{receipt['id']}  {receipt['status']}  {receipt['received_at']}  {listed or receipt['detail']}")
        for words in receipt["asked"]:
            typer.echo(f"    asked: {words}")
    new = sum(receipt["status"] == "received" for receipt in receipts)
    known = sum(receipt["status"] == "duplicate" for receipt in receipts)
    typer.echo(f"{new:,} notices received, {known:,} known, {len(receipts) - new - known:,} not taken.")


@notices_app.command("list")
def list_notices(
    data: DataFolder,
    claimant: Annotated[str, typer.Option(help="Only those of this claimant.")] = "",
    state: Annotated[str, typer.Option(help="Only those that are open, closed or withdrawn.")] = "",
    as_json: AsJson = False,
    database_url: DatabaseUrl = None,
) -> None:
    """List notices in the order of arrival."""
    from reviewer.hub.notice_lists import notice_page

    if state not in ("", "open", "closed", "withdrawn"):
        raise OperatorError(f"There is no state {state!r}; the states are open, closed and withdrawn.")

    def read(connection: Connection, _store: Store) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        after: int | None = 0
        while after is not None:
            rows, after = notice_page(connection, after, _BATCH, claimant=claimant or None, state=state or None)
            found += rows
        return found

    rows = _at_hub(data, database_url, read)
    if as_json:
        _json({"items": rows})
        return
    for row in rows:
        complete = "" if row["complete"] else "  incomplete"
        counted = f"{row['listing_count']:,} {'listing' if row['listing_count'] == 1 else 'listings'}"
        words = f"{row['id']}  {row['received_at'][:16]}  {row['source']:<15} {row['state']:<9} {row['ground']:<12}"
        typer.echo(f"{words} {counted}  {_plain(row['claimant'])}{complete}")
    typer.echo(f"{len(rows):,} notices.")


@notices_app.command("show")
def show(notice: NoticeId, data: DataFolder, as_json: AsJson = False, database_url: DatabaseUrl = None) -> None:
    """Show one notice with the checklist and the outcome of each listing, and the claimant's record."""
    from reviewer.hub.notice_lists import listing_page, notice_whole

    def read(connection: Connection, store: Store) -> dict[str, Any]:
        rules = store.rules_in_force(connection)
        found = notice_whole(connection, notice, None, rules, store.now(connection))
        if found is None:
            raise OperatorError(f"There is no notice {notice} at this hub.")
        listed: list[dict[str, Any]] = []
        after: int | None = 0
        while after is not None:
            rows, after = listing_page(connection, notice, after, _BATCH, rules)
            listed += rows
        return found | {"listings": listed}

    found = _at_hub(data, database_url, read)
    if as_json:
        _json(found)
        return
    typer.echo(f"{found['id']}  {found['state']}  received {found['received_at']}")
    typer.echo(f"  {found['source']}: {_plain(found['claimant'])} ({found['claimant_id']}), {found['ground']}")
    typer.echo(f"  {_plain(found['statement']) or 'no statement'}")
    right = found["right"]
    if right:
        typer.echo(f"  right: {_plain(' '.join(filter(None, (right['kind'], right['number'], right['sign']))))}")
    for words in found["asked"]:
        typer.echo(f"  asked: {_plain(words)}")
    typer.echo(f"  record: {found['record']['words']}")
    import msgspec

    for row in found["listings"]:
        typer.echo(f"  {row['listing_id']}: {row['outcome']}")
        for check in msgspec.json.decode(row["checks"]):
            typer.echo(f"      {check['verdict']:<8} {check['id']:<11} {_plain(check['reason'])}")


@notices_app.command("record")
def record(
    claimant: Annotated[str, typer.Argument(help="The id of the claimant.")],
    data: DataFolder,
    as_json: AsJson = False,
    database_url: DatabaseUrl = None,
) -> None:
    """Show a claimant's record over the months that the rules count, and what was done about it."""
    from reviewer.hub.claimants import find_claimants
    from reviewer.hub.notice_lists import claimant_json

    def read(connection: Connection, store: Store) -> dict[str, Any]:
        known = find_claimants(connection, [claimant]).get(claimant)
        if known is None:
            raise OperatorError(f"There is no claimant {claimant} at this hub.")
        return claimant_json(connection, known, store.rules_in_force(connection), store.now(connection))

    found = _at_hub(data, database_url, read)
    if as_json:
        _json(found)
        return
    told = found["record"]
    typer.echo(f"{found['id']}: {_plain(found['name'])}, {found['source']}")
    counts = ", ".join(f"{told[name]:,} {name}" for name in ("upheld", "rejected", "reversed", "withdrawn"))
    typer.echo(f"  in {told['months']} months: {counts}")
    typer.echo(f"  {told['words']}")
    for event in found["events"]:
        typer.echo(f"  {event['at'][:16]}  {event['kind']}: {_plain(event['words'])}")


@notices_app.command("claimant")
def claimant(
    data: DataFolder,
    claimant_id: Annotated[str, typer.Option("--id", help="The claimant's id.")],
    name: Annotated[str, typer.Option(help="The name as the owner of its rights.")],
    source: Annotated[str, typer.Option(help="rights_holder, trusted_flagger, authority or consumer.")],
    owner: Annotated[list[str] | None, typer.Option(help="Whose rights it may rely on; may be repeated.")] = None,
    token: Annotated[bool, typer.Option("--token", help="Make an account for it and print the token, once.")] = False,
    database_url: DatabaseUrl = None,
) -> None:
    """Register a claimant, or change what is known of it."""
    from reviewer.hub.auth import add_account, new_token
    from reviewer.hub.claimants import register
    from reviewer.hub.notice_messages import SOURCES

    if source not in SOURCES:
        raise OperatorError(f"There is no kind of claimant {source!r}; there are {', '.join(SOURCES)}.")
    if not claimant_id or len(claimant_id) > 128 or "/" in claimant_id:
        raise OperatorError("The claimant's id must have 1 to 128 characters and no slash.")
    secret = new_token()

    def write(connection: Connection, store: Store) -> None:
        now = store.now(connection)
        account = add_account(connection, name, "claimant", secret, now).id if token else ""
        register(connection, claimant_id, name, source, now, owners=owner or [], account_id=account)

    _at_hub(data, database_url, write, write=True)
    typer.echo(secret if token else f"{claimant_id} is there.")


@notices_app.command("check")
def check(
    data: DataFolder,
    notice: Annotated[str, typer.Argument(help="One notice; without it all that are open.")] = "",
    database_url: DatabaseUrl = None,
) -> None:
    """Compute checklists anew, by the rules and the records of now."""
    from reviewer.hub.notice_recheck import recheck

    looked, changed = _at_hub(
        data,
        database_url,
        lambda connection, store: recheck(connection, store.rules_in_force(connection), notice),
        write=True,
    )
    if notice and not looked:
        raise OperatorError(f"There is no notice {notice} at this hub.")
    typer.echo(f"{looked:,} listings looked at, {changed:,} checklists changed.")


@notices_app.command("withdraw")
def withdraw(
    notice: NoticeId,
    data: DataFolder,
    reason: Annotated[str, typer.Option(help="Why it is taken back.")] = "",
    database_url: DatabaseUrl = None,
) -> None:
    """Take a notice back for its claimant; cases that nothing else keeps open are closed."""
    from reviewer.hub.notice_messages import Withdrawal
    from reviewer.hub.notice_outcomes import withdraw_notices

    item = Withdrawal(id=notice, reason=reason)
    found = _at_hub(
        data,
        database_url,
        lambda connection, store: withdraw_notices(connection, [item], None, store.now(connection)),
        write=True,
    )[0]
    if found["status"] == "not_found":
        raise OperatorError(f"There is no notice {notice} at this hub.")
    words = f"{found['withdrawn']:,} listings withdrawn, {found['cases_closed']:,} cases closed"
    typer.echo(f"{words}; {found['decided']:,} were decided before and stay so.")


@notices_app.command("lift")
def lift_suspension(
    claimant: Annotated[str, typer.Argument(help="The id of the claimant.")],
    data: DataFolder,
    reason: Annotated[str, typer.Option(help="Why; the claimant sees it.")],
    database_url: DatabaseUrl = None,
) -> None:
    """End a claimant's suspension and count anew from now."""
    from reviewer.hub.claimants import lift

    _at_hub(
        data,
        database_url,
        lambda connection, store: lift(connection, claimant, store.now(connection), reason),
        write=True,
    )
    typer.echo(f"{claimant}'s notices are taken again.")


def _plain(text: str) -> str:
    from reviewer.domain.text import visible

    return visible(text, limit=400, keep_lines=False)
