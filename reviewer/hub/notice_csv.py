"""Notices from a table of comma, semicolon or tab separated values: a line a listing, faults named line by line."""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import ValidationError

from reviewer.hub.notice_messages import LISTING_LIMIT, NoticeMessage
from reviewer.hub.problems import Problem
from reviewer.ledger.canonical import canonical_json

#: Every column with what it says; `listing_id` and `ground` must be there.
COLUMNS: Final[Mapping[str, str]] = {
    "notice": "lines with the same text are one notice; without it, lines that differ only in listing and gtin are",
    "listing_id": "the listing's id as the marketplace shows it",
    "gtin": "the article number that was read on the listing",
    "ground": "the id of a ground of the house rules, such as counterfeit",
    "right_kind": "trademark, copyright, design or patent; empty where the notice relies on no right",
    "right_number": "the number of the registration",
    "right_sign": "the word or the sign",
    "right_office": "the register: EUIPO, KIPO, USPTO, or a country's two letters",
    "right_owner": "who owns the right",
    "nice_classes": "numbers of the Nice classification with spaces between: 18 25",
    "territories": "where the right holds, two letters each with spaces between: EU KR",
    "expires": "the day until which the right is registered: 2031-06-30",
    "acting_as": "owner or agent",
    "good_faith": "yes where the notice is declared to be made in good faith",
    "statement": "why the listing breaks the law or the terms",
    "evidence": "SHA-256 names of documents with spaces between",
    "claimant_id": "for a marketplace's portal: who complains",
    "claimant_name": "the name, where the claimant is new",
    "claimant_source": "rights_holder, trusted_flagger, authority or consumer, where the claimant is new",
}
_NEEDED = ("listing_id", "ground")
_OF_A_LINE = ("listing_id", "gtin")
_YES, _NO = ("yes", "true", "1", "y"), ("no", "false", "0", "n", "")
_SPACE = uuid.UUID("6f1d3c52-5f0b-5c0e-9d55-3f7b1a8c2e11")
_MOST_FAULTS = 100
_LONGEST_CELL = 100_000


@dataclass(slots=True)
class _Group:
    """Lines that are one notice."""

    values: dict[str, str]
    lines: list[int] = field(default_factory=list)
    listed: list[dict[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class NoticeTable:
    """The notices of a table in its order, each with the lines of its listings."""

    batch: list[tuple[NoticeMessage, Mapping[str, Any]]]
    lines: list[list[int]]

    def problem(self, problem: Problem) -> Problem:
        """A refusal of the batch with its pointers as lines of the table."""
        faults = []
        for fault in problem.errors:
            parts = fault["pointer"].split("/")
            if len(parts) > 2 and parts[1] == "notices" and parts[2].isdigit():
                line = self.lines[int(parts[2])][0]
                fault = {"pointer": f"/lines/{line}", "detail": f"{'/'.join(parts[3:])}: {fault['detail']}"}
            faults.append(dict(fault))
        return Problem(problem.kind, problem.detail, errors=faults, headers=problem.headers, status=problem.status)


def read_notice_table(body: bytes, claimant: str = "", grounds: Collection[str] = ()) -> NoticeTable:
    """The notices of a pasted table; raises `Problem` that names each faulty line, and then nothing of it counts.

    `claimant` is the id of whoever complains where a line does not say so; `grounds` are those of the rules in force.
    """
    faults: list[dict[str, str]] = []
    groups = _groups(_rows(body, faults), faults)
    batch: list[tuple[NoticeMessage, Mapping[str, Any]]] = []
    lines: list[list[int]] = []
    for group in groups:
        if claimant:
            group.values.setdefault("claimant_id", claimant)
        sent, wrong = _notice(group)
        if grounds and sent["ground"] and sent["ground"] not in grounds:
            words = f"ground: There is no ground {sent['ground'][:40]!r}; there are {', '.join(sorted(grounds))}."
            wrong.append(_fault(group.lines[0], words))
        faults += wrong
        if wrong:
            continue
        try:
            batch.append((NoticeMessage.model_validate(sent), sent))
            lines.append(group.lines)
        except ValidationError as error:
            faults += [_of_pydantic(fault, group) for fault in error.errors(include_url=False)]
    if faults:
        faults.sort(key=lambda fault: int(fault["pointer"].rpartition("/")[2]))
        counted = "1 fault" if len(faults) == 1 else f"{len(faults):,} faults"
        words = f"{counted}; nothing was taken. Mend the lines and send the table again."
        raise Problem("invalid-request", words, errors=faults[:_MOST_FAULTS])
    if not batch:
        raise _whole("The table has no lines below its headings.")
    return NoticeTable(batch, lines)


def _whole(words: str) -> Problem:
    return Problem("invalid-request", words, errors=[{"pointer": "/lines/1", "detail": words}])


def _fault(line: int, words: str) -> dict[str, str]:
    return {"pointer": f"/lines/{line}", "detail": words}


def _rows(body: bytes, faults: list[dict[str, str]]) -> Iterator[tuple[int, dict[str, str]]]:
    """Each line with its number and its cells by column; raises `Problem` where it is no such table."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body[: error.start].count(b"\n") + 1
        raise Problem(
            "invalid-request", "The table is not UTF-8; save it as CSV in UTF-8.", errors=[_fault(line, "not UTF-8")]
        ) from None
    text = text.replace("\0", "\ufffd")
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    csv.field_size_limit(_LONGEST_CELL)
    names = [name.strip().lower() for name in next(reader, [])]
    _check_headings(names)
    count = 0
    while True:
        start = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            faults.append(_fault(start, f"can't be read: {error}"))
            return
        if not any(cell.strip() for cell in cells):
            continue
        count += 1
        if count > LISTING_LIMIT:
            raise _whole(f"The table has more than {LISTING_LIMIT:,} lines; send it in parts.")
        if len(cells) > len(names):
            faults.append(_fault(start, f"has {len(cells)} cells, there are {len(names)} columns"))
            continue
        yield start, {name: cell.strip() for name, cell in zip(names, cells, strict=False)}


def _check_headings(names: Sequence[str]) -> None:
    unknown = [name for name in names if name not in COLUMNS]
    missing = [name for name in _NEEDED if name not in names]
    doubled = sorted({name for name in names if names.count(name) > 1})
    words = [
        *(f"there is no column {name!r}" for name in unknown),
        *(f"the column {name} is missing" for name in missing),
        *(f"the column {name} stands twice" for name in doubled if name in COLUMNS),
    ]
    if words:
        raise _whole(f"The headings are not right: {'; '.join(words[:20])}. There are {', '.join(COLUMNS)}.")


def _groups(rows: Iterable[tuple[int, dict[str, str]]], faults: list[dict[str, str]]) -> list[_Group]:
    found: dict[object, _Group] = {}
    for line, cells in rows:
        common = {name: value for name, value in cells.items() if name not in _OF_A_LINE and value}
        whose = common.get("claimant_id", "")
        key: object = (whose, common["notice"]) if common.get("notice") else tuple(sorted(common.items()))
        group = found.setdefault(key, _Group(common))
        if group.values != common:
            names = sorted(name for name in {*group.values, *common} if group.values.get(name) != common.get(name))
            words = f"is of the same notice as line {group.lines[0]} and says otherwise in {', '.join(names)}"
            faults.append(_fault(line, words))
            continue
        group.lines.append(line)
        listed = {"id": cells.get("listing_id", "")}
        group.listed.append(listed | ({"gtin": cells["gtin"]} if cells.get("gtin") else {}))
    return list(found.values())


def _notice(group: _Group) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """The notice as JSON would have it, and the faults of cells that can't be that."""
    cell, line = group.values.get, group.lines[0]
    faults = []
    good_faith = cell("good_faith", "").lower()
    if good_faith not in (*_YES, *_NO):
        faults.append(_fault(line, f"good_faith: must be yes or no, not {good_faith[:40]!r}"))
    right: dict[str, Any] = {
        name: cell(f"right_{name}", "")
        for name in ("kind", "number", "sign", "office", "owner")
        if cell(f"right_{name}")
    }
    classes = cell("nice_classes", "").replace(",", " ").split()
    if not all(one.isdigit() and one.isascii() and len(one) < 3 for one in classes):
        faults.append(_fault(line, f"nice_classes: must be numbers with spaces, not {cell('nice_classes', '')[:40]!r}"))
    else:
        right |= {"nice_classes": [int(one) for one in classes]} if classes else {}
    if cell("territories"):
        right["territories"] = cell("territories", "").replace(",", " ").upper().split()
    if cell("expires"):
        right["expires_at"] = f"{cell('expires')}T00:00:00Z"
    if right and "kind" not in right:
        faults.append(_fault(line, "right_kind: is missing: trademark, copyright, design or patent"))
    sent: dict[str, Any] = {
        "ground": cell("ground", ""),
        "listings": group.listed,
        "statement": cell("statement", ""),
        "good_faith": good_faith in _YES,
        "acting_as": cell("acting_as", "").lower(),
        "evidence": cell("evidence", "").lower().split(),
    }
    if right:
        sent["right"] = right
    if cell("claimant_id"):
        who = {"id": cell("claimant_id", ""), "name": cell("claimant_name", "")}
        sent["claimant"] = who | ({"source": cell("claimant_source")} if cell("claimant_source") else {})
    return {"id": _id(cell("notice", ""), sent)} | sent, faults


def _id(named: str, sent: Mapping[str, Any]) -> str:
    """The UUID that the line names, or one that follows from what it says: pasted twice, it is one notice."""
    try:
        return str(uuid.UUID(named))
    except ValueError:
        return str(uuid.uuid5(_SPACE, named + canonical_json(dict(sent)).decode()))


def _of_pydantic(fault: Mapping[str, Any], group: _Group) -> dict[str, str]:
    place = [str(step) for step in fault["loc"]]
    line = group.lines[0]
    if len(place) > 1 and place[0] == "listings" and place[1].isdigit():
        line = group.lines[int(place[1])]
        place = ["listing_id" if place[-1] == "id" else place[-1]]
    return _fault(line, f"{'/'.join(place)}: {fault['msg']}")
