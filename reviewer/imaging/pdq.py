"""PDQ, the 256-bit perceptual hash, as a few matrix products, in all eight orientations.

Source: "The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm" (Facebook, 2019) and the
reference code in facebook/ThreatExchange, `pdq/cpp`.  Its stages (luma, two box filters each way, picking 64 x 64
samples, a 16 x 16 DCT without the constant terms) are linear and separable, so each side of a picture has one
matrix from pixels to samples.  The bits are those of the package `pdqhash`, most significant first, so that the
hexadecimal text is the one that ThreatExchange prints.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

ALGORITHM: Final = "pdq"
VERSION: Final = 1
CODE_BYTES: Final = 32
LEAST_QUALITY: Final = 4
"""Below this quality (0 to 100, of the paper) a picture counts as near-blank and has no code."""
SAMPLES: Final = 64
_LOW: Final = 16
_PASSES: Final = 2

Levels = NDArray[np.float32]

_MOST_TAPS: Final = 12

_PLACES = 2.0 * np.arange(SAMPLES, dtype=np.float64)[None, :] + 1.0
_FREQUENCIES = np.arange(1, _LOW + 1, dtype=np.float64)[:, None]
_DCT: Final[Levels] = (np.sqrt(2.0 / SAMPLES) * np.cos(np.pi / (2 * SAMPLES) * _FREQUENCIES * _PLACES)).astype(
    np.float32
)
_SIGNS: Final[Levels] = np.where(np.arange(_LOW) % 2 == 0, -1.0, 1.0).astype(np.float32)
"""What reversing the samples does to the coefficient of each frequency (1 to 16)."""

ORIENTATIONS: Final = (
    "upright",
    "mirrored",
    "upside down, mirrored",
    "turned by 180 degrees",
    "mirrored along the diagonal",
    "turned by 90 degrees",
    "turned by 270 degrees",
    "mirrored along the other diagonal",
)
"""What was done to the picture for each row of `Pdq.codes`; turns are clockwise.

Bit 0 of the row's number: columns reversed; bit 1: rows reversed; bit 2: transposed, before the others.
"""


@dataclass(frozen=True, slots=True)
class Pdq:
    """The codes of a picture in its eight orientations (uint8, 8 x 32, in the order of `ORIENTATIONS`)."""

    codes: NDArray[np.uint8]
    quality: int

    @property
    def code(self) -> bytes:
        """The 32 bytes of the picture as it is."""
        return bytes(self.codes[0])


@lru_cache(maxsize=256)
def sampling_matrix(full: int, scaled: int, *, turned: bool = False) -> Levels:
    """The matrix (64 x `scaled`, or `turned` on its side) from a side of `scaled` pixels to samples.

    As if the side had `full` pixels: box filters of the reference code's width for those, applied to the scaled
    pixels spread over the places that they were averaged from.
    """
    window = (full + 2 * SAMPLES - 1) // (2 * SAMPLES)
    right = (window + 2) // 2 - 1
    left = window - right - 1
    shrink = round(full / scaled)
    jpeg = -(-full // shrink) == scaled  # a JPEG decoder rounds the last block up
    places = np.arange(full) // shrink if jpeg else np.arange(full) * scaled // full
    spread = np.zeros((full, scaled), dtype=np.float64)
    spread[np.arange(full), places] = 1.0
    for _ in range(_PASSES):
        sums = np.vstack([np.zeros((1, scaled)), np.cumsum(spread, axis=0)])
        first = np.maximum(np.arange(full) - left, 0)
        after = np.minimum(np.arange(full) + right, full - 1) + 1
        spread = (sums[after] - sums[first]) / (after - first)[:, None]
    picked = ((np.arange(SAMPLES) + 0.5) * full / SAMPLES).astype(int)
    chosen = spread[picked]
    return np.ascontiguousarray(chosen.T if turned else chosen, dtype=np.float32)


@lru_cache(maxsize=256)
def sampling_taps(full: int, scaled: int) -> tuple[NDArray[np.intp], Levels] | None:
    """The same as places (64 x k) and weights (64 x k) of the few pixels of each sample; None where they are many."""
    matrix = sampling_matrix(full, scaled)
    filled = matrix != 0.0
    count = int(filled.sum(axis=1).max())
    if count > _MOST_TAPS:
        return None
    first = np.minimum(filled.argmax(axis=1), scaled - count)
    places = first[:, None] + np.arange(count)[None, :]
    return places, np.ascontiguousarray(np.take_along_axis(matrix, places, axis=1))


def samples_of(luma: NDArray[np.generic], full: tuple[int, int] | None = None) -> Levels:
    """The 64 x 64 samples of a picture (height x width luma, 0 to 255); `full` is its (height, width) unscaled."""
    height, width = luma.shape
    full_height, full_width = full or (height, width)
    down, across = sampling_taps(full_height, height), sampling_taps(full_width, width)
    if down is not None and across is not None:
        # A sample hangs on a few pixels only: taking those is several times faster than the whole products.
        places, weights = down
        rows = np.matmul(weights[:, None, :], luma[places].astype(np.float32))[:, 0]
        places, weights = across
        columns = np.matmul(weights[:, None, :], np.ascontiguousarray(rows.T)[places])[:, 0]
        return np.asarray(columns.T, dtype=np.float32)
    levels = luma.astype(np.float32)
    lines = sampling_matrix(full_height, height) @ levels
    return np.asarray(lines @ sampling_matrix(full_width, width, turned=True), dtype=np.float32)


def qualities_of(samples: Levels) -> NDArray[np.int64]:
    """How much there is to hash in each of n x 64 x 64 samples, 0 to 100.

    The summed steps between neighbouring samples, as in the paper; each step is cut to a whole number.
    """
    flat = (samples * np.float32(100.0 / 255.0)).reshape(len(samples), SAMPLES * SAMPLES)
    sums = np.zeros(len(samples), dtype=np.float32)
    for apart in (SAMPLES, 1):
        steps = flat[:, apart:] - flat[:, :-apart]
        np.abs(steps, out=steps)
        np.floor(steps, out=steps)
        if apart == 1:
            steps[:, SAMPLES - 1 :: SAMPLES] = 0.0  # from the end of a row to the next one
        sums += steps @ np.ones(steps.shape[1], dtype=np.float32)
    return np.minimum((sums / 90.0).astype(np.int64), 100)


def pdq_of_samples(samples: Levels, *, every_orientation: bool = True) -> list[Pdq | None]:
    """The codes of n x 64 x 64 samples; None for those that are near-blank.

    Without the others, `codes` has one row.  Several pictures at once take half the time of one by one.
    """
    count = len(samples)
    qualities = qualities_of(samples)
    low = _DCT @ (samples.reshape(count * SAMPLES, SAMPLES) @ _DCT.T).reshape(count, SAMPLES, _LOW)
    turned = [_turned(low, number) for number in range(8 if every_orientation else 1)]
    codes = _packed(np.stack(turned, axis=1).reshape(-1, _LOW, _LOW)).reshape(count, -1, CODE_BYTES)
    return [
        Pdq(codes[number], int(quality)) if quality >= LEAST_QUALITY else None
        for number, quality in enumerate(qualities)
    ]


def pdq(
    luma: NDArray[np.generic], full: tuple[int, int] | None = None, *, every_orientation: bool = True
) -> Pdq | None:
    """The codes of a picture, None where it is near-blank; see `samples_of` and `pdq_of_samples`."""
    return pdq_of_samples(samples_of(luma, full)[None], every_orientation=every_orientation)[0]


def _turned(low: Levels, number: int) -> Levels:
    turned = low.swapaxes(-1, -2) if number & 4 else low
    if number & 1:
        turned = turned * _SIGNS[None, :]
    if number & 2:
        turned = turned * _SIGNS[:, None]
    return turned


def _packed(low: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Each coefficient against the lower median of its own picture (Torben's, as in the reference code)."""
    flat = low.reshape(len(low), _LOW * _LOW)
    middle = (_LOW * _LOW + 1) // 2 - 1
    medians = np.partition(flat, middle, axis=1)[:, middle : middle + 1]
    return np.packbits((flat > medians)[:, ::-1], axis=1)
