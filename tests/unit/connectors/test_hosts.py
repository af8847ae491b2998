"""Connectors in processes of their own: each way to misbehave costs its own account and nothing else."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

from reviewer.connectors.api import (
    API_VERSION,
    Connector,
    CursorLost,
    RateLimited,
    Refused,
    Unauthorized,
    Unavailable,
)
from reviewer.connectors.approvals import folder_digest
from reviewer.connectors.host import ConnectorHosts
from reviewer.connectors.host_process import ConnectorFault, HostLimits
from reviewer.connectors.manifest import read_manifest
from reviewer.connectors.opener import HostReport, Opening
from reviewer.errors import OperatorError
from tests.fakes_connector import until, write_plugin

MANIFEST = """
id = "hostile"
name = "Hostile"
version = "1.0"
api = ["1"]
entry = "connector:connect"
hosts = []
capabilities = ["media", "references", "cases", "changes", "policies"]
licence = "Apache-2.0"
author = "Nobody"
"""
CODE = """
import ctypes, os, subprocess, sys, threading, time
from datetime import UTC, datetime
from decimal import Decimal
from reviewer.connectors.api import *

LEAK = []


class Hostile:
    def __init__(self, context):
        self.context = context
        self.calls = 0

    def service(self):
        return Service("Fine", datetime.now(UTC), "ana", "Ana", "reviewer")

    def media(self, name):
        return getattr(self, name)()

    def fine(self):
        return b"fine"

    def counted(self):
        self.calls += 1
        return str(self.calls).encode()

    def hang(self):
        threading.Event().wait()

    def spin(self):
        while True:
            pass

    def leak(self):
        while True:
            LEAK.append(bytearray(4 << 20))

    def crash(self):
        ctypes.string_at(0)

    def end(self):
        os._exit(7)

    def leave(self):
        sys.exit(3)

    def fail(self):
        raise KeyError(self.context.secrets["token"])

    def unspeakable(self):
        class Odd(Exception):
            def __str__(self):
                raise ValueError
        raise Odd

    def prints(self):
        print("printed words", flush=True)
        os.write(1, b"raw bytes on the output\\n")
        sys.__stdout__.flush()
        self.context.logger.warning("the token is %s", self.context.secrets["token"])
        return b"printed"

    def reads(self):
        return repr(sys.stdin.read()).encode()

    def floods(self):
        while True:
            os.write(2, b"flood " * 1000 + b"\\n")

    def forks(self):
        return str(os.fork()).encode()

    def starts(self):
        return subprocess.run([sys.executable, "-c", "print(1)"], capture_output=True).stdout

    def wrong(self):
        return "a text"

    def huge(self):
        return bytes(70 << 20)

    def environment(self):
        return " ".join(sorted(os.environ)).encode()

    def unavailable(self):
        raise Unavailable("try later")

    def unauthorized(self):
        raise Unauthorized("who")

    def limited(self):
        raise RateLimited("slow", 12.5)

    def refused(self):
        raise Refused("no", "case-7")

    def lost(self):
        raise CursorLost("begin anew")

    def references(self, cursor, limit=200):
        good = ReferenceProduct("r1", "Orle", "Saddle")
        bad = (ReferenceProduct("r2", "Orle", 5), "no product", ReferenceProduct("r3", "\\ud800", "x"))
        return Page((good, *bad, good))

    def policies(self):
        return {"a": object()}

    def cases(self, cursor, limit=500):
        row = lambda **more: CaseRow(**(dict(id="c", marketplace="m", state="open", priority=1, due_at=None, title="t",
            brand="", category="", seller_id="s", seller_name="", standing="active", ground="", source="", flags=1,
            price=Money(Decimal(3), "THB")) | more))
        return Page((row(), row(due_at=datetime(2026, 1, 1)), row(id="x" * 200), row(priority="high")), 5)

    def changes(self, cursor, limit=500):
        return None

    def close(self):
        pass


def connect(context):
    return Hostile(context)
"""
LIMITS = HostLimits(
    start_s=10, call_s=1.0, memory_bytes=400 * 1024 * 1024, flood_bytes=200_000, first_wait_s=0.0, longest_wait_s=0.0
)
ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the filter of system calls is Linux's")


@pytest.fixture
def hosts() -> Iterator[ConnectorHosts]:
    made = ConnectorHosts(LIMITS)
    yield made
    pids = [report.pid for report in made.reports() if report.pid]
    made.close()
    assert not [pid for pid in pids if psutil.pid_exists(pid)]


def opening(folder: Path, account: str = "a", *, code: str = CODE, manifest: str = MANIFEST) -> Opening:
    path = folder / "hostile"
    if not path.exists():
        write_plugin(folder, folder="hostile", manifest=manifest, code=code)
    read = read_manifest(path, API_VERSION)
    return Opening(account, read, {}, {"token": "s3cret-token"}, digest=folder_digest(path), keep=str(folder / "kept"))


@pytest.fixture
def connector(hosts: ConnectorHosts, tmp_path: Path) -> Connector:
    return hosts.open(opening(tmp_path))


def report(hosts: ConnectorHosts) -> HostReport:
    return hosts.reports()[0]


def test_it_runs_elsewhere_and_answers(hosts: ConnectorHosts, connector: Connector) -> None:
    assert connector.service().reviewer_name == "Ana"
    assert connector.media("fine") == b"fine"
    assert report(hosts).pid not in (0, os.getpid())
    assert report(hosts).memory > 0


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("hang", r"did not answer media\(\) within 1 s"),
        ("spin", r"did not answer media\(\) within 1 s"),
        ("crash", "was ended by SIGSEGV"),
        ("end", "ended with 7"),
        ("floods", "flooded its log"),
        ("huge", "wrote an answer of 70 MiB to its answers"),
    ],
)
def test_a_process_that_is_lost_is_started_again_and_says_why(
    hosts: ConnectorHosts, tmp_path: Path, call: str, words: str
) -> None:
    connector, other = hosts.open(opening(tmp_path)), hosts.open(opening(tmp_path, "b"))
    with pytest.raises(ConnectorFault, match=words):
        connector.media(call)
    assert other.media("fine") == b"fine"
    assert connector.media("fine") == b"fine"
    told = next(row for row in hosts.reports() if row.account == "a")
    assert (told.state, told.restarts) == ("running", 1)


def test_a_leak_ends_at_its_cap(hosts: ConnectorHosts, connector: Connector) -> None:
    with pytest.raises(ConnectorFault, match="MemoryError|MiB of memory|did not answer"):
        connector.media("leak")
    assert connector.service().name == "Fine"


@pytest.mark.parametrize(
    ("call", "words"), [("fail", "KeyError"), ("unspeakable", "Odd"), ("leave", "SystemExit: 3"), ("wrong", "bytes")]
)
def test_a_fault_is_told_with_its_trace_and_the_process_goes_on(
    hosts: ConnectorHosts, connector: Connector, call: str, words: str
) -> None:
    pid = report(hosts).pid
    with pytest.raises(ConnectorFault, match=f"{words}.*Its author must mend it"):
        connector.media(call)
    assert connector.media("fine") == b"fine"
    assert report(hosts).pid == pid
    assert "s3cret-token" not in report(hosts).error + report(hosts).trace
    if call == "fail":
        assert "in fail" in report(hosts).trace


def test_what_is_printed_goes_to_the_log_without_secrets(hosts: ConnectorHosts, connector: Connector) -> None:
    assert connector.media("prints") == b"printed"
    lines = until(lambda: report(hosts).log if len(report(hosts).log) >= 3 else ())
    assert "printed words" in lines
    assert "raw bytes on the output" in lines
    assert "WARNING the token is •••" in lines
    assert connector.media("reads") == b"''"


@ON_LINUX
@pytest.mark.parametrize("call", ["forks", "starts"])
def test_it_can_start_no_other_process(connector: Connector, call: str) -> None:
    with pytest.raises(ConnectorFault, match="PermissionError"):
        connector.media(call)


def test_it_inherits_no_tokens(hosts: ConnectorHosts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_TOKEN", "x")
    assert b"SOME_TOKEN" not in hosts.open(opening(tmp_path)).media("environment")


def test_errors_of_the_api_come_across(connector: Connector) -> None:
    with pytest.raises(Unavailable, match="try later"):
        connector.media("unavailable")
    with pytest.raises(Unauthorized, match="who"):
        connector.media("unauthorized")
    with pytest.raises(RateLimited) as limited:
        connector.media("limited")
    assert limited.value.after_s == 12.5
    with pytest.raises(Refused) as refused:
        connector.media("refused")
    assert refused.value.case_id == "case-7"
    with pytest.raises(CursorLost):
        connector.media("lost")


def test_of_a_list_only_the_items_that_do_not_fit_are_left_out(connector: Connector) -> None:
    page = connector.references(None)
    assert [item.id for item in page.items] == ["r1", "r1"]
    assert len(page.quarantined) == 3
    assert all(row.where.startswith("references[") and row.reason for row in page.quarantined)


@pytest.mark.parametrize("call", ["policies", "changes", "cases"])
def test_an_answer_of_another_kind_is_a_fault(connector: Connector, call: str) -> None:
    arguments: tuple[Any, ...] = () if call == "policies" else (None,)
    with pytest.raises(ConnectorFault, match="Its author must mend it"):
        getattr(connector, call)(*arguments)
    assert connector.media("fine") == b"fine"


def test_rows_that_can_not_be_kept_are_quarantined(hosts: ConnectorHosts, tmp_path: Path) -> None:
    connector = hosts.open(opening(tmp_path, code=CODE.replace('priority="high")), 5)', 'priority="high")))')))
    page = connector.cases(None)
    assert [row.id for row in page.items] == ["c"]
    assert sorted(row.reason for row in page.quarantined) == [
        "Expected `int`, got `str` - at `$.priority`", "a time without its offset", "an id longer than 128 characters",
    ]  # fmt: skip


def test_what_is_not_declared_is_not_asked(connector: Connector) -> None:
    with pytest.raises(Refused, match="does not declare leases"):
        connector.claim(1)


def test_instances_of_an_account_share_a_process_and_no_state(hosts: ConnectorHosts, tmp_path: Path) -> None:
    one, two = hosts.open(opening(tmp_path)), hosts.open(opening(tmp_path))
    assert len(hosts.reports()) == 1
    assert [one.media("counted"), one.media("counted"), two.media("counted")] == [b"1", b"2", b"1"]
    one.close()
    assert two.media("counted") == b"2"
    two.close()
    assert hosts.reports() == ()


def test_instances_that_begin_at_once_are_all_whole(hosts: ConnectorHosts, tmp_path: Path) -> None:
    slow = CODE.replace("LEAK = []", "time.sleep(0.2)\nLEAK = []")
    given = opening(tmp_path, code=slow)
    with ThreadPoolExecutor(3) as pool:
        opened = list(pool.map(hosts.open, [given] * 3))
    assert [connector.media("fine") for connector in opened] == [b"fine"] * 3
    assert len(hosts.reports()) == 1


def test_a_process_outlives_the_thread_that_asked_for_it(hosts: ConnectorHosts, tmp_path: Path) -> None:
    opened: list[Connector] = []
    thread = threading.Thread(target=lambda: opened.append(hosts.open(opening(tmp_path))))
    thread.start()
    thread.join()
    pid = report(hosts).pid
    assert opened[0].media("fine") == b"fine"
    assert report(hosts).pid == pid


def test_after_failures_it_waits_longer_each_time(tmp_path: Path) -> None:
    hosts = ConnectorHosts(HostLimits(call_s=5.0, first_wait_s=1000.0, longest_wait_s=3000.0))
    connector = hosts.open(opening(tmp_path))
    with pytest.raises(ConnectorFault):
        connector.media("end")
    with pytest.raises(Unavailable, match="ended with 7. It will be started again in (999|1000) s"):
        connector.media("fine")
    assert report(hosts).state == "waiting"
    hosts.close()


def test_a_killed_process_is_noticed(hosts: ConnectorHosts, connector: Connector) -> None:
    os.kill(report(hosts).pid, signal.SIGKILL)
    until(lambda: report(hosts).state != "running")
    assert connector.media("fine") == b"fine"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import no_such_module", "can't be loaded: ModuleNotFoundError"),
        ("def connect(:", "can't be loaded: SyntaxError"),
        ("raise SystemExit(4)", "can't be loaded: SystemExit"),
        ("connect = None", "can't be opened: TypeError"),
        ("def connect(context): return 5", "lacks service, close, media"),
    ],
)
def test_code_that_can_not_be_loaded_says_so(hosts: ConnectorHosts, tmp_path: Path, code: str, words: str) -> None:
    with pytest.raises(OperatorError, match=words):
        hosts.open(opening(tmp_path, code=code))


def test_an_import_without_end_is_ended(hosts: ConnectorHosts, tmp_path: Path) -> None:
    with pytest.raises(ConnectorFault, match=r"did not answer open\(\) within 1 s"):
        hosts.open(opening(tmp_path, code="while True:\n    pass"))


def test_changed_files_are_not_run(hosts: ConnectorHosts, tmp_path: Path) -> None:
    given = opening(tmp_path)
    (tmp_path / "hostile" / "connector.py").write_text("raise SystemExit('ran')")
    with pytest.raises(OperatorError, match="changed.*approve it again"):
        hosts.open(given)


def test_compiled_files_beside_it_are_neither_read_nor_written(hosts: ConnectorHosts, tmp_path: Path) -> None:
    connector = hosts.open(opening(tmp_path))
    assert connector.media("fine") == b"fine"
    assert not (tmp_path / "hostile" / "__pycache__").exists()


def test_a_python_of_its_own_that_is_missing_says_what_to_do(hosts: ConnectorHosts, tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="wants a Python of its own.*Make it with Python"):
        hosts.open(opening(tmp_path, manifest=MANIFEST.replace("hosts = []", 'hosts = []\nenvironment = "own"')))


@pytest.mark.skipif(sys.platform == "win32", reason="made here with a link")
def test_a_python_of_its_own_is_used(hosts: ConnectorHosts, tmp_path: Path) -> None:
    given = opening(
        tmp_path,
        manifest=MANIFEST.replace("hosts = []", 'hosts = []\nenvironment = "own"'),
        code=CODE.replace('return b"fine"', "return sys.prefix.encode()"),
    )
    environment = tmp_path / "hostile" / ".venv"
    (environment / "bin").mkdir(parents=True)
    (environment / "bin" / "python").symlink_to(sys.executable)
    (environment / "pyvenv.cfg").write_text(f"home = /usr\nversion = {sys.version.split()[0]}\n")
    connector = hosts.open(given)
    assert connector.service().name == "Fine"
