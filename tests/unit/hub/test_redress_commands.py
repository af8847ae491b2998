"""The commands of proofs, appeals and deadlines, on a hub of their own."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from reviewer.cli import app
from reviewer.errors import OperatorError
from reviewer.hub.app import create_app
from reviewer.imaging.decoder import decode
from reviewer.imaging.pictures import Decoded
from tests.unit.hub.asgi import Calls
from tests.unit.hub.conftest import Clock, Hub
from tests.unit.hub.databases import furnish
from tests.unit.hub.redress import ask, filed, send, taken_down


@pytest.fixture
def folder(tmp_path):
    """A data folder with a proof that came, one that did not, and an appeal."""
    from reviewer.hub.store import open_store

    clock = Clock()
    store = open_store(tmp_path, clock=clock)
    furnish(store, clock())
    hub = Hub(Calls(create_app(store)), store, clock)
    send(hub, ask(hub, seller="s2"))
    ask(hub)
    filed(hub, taken_down(hub))
    store.close()
    return tmp_path


def run(*words):
    result = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_lists_and_details(folder):
    listed = run("hub", "proofs", "list", "--data", str(folder))
    assert listed.endswith("2 proofs.\n")
    assert "submitted" in listed
    (proof,) = json.loads(run("hub", "proofs", "list", "--data", str(folder), "--state", "submitted", "--json"))
    shown = run("hub", "proofs", "show", proof["id"], "--data", str(folder))
    assert "invoice.pdf: invoice, application/pdf" in shown
    (appeal,) = json.loads(run("hub", "appeals", "list", "--data", str(folder), "--json"))
    told = run("hub", "appeals", "show", appeal["id"], "--data", str(folder))
    assert "The article is genuine" in told
    assert run("hub", "appeals", "list", "--data", str(folder)).endswith("1 appeal.\n")


def test_deadlines_once_and_once_more(folder):
    assert json.loads(run("hub", "deadlines", "--data", str(folder), "--json")) == {
        "removed": 1, "returned": 0, "expired": 0,
    }  # fmt: skip
    assert run("hub", "deadlines", "--data", str(folder)).startswith("0 listings removed by rule")
    (proof,) = json.loads(run("hub", "proofs", "list", "--data", str(folder), "--state", "missed", "--json"))
    assert "listing removed by rule" in run("hub", "proofs", "show", proof["id"], "--data", str(folder))
    letter = run("reasons", "--decision", proof["automatic_id"], "--data", str(folder))
    assert "AUTOMATED_DECISION_FULLY" in letter


def test_what_is_not_there_is_said(folder, tmp_path_factory):
    for words in (
        ("hub", "proofs", "show", "nothing", "--data", str(folder)),
        ("hub", "appeals", "show", "nothing", "--data", str(folder)),
        ("hub", "proofs", "list", "--data", str(folder), "--state", "lost"),
        ("hub", "appeals", "list", "--data", str(tmp_path_factory.mktemp("empty"))),
    ):
        result = CliRunner().invoke(app, list(words))
        assert isinstance(result.exception, OperatorError)


def test_a_demo_hub_has_proofs_and_appeals(tmp_path):
    assert "3 proofs asked for and 3 appeals filed" in run("hub", "demo", "--data", str(tmp_path))
    proofs = json.loads(run("hub", "proofs", "list", "--data", str(tmp_path), "--json"))
    assert sorted(row["state"] for row in proofs) == ["requested", "submitted", "submitted"]
    assert run("hub", "appeals", "list", "--state", "pending", "--data", str(tmp_path)).endswith("3 appeals.\n")
    documents = [document for row in proofs for document in row["documents"]]
    shown = decode((tmp_path / "media" / documents[0]["sha256"][:2] / documents[0]["sha256"]).read_bytes(), 300, 300)
    assert isinstance(shown, Decoded)
    assert (shown.format, shown.frames) == ("PDF", 2)
