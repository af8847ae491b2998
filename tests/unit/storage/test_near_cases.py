"""Open cases with near pictures: replaced by each answer, gone with the case from the mirrored queue."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from reviewer.domain.evidence import NearCase
from reviewer.storage import near_cases, queue
from reviewer.storage.database import Database
from tests.made import make_row

OURS, THEIRS, OTHER = "a" * 64, "b" * 64, "c" * 64


def test_an_answer_replaces_the_one_before(tmp_path: Path) -> None:
    database = Database(tmp_path / "store.sqlite3")
    first = NearCase(OURS, THEIRS, 4, "case-1", "l1", "Bag")
    assert near_cases.save(database, "a", [OURS], [first])
    assert not near_cases.save(database, "a", [OURS], [first])
    assert near_cases.near(database, OURS) == [first]
    assert near_cases.others(database, "a", [OURS, OTHER]) == {OURS: [THEIRS]}
    assert near_cases.save(database, "a", [OURS], [])
    assert near_cases.near(database, OURS) == []
    database.close()


def test_a_case_that_left_the_queue_is_not_told(tmp_path: Path) -> None:
    database = Database(tmp_path / "store.sqlite3")
    rows = [NearCase(OURS, THEIRS, 4, name, "l" + name, "Bag") for name in ("case-1", "case-2")]
    near_cases.save(database, "a", [OURS], rows)
    with database.transaction():
        queue.upsert(database, "a", [replace(make_row(2), id="case-2")])
    assert near_cases.near(database, OURS) == rows[1:]
    database.close()
