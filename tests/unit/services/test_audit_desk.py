"""The lead's desk on this workstation's own history: no pack is made by hand, nothing waits for a network."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import keyring
import keyring.backends.fail
import pytest

from reviewer.audit.choosing import Chosen
from reviewer.audit.drawing import Plan, draw_by
from reviewer.audit.findings import Finding, write_findings
from reviewer.errors import OperatorError
from reviewer.ledger.keys import SigningKey
from reviewer.services.audit_desk import LIVE, AuditDesk
from reviewer.services.audit_export import Scope
from reviewer.services.export import STORE
from reviewer.storage import decisions
from reviewer.storage.database import Database
from tests.unit.services.test_audit_export import fill
from tests.unit.storage.making import NOW, made


@pytest.fixture(autouse=True)
def no_keyring() -> Iterator[None]:
    before = keyring.get_keyring()
    keyring.set_keyring(keyring.backends.fail.Keyring())
    yield
    keyring.set_keyring(before)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[AuditDesk]:
    made = AuditDesk(tmp_path)
    yield made
    made.close()


def test_the_history_of_this_workstation_is_there_as_it_grows(desk: AuditDesk, tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="no store"):
        desk.open_live()
    fill(tmp_path, 30)
    opened = desk.open_live()
    assert opened.live
    assert opened.verifying
    opened = desk.verify(opened)
    assert opened.verdict is not None
    assert not opened.verifying
    assert opened.verdict.verified
    assert opened.history is not None
    assert len(opened.history.decisions) == 30
    chosen = Chosen(decision="takedown", reviewer="ana")
    assert desk.numbers(opened, chosen).subtitle.endswith("Only: reviewer ana, decision takedown.")
    case = desk.case(opened, opened.history.decisions[0])
    assert case.on_desk.case.listing.title == opened.history.decisions[0].title
    assert case.on_desk.case.listing.pictures
    fill(tmp_path, 5, 31)
    again = desk.open_live()
    assert again.history is not None
    assert len(again.history.decisions) == 35
    desk.close()
    assert not (tmp_path / LIVE).exists()


def test_opinions_on_the_live_history_outlast_its_snapshot(desk: AuditDesk, tmp_path: Path) -> None:
    fill(tmp_path, 12)
    opened = desk.open_live()
    assert opened.history is not None
    sample = draw_by(opened.history, Plan("s", size=3))
    row = next(row for row in opened.history.decisions if row.id == sample.ids[0])
    given = desk.finding(row, "Kim", NOW, "agree", row.kind, row.ground, "", blind=True, golden=True, seconds=4.04)
    assert desk.give(opened.path, sample, given) == (given,)
    assert given.seconds == 4.0
    desk.close()
    later = AuditDesk(tmp_path)
    once_more = later.open_live()
    assert later.given(once_more.path) == (given,)
    assert [item.decision_id for item in later.history(once_more).opinions] == [row.id]
    assert draw_by(later.history(once_more), Plan("t", size=2, golden=1)).golden == {row.id}
    later.close()


def test_a_measure_that_was_switched_off_is_an_override(desk: AuditDesk, tmp_path: Path) -> None:
    fill(tmp_path, 6)
    database = Database(tmp_path / STORE)
    off = made(40, measure_off_reason="The seller is new.", decided_at=NOW + timedelta(hours=2))
    with database.transaction():
        decisions.record(database, off, account="a", reviewer="ana", title="A bag")
    database.close()
    opened = desk.open_live()
    assert opened.history is not None
    assert [row.id for row in Chosen(overrides=True).of(opened.history)] == [off.id]
    assert desk.export(tmp_path / "people.pack", Scope(pseudonymous=True), lambda _: None)[0] == 7
    hidden = desk.open(tmp_path / "people.pack")
    assert hidden.history is not None
    assert len(Chosen(overrides=True).of(hidden.history)) == 1


def test_an_export_that_is_cancelled_leaves_nothing(desk: AuditDesk, tmp_path: Path) -> None:
    fill(tmp_path, 1000)

    def stop(words: str) -> None:
        raise OperatorError(f"cancelled at {words}")

    with pytest.raises(OperatorError, match="cancelled at 1000 decisions"):
        desk.export(tmp_path / "out.pack", Scope(), stop)
    assert not list(tmp_path.glob("out.pack*"))


def test_findings_that_do_not_belong_here_are_refused(desk: AuditDesk, tmp_path: Path) -> None:
    fill(tmp_path, 4)
    opened = desk.open_live()
    strange = tmp_path / "strange.findings.json"
    finding = Finding("elsewhere", "ana", "Kim", "2026-11-20T08:00:00.000Z", "agree", "clear", "")
    write_findings(strange, SigningKey.generate(), "s", "d", [finding])
    with pytest.raises(OperatorError, match="speaks of no decision of this pack"):
        desk.add_findings(opened, [strange])
    with pytest.raises(OperatorError, match="can't be read"):
        desk.add_findings(opened, [tmp_path / "none"])
