"""A referral through the commands and a real hub: two tokens, one pack; and the dossier of a desk from that hub."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import keyring
import keyring.backends.fail
import pytest
from typer.testing import CliRunner, Result

from reviewer.cli import app
from reviewer.errors import OperatorError
from tests.end2end.conftest import OpenDesk
from tests.end2end.hubs import HubProcess

_BACK, _CLOSED = "hanmaru-seller-15", "hanmaru-seller-14"


@pytest.fixture(autouse=True)
def no_keyring() -> Iterator[None]:
    before = keyring.get_keyring()
    keyring.set_keyring(keyring.backends.fail.Keyring())
    yield
    keyring.set_keyring(before)


def test_two_persons_make_a_pack_that_anybody_can_verify(shared_hub: HubProcess, tmp_path: Path) -> None:
    pack, data = str(tmp_path / "pack.zip"), str(tmp_path / "desk")

    def run(*words: str, token: str = "") -> Result:
        return CliRunner(env={"REVIEWER_TOKEN": token}).invoke(app, ["referral", *words])

    def confirm(token: str) -> Result:
        return run("confirm", pack, "--hub", shared_hub.address, "--data", data, token=token)

    made = run(
        "make", "--hub", shared_hub.address, "--seller", _BACK, "--to", "Police, unit 4", "--reason", "Came back.",
        "--out", pack, "--data", data, token="demo-reviewer",
    )  # fmt: skip
    assert made.exit_code == 0, made.output
    assert "DRAFT" in made.output
    assert run("verify", pack).exit_code == 3
    own = confirm("demo-reviewer")
    assert own.exit_code != 0
    assert "another person must confirm it" in str(own.exception)
    assert confirm("demo-lead").exit_code == 0
    key = CliRunner().invoke(app, ["hub", "referral-key", "--data", str(shared_hub.folder)]).output.strip()
    told = run("verify", pack, "--key", key)
    assert told.exit_code == 0, told.output
    assert "CONFIRMED by two persons" in told.output
    assert run("verify", pack, "--key", "0" * 64).exit_code == 1
    with zipfile.ZipFile(pack) as whole:
        names = whole.namelist()
        assert whole.read("dossier.pdf").startswith(b"%PDF")
        assert sum(name.startswith("pictures/") for name in names) > 5
    events = shared_hub.call("GET", f"/v1/sellers/{_BACK}/dossier")["timeline"]
    assert [event["kind"] for event in events if event["what"] == "referral"] == ["confirmed"]


def test_a_desk_fetches_a_dossier_and_keeps_it_for_when_the_hub_is_away(hub: HubProcess, open_desk: OpenDesk) -> None:
    sitting = open_desk(hub)
    station = sitting.workstation
    account = sitting.workstation.accounts.accounts()[0].id
    sitting.ready(1)
    opened = station.dossiers.fetch(account, _BACK)
    assert [row.seller_id for row in opened.dossier.accounts] == [_BACK, _CLOSED]
    assert opened.dossier.proposals[0].ground == "banned_seller"
    assert {row.kind for row in opened.dossier.identifiers} == {"bank", "phone"}
    entry = sitting.first()
    station.dossiers.fetch(account, entry.case.seller.id)
    hub.stop()
    sitting.until(lambda: sitting.account().state == "offline")
    with pytest.raises(OperatorError, match="can't be reached"):
        station.dossiers.fetch(account, entry.case.seller.id)
    kept = sitting.desk_call(lambda: station.dossiers.at_hand(entry))
    assert (kept.source, kept.dossier.seller.id) == ("kept", entry.case.seller.id)
