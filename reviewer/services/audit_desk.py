"""A history on a lead's desk: verified, chosen from, counted, sampled, judged; a pack's, or this workstation's own."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from reviewer.audit.chart import Chart
from reviewer.audit.checking import Verdict, check_pack
from reviewer.audit.choosing import Chosen
from reviewer.audit.findings import Finding, Findings, findings_beside, read_findings, write_findings
from reviewer.audit.history import Decided, History, open_known, read_history
from reviewer.audit.pins import NAME, pin_file_beside
from reviewer.audit.reporting import report_on, with_findings, write_files
from reviewer.audit.sample import Sample
from reviewer.audit.tables import Report
from reviewer.audit.team import rated
from reviewer.audit.team_charts import all_charts
from reviewer.audit.verifier import NotAPack
from reviewer.domain.values import format_time
from reviewer.errors import OperatorError
from reviewer.services.audit_case import PackPictures, case_of, said_of
from reviewer.services.audit_export import Scope, export_pack
from reviewer.services.clock import now as clock_now
from reviewer.services.model import CaseOnDesk
from reviewer.services.signing import signing_key

#: Where the snapshot of this workstation's own history and the findings on it are kept, in the data folder.
LIVE = Path("audit") / "history.pack"


@dataclass(frozen=True, slots=True)
class OpenedPack:
    """A pack as it was opened: `verdict` is None while it is `verifying`, and with `problem` where it can't be read.

    `others` are findings files of other auditors, whose opinions are in `history`.  `live` says that it is this
    workstation's own history.
    """

    path: Path
    verdict: Verdict | None
    history: History | None
    problem: str = ""
    live: bool = False
    others: tuple[tuple[Path, Findings], ...] = ()
    verifying: bool = False


@dataclass(frozen=True, slots=True)
class CaseInPack:
    """A decision with what the reviewer saw, laid out as a case, and what was said of it."""

    decided: Decided
    on_desk: CaseOnDesk
    facts: tuple[str, ...]
    note: str


class AuditDesk:
    """Blocking: for a thread in the background.  Pictures of a pack are decoded in locked-down processes only."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.pictures = PackPictures(folder / "pictures")

    def close(self) -> None:
        """End the processes and drop the snapshot of this workstation's history; the findings on it stay."""
        self.pictures.close()
        with suppress(OSError):
            (self._folder / LIVE).unlink(missing_ok=True)
            pin_file_beside(self._folder / LIVE).unlink(missing_ok=True)

    def open(self, path: Path, *, live: bool = False) -> OpenedPack:
        """Read what a pack tells and verify it."""
        return self.verify(self.read(path, live=live))

    def read(self, path: Path, *, live: bool = False) -> OpenedPack:
        """Read what a pack tells; nothing of it is verified yet."""
        self.pictures.show(path)
        try:
            history = read_history(path)
        except OperatorError as error:
            return OpenedPack(path, None, None, str(error), live, verifying=True)
        problem = "" if history.decisions else "It holds no decision."
        return OpenedPack(path, None, history, problem, live, verifying=True)

    def verify(self, opened: OpenedPack) -> OpenedPack:
        """The same with its verdict; one that is no pack at all tells nothing."""
        try:
            return replace(opened, verdict=check_pack(opened.path, self._folder / NAME), verifying=False)
        except NotAPack as problem:
            words = f"Not a readable pack: {problem}."
            return replace(opened, history=None, problem=words, verifying=False)

    def open_live(self, tell: Callable[[str], None] = lambda _: None) -> OpenedPack:
        """Read this workstation's own history as it is now, without network; its pictures stay where they are.

        Raises `OperatorError` where nothing was decided yet.
        """
        path = self._folder / LIVE
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        export_pack(self._folder, path, Scope(), clock_now(), tell, pictures=False)
        return self.read(path, live=True)

    def export(self, out: Path, scope: Scope, tell: Callable[[str], None]) -> tuple[int, str]:
        """Write an audit pack of this workstation's history; what `tell` raises ends it, and no file is left."""
        return export_pack(self._folder, out, scope, clock_now(), tell)

    def add_findings(self, opened: OpenedPack, paths: Sequence[Path]) -> OpenedPack:
        """Take in other auditors' findings.  Raises `OperatorError` where a file is none or not as it was signed."""
        if opened.history is None:
            raise OperatorError("Open a pack first.")
        known = {path.resolve() for path, _ in opened.others} | {findings_beside(opened.path).resolve()}
        history, others = opened.history, list(opened.others)
        for path in paths:
            if path.resolve() in known:
                continue
            found = read_findings(path)
            before = len(history.opinions)
            history = with_findings(history, found)
            if len(history.opinions) == before and found.items:
                raise OperatorError(f"{path.name} speaks of no decision of this pack that was not judged already.")
            others.append((path, found))
        return replace(opened, history=history, others=tuple(others))

    def numbers(self, opened: OpenedPack, chosen: Chosen, kind: str = "team", year: int | None = None) -> Report:
        """A report on what is chosen, with every opinion that was given so far."""
        if opened.history is None:
            raise OperatorError("Open a pack first.")
        return report_on(self._with_own(opened, opened.history), kind, year, chosen)

    def charts(self, opened: OpenedPack, chosen: Chosen, kind: str = "team") -> tuple[Chart, ...]:
        """A report's charts alone: they are there long before the intervals of its tables."""
        if kind != "team" or opened.history is None:
            return self.numbers(opened, chosen, kind).charts
        history = chosen.choose(self._with_own(opened, opened.history))
        return all_charts(history, rated(history))

    def save_report(self, report: Report, folder: Path) -> list[Path]:
        """Write a report as HTML and CSV."""
        return write_files(report, folder)

    def history(self, opened: OpenedPack) -> History:
        """The history with every opinion that was given so far."""
        if opened.history is None:
            raise OperatorError("Open a pack first.")
        return self._with_own(opened, opened.history)

    def case(self, opened: OpenedPack, decided: Decided) -> CaseInPack:
        """What the reviewer saw of a decision.  Raises `OperatorError` where the pack can't be read."""
        path = opened.path
        with closing(open_known(path)) as pack:
            try:
                return CaseInPack(decided, case_of(pack, decided), *said_of(pack, decided))
            except (sqlite3.Error, UnicodeDecodeError, ValueError, TypeError, LookupError, AttributeError) as error:
                raise OperatorError(f"{path} is damaged: {error}. Verify it; ask for another copy.") from error

    def compared(self, case: CaseInPack) -> CaseInPack:
        """The case with its pictures compared."""
        return replace(case, on_desk=self.pictures.compare(case.on_desk))

    def given(self, path: Path) -> tuple[Finding, ...]:
        """The opinions that were given on a pack here so far."""
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
        blind: bool, golden: bool, seconds: float = 0.0,
    ) -> Finding:  # fmt: skip
        """An opinion on a decision."""
        return Finding(
            decided.id, decided.reviewer, auditor, format_time(now), verdict, kind, ground, note, blind, golden,
            round(seconds, 1),
        )  # fmt: skip

    def _with_own(self, opened: OpenedPack, history: History) -> History:
        beside = findings_beside(opened.path)
        return with_findings(history, read_findings(beside)) if beside.exists() else history
