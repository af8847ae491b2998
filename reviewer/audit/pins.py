"""Which keys this data folder trusts for which log, and the greatest head that it has seen of each."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from reviewer.errors import OperatorError

#: The name of the list in a data folder.
NAME = "audit-pins.json"


@dataclass(frozen=True, slots=True)
class Pin:
    """The admin's key of a log (hexadecimal) and the head that was last seen: an older file is told from it."""

    key: str
    name: str
    size: int
    root: str
    demo: bool = False


def pin_file_beside(pack: Path) -> Path:
    """Where an export leaves the pins of a pack: next to it, to be handed over apart from it."""
    return pack.with_name(pack.name + ".pin")


def read_pins(path: Path) -> dict[str, Pin]:
    """The pins of a file by log; none where there is no file.  Raises `OperatorError` where it can't be read."""
    try:
        rows = json.loads(path.read_text("utf-8"))
        return {
            str(log): Pin(str(row["key"]), str(row["name"]), int(row["size"]), str(row["root"]), bool(row["demo"]))
            for log, row in rows.items()
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise OperatorError(
            f"The pinned keys in {path} can't be read. Give the admin's key with --key, or put the file back.",
            detail=str(error),
        ) from error


def write_pins(path: Path, pins: Mapping[str, Pin]) -> None:
    """Write pins whole or not at all."""
    temporary = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("w", encoding="utf-8") as file:
            json.dump({log: asdict(pin) for log, pin in sorted(pins.items())}, file, indent=2, ensure_ascii=False)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise OperatorError(f"The pinned keys can't be written to {path}: {error.strerror}.") from error


def add_pins(path: Path, pins: Mapping[str, Pin]) -> None:
    """Add pins to a list; a log's head only ever grows."""
    known = read_pins(path)
    for log, pin in pins.items():
        before = known.get(log)
        if before is None or before.size <= pin.size:
            known[log] = pin
    write_pins(path, known)


def pins_of(logs: Iterable[str], known: Mapping[str, Pin]) -> dict[str, Pin]:
    """The pins that are there for some logs."""
    return {log: known[log] for log in logs if log in known}
