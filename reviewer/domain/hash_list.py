"""Hash lists as brands, regulators and marketplaces exchange them: CSV or JSON, one line a picture.

Columns: `algorithm` (`pdq`: 256 bits, or `phash64`: imagehash's pHash of 64 bits), `hash` (hexadecimal, first bit
first), `quality` (0 to 100), `label` and `source` (free words); `version` of the algorithm where it is not 1.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

COLUMNS = ("algorithm", "hash", "quality", "label", "source", "version")
#: Hexadecimal digits of a hash by algorithm.
DIGITS = {"pdq": 64, "phash64": 16}
#: A spreadsheet takes cells that begin so for formulas.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_MOST_TEXT = 512
_MOST_LINES = 1_000_000


@dataclass(frozen=True, slots=True)
class HashLine:
    """One picture of a list."""

    algorithm: str
    hash: str
    quality: int = 100
    label: str = ""
    source: str = ""
    version: int = 1


def read_hash_list(text: str) -> list[HashLine]:
    """The lines of a list; raises ValueError that says which line is wrong and why."""
    rows = _json_rows(text) if text.lstrip()[:1] in ("[", "{") else _csv_rows(text)
    if len(rows) > _MOST_LINES:
        raise ValueError(f"it has more than {_MOST_LINES:,} lines; cut it")
    return [_line(place, row) for place, row in rows]


def write_csv(lines: Iterable[HashLine]) -> str:
    """The lines as CSV; cells that a spreadsheet would take for formulas begin with an apostrophe."""
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\n")
    writer.writerow(COLUMNS)
    for line in lines:
        values = asdict(line)
        writer.writerow([_cell(str(values[name])) for name in COLUMNS])
    return sink.getvalue()


def write_json(lines: Iterable[HashLine]) -> str:
    """The lines as a JSON array of objects."""
    return json.dumps([asdict(line) for line in lines], ensure_ascii=False, indent=1) + "\n"


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _csv_rows(text: str) -> list[tuple[str, dict[str, Any]]]:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    missing = [name for name in COLUMNS[:2] if name not in (reader.fieldnames or ())]
    if missing:
        raise ValueError(f"it lacks the column {missing[0]}; a list has {', '.join(COLUMNS)}")
    try:
        return [(f"line {reader.line_num}", row) for row in reader]
    except csv.Error as error:
        raise ValueError(f"line {reader.line_num}: {error}") from error


def _json_rows(text: str) -> list[tuple[str, dict[str, Any]]]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"it is no valid JSON: {error}") from error
    rows = value.get("items") if isinstance(value, dict) else value
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError("it is no JSON array of objects")
    return [(f"item {place}", row) for place, row in enumerate(rows, start=1)]


def _line(place: str, row: dict[str, Any]) -> HashLine:
    algorithm = _text(row, "algorithm", place).lower()
    if algorithm not in DIGITS:
        raise ValueError(f"{place}: there is no algorithm {algorithm[:40]!r} here, only {' and '.join(DIGITS)}")
    digits = _text(row, "hash", place).lower()
    if len(digits) != DIGITS[algorithm] or any(sign not in "0123456789abcdef" for sign in digits):
        raise ValueError(f"{place}: the hash is not {DIGITS[algorithm]} hexadecimal digits")
    return HashLine(
        algorithm,
        digits,
        _number(row, "quality", place, 100, 100),
        _text(row, "label", place),
        _text(row, "source", place),
        _number(row, "version", place, 1, 2**31 - 1),
    )


def _text(row: dict[str, Any], name: str, place: str) -> str:
    value = row.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"{place}: {name} is no text")
    if len(value) > _MOST_TEXT:
        raise ValueError(f"{place}: {name} is longer than {_MOST_TEXT} characters")
    text = value.removeprefix("'") if value[1:].startswith(_FORMULA) else value
    return "".join(sign if ord(sign) >= 32 and not 0xD800 <= ord(sign) <= 0xDFFF else " " for sign in text).strip()


def _number(row: dict[str, Any], name: str, place: str, otherwise: int, most: int) -> int:
    value = row.get(name)
    if value is None or value == "":
        return otherwise
    try:
        number = int(value) if isinstance(value, str | int) and not isinstance(value, bool) else -1
    except ValueError:
        number = -1
    if not 0 <= number <= most:
        raise ValueError(f"{place}: {name} is no whole number from 0 to {most}")
    return number
