"""The real process: starts, prints its line, answers, and ends when it should."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request

import pytest

from tests.unit.hub.databases import new_database

HUB = [sys.executable, "-m", "reviewer", "hub"]


def start(*options):
    process = subprocess.Popen(
        [*HUB, "serve", "--port", "0", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    return process, json.loads(process.stdout.readline())


def finish(process):
    out, err = process.communicate(timeout=30)
    assert out == ""
    return process.returncode, err


def run(*options):
    return subprocess.run([*HUB, *options], capture_output=True, text=True, timeout=60, check=False)


def test_a_demo_hub_starts_answers_and_dies_with_its_parent(tmp_path):
    process, line = start("--demo", "--data", str(tmp_path), "--until-stdin-closes")
    try:
        assert line["pid"] == process.pid
        assert line["hub"].startswith("http://127.0.0.1:")
        request = urllib.request.Request(  # noqa: S310 - our own server
            line["hub"] + "/v1", headers={"Authorization": f"Bearer {line['tokens']['reviewer']}"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            assert json.load(answer)["reviewer"]["role"] == "reviewer"
    finally:
        process.stdin.close()
        process.stdin = None
    assert finish(process) == (0, "")


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGTERM to catch")
def test_a_hub_without_demo_has_no_tokens_and_ends_on_sigterm(tmp_path):
    made = run("token", "--data", str(tmp_path), "--name", "Ana", "--role", "reviewer")
    token = made.stdout.strip()
    process, line = start("--data", str(tmp_path))
    assert line["tokens"] == {}
    request = urllib.request.Request(line["hub"] + "/v1", headers={"Authorization": f"Bearer {token}"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        assert json.load(answer)["reviewer"]["name"] == "Ana"
    process.send_signal(signal.SIGTERM)
    assert finish(process) == (0, "")


def test_a_second_hub_on_the_same_file_is_refused(tmp_path):
    process, _ = start("--data", str(tmp_path), "--until-stdin-closes")
    try:
        second = run("serve", "--port", "0", "--data", str(tmp_path))
        assert second.returncode == 2
        assert "Another hub serves" in second.stderr
        assert run("token", "--data", str(tmp_path), "--name", "x", "--role", "reviewer").returncode == 0
    finally:
        process.stdin.close()
        process.stdin = None
    assert finish(process) == (0, "")
    again, _ = start("--data", str(tmp_path), "--until-stdin-closes")
    again.stdin.close()
    again.stdin = None
    assert finish(again) == (0, "")


def test_two_hubs_on_one_postgresql(tmp_path):
    url = new_database()
    token = run("token", "--data", str(tmp_path), "--database-url", url, "--name", "Ana", "--role", "reviewer")
    serving = [start("--data", str(tmp_path), "--database-url", url, "--until-stdin-closes") for _ in range(2)]
    for process, line in serving:
        request = urllib.request.Request(  # noqa: S310 - our own server
            line["hub"] + "/v1", headers={"Authorization": f"Bearer {token.stdout.strip()}"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            assert json.load(answer)["reviewer"]["name"] == "Ana"
        process.stdin.close()
        process.stdin = None
        assert finish(process) == (0, "")


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("serve", "--demo", "--data", "{}", "--host", "0.0.0.0"), "this machine only"),  # noqa: S104
        (("serve", "--data", "{}/file/below"), "can't be made"),
        (("token", "--data", "{}", "--name", "x", "--role", "king"), "no role"),
        (("serve", "--data", "{}", "--database-url", "sqlserver://x"), "driver"),
        (("load", "--data", "{}", "--products", "{}", "--listings", "{}/none.csv"), "can't be read"),
        (("references", "--data", "{}", "--file", "{}/none.json"), "can't be read"),
    ],
)
def test_what_a_person_can_mend_is_one_line_and_two(tmp_path, options, word):
    (tmp_path / "file").write_text("in the way")
    ended = run(*(option.replace("{}", str(tmp_path)) for option in options))
    assert ended.returncode == 2
    assert word in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert "Traceback" not in ended.stderr
