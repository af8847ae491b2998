"""Kappa and alpha against the worked examples that were published with them."""

from __future__ import annotations

import pytest

from reviewer.audit.agreement import alpha, confusion, kappa, share

#: Krippendorff 2011, part A: two observers, ten articles, two values.
MEG_OWEN = ("0100000010", "1110010000")
#: Part B: two observers, twelve articles, five values.
BEN_GERRY = ("aabbdcccedda", "babbbccceddd")
#: Part C: four observers, twelve units, missing data.
FOUR = ("123321412...", "1233224125.3", ".333234225" + "1.", "12332441251.")


def units(*observers: str) -> list[list[str]]:
    return [[value for value in unit if value != "."] for unit in zip(*observers, strict=True)]


@pytest.mark.parametrize(
    ("observers", "published"), [(MEG_OWEN, 0.095), (BEN_GERRY, 0.692), (FOUR, 0.743)], ids=["A", "B", "C"]
)
def test_alpha_is_that_of_krippendorffs_examples(observers: tuple[str, ...], published: float) -> None:
    found = alpha(units(*observers))
    assert found.value == pytest.approx(published, abs=0.0005)
    assert (found.low or 0) <= (found.value or 0) <= (found.high or 0)


def pairs(*rows: tuple[int, ...]) -> list[tuple[str, str]]:
    return [
        (str(first), str(second))
        for first, row in enumerate(rows)
        for second, count in enumerate(row)
        for _ in range(count)
    ]


@pytest.mark.parametrize(
    ("rows", "published"),
    [
        (((75, 1, 4), (5, 4, 1), (0, 0, 10)), 0.676),  # Fleiss, Levin and Paik 2003, table 18.1
        (((20, 5), (10, 15)), 0.400),
        (((45, 15), (25, 15)), 0.1304),
        (((25, 35), (5, 35)), 0.2593),
    ],
)
def test_kappa_is_that_of_published_tables(rows: tuple[tuple[int, ...], ...], published: float) -> None:
    found = kappa(pairs(*rows))
    assert found.value == pytest.approx(published, abs=0.0005)
    assert found == kappa(pairs(*rows))
    assert found.low is not None
    assert found.low < published < (found.high or 0)


def test_fleiss_interval_is_near_the_bootstraps() -> None:
    """Fleiss, Levin and Paik give a standard error of 0.088 for table 18.1."""
    found = kappa(pairs((75, 1, 4), (5, 4, 1), (0, 0, 10)))
    assert (found.high or 0) - (found.low or 0) == pytest.approx(2 * 1.96 * 0.088, abs=0.03)


def test_what_is_not_defined_is_none() -> None:
    assert kappa([]).value is None
    assert kappa([("a", "a")] * 5).value is None
    assert alpha([["a"], ["b"]]).value is None
    assert alpha([["a", "a"]] * 3).value is None
    assert share(0, 0).value is None


def test_wilsons_interval_is_the_published_one() -> None:
    """Newcombe 1998, Statistics in Medicine 17, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29."""
    for hits, count, low, high in (
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ):
        found = share(hits, count)
        assert [found.low, found.high] == pytest.approx([low, high], abs=0.0001)


def test_the_confusion_matrix_counts_each_pair() -> None:
    labels, matrix = confusion([("a", "b"), ("a", "b"), ("b", "b")])
    assert labels == ["a", "b"]
    assert matrix.tolist() == [[0, 2], [0, 1]]
