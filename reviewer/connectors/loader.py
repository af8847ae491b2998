"""Finding connectors in folders and opening them, whoever wrote them."""

from __future__ import annotations

import importlib.util
import logging
import re
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from reviewer.connectors.api import API_VERSION, Connector, ConnectorError, Context
from reviewer.connectors.manifest import Manifest, ManifestFault, read_manifest
from reviewer.connectors.session import BoundedSession, Limits
from reviewer.errors import OperatorError


@dataclass(frozen=True, slots=True)
class Found:
    """A folder that holds a connector: `manifest`, or None and why in `problem`."""

    id: str
    folder: Path
    manifest: Manifest | None
    problem: str = ""


def find_connectors(folders: Iterable[Path]) -> tuple[Found, ...]:
    """Every connector in these folders, in order; no code of theirs runs.

    Of two with one id the first counts, the second is listed with the reason.
    """
    found: dict[str, Found] = {}
    doubled: list[Found] = []
    for parent in folders:
        if not parent.is_dir():
            continue
        for folder in sorted(parent.iterdir()):
            if not folder.is_dir() or folder.name.startswith((".", "_")):
                continue
            try:
                manifest = read_manifest(folder, API_VERSION)
            except ManifestFault as error:
                doubled.append(Found(folder.name, folder, None, str(error)))
                continue
            if manifest.id in found:
                problem = f"its id {manifest.id} is taken by {found[manifest.id].folder}"
                doubled.append(Found(manifest.id, folder, None, problem))
            else:
                found[manifest.id] = Found(manifest.id, folder, manifest)
    return (*found.values(), *doubled)


def open_connector(
    manifest: Manifest, settings: Mapping[str, Any], secrets: Mapping[str, str], limits: Limits | None = None
) -> Connector:
    """Import the connector and make it ready for one account.

    Raises `OperatorError` where its code can't be loaded or does not answer a connector.
    """
    try:
        module = _load(manifest)
        connect = getattr(module, manifest.function)
    except (Exception, SystemExit) as error:
        raise OperatorError(
            f"The connector {manifest.name} can't be loaded: {type(error).__name__}: {error}. Its author must mend it.",
            detail=str(manifest.folder),
        ) from error
    context = Context(
        settings=dict(settings),
        secrets=dict(secrets),
        session=BoundedSession(_hosts(manifest, settings), limits),
        logger=logging.getLogger(f"connector.{manifest.id}"),
    )
    try:
        connector: Connector = connect(context)
    except Exception as error:
        context.session.close()
        if isinstance(error, ConnectorError):
            raise OperatorError(str(error)) from error
        raise OperatorError(
            f"The connector {manifest.name} can't be opened: {type(error).__name__}: {error}. Its author must mend it.",
            detail=str(manifest.folder),
        ) from error
    missing = [name for name in ("service", "close") if not callable(getattr(connector, name, None))]
    if missing:
        raise OperatorError(f"The connector {manifest.name} lacks {', '.join(missing)}(). Its author must mend it.")
    return connector


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


def _hosts(manifest: Manifest, settings: Mapping[str, Any]) -> list[str]:
    hosts = []
    for host in manifest.hosts:
        named = re.fullmatch(r"\{(\w+)\}", host)
        address = str(settings.get(named[1], "")).strip() if named else host
        with suppress(ValueError):  # no address: the session refuses it in words
            hosts.append(urlsplit(address if "://" in address else f"//{address}").hostname or "")
    return [host for host in hosts if host]
