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

from jsonschema_rs import Draft202012Validator, Registry, ValidationError, ValidationErrorKind

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
    root = dict(schema())
    registry = Registry([(root["$id"], root)])
    outgoing = {"$ref": f"{root['$id']}#/$defs/outgoing"}
    # Nothing is fetched, whatever a schema names.
    return Draft202012Validator(root, offline=True), Draft202012Validator(outgoing, registry=registry, offline=True)


def judge(statement: object) -> Verdict:
    """The verdict on one statement: any JSON value.  About 20 µs for one that is valid; pure."""
    root, outgoing = _validators()
    try:
        faults = _findings(root.iter_errors(statement))
        if faults or not isinstance(statement, Mapping):
            return Verdict(faults)
        return Verdict((), (*_findings(outgoing.iter_errors(statement)), *_client_findings(statement)))
    except ValueError as error:  # what no JSON can hold: half a surrogate pair, nesting without end
        return Verdict((Finding("", f"can't be read as JSON ({visible(str(error), keep_lines=False)})"),))


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
    place = [str(part) for part in error.instance_path]
    match error.kind:
        case ValidationErrorKind.AnyOf() if not place:
            yield Finding(", ".join(_RESTRICTIONS), "at least one of them must be filled")
        case ValidationErrorKind.AnyOf(context) | ValidationErrorKind.OneOfNotValid(context) if any(context):
            below = [each for alternative in context for each in alternative]
            telling = [
                each
                for each in below
                if not isinstance(each.kind, ValidationErrorKind.Type) or each.instance_path != error.instance_path
            ]
            for each in telling or below:
                yield from _named(each)
        case ValidationErrorKind.Required(missing):
            yield Finding(".".join((*place, missing)), "is missing")
        case ValidationErrorKind.UnevaluatedProperties(extras) | ValidationErrorKind.AdditionalProperties(extras):
            known = schema()["properties"] if not place else {}
            for extra in extras:
                if extra not in known:
                    yield Finding(
                        ".".join((*place, visible(extra, limit=60))), "is not a member that the database knows"
                    )
        case kind:
            yield Finding(".".join(place), _words(error.instance, kind))


def _words(value: Any, kind: ValidationErrorKind) -> str:
    match kind:
        case ValidationErrorKind.Type(types):
            return f"must be {_kind(' or '.join(types))}, not {_shown(value)}"
        case ValidationErrorKind.Enum() | ValidationErrorKind.Constant():
            return f"no such value: {_shown(value)}"
        case ValidationErrorKind.MaxLength(bound):
            return f"has {len(value):,} characters, at most {bound:,} are taken"
        case ValidationErrorKind.MinLength():
            return "must not be empty"
        case ValidationErrorKind.MaxItems(bound):
            return f"has {len(value)} entries, at most {bound} are needed"
        case ValidationErrorKind.MinItems(bound):
            return f"has {len(value)} entries, at least {bound} are needed"
        case ValidationErrorKind.UniqueItems():
            return "names something twice"
        case ValidationErrorKind.Pattern(r"\S"):
            return "must not be blank"
        case ValidationErrorKind.Pattern() | ValidationErrorKind.Format():
            return f"is not of the form that is asked for: {_shown(value)}"
        case ValidationErrorKind.FalseSchema():
            return "does not belong here"
    return f"breaks the rule {kind.name}: {_shown(value)}"


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
