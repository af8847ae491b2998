"""`reviewer policy`: check the house rules, try a ladder on the past, measure the signs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reviewer.errors import OperatorError

if TYPE_CHECKING:
    from reviewer.domain.decision import Measure
    from reviewer.policy.model import Policy
    from reviewer.policy.simulation import Simulation

policy_app = typer.Typer(no_args_is_help=True, help="Check the house rules, try a ladder on the past, measure signs.")


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8-sig")
    except OSError as error:
        raise OperatorError(f"{file} can't be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise OperatorError(f"{file} is not UTF-8 text: save it as UTF-8.") from None


def _policy(file: Path | None) -> Policy:
    from reviewer.policy.policy import policy_from_toml, shipped_policy

    return shipped_policy() if file is None else policy_from_toml(_text(file), str(file))


@policy_app.command("check")
def policy_check(file: Annotated[Path, typer.Argument(help="A file of house rules, such as policies.toml.")]) -> None:
    """Name every fault of a file by table and key; exit code 1 where there is one."""
    from reviewer.policy.policy import policy_faults

    policy, faults = policy_faults(_text(file))
    if policy is None or faults:
        typer.echo(f"{file} has {len(faults)} {'fault' if len(faults) == 1 else 'faults'}:")
        for fault in faults:
            typer.echo(f"  {fault}")
        raise typer.Exit(1)
    typer.echo(
        f"{file} is in order: version {policy.version}, {len(policy.grounds)} grounds, {len(policy.thresholds)} "
        f"thresholds, {len(policy.immediates)} immediate, {len(policy.signs)} signs."
    )


@policy_app.command("simulate")
def policy_simulate(
    file: Annotated[Path, typer.Argument(help="A file of house rules, such as policies.toml.")],
    history: Annotated[str, typer.Option(help="A hub's data folder, its hub.db, or its database URL.")],
    show: Annotated[int, typer.Option(min=0, help="How many differing offences to list.")] = 20,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write every offence to a file as well.")] = None,
) -> None:
    """What this ladder would have done about past offences, beside what was done."""
    import json

    from reviewer.domain.values import format_time
    from reviewer.hub.history import read_history
    from reviewer.policy.simulation import simulate

    policy = _policy(file)
    found = simulate(policy, read_history(history))
    for line in _simulation_lines(policy, found, show):
        typer.echo(line)
    if json_file is not None:
        rows = [
            {
                "at": format_time(row.past.offence.at),
                "seller": row.past.seller_id,
                "decision": row.past.offence.decision_id,
                "ground": row.past.offence.ground,
                "done": _measure(row.past.done),
                "due": _measure(row.due),
                "points": row.points,
                "reason": row.reason,
            }
            for row in found.replayed
        ]
        json_file.write_text(json.dumps({"version": policy.version, "offences": rows}, indent=1), "utf-8")


def _measure(measure: Measure | None) -> str:
    """A measure in a few words."""
    if measure is None:
        return "nothing"
    words = measure.kind.value.replace("_", " ")
    scope = "" if measure.scope in ("all", "listing") else f", {measure.scope}"
    return f"{words}{scope}{f', {measure.days} days' if measure.days is not None else ''}"


def _simulation_lines(policy: Policy, found: Simulation, show: int) -> list[str]:
    from reviewer.domain.decision import MeasureKind
    from reviewer.policy.simulation import KINDS

    if found.first is None or found.last is None:
        return ["The history holds no offence that stands."]
    lines = [
        f"{len(found.replayed):,} offences of {found.sellers:,} sellers, {found.first:%Y-%m-%d} to "
        f"{found.last:%Y-%m-%d}, by the rules {policy.version}",
        "",
        f"{'':<22}{'as it was':>12}{'by this ladder':>16}",
    ]
    done, due = found.done(), found.due()
    for kind in KINDS:
        lines.append(f"{kind.replace('_', ' ') or 'nothing':<22}{done[kind]:>12,}{due[kind]:>16,}")
    for kind in (MeasureKind.ACCOUNT_SUSPENDED, MeasureKind.ACCOUNT_CLOSED):
        was, would = found.sellers_reaching(kind)
        label = f"sellers {kind.value.removeprefix('account_')}"
        lines.append(f"{label:<22}{was:>12,}{would:>16,}")
    if found.unknown_grounds:
        lines.append(f"No points for grounds that these rules don't know: {', '.join(found.unknown_grounds)}")
    differing = found.differing()
    lines += ["", f"{len(differing):,} offences would have come to something else."]
    for row in differing[:show]:
        lines.append(
            f"  {row.past.offence.at:%Y-%m-%d}  {row.past.seller_id}  {row.past.offence.ground}: "
            f"{_measure(row.past.done)} -> {_measure(row.due)}  ({row.reason or 'no points'})"
        )
    if len(differing) > show:
        lines.append(f"  and {len(differing) - show:,} more")
    return lines


@policy_app.command("measure")
def policy_measure(
    listings: Annotated[Path, typer.Argument(help="A CSV file of fair listings: id, title, description, brand, ...")],
    file: Annotated[Path | None, typer.Option("--policy", help="The house rules; by default those shipped.")] = None,
) -> None:
    """How often each sign speaks against listings that are known to be fair: its false-alarm rate."""
    from reviewer.domain.text import visible
    from reviewer.policy.false_alarms import measure, read_listings

    cases = read_listings(listings)
    typer.echo(f"{len(cases):,} listings\n")
    typer.echo(f"{'sign':<18}{'alarms':>8}{'of':>8}{'rate':>9}   95 % interval")
    for found in measure(cases, _policy(file)).values():
        low, high = found.interval
        typer.echo(f"{found.kind:<18}{found.count:>8,}{found.of:>8,}{found.rate:>9.2%}   {low:.2%} to {high:.2%}")
        for listing, words in found.examples:
            typer.echo(f"    {listing}: {visible(words, limit=140, keep_lines=False)}")


@policy_app.command("presets")
def policy_presets(
    name: Annotated[str, typer.Argument(help="The preset to print; without one they are listed.")] = "",
) -> None:
    """List the published ladders to start from, or print one: `reviewer policy presets NAME > my-policies.toml`."""
    from reviewer.resources import resources_folder

    files = {file.stem: file for file in sorted((resources_folder() / "presets").glob("*.toml"))}
    if name and name not in files:
        raise OperatorError(f"There is no preset {name}; there are {', '.join(files)}.")
    if name:
        typer.echo(files[name].read_text("utf-8"), nl=False)
        return
    for stem, file in files.items():
        lines = file.read_text("utf-8").splitlines()
        words = " ".join(
            line.removeprefix("# ") for line in lines[: next(i for i, x in enumerate(lines) if x[:1] != "#")]
        )
        typer.echo(f"{stem:<20} {words}")
