"""The program as processes: a second start, the end by a signal, the end by force, and starts that are refused."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest
import sqlite_utils
from PySide6.QtCore import QProcess
from pytestqt.qtbot import QtBot

from reviewer.app import open_door
from reviewer.services.demo_hub import RunningHub
from reviewer.tour.oracle import HubView
from tests.gui.real.conftest import PATIENCE_MS, Sitting

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and process trees are those of POSIX")


def start(*arguments: str) -> subprocess.Popen[str]:
    """A Python process of the program, without a display and without a keyring."""
    environment = os.environ | {
        "QT_QPA_PLATFORM": "offscreen",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, *arguments]
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def until(holds: Callable[[], object], seconds: float = 40.0) -> None:
    """Look again and again; a wait that ends in vain fails."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "what was waited for did not happen"
        time.sleep(0.02)


@pytest.fixture
def end() -> Iterator[Callable[[subprocess.Popen[str]], None]]:
    """Remembers processes: whatever a test leaves of them is ended."""
    known: list[subprocess.Popen[str]] = []
    yield known.append
    for process in known:
        if process.poll() is None:
            process.kill()
        process.communicate()


def cases_on_desk(folder: Path) -> int:
    """How many cases a running program has brought in."""
    path = folder / "workstation.sqlite3"
    if not path.exists():
        return 0
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            return int(database.execute("SELECT count(*) FROM desk_case").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def test_a_second_start_brings_the_first_to_the_front(
    qtbot: QtBot, open_desktop: Callable[..., Sitting], tmp_path: Path
) -> None:
    folder = tmp_path / "desk"
    sitting = open_desktop(folder)
    door = open_door(folder, sitting.desktop)
    sitting.window.showMinimized()
    second = QProcess()
    with qtbot.waitSignal(second.finished, timeout=PATIENCE_MS):
        second.start(sys.executable, [str(ROOT / "main.py"), "--data", str(folder)])
    assert second.exitStatus() == QProcess.ExitStatus.NormalExit
    assert second.exitCode() == 0
    assert sitting.window.isVisible()
    assert not sitting.window.isMinimized()
    door.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_no_end_leaves_a_process(
    tmp_path: Path, end: Callable[[subprocess.Popen[str]], None], number: signal.Signals
) -> None:
    first = start("main.py", "--demo", "--data", str(tmp_path / "desk"))
    end(first)
    until(lambda: first.poll() is not None or cases_on_desk(tmp_path / "desk") >= 8)
    assert first.poll() is None
    family = psutil.Process(first.pid).children(recursive=True)
    assert any("hub" in child.cmdline() for child in family)
    assert any("reviewer.imaging.worker" in child.cmdline() for child in family)
    first.send_signal(number)
    first.wait(20)
    assert first.returncode == (0 if number == signal.SIGTERM else -number)
    assert psutil.wait_procs(family, timeout=20)[1] == []


def test_what_was_killed_goes_on_where_it_was(
    open_desktop: Callable[..., Sitting],
    hub: RunningHub,
    hub_view: HubView,
    tmp_path: Path,
    end: Callable[[subprocess.Popen[str]], None],
) -> None:
    folder = tmp_path / "desk"
    child = start("-m", "tests.gui.real.child", str(folder), hub.url, hub.tokens["reviewer"])
    end(child)
    assert child.stdout is not None
    line = child.stdout.readline()
    assert line, child.communicate()[1]
    said = json.loads(line)
    family = [psutil.Process(pid) for pid in said["workers"]]
    assert family
    child.kill()
    child.wait(20)
    assert psutil.wait_procs(family, timeout=20)[1] == []

    reviewer = hub_view.reviewer()
    assert not {row["decision"]["case_id"] for row in hub_view.decisions(reviewer)} & set(said["decided"])
    sitting = open_desktop(folder, sending_delay_s=1.0)
    sitting.work_at(hub)
    assert sitting.current is not None
    assert sitting.current.case_id == said["case"]
    assert sitting.screen.bar.note.text() == "half a thou"
    sizes = sitting.screen.splitters()["review_across"].sizes()
    assert sizes[0] / sum(sizes) == pytest.approx(said["sizes"][0] / sum(said["sizes"]), abs=0.03)
    sitting.until(lambda: sitting.window.head.unsent.text() == "0 unsent")
    held = [row["decision"]["case_id"] for row in hub_view.decisions(reviewer)]
    assert [held.count(case) for case in said["decided"]] == [1, 1]
    assert sitting.total == 2


def test_a_store_of_a_newer_program_is_left_alone(tmp_path: Path, open_desktop: Callable[..., Sitting]) -> None:
    folder = tmp_path / "desk"
    open_desktop(folder).desktop.close()
    path = folder / "workstation.sqlite3"
    with closing(sqlite3.connect(path)) as database:
        migrations = sqlite_utils.Database(database).table("_sqlite_migrations")
        row = next(iter(migrations.rows))
        migrations.insert({key: value for key, value in row.items() if key != "id"} | {"name": "m9999_of_tomorrow"})
    before = path.read_bytes()
    process = start("main.py", "--data", str(folder))
    words = process.communicate(timeout=30)[1]
    assert process.returncode == 2
    assert "was made by a newer version of the program. Nothing was changed. Install the newer version" in words
    assert path.read_bytes() == before


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "desk").write_text("a file lies here")
    process = start("main.py", "--data", str(tmp_path / "desk"))
    words = process.communicate(timeout=30)[1]
    assert process.returncode == 2
    assert "can't be written to. Make it writable for your account, or start with another data folder" in words
    assert "Traceback" not in words
    assert (tmp_path / "desk").read_text() == "a file lies here"
