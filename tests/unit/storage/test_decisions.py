"""Decisions with their outbox and audit rows: together or not at all, and final."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reviewer.domain.decision import DecisionKind, Measure, MeasureKind, decision_to_mapping
from reviewer.domain.evidence import Fingerprint
from reviewer.domain.values import sha256_hex
from reviewer.errors import BugError
from reviewer.ledger.chain import first_broken
from reviewer.storage import cases, decisions, outbox
from reviewer.storage.database import Database, StorageProblem
from tests.unit.storage.making import NOW, keep, made, withdrawal

TABLES = ("decision", "decision_text", "outbox", "audit")


def rows_in(database: Database) -> list[int]:
    return [len(rows) for rows in everything(database)]


def everything(database: Database) -> list[list[tuple[object, ...]]]:
    return [[tuple(row) for row in database.execute(f"SELECT * FROM {table}")] for table in TABLES]  # noqa: S608


def test_a_decision_its_outbox_row_and_its_audit_row_come_together(database: Database) -> None:
    keep(database, *(made(number) for number in range(1, 8)))
    assert rows_in(database) == [7, 7, 7, 7]
    assert decisions.disagreements(database) == []
    chain = decisions.chain(database)
    assert first_broken(chain) is None
    assert len(chain) == 7


def test_what_goes_out_is_the_decision_in_canonical_bytes(database: Database) -> None:
    decision = made(1, measure=Measure(MeasureKind.SELLER_WARNED, "all"), note="정품급 ของแท้ \u202e")
    keep(database, decision)
    body = outbox.waiting(database, "a")[0].body
    assert json.loads(body) == decision_to_mapping(decision)
    assert decisions.read(database, decision.id) == decision


def test_fingerprints_go_out_with_the_decision_and_are_read_again(database: Database) -> None:
    decision = made(1, fingerprints=(Fingerprint("pdq", 1, 87, ("0f" * 32,), "ab" * 32),))
    keep(database, decision)
    sent = json.loads(outbox.waiting(database, "a")[0].body)["fingerprints"]
    assert sent == [{"picture": "ab" * 32, "algorithm": "pdq", "version": 1, "quality": 87, "codes": ["0f" * 32]}]
    assert decisions.stored(database, decision.id) == decision
    assert "fingerprints" not in decision_to_mapping(made(2))


def test_the_audit_row_binds_the_bytes_and_holds_no_free_text(database: Database) -> None:
    keep(database, made(1, note="a private remark"))
    content = json.loads(decisions.chain(database)[0].content)
    assert content["outbox"] == sha256_hex(outbox.waiting(database, "a")[0].body)
    assert b"private" not in decisions.chain(database)[0].content
    bodies = database.execute("SELECT body FROM decision").fetchall()
    assert all(b"private" not in bytes(row["body"]) for row in bodies)


def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    keep(database, made(1))

    def fail_midway() -> None:
        with database.transaction():
            decisions.record(database, made(2), account="a", reviewer="ana", title="t")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail_midway()
    assert rows_in(database) == [1, 1, 1, 1]
    keep(database, made(3))
    assert first_broken(decisions.chain(database)) is None
    assert decisions.disagreements(database) == []


def test_a_text_that_can_not_be_kept_leaves_nothing(database: Database) -> None:
    with pytest.raises(ValueError, match="surrogate"):
        keep(database, made(1), made(2, note="\ud800"))
    assert rows_in(database) == [0, 0, 0, 0]


def test_the_same_id_is_never_taken_twice(database: Database) -> None:
    keep(database, made(1))
    with pytest.raises(sqlite3.IntegrityError):
        keep(database, replace(made(2), id=made(1).id))
    assert rows_in(database) == [1, 1, 1, 1]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE decision SET kind = 'clear'",
        "UPDATE decision SET body = x'00'",
        "DELETE FROM decision",
        "UPDATE audit SET content = x'00'",
        "UPDATE audit SET digest = ''",
        "DELETE FROM audit",
        "DELETE FROM outbox",
        "UPDATE outbox SET body = x'00'",
        "UPDATE outbox SET body = NULL",
        "UPDATE outbox SET digest = ''",
        "UPDATE outbox SET sequence = 99",
        "INSERT OR REPLACE INTO audit SELECT sequence, '', content, digest FROM audit",
        "INSERT OR REPLACE INTO outbox SELECT sequence, account, listing_id, state, x'00', digest, 0, '', NULL"
        " FROM outbox",
    ],
)
def test_history_can_not_be_changed_or_deleted(database: Database, statement: str) -> None:
    keep(database, made(1))
    before = everything(database)
    with pytest.raises(sqlite3.IntegrityError):
        database.execute(statement)
    assert everything(database) == before


@pytest.mark.parametrize("state", ["settled", "withdrawn"])
def test_what_is_settled_stays_settled(database: Database, state: str) -> None:
    keep(database, made(1))
    database.execute("UPDATE outbox SET state = ?, body = NULL", (state,))
    for other in ("waiting", "sending", "parked", "settled", "withdrawn"):
        if other != state:
            with pytest.raises(sqlite3.IntegrityError, match="stays settled"):
                database.execute("UPDATE outbox SET state = ?", (other,))


def test_no_decision_takes_its_outbox_or_audit_row_along(database: Database) -> None:
    database.execute("INSERT INTO account VALUES ('a', 'x', 'A', '{}', NULL, NULL)")
    keep(database, made(1))
    database.execute("DELETE FROM account")
    assert rows_in(database) == [1, 1, 1, 1]


def test_withdrawing_before_sending_keeps_both_and_sends_none(database: Database) -> None:
    first = made(1)
    keep(database, first)
    with database.transaction():
        assert decisions.withdraw_before_sending(database, withdrawal(2, first), account="a", reviewer="ana", title="t")
    assert rows_in(database) == [2, 2, 2, 2]
    assert outbox.waiting(database, "a") == []
    assert decisions.disagreements(database) == []
    assert decisions.standing_since(database, {"a": "ana"}, "") == []
    last = decisions.last_of_case(database, "a", first.case_id)
    assert last is not None
    assert (last[0].kind, last[1]) == (DecisionKind.WITHDRAW, "withdrawn")


@pytest.mark.parametrize("tries", [1, 2])
def test_what_was_sent_once_can_not_be_withdrawn_in_silence(database: Database, tries: int) -> None:
    first = made(1)
    keep(database, first)
    for _ in range(tries):
        outbox.start_sending(database, [first.id])
        outbox.put_back(database, [first.id], "no answer")
    with database.transaction():
        assert not decisions.withdraw_before_sending(
            database, withdrawal(2, first), account="a", reviewer="ana", title="t"
        )
    assert rows_in(database) == [1, 1, 1, 1]


def test_decisions_of_this_reviewer_that_stand_are_counted(database: Database) -> None:
    keep(database, made(1), made(2, kind=DecisionKind.CLEAR, seconds=3.0), made(3), made(4))
    keep(database, made(5), account="other")
    keep(database, withdrawal(6, made(3)))
    database.execute("UPDATE outbox SET state = 'parked' WHERE sequence = 4")
    found = decisions.standing_since(database, {"a": "ana"}, "2026-11-20T00:00:00.000Z")
    assert found == [(made(1).id, DecisionKind.TAKEDOWN, 11.5), (made(2).id, DecisionKind.CLEAR, 3.0)]
    assert decisions.standing_since(database, {"a": "ben"}, "") == []
    assert decisions.standing_since(database, {}, "") == []
    assert decisions.standing_since(database, {"a": "ana"}, "2026-11-21T00:00:00.000Z") == []


def test_erased_texts_leave_chain_and_commitment(database: Database) -> None:
    keep(database, made(1), made(2))
    with database.transaction():
        assert decisions.erase_texts_before(database, "2027") == 2
    found = decisions.read(database, made(1).id)
    assert found == replace(made(1), note="", facts=())
    assert first_broken(decisions.chain(database)) is None


def test_a_row_that_lost_its_partner_is_named(database: Database) -> None:
    keep(database, made(1), made(2))
    for statement in ("DROP TRIGGER audit_is_kept", "DELETE FROM audit WHERE sequence = 2"):
        database.execute(statement)
    assert decisions.disagreements(database) == [f"decision {made(2).id} has no audit row"]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(note=st.text(), facts=st.lists(st.text(), max_size=3), seconds=st.floats(0, 86_400), data=st.data())
def test_every_decision_is_read_as_it_was_written(
    database: Database, note: str, facts: list[str], seconds: float, data: st.DataObject
) -> None:
    number = database.execute("SELECT count(*) FROM decision").fetchone()[0] + 1
    decision = made(
        number, note=note, facts=tuple(facts), seconds=round(seconds, 3), kind=data.draw(st.sampled_from(DecisionKind)),
        decided_at=NOW,
    )  # fmt: skip
    keep(database, decision)
    assert decisions.read(database, decision.id) == decision


def test_a_full_disk_is_said_in_words_and_records_nothing(database: Database) -> None:
    keep(database, made(1))
    pages = database.execute("PRAGMA page_count").fetchone()[0]
    database.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StorageProblem, match=r"disk .* is full. Nothing was recorded. Free some space"):
        keep(database, made(2, note="long " * 20_000))
    assert rows_in(database) == [1, 1, 1, 1]
    database.execute("PRAGMA max_page_count = 1000000")
    keep(database, made(2))
    assert first_broken(decisions.chain(database)) is None


def test_a_file_that_became_read_only_is_said_in_words(database: Database) -> None:
    keep(database, made(1))
    database.execute("PRAGMA query_only = ON")
    with pytest.raises(StorageProblem, match=r"can't be written to. Nothing was recorded"):
        keep(database, made(2))
    database.execute("PRAGMA query_only = OFF")
    assert rows_in(database) == [1, 1, 1, 1]


def test_an_audit_row_out_of_step_stops_the_decision(database: Database) -> None:
    keep(database, made(1))
    database.execute("PRAGMA foreign_keys = OFF")
    database.execute("INSERT INTO audit SELECT 7, previous, content, 'f' FROM audit")
    with pytest.raises(BugError, match="decision 2 would get audit row 8"):
        keep(database, made(2))
    assert rows_in(database) == [1, 1, 1, 2]
    for statement in ("DROP TRIGGER audit_is_kept", "DELETE FROM audit WHERE sequence = 7"):
        database.execute(statement)


def test_a_salvaged_decision_is_taken_over_once_with_its_tries(database: Database) -> None:
    def take_over() -> bool:
        with database.transaction():
            return decisions.adopt(
                database, made(1), account="a", reviewer="ana", title="t", attempts=2, came_from="salvaged"
            )

    assert take_over()
    assert not take_over()
    (entry,) = outbox.entries(database)
    assert (entry.decision, entry.state, entry.attempts, entry.last_error) == (made(1), "waiting", 2, "salvaged")
    assert decisions.disagreements(database) == []


def test_a_decision_that_was_never_made_is_a_fault_of_ours(database: Database) -> None:
    keep(database, made(1))
    assert decisions.stored(database, made(1).id) == made(1)
    assert decisions.read(database, made(2).id) is None
    with pytest.raises(BugError, match="there is no decision"):
        decisions.stored(database, made(2).id)
    with pytest.raises(BugError, match="never lay on the desk"):
        cases.stored(database, "a", "case-1")
