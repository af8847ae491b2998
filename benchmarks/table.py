"""The table of all lines.  Apart from the modules that measure, so that it takes no memory there."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from benchmarks.report import Line, number


def show(lines: Sequence[Line], title: str) -> None:
    """Print the table."""
    table = Table(title=title, title_justify="left")
    for name in ("budget", "limit"):
        table.add_column(name, overflow="fold")
    table.add_column("ours", justify="right", no_wrap=True)
    table.add_column("floor", justify="right", overflow="fold")
    table.add_column("peers", overflow="fold")
    table.add_column("ratio", justify="right", no_wrap=True)
    table.add_column("met", no_wrap=True)
    for line in lines:
        floor = f"{number(line.floor)} {line.floor_is}".strip() if line.floor is not None else "-"
        table.add_row(
            line.name,
            line.budget,
            f"{number(line.ours)} {line.unit}",
            floor,
            ", ".join(f"{name} {number(value)}" for name, value in line.peers.items()) or "-",
            f"{line.ratio:.2f}" if line.ratio is not None else "-",
            {True: "yes", False: "NO", None: "-"}[line.met],
        )
    console = Console(width=150, markup=False, highlight=False)
    console.print(table)
    for line in lines:
        if line.note:
            console.print(f"{line.name}: {line.note}", soft_wrap=True)
