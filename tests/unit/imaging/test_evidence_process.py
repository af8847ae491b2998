"""The evidence process: asked, killed, restarted, ended with its parent."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil
import pytest

from reviewer.errors import BugError
from reviewer.imaging.evidence import Evidence, EvidenceLost, IndexSource, UnknownReferences
from reviewer.imaging.pictures import Decoded
from tests.unit.imaging.pictures import LONG
from tests.unit.imaging.test_evidence_matching import scene


def decoded(seed: int) -> Decoded:
    pixels = np.asarray(scene(seed))[..., ::-1]
    four = np.dstack([pixels, np.full(pixels.shape[:2], 255, dtype=np.uint8)])
    height, width = pixels.shape[:2]
    return Decoded(width, height, 4 * width, four.tobytes(), width, height, "PNG", 1)


@pytest.fixture
def evidence() -> Iterator[Evidence]:
    with Evidence() as door:
        yield door


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def kill(door: Evidence) -> int:
    assert door.pid is not None
    pid = door.pid
    os.kill(pid, signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)
    return pid


def test_a_picture_is_matched_against_candidates(evidence: Evidence) -> None:
    matches = evidence.match(decoded(1), [("one", decoded(1)), ("two", decoded(2))]).result(LONG)
    assert [(match.reference, match.kind) for match in matches] == [("one", "same photo")]


def test_known_references_are_not_sent_again(evidence: Evidence) -> None:
    assert evidence.learn("one", decoded(1)).result(LONG) > 50
    assert [match.reference for match in evidence.match_known(decoded(1)).result(LONG)] == ["one"]
    assert evidence.forget(["one", "two"]).result(LONG) == 1
    with pytest.raises(UnknownReferences) as raised:
        evidence.match_known(decoded(1), ["one"]).result(LONG)
    assert raised.value.names == ("one",)


def test_killed_while_idle_it_is_started_again(evidence: Evidence) -> None:
    candidates = [("one", decoded(1))]
    evidence.match(decoded(1), candidates).result(LONG)
    pid = kill(evidence)
    assert evidence.match(decoded(1), candidates).result(LONG)[0].kind == "same photo"
    assert evidence.pid != pid


def test_killed_at_work_the_question_is_asked_again(evidence: Evidence) -> None:
    evidence.learn("one", decoded(1)).result(LONG)
    futures = [evidence.match(decoded(1), [("one", decoded(1))]) for _ in range(12)]
    kill(evidence)
    assert all(future.result(LONG)[0].kind == "same photo" for future in futures)


def test_a_process_that_does_not_start_is_said(tmp_path: Path) -> None:
    with Evidence(command=[sys.executable, "-c", "raise SystemExit(3)"]) as door, pytest.raises(EvidenceLost):
        door.fingerprint(decoded(1)).result(LONG)


def test_a_process_that_hangs_is_ended() -> None:
    hello = "import sys, time; sys.stdin.buffer.read(1); time.sleep(60)"
    with Evidence(command=[sys.executable, "-c", hello], seconds=0.2) as door:
        future = door.fingerprint(decoded(1))
        door.close()
        with pytest.raises(EvidenceLost):
            future.result(LONG)


def test_it_ends_with_the_door() -> None:
    door = Evidence()
    door.fingerprint(decoded(1)).result(LONG)
    pid = door.pid
    assert pid is not None
    door.close()
    assert gone(pid)
    with pytest.raises(BugError):
        door.fingerprint(decoded(1))


@pytest.mark.skipif(sys.platform != "linux", reason="the scheduler's classes are Linux's")
def test_in_the_background_it_comes_last() -> None:
    with Evidence() as door:
        door.fingerprint(decoded(1)).result(LONG)
        assert door.pid is not None
        assert psutil.Process(door.pid).nice() == 19
        assert os.sched_getscheduler(door.pid) == os.SCHED_BATCH
    with Evidence(background=False) as door:
        door.fingerprint(decoded(1)).result(LONG)
        assert door.pid is not None
        assert psutil.Process(door.pid).nice() == psutil.Process().nice()


def test_it_ends_with_a_killed_parent() -> None:
    program = (
        "from reviewer.imaging.evidence import Evidence\n"
        "import time\n"
        "door = Evidence()\n"
        "door.search([bytes(32)], 1).exception(30)\n"
        "print(door.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent, parent.stdout:
        pid = int(parent.stdout.readline())
        assert not gone(pid)
        parent.kill()
        parent.wait()
    with suppress(psutil.NoSuchProcess):
        psutil.Process(pid).wait(LONG)
    assert gone(pid)


def test_fingerprints_are_added_searched_and_removed_and_outlive_the_process(tmp_path: Path) -> None:
    asked: list[int] = []

    def rebuild() -> list[tuple[int, bytes]]:
        asked.append(1)
        return [(1, bytes(range(32)))]

    source = IndexSource(tmp_path / "index", rebuild)
    with Evidence(source) as door:
        code = door.fingerprint(decoded(1)).result(LONG)
        assert (code.algorithm, len(code.searched)) == ("pdq", 8 * len(code.stored))
        assert door.search([bytes(range(32))], 0).result(LONG) == [(1, 0)]
        assert door.add([(2, code.stored[0])]).result(LONG) == 1
        kill(door)
        assert door.search(code.searched, 31).result(LONG) == [(2, 0)]
        assert door.save().result(LONG) == 2
        assert door.remove([2]).result(LONG) == 1
    with Evidence(source) as door:
        assert door.search(code.searched, 31).result(LONG) == []
    assert asked == [1]


def test_a_damaged_index_is_built_again(tmp_path: Path) -> None:
    source = IndexSource(tmp_path / "index", lambda: [(7, bytes(32))])
    (tmp_path / "index").write_bytes(b"not an index")
    with Evidence(source) as door:
        assert door.search([bytes(32)], 0).result(LONG) == [(7, 0)]
    with Evidence(IndexSource(tmp_path / "index", lambda: [])) as door:
        assert door.search([bytes(32)], 0).result(LONG) == [(7, 0)]


def test_wrong_questions_are_refused_and_the_process_goes_on(evidence: Evidence) -> None:
    with pytest.raises(BugError, match="no index"):
        evidence.search([bytes(32)], 1).result(LONG)
    with pytest.raises(BugError, match="32 bytes"):
        evidence.add([(1, b"short")]).result(LONG)
    cut = Decoded(10, 10, 40, b"\0" * 12, 10, 10, "PNG", 1)
    with pytest.raises(BugError, match="12 bytes"):
        evidence.fingerprint(cut).result(LONG)
    assert evidence.fingerprint(decoded(1)).result(LONG).quality > 50


def test_the_door_imports_no_picture_library() -> None:
    program = (
        "import sys; import reviewer.imaging.evidence;"
        " print([name for name in ('cv2', 'faiss', 'numpy', 'PIL') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
