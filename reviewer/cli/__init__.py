"""The commands, a module for each group: the package that imports inside its functions, so that each starts fast."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from reviewer.cli.audit import audit_app
from reviewer.cli.evidence import evidence_app
from reviewer.cli.hub_accounts import accounts_app
from reviewer.cli.hub_hashes import hub_hashes
from reviewer.cli.hub_keys import hub_keys_app
from reviewer.cli.hub_notices import notices_app
from reviewer.cli.hub_redress import appeals_app, hub_deadlines, proofs_app
from reviewer.cli.plugin import plugin_app
from reviewer.cli.policy import policy_app
from reviewer.cli.reasons import reasons_app
from reviewer.cli.referral import print_page, referral_app
from reviewer.errors import OperatorError

app = typer.Typer(name="reviewer", add_completion=False, pretty_exceptions_enable=False)
hub_app = typer.Typer(no_args_is_help=True, help="Run the reference queue server.")
app.add_typer(hub_app, name="hub")
app.add_typer(audit_app, name="audit")
app.add_typer(evidence_app, name="evidence")
app.add_typer(policy_app, name="policy")
hub_app.command("hashes")(hub_hashes)
hub_app.add_typer(accounts_app, name="accounts")
hub_app.add_typer(notices_app, name="notices")
hub_app.add_typer(hub_keys_app, name="keys")
hub_app.command("deadlines")(hub_deadlines)
hub_app.add_typer(proofs_app, name="proofs")
hub_app.add_typer(appeals_app, name="appeals")
app.add_typer(reasons_app, name="reasons")
app.add_typer(plugin_app, name="plugin")
app.add_typer(referral_app, name="referral")
outbox_app = typer.Typer(no_args_is_help=True, help="Look after decisions that were not sent yet.")
app.add_typer(outbox_app, name="outbox")

DataFolder = Annotated[Path, typer.Option("--data", help="The hub's data folder; made where it is missing.")]
DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        "--database-url",
        envvar="REVIEWER_HUB_DATABASE_URL",
        help="A database elsewhere: postgresql+psycopg://user:password@host/name, or sqlite:////var/lib/hub.db.",
    ),
]
MediaUrl = Annotated[
    str | None,
    typer.Option(
        "--media-url",
        envvar="REVIEWER_HUB_MEDIA_URL",
        help="Pictures in a bucket: s3://BUCKET/PREFIX?endpoint=https://…&region=…; its key comes from AWS_….",
    ),
]


@app.callback(invoke_without_command=True)
def reviewer(
    context: typer.Context,
    data: Annotated[Path | None, typer.Option("--data", help="The data folder of the workstation.")] = None,
    demo: Annotated[bool, typer.Option("--demo", help="Work on the embedded demo hub.")] = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version and end.")] = False,
) -> None:
    """Decide flagged marketplace listings.  Without a command the workstation opens."""
    from reviewer import __version__

    if version:
        typer.echo(__version__)
        raise typer.Exit
    if context.invoked_subcommand is None:
        from reviewer.app import main as open_workstation

        arguments = [*(["--data", str(data)] if data else []), *(["--demo"] if demo else [])]
        raise typer.Exit(open_workstation(arguments))


@app.command()
def tour(
    out: Annotated[Path, typer.Option(help="The folder for pictures and summary.json.")] = Path("out/tour"),
    cases: Annotated[int, typer.Option(min=1, help="How many cases are decided at least.")] = 40,
    hub: Annotated[str, typer.Option(help="A hub that runs already; empty for a demo hub of its own.")] = "",
    token: Annotated[str, typer.Option(help="A reviewer's token at that hub.")] = "",
    screenshots: Annotated[
        Path | None, typer.Option(help="Only take the pictures of the documentation, into this folder.")
    ] = None,
    connector: Annotated[
        str, typer.Option(help="Walk on the marketplace of a shipped connector, such as oscar, with its test server.")
    ] = "",
    size: Annotated[str, typer.Option(hidden=True)] = "",
    sending_delay: Annotated[float, typer.Option(help="Seconds in which a decision does not leave the desk.")] = 10.0,
) -> None:
    """Work the real window by keys and ask the hub whether it holds exactly what the window showed."""
    import os

    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")) and sys.platform == "linux":
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from reviewer.tour.command import TourOptions, run_tour
    from reviewer.tour.marketplace import run_marketplace_tour
    from reviewer.tour.screenshots import take_screenshots

    if connector:
        raise typer.Exit(run_marketplace_tour(connector, out, min(cases, 6)))
    if hub and not token:
        raise OperatorError("Give a reviewer's token for that hub: --token.")
    if screenshots is not None:
        raise typer.Exit(take_screenshots(screenshots, size))
    raise typer.Exit(run_tour(TourOptions(out, cases, hub, token, sending_delay_s=sending_delay)))


@app.command()
def doctor(
    data: Annotated[Path | None, typer.Option("--data", help="The data folder of the workstation.")] = None,
) -> None:
    """Check this computer: display, fonts, store, keyring, hubs, folders; each ok or what to do."""
    import os

    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")) and sys.platform == "linux":
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from reviewer.doctor import examine
    from reviewer.settings import default_folder

    findings = examine(data or default_folder())
    for finding in findings:
        typer.echo(f"{'ok  ' if finding.ok else 'MEND'}  {finding.what}: {finding.words}")
    raise typer.Exit(0 if all(finding.ok for finding in findings) else 1)


@outbox_app.command("export")
def outbox_export(
    out: Annotated[Path, typer.Option(help="The JSON file to write.")],
    data: Annotated[Path | None, typer.Option("--data", help="The data folder of the workstation.")] = None,
) -> None:
    """Write what is unsent to a file, also from a store that is damaged or of a newer program; it stays as it is."""
    from datetime import UTC, datetime

    from reviewer.services.export import export_folder
    from reviewer.settings import default_folder

    count = export_folder(data or default_folder(), out, datetime.now(UTC))
    typer.echo(f"{count} decisions in {out}.")


@hub_app.command("serve")
def hub_serve(
    data: DataFolder,
    database_url: DatabaseUrl = None,
    media_url: MediaUrl = None,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")] = 8765,
    demo: Annotated[bool, typer.Option("--demo", help="Fill an empty data folder with the demo first.")] = False,
    connections: Annotated[int, typer.Option(min=2, max=500, help="Connections to PostgreSQL.")] = 12,
    lease_seconds: Annotated[int, typer.Option(min=1, max=86_400, help="How long a lease lasts.")] = 600,
    requests_per_second: Annotated[
        float, typer.Option(min=0, help="How often one account may call; 0 sets no limit.")
    ] = 0,
    transparency_url: Annotated[
        str, typer.Option(help="The transparency database; its token comes from REVIEWER_HUB_TRANSPARENCY_TOKEN.")
    ] = "",
    until_stdin_closes: Annotated[
        bool, typer.Option("--until-stdin-closes", help="Stop when standard input ends.")
    ] = False,
) -> None:
    """Serve the Queue API; prints one line of JSON when it listens."""
    from reviewer.hub.deadlines import keeping_deadlines
    from reviewer.hub.demo import fill_demo
    from reviewer.hub.leases import LeaseRules
    from reviewer.hub.server import serve
    from reviewer.hub.store import is_empty, open_store
    from reviewer.hub.transparency import sending_statements

    rules = LeaseRules(lease_s=lease_seconds)
    store = open_store(data, database_url=database_url, media_url=media_url, rules=rules, connections=connections)
    try:
        if demo and is_empty(store):
            fill_demo(store)
        elif demo and not store.demo:
            raise OperatorError(f"{data} is no demo: choose an empty folder for the demo, or leave --demo out.")
    except BaseException:
        store.close()
        raise
    until = sys.stdin.buffer if until_stdin_closes else None
    with sending_statements(store, transparency_url), keeping_deadlines(store):
        serve(store, host=host, port=port, until=until, requests_per_second=requests_per_second)


@hub_app.command("dossier")
def hub_dossier(
    data: DataFolder,
    seller: Annotated[str, typer.Option(help="The id of the seller.")],
    out: Annotated[Path, typer.Option(help="The file to write: .html, .pdf (the newest 500 events), else JSON.")],
    database_url: DatabaseUrl = None,
) -> None:
    """Write all that a hub knows of one seller to a file: standing, ladder, timeline, listings, links."""
    import json

    from reviewer.hub.dossier import dossier_of, read_dossier
    from reviewer.hub.store import open_store
    from reviewer.policy.dossier_page import dossier_page

    store = open_store(data, database_url=database_url)
    try:
        found = store.database.read(
            lambda connection: dossier_of(connection, seller, store.rules_in_force(connection), store.now(connection))
        )
    finally:
        store.close()
    if out.suffix == ".pdf":
        print_page(dossier_page(read_dossier(found), most_events=500), out, found["seller"]["display_name"])
    else:
        is_page = out.suffix == ".html"
        text = dossier_page(read_dossier(found)) if is_page else json.dumps(found, ensure_ascii=False, indent=1)
        try:
            out.write_text(text.encode("utf-8", "replace").decode(), "utf-8")
        except OSError as error:
            raise OperatorError(f"{out} can't be written: {error.strerror}. Choose another place.") from None
    points = found["ladder"]["points"]
    typer.echo(
        f"{seller}: {points} points count, {len(found['timeline']):,} events, {len(found['links']):,} links; {out}"
    )


@hub_app.command("referral-key")
def hub_referral_key(data: DataFolder, database_url: DatabaseUrl = None) -> None:
    """Print the public key by which this hub vouches for the persons behind referral packs."""
    from reviewer.hub.referrals import referral_key
    from reviewer.hub.store import open_store

    store = open_store(data, database_url=database_url)
    try:
        typer.echo(f"ed25519:{store.database.write(referral_key)}")
    finally:
        store.close()


@hub_app.command("statements")
def hub_statements(
    data: DataFolder,
    database_url: DatabaseUrl = None,
    out: Annotated[Path | None, typer.Option(help="Write the statements to a file, one a line.")] = None,
) -> None:
    """Make the statements of reasons of new decisions; count those that wait, are sent, and need a person."""
    from reviewer.hub.store import open_store
    from reviewer.hub.transparency import make_all, parked, states, written

    store = open_store(data, database_url=database_url)
    try:
        make_all(store)
        counts = store.database.read(states)
        typer.echo(f"{counts['waiting']:,} wait, {counts['sent']:,} are sent, {counts['parked']:,} need a person.")
        for puid, why in store.database.read(parked):
            typer.echo(f"  {puid}: {why}")
        if out is not None:
            rows = store.database.read(written)
            out.write_text("".join(f"{row}\n" for row in rows), "utf-8")
            typer.echo(f"{len(rows):,} statements in {out}. Now: reviewer reasons validate {out}")
    finally:
        store.close()


@hub_app.command("demo")
def hub_demo(
    data: DataFolder,
    seed: Annotated[int, typer.Option(help="Another number makes other cases of the same kind.")] = 7,
    database_url: DatabaseUrl = None,
    media_url: MediaUrl = None,
) -> None:
    """Fill an empty data folder with the demo: fictional brands, sellers and listings."""
    from reviewer.hub.demo import fill_demo
    from reviewer.hub.demo_redress import seed_redress
    from reviewer.hub.store import is_empty, open_store

    store = open_store(data, database_url=database_url, media_url=media_url)
    try:
        if not is_empty(store):
            raise OperatorError(f"{data} is not empty; the demo needs a folder of its own.")
        count = fill_demo(store, seed=seed)
        asked, filed = seed_redress(store)
    finally:
        store.close()
    typer.echo(f"{asked} proofs asked for and {filed} appeals filed.")
    typer.echo(f"{count} open cases in {data}. Now: reviewer hub serve --data {data}")


@hub_app.command("load")
def hub_load(
    products: Annotated[Path, typer.Option(help="A folder with products.csv and the pictures that it names.")],
    listings: Annotated[Path, typer.Option(help="A CSV file of listing texts.")],
    data: DataFolder,
    cases: Annotated[int, typer.Option(min=1, max=100_000, help="How many cases to make.")] = 500,
    seed: Annotated[int, typer.Option(help="Another number makes other cases of the same kind.")] = 7,
    database_url: DatabaseUrl = None,
    media_url: MediaUrl = None,
) -> None:
    """Fill an empty data folder from real photos and texts, with simulated sellers and histories."""
    from reviewer.hub.load import load
    from reviewer.hub.store import is_empty, open_store

    store = open_store(data, database_url=database_url, media_url=media_url)
    try:
        if not is_empty(store):
            raise OperatorError(f"{data} is not empty; choose another folder.")
        count = load(store, products, listings, cases=cases, seed=seed)
    finally:
        store.close()
    typer.echo(f"{count} open cases in {data}. Now: reviewer hub serve --data {data}")


@hub_app.command("token")
def hub_token(
    data: DataFolder,
    name: Annotated[str, typer.Option(help="Whose it is; shown to colleagues.")],
    role: Annotated[str, typer.Option(help="reviewer, lead, admin, service or claimant.")],
    database_url: DatabaseUrl = None,
) -> None:
    """Make an account and print its token, this once."""
    from reviewer.hub.auth import add_account, new_token
    from reviewer.hub.store import open_store

    store = open_store(data, database_url=database_url)
    try:
        token = new_token()
        store.database.write(lambda connection: add_account(connection, name, role, token, store.clock()))
    finally:
        store.close()
    typer.echo(token)


@hub_app.command("marketplace")
def hub_marketplace(
    data: DataFolder,
    marketplace_id: Annotated[str, typer.Option("--id", help="Small letters and digits, such as pasarlink.")],
    name: Annotated[str, typer.Option(help="The name that reviewers see.")],
    currency: Annotated[str, typer.Option(help="ISO 4217, such as IDR.")],
    language: Annotated[str, typer.Option(help="BCP 47, such as id.")],
    country: Annotated[str, typer.Option(help="ISO 3166-1 alpha-2, such as ID.")],
    database_url: DatabaseUrl = None,
) -> None:
    """Make or change a marketplace; listings are only taken for those that are known."""
    from reviewer.hub.provision import put_marketplace
    from reviewer.hub.store import open_store

    values = {"id": marketplace_id, "name": name, "currency": currency, "language": language, "country": country}
    store = open_store(data, database_url=database_url)
    try:
        store.database.write(lambda connection: put_marketplace(connection, values))
    finally:
        store.close()
    typer.echo(f"{marketplace_id} is there.")


@hub_app.command("references")
def hub_references(
    data: DataFolder,
    file: Annotated[Path, typer.Option(help="A JSON file with a list of reference products.")],
    database_url: DatabaseUrl = None,
) -> None:
    """Make or change reference products from a file."""
    from reviewer.hub.provision import put_reference_file
    from reviewer.hub.store import open_store

    store = open_store(data, database_url=database_url)
    try:
        count = store.database.write(lambda connection: put_reference_file(connection, file))
    finally:
        store.close()
    typer.echo(f"{count} reference products are there.")


def main() -> None:
    """The entry point: what a person can mend is one clear line and exit code 2."""
    try:
        app()
    except OperatorError as error:
        typer.echo(f"reviewer: {error}", err=True)
        sys.exit(2)
