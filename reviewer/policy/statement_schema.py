"""The verdict on a statement of reasons: what the Transparency Database takes, and what we are stricter about.

`resources/dsa/statement.schema.json` is a JSON Schema (draft 2020-12) of the database's rules in words of our
own.  Its root is the server's verdict; `#/$defs/outgoing` is the profile of a careful sender; `x-client-rules`
are what no schema can say, and are checked here in code.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from referencing import Registry, Resource

from reviewer.domain.text import visible
from reviewer.domain.values import gtin_is_valid
from reviewer.policy.statement_lists import keywords_of, schema

_END_DATES = tuple(f"end_date_{part}_restriction" for part in ("visibility", "monetary", "service", "account"))
_RESTRICTIONS = ("decision_visibility", "decision_monetary", "decision_provision", "decision_account")
_LONGEST_VALUE = 60


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason: the member it is about (`content_id.EAN-13`, or '' for the statement) and what is wrong."""

    member: str
    words: str

    def __str__(self) -> str:
        return f"{self.member}: {self.words}" if self.member else self.words


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be said of a statement: `faults` make it invalid, `warnings` do not."""

    faults: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()

    @property
    def valid(self) -> bool:
        """Whether the database would take it."""
        return not self.faults


@lru_cache(maxsize=1)
def _validators() -> tuple[Draft202012Validator, Draft202012Validator]:
    root = schema()
    registry: Registry[Any] = Registry().with_resource(root["$id"], Resource.from_contents(root))
    outgoing = {"$ref": f"{root['$id']}#/$defs/outgoing"}
    return Draft202012Validator(root, registry=registry), Draft202012Validator(outgoing, registry=registry)


def judge(statement: object) -> Verdict:
    """The verdict on one statement: any JSON value.  About 3 ms; pure."""
    root, outgoing = _validators()
    faults = _findings(root.iter_errors(statement))
    if faults or not isinstance(statement, Mapping):
        return Verdict(faults)
    return Verdict((), (*_findings(outgoing.iter_errors(statement)), *_client_findings(statement)))


def judge_outgoing(statement: Mapping[str, Any]) -> tuple[Finding, ...]:
    """All that keeps a statement of our own from being sent: the server's rules, the profile's and the client's."""
    verdict = judge(statement)
    return verdict.faults or verdict.warnings


def _findings(errors: Iterable[ValidationError]) -> tuple[Finding, ...]:
    found: dict[Finding, None] = {}
    for error in errors:
        for finding in _named(error):
            found.setdefault(finding)
    return tuple(found)


def _named(error: ValidationError) -> Iterator[Finding]:
    """The findings of one error of the validator, in our words, with the member that must be mended."""
    place = [str(part) for part in error.absolute_path]
    member = ".".join(place)
    name: Any = error.validator
    bound: Any = error.validator_value
    if name == "anyOf" and not place:
        yield Finding(", ".join(_RESTRICTIONS), "at least one of them must be filled")
    elif name in ("anyOf", "oneOf") and error.context:
        alternatives = [
            sub for sub in error.context if sub.validator != "type" or sub.absolute_path != error.absolute_path
        ]
        for sub in alternatives or error.context:
            yield from _named(sub)
    elif name == "required" and isinstance(error.instance, Mapping):
        for missing in bound:
            if missing not in error.instance:
                yield Finding(".".join((*place, missing)), "is missing")
    elif name in ("unevaluatedProperties", "additionalProperties") and isinstance(error.instance, Mapping):
        known = schema()["properties"] if not place else {}
        for extra in error.instance:
            if extra not in known:
                yield Finding(
                    ".".join((*place, visible(str(extra), limit=60))), "is not a member that the database knows"
                )
    else:
        yield Finding(member, _words(error, name, bound))


def _words(error: ValidationError, name: object, bound: Any) -> str:
    value: Any = error.instance
    match name:
        case "type":
            wanted = bound if isinstance(bound, str) else " or ".join(bound)
            return f"must be {_kind(wanted)}, not {_shown(value)}"
        case "enum" | "const":
            return f"no such value: {_shown(value)}"
        case "maxLength":
            return f"has {len(value):,} characters, at most {bound:,} are taken"
        case "minLength":
            return "must not be empty"
        case "maxItems" | "minItems":
            return f"has {len(value)} entries, {'at most' if name == 'maxItems' else 'at least'} {bound} are needed"
        case "uniqueItems":
            return "names something twice"
        case "pattern" if bound == r"\S":
            return "must not be blank"
        case "pattern" | "format":
            return f"is not of the form that is asked for: {_shown(value)}"
        case None | "false schema":
            return "does not belong here"
    if error.schema is False:
        return "does not belong here"
    return f"breaks the rule {name}: {_shown(value)}"


def _kind(wanted: str) -> str:
    return "left out or null" if wanted == "null" else f"of type {wanted}"


def _shown(value: object) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        text = type(value).__name__
    return visible(text, keep_lines=False) if len(text) <= _LONGEST_VALUE else visible(text[:_LONGEST_VALUE]) + "…"


def _client_findings(statement: Mapping[str, Any]) -> Iterator[Finding]:
    """The rules that the schema names under `x-client-rules`, as far as they can be told from one statement."""
    applied = _date(statement.get("application_date"))
    content = _date(statement.get("content_date"))
    for member in _END_DATES:
        ends = _date(statement.get(member))
        if ends and applied and ends < applied:
            yield Finding(member, f"ends on {ends}, before the measure began on {applied}")
    if content and applied and content > applied:
        yield Finding("content_date", f"{content} lies after the measure of {applied}")
    number = (statement.get("content_id") or {}).get("EAN-13")
    if isinstance(number, str) and not gtin_is_valid(number):
        yield Finding("content_id.EAN-13", f"{number} has a wrong check digit")
    for member, value in statement.items():
        if isinstance(value, str) and value != value.strip():
            yield Finding(member, "has blanks at its ends, which the database cuts off")
        elif value == "" or value == "null":
            yield Finding(member, "says nothing: leave the member out")
    named = (statement["category"], *(statement.get("category_addition") or ()))
    allowed = [keywords_of(category) for category in named]
    if None not in allowed:
        known: set[str] = set().union(*(each or () for each in allowed))
        for keyword in statement.get("category_specification") or ():
            if keyword not in known:
                yield Finding("category_specification", f"{keyword} belongs to none of {', '.join(named)}")


def _date(value: object) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
