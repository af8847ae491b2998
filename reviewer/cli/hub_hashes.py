"""`reviewer hub hashes`: a hash list into the hub's bank of infringing pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reviewer.errors import OperatorError


def hub_hashes(
    file: Annotated[Path, typer.Argument(help="CSV or JSON with algorithm, hash, quality, label, source.")],
    data: Annotated[Path, typer.Option("--data", help="The hub's data folder; made where it is missing.")],
    source: Annotated[str, typer.Option(help="Whose list it is, for lines that do not say so.")] = "",
    database_url: Annotated[str | None, typer.Option("--database-url", envvar="REVIEWER_HUB_DATABASE_URL")] = None,
) -> None:
    """Take a hash list into the bank that every workstation mirrors."""
    from reviewer.domain.hash_list import read_hash_list
    from reviewer.domain.values import format_time
    from reviewer.hub.banks import take_hashes
    from reviewer.hub.messages import HashMessage
    from reviewer.hub.store import open_store

    try:
        lines = read_hash_list(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise OperatorError(f"{file} can't be read: {error.strerror}.") from error
    except ValueError as error:
        raise OperatorError(f"{file} is no hash list: {error}.") from error
    items = [
        HashMessage(
            algorithm=line.algorithm, version=line.version, hash=line.hash, quality=line.quality, label=line.label,
            source=line.source or source or file.stem,
        )
        for line in lines
    ]  # fmt: skip
    store = open_store(data, database_url=database_url)
    try:
        moment = format_time(store.clock())
        answers = store.database.write(lambda connection: take_hashes(connection, "hub hashes", items, moment))
    finally:
        store.close()
    new = answers.count("stored")
    typer.echo(f"{new} new, {len(answers) - new} known.")
