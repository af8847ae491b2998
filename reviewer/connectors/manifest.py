"""The manifest of a connector, `plugin.toml`: read and checked before any code of it runs."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from reviewer.connectors.settings_schema import SETTING_KINDS, Setting, read_settings
from reviewer.domain.decision import DecisionKind, MeasureKind

#: Each capability with the calls that a connector must have for it.
CAPABILITY_CALLS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "leases": ("claim", "renew", "release"),
        "poll": ("poll",),
        "media": ("media",),
        "submit": ("submit",),
        "cases": ("cases",),
        "changes": ("changes",),
        "sellers": ("seller",),
        "references": ("references",),
        "policies": ("policies",),
        "history": ("history",),
        "dossiers": ("dossier", "prices"),
        "referrals": ("refer",),
        "notices": ("notices",),
        "preview": ("preview",),
        "banks": ("bank", "add_non_matches"),
        "audit": ("enrol_key", "countersign", "returned", "settle", "send_findings"),
        "near_pictures": ("unseen_pictures", "link_pictures"),
    }
)
CAPABILITIES = tuple(CAPABILITY_CALLS)
#: What a decision does at the marketplace: it changes the listing, or it is filed as a complaint for others to rule on.
EFFECTS = ("change", "complaint")
#: Every key of a manifest with what it says.
KEYS: Mapping[str, str] = MappingProxyType(
    {
        "id": "the connector's name for programs: small letters, digits and underscores, the same as its folder's",
        "name": "the connector's name for people",
        "version": "numbers with points, such as 1.0.2",
        "api": "the versions of reviewer.connectors.api that it works with",
        "entry": "module and function: connector:connect",
        "hosts": "whom the session may reach; {key} names a setting of the kind address; empty for none",
        "capabilities": "what it can do",
        "effect": "what a decision does: change (the default) or complaint",
        "decisions": "the kinds of decisions that it carries out; by default all",
        "measures": "the kinds of measures that it carries out; by default all, with complaints none",
        "environment": "shared (the default), or own: the Python in the folder's .venv",
        "licence": "an SPDX name, such as Apache-2.0",
        "author": "whom to ask",
        "setting": "the fields of the settings form, a table each",
        "check": "how the conformance suite reaches a server",
    }
)
CHECK_KEYS: Mapping[str, str] = MappingProxyType(
    {"stand": "hub, or the Python file of a stand of your own", "settings": "values of settings for the suite"}
)
_MANIFEST_BYTES = 256 * 1024
_HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:]+\]")


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
    effect: str = "change"
    decisions: tuple[str, ...] = tuple(DecisionKind)
    measures: tuple[str, ...] = tuple(MeasureKind)
    own_environment: bool = False
    stand: str = ""
    check_settings: Mapping[str, Any] = field(default_factory=dict)

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
    folder = folder.absolute()
    data = _read(folder / "plugin.toml")
    faults = [f"{key}: there is no such key" for key in data if key not in KEYS]
    texts = {key: _text(data, key, faults) for key in ("id", "name", "version", "entry", "licence", "author")}
    if texts["id"] and not re.fullmatch(r"[a-z][a-z0-9_]{1,39}", texts["id"]):
        faults.append("id: 2 to 40 small letters, digits and underscores, a letter first")
    if len(texts["name"]) > 80:
        faults.append("name: at most 80 characters")
    if texts["version"] and not re.fullmatch(r"[0-9]+(\.[0-9]+)*([.+-]?[0-9A-Za-z]+)*", texts["version"]):
        faults.append("version: must be numbers with points, such as 1.0.2")
    _check_entry(folder, texts["entry"], faults)
    api = _texts(data, "api", faults)
    if api and api_version not in api:
        faults.append(f"api: made for API {', '.join(api)}, this program has API {api_version}")
    capabilities = _texts(data, "capabilities", faults)
    _check_capabilities(capabilities, faults)
    settings = read_settings(data.get("setting", []), faults)
    hosts = _texts(data, "hosts", faults, may_be_empty=True)
    _check_hosts(hosts, settings, faults)
    effect = _one_of(data, "effect", EFFECTS, faults)
    decisions = _texts(data, "decisions", faults) if "decisions" in data else tuple(DecisionKind)
    known = [kind.value for kind in DecisionKind]
    faults += [f"decisions: there is no such decision: {kind}" for kind in decisions if kind not in known]
    measures: tuple[str, ...] = tuple(MeasureKind) if effect == "change" else ()
    if "measures" in data:
        measures = _texts(data, "measures", faults, may_be_empty=True)
    allowed = [kind.value for kind in MeasureKind]
    faults += [f"measures: there is no such measure: {kind}" for kind in measures if kind not in allowed]
    environment = _one_of(data, "environment", ("shared", "own"), faults)
    stand, check_settings = _check_table(folder, data.get("check", {}), settings, faults)
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
        licence=texts["licence"],
        author=texts["author"],
        effect=effect,
        decisions=decisions,
        measures=measures,
        own_environment=environment == "own",
        stand=stand,
        check_settings=check_settings,
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            raw = file.read(_MANIFEST_BYTES + 1)
        if len(raw) > _MANIFEST_BYTES:
            raise ManifestFault([f"plugin.toml is larger than {_MANIFEST_BYTES // 1024} KiB"])
        return tomllib.loads(raw.decode("utf-8"))
    except FileNotFoundError:
        raise ManifestFault(["there is no plugin.toml"]) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise ManifestFault([f"plugin.toml can't be read: {error}"]) from None


def _check_entry(folder: Path, entry: str, faults: list[str]) -> None:
    if not entry:
        return
    if not re.fullmatch(r"[a-z_][a-z0-9_]*:[A-Za-z_][A-Za-z0-9_]*", entry):
        faults.append("entry: must be like connector:connect")
    elif not (folder / f"{entry.partition(':')[0]}.py").is_file():
        faults.append(f"entry: there is no file {entry.partition(':')[0]}.py")


def _check_capabilities(capabilities: Sequence[str], faults: list[str]) -> None:
    for name in dict.fromkeys(capabilities):
        if name not in CAPABILITIES:
            faults.append(f"capabilities: no such capability: {name}")
        if capabilities.count(name) > 1:
            faults.append(f"capabilities: {name} stands twice")
    given = set(capabilities)
    if {"leases", "poll"} <= given:
        faults.append("capabilities: leases and poll exclude each other: who claims does not poll")
    if "submit" in given and not given & {"leases", "poll"}:
        faults.append("capabilities: submit needs leases or poll: without them no case comes in")
    if "poll" in given and given & {"cases", "changes"}:
        faults.append("capabilities: poll gives the cases and their changes; leave out cases and changes")
    elif len(given & {"cases", "changes"}) == 1:
        faults.append("capabilities: cases and changes go together: the queue is read once and then kept up to date")


def _check_hosts(hosts: Sequence[str], settings: Sequence[Setting], faults: list[str]) -> None:
    kinds = {setting.key: setting.kind for setting in settings}
    for host in hosts:
        named = re.fullmatch(r"\{(\w+)\}", host)
        if named and named[1] not in kinds:
            faults.append(f"hosts: {host} names no setting")
        elif named and kinds[named[1]] != "address":
            faults.append(f"hosts: {host} must name a setting of the kind address")
        elif not named and not _HOST.fullmatch(host):
            faults.append(
                f"hosts: {host[:80]} must be a host's name in small letters, without scheme, port, path or wildcard"
            )


def _check_table(
    folder: Path, table: Any, settings: Sequence[Setting], faults: list[str]
) -> tuple[str, Mapping[str, Any]]:
    if not isinstance(table, dict):
        faults.append("check: must be a table [check]")
        return "", {}
    faults += [f"[check] {key}: there is no such key" for key in table if key not in CHECK_KEYS]
    stand, values = table.get("stand", ""), table.get("settings", {})
    if not isinstance(stand, str):
        faults.append("[check] stand: must be hub or the name of a Python file")
        stand = ""
    elif stand not in ("", "hub") and not (re.fullmatch(r"[a-z_][a-z0-9_]*\.py", stand) and (folder / stand).is_file()):
        faults.append(f"[check] stand: there is no file {stand[:80]}")
    if not isinstance(values, dict):
        faults.append("[check] settings: must be a table")
        values = {}
    keys = {setting.key for setting in settings}
    faults += [f"[check] settings, {key}: there is no such setting" for key in values if key not in keys]
    return stand, values


def _text(data: Mapping[str, Any], key: str, faults: list[str]) -> str:
    value = data.get(key)
    if isinstance(value, str) and value.strip():
        return value
    faults.append(f"{key}: is missing" if key not in data else f"{key}: must be a text that is not empty")
    return ""


def _texts(data: Mapping[str, Any], key: str, faults: list[str], *, may_be_empty: bool = False) -> tuple[str, ...]:
    value = data.get(key)
    if isinstance(value, list) and (value or may_be_empty) and all(isinstance(item, str) and item for item in value):
        return tuple(value)
    wanted = "must be a list of texts" + ("" if may_be_empty else " that is not empty")
    faults.append(f"{key}: is missing" if key not in data else f"{key}: {wanted}")
    return ()


def _one_of(data: Mapping[str, Any], key: str, allowed: Sequence[str], faults: list[str]) -> str:
    value = data.get(key, allowed[0])
    if value in allowed:
        return str(value)
    faults.append(f"{key}: must be one of {', '.join(allowed)}")
    return allowed[0]


__all__ = [
    "CAPABILITIES", "CAPABILITY_CALLS", "CHECK_KEYS", "EFFECTS", "KEYS", "Manifest", "ManifestFault", "SETTING_KINDS",
    "Setting", "read_manifest",
]  # fmt: skip
