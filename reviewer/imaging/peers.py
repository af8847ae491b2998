"""What other packages find on the same pictures, and looks that do not depend on our own matching.

imagehash's pHash (64 and 256 bits) and crop-resistant hash, and pdqhash where it is installed, each at its usual
threshold.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import Any, Final

import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reviewer.imaging.pictures import Decoded

try:
    import pdqhash
except ImportError:  # a development dependency
    pdqhash = None

PEERS: Final[dict[str, int]] = {
    "imagehash pHash 64": 10,
    "imagehash pHash 256": 40,
    "pdqhash": 31,
    "imagehash crop_resistant": 16,
}
"""The peers and the distance in bits (of crop_resistant: a quarter of the 64 bits of one segment) they call a match."""
PEER_SIDE: Final = 1024
"""The box that pictures are decoded to for the peers."""
_TILE_LIKENESS: Final = 0.8
"""The correlation of the gray levels of a tile with those of the picture that it shows."""
_COARSE: Final = 4
"""Pixels of the collage to one of those that are compared."""
_MARGINS: Final = 5
"""Compared pixels by which a tile may be smaller than its quarter."""
_SHIFT: Final = 2
"""Compared pixels by which a tile may lie beside the middle of its quarter."""

Segments = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Hashed:
    """The hashes of a picture by peer: n x bytes, several for the crop-resistant one, none for a failure."""

    by_peer: dict[str, Segments]


def image_of(picture: Decoded) -> Image.Image:
    """A decoded picture for Pillow."""
    size = (picture.width, picture.height)
    return Image.frombuffer("RGB", size, picture.pixels, "raw", "BGRX", picture.stride, 1)


def hash_all(pictures: Mapping[Path, Decoded], processes: int) -> dict[Path, Hashed]:
    """Every peer's hashes of every picture, in processes of their own."""
    with ProcessPoolExecutor(processes) as workers:
        hashed = workers.map(_hashes, pictures.values(), repeat(pdqhash is not None), chunksize=4)
        return dict(zip(pictures, hashed, strict=True))


def within(asked: Hashed, reference: Hashed, peer: str) -> bool:
    """Whether a peer calls the two a match."""
    ours, theirs = asked.by_peer.get(peer), reference.by_peer.get(peer)
    if ours is None or theirs is None or not len(ours) or not len(theirs):
        return False
    bits = np.bitwise_count(ours[:, None] ^ theirs[None]).sum(axis=2)
    return bool(bits.min() <= PEERS[peer])


def _hashes(picture: Decoded, with_pdqhash: bool) -> Hashed:
    image = image_of(picture)
    found = {
        "imagehash pHash 64": _bits([imagehash.phash(image).hash]),
        "imagehash pHash 256": _bits([imagehash.phash(image, hash_size=16).hash]),
        "imagehash crop_resistant": _bits([one.hash for one in imagehash.crop_resistant_hash(image).segment_hashes]),
    }
    if with_pdqhash:
        vector, quality = pdqhash.compute(np.asarray(image))
        found["pdqhash"] = _bits([vector] if quality > 0 else [])
    return Hashed(found)


def _bits(hashes: Sequence[Any]) -> Segments:
    if not hashes:
        return np.empty((0, 1), dtype=np.uint8)
    return np.stack([np.packbits(np.asarray(one).astype(bool).ravel()) for one in hashes])


def same_to_the_eye(one: Decoded, other: Decoded) -> bool:
    """Whether two pictures differ by less than anyone sees: 1 level of 255 on average, hardly a pixel above 12."""
    if (one.width, one.height) != (other.width, other.height):
        return False
    apart = np.abs(np.asarray(image_of(one)).astype(np.int16) - np.asarray(image_of(other)))
    return bool(apart.mean() < 1.0 and np.quantile(apart, 0.999) <= 12)


def shown_in_a_tile(collage: Decoded, reference: Decoded) -> bool:
    """Whether a quarter of a 2 x 2 collage shows the reference, shrunk to fit it: by the correlation of gray levels."""
    image, wanted = image_of(collage).convert("L"), image_of(reference).convert("L")
    image = image.resize((max(collage.width // _COARSE, 16), max(collage.height // _COARSE, 16)), Image.Resampling.BOX)
    across, down = image.width // 2, image.height // 2
    sheet = np.asarray(image).astype(np.float64)
    for margin in range(_MARGINS):
        scale = min((across - margin) / wanted.width, (down - margin) / wanted.height)
        size = (max(round(wanted.width * scale), 4), max(round(wanted.height * scale), 4))
        levels = np.asarray(wanted.resize(size, Image.Resampling.BOX)).astype(np.float64)
        for left in (0, across):
            for top in (0, down):
                x, y = left + (across - size[0]) // 2, top + (down - size[1]) // 2
                if any(_alike(tile, levels) >= _TILE_LIKENESS for tile in _tiles_near(sheet, x, y, size)):
                    return True
    return False


def _tiles_near(sheet: NDArray[np.float64], x: int, y: int, size: tuple[int, int]) -> Iterator[NDArray[np.float64]]:
    for top in range(y - _SHIFT, y + _SHIFT + 1):
        for left in range(x - _SHIFT, x + _SHIFT + 1):
            tile = sheet[max(top, 0) :, max(left, 0) :][: size[1], : size[0]]
            if tile.shape == (size[1], size[0]):
                yield tile


def _alike(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    spread = float(one.std() * other.std())
    return float(((one - one.mean()) * (other - other.mean())).mean()) / spread if spread > 0 else 0.0
