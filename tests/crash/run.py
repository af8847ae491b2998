"""One run: a desk and a hub, a kill at a point, the way back, the judgement."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from tests.crash.arming import Arming
from tests.crash.desk import Life, live, newer_program
from tests.crash.hub import Hub
from tests.crash.oracle import Judgement, judge
from tests.crash.processes import Child, fork

HUB_POINTS = ("C9", "C10", "C11")
#: Killed there the interrupted key press has left nothing behind; at C5 it is there whole.
_NOTHING = ("C0", "C1", "C2", "C3", "C4")
#: Where a program that comes back may be killed again.
_AGAIN = ("C6", "C7", "C8", "C12", "C13", "C14", "C15")
_KILLED = -signal.SIGKILL
#: The longest stretch of passings that a run of that many key presses surely reaches.
_PASSINGS = {"C15": 12, "C16": 48, "C17": 6, "C6": 2, "C7": 2, "C8": 2, "C9": 2, "C10": 2, "C11": 2, "C12": 2,
             "C13": 2, "C14": 2}  # fmt: skip
_STEPS = 9


@dataclass(slots=True)
class Outcome:
    """What one run gave: `kills` is 0 where the point was never reached."""

    point: str
    seed: int
    kills: int = 0
    acked: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    torn: list[str] = field(default_factory=list)
    fault: str = ""


class Broken(Exception):
    """The run itself went wrong: a process failed or hung."""


def run(point: str, seed: int, template: Path, place: Path, keep: Path | None = None) -> Outcome:
    """One run in a folder of its own, which is removed where all is well; `keep` gets a copy first."""
    outcome = Outcome(point, seed)
    folder = place / f"{point}-{seed}"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "desk").mkdir(parents=True)
    try:
        _Run(outcome, template, folder).go()
    except Broken as error:
        outcome.fault = str(error)
    if keep is not None:
        shutil.copytree(folder, keep, dirs_exist_ok=True)
    if not (outcome.fault or outcome.lost or outcome.doubled or outcome.torn):
        shutil.rmtree(folder)
    return outcome


class _Run:
    def __init__(self, outcome: Outcome, template: Path, folder: Path) -> None:
        self._outcome = outcome
        self._folder = folder
        self._random = random.Random(f"{outcome.point}/{outcome.seed}")
        self._hub = Hub.copied(template, folder / "hub")
        self._upgrade = outcome.point == "C16" and outcome.seed % 2 == 1
        chosen = self._random
        self._life = Life(
            folder / "desk", "", "reviewer-1", outcome.seed, _STEPS,
            delay_s=chosen.choice((0.0, 0.0, 0.02, 0.2)), checkpoints=outcome.point == "C15" or chosen.random() < 0.2,
            export=outcome.point == "C17" or chosen.random() < 0.05,
        )  # fmt: skip

    def go(self) -> None:
        point, chosen = self._outcome.point, self._random
        arming = Arming(point, chosen.randint(1, _PASSINGS.get(point, 5)))
        if point == "C15" and chosen.random() < 0.5:
            arming = replace(arming, after_s=chosen.uniform(0.0001, 0.003))
        try:
            if point in HUB_POINTS:
                self._hub_dies(arming)
            else:
                self._desk_dies(arming)
            self._come_back()
        finally:
            self._hub.kill()
        judgement = self._judged()
        self._outcome.acked, self._outcome.lost = judgement.acked, judgement.lost
        self._outcome.doubled, self._outcome.torn = judgement.doubled, judgement.torn

    def _desk_dies(self, arming: Arming) -> None:
        self._hub.start()
        self._life = replace(self._life, url=self._hub.url)
        if self._upgrade:
            self._end(self._start(replace(self._life, drain=False)), must_live=True)
            self._life = replace(self._life, newer=True, seed=self._life.seed + 1)
            arming = replace(arming, nth=1 + arming.nth % 6)
        while True:
            if self._end(self._start(replace(self._life, arming=arming))):
                return
            if arming.nth == 1:
                raise Broken(f"{arming.point} was not reached")
            if arming.point == "C16" and not self._upgrade:
                shutil.rmtree(self._life.folder)
                self._life.folder.mkdir()
            arming = replace(arming, nth=max(1, arming.nth // 3), after_s=0.0)
            self._life = replace(self._life, seed=self._life.seed + 100_000)

    def _hub_dies(self, arming: Arming) -> None:
        """The hub is killed at its point and comes back; the desk goes on all the while."""
        while not self._outcome.kills:
            deaths = self._random.choice((1, 1, 2))
            self._hub.start(arming)
            self._life = replace(self._life, url=self._hub.url)
            desk = self._start(self._life)
            while os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT).si_pid != desk.pid:  # type: ignore[union-attr]
                code = self._hub.wait()
                if code != _KILLED:
                    raise Broken(f"the hub ended with {code}: {self._hub.words()}")
                self._outcome.kills += 1
                deaths -= 1
                self._hub.start(replace(arming, nth=1) if deaths > 0 else None)
                desk.tell()
            self._end(desk, must_live=True)
            if not self._outcome.kills:
                if arming.nth == 1:
                    raise Broken(f"{arming.point} was not reached")
                self._hub.kill()
                arming = replace(arming, nth=1)
                self._life = replace(self._life, seed=self._life.seed + 100_000)

    def _come_back(self) -> None:
        """The program starts again on what the kill left, and sometimes is killed in that, too."""
        life = replace(self._life, steps=0, export=False)
        if self._random.random() < 0.35:
            again = Arming(self._random.choice(_AGAIN), self._random.randint(1, 2))
            self._end(self._start(replace(life, arming=again)))
        if self._random.random() < 0.3:
            life = replace(life, steps=2, seed=self._life.seed + 7)
        self._end(self._start(life), must_live=True)

    def _start(self, life: Life) -> Child:
        return fork(lambda hears, _: live(life, hears), self._folder / "desk.log")

    def _end(self, child: Child, *, must_live: bool = False) -> bool:
        """Whether it was killed by its failpoint."""
        code = child.wait()
        if code == _KILLED and not must_live:
            self._outcome.kills += 1
            return True
        if code != 0:
            raise Broken(f"the desk ended with {code}: {child.words()}")
        return False

    def _judged(self) -> Judgement:
        """In a process of its own: the judge of a newer program's store must be a newer program."""
        whole = False if self._outcome.point in _NOTHING else True if self._outcome.point == "C5" else None
        answer = self._folder / "judgement.json"

        def main(_hears: int, _says: int) -> None:
            if self._life.newer:
                newer_program()
            found = judge(self._folder / "desk", self._folder / "hub", all_or_nothing=whole)
            answer.write_text(json.dumps(asdict(found)), encoding="utf-8")

        child = fork(main, self._folder / "judge.log")
        if child.wait() != 0:
            raise Broken(f"the judge failed: {child.words()}")
        return Judgement(**json.loads(answer.read_text(encoding="utf-8")))
