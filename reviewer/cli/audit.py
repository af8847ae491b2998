"""`reviewer audit`: packs of history, their verification, samples, numbers and reports."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from reviewer.cli.audit_hub import HUB_HELP, TOKEN_HELP, export_from_hub, findings_app

audit_app = typer.Typer(no_args_is_help=True, help="Export, verify and judge the history of decisions.")
audit_app.add_typer(findings_app, name="findings")

Data = Annotated[Path | None, typer.Option("--data", help="The data folder of the workstation.")]
Pack = Annotated[Path, typer.Argument(help="An audit pack.")]
Findings = Annotated[
    list[Path] | None, typer.Option(help="A findings file whose second opinions count as well; several may be given.")
]
Since = Annotated[str, typer.Option(help="From this day on, such as 2026-01-01.")]
Until = Annotated[str, typer.Option(help="Before this day.")]
Reviewer = Annotated[str, typer.Option(help="Only this reviewer's, by name as the pack tells it.")]
Marketplace = Annotated[str, typer.Option(help="Only this marketplace's, by id.")]
Ground = Annotated[str, typer.Option(help="Only on this ground.")]
DecisionOf = Annotated[str, typer.Option(help="Only this decision, such as takedown.")]
Source = Annotated[str, typer.Option(help="Only what this source flagged first, such as consumer.")]
Overrides = Annotated[bool, typer.Option("--overrides", help="Only where the measure that was due was switched off.")]
Fast = Annotated[bool, typer.Option("--fast", help="Only what took less than 0.4 of the reviewer's median.")]


@audit_app.command("export")
def audit_export(
    out: Annotated[Path, typer.Option(help="The pack to write.")],
    demo: Annotated[bool, typer.Option("--demo", help="Write the demo history of two years.")] = False,
    seed: Annotated[int, typer.Option(help="Of the demo: another number makes another history.")] = 7,
    decisions: Annotated[int, typer.Option(min=40, max=2_000_000, help="Of the demo: about how many.")] = 2400,
    since: Annotated[str, typer.Option(help="From this day on, such as 2026-01-01.")] = "",
    until: Annotated[str, typer.Option(help="Before this day.")] = "",
    reviewer: Annotated[str, typer.Option(help="Only this reviewer's, by id.")] = "",
    marketplace: Annotated[str, typer.Option(help="Only this marketplace's, by id.")] = "",
    ground: Annotated[str, typer.Option(help="Only on this ground.")] = "",
    pseudonymous: Annotated[
        bool, typer.Option("--pseudonymous", help="Without names of people; texts are left out.")
    ] = False,
    data: Data = None,
    hub_data: Annotated[
        Path | None, typer.Option("--hub-data", help="Instead: the whole team, from a hub's data folder.")
    ] = None,
    database_url: Annotated[
        str | None, typer.Option("--database-url", envvar="REVIEWER_HUB_DATABASE_URL", help="Of that hub.")
    ] = None,
    media_url: Annotated[
        str | None, typer.Option("--media-url", envvar="REVIEWER_HUB_MEDIA_URL", help="Of that hub.")
    ] = None,
    hub: Annotated[str, typer.Option(help="Instead: the whole team, from a hub. " + HUB_HELP)] = "",
    token: Annotated[str, typer.Option(envvar="REVIEWER_HUB_TOKEN", help=TOKEN_HELP)] = "",
) -> None:
    """Write decisions with their evidence, chain and signatures to one file."""
    from datetime import UTC, datetime

    from reviewer.audit.demo import demo_start, write_demo
    from reviewer.audit.pins import NAME, Pin, add_pins, pin_file_beside, write_pins
    from reviewer.settings import default_folder

    if not demo:
        from reviewer.services.audit_export import Scope, export_pack

        scope = Scope(_day(since), _day(until), reviewer, marketplace, ground, pseudonymous)
        if hub_data is not None or hub:
            folder = data or default_folder()
            typer.echo(
                export_from_hub(
                    out,
                    folder,
                    scope,
                    hub_data=hub_data,
                    database_url=database_url,
                    media_url=media_url,
                    hub=hub,
                    token=token,
                )
            )
            return
        count, key = export_pack(
            data or default_folder(), out, scope, datetime.now(UTC), lambda words: typer.echo(words, err=True)
        )
        typer.echo(f"{count} decisions in {out}, signed by ed25519:{key}.")
        return
    made = write_demo(out, seed=seed, decisions=decisions, start=demo_start(datetime.now(UTC)))
    pins = {log: Pin(made.key, "demo admin", size, root, demo=True) for log, (size, root) in made.heads.items()}
    write_pins(pin_file_beside(out), pins)
    add_pins((data or default_folder()) / NAME, pins)
    typer.echo(f"{made.decisions} decisions in {out}, signed by ed25519:{made.key}.")


def _day(text: str) -> str:
    from datetime import date

    from reviewer.errors import OperatorError

    try:
        return f"{date.fromisoformat(text)}T00:00:00.000Z" if text else ""
    except ValueError:
        raise OperatorError(f"{text[:40]!r} is no day: write it as 2026-01-31.") from None


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


@audit_app.command("broken")
def audit_broken(out: Annotated[Path, typer.Option(help="The folder for the packs.")]) -> None:
    """Make a good pack, ten that were tampered with and ten worse files, and say what `verify` finds in each.

    Ends with 0 where each is told as what it is.
    """
    from datetime import UTC, datetime

    from reviewer.audit.broken import try_all
    from reviewer.audit.demo import demo_start

    tried = try_all(out, demo_start(datetime.now(UTC)))
    for one in tried:
        typer.echo(f"{one.path.name}: {one.what}: exit code {one.code}: {one.words}")
    wrong = [one for one in tried if not one.is_right]
    typer.echo(f"{len(tried) - len(wrong)} of {len(tried)} files told as what they are")
    raise typer.Exit(1 if wrong else 0)


@audit_app.command("verifier")
def audit_verifier(out: Annotated[Path, typer.Option(help="The Python file to write.")]) -> None:
    """Write the verifier as one Python file that needs nothing else."""
    from reviewer.audit import verifier

    shutil.copyfile(verifier.__file__, out)
    typer.echo(f"Now, anywhere: python {out.name} FILE --key HEX")


@audit_app.command("report")
def audit_report(
    pack: Annotated[Path, typer.Option(help="An audit pack.")],
    kind: Annotated[str, typer.Option(help="ip-year, dsa or team.")],
    out: Annotated[Path, typer.Option(help="The folder for HTML, PDF and CSV files.")],
    year: Annotated[int | None, typer.Option(help="The calendar year; by default the last in the pack.")] = None,
    findings: Findings = None,
    since: Since = "",
    until: Until = "",
    reviewer: Reviewer = "",
    marketplace: Marketplace = "",
    ground: Ground = "",
    decision: DecisionOf = "",
    source: Source = "",
    overrides: Overrides = False,
    fast: Fast = False,
) -> None:
    """Write a report on a pack as HTML, PDF and CSV."""
    import os

    from reviewer.audit.chart import svg
    from reviewer.audit.choosing import Chosen
    from reviewer.audit.reporting import make_report, write_files
    from reviewer.audit.tables import html_text

    chosen = Chosen(since, until, reviewer, marketplace, ground, decision, source, overrides, fast)
    report = make_report(pack, kind, year, findings or (), chosen)
    files = write_files(report, out)
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")) and sys.platform == "linux":
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from reviewer.ui.printing import write_pdf

    charts = {chart.name: svg(chart) for chart in report.charts}
    pdf = out / f"{kind}.pdf"
    write_pdf(html_text(report, {name: name for name in charts}), pdf, title=report.title, pictures=charts)
    for path in [*files, pdf]:
        typer.echo(str(path))


@audit_app.command("merge")
def audit_merge(
    packs: Annotated[list[Path], typer.Argument(help="Two packs or more.")],
    out: Annotated[Path, typer.Option(help="The pack to write.")],
) -> None:
    """Put several packs into one, each part with its own signatures; gaps and overlaps are named."""
    from reviewer.audit.merge import merge_packs

    for line in merge_packs(packs, out):
        typer.echo(line)
    typer.echo(f"{len(packs)} packs are in {out}. Now: reviewer audit verify {out}")


@audit_app.command("sample")
def audit_sample(
    pack: Annotated[Path, typer.Option(help="An audit pack.")],
    seed: Annotated[str, typer.Option(help="Whoever draws with the same seed draws the same.")],
    level: Annotated[str, typer.Option(help="Inspection level of ISO 2859-1: S-1 to S-4, I, II or III.")] = "II",
    margin: Annotated[
        float | None, typer.Option(help="Instead: know a share within this margin, such as 0.05.")
    ] = None,
    size: Annotated[int | None, typer.Option(min=1, help="Instead: this many.")] = None,
    by: Annotated[str, typer.Option(help="Strata: reviewer,ground,marketplace,decision,override,speed.")] = "",
    golden: Annotated[int, typer.Option(min=0, help="Golden cases to mix in.")] = 0,
    auditor: Annotated[str, typer.Option(help="Whose own decisions are left out.")] = "",
    out: Annotated[Path | None, typer.Option(help="A CSV file for the draw.")] = None,
    findings: Findings = None,
    since: Since = "",
    until: Until = "",
    reviewer: Reviewer = "",
    marketplace: Marketplace = "",
    ground: Ground = "",
    decision: DecisionOf = "",
    source: Source = "",
    overrides: Overrides = False,
    fast: Fast = False,
) -> None:
    """Draw decisions to look at again; the draw can be repeated by anyone from its seed."""
    from reviewer.audit.choosing import Chosen
    from reviewer.audit.drawing import COLUMNS, Plan, draw_by, drawn_rows
    from reviewer.audit.reporting import read_with
    from reviewer.audit.tables import csv_text

    history = read_with(pack, findings or ())
    chosen = Chosen(since, until, reviewer, marketplace, ground, decision, source, overrides, fast)
    strata = tuple(name for name in by.split(",") if name)
    drawn = draw_by(history, Plan(seed, level, margin, size, strata, golden, auditor, chosen))
    if out is not None:
        out.write_bytes(csv_text(COLUMNS, drawn_rows(history, drawn)).encode("utf-8"))
    else:
        for identity in drawn.ids:
            typer.echo(identity)
    for name, count, taken in drawn.strata:
        typer.echo(f"stratum {name or 'all'}: {taken} of {count}", err=True)
    words = f"code letter {drawn.letter}, " if drawn.letter else ""
    told = f", {chosen.told()}" if chosen.told() else ""
    typer.echo(f"{drawn.size} of {drawn.lot}, {words}seed {seed}{told}, draw {drawn.digest}", err=True)
