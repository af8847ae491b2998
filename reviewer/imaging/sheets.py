"""A decoded picture as the evidence process works on it: one size, luma and colours."""

from dataclasses import dataclass
from typing import Final, Self

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


@dataclass(frozen=True, slots=True)
class KeptSheet:
    """A sheet in little more than a third of its memory: its luma, and its colours at half the size.

    Most pictures come that way already (JPEG's 4:2:0), and colours are only compared averaged over many pixels.
    """

    luma: NDArray[np.uint8]
    red: NDArray[np.uint8]
    blue: NDArray[np.uint8]
    scale: float

    @classmethod
    def of(cls, sheet: Sheet) -> Self:
        """Keep a sheet."""
        _, red, blue = cv2.split(cv2.cvtColor(sheet.colours, cv2.COLOR_BGR2YCrCb))
        half = ((sheet.width + 1) // 2, (sheet.height + 1) // 2)
        small = [cv2.resize(plane, half, interpolation=cv2.INTER_AREA) for plane in (red, blue)]
        red, blue = (np.asarray(plane, dtype=np.uint8) for plane in small)
        return cls(sheet.luma, red, blue, sheet.scale)

    @property
    def width(self) -> int:
        """In pixels."""
        return int(self.luma.shape[1])

    @property
    def height(self) -> int:
        """In pixels."""
        return int(self.luma.shape[0])

    def opened(self) -> Sheet:
        """The sheet again."""
        size = (self.width, self.height)
        wide = [cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR) for plane in (self.red, self.blue)]
        colours = cv2.cvtColor(cv2.merge([self.luma, *wide]), cv2.COLOR_YCrCb2BGR)
        return Sheet(np.asarray(colours, dtype=np.uint8), self.luma, self.scale)


def sheet(pixels: bytes | memoryview, width: int, height: int) -> Sheet:
    """The sheet of a decoded picture: `height` rows of `width` pixels B, G, R and one byte that is not used."""
    four = np.frombuffer(pixels, dtype=np.uint8).reshape(height, width, 4)
    colours = np.ascontiguousarray(four[..., :3])
    scale = min(LONGEST_SIDE / max(width, height), 1.0)
    if scale < 1.0:
        size = (max(round(width * scale), 1), max(round(height * scale), 1))
        colours = np.asarray(cv2.resize(colours, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return Sheet(colours, np.asarray(cv2.cvtColor(colours, _LUMA), dtype=np.uint8), scale)
