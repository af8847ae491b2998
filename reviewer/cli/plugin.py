"""`reviewer plugin`: list, validate, approve, make and check connectors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reviewer.errors import OperatorError

if TYPE_CHECKING:
    from reviewer.services.plugins import Plugins

plugin_app = typer.Typer(no_args_is_help=True, help="List, make, check and approve connectors.")

DeskFolder = Annotated[Path | None, typer.Option("--data", help="The data folder of the workstation.")]
ConnectorFolder = Annotated[Path, typer.Argument(help="A connector's folder, with its plugin.toml.")]


def _plugins(data: Path | None) -> Plugins:
    from reviewer.connectors.opener import InThisProcess
    from reviewer.resources import plugins_folder
    from reviewer.services.plugins import Plugins
    from reviewer.settings import default_folder

    return Plugins(data or default_folder(), plugins_folder(), InThisProcess())


@plugin_app.command("list")
def plugin_list(
    data: DeskFolder = None,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON for programs.")] = False,
) -> None:
    """Every connector: shipped, in the data folder's plugins/, in installed packages."""
    plugins = _plugins(data)
    found = plugins.found()
    if as_json:
        rows = [
            {
                "id": row.id,
                "version": row.manifest.version if row.manifest else "",
                "state": row.state,
                "tier": row.tier,
            }
            for row in found
        ]
        typer.echo(json.dumps(rows))
        return
    for row in found:
        version = row.manifest.version if row.manifest else "-"
        typer.echo(f"{row.id:20} {version:10} {row.state:11} {row.tier or '-':7} {row.origin}")
        for problem in row.problem.split("; ") if row.problem else []:
            typer.echo(f"    {problem}")
    typer.echo(f"Your own go into {plugins.own_folder}")


@plugin_app.command("validate")
def plugin_validate(folder: ConnectorFolder) -> None:
    """List all faults of a connector's folder; no code of it runs.  Ends with 1 where there are any."""
    from reviewer.connectors.validation import faults_of

    faults = faults_of(folder)
    for fault in faults:
        typer.echo(fault)
    if faults:
        raise typer.Exit(1)
    typer.echo(f"{folder}: no faults")


@plugin_app.command("approve")
def plugin_approve(
    connector: Annotated[str, typer.Argument(help="The connector's id.")], data: DeskFolder = None
) -> None:
    """Let a connector run as its files are now; after a change it must be approved again."""
    approval = _plugins(data).approve(connector)
    typer.echo(f"{connector} {approval.version} may run: {approval.digest}")


@plugin_app.command("revoke")
def plugin_revoke(
    connector: Annotated[str, typer.Argument(help="The connector's id.")], data: DeskFolder = None
) -> None:
    """Take an approval back: the connector does not run from the next start on."""
    plugins = _plugins(data)
    if connector not in plugins.approvals.approved():
        raise OperatorError(f"{connector} is not approved; reviewer plugin list shows what there is.")
    plugins.approvals.revoke(connector)
    typer.echo(f"{connector} is not approved any more.")


@plugin_app.command("new")
def plugin_new(
    name: Annotated[str, typer.Argument(help="Small letters, digits and underscores: the id and the folder's name.")],
    parent: Annotated[Path, typer.Option("--in", help="Where to make the folder.")] = Path(),
) -> None:
    """Make a connector from the template: one file that passes the suite, with its test, README and CI file."""
    from reviewer.connectors.template import new_connector

    folder = new_connector(name, parent)
    typer.echo(f"{folder} is there. Now: reviewer plugin check {folder}")


@plugin_app.command("check")
def plugin_check(
    folder: ConnectorFolder,
    data: DeskFolder = None,
    as_json: Annotated[bool, typer.Option("--json", help="The report as one line of JSON.")] = False,
    record: Annotated[bool, typer.Option("--record/--no-record", help="Keep the tier with the files' digest.")] = True,
) -> None:
    """Try every promise of a connector against its stand; ends with 1 where one was broken."""
    from reviewer.connectors.conformance.suite import Outcome, run_suite

    def tell(row: Outcome) -> None:
        if not as_json:
            typer.echo(f"{row.outcome:7} {row.tier:7} {row.step:17} {row.reason}".rstrip())

    report = run_suite(folder, tell=tell)
    if record:
        _record(report.connector, report.tier, report.digest, folder, data)
    if as_json:
        typer.echo(json.dumps(report.as_mapping()))
    else:
        counts = {name: sum(row.outcome == name for row in report.outcomes) for name in ("done", "exempt", "failed")}
        words = ", ".join(f"{count} {name}" for name, count in counts.items())
        typer.echo(f"{report.connector} {report.version}: {words}; tier {report.tier or 'none'}, {report.digest[:12]}")
    if report.failed:
        raise typer.Exit(1)


def _record(connector: str, tier: str, digest: str, folder: Path, data: Path | None) -> None:
    """Shipped connectors' tiers are kept beside them, others' in the data folder."""
    from dataclasses import asdict

    from reviewer.connectors.approvals import TIERS, Tier, write_row
    from reviewer.resources import plugins_folder

    row = Tier(tier, digest)
    if folder.resolve().parent == plugins_folder().resolve():
        write_row(plugins_folder() / TIERS, "tiers", connector, asdict(row) if tier else None)
    else:
        _plugins(data).approvals.record_tier(connector, row)


@plugin_app.command("reference")
def plugin_reference() -> None:
    """Print the reference for authors, as Markdown."""
    from reviewer.connectors.reference import reference

    typer.echo(reference(), nl=False)
