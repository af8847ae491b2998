"""An audit pack of the whole team, from what a hub gives out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from reviewer.audit import recording
from reviewer.audit.layout import TABLES
from reviewer.audit.pack import PackFile, PackWriter
from reviewer.audit.pins import NAME, Pin, add_pins, pin_file_beside, write_pins
from reviewer.audit.verifier import decided_values
from reviewer.domain.values import format_time, is_sha256
from reviewer.errors import OperatorError
from reviewer.imaging.review_size import ReviewSizes
from reviewer.ledger.heads import Enrolment
from reviewer.ledger.keys import SigningKey
from reviewer.services.audit_export import Pseudonyms, Scope
from reviewer.services.vouched import HUB

#: The tables that speak of one decision each, and go into a pack where that decision does.
_OF_DECISIONS = ("receipts", "measures", "offences", "statements", "appeals", "proofs", "opinions")
#: Columns that name people; in a pseudonymous pack they get names that mean nothing.
_PEOPLE = {"seller_id", "auditor", "claimant", "reviewer"}
#: Columns with free texts, which a pseudonymous pack leaves out.
_TEXTS = {"note", "detail", "effects", "body", "reason"}
_PARTIES = ("seller", "claimant", "notifier", "complainant")


class TeamHistory(Protocol):
    """What a hub gives out: see `reviewer.hub.audit_rows` and `audit_tables`."""

    def start(self) -> Mapping[str, Any]:
        """The hub's log and key, the logs that there are and how far each goes."""

    def rows(self, log: str, size: int) -> Iterator[Mapping[str, Any]]:
        """The first `size` rows of a log."""

    def table(self, name: str) -> Iterator[Mapping[str, Any]]:
        """The rows of a table by the names of the pack's columns."""

    def picture(self, sha256: str) -> bytes | None:
        """The bytes of a picture, or None."""


def export_team(
    source: TeamHistory,
    key: SigningKey,
    out: Path,
    folder: Path,
    scope: Scope,
    now: datetime,
    tell: Callable[[str], None] = lambda _: None,
) -> int:
    """Write a pack, sealed by `key`, which is the hub's own or one that it vouches for; answers how many decisions.

    The hub's key is pinned in the data folder and beside the pack.  Raises `OperatorError` where there is nothing
    to export or the file can't be written.
    """
    start = source.start()
    hub = start["hub"]
    with PackFile(out) as file:
        export = _TeamExport(PackWriter(file), source, scope)
        own = Enrolment(hub["log"], hub["key"], hub["name"], hub["at"], hub["key"], b"")
        recording.write_key(export.writer, HUB, own)
        export.copy("keys")
        for log in start["logs"]:
            export.log(hub["log"], log, {row["log"]: row["size"] for row in start["logs"]}, tell)
        if not export.writer.rows("chain"):
            raise OperatorError("The hub took no decisions yet: there is nothing to export.")
        export.heads(start)
        export.tables()
        export.pictures()
        export.writer.seal(key, format_time(now), f"Team history of {hub['name']}", scope.told())
        file.complete()
    pins = {hub["log"]: Pin(hub["key"], hub["name"], *export.writer.head(hub["log"]))}
    write_pins(pin_file_beside(out), pins)
    add_pins(folder / NAME, pins)
    return export.writer.rows("decisions")


@dataclass
class _TeamExport:
    """Rows of a hub on their way into a pack."""

    writer: PackWriter
    source: TeamHistory
    scope: Scope
    _ids: set[str] = field(default_factory=set)
    _revisions: set[tuple[str, str]] = field(default_factory=set)
    _pictures: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._names = Pseudonyms() if self.scope.pseudonymous else None
        told = self.scope.told()
        self._whole = not (told.keys() - {"pseudonymous"})

    def log(self, own: str, log: Mapping[str, Any], sizes: Mapping[str, int], tell: Callable[[str], None]) -> None:
        """The rows of a log; of the hub's own only what no workstation's log tells of."""
        name = str(log["log"])
        for row in self.source.rows(name, int(log["size"])):
            elsewhere = row.get("told_in")
            told = name == own and elsewhere is not None and elsewhere[1] <= sizes.get(elsewhere[0], 0)
            self._row(name, row, withheld=told or row.get("content") is None)
            if row["sequence"] % 10_000 == 0:
                tell(f"{row['sequence']} rows of {name}")

    def _row(self, log: str, row: Mapping[str, Any], *, withheld: bool) -> None:
        sequence, text = int(row["sequence"]), row.get("text")
        case: Mapping[str, Any] = row.get("case") or {}
        content = None if withheld else json.loads(row["content"])
        if content is None or not self.scope.has(content, case.get("marketplace", "")):
            self.writer.add_chain(log, sequence, row["previous"], None, row["digest"])
            return
        place = {"log": log, "sequence": sequence}
        case = {**case, "due_measure": recording.due_measure(content, text.encode() if text else None)}
        reviewer = str(row.get("reviewer_name") or "")
        if self._names is None:
            self.writer.add_chain(log, sequence, row["previous"], row["content"], row["digest"])
        else:
            self.writer.add_chain(log, sequence, row["previous"], None, row["digest"])
            content["reviewer"], reviewer = self._names.of(str(content["reviewer"])), ""
            text, case = None, self._bare_case(case)
        decided = decided_values(content)
        self.writer.add("decisions", (log, sequence, *decided, reviewer, str(row.get("delivery") or "")))
        salt = bytes.fromhex(row["salt"]) if text is not None and row.get("salt") else None
        self.writer.add("texts", (log, sequence, salt, text if salt is not None else None))
        self._add("cases", {**case, **place})
        if not self._whole:
            self._ids.add(str(decided[0]))
        self._beside(row)

    def _beside(self, row: Mapping[str, Any]) -> None:
        revision = row.get("revision")
        if revision is not None:
            name = (str(revision["listing_id"]), str(revision["revision"]))
            if name not in self._revisions:
                self._revisions.add(name)
                self._add("revisions", revision)
            self._pictures.update(picture["sha256"] for picture in revision["pictures"])
        for item in (row.get("case") or {}).get("references", ()):
            self._pictures.update(item["pictures"])

    def _bare_case(self, case: Mapping[str, Any]) -> dict[str, Any]:
        """A case whose seller and claimants are not named."""
        names = self._names
        if names is None:
            return dict(case)
        flags = [
            {**flag, "claimant": names.of(flag.get("claimant") or ""), "explanation": ""}
            for flag in case.get("flags", ())
        ]
        hidden = {name: names.of(case.get(name) or "") for name in ("claimant", "seller_id", "seller_name")}
        return {**case, **hidden, "flags": flags}

    def heads(self, start: Mapping[str, Any]) -> None:
        """Checkpoints and countersignatures of the logs as far as they go in."""
        sizes = {row["log"]: row["size"] for row in start["logs"]}
        for name in ("checkpoints", "witnesses"):
            for row in self.source.table(name):
                if row["size"] <= sizes.get(row["log"], 0):
                    self._add(name, row)
            for row in start["logs"]:
                if row.get(name):
                    self._add(name, {**row, **row[name], "key": start["hub"]["key"]})

    def tables(self) -> None:
        """What the hub alone knows."""
        for name in ("policies", "revocations", "refusals", "referrals"):
            self.copy(name)
        for name in _OF_DECISIONS:
            self.copy(name, lambda row: self._whole or row.get("decision_id") in self._ids)
        self.copy("notices", self._has_notice)

    def _has_notice(self, row: Mapping[str, Any]) -> bool:
        scope, at = self.scope, str(row.get("at") or "")
        return (
            (not scope.since or at >= scope.since)
            and (not scope.until or at < scope.until)
            and (not scope.marketplace or row.get("marketplace") in ("", None, scope.marketplace))
            and (not scope.ground or row.get("ground") in ("", None, scope.ground))
        )

    def copy(self, name: str, wanted: Callable[[Mapping[str, Any]], bool] = lambda _: True) -> None:
        """The rows of a table that are wanted."""
        for row in self.source.table(name):
            if wanted(row):
                self._add(name, row if self._names is None else self._bare(name, row, self._names))

    @staticmethod
    def _bare(name: str, row: Mapping[str, Any], names: Pseudonyms) -> dict[str, Any]:
        """A row without names of people and free texts."""
        made = {column: names.of(str(value)) if column in _PEOPLE and value else value for column, value in row.items()}
        if name not in ("policies", "keys", "revocations", "refusals"):
            made |= {column: "" for column in made.keys() & _TEXTS}
        if name in ("appeals", "revocations") and made.get("by") not in (*_PARTIES, "", None):
            made["by"] = names.of(str(made["by"]))
        return made

    def pictures(self) -> None:
        """Those that the hub has, at review size."""
        with closing(ReviewSizes()) as sizes:
            for name in sorted(filter(is_sha256, self._pictures)):
                data = self.source.picture(name)
                if data is not None:
                    self.writer.add("pictures", (name, *sizes.of(data)))

    def _add(self, table: str, row: Mapping[str, Any]) -> None:
        self.writer.add(table, tuple(_fit(row.get(column), column, kind) for column, kind in TABLES[table].items()))


def _fit(value: Any, column: str, kind: str) -> object:
    """A value as the pack keeps it: blobs from hexadecimal, lists as JSON, a missing text empty, a time null."""
    if kind == "BLOB":
        return bytes.fromhex(value) if value else None
    if value is None:
        return "" if kind == "TEXT" and not column.endswith("_at") else None
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if kind == "TEXT":
        return str(value)
    return float(value) if kind == "REAL" else int(value)
