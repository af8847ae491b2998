"""A seller's dossier: everything of one seller, and nothing of a stranger as markup."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert
from typer.testing import CliRunner

from reviewer.cli import app
from reviewer.errors import OperatorError
from reviewer.hub.dossier import dossier_of, read_dossier
from reviewer.hub.schema import seller_links
from reviewer.policy.dossier_page import dossier_page
from tests.unit.hub.conftest import Clock, Hub


def dossier(hub: Hub, seller: str = "s1") -> dict[str, Any]:
    return hub.store.database.read(lambda c: dossier_of(c, seller, hub.store.policy, hub.clock.now))


def test_everything_of_a_seller_is_in_it_newest_first(hub: Hub, clock: Clock) -> None:
    for _ in range(3):
        hub.open_case()
    first, second, _ = hub.claim()
    made = hub.decision(
        first, facts=["The seam differs."], measure={"kind": "account_suspended", "scope": "all", "days": 21}
    )
    hub.decide(made)
    clock.pass_(days=2)
    hub.decide(hub.decision(second))
    clock.pass_(days=1)
    hub.decide(hub.supersede(made, "withdraw"))
    found = dossier(hub)
    assert found["ladder"]["points"] == 12
    assert [(row["state"], row["points"]) for row in found["ladder"]["sum"]] == [("overturned", 0), ("counts", 12)]
    assert found["listings"]["by_state"] == {"live": 2, "removed": 1}
    whats = [event["what"] for event in found["timeline"]]
    assert {what: whats.count(what) for what in set(whats)} == {"flag": 3, "decision": 2, "measure": 3, "reversal": 1}
    assert found["timeline"][0]["what"] == "reversal"
    assert found["seller"]["standing"] == "active"


def test_strong_links_to_closed_accounts_are_proposed_with_their_reasons(hub: Hub) -> None:
    for seller in ("s1", "s2", "s3"):
        hub.open_case(seller=seller)
    cases = {item["case"]["seller"]["id"]: item for item in hub.claim()}
    hub.decide(hub.decision(cases["s2"], measure={"kind": "account_closed", "scope": "all", "days": None}))
    links = [
        {"seller_id": "s1", "other_id": "s2", "kind": "bank", "strength": 0.9},
        {"seller_id": "s1", "other_id": "s3", "kind": "phone", "strength": 0.9},
        {"seller_id": "s3", "other_id": "s2", "kind": "texts", "strength": 0.2},
    ]
    hub.store.database.write(lambda c: c.execute(insert(seller_links), links))
    assert dossier(hub)["proposals"] == [
        {"ground": "banned_seller", "reasons": ["shares its bank with Seller s2 (90%), whose account is closed"]}
    ]
    assert dossier(hub, "s3")["proposals"] == []


def test_nothing_of_a_stranger_is_markup_on_the_page(hub: Hub) -> None:
    hub.open_case(title="<script>alert(1)</script>\u202e")
    page = dossier_page(read_dossier(dossier(hub)))
    assert "<script>" not in page
    assert "⟦RLO⟧" in page


def test_a_seller_that_is_not_there_is_said(hub: Hub) -> None:
    with pytest.raises(OperatorError, match="no seller nobody"):
        dossier(hub, "nobody")


def test_the_command_writes_a_page_or_json(tmp_path: Path) -> None:
    run, data = CliRunner(), str(tmp_path / "hub")
    assert run.invoke(app, ["hub", "demo", "--data", data]).exit_code == 0
    for name in ("d.json", "d.html"):
        out = tmp_path / name
        told = run.invoke(app, ["hub", "dossier", "--data", data, "--seller", "mercadia-seller-04", "--out", str(out)])
        assert told.exit_code == 0, told.output
        assert "points count" in told.output
    assert json.loads((tmp_path / "d.json").read_text("utf-8"))["seller"]["id"] == "mercadia-seller-04"
    assert (tmp_path / "d.html").read_text("utf-8").startswith("<!DOCTYPE html>")
