"""The audit's commands that ask a hub: the whole team's history, and findings on their way back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reviewer.errors import OperatorError

if TYPE_CHECKING:
    from reviewer.connectors.lead import LeadAtHub
    from reviewer.ledger.keys import SigningKey
    from reviewer.services.audit_export import Scope

findings_app = typer.Typer(no_args_is_help=True, help="Second opinions on their way back to the reviewers.")

HUB_HELP = "The address of a hub, such as https://hub.example.org."
TOKEN_HELP = "A lead's token at that hub; also in REVIEWER_HUB_TOKEN, which keeps it out of the list of processes."  # noqa: S105


def export_from_hub(
    out: Path,
    folder: Path,
    scope: Scope,
    *,
    hub_data: Path | None,
    database_url: str | None,
    media_url: str | None,
    hub: str,
    token: str,
) -> str:
    """Write a pack of the whole team from a hub's data folder, or over HTTP; answers what was written."""
    from contextlib import closing
    from datetime import UTC, datetime

    from reviewer.services.team_export import export_team

    def tell(words: str) -> None:
        typer.echo(words, err=True)

    if hub_data is not None and hub:
        raise OperatorError("Give the hub's data folder (--hub-data) or its address (--hub), not both.")
    if hub_data is not None:
        from reviewer.cli.hub_source import HubFolder

        with closing(HubFolder(hub_data, database_url, media_url)) as source:
            count = export_team(source, source.key, out, folder, scope, datetime.now(UTC), tell)
            return f"{count} decisions in {out}, signed by ed25519:{source.key.public}, the hub's own key."
    from reviewer.connectors.lead import LeadAtHub

    with closing(LeadAtHub(hub, token)) as lead:
        key = enrolled(lead, folder)
        count = export_team(lead, key, out, folder, scope, datetime.now(UTC), tell)
        return f"{count} decisions in {out}, signed by ed25519:{key.public}, for which the hub vouches."


def enrolled(lead: LeadAtHub, folder: Path) -> SigningKey:
    """The key of a data folder, enrolled with the hub by whoever the token is for; the same again changes nothing."""
    from reviewer.ledger.heads import possession_bytes
    from reviewer.services.signing import signing_key
    from reviewer.services.vouched import log_of

    key = signing_key(folder)
    log = log_of(folder, key)
    proof = key.sign(possession_bytes(log, key.public, lead.account())).hex()
    lead.enrol_key(log, key.public, f"workstation {key.public[:8]}", proof)
    return key


@findings_app.command("send")
def findings_send(
    file: Annotated[Path, typer.Argument(help="A findings file, such as PACK.findings.json.")],
    hub: Annotated[str, typer.Option(help=HUB_HELP)],
    token: Annotated[str, typer.Option(envvar="REVIEWER_HUB_TOKEN", help=TOKEN_HELP)],
    data: Annotated[Path | None, typer.Option("--data", help="The data folder whose key signed the file.")] = None,
) -> None:
    """Hand a findings file to the hub: cases that are returned go to their reviewers' inboxes."""
    from contextlib import closing

    from reviewer.audit.findings import read_findings
    from reviewer.connectors.lead import LeadAtHub
    from reviewer.services.signing import signing_key
    from reviewer.settings import default_folder

    folder = data or default_folder()
    found = read_findings(file)
    with closing(LeadAtHub(hub, token)) as lead:
        if found.key == signing_key(folder).public:
            enrolled(lead, folder)
        answer = lead.send_findings(file.read_bytes())
    typer.echo(
        f"{len(found.items)} opinions: {answer['new']} new, {answer['known']} known, "
        f"{answer['elsewhere']} about decisions of other hubs; {answer['back']} go back to their reviewers."
    )
