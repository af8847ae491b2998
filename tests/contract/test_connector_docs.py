"""The pages for authors say what is so: every name is explained, every snippet runs."""

from __future__ import annotations

import enum
import inspect
import re
import subprocess
import sys
import tomllib
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from reviewer.cli import app
from reviewer.connectors import api
from reviewer.connectors.conformance.suite import STEPS, run_suite
from reviewer.connectors.field_words import OF_ALL, OF_ONE
from reviewer.connectors.manifest import CAPABILITIES, CHECK_KEYS, KEYS
from reviewer.connectors.reference import reference
from reviewer.connectors.settings_schema import SETTING_KEYS, SETTING_KINDS
from reviewer.connectors.template import new_connector
from reviewer.connectors.validation import faults_of
from reviewer.connectors.value_words import OF_VALUES

#: Real servers are started, and some are slow on purpose.
pytestmark = pytest.mark.timeout(300)
DOCS = Path(__file__).resolve().parents[2] / "docs" / "connectors"
PAGES = sorted(DOCS.glob("*.md"))


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text("utf-8"), flags=re.M | re.S)


def test_the_reference_is_what_the_code_says() -> None:
    assert (DOCS / "reference.md").read_text("utf-8") == reference()
    assert CliRunner().invoke(app, ["plugin", "reference"]).stdout == reference()


def test_every_name_key_capability_and_promise_is_explained() -> None:
    page = reference()
    for name in api.__all__:
        words = page.partition(f"### {name}\n\n")[2].partition("\n")[0]
        assert len(words) > 15, name
    for table in (KEYS, SETTING_KEYS, SETTING_KINDS, CHECK_KEYS):
        for key, words in table.items():
            assert f"| `{key}` | {words} |" in page
    for name in CAPABILITIES:
        assert re.search(rf"^\| `{name}` \| `\w+`.* \| \w.+ \|$", page, flags=re.M), name
    for step in STEPS:
        assert len(step.words) > 20, step.name
        assert f"| `{step.name}` | {step.tier} | " in page


def test_every_field_and_value_has_a_sentence() -> None:
    page = reference()
    known: dict[str, set[str]] = {}
    for name in api.__all__:
        kind = getattr(api, name)
        part = page.partition(f"### {name}\n\n")[2].partition("\n### ")[0]
        if isinstance(kind, type) and is_dataclass(kind):
            known[name] = {one.name for one in fields(kind)}
            for one in known[name]:
                row = next(line for line in part.splitlines() if line.startswith(f"| `{one}` | "))
                words = re.split(r"(?<!\\)\|", row)[4].strip()
                assert len(words) > 6, f"{name}.{one}: say what it is in reviewer/connectors/field_words.py"
                assert words[-1] in ".:", f"{name}.{one}: {words}"
        elif isinstance(kind, type) and issubclass(kind, enum.Enum):
            known[name] = {member.value for member in kind}
            assert set(OF_VALUES[name]) == known[name]
            assert all(f"| `{value}` | {OF_VALUES[name][value]} |" in part for value in known[name])
        elif isinstance(kind, type) and getattr(kind, "_is_protocol", False):
            calls = [call for call, _ in inspect.getmembers(kind, inspect.isfunction) if not call.startswith("_")]
            for call in calls:
                line = next(line for line in part.splitlines() if line.startswith(f"- `{call}("))
                assert len(line.partition("`: ")[2]) > 15, f"{name}.{call}"
    assert {kind: set(rows) - known[kind] for kind, rows in OF_ONE.items() if set(rows) - known[kind]} == {}
    assert set(OF_ALL) <= set().union(*known.values())


def test_every_field_and_call_is_listed() -> None:
    page = reference()
    for name in ("renew", "poll", "preview", "history"):
        assert f"- `{name}(" in page
    for name in ("`ttl_s`", "`authentication_points`", "`measure_off_reason`"):
        assert name in page
    assert "reviewer." not in page.partition("## Names")[2].replace("reviewer.connectors.api", "")


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "tutorial.md"], ids=lambda page: page.name)
def test_every_snippet_of_a_page_runs(page: Path) -> None:
    space: dict[str, object] = {"__file__": str(page), "__name__": "snippets"}
    for number, code in enumerate(blocks(page, "python"), start=1):
        exec(compile(code, f"{page.name}, snippet {number}", "exec"), space)  # noqa: S102 - our own pages
    for text in blocks(page, "toml"):
        tomllib.loads(text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_of_a_page_exists(page: Path) -> None:
    lines = [line for block in blocks(page, "console") for line in block.splitlines()]
    lines += [f"$ {code}" for code in re.findall(r"`(reviewer plugin [a-z][^`]*)`", page.read_text("utf-8"))]
    for line in lines:
        assert line.startswith("$ reviewer plugin "), line
        name = line.split()[3]
        assert CliRunner().invoke(app, ["plugin", name, "--help"]).exit_code == 0, line


def test_the_tutorial_ends_with_gold(tmp_path: Path) -> None:
    page = DOCS / "tutorial.md"
    made = CliRunner().invoke(app, ["plugin", "new", "tiny_market", "--in", str(tmp_path)])
    assert made.exit_code == 0
    folder = tmp_path / "tiny_market"
    stand, connector = blocks(page, "python")
    (manifest,) = blocks(page, "toml")
    (folder / "stand.py").write_text(stand, encoding="utf-8")
    (folder / "plugin.toml").write_text(manifest, encoding="utf-8")
    assert faults_of(folder) == ["connector.py: no class has poll(), which the capability poll needs"]
    (folder / "connector.py").write_text(connector, encoding="utf-8")
    assert faults_of(folder) == []
    report = run_suite(folder)
    assert [f"{row.step}: {row.reason}" for row in report.outcomes if row.outcome == "failed" or row.untested] == []
    assert report.tier == "gold"


def test_the_test_file_of_the_testing_page_is_the_templates(tmp_path: Path) -> None:
    folder = new_connector("mine", tmp_path)
    (snippet,) = blocks(DOCS / "testing.md", "python")
    (folder / "test_connector.py").write_text(snippet, encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-p", "no:cacheprovider",
         "-k", "manifest or service", str(folder)],
        cwd=folder, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout
