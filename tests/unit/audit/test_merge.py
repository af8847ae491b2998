"""Merged packs keep what each part proves; gaps and overlaps are named."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from reviewer.audit.demo import write_demo
from reviewer.audit.history import read_history
from reviewer.audit.merge import _between, merge_packs
from reviewer.audit.verifier import Pins, verify
from reviewer.errors import OperatorError
from reviewer.ledger.keys import is_signed
from tests.unit.audit.conftest import START, Made


def test_two_histories_are_one_pack_that_proves_both(demo: Made, tmp_path: Path) -> None:
    other = write_demo(tmp_path / "other.pack", seed=3, decisions=200, start=START)
    out = tmp_path / "merged.pack"
    assert merge_packs([demo.path, tmp_path / "other.pack"], out) == []
    pins = Pins({demo.key: "one", other.key: "two"}, {**demo.heads, **other.heads})
    outcome = verify(out, pins, is_signed)
    assert outcome.faults == []
    assert len(outcome.manifests) == 2
    assert outcome.counts["decisions"] == len(read_history(demo.path).decisions) + other.decisions
    assert len(read_history(out).decisions) == outcome.counts["decisions"]
    assert verify(out, Pins({demo.key: ""}), is_signed).first is not None
    connection = sqlite3.connect(out)
    with connection:
        connection.execute("UPDATE texts SET salt = x'00' WHERE part = 2 AND row = 9")
    connection.close()
    assert str(verify(out, pins, is_signed).first) == "part 2, texts row 9: was changed"


def test_the_same_pack_twice_overlaps_and_counts_once(demo: Made, copy: Path, tmp_path: Path) -> None:
    found = merge_packs([demo.path, copy], tmp_path / "merged.pack")
    assert found == [
        f"overlap: log {log} rows 1 to {size} are in demo.pack and copy.pack"
        for log, (size, _) in sorted(demo.heads.items())
    ]
    assert verify(tmp_path / "merged.pack", demo.pins(), is_signed).first is None
    assert len(read_history(tmp_path / "merged.pack").decisions) == len(read_history(demo.path).decisions)
    assert read_history(tmp_path / "merged.pack").opinions == read_history(demo.path).opinions


def test_gaps_and_overlaps_are_named_by_their_rows() -> None:
    rows = {number: ["a"] for number in (3, 4, 5)} | {6: ["a", "b"], 7: ["a", "b"], 8: ["b"], 11: ["b"]}
    assert _between("north", rows) == [
        "gap: log north rows 1 to 2 are in no pack",
        "gap: log north rows 9 to 10 are in no pack",
        "overlap: log north rows 6 to 7 are in a and b",
    ]


def test_a_part_that_was_left_out_is_missed_by_its_pinned_head(demo: Made, tmp_path: Path) -> None:
    out = tmp_path / "merged.pack"
    write_demo(tmp_path / "other.pack", seed=3, decisions=60, start=START)
    merge_packs([tmp_path / "other.pack", demo.path], out)
    connection = sqlite3.connect(out)
    with connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            connection.execute(f"UPDATE {name} SET part = 0 WHERE part = 2")
    connection.close()
    first = verify(out, demo.pins(), is_signed).first
    assert first is not None


def test_what_can_not_be_merged_is_said(demo: Made, copy: Path, tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="two packs"):
        merge_packs([demo.path], tmp_path / "out.pack")
    with pytest.raises(OperatorError, match="choose another name"):
        merge_packs([demo.path, copy], copy)
    with pytest.raises(OperatorError, match="not a readable pack"):
        merge_packs([demo.path, Path(__file__)], tmp_path / "out.pack")
    assert [path.name for path in tmp_path.iterdir()] == ["copy.pack"]
