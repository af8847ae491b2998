"""Finding connectors: shipped, in the user's folder, in installed packages; and importing one where it runs."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from reviewer.connectors.api import API_VERSION, Connector, ConnectorError, Context
from reviewer.connectors.approvals import Approvals, UnreadableFolder, folder_digest
from reviewer.connectors.manifest import CAPABILITY_CALLS, Manifest, ManifestFault, read_manifest
from reviewer.errors import OperatorError

#: Where an installed package names the folder of its connector: `my_market = "my_package.plugin"`.
ENTRY_POINTS = "reviewer.connectors"
#: Two instances that begin at once must not see a module that is half imported.
_LOADING = threading.Lock()


@dataclass(frozen=True, slots=True)
class Found:
    """A folder that holds a connector: `manifest`, or None and why in `problem`.

    `state` is `ready`, `unapproved`, `changed` (approved once, and its files are others now) or `broken`; only a ready
    connector runs.  `tier` is the quality tier that these very files reached, or empty.
    """

    id: str
    folder: Path
    manifest: Manifest | None
    problem: str = ""
    state: str = "ready"
    digest: str = ""
    tier: str = ""
    origin: str = "folder"


def find_connectors(folders: Iterable[Path]) -> tuple[Found, ...]:
    """Every connector in these folders, in order; no code of theirs runs, and nobody is asked whether it may.

    Of two with one id the first counts, the second is listed with the reason.
    """
    parts = [folder for parent in folders if parent.is_dir() for folder in sorted(parent.iterdir())]
    kept = [folder for folder in parts if folder.is_dir() and not folder.name.startswith((".", "_"))]
    return _unique([_read(folder, "folder") for folder in kept])


def discover(shipped: Path, own: Path, approvals: Approvals, *, packages: bool = True) -> tuple[Found, ...]:
    """Every connector there is, with whether it may run: the shipped ones, the user's, those of installed packages."""
    rows = [replace(row, origin="shipped") for row in find_connectors([shipped])]
    rows += find_connectors([own])
    if packages:
        rows += [row if isinstance(row, Found) else _read(row, "package") for row in _package_folders()]
    approved, tiers = approvals.approved(), approvals.tiers()
    found = []
    for row in _unique(rows):
        try:
            digest = folder_digest(row.folder) if row.folder.is_dir() else ""
        except UnreadableFolder as error:
            found.append(replace(row, manifest=None, problem=row.problem or str(error), state="broken"))
            continue
        tier = tiers.get(row.id)
        reached = tier.tier if tier is not None and tier.digest == digest and row.manifest else ""
        state, problem = row.state, row.problem
        if row.manifest is not None and row.origin != "shipped":
            known = approved.get(row.id)
            if known is None:
                state, problem = "unapproved", "It was not approved yet. Look at what it is, then approve it."
            elif known.digest != digest:
                state = "changed"
                problem = "Its files changed since it was approved. Find out why, then approve it again."
        found.append(replace(row, digest=digest, tier=reached, state=state, problem=problem))
    return tuple(found)


def _read(folder: Path, origin: str) -> Found:
    try:
        manifest = read_manifest(folder, API_VERSION)
    except ManifestFault as error:
        return Found(folder.name, folder, None, str(error), state="broken", origin=origin)
    return Found(manifest.id, folder, manifest, origin=origin)


def _unique(rows: Sequence[Found]) -> tuple[Found, ...]:
    first: dict[str, Found] = {}
    others: list[Found] = []
    for row in rows:
        if row.manifest is None:
            others.append(row)
        elif row.id in first:
            problem = f"its id {row.id} is taken by {first[row.id].folder}"
            others.append(replace(row, manifest=None, problem=problem, state="broken"))
        else:
            first[row.id] = row
    return (*first.values(), *others)


def _package_folders() -> list[Path | Found]:
    """The folders that installed packages name; their code is not imported."""
    found: list[Path | Found] = []
    for point in importlib.metadata.entry_points(group=ENTRY_POINTS):
        folder = _folder_of(point)
        if folder is not None:
            found.append(folder)
        else:
            problem = f"its package names {point.value}, which is no folder with a plugin.toml"
            found.append(Found(point.name, Path(point.value), None, problem, state="broken", origin="package"))
    return found


def _folder_of(point: importlib.metadata.EntryPoint) -> Path | None:
    """The folder of a package without importing it; None where there is none."""
    top, _, rest = point.value.partition(".")
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None
    for place in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(place, *rest.split(".")) if rest else Path(place)
        if (folder / "plugin.toml").is_file():
            return folder
    return None


def load_connector(manifest: Manifest, context: Context) -> Connector:
    """Import a connector into this process and make it ready for one account.

    Raises `OperatorError` where its code can't be loaded or does not answer a connector with the calls of its
    capabilities.
    """
    try:
        with _LOADING:
            module = _load(manifest)
        connect = getattr(module, manifest.function)
    except (Exception, SystemExit) as error:
        raise OperatorError(
            f"The connector {manifest.name} can't be loaded: {type(error).__name__}: {error}. Its author must mend it.",
            detail=str(manifest.folder),
        ) from error
    try:
        connector: Connector = connect(context)
    except Exception as error:
        if isinstance(error, ConnectorError):
            raise OperatorError(str(error)) from error
        raise OperatorError(
            f"The connector {manifest.name} can't be opened: {type(error).__name__}: {error}. Its author must mend it.",
            detail=str(manifest.folder),
        ) from error
    calls = ["service", "close", *(call for name in manifest.capabilities for call in CAPABILITY_CALLS[name])]
    missing = [name for name in calls if not callable(getattr(connector, name, None))]
    if missing:
        raise OperatorError(f"The connector {manifest.name} lacks {', '.join(missing)}(). Its author must mend it.")
    return connector


def allowed_hosts(manifest: Manifest, settings: Mapping[str, Any]) -> list[str]:
    """The hosts that a connector's session may reach with these settings."""
    hosts = []
    for host in manifest.hosts:
        named = re.fullmatch(r"\{(\w+)\}", host)
        address = str(settings.get(named[1], "")).strip() if named else host
        with suppress(ValueError):  # no address: the session refuses it in words
            hosts.append(urlsplit(address if "://" in address else f"//{address}").hostname or "")
    return [host for host in hosts if host]


def _load(manifest: Manifest) -> ModuleType:
    """The entry's module, as a member of a package of its own, so that connectors can't collide."""
    package_name = f"reviewer_connector_{manifest.id}"
    name = f"{package_name}.{manifest.module}"
    if name in sys.modules and sys.modules[name].__file__ == str(manifest.folder / f"{manifest.module}.py"):
        return sys.modules[name]
    package = ModuleType(package_name)
    package.__path__ = [str(manifest.folder)]
    sys.modules[package_name] = package
    spec = importlib.util.spec_from_file_location(name, manifest.folder / f"{manifest.module}.py")
    if spec is None or spec.loader is None:
        raise ImportError(f"no module {manifest.module}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
