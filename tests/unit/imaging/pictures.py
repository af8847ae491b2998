"""Pictures made for the tests, and the shared ones where this machine has them."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

SHARED = Path(__file__).resolve().parents[4] / "shared"
LONG = 30.0
"""Seconds that a test waits for a future: far more than any answer takes."""


def shared(*parts: str) -> Path:
    """A folder of the shared data; skips the test where it is missing."""
    folder = SHARED.joinpath(*parts)
    if not folder.is_dir():
        pytest.skip(f"the shared folder {'/'.join(parts)} is not here")
    return folder


def photo(width: int = 240, height: int = 160, seed: int = 7) -> Image.Image:
    """A smooth coloured picture that survives lossy compression and scaling."""
    random = np.random.default_rng(seed)
    coarse = Image.fromarray(random.integers(0, 256, (6, 8, 3), dtype=np.uint8))
    return coarse.resize((width, height), Image.Resampling.BICUBIC)


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    """The picture in a format of Pillow's."""
    sink = io.BytesIO()
    picture.save(sink, kind, **options)
    return sink.getvalue()


def pixels_of(decoded: object) -> np.ndarray:
    """The decoded pixels as an array of (height, width, RGB), after checking stride and opacity."""
    height, width, data = decoded.height, decoded.width, decoded.pixels  # type: ignore[attr-defined]
    assert decoded.stride == 4 * width  # type: ignore[attr-defined]
    array = np.frombuffer(data, dtype=np.uint8).reshape(height, width, 4)
    assert (array[..., 3] == 255).all()
    return array[..., 2::-1].astype(int)
