"""`reviewer evidence`: measure and try out the picture evidence."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

evidence_app = typer.Typer(no_args_is_help=True, help="Measure and try out the picture evidence.")


@evidence_app.command("evaluate")
def evidence_evaluate(
    folder: Annotated[Path, typer.Argument(help="A folder with market_edits.csv and not_a_copy_pairs.csv.")],
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the numbers to a file as well.")] = None,
    peers: Annotated[bool, typer.Option("--peers", help="Run imagehash and pdqhash on the same pictures.")] = False,
    products: Annotated[
        Path | None, typer.Option(help="The folder of all references; by default that of the originals.")
    ] = None,
    processes: Annotated[int, typer.Option(min=1, max=32, help="Evidence processes.")] = 2,
) -> None:
    """Recall by edit and false hits on edited pictures, with intervals."""
    from reviewer.evidence_command import run_evaluation, table, write_json

    document = run_evaluation(
        folder,
        products,
        with_peers=peers,
        processes=processes,
        tell=lambda words: typer.echo(words, err=True),
    )
    if json_file is not None:
        write_json(document, json_file)
    for line in table(document):
        typer.echo(line)


@evidence_app.command("compare")
def evidence_compare(
    picture: Annotated[Path, typer.Argument(help="A listing's picture.")],
    reference: Annotated[Path, typer.Argument(help="The picture that it may be a copy of.")],
    out: Annotated[Path, typer.Option(help="The PNG file to draw.")] = Path("comparison.png"),
) -> None:
    """Find one picture in another, draw where, and say how they match."""
    from reviewer.evidence_command import compare_files

    words, _ = compare_files(picture, reference, out)
    typer.echo(words)


@evidence_app.command("import")
def evidence_import(
    file: Annotated[
        Path, typer.Argument(help="A hash list: CSV or JSON with algorithm, hash, quality, label, source.")
    ],
    data: Annotated[Path | None, typer.Option("--data", help="The data folder of the workstation.")] = None,
    source: Annotated[str, typer.Option(help="Whose list it is, for lines that do not say so.")] = "",
    label: Annotated[str, typer.Option(help="What its pictures are, for lines that do not say so.")] = "",
) -> None:
    """Take a hash list of a brand, a regulator or another marketplace into the bank of infringing pictures."""
    from reviewer.services.exchange import import_into
    from reviewer.settings import default_folder

    new, known = import_into(data or default_folder(), file, source=source, label=label)
    typer.echo(f"{new} new, {known} known.")


@evidence_app.command("export")
def evidence_export(
    out: Annotated[Path, typer.Option(help="The file to write: .csv or .json.")],
    data: Annotated[Path | None, typer.Option("--data", help="The data folder of the workstation.")] = None,
    bank: Annotated[str, typer.Option(help="infringing, or references.")] = "infringing",
) -> None:
    """Write fingerprints as a hash list for others, also while the workstation is open."""
    from reviewer.services.exchange import export_from
    from reviewer.settings import default_folder

    typer.echo(f"{export_from(data or default_folder(), out, bank)} lines in {out}.")
