"""Only what was approved runs, and only as it was when it was approved."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from reviewer.cli import app
from reviewer.connectors.approvals import APPROVALS, Approvals, Tier, folder_digest
from reviewer.connectors.loader import discover
from reviewer.connectors.opener import InThisProcess
from reviewer.errors import OperatorError
from reviewer.resources import plugins_folder
from reviewer.services.plugins import Plugins
from tests.fakes_connector import write_plugin


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    write_plugin(tmp_path / "plugins")
    return tmp_path


def listed(desk: Path) -> dict[str, dict[str, Any]]:
    result = CliRunner().invoke(app, ["plugin", "list", "--json", "--data", str(desk)])
    assert result.exit_code == 0
    rows = json.loads(result.stdout)
    assert all(set(row) == {"id", "version", "state", "tier"} for row in rows)
    return {row["id"]: row for row in rows}


def plugins(desk: Path) -> Plugins:
    return Plugins(desk, plugins_folder(), InThisProcess())


def test_a_new_one_is_listed_and_does_not_run_until_it_is_approved(desk: Path) -> None:
    assert listed(desk)["made_up"] == {"id": "made_up", "version": "0.1", "state": "unapproved", "tier": ""}
    assert listed(desk)["queue_api"]["state"] == "ready"
    with pytest.raises(OperatorError, match="was not approved yet"):
        plugins(desk).open("made_up", {"server": "x"}, {"token": "y"})
    result = CliRunner().invoke(app, ["plugin", "approve", "made_up", "--data", str(desk)])
    assert result.stdout.startswith("made_up 0.1 may run: ")
    assert listed(desk)["made_up"]["state"] == "ready"


def test_a_change_of_any_file_asks_for_another_approval(desk: Path) -> None:
    plugins(desk).approve("made_up")
    (desk / "plugins" / "made_up" / "helper.py").write_text("x = 1")
    assert listed(desk)["made_up"]["state"] == "changed"
    with pytest.raises(OperatorError, match="changed since it was approved"):
        plugins(desk).manifest("made_up")
    plugins(desk).approve("made_up")
    assert listed(desk)["made_up"]["state"] == "ready"


def test_an_approval_is_taken_back(desk: Path) -> None:
    plugins(desk).approve("made_up")
    assert CliRunner().invoke(app, ["plugin", "revoke", "made_up", "--data", str(desk)]).exit_code == 0
    assert listed(desk)["made_up"]["state"] == "unapproved"


def test_a_list_that_can_not_be_read_approves_nothing(desk: Path) -> None:
    plugins(desk).approve("made_up")
    for text in ("", "[]", '{"approved": {"made_up": "yes"}}', '{"approved": {"made_up": {"digest": 1}}}', "\0" * 9):
        (desk / APPROVALS).write_text(text)
        assert listed(desk)["made_up"]["state"] == "unapproved"


def test_broken_and_doubled_ones_are_listed_with_the_reason(desk: Path) -> None:
    write_plugin(desk / "plugins", folder="broken", manifest="id = 3")
    write_plugin(desk / "plugins", folder="second")
    rows = {row.folder.name: row for row in plugins(desk).found()}
    assert rows["broken"].state == rows["second"].state == "broken"
    assert "its id made_up is taken by" in rows["second"].problem
    shown = CliRunner().invoke(app, ["plugin", "list", "--data", str(desk)]).stdout
    assert "    name: is missing\n" in shown


def test_the_shipped_ones_can_not_be_replaced_by_an_id(desk: Path) -> None:
    text = (desk / "plugins" / "made_up" / "plugin.toml").read_text().replace("made_up", "queue_api")
    write_plugin(desk / "plugins", folder="impostor", manifest=text)
    assert plugins(desk).manifest("queue_api").folder == plugins_folder() / "queue_api"
    with pytest.raises(OperatorError, match="part of the program"):
        plugins(desk).approve("queue_api")


def test_a_tier_counts_for_the_files_that_reached_it(desk: Path) -> None:
    folder = desk / "plugins" / "made_up"
    Approvals(desk).record_tier("made_up", Tier("silver", folder_digest(folder)))
    assert listed(desk)["made_up"]["tier"] == "silver"
    (folder / "connector.py").write_text("changed = True")
    assert listed(desk)["made_up"]["tier"] == ""


def test_caches_are_not_counted(desk: Path) -> None:
    folder = desk / "plugins" / "made_up"
    before = folder_digest(folder)
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "x.pyc").write_bytes(b"x")
    assert folder_digest(folder) == before
    (folder / "connector.py").rename(folder / "renamed.py")
    assert folder_digest(folder) != before


def test_installed_packages_bring_theirs_by_entry_point(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = desk / "site"
    package = site / "my_market"
    write_plugin(package, folder="plugin")
    (package / "__init__.py").write_text("raise SystemExit('imported')")
    metadata = site / "my_market-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: my-market\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(
        "[reviewer.connectors]\nmade_up = my_market.plugin\nlost = nowhere.plugin\n"
    )
    monkeypatch.syspath_prepend(site)
    rows = {row.id: row for row in discover(plugins_folder(), desk / "none", Approvals(desk))}
    assert (rows["made_up"].origin, rows["made_up"].state) == ("package", "unapproved")
    assert "is no folder with a plugin.toml" in rows["lost"].problem


def test_the_list_says_where_ones_own_go(desk: Path) -> None:
    told = CliRunner().invoke(app, ["plugin", "list", "--data", str(desk)])
    assert told.stdout.splitlines()[-1] == f"Your own go into {desk / 'plugins'}"


def test_validate_ends_with_1_where_there_are_faults(desk: Path) -> None:
    fine = CliRunner().invoke(app, ["plugin", "validate", str(desk / "plugins" / "made_up")])
    assert (fine.exit_code, fine.stdout.endswith("no faults\n")) == (0, True)
    (desk / "plugins" / "made_up" / "plugin.toml").write_text('id = "x"')
    wrong = CliRunner().invoke(app, ["plugin", "validate", str(desk / "plugins" / "made_up")])
    assert wrong.exit_code == 1
    assert len(wrong.stdout.splitlines()) > 6
