"""Samples: ISO 2859-1's sizes, margins, strata, and the same draw from the same seed everywhere."""

from __future__ import annotations

from collections import Counter

import pytest

from reviewer.audit.history import Decided, History, read_history
from reviewer.audit.sample import SIZES, code_letter, draw, size_for_margin
from reviewer.errors import OperatorError
from tests.unit.audit.conftest import Made


@pytest.fixture(scope="module")
def history(demo: Made) -> History:
    return read_history(demo.path)


def lot_of(count: int) -> list[Decided]:
    return [
        Decided("l", n, f"d{n}", "c", "x", "r", ("ann", "bo")[n % 2], "clear", "", "", "2024-01-01", 10.0, "", "m", "t",
                None, None, "automated", "", "s", 0, "")
        for n in range(1, count + 1)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("lot", "level", "letter"),
    [
        (2, "I", "A"), (8, "III", "B"), (9, "II", "B"), (15, "II", "B"), (16, "II", "C"), (50, "II", "D"),
        (51, "II", "E"), 
        (90, "S-4", "C"), (150, "II", "F"), (151, "II", "G"), (280, "S-1", "B"), (500, "II", "H"), (501, "II", "J"),
        (1200, "III", "K"), (1201, "II", "K"), (3200, "I", "H"), (3201, "II", "L"), (10_000, "S-3", "F"),
        (10_001, "II", "M"), (35_000, "S-4", "H"), (35_001, "II", "N"), (150_000, "I", "L"), (150_001, "II", "P"),
        (500_000, "S-2", "E"), (500_001, "II", "Q"), (500_001, "III", "R"), (10**9, "S-1", "D"),
    ],
)  # fmt: skip
def test_code_letters_are_those_of_table_1(lot: int, level: str, letter: str) -> None:
    assert code_letter(lot, level) == letter


def test_sample_sizes_are_those_of_table_2() -> None:
    assert [SIZES[letter] for letter in "ABCDEFGHJKLMNPQR"] == [
        2, 3, 5, 8, 13, 20, 32, 50, 80, 125, 200, 315, 500, 800, 1250, 2000,
    ]  # fmt: skip


def test_sizes_for_a_margin_are_cochrans() -> None:
    assert size_for_margin(10**9, 0.05) == 385
    assert size_for_margin(1000, 0.05) == 278
    assert size_for_margin(10**9, 0.03) == 1068
    assert size_for_margin(20, 0.01) == 20
    assert size_for_margin(0, 0.05) == 0
    for margin in (0.0, 1.0, -1.0):
        with pytest.raises(OperatorError, match="margin"):
            size_for_margin(10, margin)


def test_equal_seeds_draw_the_same_on_every_platform() -> None:
    """Computed once and apart; whatever the machine, the draw is this one."""
    drawn = draw(lot_of(1000), seed="2026-11", size=10)
    assert drawn.ids == ("d422", "d749", "d463", "d20", "d222", "d289", "d134", "d369", "d22", "d411")
    assert drawn == draw(reversed(lot_of(1000)), seed="2026-11", size=10)
    assert drawn.ids != draw(lot_of(1000), seed="2026-12", size=10).ids


def test_strata_get_their_share_and_one_at_least(history: History) -> None:
    lot = list(history.standing().values())
    drawn = draw(lot, seed="s", size=130, by=("reviewer", "decision"))
    assert drawn.size == 130 == sum(taken for _, _, taken in drawn.strata)
    kinds = Counter(f"{row.reviewer} / {row.kind}" for row in lot)
    for name, count, taken in drawn.strata:
        assert count == kinds[name]
        assert 1 <= taken <= count
        assert abs(taken - 130 * count / len(lot)) < 1.5
    for name in ("ground", "marketplace", "override", "speed"):
        assert draw(lot, seed="s", size=50, by=(name,)).size == 50


def test_own_decisions_and_known_answers_are_kept_apart(history: History) -> None:
    lot = list(history.standing().values())
    golden = {row.decision_id for row in history.opinions if row.golden}
    drawn = draw(lot, seed="s", size=80, golden=golden, golden_count=6, excluded_reviewer="Ines Okafor")
    rows = {row.id: row for row in lot}
    assert not [identity for identity in drawn.ids if rows[identity].reviewer == "Ines Okafor"]
    assert len(drawn.golden) == 6
    assert drawn.golden <= golden
    assert len(set(drawn.ids)) == drawn.size == 86
    assert {drawn.ids.index(identity) for identity in drawn.golden} != set(range(80, 86))


def test_small_lots_and_unknown_strata() -> None:
    assert draw([], seed="s", size=10).ids == ()
    assert draw(lot_of(3), seed="s", size=10).size == 3
    assert draw(lot_of(4), seed="s", size=1, by=("reviewer",)).size == 1
    with pytest.raises(OperatorError, match="no stratum 'mood'"):
        draw(lot_of(3), seed="s", size=1, by=("mood",))
    with pytest.raises(OperatorError, match="inspection level"):
        code_letter(5, "IV")
