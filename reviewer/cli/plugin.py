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
    found = _plugins(data).found()
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
