"""House rules as data: read, checked, written."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reviewer.domain.decision import DecisionKind, MeasureKind
from reviewer.errors import OperatorError
from reviewer.policy.policy import policy_from_mapping, policy_from_toml, policy_to_mapping
from reviewer.resources import resources_folder

SHIPPED = (resources_folder() / "policies.toml").read_text("utf-8")


def smallest(**changes: Any) -> dict[str, Any]:
    ground = {"id": "fake", "title": "Fake", "action": "takedown", "points": 3, "sla_hours": 24}
    return {"version": "1", "window_days": 365, "merge_hours": 24, "daily_cap": 12, "ground": [ground]} | changes


def test_the_shipped_rules_hold_what_the_window_promises() -> None:
    policy = policy_from_toml(SHIPPED)
    assert {ground.id for ground in policy.grounds} == {
        "counterfeit", "trademark", "copyright", "design", "misleading", "no_proof", "prohibited", "relisting",
        "banned_seller", "trader_identity",
    }  # fmt: skip
    assert all(ground.description and ground.clause and ground.dsa_category for ground in policy.grounds)
    assert len({ground.key for ground in policy.grounds}) == len(policy.grounds)
    assert [row.points for row in policy.thresholds] == [2, 12, 24, 36, 48]
    assert policy.thresholds[0].measure.kind is MeasureKind.SELLER_WARNED
    counterfeit = policy.ground("counterfeit")
    assert counterfeit is not None
    assert counterfeit.action is DecisionKind.TAKEDOWN
    assert policy.ground("unheard of") is None


def test_rules_survive_the_way_over_the_wire() -> None:
    policy = policy_from_toml(SHIPPED)
    assert policy_from_mapping(json.loads(json.dumps(policy_to_mapping(policy))), "wire") == policy


def test_unknown_keys_of_a_newer_server_are_left_alone() -> None:
    ground = smallest()["ground"][0] | {"colour": "red"}
    assert policy_from_mapping(smallest(ground=[ground], added_later={"a": 1}), "x").grounds[0].id == "fake"


def test_thresholds_are_in_order_however_they_were_written() -> None:
    rows = [{"points": points, "measure": "seller_warned"} for points in (9, 3, 6)]
    assert [row.points for row in policy_from_mapping(smallest(threshold=rows), "x").thresholds] == [3, 6, 9]


def test_every_fault_is_named_at_once() -> None:
    tables = {
        "window_days": 0,
        "merge_hours": True,
        "daily_cap": "many",
        "ground": [
            {"id": "fake", "title": "", "action": "takedown", "points": -1, "sla_hours": 24, "key": "AB"},
            {"id": "fake", "title": "Fake", "action": "withdraw", "points": 1, "sla_hours": 0, "key": "C"},
            {"title": "No id", "action": "shoot", "points": 1, "sla_hours": 1, "evidence": "picture", "key": "C"},
            {"id": "odd", "title": "Odd", "action": "warn", "points": 1.5, "sla_hours": 1, "proof_can_cure": "yes"},
        ],
        "threshold": [
            {"points": 2, "measure": "scolded"},
            {"points": 2, "measure": "seller_warned", "scope": "galaxy", "days": 0},
        ],
        "immediate": [{"ground": "unheard", "offences": 0, "measure": "account_closed"}],
    }
    with pytest.raises(OperatorError) as caught:
        policy_from_mapping(tables, "mine.toml")
    words = str(caught.value)
    for part in (
        "mine.toml has ",
        "version: is missing",
        "window_days: must be a whole number of at least 1",
        "merge_hours: must be",
        "daily_cap: must be",
        "[[ground]] fake, title: must be a text that is not empty",
        "[[ground]] fake, points: must be",
        "[[ground]] fake, action: no such decision: 'withdraw'",
        "[[ground]] fake, sla_hours: must be",
        "[[ground]] fake, id: stands twice",
        "[[ground]] fake, key: must be one letter A to Z",
        "[[ground]] number 3, id: is missing",
        "[[ground]] number 3, action: no such decision: 'shoot'",
        "[[ground]] number 3, evidence: must be a list of texts",
        "C is also the key of fake",
        "[[ground]] odd, points: must be",
        "[[ground]] odd, proof_can_cure: must be true or false",
        "[[threshold]] number 1, measure: no such measure: 'scolded'",
        "[[threshold]] number 2, scope: must be",
        "[[threshold]] number 2, days: must be",
        "[[threshold]] points: 2 stands twice",
        "[[immediate]] number 1, offences: must be",
        "[[immediate]] ground: no such ground: 'unheard'",
    ):
        assert part in words, part


@pytest.mark.parametrize(
    "tables",
    [
        {},
        {"ground": []},
        {"ground": "none"},
        {"ground": [1, 2]},
        {"ground": {"id": "fake"}},
        smallest(threshold="high"),
        smallest(ground=[[]]),
        smallest(version=3),
        smallest(version=""),
        smallest(ground=[{"id": ["a"], "title": {}, "action": None, "points": [], "sla_hours": {}}]),
    ],
)
def test_tables_of_any_shape_are_refused_in_words(tables: dict[str, Any]) -> None:
    with pytest.raises(OperatorError, match="must mend"):
        policy_from_mapping(tables, "x")


def test_a_file_that_is_no_toml_says_what_to_do() -> None:
    with pytest.raises(OperatorError, match=r"policies.toml is not valid TOML.*put the shipped file back"):
        policy_from_toml("version = [")
