"""The template, the copy of it that is kept from API 1.0, and every shipped connector hold what they promise."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from reviewer.cli import app
from reviewer.connectors.api import API_RELEASE
from reviewer.connectors.approvals import Approvals, folder_digest
from reviewer.connectors.conformance.suite import STEPS, Report, Step, run_suite
from reviewer.connectors.template import new_connector
from reviewer.errors import OperatorError
from reviewer.resources import plugins_folder

#: Real servers are started, and some are slow on purpose.
pytestmark = pytest.mark.timeout(300)
ROOT = Path(__file__).resolve().parents[2]
SHIPPED = sorted(path.parent.name for path in plugins_folder().glob("*/plugin.toml"))
#: Made by `reviewer plugin new` when API 1.0 was settled.  Never changed: it must work for as long as there is API 1.
KEPT = ROOT / "tests" / "compatibility" / "template_1_0"
KEPT_DIGEST = "6d893847fdcf3cf09495499eb9ffa1bf3ec0e0a26c211e415b825c3c5dfc1baa"


def words(report: Report) -> list[str]:
    return [f"{row.step}: {row.reason}" for row in report.outcomes if row.outcome == "failed" or row.untested]


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_connector_is_gold_and_says_so_for_these_very_files(name: str) -> None:
    folder = plugins_folder() / name
    try:
        report = run_suite(folder)
    except OperatorError as error:
        if "can't be started here" in str(error):
            pytest.skip(str(error))
        raise
    assert words(report) == []
    assert report.tier == "gold"
    recorded = Approvals(Path("nowhere"), plugins_folder()).tiers()[name]
    assert (recorded.tier, recorded.digest) == ("gold", folder_digest(folder)), "run reviewer plugin check on it"


def test_a_new_connector_passes_from_the_start(tmp_path: Path) -> None:
    made = CliRunner().invoke(app, ["plugin", "new", "my_market", "--in", str(tmp_path)])
    assert made.exit_code == 0
    folder = tmp_path / "my_market"
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} == {
        "plugin.toml", "connector.py", "test_connector.py", "README.md", ".github/workflows/connector.yml",
    }  # fmt: skip
    data = ["--data", str(tmp_path / "data")]
    checked = CliRunner().invoke(app, ["plugin", "check", str(folder), "--json", *data])
    report = json.loads(checked.stdout)
    assert [row for row in report["steps"] if row["outcome"] == "failed"] == []
    assert (checked.exit_code, report["id"], report["tier"]) == (0, "my_market", "gold")
    shutil.copytree(folder, tmp_path / "data" / "plugins" / "my_market")
    rows = json.loads(CliRunner().invoke(app, ["plugin", "list", "--json", *data]).stdout)
    assert {"id": "my_market", "version": "0.1.0", "state": "unapproved", "tier": "gold"} in rows


def test_the_pytest_plugin_tries_the_same_promises(tmp_path: Path) -> None:
    folder = new_connector("as_tests", tmp_path)
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-p", "no:cacheprovider", "-rfs", str(folder)],
        cwd=folder, capture_output=True, text=True, timeout=110, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout
    assert f"{len(STEPS) - 6} passed, 6 skipped" in ran.stdout, ran.stdout


def test_a_connector_made_for_1_0_keeps_working(tmp_path: Path) -> None:
    folder = tmp_path / "template_1_0"
    shutil.copytree(KEPT, folder)
    assert folder_digest(folder) == KEPT_DIGEST, "the kept copy was changed"
    report = run_suite(folder)
    assert words(report) == []
    assert report.tier == "gold"
    assert API_RELEASE.startswith("1.")


def step(name: str) -> Step:
    return next(row for row in STEPS if row.name == name)


@pytest.mark.parametrize(
    ("before", "after", "failing"),
    [
        ("raise Unauthorized(", "raise Refused(", "bad credentials"),
        ("raise RateLimited(", "raise Unavailable(str(", "overloaded"),
        ('title=row["title"]', 'title=row["title"].encode("ascii", "replace").decode()', "unicode"),
        ("for shown in row[\"pictures\"])", "for shown in row[\"pictures\"][:8])", "forty pictures"),
        ('told.get("next_cursor")', 'None', "small pages"),
        ('row["status"])', '"accepted")', "stale listing"),
        ('ReceiptStatus(row["status"])', "ReceiptStatus.ACCEPTED", "act twice"),
        ('parse_time(told["server_time"])', "self_now()", "clock off"),
        ("held.get(lease.id)", "600.0", "renewed"),
        ('raise Unavailable(f"{self._base} answered something that is no JSON.") from error', "raise", "other page"),
    ],
)  # fmt: skip
def test_the_suite_finds_what_is_broken(tmp_path: Path, before: str, after: str, failing: str) -> None:
    folder = new_connector("mutant", tmp_path)
    code = (folder / "connector.py").read_text()
    assert before in code
    if failing == "overloaded":
        line = next(line for line in code.splitlines() if before in line)
        code = code.replace(line, '            raise Unavailable("busy")')
    code = code.replace(before, after)
    if "self_now" in after:
        code = code.replace(
            "def connect(context):\n", "NOW = []\n\n\ndef connect(context):\n    NOW.append(context.now)\n"
        )
        code += "\n\ndef self_now():\n    return NOW[0]()\n"
    (folder / "connector.py").write_text(code)
    report = run_suite(folder, [step(failing)])
    assert [row.outcome for row in report.outcomes] == ["failed"], report.outcomes
    assert report.tier != "gold"


def test_what_a_stand_can_not_do_costs_the_tier_and_what_is_not_declared_does_not(tmp_path: Path) -> None:
    folder = new_connector("no_stand", tmp_path)
    manifest = (folder / "plugin.toml").read_text().replace('stand = "hub"', 'stand = "stand.py"')
    (folder / "plugin.toml").write_text(manifest)
    (folder / "stand.py").write_text(
        "class Stand:\n    settings = {'address': 'http://127.0.0.1:9'}\n    secrets = {'token': 'x'}\n"
        "    bad_secrets = None\n    address = ''\n    def add(self, listing):\n"
        "        raise NotImplementedError('no writing')\n    def close(self):\n        pass\n\n"
        "def stand(folder):\n    return Stand()\n"
    )
    report = run_suite(folder, [step("bad credentials"), step("overloaded"), step("unicode"), step("sellers")])
    assert [(row.outcome, row.untested) for row in report.outcomes] == [
        ("exempt", True), ("exempt", True), ("exempt", True), ("exempt", False),
    ]  # fmt: skip
    assert report.tier == ""


def test_check_without_a_stand_says_what_to_do(tmp_path: Path) -> None:
    folder = new_connector("lonely", tmp_path)
    manifest = (folder / "plugin.toml").read_text().partition("# How")[0]
    (folder / "plugin.toml").write_text(manifest)
    with pytest.raises(OperatorError, match=r"add a table \[check\]"):
        run_suite(folder)


@pytest.mark.parametrize("name", ["", "A", "my-market", "x" * 50, "../x"])
def test_a_name_that_can_not_be_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(OperatorError, match="can't be a connector's name"):
        new_connector(name, tmp_path)


def test_what_is_there_is_not_overwritten(tmp_path: Path) -> None:
    new_connector("mine", tmp_path)
    with pytest.raises(OperatorError, match="is there already"):
        new_connector("mine", tmp_path)
