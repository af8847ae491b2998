"""A reviewer at a workstation without a window: a process that works, is killed, and comes back."""

from __future__ import annotations

import json
import os
import random
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keyring
import sqlite_utils
from keyring.backend import KeyringBackend
from keyring.errors import PasswordSetError

from reviewer.connectors.api import DecisionKind
from reviewer.errors import OperatorError
from reviewer.imaging.pictures import RefusedPicture
from reviewer.services import clock
from reviewer.services.audit_export import Scope, export_pack
from reviewer.services.model import CaseRef, Desk, Ruling
from reviewer.services.workstation import Options, Workstation
from reviewer.storage import database, outbox
from reviewer.storage.migrations import SCHEMA, run_script
from tests.crash.arming import Arming, arm, arm_connectors
from tests.crash.journal import Journal
from tests.fakes_connector import until

ACCOUNT = "harness"
_KINDS = (DecisionKind.TAKEDOWN, DecisionKind.CLEAR, DecisionKind.WARN, DecisionKind.ESCALATE)
#: A schema step of a newer program, in the shape of a real one: over rows that are there.
_NEWER = """
CREATE TABLE decision_mark (sequence INTEGER PRIMARY KEY REFERENCES decision (sequence), mark TEXT NOT NULL);
INSERT INTO decision_mark SELECT sequence, kind FROM decision;
CREATE INDEX decision_mark_mark ON decision_mark (mark);
ALTER TABLE outbox ADD COLUMN mark TEXT NOT NULL DEFAULT '';
UPDATE outbox SET mark = 'kept' WHERE state = 'settled';
CREATE TRIGGER decision_mark_is_kept BEFORE DELETE ON decision_mark
BEGIN SELECT RAISE(ABORT, 'marks are never deleted'); END;
"""


@dataclass(frozen=True, slots=True)
class Life:
    """One run of the program on a folder, from its start to its end or its kill."""

    folder: Path
    url: str
    token: str
    seed: int
    steps: int
    delay_s: float = 0.0
    arming: Arming | None = None
    newer: bool = False
    checkpoints: bool = False
    export: bool = False
    drain: bool = True


class NoPictures:
    """In the place of the decode workers: the cases of the crash tests have no pictures."""

    protection = "full"
    protection_reason = ""

    def __init__(self, _workers: int) -> None:
        """Start nothing."""

    def submit(self, *_: object, **__: object) -> Future[RefusedPicture]:
        """Refuse every picture."""
        answer: Future[RefusedPicture] = Future()
        answer.set_result(RefusedPicture("unavailable", "There is no decoder in this test."))
        return answer

    def close(self) -> None:
        """End nothing."""


class _OneToken(KeyringBackend):
    """A keyring that has the same token for every account, and no room for a signing key: that is a file."""

    priority = 1.0

    def __init__(self, token: str) -> None:
        super().__init__()
        self._token = token

    def get_password(self, service: str, username: str) -> str | None:
        return None if service.endswith("-signing") else json.dumps({"token": self._token})

    def set_password(self, service: str, username: str, password: str) -> None:
        if service.endswith("-signing"):
            raise PasswordSetError(username)


def newer_program() -> None:
    """From here on this process is a program whose schema has one more step."""

    @SCHEMA(name="a_later_one")
    def a_later_one(store: sqlite_utils.Database) -> None:
        run_script(store, _NEWER)


def live(life: Life, hears: int) -> None:
    """Run the program for one life.  A byte on `hears` is the reviewer's press on “try again now”."""
    if life.newer:
        newer_program()
    arm(life.arming)
    arm_connectors(life.arming)
    keyring.set_keyring(_OneToken(life.token))
    vars(sys.modules[Workstation.__module__])["DecodePool"] = NoPictures
    if life.checkpoints:
        database.CHECKPOINT_BYTES = 0
    workstation = Workstation(Options(life.folder, sending_delay_s=life.delay_s, decode_workers=1, evidence=False))
    threading.Thread(target=_listen, args=(workstation, hears), daemon=True).start()
    journal = Journal(life.folder / "journal")
    journal.start(len(workstation.delivery.history()))
    try:
        Reviewer(workstation, life, journal).work()
    finally:
        workstation.close()
        journal.close()


def _listen(workstation: Workstation, hears: int) -> None:
    while os.read(hears, 1):
        workstation.intake.wake(retry=True)


class Reviewer:
    """Presses keys: decisions of several kinds, batches, undo before and after sending, skips."""

    def __init__(self, workstation: Workstation, life: Life, journal: Journal) -> None:
        self._workstation = workstation
        self._life = life
        self._journal = journal
        self._random = random.Random(life.seed)
        self._made: list[tuple[str, str, tuple[str, ...]]] = []

    def work(self) -> None:
        """A life's key presses, then the drain."""
        self._connect()
        for _ in range(self._life.steps):
            if not self._step():
                break
        if self._life.export:
            self._export()
        if self._life.drain:
            self.drain()

    def drain(self) -> None:
        """Until nothing is unsent."""
        self._workstation.delivery.send_now()
        self._until(lambda: self._store(outbox.counts)[0] == 0)

    def _connect(self) -> None:
        rows = self._workstation.accounts.accounts()
        if rows:
            self._workstation.start().result()
        else:
            self._workstation.accounts.use_for_this_run(ACCOUNT, "Bazaar", self._life.url, self._life.token)

    def _step(self) -> bool:
        if self._life.steps and not self._until(self._desk_has_something):
            return False
        roll = self._random.random()
        if roll < 0.16 and self._made:
            self._undo()
        elif roll < 0.24:
            self._skip()
        elif roll < 0.32:
            self._let_some_go_out()
        elif roll < 0.40:
            self._decide(2)
        else:
            self._decide(1)
        return True

    def _decide(self, count: int) -> None:
        desk = self._desk()
        entries = [entry for entry in (desk.current, *desk.upcoming) if entry is not None][:count]
        if not entries:
            return
        refs = tuple(entry.ref for entry in entries)
        kind = self._random.choice(_KINDS)
        ruling = Ruling(refs[0], kind, note="Vinted tag, no hologram", seconds=2.5, confirm_changed=True)
        cases = tuple(ref.case_id for ref in refs)
        self._journal.begin("decide", kind, cases)
        try:
            self._call(lambda: self._workstation.review.decide_batch(refs, ruling))
        except OperatorError:
            self._journal.end("refused")  # its case left the desk meanwhile
            return
        self._journal.end("shown")
        self._made.append(("decide", kind, cases))

    def _undo(self) -> None:
        op, kind, cases = self._made[-1]
        self._journal.begin("undo" if op == "decide" else "undo skip", kind, cases)
        self._call(self._workstation.review.undo)
        self._journal.end("shown")
        self._made.pop()

    def _skip(self) -> None:
        current = self._desk().current
        if current is None:
            return
        ref: CaseRef = current.ref
        self._journal.begin("skip", "", (ref.case_id,))
        self._call(lambda: self._workstation.review.skip(ref))
        self._journal.end("shown")
        self._made.append(("skip", "", (ref.case_id,)))

    def _let_some_go_out(self) -> None:
        self._workstation.delivery.send_now()
        before = self._store(outbox.counts)[0]
        if before:
            self._until(lambda: self._store(outbox.counts)[0] < before)

    def _export(self) -> None:
        folder = self._life.folder
        for _ in range(3):
            self._decide(1)
            self._workstation.delivery.export_outbox(folder / "outbox.json")
            if self._workstation.delivery.history():
                export_pack(folder, folder / "history.pack", Scope(), clock.now())

    def _desk_has_something(self) -> bool:
        return self._desk().current is not None

    def _desk(self) -> Desk:
        desk: Desk = self._call(self._workstation.review.desk)
        return desk

    def _call(self, call: Callable[[], Any]) -> Any:
        return self._workstation.on_desk(call).result()

    def _store(self, call: Callable[[Any], Any]) -> Any:
        return self._workstation._store.run(call)

    def _until(self, holds: Callable[[], Any]) -> Any:
        return until(holds, self._workstation.notifier, patience=60.0)
