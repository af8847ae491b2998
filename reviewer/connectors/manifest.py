"""The manifest of a connector, `plugin.toml`: read and checked before any code of it runs."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SETTING_KINDS = ("text", "number", "secret", "address", "choice", "switch")
CAPABILITIES = ("leases", "media", "submit", "cases", "changes", "sellers", "references", "policies")


@dataclass(frozen=True, slots=True)
class Setting:
    """One field of a connector's settings form."""

    key: str
    label: str
    kind: str = "text"
    required: bool = False
    default: str = ""
    help: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a connector says of itself.  `hosts` may name a setting: `{address}`."""

    id: str
    name: str
    version: str
    api: tuple[str, ...]
    entry: str
    hosts: tuple[str, ...]
    capabilities: tuple[str, ...]
    settings: tuple[Setting, ...]
    folder: Path
    licence: str = ""
    author: str = ""

    @property
    def module(self) -> str:
        """The module file of the entry, without its ending."""
        return self.entry.partition(":")[0]

    @property
    def function(self) -> str:
        """The function of the entry: takes a `Context`, answers a `Connector`."""
        return self.entry.partition(":")[2]


class ManifestFault(Exception):
    """A manifest that can't be used; `faults` are all of them, in words."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


def read_manifest(folder: Path, api_version: str) -> Manifest:
    """The manifest in `folder`; raises `ManifestFault` naming every fault."""
    path = folder / "plugin.toml"
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ManifestFault(["there is no plugin.toml"]) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ManifestFault([f"plugin.toml can't be read: {error}"]) from None
    faults: list[str] = []
    texts = {key: _text(data, key, faults) for key in ("id", "name", "version", "entry")}
    if texts["id"] and not re.fullmatch(r"[a-z][a-z0-9_]{1,39}", texts["id"]):
        faults.append("id: 2 to 40 small letters, digits and underscores, a letter first")
    if texts["entry"] and not re.fullmatch(r"[a-z_][a-z0-9_]*:[A-Za-z_][A-Za-z0-9_]*", texts["entry"]):
        faults.append("entry: must be like connector:connect")
    elif texts["entry"] and not (folder / f"{texts['entry'].partition(':')[0]}.py").is_file():
        faults.append(f"entry: there is no file {texts['entry'].partition(':')[0]}.py")
    api = _texts(data, "api", faults)
    if api and api_version not in api:
        faults.append(f"api: made for API {', '.join(api)}, this program has API {api_version}")
    capabilities = _texts(data, "capabilities", faults)
    faults += [f"capabilities: no such capability: {name}" for name in capabilities if name not in CAPABILITIES]
    settings = _settings(data.get("setting", []), faults)
    hosts = _texts(data, "hosts", faults)
    keys = {setting.key for setting in settings}
    for host in hosts:
        named = re.fullmatch(r"\{(\w+)\}", host)
        if named and named[1] not in keys:
            faults.append(f"hosts: {host} names no setting")
    if faults:
        raise ManifestFault(faults)
    return Manifest(
        id=texts["id"],
        name=texts["name"],
        version=texts["version"],
        api=api,
        entry=texts["entry"],
        hosts=hosts,
        capabilities=capabilities,
        settings=settings,
        folder=folder,
        licence=str(data.get("licence", "")),
        author=str(data.get("author", "")),
    )


def _text(data: Mapping[str, Any], key: str, faults: list[str]) -> str:
    value = data.get(key)
    if isinstance(value, str) and value:
        return value
    faults.append(f"{key}: is missing" if key not in data else f"{key}: must be a text that is not empty")
    return ""


def _texts(data: Mapping[str, Any], key: str, faults: list[str]) -> tuple[str, ...]:
    value = data.get(key)
    if isinstance(value, list) and value and all(isinstance(item, str) and item for item in value):
        return tuple(value)
    faults.append(f"{key}: is missing" if key not in data else f"{key}: must be a list of texts that is not empty")
    return ()


def _settings(rows: Any, faults: list[str]) -> tuple[Setting, ...]:
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        faults.append("setting: must be tables [[setting]]")
        return ()
    settings: list[Setting] = []
    for place, row in enumerate(rows, start=1):
        label = f"[[setting]] {row.get('key') or place}"
        own: list[str] = []
        key, words = _text(row, "key", own), _text(row, "label", own)
        kind = row.get("kind", "text")
        choices = row.get("choices", [])
        if kind not in SETTING_KINDS:
            own.append(f"kind: must be one of {', '.join(SETTING_KINDS)}")
        if kind == "choice" and not (isinstance(choices, list) and choices):
            own.append("choices: is missing")
        if key in {setting.key for setting in settings}:
            own.append("key: stands twice")
        faults += [f"{label}, {fault}" for fault in own]
        settings.append(
            Setting(
                key=key,
                label=words,
                kind=str(kind),
                required=bool(row.get("required", False)),
                default=str(row.get("default", "")),
                help=str(row.get("help", "")),
                choices=tuple(str(choice) for choice in choices) if isinstance(choices, list) else (),
            )
        )
    return tuple(settings)
