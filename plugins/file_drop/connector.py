"""A marketplace without an API: listings come as files in a folder, decisions go out as files."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from reviewer.connectors.api import (
    Case,
    Context,
    DecisionKind,
    Marketplace,
    OutgoingDecision,
    Page,
    Preview,
    Quarantined,
    Receipt,
    ReceiptStatus,
    Refused,
    Service,
    Unavailable,
)

from .cases import BadRow, Pictures, Reading, case_from
from .tables import ENDINGS, BadFile, headings_of, rows_of

_MEDIA_BYTES = 20 * 1024 * 1024
_PREVIEW_ROWS = 5
_CELL = 60
_COLUMNS = (
    "id", "case_id", "listing_id", "revision", "kind", "decided_at", "reviewer", "ground", "clause", "facts", "note",
    "measure", "supersedes",
)  # fmt: skip
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")

#: A file as it was: size, time and inode.  Another sign, another content.
Sign = tuple[int, int, int]


class FileDropConnector:
    """Reads `in/`, writes `decisions/`.  What was decided is known from the files there, so nothing is lost with this
    computer."""

    def __init__(self, context: Context) -> None:
        told = context.settings
        self._folder = Path(str(told["folder"])).expanduser()
        self._reviewer = str(told["reviewer"]).strip()
        self._marketplace = str(told.get("marketplace") or "files")
        self._encoding = str(told.get("encoding") or "utf-8")
        self._as_csv = told.get("decisions") == "csv"
        self._now = context.now
        self._log = context.logger
        columns = {field: name for field, name in dict(told.get("columns") or {}).items() if name}
        self._pictures = Pictures(self._folder / "pictures")
        self._reading = Reading(
            columns, self._marketplace, str(told.get("currency") or ""), self._folder / "pictures", context.now()
        )
        self._revisions: dict[str, bytes] = {}
        self._polled: dict[str, Sign] = {}
        self._known: dict[str, Sign] = {}
        self._decided: dict[str, tuple[str, str]] = {}
        self._files_seen: set[str] = set()
        self._rest: Iterator[Case | Quarantined] = iter(())
        self._cursor = ""
        self._pages = 0

    def service(self) -> Service:
        self._check_folder()
        here = Marketplace(self._marketplace, self._marketplace)
        return Service("Folder of files", self._now(), self._reviewer, self._reviewer, "reviewer", (here,))

    def poll(self, cursor: str | None, limit: int = 500) -> Page[Case]:
        if cursor is None or cursor != self._cursor:
            self._polled.clear()
            self._rest = iter(())
            self._read_decisions()
        cases: list[Case] = []
        bad: list[Quarantined] = []
        self._fill(cases, bad, limit)
        if not cases and not bad:
            self._rest = self._new_rows()
            self._fill(cases, bad, limit)
        if not cases and not bad and self._cursor and cursor == self._cursor:
            return Page((), self._cursor)
        self._pages += 1
        self._cursor = f"{id(self):x}-{self._pages}"
        return Page(tuple(cases), self._cursor, tuple(bad))

    def media(self, sha256: str) -> bytes:
        path = self._pictures.paths.get(sha256)
        if path is None:
            self._find_pictures()
            path = self._pictures.paths.get(sha256)
        if path is None:
            raise Refused(f"no picture in {self._reading.pictures} has these bytes")
        try:
            with path.open("rb") as file:
                data = file.read(_MEDIA_BYTES + 1)
        except OSError as error:
            raise Unavailable(f"{path.name} can't be read: {error.strerror}") from error
        if len(data) > _MEDIA_BYTES:
            raise Refused(f"{path.name} is larger than {_MEDIA_BYTES // 2**20} MiB")
        return data

    def submit(self, decisions: Sequence[OutgoingDecision]) -> tuple[Receipt, ...]:
        self._check_folder()
        self._read_decisions()
        self._read_revisions()
        return tuple(self._take(item) for item in decisions)

    def preview(self) -> Preview:
        self._check_folder()
        files = self._files()
        if not files:
            return Preview(f"No file in {self._folder / 'in'} yet: {', '.join(ENDINGS)} are read.")
        path = files[0]
        try:
            headings = headings_of(path, self._encoding)
            rows = [row for _, row in _first(rows_of(path, self._encoding), _PREVIEW_ROWS)]
        except BadFile as error:
            return Preview(str(error))
        cells = [tuple(str(row.get(name, ""))[:_CELL] for name in headings) for row in rows if isinstance(row, dict)]
        return Preview(f"{len(files)} files; {path.name}: {self._verdict(rows)}", headings, tuple(cells))

    def close(self) -> None:
        self._rest = iter(())

    def _verdict(self, rows: Sequence[Any]) -> str:
        for number, row in enumerate(rows, start=1):
            try:
                if isinstance(row, str):
                    raise BadRow(row)
                case_from(row, self._reading, self._pictures)
            except BadRow as error:
                return f"row {number} can't be read: {error}"
        return "the first rows can be read."

    def _check_folder(self) -> None:
        if not self._folder.is_dir():
            raise Unavailable(f"{self._folder} is not there. Make it, or connect the share that it lies on.")
        for name in ("in", "decisions"):
            try:
                (self._folder / name).mkdir(exist_ok=True)
            except OSError as error:
                raise Unavailable(f"{self._folder / name} can't be made: {error.strerror}.") from error

    def _files(self) -> list[Path]:
        try:
            found = [path for path in (self._folder / "in").iterdir() if path.suffix.lower() in ENDINGS]
        except OSError as error:
            raise Unavailable(f"{self._folder / 'in'} can't be read: {error.strerror}.") from error
        return sorted(path for path in found if not path.name.startswith((".", "~")) and path.is_file())

    def _fill(self, cases: list[Case], bad: list[Quarantined], limit: int) -> None:
        for item in self._rest:
            if isinstance(item, Quarantined):
                bad.append(item)
            else:
                cases.append(item)
            if len(cases) + len(bad) >= limit:
                return

    def _new_rows(self) -> Iterator[Case | Quarantined]:
        """The rows of files that are new or changed; what was decided as it is now stays out."""
        for path in self._files():
            sign = _sign(path)
            if sign is None or self._polled.get(path.name) == sign:
                continue
            for item in self._rows(path):
                if isinstance(item, Quarantined) or not self._is_decided(item):
                    yield item
            self._polled[path.name] = self._known[path.name] = sign

    def _is_decided(self, case: Case) -> bool:
        standing = self._decided.get(case.id)
        return case.state == "open" and standing is not None and standing[1] == case.listing.revision

    def _rows(self, path: Path) -> Iterator[Case | Quarantined]:
        try:
            for number, row in rows_of(path, self._encoding):
                try:
                    if isinstance(row, str):
                        raise BadRow(row)
                    case = case_from(row, self._reading, self._pictures)
                except BadRow as error:
                    yield Quarantined(f"{path.name}, row {number}", str(error), str(row)[:300])
                    continue
                if case.state == "open":
                    self._revisions[case.id] = bytes.fromhex(case.listing.revision)
                else:
                    self._revisions.pop(case.id, None)
                yield case
        except BadFile as error:
            self._log.warning("%s", error)
            yield Quarantined(path.name, str(error))

    def _read_revisions(self) -> None:
        """Bring what is known of the listings up to date, without handing cases out."""
        for path in self._files():
            sign = _sign(path)
            if sign is not None and self._known.get(path.name) != sign:
                for _ in self._rows(path):
                    pass
                self._known[path.name] = sign

    def _find_pictures(self) -> None:
        folder = self._reading.pictures
        if folder.is_dir():
            for path in folder.rglob("*"):
                if path.is_file():
                    try:
                        self._pictures.named(path.relative_to(folder).as_posix())
                    except BadRow as error:
                        self._log.warning("%s", error)

    def _read_decisions(self) -> None:
        """Learn from the files what was decided; each is read once."""
        folder = self._folder / "decisions"
        new = []
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if path.name not in self._files_seen and path.suffix in (".json", ".csv"):
                self._files_seen.add(path.name)
                if (row := _decision_in(path)) is not None:
                    new.append(row)
        for row in _in_order(new):
            self._note(row)

    def _note(self, row: dict[str, Any]) -> None:
        case_id, kind = str(row.get("case_id", "")), row.get("kind")
        if kind == DecisionKind.WITHDRAW:
            self._decided.pop(case_id, None)
        else:
            self._decided[case_id] = (str(row.get("id", "")), str(row.get("revision", "")))

    def _take(self, item: OutgoingDecision) -> Receipt:
        decision = item.decision
        data = self._written(item)
        path = self._folder / "decisions" / f"{_safe(decision.id)}{'.csv' if self._as_csv else '.json'}"
        try:
            if path.exists():
                same = path.read_bytes() == data
                return Receipt(decision.id, ReceiptStatus.DUPLICATE if same else ReceiptStatus.CONFLICT)
            if (status := self._objection(item)) is not None:
                return Receipt(decision.id, status)
            _write_whole(path, data)
        except OSError as error:
            raise Unavailable(f"{path} can't be written: {error.strerror}. It will be tried again.") from error
        self._files_seen.add(path.name)
        self._note(
            {"id": decision.id, "case_id": decision.case_id, "kind": decision.kind, "revision": decision.revision}
        )
        return Receipt(decision.id, ReceiptStatus.ACCEPTED, effects=(f"written to {path.name}",))

    def _objection(self, item: OutgoingDecision) -> ReceiptStatus | None:
        decision = item.decision
        standing = self._decided.get(decision.case_id)
        if decision.supersedes:
            return None if standing and standing[0] == decision.supersedes else ReceiptStatus.STALE
        revision = self._revisions.get(decision.case_id)
        if revision is None:
            return ReceiptStatus.GONE
        if revision.hex() != decision.revision or (standing and standing[1] == decision.revision):
            return ReceiptStatus.STALE
        return None

    def _written(self, item: OutgoingDecision) -> bytes:
        """The bytes of a decision's file: the same each time it is sent."""
        if not self._as_csv:
            return json.dumps({"reviewer": self._reviewer, "decision": json.loads(item.body)}, ensure_ascii=False,
                              indent=1, sort_keys=True).encode() + b"\n"  # fmt: skip
        row = json.loads(item.body) | {"reviewer": self._reviewer}
        row["facts"] = "; ".join(row.get("facts") or ())
        row["measure"] = (row.get("measure") or {}).get("kind", "")
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(_COLUMNS)
        writer.writerow([_cell(str(row.get(name) or "")) for name in _COLUMNS])
        return out.getvalue().encode("utf-8-sig")


def _in_order(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """By the time of deciding, and each after what it supersedes: times may be equal, and clocks are set back."""
    waiting = {str(row.get("id", "")): row for row in sorted(rows, key=lambda row: str(row.get("decided_at", "")))}
    ordered = []
    while waiting:
        row = next(iter(waiting.values()))
        chain = [row]
        while (before := waiting.get(str(chain[-1].get("supersedes") or ""))) is not None and before not in chain:
            chain.append(before)
        for one in reversed(chain):
            ordered.append(waiting.pop(str(one.get("id", ""))))
    return ordered


def connect(context: Context) -> FileDropConnector:
    """The entry that `plugin.toml` names."""
    return FileDropConnector(context)


def _sign(path: Path) -> Sign | None:
    try:
        told = path.stat()
    except OSError:
        return None
    return (told.st_size, told.st_mtime_ns, told.st_ino)


def _decision_in(path: Path) -> dict[str, Any] | None:
    """What a decision's file says; None for a file that is none of ours."""
    try:
        if path.suffix == ".json":
            told = json.loads(path.read_bytes())["decision"]
            return told if isinstance(told, dict) else None
        with path.open(encoding="utf-8-sig", newline="") as file:
            row = next(csv.DictReader(file), None)
        return {key: str(value).removeprefix("'") for key, value in row.items()} if row else None
    except (OSError, ValueError, KeyError, TypeError, csv.Error, UnicodeError):
        return None


def _write_whole(path: Path, data: bytes) -> None:
    """The whole file or none, also where the power fails: written beside, synced, renamed."""
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _safe(decision_id: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9-]{1,64}", decision_id):
        return decision_id
    return hashlib.sha256(decision_id.encode("utf-8", "surrogatepass")).hexdigest()


def _cell(value: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{value}" if value.startswith(_DANGEROUS) else value


def _first(rows: Iterator[Any], count: int) -> list[Any]:
    return [row for row, _ in zip(rows, range(count), strict=False)]
