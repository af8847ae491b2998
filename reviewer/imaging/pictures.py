"""What comes back from decoding: a picture that is ready to paint, or a refusal that says why."""

from dataclasses import dataclass
from typing import Final, Literal

MAX_BYTES: Final = 20 * 1024 * 1024
"""The largest encoded picture that is looked at, in bytes."""
MAX_PIXELS: Final = 40_000_000
"""The largest picture that is decoded: width times height, as stored."""
MAX_FRAMES: Final = 100
"""The longest animation whose first frame is shown."""
MAX_PAGES: Final = 100
"""The longest document whose pages are shown."""
MAX_SIDE: Final = 16_384
"""The largest box side that may be asked for, in pixels."""

FINGERPRINT_ALGORITHM: Final = "phash64"
"""The name of `Decoded.fingerprint`: 8 bytes, the bits of `imagehash.phash`, first row first."""

Format = Literal["JPEG", "PNG", "WEBP", "GIF", "AVIF", "PDF"]
Protection = Literal["starting", "full", "reduced"]
RefusalCode = Literal[
    "too_large_bytes",
    "too_many_pixels",
    "too_many_frames",
    "not_a_picture",
    "unsupported_format",
    "truncated",
    "damaged",
    "timeout",
    "memory",
    "crashed",
    "unavailable",
    "stopped",
]


@dataclass(frozen=True, slots=True)
class Decoded:
    """A picture at display size, upright, on white.

    `pixels` holds `height` rows of `stride` bytes (`stride == 4 * width`, no padding), each pixel as the
    bytes B, G, R, 0xFF: on little-endian machines exactly `QImage.Format.Format_RGB32`, which Qt paints
    without a conversion.  Without pixels asked for, `width`, `height` and `stride` are 0.  `source_width`
    and `source_height` are the whole picture's, upright.  `frames` counts the animation's frames (1 for
    a still), of which the first is shown, or the pages of a document.  `fingerprint` is 8 bytes of
    `FINGERPRINT_ALGORITHM`, or None where it was not asked for or the picture is almost blank.
    """

    width: int
    height: int
    stride: int
    pixels: bytes
    source_width: int
    source_height: int
    format: Format
    frames: int
    fingerprint: bytes | None = None


@dataclass(frozen=True, slots=True)
class RefusedPicture:
    """A picture that is not shown: a stable code, and one plain sentence for the window."""

    code: RefusalCode
    reason: str
