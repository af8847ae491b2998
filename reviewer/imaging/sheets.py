"""A decoded picture as the evidence process works on it: one size, luma and colours."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from reviewer.imaging.keypoints import LONGEST_SIDE

_LUMA: Final = cv2.COLOR_BGR2GRAY


@dataclass(frozen=True, slots=True)
class Sheet:
    """A picture of at most 512 pixels a side: `colours` (height x width x BGR, uint8) and `luma` (height x width).

    `scale` is the sheet's size to the size of the pixels that it was made from (at most 1).
    """

    colours: NDArray[np.uint8]
    luma: NDArray[np.uint8]
    scale: float

    @property
    def width(self) -> int:
        """In pixels."""
        return int(self.luma.shape[1])

    @property
    def height(self) -> int:
        """In pixels."""
        return int(self.luma.shape[0])


def sheet(pixels: bytes | memoryview, width: int, height: int) -> Sheet:
    """The sheet of a decoded picture: `height` rows of `width` pixels B, G, R and one byte that is not used."""
    four = np.frombuffer(pixels, dtype=np.uint8).reshape(height, width, 4)
    colours = np.ascontiguousarray(four[..., :3])
    scale = min(LONGEST_SIDE / max(width, height), 1.0)
    if scale < 1.0:
        size = (max(round(width * scale), 1), max(round(height * scale), 1))
        colours = np.asarray(cv2.resize(colours, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return Sheet(colours, np.asarray(cv2.cvtColor(colours, _LUMA), dtype=np.uint8), scale)
