"""The hash chain names the first row that does not fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.ledger.chain import GENESIS, ChainRow, first_broken, next_row, row_digest


def chain_of(count: int) -> list[ChainRow]:
    rows: list[ChainRow] = []
    for number in range(1, count + 1):
        rows.append(next_row(number, rows[-1].digest if rows else GENESIS, {"number": number}))
    return rows


def forged(row: ChainRow) -> ChainRow:
    """Another content with its right digest: only the row after it shows that."""
    content = row.content + b" "
    return replace(row, content=content, digest=row_digest(row.sequence, row.previous, content))


@given(st.integers(0, 20))
def test_a_chain_as_it_was_written_is_whole(count: int) -> None:
    assert first_broken(chain_of(count)) is None


@pytest.mark.parametrize(
    ("spoil", "at"),
    [
        (lambda rows: [*rows[:4], replace(rows[4], content=b"{}"), *rows[5:]], 5),
        (lambda rows: [*rows[:4], replace(rows[4], digest="0" * 64), *rows[5:]], 5),
        (lambda rows: [*rows[:4], *rows[5:]], 6),
        (lambda rows: rows[1:], 2),
        (lambda rows: [*rows[:4], rows[3], *rows[4:]], 4),
        (lambda rows: [*rows[:3], rows[4], rows[3], *rows[5:]], 5),
        (lambda rows: [*rows[:4], forged(rows[4]), *rows[5:]], 6),
        (lambda rows: [replace(rows[0], previous="1" * 64), *rows[1:]], 1),
        (lambda rows: [*rows[:4], replace(rows[4], sequence=50), *rows[5:]], 50),
    ],
    ids=[
        "changed",
        "digest changed",
        "dropped",
        "first dropped",
        "doubled",
        "swapped",
        "forged",
        "genesis",
        "renumbered",
    ],
)
def test_the_first_row_that_does_not_fit_is_named(spoil: Callable[[list[ChainRow]], list[ChainRow]], at: int) -> None:
    broken = first_broken(spoil(chain_of(9)))
    assert broken is not None
    assert broken[0] == at
    assert broken[1]


@given(st.integers(0, 9), st.binary(min_size=1, max_size=5))
def test_any_other_content_is_noticed(place: int, content: bytes) -> None:
    rows = chain_of(10)
    rows[place] = replace(rows[place], content=content)
    assert first_broken(rows) == (place + 1, "its content does not have its digest")
