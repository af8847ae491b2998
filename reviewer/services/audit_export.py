"""An audit pack from a workstation's store: whole, or by time, reviewer, marketplace and ground."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import msgspec

from reviewer.audit import recording
from reviewer.audit.pack import PackFile, PackWriter
from reviewer.audit.pins import NAME, Pin, add_pins, pin_file_beside, write_pins
from reviewer.audit.verifier import decided_values
from reviewer.domain.case import Case
from reviewer.domain.values import format_time
from reviewer.errors import OperatorError
from reviewer.imaging.review_size import ReviewSizes
from reviewer.ledger.heads import Head, sign_checkpoint
from reviewer.services import vouched
from reviewer.services.desk_statements import Beside
from reviewer.services.export import STORE
from reviewer.services.pictures import PictureCache
from reviewer.services.signing import signing_key
from reviewer.storage import evidence, heads
from reviewer.storage.database import Database
from reviewer.storage.heads import LogRow


@dataclass(frozen=True, slots=True)
class Scope:
    """What goes into a pack; an empty field leaves nothing out.  Times are RFC 3339 texts, `until` is exclusive."""

    since: str = ""
    until: str = ""
    reviewer: str = ""
    marketplace: str = ""
    ground: str = ""
    pseudonymous: bool = False

    def told(self) -> dict[str, str]:
        """For the manifest."""
        told = {name: getattr(self, name) for name in ("since", "until", "reviewer", "marketplace", "ground")}
        return {name: value for name, value in told.items() if value} | (
            {"pseudonymous": "yes"} if self.pseudonymous else {}
        )

    def has(self, content: dict[str, object], marketplace: str) -> bool:
        """Whether a decision goes in."""
        made = content["decision"]
        if not isinstance(made, dict):
            return False
        at = str(made["decided_at"])
        return (
            (not self.since or at >= self.since)
            and (not self.until or at < self.until)
            and (not self.reviewer or content["reviewer"] == self.reviewer)
            and (not self.marketplace or marketplace == self.marketplace)
            and (not self.ground or made["ground"] == self.ground)
        )


def export_pack(
    folder: Path,
    out: Path,
    scope: Scope,
    now: datetime,
    tell: Callable[[str], None] = lambda _: None,
    *,
    pictures: bool = True,
) -> tuple[int, str]:
    """Write a pack of a data folder's store; answers how many decisions are in it and the key that signed it.

    `tell` gets the progress in words; what it raises ends the work, and nothing is left of the file.  Without
    `pictures` their bytes stay out.  The store is only read, also while the workstation is open on it.  Raises
    `OperatorError` where there is no store, nothing to export, or the file can't be written.
    """
    store = folder / STORE
    if not store.is_file():
        raise OperatorError(f"There is no store in {folder}. Name the data folder of the workstation (--data).")
    key = signing_key(folder)
    database = Database(store, read_only=True)
    try:
        database.refuse_newer()
        log = heads.log_name(database) or f"desk-{key.public[:16]}"
        with PackFile(out) as file:
            export = _Export(PackWriter(file), database, log, scope, PictureCache(folder / "pictures"))
            for row in heads.log_rows(database):
                export.add(row)
                if row.sequence % 1_000 == 0:
                    tell(f"{row.sequence} decisions")
            if not export.writer.rows("chain"):
                raise OperatorError(f"Nothing was decided in {folder} yet: there is nothing to export.")
            export.finish(tell if pictures else None)
            size, root = export.writer.head(log)
            hubs = vouched.write_vouchers(export.writer, database, log, key, now)
            known = [signed for signed in heads.checkpoints(database) if signed.head.log == log]
            if not known or known[-1].head.size != size:
                known.append(sign_checkpoint(key, Head(log, size, root, format_time(now))))
            for signed in known:
                recording.write_head(export.writer, "checkpoints", signed)
            export.writer.seal(key, format_time(now), "Workstation history", scope.told())
            file.complete()
    finally:
        database.close()
    pins = {log: Pin(key.public, "this workstation", size, root), **hubs}
    write_pins(pin_file_beside(out), pins)
    add_pins(folder / NAME, pins)
    return export.writer.rows("decisions"), key.public


class _Export:
    """Rows of a store on their way into a pack."""

    def __init__(self, writer: PackWriter, database: Database, log: str, scope: Scope, cache: PictureCache) -> None:
        self.writer = writer
        self._database = database
        self._log = log
        self._scope = scope
        self._cache = cache
        self._revisions: set[tuple[str, str]] = set()
        self._pictures: set[str] = set()
        self._names = Pseudonyms() if scope.pseudonymous else None
        self._more = Beside(writer, database, named=not scope.pseudonymous)

    def add(self, row: LogRow) -> None:
        """A row of the log: whole, or as its digest alone where it is not asked for."""
        content = msgspec.json.decode(row.content, type=dict[str, object])
        marketplace = row.listing.marketplace if row.listing else row.case.marketplace if row.case else ""
        if not self._scope.has(content, marketplace):
            self.writer.add_chain(self._log, row.sequence, row.previous, None, row.digest)
            return
        told = recording.Told(
            self._log, row.sequence, row.previous, row.content, row.digest, row.salt, row.text, "", row.delivery,
            row.title, marketplace, recording.due_measure(content, row.text),
        )  # fmt: skip
        if self._names is None:
            recording.write_decision(self.writer, told, row.case, content)
        else:
            self.writer.add_chain(self._log, row.sequence, row.previous, None, row.digest)
            content["reviewer"] = self._names.of(str(content["reviewer"]))
            bare = replace(told, salt=None, text=None)
            recording.write_beside(self.writer, bare, decided_values(content), self._names.case(row.case))
        self._more.add(row, content)
        self._beside(row)

    def _beside(self, row: LogRow) -> None:
        listing = row.listing or (row.case.listing if row.case else None)
        if listing is None:
            return
        names = [picture.sha256 for picture in listing.pictures]
        if (listing.id, listing.revision) not in self._revisions:
            self._revisions.add((listing.id, listing.revision))
            recording.write_revision(self.writer, listing, row.seen_at)
        self._pictures.update(names)
        if row.case is not None:
            self._pictures.update(p.sha256 for item in row.case.references for p in item.pictures)
        for name in dict.fromkeys(names):
            for other, found in evidence.all_matches(self._database, name):
                values = (self._log, row.sequence, name, other, "compared", found.kind, found.method, None)
                self.writer.add("matches", values)
                self._pictures.add(other)

    def finish(self, tell: Callable[[str], None] | None) -> None:
        """The pictures that are on this disk, unless `tell` is None, and the rules."""
        names = sorted(self._cache.here(self._pictures)) if tell is not None else []
        with closing(ReviewSizes()) as sizes:
            for number, name in enumerate(names, 1):
                data = self._cache.read(name)
                if data is not None:
                    self.writer.add("pictures", (name, *sizes.of(data)))
                if tell is not None and number % 100 == 0:
                    tell(f"{number} of {len(names)} pictures")
        for version, body in heads.policies(self._database):
            self.writer.add("policies", (version, body))


class Pseudonyms:
    """Names that stand for people within one pack; the secret behind them is forgotten with it."""

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)

    def of(self, name: str) -> str:
        """The same for the same name."""
        return "p-" + hmac.new(self._secret, name.encode(), hashlib.sha256).hexdigest()[:12] if name else ""

    def case(self, case: Case | None) -> Case | None:
        """A case whose seller and claimants are not named."""
        if case is None:
            return None
        seller = replace(
            case.seller, id=self.of(case.seller.id), display_name=self.of(case.seller.display_name), links=()
        )
        flags = tuple(replace(flag, claimant=self.of(flag.claimant), explanation="") for flag in case.flags)
        notices = tuple(
            replace(notice, claimant=self.of(notice.claimant), claimant_id=self.of(notice.claimant_id), statement="",
                    right=None, checks=(), asked=())
            for notice in case.notices
        )  # fmt: skip
        return replace(case, seller=seller, flags=flags, notices=notices)
