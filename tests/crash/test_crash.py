"""A share of the soak: each crash point with two seeds; and that the judge sees what is wrong."""

from __future__ import annotations

import ast
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from reviewer import failpoints
from reviewer.failpoints import POINTS, failpoint
from tests.crash.oracle import judge

ROOT = Path(__file__).parents[2]


def soak(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.crash.soak", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)


@pytest.mark.timeout(250)
def test_every_point_with_two_seeds() -> None:
    ran = soak("--seeds", "2")
    line = ran.stdout.splitlines()[-1]
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert re.fullmatch(r"soak: points=18 seeds=2 kills=\d+ acked=\d+ lost=0 doubled=0 torn=0", line)


def test_every_point_is_in_the_program() -> None:
    """Those inside of the HTTP library are in the taps."""
    passed = set()
    sources = [*(ROOT / "reviewer").rglob("*.py"), ROOT / "tests" / "crash" / "arming.py"]
    for source in sources:
        for node in ast.walk(ast.parse(source.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "failpoint":
                passed |= {ast.literal_eval(node.args[0])}
    assert passed == set(POINTS)


def test_nothing_in_the_program_arms_a_point() -> None:
    for folder in ("reviewer", "plugins"):
        for source in (ROOT / folder).rglob("*.py"):
            text = source.read_text("utf-8")
            imported = re.findall(r"^.*import.*failpoint.*$", text, re.M)
            assert set(imported) <= {"from reviewer.failpoints import failpoint"}, source


def test_an_armed_point_is_told_and_a_disarmed_one_is_not() -> None:
    passed: list[str] = []
    failpoints.arm(passed.append)
    try:
        failpoint("C5")
    finally:
        failpoints.arm(None)
    failpoint("C6")
    assert passed == ["C5"]


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a good run left: a desk and its hub."""
    place = tmp_path_factory.mktemp("left")
    ran = soak("--seeds", "1", "--points", "C14", "--keep", str(place))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return place


def delete_on_hub(desk: sqlite3.Connection, hub: sqlite3.Connection) -> None:
    hub.execute("DELETE FROM decisions WHERE seq = 1")


def decide_again_on_hub(desk: sqlite3.Connection, hub: sqlite3.Connection) -> None:
    columns = "case_id, reviewer_id, kind, received_at, body, body_sha256, status, detail, effects"
    hub.execute(
        f"INSERT INTO decisions (id, current, supersedes, {columns})"  # noqa: S608
        f" SELECT 'another', 0, '', {columns} FROM decisions WHERE seq = 1"
    )


def forget_at_desk(desk: sqlite3.Connection, hub: sqlite3.Connection) -> None:
    desk.execute("DROP TRIGGER audit_is_kept")
    desk.execute("DELETE FROM audit WHERE sequence = 1")


def forge_at_desk(desk: sqlite3.Connection, hub: sqlite3.Connection) -> None:
    desk.execute("DROP TRIGGER audit_is_final")
    desk.execute("UPDATE audit SET content = CAST(content || ' ' AS BLOB) WHERE sequence = 1")


def wait_at_desk(desk: sqlite3.Connection, hub: sqlite3.Connection) -> None:
    desk.execute("DROP TRIGGER outbox_settled_is_final")
    desk.execute("UPDATE outbox SET state = 'waiting' WHERE sequence = 1")


@pytest.mark.parametrize(
    ("damage", "where"),
    [
        (delete_on_hub, "lost"),
        (decide_again_on_hub, "doubled"),
        (forget_at_desk, "torn"),
        (forge_at_desk, "torn"),
        (wait_at_desk, "lost"),
    ],
)
def test_the_judge_sees(
    left: Path, tmp_path: Path, damage: Callable[[sqlite3.Connection, sqlite3.Connection], None], where: str
) -> None:
    for name in ("desk/workstation.sqlite3", "hub/hub.db", "desk/journal"):
        target = tmp_path / name
        target.parent.mkdir(exist_ok=True)
        target.write_bytes((left / name).read_bytes())
    assert judge(tmp_path / "desk", tmp_path / "hub").good
    desk_path, hub_path = tmp_path / "desk" / "workstation.sqlite3", tmp_path / "hub" / "hub.db"
    with closing(sqlite3.connect(desk_path)) as desk, closing(sqlite3.connect(hub_path)) as hub:
        damage(desk, hub)
        desk.commit()
        hub.commit()
    assert getattr(judge(tmp_path / "desk", tmp_path / "hub"), where)


def test_the_judge_sees_a_decision_that_was_shown_and_not_kept(left: Path, tmp_path: Path) -> None:
    for name in ("desk/workstation.sqlite3", "hub/hub.db", "desk/journal"):
        target = tmp_path / name
        target.parent.mkdir(exist_ok=True)
        target.write_bytes((left / name).read_bytes())
    with (tmp_path / "desk" / "journal").open("a") as journal:
        journal.write('{"op": "decide", "kind": "clear", "cases": ["c39"]}\n{"end": "shown"}\n')
    assert judge(tmp_path / "desk", tmp_path / "hub").lost


def test_the_judge_sees_an_export_that_is_neither_old_nor_new(tmp_path: Path) -> None:
    ran = soak("--seeds", "1", "--points", "C17", "--keep", str(tmp_path))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert judge(tmp_path / "desk", tmp_path / "hub").good
    for name in ("history.pack", "outbox.json"):
        whole = (tmp_path / "desk" / name).read_bytes()
        for damaged in (whole[: len(whole) // 2], b""):
            (tmp_path / "desk" / name).write_bytes(damaged)
            assert judge(tmp_path / "desk", tmp_path / "hub").torn, (name, len(damaged))
        (tmp_path / "desk" / name).write_bytes(whole)
