"""A file of statements, one JSON value a line, and the verdict on each line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from reviewer.domain.text import visible
from reviewer.policy.statement_schema import Finding, Verdict, judge

#: A statement's own limits come to some 30,000 characters; what is longer is not read.
LONGEST_LINE = 1_000_000


@dataclass(frozen=True, slots=True)
class LineVerdict:
    """The verdict on line `number` (from 1); `puid` is '' where the line has none that can be shown."""

    number: int
    puid: str
    verdict: Verdict


class _Unreadable(ValueError):
    """A line that is not one JSON value; the message says why."""


def judge_lines(lines: Iterable[bytes]) -> Iterator[LineVerdict]:
    """The verdict on each line that is not blank: a statement, or an object whose member `payload` holds one.

    A platform's identifier that an earlier line used already is a warning: the database would refuse the second.
    """
    seen: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        data = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if not data.strip():
            continue
        doubled: list[str] = []
        try:
            statement = _statement(_value(data, doubled))
        except _Unreadable as error:
            yield LineVerdict(number, "", Verdict((Finding("", str(error)),)))
            continue
        verdict = judge(statement)
        warnings = [Finding(visible(name, limit=60), "stands twice; the last one counts") for name in doubled]
        puid = statement.get("puid") if isinstance(statement, dict) else None
        if not isinstance(puid, str):
            puid = ""
        elif puid in seen:
            warnings.append(Finding("puid", f"stands in line {seen[puid]} already"))
        else:
            seen[puid] = number
        shown = visible(puid, limit=80, keep_lines=False)
        yield LineVerdict(number, shown, Verdict(verdict.faults, (*verdict.warnings, *warnings)))


def _statement(value: Any) -> Any:
    return value["payload"] if isinstance(value, dict) and "payload" in value else value


def _value(data: bytes, doubled: list[str]) -> Any:
    if len(data) > LONGEST_LINE:
        raise _Unreadable(f"has {len(data):,} bytes, at most {LONGEST_LINE:,} are read")

    def pairs(members: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in members]
        doubled.extend(name for name in dict.fromkeys(names) if names.count(name) > 1)
        return dict(members)

    def constant(name: str) -> Any:
        raise _Unreadable(f"is not JSON: {name} is not a number of JSON")

    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=pairs, parse_constant=constant)
    except UnicodeDecodeError as error:
        raise _Unreadable(f"is not UTF-8, at byte {error.start + 1}") from None
    except json.JSONDecodeError as error:
        raise _Unreadable(f"is not JSON: {error.msg}, at character {error.pos + 1}") from None
    except RecursionError:
        raise _Unreadable("is not read: too deeply nested") from None
    except _Unreadable:
        raise
    except ValueError:
        raise _Unreadable("is not read: a number with too many digits") from None
