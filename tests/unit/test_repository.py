"""The files at the top: locks, settings, and what may lie there."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.txt", "requirements-dev.txt")
AT_THE_TOP = {
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "SECURITY.md",
    "benchmarks",
    "docs",
    "main.py",
    "plugins",
    "pyproject.toml",
    "resources",
    "reviewer",
    "scripts",
    "tests",
}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def names(requirements: list[Any]) -> set[str]:
    """The package names of requirement strings; included groups are tables and are left out."""
    return {normal(re.split(r"[ ;<>=!~\[]", entry, maxsplit=1)[0]) for entry in requirements if isinstance(entry, str)}


def locked(lock: str) -> dict[str, list[str]]:
    """Each locked `name==version` with its hashes."""
    packages: dict[str, list[str]] = {}
    text = (ROOT / lock).read_text("utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        pin, *rest = line.split("--hash=")
        packages[pin.split(";")[0].strip()] = [entry.strip() for entry in rest]
    return packages


def tracked_top_level() -> set[str]:
    """The top-level names under version control; without git, every name in the folder."""
    try:
        listing = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True, timeout=30
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return {entry.name for entry in ROOT.iterdir() if entry.name not in {"out", "build", "dist", "htmlcov"}}
    return {path.partition("/")[0] for path in listing.split("\0") if path}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_address_and_no_path(lock: str) -> None:
    text = (ROOT / lock).read_text("utf-8")
    assert "/" not in text
    assert not re.search(r"^\s*(-i|-f|-e|--index-url|--extra-index-url|--find-links|--editable)\b", text, re.M)


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_is_pinned_and_hashed(lock: str) -> None:
    packages = locked(lock)
    assert packages
    for pin, hashes in packages.items():
        assert re.fullmatch(r"[a-z0-9][a-z0-9-]*==[0-9][^ ]*", pin), pin
        assert hashes, pin
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", entry) for entry in hashes), pin


def test_the_locks_hold_every_declared_dependency() -> None:
    settings = pyproject()
    groups = settings["dependency-groups"]
    runtime = names(settings["project"]["dependencies"]) | names(groups["build"])
    in_runtime, in_dev = ({pin.split("==")[0] for pin in locked(lock)} for lock in LOCKS)
    assert runtime <= in_runtime
    assert runtime | names(groups["dev"]) <= in_dev


def test_the_development_lock_has_the_runtime_versions() -> None:
    runtime, development = (locked(lock) for lock in LOCKS)
    assert {pin: development.get(pin) for pin in runtime} == runtime


def test_what_builds_the_project_is_locked() -> None:
    settings = pyproject()
    assert settings["build-system"]["requires"] == settings["dependency-groups"]["build"]


def test_the_top_level_keeps_its_names() -> None:
    strangers = {
        name
        for name in tracked_top_level() - AT_THE_TOP
        if not name.startswith(".") and not re.fullmatch(r"requirements.*\.txt", name)
    }
    assert not strangers
