"""A new connector from the template: one file that passes the conformance suite, to be changed from there."""

from __future__ import annotations

import re
from pathlib import Path

from reviewer.errors import OperatorError
from reviewer.resources import resources_folder

_FILES = {
    "plugin.toml": "plugin.toml",
    "connector.py": "connector.py",
    "test_connector.py": "test_connector.py",
    "README.md": "README.md",
    "ci/connector.yml": ".github/workflows/connector.yml",
}


def new_connector(name: str, parent: Path) -> Path:
    """Make a connector's folder inside `parent`; answers it.  Raises `OperatorError`."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{1,39}", name):
        raise OperatorError(f"{name!r} can't be a connector's name: 2 to 40 small letters, digits and underscores.")
    folder = parent / name
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise OperatorError(f"{folder} is there already; choose another name or take it away.") from None
    except OSError as error:
        raise OperatorError(f"{folder} can't be made: {error.strerror}.") from error
    words = name.replace("_", " ").capitalize()
    for source, target in _FILES.items():
        text = (resources_folder() / "connector_template" / source).read_text(encoding="utf-8")
        path = folder / target
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("@id@", name).replace("@name@", words), encoding="utf-8")
    return folder
