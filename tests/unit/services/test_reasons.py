"""Statements of reasons read again from a workstation's folder, and refused before a decision is recorded."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from reviewer.cli import app
from reviewer.domain.decision import DecisionKind
from reviewer.errors import OperatorError
from reviewer.policy.policy import shipped_policy
from reviewer.policy.statement import payload
from reviewer.policy.statement_schema import judge_outgoing
from reviewer.services.reasons import reasons_of, stated
from tests.unit.policy.test_statement import case, decision
from tests.unit.services.sitting import Sitting


def test_a_statement_that_would_be_refused_keeps_the_decision_from_being_made() -> None:
    policy = shipped_policy()
    ground = replace(policy.grounds[0], dsa_keyword="KEYWORD_NUDITY")
    odd = replace(policy, grounds=(ground, *policy.grounds[1:]))
    assert stated(decision(), case(), policy) is not None
    with pytest.raises(OperatorError, match="KEYWORD_NUDITY belongs to none"):
        stated(decision(), case(), odd)


def test_a_folder_without_a_store_or_without_the_decision_says_so(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="no store"):
        reasons_of(tmp_path, "x")


def test_both_renderings_of_a_made_decision_are_printed_and_its_reversal_is_a_new_statement(
    sitting: Sitting, folder: Path
) -> None:
    sitting.ready()
    sitting.decide(DecisionKind.TAKEDOWN, facts=("The seam differs.",))
    sitting.drained()
    sitting.undo()
    sitting.drained()
    (first, *_), (second, *_) = sitting.kept_decisions()[-2:]
    made, reversed_ = reasons_of(folder, first), reasons_of(folder, second)
    assert made.statement is not None
    assert reversed_.statement is not None
    assert (made.statement.puid, reversed_.statement.puid) == (f"{first}-r1", f"{first}-r2")
    assert judge_outgoing(payload(made.statement)) == judge_outgoing(payload(reversed_.statement)) == ()
    printed = CliRunner().invoke(app, ["reasons", "--decision", first, "--data", str(folder)])
    assert printed.exit_code == 0, printed.output
    assert "LETTER (en)" in printed.output
    told = json.loads(printed.output.partition("PAYLOAD")[2])
    assert told == payload(made.statement)
    with pytest.raises(OperatorError, match="no decision nobody"):
        reasons_of(folder, "nobody")
