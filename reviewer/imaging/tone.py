"""One tone curve from a picture's light to another's: what an edit that clips has wiped out is not missing.

Lightening until the whites run together leaves a copy with less structure than its original, though nothing else is
in its place.  The curve is the best rising one (isotonic regression, Barlow et al., "Statistical inference under
order restrictions", 1972): it knows no places, so that it can't make another photo agree.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from reviewer.imaging.keypoints import Floats

_LEVELS: Final = 256


def toned(levels: Floats, like: Floats, mask: NDArray[np.bool_]) -> tuple[Floats, float]:
    """`levels` (0 to 255) put through the rising curve that comes nearest to `like` where the mask is.

    Also answers how many levels the two are still apart on average.
    """
    curve = _rising(levels[mask], like[mask])
    changed = np.interp(levels, np.arange(_LEVELS), curve).astype(np.float32)
    return changed, float(np.abs(changed[mask] - like[mask]).mean())


def _rising(levels: Floats, like: Floats) -> NDArray[np.float64]:
    """The curve at each whole level; between levels that do not occur it goes straight."""
    place = np.clip(np.rint(levels), 0, _LEVELS - 1).astype(np.intp)
    weights = np.bincount(place, minlength=_LEVELS)
    sums = np.bincount(place, like, minlength=_LEVELS)
    there = np.flatnonzero(weights)
    blocks: list[tuple[float, float, int]] = []  # sum, weight, how many levels
    for number in there:
        block = (float(sums[number]), float(weights[number]), 1)
        while blocks and blocks[-1][0] * block[1] >= block[0] * blocks[-1][1]:
            last = blocks.pop()
            block = (last[0] + block[0], last[1] + block[1], last[2] + block[2])
        blocks.append(block)
    means = np.repeat([total / weight for total, weight, _ in blocks], [count for _, _, count in blocks])
    return np.asarray(np.interp(np.arange(_LEVELS), there, means), dtype=np.float64)
