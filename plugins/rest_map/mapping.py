"""The map: read and checked with all its faults, and what it says done to answers and requests."""

from __future__ import annotations

import re
import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from reviewer.connectors.api import DecisionKind, MeasureKind, ReceiptStatus

FIELDS = (
    "id", "state", "listing_id", "title", "description", "brand", "category", "price", "currency", "gtin", "country",
    "language", "url", "revision", "seller_id", "seller_name", "reason", "explanation", "source", "priority", "due_at",
    "flagged_at", "pictures",
)  # fmt: skip
DECISION_FIELDS = (
    "id", "case_id", "listing_id", "revision", "kind", "decided_at", "ground", "clause", "facts", "note", "measure",
    "supersedes", "policy_version",
)  # fmt: skip
#: Fields of the case that a decision is about, as it stood in the service's list.
CASE_FIELDS = (
    "title", "url", "brand", "category", "price", "currency", "gtin", "country", "seller_id", "seller_name", "reason",
)  # fmt: skip
EFFECTS = ("change", "complaint")
_TABLES = {
    "": ("name", "marketplace", "effect", "measures", "complainant", "auth", "who", "cases", "media", "decide"),
    "auth": ("header", "value"),
    "who": ("path", "id", "name", "time"),
    "cases": ("path", "query", "items", "next", "fields", "states"),
    "media": ("path",),
    "decide": ("kinds", "method", "path", "headers", "body", "receipts", "number"),
}
_STEP = re.compile(r"[^.\[\]]+(\[(\*|[0-9]+)\])*")
_METHODS = ("POST", "PUT", "PATCH", "DELETE")


class MapFault(Exception):
    """A map that can't be used; `faults` are all of them."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Decide:
    """What is sent for some kinds of decisions."""

    kinds: tuple[str, ...]
    method: str
    path: str
    headers: Mapping[str, str]
    body: Any
    receipts: Mapping[int, ReceiptStatus]
    number: str = ""

    @property
    def names_case(self) -> bool:
        """Whether it says something of the case itself, which the decision does not carry."""
        texts = [self.path, *self.headers.values(), *(value for _, value in _leaves(self.body or {}))]
        names = {name for text in texts for _, name, _, _ in string.Formatter().parse(text) if name}
        return not names.isdisjoint(CASE_FIELDS)


@dataclass(frozen=True, slots=True)
class Map:
    """A map that was checked."""

    name: str
    marketplace: str
    header: str
    credential: str
    who: Mapping[str, str]
    cases_path: str
    query: Mapping[str, str]
    items: str
    next: str
    fields: Mapping[str, str]
    states: Mapping[str, str] = field(default_factory=dict)
    media_path: str = ""
    decides: tuple[Decide, ...] = ()
    effect: str = "change"
    measures: tuple[str, ...] = ()
    complainant: Mapping[str, str] = field(default_factory=dict)

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of decisions that the service carries out."""
        return frozenset(kind for one in self.decides for kind in one.kinds)

    def decide(self, kind: str) -> Decide | None:
        """What is sent for a kind; None where the service has no way for it."""
        return next((one for one in self.decides if kind in one.kinds), None)


def read_map(path: Path) -> Map:
    """The map of a file; raises `MapFault` naming every fault."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MapFault([f"{path.name} can't be read: {error}"]) from error
    faults: list[str] = []
    _unknown(data, "", faults)
    auth, who = _table(data, "auth", faults), _table(data, "who", faults)
    cases, media = _table(data, "cases", faults), _table(data, "media", faults, needed=False)
    fields = {key: str(value) for key, value in dict(cases.get("fields") or {}).items()}
    faults += [f"[cases.fields] {key}: there is no such field" for key in fields if key not in FIELDS]
    faults += [f"[cases.fields] {key}: is missing" for key in ("id", "title") if key not in fields]
    paths = [("who", "id", who.get("id")), ("who", "name", who.get("name", "x")), ("who", "time", who.get("time", "x")),
             ("cases", "items", cases.get("items", "x")), ("cases", "next", cases.get("next", "x"))]  # fmt: skip
    for table, key, value in paths + [("cases.fields", key, value) for key, value in fields.items()]:
        if not is_path(value):
            faults.append(f"[{table}] {key}: must be names with points between, such as product.photos[*].url")
    for table, key, value, allowed in (
        ("auth", "value", auth.get("value", ""), ("token",)),
        ("who", "path", who.get("path"), ()),
        ("cases", "path", cases.get("path"), ("cursor", "limit")),
        ("media", "path", media.get("path", ""), ("sha256",)),
    ):
        faults += [f"[{table}] {key}: {words}" for words in template_faults(value, allowed)]
    query = {key: str(value) for key, value in dict(cases.get("query") or {}).items()}
    for key, value in query.items():
        faults += [f"[cases.query] {key}: {words}" for words in template_faults(value, ("cursor", "limit"))]
    states = _states(cases.get("states") or {}, faults)
    effect, measures, complainant = _effect(data, faults)
    known = (*DECISION_FIELDS, *CASE_FIELDS, *(f"complainant_{key}" for key in complainant))
    decides = tuple(_decide(row, place, known, faults) for place, row in enumerate(_rows(data, faults), start=1))
    doubled = [kind for one in decides for kind in one.kinds]
    faults += [
        f"[[decide]] {kind}: stands twice" for kind in sorted({kind for kind in doubled if doubled.count(kind) > 1})
    ]
    if faults:
        raise MapFault(faults)
    return Map(
        name=str(data.get("name") or "REST service"), marketplace=str(data.get("marketplace") or "rest"),
        header=str(auth["header"]), credential=str(auth["value"]), who={key: str(value) for key, value in who.items()},
        cases_path=str(cases["path"]), query=query, items=str(cases.get("items") or ""),
        next=str(cases.get("next") or ""), fields=fields, states=states, media_path=str(media.get("path") or ""),
        decides=decides, effect=effect, measures=measures, complainant=complainant,
    )  # fmt: skip


def is_path(value: Any) -> bool:
    """Whether a text names a place in an answer."""
    return isinstance(value, str) and bool(value) and all(_STEP.fullmatch(step) for step in value.split("."))


def at(answer: Any, path: str) -> Any:
    """What is at a place; None where nothing is, a list where the path has `[*]`."""
    found: list[Any] = [answer]
    many = False
    for step in path.split(".") if path else ():
        name, *marks = re.split(r"\[|\]\[|\]", step)
        found = [one.get(name) if isinstance(one, Mapping) else None for one in found]
        for mark in (mark for mark in marks if mark):
            if mark == "*":
                many = True
                found = [item for one in found if isinstance(one, list) for item in one]
            else:
                found = [one[int(mark)] if isinstance(one, list) and int(mark) < len(one) else None for one in found]
    if many:
        return [one for one in found if one is not None]
    return found[0]


def template_faults(value: Any, allowed: tuple[str, ...]) -> list[str]:
    """What is wrong with a template."""
    if not isinstance(value, str):
        return ["is missing" if value is None else "must be a text"]
    try:
        names = [name for _, name, _, _ in string.Formatter().parse(value) if name is not None]
    except ValueError:
        return ["its braces do not match"]
    return [f"{{{name}}} is not known here" for name in names if name not in allowed]


def filled(template: Any, values: Mapping[str, Any], *, in_path: bool = False) -> Any:
    """A template with its values; a text that is one name alone keeps the value's type."""
    if isinstance(template, Mapping):
        return {key: filled(value, values) for key, value in template.items()}
    if isinstance(template, list):
        return [filled(value, values) for value in template]
    if not isinstance(template, str):
        return template
    alone = re.fullmatch(r"\{(\w+)\}", template)
    if alone and not in_path:
        return values[alone[1]]
    shown = {key: quote(str(value), safe="") if in_path else str(value) for key, value in values.items()}
    return template.format(**shown)


def _unknown(table: Mapping[str, Any], name: str, faults: list[str]) -> None:
    where = f"[{name}] " if name else ""
    faults += [f"{where}{key}: there is no such key" for key in table if key not in _TABLES[name]]


def _table(data: Mapping[str, Any], name: str, faults: list[str], *, needed: bool = True) -> Mapping[str, Any]:
    table = data.get(name)
    if table is None and not needed:
        return {}
    if not isinstance(table, Mapping):
        faults.append(f"[{name}]: is missing")
        return {"header": "", "value": "", "path": "", "id": "x"}
    _unknown(table, name, faults)
    if name == "auth" and not (isinstance(table.get("header"), str) and table["header"]):
        faults.append("[auth] header: is missing")
    return table


def _rows(data: Mapping[str, Any], faults: list[str]) -> list[Mapping[str, Any]]:
    rows = data.get("decide", [])
    if isinstance(rows, list) and all(isinstance(row, Mapping) for row in rows):
        return rows
    faults.append("decide: must be tables [[decide]]")
    return []


def _states(table: Any, faults: list[str]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for state, words in dict(table).items():
        if state not in ("withdrawn", "decided") or not isinstance(words, list):
            faults.append(f"[cases.states] {state}: must be withdrawn or decided, with a list of texts")
            continue
        found |= {str(word): state for word in words}
    return found


def _effect(data: Mapping[str, Any], faults: list[str]) -> tuple[str, tuple[str, ...], Mapping[str, str]]:
    effect, measures, who = data.get("effect", "change"), data.get("measures", []), data.get("complainant", {})
    if effect not in EFFECTS:
        faults.append(f"effect: must be one of {', '.join(EFFECTS)}")
    known = [kind.value for kind in MeasureKind]
    if not isinstance(measures, list):
        faults.append("measures: must be a list of texts")
        measures = []
    faults += [f"measures: there is no such measure: {kind}" for kind in measures if kind not in known]
    if measures and effect == "complaint":
        faults.append("measures: whoever complains carries out none; the marketplace does, when it rules")
    fits = isinstance(who, Mapping) and all(re.fullmatch("[a-z][a-z0-9_]*", str(key)) for key in who)
    if not fits or not all(isinstance(value, str) for value in who.values()):
        faults.append("[complainant]: must be a table of texts, its keys of small letters, digits and underscores")
        who = {}
    return str(effect), tuple(map(str, measures)), {str(key): str(value) for key, value in who.items()}


def _decide(row: Mapping[str, Any], place: int, allowed: tuple[str, ...], faults: list[str]) -> Decide:
    where = f"[[decide]] {place}"
    faults += [f"{where}, {key}: there is no such key" for key in row if key not in _TABLES["decide"]]
    kinds, known = row.get("kinds"), [kind.value for kind in DecisionKind]
    if not isinstance(kinds, list) or not kinds:
        faults.append(f"{where}, kinds: must be a list of texts that is not empty")
        kinds = []
    faults += [f"{where}, kinds: there is no such decision: {kind}" for kind in kinds if kind not in known]
    method = row.get("method", "POST")
    if method not in _METHODS:
        faults.append(f"{where}, method: must be one of {', '.join(_METHODS)}")
    faults += [f"{where}, path: {words}" for words in template_faults(row.get("path"), allowed)]
    for key, value in [*_leaves(row.get("headers") or {}), *_leaves(row.get("body") or {})]:
        faults += [f"{where}, {key}: {words}" for words in template_faults(value, allowed)]
    receipts: dict[int, ReceiptStatus] = {}
    statuses = [status.value for status in ReceiptStatus]
    for code, status in dict(row.get("receipts") or {}).items():
        if not (str(code).isdigit() and 200 <= int(code) <= 499) or status not in statuses:
            faults.append(f"{where}, receipts: {code} = {status!r} is no status of HTTP with a receipt")
        else:
            receipts[int(code)] = ReceiptStatus(status)
    if "number" in row and not is_path(row["number"]):
        faults.append(f"{where}, number: must be names with points between, such as complaint.number")
    if ReceiptStatus.ACCEPTED not in receipts.values():
        faults.append(f"{where}, receipts: no status says accepted")
    headers = {str(key): str(value) for key, value in dict(row.get("headers") or {}).items()}
    return Decide(
        tuple(map(str, kinds)), str(method), str(row.get("path") or ""), headers, row.get("body"), receipts,
        str(row.get("number") or ""),
    )  # fmt: skip


def _leaves(value: Any, name: str = "") -> list[tuple[str, str]]:
    if isinstance(value, Mapping):
        return [leaf for key, inner in value.items() for leaf in _leaves(inner, str(key))]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in _leaves(inner, name)]
    return [(name, value)] if isinstance(value, str) else []
