"""The pool and its workers as separate processes: lock-down, deaths, limits, order, endings."""

import csv
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from pathlib import Path

import psutil
import pytest

from reviewer.errors import BugError
from reviewer.imaging.child import worker_command, worker_environment
from reviewer.imaging.decoder import decode
from reviewer.imaging.pictures import MAX_BYTES, Decoded, RefusedPicture
from reviewer.imaging.pool import DecodePool
from tests.unit.imaging.pictures import LONG, encoded, photo, shared

linux = pytest.mark.skipif(sys.platform != "linux", reason="the lock-down is Linux's")
GOOD = encoded(photo(), "JPEG")
SPEAKS = """
import os, sys, time
from io import BufferedReader, FileIO
from reviewer.imaging.messages import *
source, sink = BufferedReader(FileIO(0, closefd=False)), FileIO(1, "wb", closefd=False)
write_message(sink, Hello("reduced", "a test", {}))
while (request := read_message(source, REQUEST)) is not None:
    data = read_exactly(source, request.length)
"""
"""A stand-in for the worker, told by the picture's bytes what to do."""
ANSWERS = """
    if data == b"die": os._exit(1)
    if data == b"hang": time.sleep(60)
    if data.startswith(b"tell "): open(data[5:], "wb").close(); time.sleep(60)
    if data == b"noise": os.write(1, b"x" * 5000)
    if data == b"grow": hog = bytearray(os.urandom(1 << 20) * 700); time.sleep(60)
    if data == b"slow": time.sleep(0.3)
    width = request.max_width + 1 if data == b"wide" else 1
    identity = request.identity + (data == b"other")
    picture = Picture(identity, 4 * width, width, 1, 4 * width, 1, 1, "PNG", 1, None)
    write_message(sink, picture, b"abcd" * width)
"""


def stand_in(workers: int = 1, seconds: float = 2.0, pictures_a_worker: int = 500) -> DecodePool:
    return DecodePool(
        workers,
        seconds=seconds,
        pictures_a_worker=pictures_a_worker,
        command=[sys.executable, "-P", "-c", SPEAKS + ANSWERS],
        environment=worker_environment(),
    )


def answer(future: "Future[Decoded | RefusedPicture]") -> Decoded | RefusedPicture:
    return future.result(LONG)


def test_it_gives_what_the_decoder_gives(pool: DecodePool) -> None:
    for kind in ("JPEG", "PNG", "WEBP", "GIF", "AVIF"):
        data = encoded(photo(), kind)
        mine = answer(pool.submit(data, 100, 100, fingerprint=True))
        assert isinstance(mine, Decoded)
        assert mine == decode(data, 100, 100, fingerprint=True)
    bare = answer(pool.submit(GOOD, 100, 100, fingerprint=True, pixels=False))
    assert isinstance(bare, Decoded)
    assert bare.pixels == b""
    assert bare.fingerprint is not None


def test_hostile_files_are_answered_in_time_and_no_worker_dies(pool: DecodePool) -> None:
    folder = shared("data", "hostile")
    assert pool.wait_ready(LONG, every=True)
    pids = pool.worker_pids()
    with (folder / "hostile.csv").open(newline="", encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    for row in rows:
        data = (folder / row["file"]).read_bytes()
        begun = time.monotonic()
        result = answer(pool.submit(data, 800, 800, fingerprint=True))
        assert time.monotonic() - begun < 2.5, row["file"]
        assert result == decode(data, 800, 800, fingerprint=True), row["file"]
        if "show it" in row["expected"] or "show the photo" in row["expected"] or "upright" in row["expected"]:
            assert isinstance(result, Decoded), row["file"]
        if "nothing may be opened" in row["expected"]:
            assert isinstance(result, RefusedPicture)
        if isinstance(result, RefusedPicture):
            assert result.code not in ("crashed", "timeout", "memory", "unavailable"), row["file"]
            assert result.reason
        if "orientation 6" in row["expected"]:
            assert isinstance(result, Decoded)
            assert result.width > result.height
    assert len(rows) > 100
    assert pool.worker_pids() == pids


@linux
def test_a_worker_is_fully_locked_in(pool: DecodePool) -> None:
    assert pool.wait_ready(LONG, every=True)
    hello = pool.hello
    assert hello is not None
    assert hello.checks == dict.fromkeys(("open", "socket", "exec", "fork"), "refused")
    assert (pool.protection, pool.protection_reason) == ("full", "")
    for pid in pool.worker_pids():
        with open(f"/proc/{pid}/status", encoding="ascii") as lines:
            status = dict(line.split(":", 1) for line in lines)
        assert status["NoNewPrivs"].strip() == "1"
        assert status["Seccomp"].strip() == "2"
        assert status["Threads"].strip() == "1"
        assert psutil.Process(pid).memory_info().rss < 120 * 1024 * 1024


FORBIDDEN = """
import os, socket, subprocess, ctypes, mmap
from reviewer.imaging.lockdown import lock_down
before = os.open("/etc/passwd", os.O_RDONLY)
protection = lock_down()
assert protection.level == "full", protection
tries = {
    "open": lambda: open("/etc/passwd"),
    "create": lambda: open("/tmp/made-by-a-worker", "w"),
    "read another file": lambda: os.read(before, 1),
    "stat": lambda: os.stat("/etc/passwd"),
    "list": lambda: os.listdir("/"),
    "unix socket": lambda: socket.socket(socket.AF_UNIX),
    "socket": lambda: socket.socket(socket.AF_INET),
    "exec": lambda: os.execv("/bin/true", ["true"]),
    "fork": os.fork,
    "kill": lambda: os.kill(os.getppid(), 0),
    "write elsewhere": lambda: os.write(2, b"x"),
    "executable memory": lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC),
}
for name, attempt in tries.items():
    try:
        attempt()
    except PermissionError:
        continue
    os.write(1, ("possible: " + name).encode())
os.write(1, b"done")
os._exit(0)
"""


@linux
def test_after_the_lock_down_nothing_can_be_opened_connected_or_started() -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-c", FORBIDDEN], env=worker_environment(), capture_output=True, timeout=30, check=True
    )
    assert done.stdout == b"done", done


@linux
def test_without_the_filter_the_protection_is_reduced_and_says_why() -> None:
    program = (
        "import sys; sys.modules['pyseccomp'] = None\n"
        "import runpy; runpy.run_module('reviewer.imaging.worker', run_name='__main__')"
    )
    command = [sys.executable, "-P", "-c", program]
    with DecodePool(1, command=command, environment=worker_environment()) as reduced:
        assert isinstance(answer(reduced.submit(GOOD, 100, 100)), Decoded)
        assert reduced.protection == "reduced"
        assert "libseccomp2" in reduced.protection_reason


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_killed_worker_costs_one_picture(tmp_path: Path) -> None:
    told = tmp_path / "told"
    os.mkfifo(told)
    with stand_in() as pool:
        assert pool.wait_ready(LONG)
        lost = pool.submit(b"tell " + os.fsencode(told), 10, 10)
        good = [pool.submit(b"ok", 10, 10) for _ in range(5)]
        told.read_bytes()  # until the worker has it in hand
        os.kill(pool.worker_pids()[0], signal.SIGKILL)
        result = answer(lost)
        assert isinstance(result, RefusedPicture)
        assert result.code == "crashed"
        assert all(isinstance(answer(future), Decoded) for future in good)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_worker_killed_while_idle_costs_nothing() -> None:
    with DecodePool(1) as pool:
        assert pool.wait_ready(LONG)
        os.kill(pool.worker_pids()[0], signal.SIGKILL)
        psutil.wait_procs([psutil.Process(pid) for pid in pool.worker_pids() if psutil.pid_exists(pid)], timeout=0.2)
        assert isinstance(answer(pool.submit(GOOD, 100, 100)), Decoded)


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"die", "crashed"), (b"hang", "timeout"), (b"noise", "crashed"), (b"wide", "crashed"), (b"other", "crashed")],
)
def test_a_worker_that_misbehaves_costs_one_picture(data: bytes, code: str) -> None:
    with stand_in(seconds=0.4) as pool:
        bad, good = pool.submit(data, 10, 10), pool.submit(b"ok", 10, 10)
        result = answer(bad)
        assert isinstance(result, RefusedPicture)
        assert result.code == code
        assert result.reason
        assert isinstance(answer(good), Decoded)


@linux
def test_a_worker_that_grows_is_ended() -> None:
    with stand_in(seconds=20) as pool:
        result = answer(pool.submit(b"grow", 10, 10))
        assert isinstance(result, RefusedPicture)
        assert result.code == "memory"
        assert isinstance(answer(pool.submit(b"ok", 10, 10)), Decoded)


def test_a_picture_that_needs_too_much_memory_is_refused_and_the_worker_lives(pool: DecodePool) -> None:
    data = encoded(photo(60, 40).resize((7300, 5400)), "WEBP", method=0, quality=10)
    result = answer(pool.submit(data, 800, 800))
    assert isinstance(result, RefusedPicture)
    assert result.code in ("memory", "timeout")
    assert isinstance(answer(pool.submit(GOOD, 100, 100)), Decoded)


def test_workers_are_renewed() -> None:
    with stand_in(pictures_a_worker=3) as pool:
        seen = set()
        for _ in range(10):
            assert isinstance(answer(pool.submit(b"ok", 10, 10)), Decoded)
            seen.update(pool.worker_pids())
        assert len(seen) >= 3


def test_urgent_first_and_cancelled_ones_are_dropped() -> None:
    with stand_in() as pool:
        assert pool.wait_ready(LONG)
        order: list[str] = []
        futures = {"first": pool.submit(b"slow", 10, 10)}
        while not futures["first"].running():
            time.sleep(0.01)
        for name in ("a", "b", "c"):
            futures[name] = pool.submit(b"ok", 10, 10)
        futures["urgent"] = pool.submit(b"ok", 10, 10, urgent=True)
        assert futures["b"].cancel()
        del futures["b"]
        names = {future: name for name, future in futures.items()}
        for future in names:
            future.add_done_callback(lambda done: order.append(names[done]))
        answer(futures["c"])
        pool.close()
        assert order == ["first", "urgent", "a", "c"]


def test_too_many_bytes_never_reach_a_worker(pool: DecodePool) -> None:
    assert isinstance(answer(pool.submit(GOOD + bytes(MAX_BYTES - len(GOOD)), 100, 100)), Decoded)
    result = pool.submit(GOOD + bytes(MAX_BYTES - len(GOOD) + 1), 100, 100)
    assert result.done()
    assert isinstance(result.result(), RefusedPicture)
    assert result.result().code == "too_large_bytes"  # type: ignore[union-attr]


def test_closing_leaves_no_process_and_no_thread() -> None:
    before = set(threading.enumerate())
    pool = stand_in(2)
    assert pool.wait_ready(LONG)
    running = pool.submit(b"hang", 10, 10)
    others = [pool.submit(b"hang", 10, 10) for _ in range(5)]
    while not running.running():
        time.sleep(0.01)
    pids = pool.worker_pids()
    begun = time.monotonic()
    pool.close()
    assert time.monotonic() - begun < 2
    assert not [pid for pid in pids if psutil.pid_exists(pid)]
    assert set(threading.enumerate()) <= before
    assert answer(running) == RefusedPicture("stopped", "The program was closed before this picture was decoded.")
    assert all(future.done() for future in others)
    assert others[-1].cancelled()
    pool.close()
    with pytest.raises(BugError):
        pool.submit(GOOD, 10, 10)


def test_closing_while_starting() -> None:
    for _ in range(3):
        begun = time.monotonic()
        DecodePool(2).close()
        assert time.monotonic() - begun < 3


@pytest.mark.parametrize("command", [["/nowhere/python"], [sys.executable, "-c", "raise SystemExit(3)"]])
def test_a_decoder_that_does_not_start_refuses_instead_of_hanging(command: list[str]) -> None:
    with DecodePool(1, command=command, environment={}) as pool:
        result = answer(pool.submit(GOOD, 10, 10))
        assert isinstance(result, RefusedPicture)
        assert result.code == "unavailable"
        assert pool.protection == "starting"


@pytest.mark.parametrize("box", [(0, 10), (10, 0), (-1, 10), (10, 16_385)])
def test_a_box_out_of_range_is_our_mistake(pool: DecodePool, box: tuple[int, int]) -> None:
    with pytest.raises(BugError):
        pool.submit(GOOD, *box)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_workers_end_with_their_parent() -> None:
    program = (
        "import time; from reviewer.imaging.pool import DecodePool\n"
        "pool = DecodePool(2)\n"
        "while len(pool.worker_pids()) < 2: time.sleep(0.01)\n"
        "pool.wait_ready(20)\n"
        "print(*pool.worker_pids(), flush=True)\n"
        "time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-P", "-c", program], env=worker_environment(), stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pids = [int(word) for word in parent.stdout.readline().split()]
        parent.kill()
    assert len(pids) == 2
    until = time.monotonic() + 5
    while any(_lives(pid) for pid in pids) and time.monotonic() < until:
        time.sleep(0.02)
    assert not [pid for pid in pids if _lives(pid)]


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_the_windows_side_imports_no_picture_library() -> None:
    program = (
        "import sys, reviewer.imaging.pool, reviewer.imaging.pictures, reviewer.imaging.child\n"
        "print([name for name in ('PIL', 'numpy', 'imagehash', 'simplejpeg', 'scipy') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", program], env=worker_environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_the_workers_environment_has_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUEUE_TOKEN", "made up")
    assert "QUEUE_TOKEN" not in worker_environment()
    assert worker_command()[0] == sys.executable
