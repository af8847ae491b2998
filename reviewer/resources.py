"""Where the files that ship with the program are: in a checkout at the top, in a wheel inside the package."""

from __future__ import annotations

from pathlib import Path

from reviewer.errors import BugError

_PACKAGE = Path(__file__).resolve().parent


def resources_folder() -> Path:
    """The folder `resources/` of this installation."""
    return _shipped("resources")


def plugins_folder() -> Path:
    """The folder of the shipped connectors of this installation."""
    return _shipped("plugins")


def _shipped(name: str) -> Path:
    for folder in (_PACKAGE / f"_{name}", _PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise BugError(f"The folder {name} is missing from this installation.")
