"""Rows of CSV, JSONL and XLSX files, one at a time, whatever their size."""

from __future__ import annotations

import csv
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any
from xml.etree import ElementTree

Row = dict[str, Any]

_FIELD = 2_000_000
_COLUMNS = 1000
_SHARED_BYTES = 256 * 1024 * 1024
_SHEET_BYTES = 2 * 1024 * 1024 * 1024
_RATIO = 400
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
ENDINGS = (".csv", ".tsv", ".jsonl", ".xlsx")


class BadFile(Exception):
    """A file that can't be read, or not to its end, with the reason."""


def rows_of(path: Path, encoding: str) -> Iterator[tuple[int, Row | str]]:
    """The rows of a file with their line or row numbers; a text in the place of a row says why it can't be read.

    Raises `BadFile` where the file as a whole can't be read; what was told before stands.
    """
    ending = path.suffix.lower()
    try:
        if ending == ".jsonl":
            yield from _jsonl(path)
        elif ending == ".xlsx":
            yield from _xlsx(path)
        else:
            yield from _csv(path, encoding, "\t" if ending == ".tsv" else "")
    except (OSError, UnicodeError, csv.Error, zipfile.BadZipFile, ElementTree.ParseError, LookupError) as error:
        raise BadFile(f"{path.name} can't be read: {error}") from error
    except (EOFError, NotImplementedError, RuntimeError, ValueError) as error:  # damaged, odd or locked archives
        raise BadFile(f"{path.name} can't be read: {error or type(error).__name__}") from error


def headings_of(path: Path, encoding: str) -> tuple[str, ...]:
    """The names of a file's columns, as far as its first row tells."""
    for _, row in rows_of(path, encoding):
        if isinstance(row, dict):
            return tuple(row)
    return ()


def _csv(path: Path, encoding: str, delimiter: str) -> Iterator[tuple[int, Row | str]]:
    csv.field_size_limit(_FIELD)
    with path.open(encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline="") as file:
        first = file.readline()
        file.seek(0)
        reader = csv.reader(file, delimiter=delimiter or _delimiter(first))
        headings = [name.strip() for name in next(reader, [])][:_COLUMNS]
        if len(set(headings)) != len(headings):
            raise BadFile(f"{path.name}: two columns have one name")
        for cells in reader:
            if not any(cells):
                continue
            if len(cells) > len(headings):
                yield reader.line_num, f"has {len(cells)} cells under {len(headings)} headings"
            else:
                yield reader.line_num, dict(zip(headings, cells, strict=False))


def _delimiter(first: str) -> str:
    bare = re.sub(r'"[^"]*"', "", first)
    return max((",", ";", "\t"), key=bare.count)


def _jsonl(path: Path) -> Iterator[tuple[int, Row | str]]:
    with path.open("rb") as file:
        number = 0
        while line := file.readline(_FIELD):
            number += 1
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                yield number, f"is no JSON: {error}"
                continue
            yield number, row if isinstance(row, dict) else "is no JSON object"


def _xlsx(path: Path) -> Iterator[tuple[int, Row | str]]:
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        sheet = next((name for name in sorted(names) if re.fullmatch(r"xl/worksheets/sheet1\.xml", name)), "")
        sheet = sheet or next((name for name in sorted(names) if name.startswith("xl/worksheets/")), "")
        if not sheet:
            raise BadFile(f"{path.name}: has no sheet")
        shared: list[str] = []
        if "xl/sharedStrings.xml" in names:
            with _member(archive, "xl/sharedStrings.xml", _SHARED_BYTES) as file:
                shared = [_text(item) for item in _elements(file, "si")]
        headings: list[str] = []
        with _member(archive, sheet, _SHEET_BYTES) as file:
            for number, element in enumerate(_elements(file, "row"), start=1):
                cells = _cells(element, shared)
                if not headings:
                    headings = [str(cells.get(place, "")).strip() for place in range(max(cells, default=-1) + 1)]
                elif any(value != "" for value in cells.values()):
                    yield number, {name: cells.get(place, "") for place, name in enumerate(headings) if name}


def _member(archive: zipfile.ZipFile, name: str, most: int) -> IO[bytes]:
    info = archive.getinfo(name)
    if info.file_size > most or info.file_size > _RATIO * max(1, info.compress_size):
        raise BadFile(f"{name} is larger than any sheet: {info.file_size / 2**20:,.0f} MiB")
    return archive.open(info)


def _elements(file: IO[bytes], name: str) -> Iterator[ElementTree.Element]:
    """The elements of that name, each let go of after use."""
    root: ElementTree.Element | None = None
    parser = ElementTree.iterparse(file, events=("start", "end"))  # noqa: S314 - counted above; no external entities
    for event, element in parser:
        if root is None:
            root = element
        if event == "end" and element.tag == f"{_MAIN}{name}":
            yield element
            element.clear()
            root.clear()


def _cells(row: ElementTree.Element, shared: list[str]) -> dict[int, Any]:
    found: dict[int, Any] = {}
    for position, cell in enumerate(row.iter(f"{_MAIN}c")):
        place = _column(cell.get("r", "")) if cell.get("r") else position
        if place >= _COLUMNS:
            continue
        kind, value = cell.get("t", "n"), cell.findtext(f"{_MAIN}v") or ""
        if kind == "s":
            found[place] = shared[int(value)] if value.isdigit() and int(value) < len(shared) else ""
        elif kind == "inlineStr":
            found[place] = _text(cell)
        else:
            found[place] = value
    return found


def _text(element: ElementTree.Element) -> str:
    """The text of a cell; runs are joined, the readings above Japanese words left out."""
    parts = [node.text or "" for node in element.iter(f"{_MAIN}t")]
    readings = [node.text or "" for mark in element.iter(f"{_MAIN}rPh") for node in mark.iter(f"{_MAIN}t")]
    return "".join(parts[: len(parts) - len(readings)]) if readings else "".join(parts)


def _column(reference: str) -> int:
    number = 0
    for letter in reference:
        if not letter.isalpha():
            break
        number = number * 26 + ord(letter.upper()) - 64
    return number - 1
