"""How far people agree: Cohen's kappa, Krippendorff's alpha, both with bootstrap intervals; shares with Wilson's."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

#: Resamples of a bootstrap interval, and its generator's seed: equal data gives equal intervals.
RESAMPLES = 2000
_SEED = 20_240_101
_Z = 1.959963984540054
Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its 95% interval over `count` units; all None where it is not defined."""

    value: float | None
    low: float | None
    high: float | None
    count: int


def confusion(pairs: Sequence[tuple[str, str]]) -> tuple[list[str], Matrix]:
    """The labels that occur, sorted, and how often each first label met each second one."""
    labels = sorted({label for pair in pairs for label in pair})
    place = {label: number for number, label in enumerate(labels)}
    matrix = np.zeros((len(labels), len(labels)))
    for (first, second), count in Counter(pairs).items():
        matrix[place[first], place[second]] = count
    return labels, matrix


def kappa_of(matrix: Matrix) -> float | None:
    """Cohen's kappa (Cohen 1960, Educational and Psychological Measurement 20) of a confusion matrix."""
    value = float(_kappas(matrix[np.newaxis])[0])
    return None if math.isnan(value) else value


def kappa(pairs: Sequence[tuple[str, str]]) -> Estimate:
    """Cohen's kappa of pairs of labels, with the percentile bootstrap over pairs."""
    if not pairs:
        return Estimate(None, None, None, 0)
    labels, matrix = confusion(pairs)
    counts = np.random.default_rng(_SEED).multinomial(len(pairs), matrix.ravel() / len(pairs), RESAMPLES)
    samples = _kappas(counts.reshape(RESAMPLES, len(labels), len(labels)).astype(np.float64))
    return _estimate(kappa_of(matrix), samples, len(pairs))


def _kappas(matrices: Matrix) -> Matrix:
    total = matrices.sum(axis=(1, 2))
    observed = np.trace(matrices, axis1=1, axis2=2) / total
    expected = (matrices.sum(axis=2) * matrices.sum(axis=1)).sum(axis=1) / total**2
    with np.errstate(divide="ignore", invalid="ignore"):
        result: Matrix = np.where(expected < 1, (observed - expected) / (1 - expected), np.nan)
    return result


def alpha(units: Sequence[Sequence[str]]) -> Estimate:
    """Krippendorff's alpha for nominal labels, each unit with the labels that it was given (two at least count).

    After Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability"; the interval is the percentile bootstrap
    over units.
    """
    paired = [Counter(unit) for unit in units if len(unit) > 1]
    if not paired:
        return Estimate(None, None, None, 0)
    labels = sorted({label for unit in paired for label in unit})
    kinds = Counter(tuple(unit[label] for label in labels) for unit in paired)
    patterns = np.array(list(kinds), dtype=np.float64)
    weights = np.array(list(kinds.values()), dtype=np.float64)
    value = float(_alphas(patterns, weights[np.newaxis])[0])
    counts = np.random.default_rng(_SEED).multinomial(len(paired), weights / len(paired), RESAMPLES)
    return _estimate(None if math.isnan(value) else value, _alphas(patterns, counts.astype(np.float64)), len(paired))


def _alphas(patterns: Matrix, weights: Matrix) -> Matrix:
    sizes = patterns.sum(axis=1)
    disagreeing = (sizes**2 - (patterns**2).sum(axis=1)) / (sizes - 1)
    totals = weights @ patterns
    count = totals.sum(axis=1)
    chance = count**2 - (totals**2).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        result: Matrix = np.where(chance > 0, 1 - (count - 1) * (weights @ disagreeing) / chance, np.nan)
    return result


def _estimate(value: float | None, samples: Matrix, count: int) -> Estimate:
    defined = samples[~np.isnan(samples)]
    if value is None or not len(defined):
        return Estimate(value, None, None, count)
    low, high = np.quantile(defined, (0.025, 0.975))
    return Estimate(value, float(low), float(high), count)


def share(hits: int, count: int) -> Estimate:
    """A share with Wilson's interval (Wilson 1927, JASA 22)."""
    if not count:
        return Estimate(None, None, None, 0)
    p, z2 = hits / count, _Z**2
    middle = (p + z2 / (2 * count)) / (1 + z2 / count)
    half = _Z / (1 + z2 / count) * math.sqrt(p * (1 - p) / count + z2 / (4 * count**2))
    return Estimate(p, max(0.0, middle - half), min(1.0, middle + half), count)
