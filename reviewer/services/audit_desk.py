"""A pack on a lead's desk: its verification, its numbers, a sample of it and second opinions on that."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from reviewer.audit.checking import Verdict, check_pack
from reviewer.audit.findings import Finding, findings_beside, read_findings, write_findings
from reviewer.audit.history import Decided, History, open_known, read_history
from reviewer.audit.pins import NAME
from reviewer.audit.sample import SIZES, Sample, code_letter, draw
from reviewer.audit.tables import Report
from reviewer.audit.team import team
from reviewer.audit.verifier import NotAPack
from reviewer.domain.values import format_time
from reviewer.errors import OperatorError
from reviewer.imaging.pictures import Decoded, RefusedPicture
from reviewer.imaging.pool import DecodePool
from reviewer.services.signing import signing_key

_SIDE = 900
_WAIT_S = 30.0


@dataclass(frozen=True, slots=True)
class OpenedPack:
    """A pack as it was opened: `verdict` is None with `problem` where it can't be read at all."""

    path: Path
    verdict: Verdict | None
    history: History | None
    team: Report | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class CaseInPack:
    """A decision with what the reviewer saw: pictures are ready to paint, or say why there are none."""

    decided: Decided
    facts: tuple[str, ...]
    note: str
    description: str
    price: str
    pictures: tuple[Decoded | RefusedPicture, ...]
    references: tuple[Decoded | RefusedPicture, ...]


class AuditDesk:
    """Blocking: for a thread in the background.  Pictures of a pack are decoded in a locked-down process only."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pool: DecodePool | None = None

    def close(self) -> None:
        """End the decoding process."""
        if self._pool is not None:
            self._pool.close()
            self._pool = None

    def open(self, path: Path) -> OpenedPack:
        """Verify a pack and read what it tells."""
        try:
            verdict = check_pack(path, self._folder / NAME)
        except NotAPack as problem:
            return OpenedPack(path, None, None, None, f"Not a readable pack: {problem}.")
        try:
            history = read_history(path)
            return OpenedPack(path, verdict, history, team(history))
        except OperatorError as error:
            return OpenedPack(path, verdict, None, None, str(error))

    def draw(self, history: History, seed: str, auditor: str, by: Sequence[str] = ("reviewer", "decision")) -> Sample:
        """A sample of the lot at inspection level II, the auditor's own decisions left out, golden cases mixed in."""
        lot = list(history.standing().values())
        letter = code_letter(len(lot))
        known = {row.decision_id for row in history.opinions if row.golden}
        size, mixed = SIZES[letter], SIZES[letter] // 20
        return draw(
            lot, seed=seed, size=size, by=by, golden=known, golden_count=mixed, excluded_reviewer=auditor,
            letter=letter,
        )  # fmt: skip

    def case(self, path: Path, decided: Decided) -> CaseInPack:
        """What the reviewer saw of a decision.  Raises `OperatorError` where the pack can't be read."""
        with closing(open_known(path)) as pack:
            try:
                return self._case(pack, decided)
            except (sqlite3.Error, UnicodeDecodeError, ValueError, TypeError, LookupError, AttributeError) as error:
                raise OperatorError(f"{path} is damaged: {error}. Verify it; ask for another copy.") from error

    def given(self, path: Path) -> tuple[Finding, ...]:
        """The opinions that were given on a pack so far."""
        beside = findings_beside(path)
        return read_findings(beside).items if beside.exists() else ()

    def give(self, path: Path, sample: Sample, finding: Finding) -> tuple[Finding, ...]:
        """Add an opinion, durable at once; a later one on the same decision by the same auditor replaces it."""
        before = [
            item
            for item in self.given(path)
            if (item.decision_id, item.auditor) != (finding.decision_id, finding.auditor)
        ]
        items = (*before, finding)
        write_findings(findings_beside(path), signing_key(self._folder), sample.seed, sample.digest, items)
        return items

    @staticmethod
    def finding(
        decided: Decided, auditor: str, now: datetime, verdict: str, kind: str, ground: str, note: str, *,
        blind: bool, golden: bool,
    ) -> Finding:  # fmt: skip
        """An opinion on a decision."""
        return Finding(
            decided.id, decided.reviewer, auditor, format_time(now), verdict, kind, ground, note, blind, golden
        )

    def _case(self, pack: sqlite3.Connection, decided: Decided) -> CaseInPack:
        row = pack.execute(
            'SELECT t.body, c."references" FROM decisions d JOIN texts t ON t.part = d.part AND t.row = d.row'
            " JOIN cases c ON c.part = d.part AND c.row = d.row WHERE d.log = ? AND d.sequence = ? LIMIT 1",
            (decided.log, decided.sequence),
        ).fetchone()
        revision = pack.execute(
            "SELECT description, price, currency, pictures FROM revisions"
            " WHERE listing_id = ? AND revision = ? LIMIT 1",
            (decided.listing_id, decided.revision),
        ).fetchone()
        texts = json.loads(row[0]) if row and row[0] else {}
        references = json.loads(row[1]) if row else []
        shown = [str(item["sha256"]) for item in json.loads(revision[3])] if revision else []
        compared = [str(name) for item in references for name in item["pictures"]][:4]
        return CaseInPack(
            decided, tuple(map(str, texts.get("facts", ()))), str(texts.get("note", "")),
            str(revision[0]) if revision else "", f"{revision[1]} {revision[2]}" if revision else "",
            tuple(self._picture(pack, name) for name in shown[:6]),
            tuple(self._picture(pack, name) for name in compared),
        )  # fmt: skip

    def _picture(self, pack: sqlite3.Connection, name: str) -> Decoded | RefusedPicture:
        row = pack.execute("SELECT bytes FROM pictures WHERE sha256 = ? LIMIT 1", (name,)).fetchone()
        if row is None or not isinstance(row[0], bytes):
            return RefusedPicture("unavailable", "This picture is not in the pack.")
        if self._pool is None:
            self._pool = DecodePool(1)
        return self._pool.submit(row[0], _SIDE, _SIDE).result(_WAIT_S)
