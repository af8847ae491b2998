"""Unsent decisions as a file, from a data folder that nobody has open."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reviewer.domain.decision import Receipt, ReceiptStatus
from reviewer.errors import OperatorError
from reviewer.services.export import STORE, export_folder
from reviewer.storage import outbox
from reviewer.storage.database import Database
from tests.unit.storage.making import keep, made

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """One unsent, one that came back, one settled."""
    database = Database(tmp_path / STORE)
    keep(database, made(1), made(2), made(3))
    outbox.start_sending(database, [made(2).id, made(3).id])
    receipts = [Receipt(made(2).id, ReceiptStatus.STALE, "changed"), Receipt(made(3).id, ReceiptStatus.ACCEPTED)]
    outbox.settle(database, receipts, "2026-11-20T09:00:00.000Z")
    database.close()
    return tmp_path


def test_what_is_unsent_and_what_came_back_is_written_and_the_store_stays_as_it_is(filled: Path) -> None:
    before = (filled / STORE).read_bytes()
    assert export_folder(filled, filled / "out.json", NOW) == 2
    document = json.loads((filled / "out.json").read_text(encoding="utf-8"))
    assert [row["decision"]["id"] for row in document["unsent"]] == [made(1).id]
    assert [(row["decision"]["id"], row["status"], row["detail"]) for row in document["came_back"]] == [
        (made(2).id, "stale", "changed")
    ]
    assert (filled / STORE).read_bytes() == before


def test_where_a_start_was_killed_before_its_first_table_there_is_nothing_to_export(tmp_path: Path) -> None:
    (tmp_path / STORE).touch()
    assert export_folder(tmp_path, tmp_path / "out.json", NOW) == 0


def test_where_the_header_is_lost_the_rows_are_read_all_the_same(filled: Path) -> None:
    store = filled / STORE
    store.write_bytes(bytes(100) + store.read_bytes()[100:])
    assert export_folder(filled, filled / "out.json", NOW) == 2
    document = json.loads((filled / "out.json").read_text(encoding="utf-8"))
    assert [(row["decision"]["id"], row["last_error"]) for row in document["unsent"]] == [(made(1).id, "salvaged")]
    assert [row["decision"]["id"] for row in document["came_back"]] == [made(2).id]
    assert document["unreadable"] == []


def test_a_folder_without_a_store_is_said(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="no store in"):
        export_folder(tmp_path, tmp_path / "out.json", NOW)


def test_a_store_that_can_not_be_read_is_said(filled: Path) -> None:
    (filled / (STORE + "-wal")).mkdir()
    with pytest.raises(OperatorError, match="can't be read"):
        export_folder(filled, filled / "out.json", NOW)
    assert not (filled / "out.json").exists()
