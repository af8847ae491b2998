"""Which of many references share keypoints with a picture: votes of near descriptors that agree in scale and turn.

Approximate: it looks into the nearest cells of an inverted file (FAISS IVF, 8 bits a number), so its recall is
measured and stated (`docs/evidence.md`).  It only makes the short list; what is on it is then compared exactly.
Voting by scale and angle after Jegou et al., "Hamming embedding and weak geometric consistency", 2008.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import faiss
import numpy as np
from numpy.typing import NDArray

from reviewer.imaging.keypoints import DIMENSIONS, Floats, Keypoints

_NEIGHBOURS: Final = 10
_PROBES: Final = 6
_LEAST_LIKENESS: Final = 0.80
_TURNS: Final = 12
_SCALES: Final = 8
_EXACT_BELOW: Final = 20_000
"""Descriptors: fewer than these are searched one by one, without cells."""
_SEED: Final = 20261122


@dataclass(frozen=True, slots=True)
class Vote:
    """A reference (its place in the list that the index was made from) and what speaks for it."""

    number: int
    mirrored: bool
    strength: float


class VotingIndex:
    """The keypoints of a list of references, to be asked with those of a picture."""

    def __init__(self, references: Sequence[Keypoints]) -> None:
        self._owners = np.repeat(np.arange(len(references)), [len(points) for points in references])
        self._counts = np.array([max(len(points), 1) for points in references], dtype=np.float64)
        self._scales = _joined([points.scales for points in references])
        self._angles = _joined([points.angles for points in references])
        total = len(self._owners)
        self._index: Any = None
        if total:
            self._index = _trained(references, total)

    def votes(self, picture: Keypoints, most: int) -> list[Vote]:
        """The references that share most with the picture or with its mirror image, strongest first."""
        if self._index is None or not len(picture):
            return []
        found = [
            *self._votes(picture, mirrored=False),
            *self._votes(picture.mirrored(), mirrored=True),
        ]
        return sorted(found, key=lambda vote: -vote.strength)[:most]

    def _votes(self, picture: Keypoints, *, mirrored: bool) -> list[Vote]:
        count = min(_NEIGHBOURS, len(self._owners))
        likeness, places = self._index.search(picture.roots(), count)
        good = (places >= 0) & (likeness >= _LEAST_LIKENESS)
        rows, _ = np.nonzero(good)
        places, likeness = places[good], likeness[good]
        if not len(places):
            return []
        owners = self._owners[places]
        turns = (picture.angles[rows] - self._angles[places]) % (2 * np.pi) * (_TURNS / (2 * np.pi))
        scales = np.log2(picture.scales[rows] / self._scales[places]) * 1.5 + _SCALES / 2
        weights = (likeness - (_LEAST_LIKENESS - 0.02)).astype(np.float64)
        tally: NDArray[np.float64] = np.zeros(len(self._counts) * _TURNS * _SCALES)
        for turn_step in (0, 1):
            for scale_step in (0, 1):
                turn = (np.floor(turns - 0.5).astype(int) + turn_step) % _TURNS
                scale = np.clip(np.floor(scales - 0.5).astype(int) + scale_step, 0, _SCALES - 1)
                tally += np.bincount((owners * _TURNS + turn) * _SCALES + scale, weights, len(tally))
        strengths = tally.reshape(len(self._counts), -1).max(axis=1) / np.sqrt(np.sqrt(self._counts))
        return [Vote(int(number), mirrored, float(strengths[number])) for number in np.flatnonzero(strengths > 0)]


def _joined(parts: Sequence[Floats]) -> Floats:
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.float32)


def _trained(references: Sequence[Keypoints], total: int) -> Any:  # faiss has no types
    exact = faiss.IndexFlatIP(DIMENSIONS)
    if total < _EXACT_BELOW:
        index: Any = exact
    else:
        cells = int(min(1024, max(64, np.sqrt(total))))
        index = faiss.IndexIVFScalarQuantizer(
            exact, DIMENSIONS, cells, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT
        )
        index.cp.seed = _SEED
        index.cp.niter = 6
        index.cp.max_points_per_centroid = 64
        index.nprobe = _PROBES
        step = max(1, total // (80 * cells))
        index.train(np.vstack([points.roots() for points in references[::step]]))
    for points in references:
        if len(points):
            index.add(points.roots())
    return index
