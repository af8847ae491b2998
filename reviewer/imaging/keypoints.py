"""Keypoints of a picture: SIFT, spread over the picture, as they are and as the mirrored picture would have them.

SIFT (Lowe, "Distinctive image features from scale-invariant keypoints", 2004; its patent ran out in 2020), with the
descriptors' square roots compared (Arandjelovic and Zisserman, "Three things everyone should know", 2012).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

LONGEST_SIDE: Final = 512
"""Pictures are compared at no more than this many pixels a side."""
DIMENSIONS: Final = 128
_CELLS: Final = 8
_COARSE: Final = 4.0
"""Pixels: keypoints of at least this diameter are seen at half the size, too."""
_CONTRAST: Final = 0.01
_EDGE: Final = 12.0
# The mirrored picture's descriptor: the 4 x 4 cells with their rows reversed, each cell's 8 directions negated.
_MIRRORED: Final = np.arange(DIMENSIONS).reshape(4, 4, 8)[::-1, :, (-np.arange(8)) % 8].ravel()

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Keypoints:
    """n keypoints of a picture of `width` x `height` pixels.

    `places` (n x 2, x and y in pixels from the top left corner: the first pixel's centre is at 0.5), `scales` (n,
    diameter in pixels), `angles` (n, radians), `descriptors` (n x 128, uint8).
    """

    width: int
    height: int
    places: Floats
    scales: Floats
    angles: Floats
    descriptors: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.places)

    def roots(self) -> Floats:
        """The descriptors as vectors of length 1 whose inner products tell how alike they are (n x 128)."""
        values = self.descriptors.astype(np.float32)
        sums = values.sum(axis=1, keepdims=True)
        return np.asarray(np.sqrt(values / np.maximum(sums, 1.0)), dtype=np.float32)

    def mirrored(self) -> "Keypoints":
        """The keypoints of the picture with its columns reversed, without looking at the picture again."""
        places = self.places.copy()
        places[:, 0] = self.width - places[:, 0]
        return replace(
            self,
            places=places,
            angles=np.float32(np.pi) - self.angles,
            descriptors=np.ascontiguousarray(self.descriptors[:, _MIRRORED]),
        )


def keypoints(luma: NDArray[np.uint8], most: int) -> Keypoints:
    """At most `most` keypoints of a picture (height x width luma), the strongest of each part of it first."""
    height, width = luma.shape
    found = _detector().detect(luma, None)
    if not found:
        empty = np.empty(0, dtype=np.float32)
        return Keypoints(width, height, empty.reshape(0, 2), empty, empty, np.empty((0, DIMENSIONS), dtype=np.uint8))
    chosen = _spread(found, width, height, most)
    points, descriptors = _detector().compute(luma, [found[number] for number in chosen])
    return Keypoints(
        width,
        height,
        np.array([point.pt for point in points], dtype=np.float32).reshape(-1, 2) + np.float32(0.5),
        np.array([point.size for point in points], dtype=np.float32),
        np.deg2rad(np.array([point.angle for point in points], dtype=np.float32)),
        np.asarray(descriptors).astype(np.uint8),
    )


@cache
def _detector() -> cv2.SIFT:
    # Without the precise upscaling every place is a quarter of a pixel off.
    return cv2.SIFT.create(contrastThreshold=_CONTRAST, edgeThreshold=_EDGE, enable_precise_upscale=True)


def _spread(found: Sequence[cv2.KeyPoint], width: int, height: int, most: int) -> list[int]:
    """The numbers of the keypoints to keep, a quarter coarse: by rank in their cell of 8 x 8, then by strength."""
    if len(found) <= most:
        return list(range(len(found)))
    strengths = np.array([point.response for point in found])
    places = np.array([point.pt for point in found])
    columns = np.clip(places[:, 0] * _CELLS / width, 0, _CELLS - 1).astype(int)
    rows = np.clip(places[:, 1] * _CELLS / height, 0, _CELLS - 1).astype(int)
    cells = rows * _CELLS + columns
    order = np.lexsort((-strengths, cells))
    sorted_cells = cells[order]
    starts = np.searchsorted(sorted_cells, sorted_cells, side="left")
    ranks = np.empty(len(found), dtype=int)
    ranks[order] = np.arange(len(found)) - starts
    quota = most // (_CELLS * _CELLS)
    late = ranks >= quota
    order = np.lexsort((-strengths, late))
    # Fine detail is strong and would crowd out what a picture of half the size still has.
    coarse = np.array([point.size for point in found]) >= _COARSE
    kept = order[coarse[order]][: most // 4]
    rest = order[~np.isin(order, kept)][: most - len(kept)]
    return [int(number) for number in np.concatenate([kept, rest])]
