"""The evidence thread: the first case first, the reviewer before all, nothing starved."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest

from reviewer.services.evidence_thread import EvidenceThread
from reviewer.services.looking import Looking, Task
from reviewer.services.model import CaseRef
from reviewer.storage.threads import StoreThread
from tests.made import make_case

LONG = 30.0


class NotedLooking:
    """Notes what is looked at; goes on with each step when it is let."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.done = threading.Semaphore(0)
        self.go = threading.Semaphore(0)

    def look(self, task: Task) -> Callable[[], None]:
        assert self.go.acquire(timeout=LONG)
        self._note(task.ref.case_id)
        return lambda: self._note(f"wider {task.ref.case_id}")

    def look_at_a_reference(self) -> bool:
        return False

    def look_at_unseen(self, account: str, name: str) -> None:
        self._note(name)

    def _note(self, step: str) -> None:
        self.steps.append(step)
        self.done.release()

    def wait_for(self, count: int) -> list[str]:
        for _ in range(count):
            assert self.done.acquire(timeout=LONG), self.steps
        return self.steps


@pytest.fixture
def looking() -> NotedLooking:
    return NotedLooking()


@pytest.fixture
def thread(tmp_path: Path, looking: NotedLooking) -> Iterator[EvidenceThread]:
    store = StoreThread(tmp_path / "store.sqlite3")
    store.start()
    made = EvidenceThread(store, cast("Looking", looking))
    yield made
    made.end()
    made.join()
    store.close()


def look_at(thread: EvidenceThread, *names: str) -> None:
    for number, name in enumerate(names):
        thread.look_at(CaseRef("a", name), make_case(number + 1), lambda: None)


def test_the_case_in_front_comes_first_then_the_wider_circles_then_the_unseen(
    thread: EvidenceThread, looking: NotedLooking
) -> None:
    thread.first = lambda: [CaseRef("a", "three"), CaseRef("a", "one")]
    look_at(thread, "one", "two", "three", "two")
    thread.look_at_unseen("a", ["picture", "picture"])
    thread.start()
    for _ in range(3):
        looking.go.release()
    assert looking.wait_for(7) == ["three", "one", "two", "wider three", "wider one", "wider two", "picture"]


def test_what_left_the_desk_is_not_looked_at(thread: EvidenceThread, looking: NotedLooking) -> None:
    thread.on_desk = lambda ref: ref.case_id != "gone"
    look_at(thread, "gone", "here")
    thread.start()
    looking.go.release()
    assert looking.wait_for(2) == ["here", "wider here"]


def test_quick_decisions_put_it_off_and_never_for_good(thread: EvidenceThread, looking: NotedLooking) -> None:
    look_at(thread, "one")
    thread.decided()
    thread.decided()
    thread.start()
    looking.go.release()
    assert looking.wait_for(2) == ["one", "wider one"]
