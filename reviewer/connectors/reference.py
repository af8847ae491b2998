"""The reference for authors, made from the code: every name of the API, manifest key, capability and promise."""

from __future__ import annotations

import enum
import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, get_type_hints

from reviewer.connectors import api
from reviewer.connectors.conformance.suite import STEPS
from reviewer.connectors.field_words import words_of
from reviewer.connectors.manifest import CAPABILITY_CALLS, CHECK_KEYS, KEYS
from reviewer.connectors.settings_schema import SETTING_KEYS, SETTING_KINDS
from reviewer.connectors.value_words import OF_VALUES

_CAPABILITIES: Mapping[str, str] = {
    "leases": "claims cases for a time, by leases that the server keeps",
    "poll": "in the place of leases: lists cases, and the workstation keeps who works on what",
    "media": "has pictures and documents by their SHA-256",
    "submit": "takes decisions",
    "cases": "lists all open cases",
    "changes": "tells what changed since a cursor",
    "sellers": "knows sellers with their offences and links",
    "references": "has reference products",
    "policies": "has house rules of its own",
    "banks": "keeps banks of pictures that were taken down, and of pairs that are no match",
    "audit": "vouches for workstations' logs, and passes auditors' findings on",
    "near_pictures": "finds open cases with near pictures, by the fingerprints that workstations tell it",
    "history": "has the decisions of everybody, for audits",
    "dossiers": "knows all about a seller, and what a category usually costs",
    "referrals": "vouches for the two persons behind a referral to the police or the brand",
    "notices": "has complaints that came in",
    "preview": "shows what the settings would read, before they are saved",
}


def reference() -> str:
    """The page as Markdown."""
    parts = [
        f"# Reference, API {api.API_RELEASE}",
        "Made from the code by `reviewer plugin reference`; a test holds that this page is what it says.",
        "## Capabilities",
        _table(("Capability", "Calls", "The server"), (
            (f"`{name}`", ", ".join(f"`{call}`" for call in calls), _CAPABILITIES[name])
            for name, calls in CAPABILITY_CALLS.items()
        )),
        "Every connector has `service` and `close` besides.",
        "## Manifest",
        _table(("Key", "What it says"), _rows(KEYS)),
        "A `[[setting]]`:",
        _table(("Key", "What it says"), _rows(SETTING_KEYS)),
        "Its `kind`:",
        _table(("Kind", "Value"), _rows(SETTING_KINDS)),
        "`[check]`:",
        _table(("Key", "What it says"), _rows(CHECK_KEYS)),
        "## Promises",
        _table(("Promise", "Tier", "In words"), ((f"`{step.name}`", step.tier, step.words) for step in STEPS)),
        "## Names",
        *_names(),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _rows(table: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for key, words in table.items():
        yield f"`{key}`", words


def _table(head: tuple[str, ...], rows: Any) -> str:
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for row in rows:
        cells = " | ".join(cell.replace("|", "\\|") for cell in row)
        lines.append(f"| {cells} |")
    return "\n".join(lines)


def _names() -> Iterator[str]:
    for name in sorted(api.__all__):
        value = getattr(api, name)
        yield f"### {name}"
        if isinstance(value, str):
            yield f"`{value!r}`. {_CONSTANTS[name]}"
        elif inspect.isfunction(value):
            yield f"`{name}{_signature(value)}`"
            yield _words(value)
        else:
            yield _words(value)
            yield from _members(value)


_CONSTANTS: Mapping[str, str] = {
    "API_VERSION": "What a manifest names in `api`.",
    "API_RELEASE": "The same with its additions.",
}


def _members(value: type) -> Iterator[str]:
    if issubclass(value, enum.Enum):
        told = OF_VALUES[value.__name__]
        yield _table(("Value", "Means"), ((f"`{member.value}`", told[member.value]) for member in value))
    elif is_dataclass(value):
        hints = get_type_hints(value)
        rows = []
        for one in fields(value):
            default = "" if one.default is MISSING and one.default_factory is MISSING else _default(one)
            meant = words_of(value.__name__, one.name)
            rows.append((f"`{one.name}`", f"`{_type(hints[one.name])}`", default, meant))
        yield _table(("Field", "Type", "Default", "What it is"), rows)
    elif getattr(value, "_is_protocol", False):
        for name, call in inspect.getmembers(value, inspect.isfunction):
            if not name.startswith("_"):
                yield f"- `{name}{_signature(call)}`: {_words(call)}"


def _default(one: Any) -> str:
    if one.default is MISSING:
        return "`…`"
    if inspect.isfunction(one.default):
        return f"`{one.default.__name__}`"
    shown = sorted(one.default) if isinstance(one.default, frozenset) else one.default
    return f"`{str(shown)!r}`" if isinstance(shown, enum.Enum) else f"`{shown!r}`"


def _signature(call: Any) -> str:
    shown = str(inspect.signature(call)).replace("'", "").replace("(self, ", "(").replace("(self)", "()")
    return _short(shown)


def _type(hint: Any) -> str:
    return _short(hint.__name__ if isinstance(hint, type) and not hasattr(hint, "__args__") else str(hint))


def _short(text: str) -> str:
    text = re.sub(r"[a-z_]+(\.[a-z_]+)*\.([A-Z])", r"\2", text)
    for before, after in (("typing.", ""), ("collections.abc.", ""), ("datetime.datetime", "datetime")):
        text = text.replace(before, after)
    return re.sub(r"~(\w)", r"\1", text)


def _words(value: Any) -> str:
    return " ".join((inspect.getdoc(value) or "").split())
