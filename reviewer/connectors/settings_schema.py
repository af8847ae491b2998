"""The fields of a connector's settings form: what a manifest says of them, and whether a value fits."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

Value = str | int | float | bool | tuple[str, ...]

#: Each kind of field with what its value is.
SETTING_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "text": "a line of text",
        "number": "a number, between least and most where they are given",
        "secret": "a text that is kept in the system's keyring and never shown",
        "address": "a web address that begins with https:// (http:// on this computer only)",
        "choice": "one of choices",
        "switch": "true or false",
        "file": "the path of a file on this computer",
        "folder": "the path of a folder on this computer",
        "list": "a list of texts, a line each",
        "columns": "for each of choices the name of a column in the marketplace's file; empty: the same name",
    }
)
SETTING_KEYS: Mapping[str, str] = MappingProxyType(
    {
        "key": "its name for the code",
        "label": "its name for people",
        "kind": "what is entered",
        "required": "whether it may stay empty: false by default",
        "default": "what stands there at first",
        "help": "a sentence below the field",
        "choices": "the values of a choice, or the fields of columns",
        "least": "the smallest number",
        "most": "the largest number",
        "words": "label and help in other languages: [setting.words.ko]",
    }
)
_TEXT = 4000


@dataclass(frozen=True, slots=True)
class Setting:
    """One field of a connector's settings form.  `words` has label and help by language (BCP 47)."""

    key: str
    label: str
    kind: str = "text"
    required: bool = False
    default: Value = ""
    help: str = ""
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def label_in(self, language: str) -> str:
        """The label in a language, else as the author wrote it."""
        return self._in(language).get("label", self.label)

    def help_in(self, language: str) -> str:
        """The help in a language, else as the author wrote it."""
        return self._in(language).get("help", self.help)

    def problem(self, value: Any) -> str:
        """What is wrong with a value that is not empty; empty where it fits."""
        match self.kind:
            case "number":
                return _number_problem(self, value)
            case "switch":
                return "" if isinstance(value, bool) else "must be on or off"
            case "choice":
                return "" if value in self.choices else f"must be one of {', '.join(self.choices)}"
            case "list":
                fits = isinstance(value, Sequence) and not isinstance(value, str)
                return "" if fits and all(isinstance(item, str) for item in value) else "must be a list of texts"
            case "columns":
                return _columns_problem(self, value)
            case "address":
                fits = isinstance(value, str) and value.lower().startswith(("http://", "https://"))
                return "" if fits else "an address begins with https:// (or http:// on this computer)"
            case _:
                if not isinstance(value, str):
                    return "must be a text"
                return "" if len(value) <= _TEXT else f"is longer than {_TEXT:,} characters"

    def _in(self, language: str) -> Mapping[str, str]:
        tag = language.replace("_", "-").lower()
        return self.words.get(tag) or self.words.get(tag.partition("-")[0]) or {}


def setting_problems(
    settings: Sequence[Setting], values: Mapping[str, Any], secrets: Mapping[str, str]
) -> dict[str, str]:
    """What is missing or does not fit any more, by the settings' keys."""
    problems: dict[str, str] = {}
    for setting in settings:
        value = secrets.get(setting.key) if setting.kind == "secret" else values.get(setting.key)
        if value is None or value in ("", (), [], {}):
            if setting.required:
                problems[setting.key] = "is needed"
        elif words := setting.problem(value):
            problems[setting.key] = words
    return problems


def with_defaults(settings: Sequence[Setting], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values, and the defaults of settings that they say nothing of, as of an account made before there was one."""
    defaults = {row.key: row.default for row in settings if row.kind != "secret" and row.default != ""}
    return {**{key: list(value) if isinstance(value, tuple) else value for key, value in defaults.items()}, **values}


def read_settings(rows: Any, faults: list[str]) -> tuple[Setting, ...]:
    """The settings of a manifest; appends every fault to `faults`."""
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        faults.append("setting: must be tables [[setting]]")
        return ()
    settings: list[Setting] = []
    for place, row in enumerate(rows, start=1):
        own: list[str] = []
        setting = _read_one(row, own)
        if setting.key and setting.key in {other.key for other in settings}:
            own.append("key: stands twice")
        faults += [f"[[setting]] {row.get('key') or place}, {fault}" for fault in own]
        settings.append(setting)
    return tuple(settings)


def _read_one(row: Mapping[str, Any], faults: list[str]) -> Setting:
    faults += [f"{key}: there is no such key" for key in row if key not in SETTING_KEYS]
    key, label = _text(row, "key", faults), _text(row, "label", faults)
    if key and not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", key):
        faults.append("key: 1 to 40 small letters, digits and underscores, a letter first")
    kind = row.get("kind", "text")
    if kind not in SETTING_KINDS:
        faults.append(f"kind: must be one of {', '.join(SETTING_KINDS)}")
        kind = "text"
    choices = _choices(row, kind, faults)
    required, words = row.get("required", False), row.get("help", "")
    if not isinstance(required, bool):
        faults.append("required: must be true or false")
    if not isinstance(words, str):
        faults.append("help: must be a text")
    setting = Setting(
        key=key,
        label=label,
        kind=kind,
        required=required is True,
        help=str(words),
        choices=choices,
        least=_bound(row, "least", kind, faults),
        most=_bound(row, "most", kind, faults),
        words=_words(row.get("words", {}), faults),
    )
    if setting.least is not None and setting.most is not None and setting.least > setting.most:
        faults.append("least: is larger than most")
    return _with_default(setting, row, faults)


def _with_default(setting: Setting, row: Mapping[str, Any], faults: list[str]) -> Setting:
    if "default" not in row:
        return setting
    value = row["default"]
    if setting.kind in ("secret", "columns"):
        faults.append(f"default: a {setting.kind} has none")
        return setting
    problem = setting.problem(value) if value not in ("", []) else ""
    if problem:
        faults.append(f"default: {problem}")
        return setting
    fields = {name: getattr(setting, name) for name in Setting.__dataclass_fields__}
    return Setting(**fields | {"default": tuple(value) if isinstance(value, list) else value})


def _choices(row: Mapping[str, Any], kind: str, faults: list[str]) -> tuple[str, ...]:
    given = row.get("choices")
    if kind not in ("choice", "columns"):
        if given is not None:
            faults.append("choices: only for the kinds choice and columns")
        return ()
    if given is None:
        faults.append("choices: is missing")
    elif not isinstance(given, list) or not given or not all(isinstance(item, str) and item for item in given):
        faults.append("choices: must be a list of texts that is not empty")
    elif len(set(given)) != len(given):
        faults.append("choices: one stands twice")
    else:
        return tuple(given)
    return ()


def _bound(row: Mapping[str, Any], key: str, kind: str, faults: list[str]) -> float | None:
    value = row.get(key)
    if value is None:
        return None
    if kind != "number":
        faults.append(f"{key}: only for the kind number")
    elif isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        faults.append(f"{key}: must be a number")
    else:
        return float(value)
    return None


def _words(table: Any, faults: list[str]) -> Mapping[str, Mapping[str, str]]:
    if not isinstance(table, dict):
        faults.append("words: must be tables by language, such as [setting.words.ko]")
        return {}
    found: dict[str, Mapping[str, str]] = {}
    for language, texts in table.items():
        if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", language):
            faults.append(f"words: {language[:40]} is no language tag")
        elif not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
            faults.append(f"words.{language}: must be a table of texts")
        elif unknown := [key for key in texts if key not in ("label", "help")]:
            faults.append(f"words.{language}: there is no such key: {', '.join(unknown)}")
        else:
            found[language.lower()] = texts
    return found


def _number_problem(setting: Setting, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return "must be a number"
    if setting.least is not None and value < setting.least:
        return f"must be at least {setting.least:g}"
    if setting.most is not None and value > setting.most:
        return f"must be at most {setting.most:g}"
    return ""


def _columns_problem(setting: Setting, value: Any) -> str:
    if not isinstance(value, Mapping) or not all(isinstance(item, str) for item in value.values()):
        return "must be the names of columns"
    unknown = [str(key) for key in value if key not in setting.choices]
    return f"there is no such field: {', '.join(unknown)}" if unknown else ""


def _text(row: Mapping[str, Any], key: str, faults: list[str]) -> str:
    value = row.get(key)
    if isinstance(value, str) and value.strip():
        return value
    faults.append(f"{key}: is missing" if key not in row else f"{key}: must be a text that is not empty")
    return ""
