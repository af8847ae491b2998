"""`reviewer reasons`: the statement of reasons of a decision, and the verdict on files of statements."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reviewer.errors import OperatorError

if TYPE_CHECKING:
    from reviewer.policy.statement import Statement

reasons_app = typer.Typer(help="Statements of reasons: what a decision yields, and the verdict on files of them.")


@reasons_app.callback(invoke_without_command=True)
def reasons(
    context: typer.Context,
    decision: Annotated[str, typer.Option(help="The id of a decision of this workstation or hub.")] = "",
    data: Annotated[Path | None, typer.Option("--data", help="The data folder of a workstation or a hub.")] = None,
    language: Annotated[str, typer.Option(help="The letter's language; by default the listing's.")] = "",
    as_html: Annotated[bool, typer.Option("--html", help="The letter as HTML instead of plain text.")] = False,
) -> None:
    """Print both renderings of a decision's statement of reasons: the seller's letter and the payload."""
    import json

    from reviewer.policy.letter import letter
    from reviewer.policy.statement import payload
    from reviewer.services.reasons import reasons_of
    from reviewer.settings import default_folder

    if context.invoked_subcommand is not None:
        return
    if not decision:
        typer.echo(context.get_help())
        raise typer.Exit(2)
    folder = data or default_folder()
    if (folder / "hub.db").is_file():
        kind, statement = _at_hub(folder, decision)
    else:
        found = reasons_of(folder, decision)
        kind, statement = found.decision.kind.value, found.statement
    if statement is None:
        typer.echo(f"The decision {decision} is {kind}: it yields no statement of reasons.")
        return
    written = letter(statement, language)
    typer.echo(f"LETTER ({written.language})\n")
    typer.echo(written.html if as_html else written.text)
    if not statement.restricts:
        typer.echo("NO PAYLOAD: a warning restricts nothing, so the transparency database takes no statement of it.")
        return
    typer.echo("PAYLOAD\n")
    typer.echo(json.dumps(payload(statement), indent=2, ensure_ascii=True))


def _at_hub(folder: Path, decision: str) -> tuple[str, Statement | None]:
    from reviewer.hub.statements import statement_of_id
    from reviewer.hub.store import open_store

    store = open_store(folder)
    try:
        return store.database.read(
            lambda connection: statement_of_id(connection, store.rules_in_force(connection), decision)
        )
    finally:
        store.close()


@reasons_app.command("validate")
def reasons_validate(
    file: Annotated[Path, typer.Argument(help="A statement a line, or an object whose member payload holds one.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line instead of words.")] = False,
) -> None:
    """Say of each line whether the Transparency Database takes it, and why not; exit code 1 where it refuses one."""
    import json

    from reviewer.policy.statement_file import judge_lines

    counted = refused = warned = 0
    try:
        with file.open("rb") as lines:
            for line in judge_lines(lines):
                counted += 1
                refused += not line.verdict.valid
                warned += bool(line.verdict.valid and line.verdict.warnings)
                if as_json:
                    row = {
                        "line": line.number,
                        "puid": line.puid,
                        "valid": line.verdict.valid,
                        "reasons": [{"member": one.member, "reason": one.words} for one in line.verdict.faults],
                        "warnings": [{"member": one.member, "reason": one.words} for one in line.verdict.warnings],
                    }
                    typer.echo(json.dumps(row, ensure_ascii=True))
                    continue
                verdict = "valid" if line.verdict.valid else "invalid"
                typer.echo(f"line {line.number}: {verdict}{f'  {line.puid}' if line.puid else ''}")
                for one in line.verdict.faults:
                    typer.echo(f"    {one}")
                for one in line.verdict.warnings:
                    typer.echo(f"    warning: {one}")
    except OSError as error:
        raise OperatorError(f"{file} can't be read: {error.strerror}.") from None
    if not as_json:
        typer.echo(f"{counted} statements: {counted - refused} valid ({warned} with warnings), {refused} invalid.")
    if refused:
        raise typer.Exit(1)
