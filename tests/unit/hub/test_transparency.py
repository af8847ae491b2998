"""The way to the transparency database, against a stand-in that behaves as is written of the real one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from typer.testing import CliRunner

from reviewer.cli import app
from reviewer.errors import OperatorError
from reviewer.hub.demo import fill_demo
from reviewer.hub.schema import statements
from reviewer.hub.statements import make_statements
from reviewer.hub.store import open_store
from reviewer.hub.transparency import Outgoing, Transparency, states
from reviewer.policy.statement_schema import judge_outgoing
from tests.unit.hub.conftest import Hub
from tests.unit.hub.transparency_server import StandIn, standing_in


@pytest.fixture
def world() -> Iterator[StandIn]:
    with standing_in() as made:
        yield made


@pytest.fixture
def sender(hub: Hub, world: StandIn) -> Iterator[Transparency]:
    made = Transparency(hub.store, world.address, world.token)
    yield made
    made.close()


def decided(hub: Hub, count: int = 1, **changes: Any) -> list[dict[str, Any]]:
    for _ in range(count):
        hub.open_case(seller=f"s{next(hub.numbers)}")
    made = [hub.decision(item, **changes) for item in hub.claim(count=count)]
    assert all(receipt["status"] == "accepted" for receipt in hub.decide(*made))
    return made


def rows(hub: Hub) -> list[Any]:
    return hub.store.database.read(lambda c: list(c.execute(select(statements).order_by(statements.c.seq))))


def state(hub: Hub) -> dict[str, int]:
    return hub.store.database.read(states)


def add_waiting(hub: Hub, count: int) -> None:
    """More statements of the same kind, without deciding each."""
    (first,) = decided(hub)
    hub.store.database.write(lambda c: make_statements(c, hub.store.policy, hub.clock.now))
    (row,) = rows(hub)
    body = json.loads(row.body)
    values = [
        dict(row._mapping)
        | {"seq": None, "puid": f"{first['id']}-x{n}", "body": json.dumps(body | {"puid": f"{first['id']}-x{n}"})}
        for n in range(count - 1)
    ]
    for value in values:
        value.pop("seq")
    hub.store.database.write(lambda c: c.execute(insert(statements), values))


def test_each_decision_against_a_seller_yields_one_statement_however_often_it_is_asked_for(hub: Hub) -> None:
    made = decided(hub, 3)
    decided(hub, 1, kind="clear", ground="")
    for _ in range(3):
        hub.store.database.write(lambda c: make_statements(c, hub.store.policy, hub.clock.now))
    assert [row.puid for row in rows(hub)] == [f"{row['id']}-r1" for row in made]


def test_what_is_stored_is_written_down_with_its_uuid(hub: Hub, sender: Transparency, world: StandIn) -> None:
    (made,) = decided(hub)
    assert sender.run_once().sent == 1
    assert list(world.stored) == [f"{made['id']}-r1"]
    (row,) = rows(hub)
    assert (row.state, json.loads(row.answer)["uuid"]) == ("sent", "u-1")
    assert sender.run_once().sent == 0
    assert len(world.batches) == 1


def test_a_hundred_go_in_one_call_and_the_rest_in_the_next(hub: Hub, sender: Transparency, world: StandIn) -> None:
    add_waiting(hub, 230)
    while sender.run_once().sent:
        pass
    assert [len(batch) for batch in world.batches] == [100, 100, 30]
    assert state(hub) == {"waiting": 0, "sent": 230, "parked": 0}


def test_a_lost_answer_is_found_out_by_asking_for_the_identifier(
    hub: Hub, sender: Transparency, world: StandIn
) -> None:
    decided(hub, 2)
    world.script = ["lost"]
    lost = sender.run_once()
    assert (lost.sent, lost.wait_s > 0) == (0, True)
    assert len(world.stored) == 2
    assert sender.run_once().sent == 2
    assert sorted(world.asked) == sorted(world.stored)
    assert state(hub)["sent"] == 2


@pytest.mark.parametrize("act", ["torn", "html", "500"])
def test_what_is_no_answer_leaves_everything_waiting_and_loses_nothing(
    hub: Hub, sender: Transparency, world: StandIn, act: str
) -> None:
    decided(hub, 2)
    world.script = [act]
    assert sender.run_once().sent == 0
    assert state(hub)["waiting"] == 2
    assert sender.run_once().sent == 2
    assert state(hub) == {"waiting": 0, "sent": 2, "parked": 0}
    assert len(world.stored) == 2


def test_an_answer_that_names_one_of_two_leaves_the_other_to_be_asked_for(
    hub: Hub, sender: Transparency, world: StandIn
) -> None:
    decided(hub, 2)
    world.script = ["short"]
    assert sender.run_once().sent == 1
    assert sender.run_once().sent == 1
    assert state(hub)["sent"] == 2


def test_identifiers_that_exist_are_dropped_and_the_rest_is_sent(
    hub: Hub, sender: Transparency, world: StandIn
) -> None:
    made = decided(hub, 3)
    world.stored[f"{made[1]['id']}-r1"] = {}
    assert sender.run_once().sent == 1
    assert sender.run_once().sent == 2
    assert [len(batch) for batch in world.batches] == [3, 2]
    assert state(hub)["sent"] == 3


def test_one_that_is_refused_is_parked_with_its_reason_and_does_not_hold_up_the_others(
    hub: Hub, sender: Transparency, world: StandIn
) -> None:
    made = decided(hub, 3)
    world.refuse = {f"{made[1]['id']}-r1"}
    assert sender.run_once().parked == 1
    assert sender.run_once().sent == 2
    parked = [row for row in rows(hub) if row.state == "parked"]
    assert [row.puid for row in parked] == [f"{made[1]['id']}-r1"]
    assert "decision_facts" in parked[0].error


def test_one_that_our_own_rules_refuse_never_goes_out(hub: Hub, sender: Transparency, world: StandIn) -> None:
    decided(hub)
    hub.store.database.write(lambda c: make_statements(c, hub.store.policy, hub.clock.now))
    hub.store.database.write(lambda c: c.execute(update(statements).values(body='{"puid": "x"}')))
    assert sender.run_once().parked == 1
    assert world.batches == []
    assert "is missing" in rows(hub)[0].error


def test_a_rate_limit_is_waited_for_as_long_as_it_asks(hub: Hub, sender: Transparency, world: StandIn) -> None:
    decided(hub)
    world.script = ["429"]
    assert sender.run_once().wait_s == 7
    assert sender.run_once().sent == 1


def test_waits_grow_while_it_fails(hub: Hub, sender: Transparency, world: StandIn) -> None:
    decided(hub)
    world.script = ["500"] * 12
    waits = [sender.run_once().wait_s for _ in range(12)]
    assert waits[0] <= 2
    assert 450 <= waits[-1] <= 900


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_is_refused_says_who_must_act_and_sends_when_it_is_mended(
    hub: Hub, sender: Transparency, world: StandIn, status: int
) -> None:
    decided(hub)
    if status == 401:
        world.token = "another"
    else:
        world.permitted = False
    told = sender.run_once()
    assert str(status) in told.why
    assert "token" in told.why
    world.token, world.permitted = "secret-token", True
    assert sender.run_once().sent == 1


def test_a_server_that_is_away_is_tried_again(hub: Hub) -> None:
    with standing_in() as gone:
        address = gone.address
    decided(hub)
    away = Transparency(hub.store, address, "secret-token")
    told = away.run_once()
    away.close()
    assert "no answer" in told.why
    assert state(hub)["waiting"] == 1


def test_what_may_have_been_stored_and_forgotten_after_181_days_is_never_sent_again(
    hub: Hub, sender: Transparency, world: StandIn
) -> None:
    decided(hub, 1)
    world.script = ["lost"]
    sender.run_once()
    world.forget()
    hub.clock.pass_(days=182)
    assert sender.run_once().parked == 1
    assert world.stored == {}
    assert "by hand" in rows(hub)[0].error


def test_what_is_known_as_sent_is_not_sent_again_when_the_database_has_forgotten_it(
    hub: Hub, sender: Transparency, world: StandIn
) -> None:
    decided(hub)
    sender.run_once()
    world.forget()
    hub.clock.pass_(days=200)
    assert sender.run_once().sent == 0
    assert world.stored == {}


def test_a_reversal_yields_a_new_statement_under_the_next_identifier(
    hub: Hub, sender: Transparency, world: StandIn
) -> None:
    (first,) = decided(hub)
    sender.run_once()
    hub.clock.pass_(days=3)
    (receipt,) = hub.decide(hub.supersede(first, "withdraw"))
    assert receipt["status"] == "accepted"
    assert sender.run_once().sent == 1
    before, after = f"{first['id']}-r1", f"{first['id']}-r2"
    assert list(world.stored) == [before, after]
    assert world.stored[after]["end_date_visibility_restriction"] == "2026-03-04"
    assert before in world.stored[after]["decision_facts"]
    assert "end_date_visibility_restriction" not in world.stored[before]


def test_another_ruling_in_the_place_of_the_first_yields_a_new_statement(
    hub: Hub, sender: Transparency, world: StandIn
) -> None:
    (first,) = decided(hub)
    hub.decide(hub.supersede(first, "restrict"))
    sender.run_once()
    assert list(world.stored) == [f"{first['id']}-r1", f"{first['id']}-r2"]
    assert world.stored[f"{first['id']}-r2"]["decision_provision"].startswith("DECISION_PROVISION_PARTIAL")


def test_the_token_goes_nowhere_but_to_the_configured_address(hub: Hub, world: StandIn) -> None:
    for address in ("http://example.test", "ftp://example.test", ""):
        with pytest.raises(OperatorError, match="https"):
            Transparency(hub.store, address, "t")
    with pytest.raises(OperatorError, match="token"):
        Transparency(hub.store, world.address, "two words")


def test_the_thread_sends_what_waits_and_ends(hub: Hub, sender: Transparency, world: StandIn) -> None:
    decided(hub)
    going = Outgoing(sender, print)
    going.start()
    assert world.arrived.wait(30)
    going.close()
    assert state(hub)["sent"] == 1


def test_statements_of_all_demo_decisions_are_in_order(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    try:
        fill_demo(store)
        while store.database.write(lambda c: make_statements(c, store.policy, store.now(c))):
            pass
        made = store.database.read(lambda c: c.execute(select(statements)).all())
        assert len(made) > 20
        for row in made:
            assert judge_outgoing(json.loads(row.body)) == (), row.puid
    finally:
        store.close()


def test_a_hubs_decision_is_printed_in_both_renderings(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    fill_demo(store)
    while store.database.write(lambda c: make_statements(c, store.policy, store.now(c))):
        pass
    made = store.database.read(lambda c: c.execute(select(statements)).first())
    store.close()
    assert made is not None
    run = CliRunner()
    printed = run.invoke(app, ["reasons", "--decision", made.decision_id, "--data", str(tmp_path)])
    assert printed.exit_code == 0, printed.output
    assert printed.output.startswith("LETTER (")
    assert json.loads(printed.output.partition("PAYLOAD")[2]) == json.loads(made.body)
    assert isinstance(
        run.invoke(app, ["reasons", "--decision", "no", "--data", str(tmp_path)]).exception, OperatorError
    )
