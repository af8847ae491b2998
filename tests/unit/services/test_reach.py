"""What a marketplace does not carry out is not recorded; what it can't take back is not undone."""

from __future__ import annotations

import pytest

from reviewer.domain.decision import DecisionKind, MeasureKind
from reviewer.errors import OperatorError
from tests.fakes_connector import FakeServer
from tests.unit.services.conftest import Open

ALL = frozenset(kind.value for kind in DecisionKind)


def test_a_kind_that_is_not_carried_out_is_refused_and_nothing_is_recorded(
    open_sitting: Open, server: FakeServer
) -> None:
    server.said = {"decisions": frozenset({"takedown", "clear", "withdraw"})}
    sitting = open_sitting()
    case = sitting.ready()
    assert DecisionKind.WARN not in case.reach.decisions
    with pytest.raises(OperatorError, match="does not carry out this decision"):
        sitting.decide(DecisionKind.WARN)
    assert sitting.kept_decisions() == []
    sitting.decide(DecisionKind.TAKEDOWN)
    sitting.drained()
    assert server.kinds() == ["takedown"]


def test_an_advice_to_refund_where_there_is_none_is_refused(open_sitting: Open, server: FakeServer) -> None:
    server.said = {"measures": frozenset({MeasureKind.LISTING_REMOVED.value})}
    sitting = open_sitting()
    sitting.ready()
    with pytest.raises(OperatorError, match="advises no refunds"):
        sitting.decide(refund=True)
    assert sitting.kept_decisions() == []


def test_a_measure_that_is_not_carried_out_stays_away_and_says_so(open_sitting: Open, server: FakeServer) -> None:
    server.said = {"measures": frozenset({MeasureKind.LISTING_REMOVED.value})}
    sitting = open_sitting()
    sitting.ready()
    sitting.decide(DecisionKind.TAKEDOWN)
    sitting.drained()
    (body,) = server.bodies()
    assert body["measure"] is None
    assert body["measure_off_reason"] == "สยามมาร์เก็ต does not carry out this measure"


def test_a_complaint_has_no_measure_and_no_excuse(open_sitting: Open, server: FakeServer) -> None:
    server.said = {"effect": "complaint", "measures": frozenset()}
    sitting = open_sitting()
    sitting.ready()
    sitting.decide(DecisionKind.TAKEDOWN)
    sitting.drained()
    (body,) = server.bodies()
    assert (body["measure"], body["measure_off_reason"]) == (None, "")


def test_what_can_not_be_taken_back_is_undone_before_it_is_sent_only(open_sitting: Open, server: FakeServer) -> None:
    server.said = {"decisions": ALL - {"withdraw"}}
    sitting = open_sitting(delay_s=3600.0)
    sitting.ready()
    first = sitting.decide()
    assert sitting.undo().current.ref == first  # type: ignore[union-attr]
    sitting.close()
    sitting = open_sitting(connected=False)
    sitting.ready()
    sitting.decide(ref=first)
    sitting.drained()
    with pytest.raises(OperatorError, match="takes nothing back"):
        sitting.undo()
    assert server.kinds() == ["takedown"]
    assert sitting.desk().undo_label  # the step is still the last one


def test_what_the_server_says_later_reaches_the_cases_on_the_desk(open_sitting: Open, server: FakeServer) -> None:
    sitting = open_sitting()
    sitting.ready()
    sitting.close()
    server.said = {"decisions": frozenset({"clear"})}
    sitting = open_sitting(connected=False)
    sitting.until(lambda: (case := sitting.desk().current) and case.reach.decisions == {DecisionKind.CLEAR})
