"""What the marketplace does not carry out is greyed, says why, and is not decided."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reviewer.domain.decision import DecisionKind, MeasureKind
from reviewer.domain.server import Reach
from tests.fakes import make_cases

SHOP = Reach(
    decisions=frozenset({DecisionKind.TAKEDOWN, DecisionKind.CLEAR, DecisionKind.WITHDRAW}),
    measures=frozenset({MeasureKind.LISTING_REMOVED}),
)
COMPLAINTS = Reach(
    complaint=True, decisions=frozenset({DecisionKind.TAKEDOWN, DecisionKind.CLEAR}), measures=frozenset()
)


def opened(open_desk, reach):
    return open_desk([replace(case, reach=reach) for case in make_cases(3)])


def test_what_is_not_carried_out_is_grey_and_says_why(open_desk):
    desk = opened(open_desk, SHOP)
    buttons = desk.screen.bar.buttons
    grey = {kind.value for kind, made in buttons.items() if kind is not None and not made.isEnabled()}
    assert grey == {"warn", "restrict", "escalate", "request_proof"}
    assert "does not carry out “Warn”" in buttons[DecisionKind.WARN].toolTip()
    assert "not carried out here" in buttons[DecisionKind.WARN].accessibleDescription()
    assert buttons[None].isEnabled()


@pytest.mark.parametrize("key", ["2", "Shift+2", "3", "6", "7"])
def test_a_grey_key_decides_nothing_and_says_why(open_desk, key):
    desk = opened(open_desk, SHOP)
    with desk.bot.waitSignal(desk.screen.deciding.failed) as said:
        desk.press(key)
    assert "does not carry out" in said.args[0]
    assert not desk.screen.choosing.grounds.isVisible()
    assert not desk.decided
    desk.press_and_wait("4")
    assert desk.decided == [("takedown", "counterfeit")]


def test_a_measure_that_is_not_carried_out_is_named_and_asks_no_reason(open_desk):
    desk = opened(open_desk, SHOP)
    bar = desk.screen.bar
    assert desk.screen.sitting.step(DecisionKind.TAKEDOWN).due is not None
    assert "not done here" in bar.measure.text()
    assert "does not carry out the measure that is due" in bar.buttons[DecisionKind.TAKEDOWN].toolTip()
    desk.press("M")
    assert not desk.screen.sitting.measure_off
    assert not bar.reason.isVisible()


@pytest.mark.parametrize("reach", [SHOP, COMPLAINTS], ids=["shop", "complaints"])
def test_refunds_are_not_advised_where_nobody_would_hear_of_it(open_desk, reach):
    desk = opened(open_desk, reach)
    desk.press("Shift+M")
    assert "advises no refunds" in desk.screen.case_bar.notice
    assert not desk.screen.sitting.refund


def test_a_complaint_says_so_and_promises_no_points(open_desk):
    desk = opened(open_desk, COMPLAINTS)
    made = desk.screen.bar.buttons[DecisionKind.TAKEDOWN]
    words = made.accessibleDescription()
    assert words.startswith("files a complaint · final once sent")
    assert "points" not in words
    assert "which rules on it itself" in made.toolTip()
    assert "the marketplace takes nothing back" in made.toolTip()
    assert "complaint" in desk.screen.bar.measure.text()
    assert "no complaint" in desk.screen.bar.buttons[DecisionKind.CLEAR].accessibleDescription()
