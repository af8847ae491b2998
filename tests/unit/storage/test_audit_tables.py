"""What servers vouch for of this store's log, what is to be sent of it, and what auditors sent back."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from reviewer.domain.audit import Countersignature, ReturnedCase
from reviewer.domain.values import parse_time
from reviewer.ledger.chain import GENESIS, row_digest
from reviewer.ledger.heads import Head, SignedHead, is_checkpoint, sign_checkpoint
from reviewer.ledger.keys import SigningKey
from reviewer.ledger.tree import EMPTY, is_consistent
from reviewer.storage import decisions, heads, outbox, returned, witness
from reviewer.storage.database import Database
from tests.unit.storage.making import NOW, made

AT = "2026-03-01T08:00:00.000Z"
KEY = SigningKey(bytes(32))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "store.sqlite3")
    heads.name_log(opened)
    yield opened
    opened.close()


def decide(database: Database, first: int, count: int, account: str = "a") -> None:
    with database.transaction():
        for number in range(first, first + count):
            decision = made(number, listing=f"l{number}", case_id=f"c{number}", decided_at=NOW)
            decisions.record(database, decision, account=account, reviewer="ana", title="Bag")


def checkpoint(database: Database, size: int | None = None) -> None:
    tree = heads.grown_tree(database) if size is None else heads.tree_at(database, size)
    signed = sign_checkpoint(KEY, Head(heads.log_name(database), tree.size, tree.head().hex(), AT))
    heads.save_checkpoint(database, signed, tree)


def countersigned(database: Database, size: int, account: str = "a") -> None:
    head = witness.head_to_send(database, account, size)
    made_by_hub = Countersignature(head.log, head.size, head.root, AT, "ab" * 32, "cd" * 64)
    witness.save_countersignature(database, account, made_by_hub)


def test_nothing_is_to_be_sent_before_a_checkpoint(database: Database) -> None:
    decide(database, 1, 3)
    assert witness.next_size(database, "a", KEY.public) == (0, False)
    checkpoint(database)
    assert witness.next_size(database, "a", KEY.public) == (3, False)
    assert witness.next_size(database, "a", "another key") == (0, False)


def test_a_head_goes_on_from_what_is_countersigned(database: Database) -> None:
    root, size = EMPTY, 0
    for count in (3, 4, 1, 9):
        decide(database, size + 1, count)
        checkpoint(database)
        assert witness.next_size(database, "a", KEY.public) == (size + count, False)
        head = witness.head_to_send(database, "a", size + count)
        assert (head.first, len(head.rows)) == (size, count)
        proof = [bytes.fromhex(step) for step in head.proof]
        assert is_consistent(size, root, head.size, bytes.fromhex(head.root), proof)
        signed = SignedHead(Head(head.log, head.size, head.root, head.at), head.key, bytes.fromhex(head.signature))
        assert is_checkpoint(signed)
        countersigned(database, head.size)
        root, size = bytes.fromhex(head.root), head.size
        assert witness.witnessed(database, "a") == size
    assert witness.next_size(database, "a", KEY.public) == (0, False)


def test_rows_of_other_servers_are_told_by_their_digests_alone(database: Database) -> None:
    decide(database, 1, 2)
    decide(database, 3, 1, account="b")
    checkpoint(database)
    rows = witness.head_to_send(database, "a", 3).rows
    assert [row.content is not None for row in rows] == [True, True, False]
    assert [row.salt is not None for row in rows] == [True, True, False]
    assert row_digest(1, GENESIS, (rows[0].content or "").encode()) == rows[0].digest
    others = witness.head_to_send(database, "b", 3).rows
    assert [row.content is not None for row in others] == [False, False, True]


def test_a_long_way_to_the_next_checkpoint_is_gone_in_steps(database: Database) -> None:
    decide(database, 1, witness.ROWS + 20)
    checkpoint(database)
    assert witness.next_size(database, "a", KEY.public) == (witness.ROWS, True)
    checkpoint(database, witness.ROWS)
    assert witness.next_size(database, "a", KEY.public) == (witness.ROWS, False)
    countersigned(database, witness.ROWS)
    assert witness.next_size(database, "a", KEY.public) == (witness.ROWS + 20, False)


def test_countersignatures_stay_as_they_came(database: Database) -> None:
    decide(database, 1, 1)
    checkpoint(database)
    countersigned(database, 1)
    countersigned(database, 1)
    assert len(witness.countersignatures(database)) == 1
    for statement in ("DELETE FROM countersignature", "UPDATE countersignature SET root = ''"):
        with pytest.raises(sqlite3.IntegrityError, match="countersignatures are never"):
            database.execute(statement)


def back(number: int, name: str) -> ReturnedCase:
    decision = made(number, listing=f"l{number}", case_id=f"c{number}", decided_at=NOW).id
    return ReturnedCase(name, decision, f"c{number}", "Kim Aalto", parse_time(AT), "return", note="See the seam.")


def test_what_came_back_is_kept_once_and_settled_once(database: Database) -> None:
    decide(database, 1, 2)
    assert returned.take(database, "a", [back(1, "x"), back(2, "y")], "7", AT) == 2
    assert returned.take(database, "a", [back(1, "x")], "7", AT) == 0
    assert returned.cursor(database, "a") == "7"
    assert [entry.case.id for entry in returned.entries(database)] == ["y", "x"]
    assert (returned.count(database), outbox.counts(database)[1]) == (2, 2)
    number = returned.entries(database)[1].number
    with database.transaction():
        assert returned.uphold(database, number, AT)
        assert not returned.uphold(database, number, AT)
    assert [(case.id, case.resolution) for case in returned.untold(database, "a")] == [("x", "upheld")]
    returned.mark_told(database, "a", ["x"], AT)
    assert returned.untold(database, "a") == []


def test_a_case_that_was_decided_elsewhere_is_not_shown(database: Database) -> None:
    returned.take(database, "a", [back(9, "x")], "1", AT)
    assert returned.entries(database) == []


def test_a_correction_is_told_when_the_server_has_it_and_undone_with_it(database: Database) -> None:
    decide(database, 1, 1)
    returned.take(database, "a", [back(1, "x")], "1", AT)
    correction = replace(made(5, listing="l1", case_id="c1", decided_at=NOW), supersedes=back(1, "x").decision_id)
    with database.transaction():
        decisions.record(database, correction, account="a", reviewer="ana", title="Bag")
        returned.correct(database, "a", correction, AT)
    assert returned.entries(database) == []
    assert returned.untold(database, "a") == [], "the server does not have the correction"
    with database.transaction():
        returned.reopen(database, correction.id)
    assert [entry.case.id for entry in returned.entries(database)] == ["x"]
    with database.transaction():
        returned.correct(database, "a", correction, AT)
        database.execute(
            "UPDATE outbox SET state = 'settled' WHERE sequence = (SELECT sequence FROM decision WHERE id = ?)",
            (correction.id,),
        )
    assert [(case.resolution, case.decision_id) for case in returned.untold(database, "a")] == [
        ("corrected", correction.id)
    ]
    returned.mark_told(database, "a", ["x"], AT)
    with database.transaction():
        returned.reopen(database, correction.id)
    assert returned.entries(database) == [], "what the server knows stays"
