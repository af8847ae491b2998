"""Plain borders of a picture, found again and again from the outside in, so that a framed copy meets its original."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

_ROUGHNESS: Final = 10.0
"""Steps of luma (0 to 255) that still count as plain: the noise of lossy compression."""
_PLAIN_SHARE: Final = 0.985
"""The share of a border line's pixels that must be plain."""
_LEAST_SIDE: Final = 24
"""What is left has at least this many pixels a side."""
_MOST_ROUNDS: Final = 3
"""A frame, a white margin, one more."""


@dataclass(frozen=True, slots=True)
class Box:
    """A part of a picture in pixels; `right` and `bottom` are the first ones outside."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """In pixels."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """In pixels."""
        return self.bottom - self.top


def trimmed(luma: NDArray[np.uint8]) -> Box:
    """The part of a picture (height x width) inside its plain borders; the whole where there are none.

    A border is plain where its lines have nearly the level of the outermost one.  At most three borders, one
    inside the other, are taken off.
    """
    height, width = luma.shape
    box = Box(0, 0, width, height)
    for _ in range(_MOST_ROUNDS):
        inner = _once(luma, box)
        if inner == box or min(inner.width, inner.height) < _LEAST_SIDE:
            break
        box = inner
    return box


def _once(luma: NDArray[np.uint8], box: Box) -> Box:
    part = luma[box.top : box.bottom, box.left : box.right].astype(np.int16)
    top = _plain_lines(part)
    bottom = _plain_lines(part[::-1])
    left = _plain_lines(part.T)
    right = _plain_lines(part.T[::-1])
    if top + bottom >= part.shape[0] or left + right >= part.shape[1]:
        return box
    return Box(box.left + left, box.top + top, box.right - right, box.bottom - bottom)


def _plain_lines(part: NDArray[np.int16]) -> int:
    """How many lines from the first on are plain and of one level."""
    level = np.median(part[0])
    plain = (np.abs(part - level) <= _ROUGHNESS).mean(axis=1) >= _PLAIN_SHARE
    return len(plain) if plain.all() else int(np.argmin(plain))
