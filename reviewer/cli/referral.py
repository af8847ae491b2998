"""`reviewer referral`: packs that refer a seller to the police or the brand; two persons make one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reviewer.errors import OperatorError

if TYPE_CHECKING:
    from reviewer.ledger.keys import SigningKey
    from reviewer.services.referral import Source

referral_app = typer.Typer(
    no_args_is_help=True, help="Refer a seller to the police or the brand: two persons make one pack."
)

Pack = Annotated[Path, typer.Argument(help="A referral pack.")]
Hub = Annotated[str, typer.Option("--hub", help="The server's address, such as https://queue.example.com.")]
Data = Annotated[Path | None, typer.Option("--data", help="The data folder that keeps your signing key.")]
TokenFile = Annotated[
    Path | None,
    typer.Option(help="A file with your token; else REVIEWER_TOKEN in the environment, else you are asked for it."),
]


@referral_app.command("make")
def referral_make(
    out: Annotated[Path, typer.Option(help="The pack to write.")],
    seller: Annotated[str, typer.Option(help="The id of the seller.")],
    to: Annotated[str, typer.Option(help="To whom: the office or the brand, by name.")],
    reason: Annotated[str, typer.Option(help="Why, in a sentence or two.")],
    hub: Hub,
    purpose: Annotated[str, typer.Option(help="law_enforcement or brand.")] = "law_enforcement",
    data: Data = None,
    token_file: TokenFile = None,
) -> None:
    """Write a draft, signed by you: the dossier as PDF, HTML and JSON, pictures, hashes, custody."""
    from datetime import UTC, datetime

    from reviewer.services.referral import Purpose, make_referral

    with _source(hub, token_file) as (source, person):
        made = make_referral(
            source, seller, Purpose(purpose, to, reason), _key(data, person), out, datetime.now(UTC), print_page
        )
    lost = f", {made.missing} could not be had" if made.missing else ""
    typer.echo(f"{made.path}: made by {made.by}, {made.pictures} pictures{lost}.")
    typer.echo(f"DRAFT: another person must confirm it: reviewer referral confirm {made.path} --hub {hub}")


@referral_app.command("confirm")
def referral_confirm(pack: Pack, hub: Hub, data: Data = None, token_file: TokenFile = None) -> None:
    """Confirm a draft that another person made, with your own token; the pack is verified first."""
    from datetime import UTC, datetime

    from reviewer.services.referral import confirm_referral

    with _source(hub, token_file) as (source, person):
        verdict = confirm_referral(pack, source, _key(data, person), datetime.now(UTC))
    for line in verdict.lines:
        typer.echo(line)


@referral_app.command("verify")
def referral_verify(
    pack: Pack,
    key: Annotated[
        list[str] | None, typer.Option(help="A server's public key that you trust; may be repeated.")
    ] = None,
) -> None:
    """Recompute everything, offline.  Ends with 0 confirmed, 1 broken, 2 not a referral pack, 3 whole but a draft."""
    from reviewer.services.referral import NotAPack, verify_referral

    try:
        verdict = verify_referral(pack, key or ())
    except NotAPack as problem:
        typer.echo(f"not a referral pack: {problem}")
        raise typer.Exit(2) from None
    for line in verdict.lines:
        typer.echo(line)
    raise typer.Exit({"confirmed": 0, "broken": 1, "draft": 3}[verdict.state])


@contextmanager
def _source(hub: str, token_file: Path | None) -> Iterator[tuple[Source, str]]:
    """The server through its connector, and who is signed in there."""
    from typing import cast

    from reviewer.connectors.api import API_VERSION, ConnectorError
    from reviewer.connectors.manifest import read_manifest
    from reviewer.connectors.opener import Opening, open_here
    from reviewer.resources import plugins_folder

    manifest = read_manifest(plugins_folder() / "queue_api", API_VERSION)
    connector = open_here(Opening("referral", manifest, {"address": hub}, {"token": _token(token_file)}))
    try:
        try:
            service = connector.service()
        except ConnectorError as error:
            raise OperatorError(str(error)) from error
        if not {"dossiers", "referrals"} <= service.capabilities:
            raise OperatorError(f"{hub} keeps no dossiers or referrals: ask its operator for a newer version.")
        yield cast("Source", connector), service.reviewer_id
    finally:
        connector.close()


def _token(file: Path | None) -> str:
    import os

    if file is not None:
        try:
            return file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise OperatorError(f"{file} can't be read: give a text file that holds your token.") from None
    return os.environ.get("REVIEWER_TOKEN") or str(typer.prompt("Your token", hide_input=True))


def _key(data: Path | None, person: str) -> SigningKey:
    from reviewer.services.referral import person_key
    from reviewer.settings import default_folder

    return person_key(data or default_folder(), person)


def print_page(page: str, path: Path, title: str) -> None:
    """A page as PDF, also where there is no display."""
    import os

    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")) and sys.platform == "linux":
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from reviewer.ui.printing import write_pdf

    write_pdf(page, path, title=title, pictures={})
