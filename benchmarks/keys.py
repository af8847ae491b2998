"""A keyring in a file, so that a workstation finds its token again in another process."""

from __future__ import annotations

import json
import os
from pathlib import Path

import keyring.backend

#: The environment that makes the workstation use it; the file is named by `BENCH_KEYRING`.
BACKEND = "benchmarks.keys.FileKeyring"


class FileKeyring(keyring.backend.KeyringBackend):
    """Keeps passwords in a JSON file of a temporary folder."""

    priority = 1

    def get_password(self, service: str, username: str) -> str | None:
        """The password, or None."""
        found = _read().get(f"{service}\n{username}")
        return str(found) if found is not None else None

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep a password."""
        kept = _read() | {f"{service}\n{username}": password}
        _file().write_text(json.dumps(kept), encoding="utf-8")

    def delete_password(self, service: str, username: str) -> None:
        """Drop a password."""
        kept = _read()
        kept.pop(f"{service}\n{username}", None)
        _file().write_text(json.dumps(kept), encoding="utf-8")


def environment(file: Path) -> dict[str, str]:
    """What to add to a process's environment so that it keeps its passwords in that file."""
    return {"PYTHON_KEYRING_BACKEND": BACKEND, "BENCH_KEYRING": str(file)}


def _file() -> Path:
    return Path(os.environ["BENCH_KEYRING"])


def _read() -> dict[str, str]:
    try:
        kept: dict[str, str] = json.loads(_file().read_text(encoding="utf-8"))
    except OSError:
        return {}
    return kept
