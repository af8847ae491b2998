"""`reviewer audit`: packs of history, their verification, samples, numbers and reports."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

audit_app = typer.Typer(no_args_is_help=True, help="Export, verify and judge the history of decisions.")

Data = Annotated[Path | None, typer.Option("--data", help="The data folder of the workstation.")]
Pack = Annotated[Path, typer.Argument(help="An audit pack.")]


@audit_app.command("export")
def audit_export(
    out: Annotated[Path, typer.Option(help="The pack to write.")],
    demo: Annotated[bool, typer.Option("--demo", help="Write the demo history of two years.")] = False,
    seed: Annotated[int, typer.Option(help="Of the demo: another number makes another history.")] = 7,
    decisions: Annotated[int, typer.Option(min=40, max=2_000_000, help="Of the demo: about how many.")] = 2400,
    data: Data = None,
) -> None:
    """Write decisions with their evidence, chain and signatures to one file."""
    from datetime import UTC, datetime

    from reviewer.audit.demo import demo_start, write_demo
    from reviewer.audit.pins import NAME, Pin, add_pins, pin_file_beside, write_pins
    from reviewer.errors import OperatorError
    from reviewer.settings import default_folder

    if not demo:
        raise OperatorError("Only the demo history can be exported so far: reviewer audit export --demo --out FILE.")
    made = write_demo(out, seed=seed, decisions=decisions, start=demo_start(datetime.now(UTC)))
    pins = {log: Pin(made.key, "demo admin", size, root, demo=True) for log, (size, root) in made.heads.items()}
    write_pins(pin_file_beside(out), pins)
    add_pins((data or default_folder()) / NAME, pins)
    typer.echo(f"{made.decisions} decisions in {out}, signed by ed25519:{made.key}.")


@audit_app.command("verify")
def audit_verify(
    pack: Pack,
    demo: Annotated[bool, typer.Option("--demo", help="Only a key that was made with a demo pack counts.")] = False,
    key: Annotated[list[str] | None, typer.Option(help="The admin's public key; may be given several times.")] = None,
    older_ok: Annotated[
        bool, typer.Option("--older-ok", help="A pack that ends before the last that was seen is no fault.")
    ] = False,
    data: Data = None,
) -> None:
    """Recompute everything.  Ends with 0 verified, 1 broken (the first broken row last), 2 not a readable pack."""
    from reviewer.audit.checking import NotAPack, check_pack
    from reviewer.audit.pins import NAME
    from reviewer.settings import default_folder

    try:
        verdict = check_pack(pack, (data or default_folder()) / NAME, keys=key or (), demo=demo, older_ok=older_ok)
    except NotAPack as problem:
        typer.echo(f"not a readable pack: {problem}")
        raise typer.Exit(2) from None
    for line in verdict.lines:
        typer.echo(line)
    raise typer.Exit(0 if verdict.verified else 1)


@audit_app.command("verifier")
def audit_verifier(out: Annotated[Path, typer.Option(help="The Python file to write.")]) -> None:
    """Write the verifier as one Python file that needs nothing else."""
    from reviewer.audit import verifier

    shutil.copyfile(verifier.__file__, out)
    typer.echo(f"Now, anywhere: python {out.name} FILE --key HEX")
