"""What an auditor sent back: decided again, so that it supersedes, or upheld."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

import pytest

from reviewer.domain.audit import ReturnedCase
from reviewer.domain.decision import DecisionKind
from reviewer.errors import OperatorError
from reviewer.services.model import CaseRef, Draft, InboxItem
from reviewer.storage import returned
from reviewer.storage.database import Database
from tests.fakes_connector import FakeServer
from tests.unit.services.conftest import Open
from tests.unit.services.sitting import Sitting

AT = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


def sent_back(sitting: Sitting) -> tuple[CaseRef, str]:
    """A decision that is on the server and that an auditor rules otherwise: its case and its id."""
    ref = sitting.decide(note="too quick")
    sitting.drained()
    (decision_id, _, _), *_ = sitting.kept_decisions()
    case = ReturnedCase("finding-1", decision_id, ref.case_id, "Wanjiru", AT, "fix", "warn", "design", "not a copy")
    store = sitting.workstation._store

    def take(database: Database) -> int:
        return returned.take(database, ref.account, [case], "1", "2026-03-01T09:00:00.000Z")

    assert (store.run(take), store.run(take)) == (1, 0)
    return ref, decision_id


def item_of(sitting: Sitting) -> InboxItem:
    item: InboxItem = sitting.until(sitting.inbox)[0]
    return item


def test_it_is_taken_in_hand_again_and_what_is_decided_then_supersedes(sitting: Sitting, server: FakeServer) -> None:
    sitting.ready()
    ref, first = sent_back(sitting)
    item = item_of(sitting)
    assert (item.status, item.ref, item.detail) == ("returned", ref, "Wanjiru rules: warn design.\nnot a copy")
    sitting.resolve(item, "again")
    entry = sitting.first()
    assert (entry.ref, entry.problem, entry.supersedes) == (ref, "reopened", first)
    assert (entry.draft.note, entry.draft.ground) == ("too quick", "design")
    assert sitting.inbox() == ()
    sitting.decide(DecisionKind.WARN, ref, ground="design")
    sitting.drained()
    assert (server.bodies()[-1]["kind"], server.bodies()[-1]["supersedes"]) == ("warn", first)


def test_it_is_upheld_once(sitting: Sitting) -> None:
    sitting.ready()
    sent_back(sitting)
    item = item_of(sitting)
    with pytest.raises(OperatorError, match="no way out called moot"):
        sitting.resolve(item, "moot")
    sitting.resolve(item, "uphold")
    assert sitting.inbox() == ()
    with pytest.raises(OperatorError, match="resolved already"):
        sitting.resolve(item, "uphold")


def test_a_decided_case_is_taken_in_hand_again_only_where_that_can_be_sent(open_sitting: Open) -> None:
    sitting = open_sitting(delay_s=600.0)
    sitting.ready()
    ref = sitting.decide()
    review = sitting.workstation.review
    with pytest.raises(OperatorError, match="not on this workstation any more"):
        sitting.desk_call(lambda: review.reopen(CaseRef(ref.account, "unheard"), "x", Draft()))
    with pytest.raises(OperatorError, match="still on its way"):
        sitting.desk_call(lambda: review.reopen(ref, "x", Draft()))
    sitting.desk_call(sitting.workstation.delivery.send_now)
    sitting.drained()
    (decision_id, _, _), *_ = sitting.kept_decisions()
    for note in ("once", "and once more"):
        sitting.desk_call(partial(review.reopen, ref, decision_id, Draft(note=note)))
        entry = sitting.first()
        assert (entry.ref, entry.supersedes, entry.draft.note) == (ref, decision_id, "once")
