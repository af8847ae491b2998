"""Where a reference picture lies in another picture, by keypoints: one placement after the other.

Each pair of like keypoints, with its scales and angles, is a guess of the whole placement; the guess on which most
other pairs agree is refined.  All guesses are tried, so that the same pictures always give the same answer.  A
homography for prints seen from another side comes from OpenCV's USAC (Barath et al., "MAGSAC++", 2020).
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from reviewer.imaging.keypoints import Floats, Keypoints

Matrix = NDArray[np.float64]
"""3 x 3, from pixels of the reference to pixels of the picture."""

_NEAREST: Final = 2
_LEAST_LIKENESS: Final = 0.80
_MOST_PAIRS: Final = 400
_LOOSE: Final = 0.05
"""Of the picture's longer side: how far off a guess from one pair may be."""
_CLOSE: Final = 3.0
"""Pixels: how far off a pair may be from the refined placement."""
_LEAST_COSINE: Final = 0.88
"""Two guesses that agree turn by less than half a radian from each other."""
_MOST_LOGARITHM: Final = 0.7
"""Two guesses that agree differ in scale by a factor of less than 2."""
_TRIED: Final = 3
"""How many of the best guesses are refined."""
_LEAST_SCALE: Final = 0.12
_MOST_SCALE: Final = 6.0


@dataclass(frozen=True, slots=True)
class Pairs:
    """n pairs of like keypoints: `query` and `reference` hold x, y, scale, angle (n x 4); `likeness` is 0 to 1."""

    query: Floats
    reference: Floats
    likeness: Floats

    def __len__(self) -> int:
        return len(self.likeness)

    def only(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> "Pairs":
        """Some of the pairs."""
        return Pairs(self.query[which], self.reference[which], self.likeness[which])


@dataclass(frozen=True, slots=True)
class Placement:
    """A reference in a picture: `matrix` from reference to picture, the pairs that fit it, how many were tried."""

    matrix: Matrix
    inliers: int
    pairs: int
    spread: float
    """How far the fitting pairs lie apart on the reference: the area of their standard ellipse over pi, in pixels."""


def like_pairs(query: Keypoints, query_roots: Floats, reference: Keypoints, reference_roots: Floats) -> Pairs:
    """The likest keypoints of the reference for each of the picture, the likest pairs first."""
    if not len(query) or not len(reference):
        empty = np.empty((0, 4), dtype=np.float32)
        return Pairs(empty, empty, np.empty(0, dtype=np.float32))
    likeness = query_roots @ reference_roots.T
    count = min(_NEAREST, likeness.shape[1])
    every = np.arange(len(query))
    parts = []
    for _ in range(count):
        likest = likeness.argmax(axis=1)
        parts.append((every, likest, likeness[every, likest]))
        likeness[every, likest] = -1.0
    rows, columns, values = (np.concatenate(part) for part in zip(*parts, strict=True))
    order = np.argsort(-values, kind="stable")[:_MOST_PAIRS]
    order = order[values[order] >= _LEAST_LIKENESS]
    return Pairs(_poses(query)[rows[order]], _poses(reference)[columns[order]], values[order])


def placements(pairs: Pairs, longest_side: int, least: int, most: int) -> list[Placement]:
    """Up to `most` placements with at least `least` fitting pairs each, the best first; none shares a pair."""
    found = []
    for _ in range(most):
        if len(pairs) < least:
            break
        placed = _best(pairs, longest_side, least)
        if placed is None or placed[0].inliers < least:
            break
        placement, fitting = placed
        found.append(placement)
        pairs = pairs.only(~fitting)
    return found


def homography(pairs: Pairs, near: Matrix, longest_side: int) -> tuple[Matrix, int]:
    """A full homography from the pairs that lie roughly where `near` says, and how many fit it; 0 where none does."""
    rough = pairs.only(_misses(near, pairs) <= 2.0 * _LOOSE * longest_side)
    if len(rough) < 8:
        return near, 0
    matrix, mask = cv2.findHomography(
        rough.reference[:, :2], rough.query[:, :2], cv2.USAC_MAGSAC, _CLOSE, maxIters=2000, confidence=0.999
    )
    if matrix is None or mask is None or not np.isfinite(matrix).all():
        return near, 0
    inside = np.asarray(mask).ravel().astype(bool)
    return np.asarray(matrix, dtype=np.float64), _different(rough.only(inside))


def _poses(points: Keypoints) -> Floats:
    return np.column_stack([points.places, points.scales, points.angles]).astype(np.float32)


def _best(pairs: Pairs, longest_side: int, least: int) -> tuple[Placement, NDArray[np.bool_]] | None:
    guesses = _guesses(pairs)
    usable = (guesses[:, 2] >= _LEAST_SCALE) & (guesses[:, 2] <= _MOST_SCALE)
    if not usable.any():
        return None
    votes = _votes(pairs, guesses, longest_side, least) * usable
    best: tuple[Placement, NDArray[np.bool_]] | None = None
    for number in np.argsort(-votes, kind="stable")[:_TRIED]:
        if not votes[number]:
            break
        placed = _refined(pairs, _similarity(guesses[number]), longest_side)
        if placed is not None and (best is None or placed[0].inliers > best[0].inliers):
            best = placed
    return best


def _guesses(pairs: Pairs) -> Floats:
    """A similarity from each pair: (cos, sin) times scale, the scale, the shift (n x 5: a, b, scale, x, y)."""
    scale = pairs.query[:, 2] / pairs.reference[:, 2]
    angle = pairs.query[:, 3] - pairs.reference[:, 3]
    a, b = scale * np.cos(angle), scale * np.sin(angle)
    x = pairs.query[:, 0] - (a * pairs.reference[:, 0] - b * pairs.reference[:, 1])
    y = pairs.query[:, 1] - (b * pairs.reference[:, 0] + a * pairs.reference[:, 1])
    return np.column_stack([a, b, scale, x, y]).astype(np.float32)


def _votes(pairs: Pairs, guesses: Floats, longest_side: int, least: int) -> NDArray[np.float64]:
    """For each guess the summed likeness of the pairs that it brings together, agreeing in scale and angle too.

    None for a guess that brings together fewer than `least`.
    """
    a, b, scale, x, y = (guesses[:, column : column + 1] for column in range(5))
    rx, ry = pairs.reference[:, 0][None, :], pairs.reference[:, 1][None, :]
    off_x = a * rx - b * ry + x - pairs.query[:, 0][None, :]
    off_y = b * rx + a * ry + y - pairs.query[:, 1][None, :]
    reach = _LOOSE * longest_side
    directions = (guesses[:, :2] / scale).astype(np.float32)
    logarithms = np.log(scale[:, 0])
    fits = off_x * off_x + off_y * off_y <= reach * reach
    fits &= directions @ directions.T >= _LEAST_COSINE
    fits &= np.abs(logarithms[:, None] - logarithms[None, :]) <= _MOST_LOGARITHM
    weights = np.maximum(pairs.likeness - (_LEAST_LIKENESS - 0.05), 0.0)
    enough = fits.sum(axis=1) >= least
    return np.asarray((fits @ weights) * enough, dtype=np.float64)


def _similarity(guess: Floats) -> Matrix:
    a, b, _, x, y = guess
    return np.array([[a, -b, x], [b, a, y], [0.0, 0.0, 1.0]], dtype=np.float64)


def _misses(matrix: Matrix, pairs: Pairs) -> NDArray[np.float64]:
    """How many pixels each pair is off."""
    placed = np.column_stack([pairs.reference[:, :2], np.ones(len(pairs))]) @ matrix.T
    depth = np.where(np.abs(placed[:, 2:]) < 1e-9, 1e-9, placed[:, 2:])
    return np.asarray(np.hypot(*(placed[:, :2] / depth - pairs.query[:, :2]).T))


def _refined(pairs: Pairs, matrix: Matrix, longest_side: int) -> tuple[Placement, NDArray[np.bool_]] | None:
    """Fit again with the pairs that are near, from a loose to a close limit."""
    for limit in (_LOOSE * longest_side, 0.02 * longest_side, 2.0 * _CLOSE, _CLOSE):
        fitting = _misses(matrix, pairs) <= limit
        different = _different(pairs.only(fitting))
        if different < 2:
            return None
        matrix = _fitted(pairs.only(fitting), affine=different >= 12 and limit <= 2.0 * _CLOSE)
        if not np.isfinite(matrix).all():
            return None
    fitting = _misses(matrix, pairs) <= _CLOSE
    scale = np.sqrt(abs(np.linalg.det(matrix[:2, :2])))
    if not _LEAST_SCALE <= scale <= _MOST_SCALE:
        return None
    chosen = pairs.only(fitting)
    return Placement(matrix, _different(chosen), len(pairs), _spread_of(chosen)), fitting


def _fitted(pairs: Pairs, *, affine: bool) -> Matrix:
    """Least squares, weighted by likeness: a similarity (4 numbers) or an affine map (6)."""
    x, y = pairs.reference[:, 0].astype(np.float64), pairs.reference[:, 1].astype(np.float64)
    u, v = pairs.query[:, 0].astype(np.float64), pairs.query[:, 1].astype(np.float64)
    one, none = np.ones_like(x), np.zeros_like(x)
    if affine:
        left = np.column_stack([x, y, one])
        across = np.linalg.lstsq(left, np.column_stack([u, v]), rcond=None)[0]
        return np.vstack([across.T, [0.0, 0.0, 1.0]])
    left = np.vstack([np.column_stack([x, -y, one, none]), np.column_stack([y, x, none, one])])
    a, b, shift_x, shift_y = np.linalg.lstsq(left, np.concatenate([u, v]), rcond=None)[0]
    return np.array([[a, -b, shift_x], [b, a, shift_y], [0.0, 0.0, 1.0]])


def _different(pairs: Pairs) -> int:
    """How many different places the pairs tie together: several pairs at one place count once."""
    if not len(pairs):
        return 0
    return min(_places(pairs.query), _places(pairs.reference))


def _places(poses: Floats) -> int:
    """How many squares of 2 x 2 pixels hold a keypoint."""
    squares = np.round(poses[:, :2] / 2.0).astype(np.int64)
    return len(set((squares[:, 0] * 65536 + squares[:, 1]).tolist()))


def _spread_of(pairs: Pairs) -> float:
    if len(pairs) < 3:
        return 0.0
    covariance = np.cov(pairs.reference[:, :2].T)
    return float(np.sqrt(max(np.linalg.det(covariance), 0.0)))
