"""Pictures at review size, for packs: small ones as they were sent, large ones decoded apart and encoded anew."""

from __future__ import annotations

import numpy as np
import simplejpeg

from reviewer.imaging.pictures import Decoded
from reviewer.imaging.pool import DecodePool

#: Up to this many bytes a picture is kept as it was sent.
AS_SENT_BYTES = 400 * 1024
#: The longer side of a picture that was made smaller, in pixels.
SIDE = 1000
_WAIT_S = 30.0
_MAGIC = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n", "image/png"),
    (b"RIFF", "image/webp"),
    (b"GIF8", "image/gif"),
)


class ReviewSizes:
    """Makes pictures small; the decoding process starts with the first large one.  Close it."""

    def __init__(self) -> None:
        self._pool: DecodePool | None = None

    def of(self, data: bytes) -> tuple[str, str, bytes | None]:
        """Media type, how it is kept (`as sent`, `review size`, or why it is left out), and the bytes.

        Large pictures are decoded in a locked-down process, 20 MiB at most; nothing of others is decoded.
        """
        if len(data) <= AS_SENT_BYTES:
            kind = next((kind for start, kind in _MAGIC if data.startswith(start)), "application/octet-stream")
            return kind, "as sent", data
        if self._pool is None:
            self._pool = DecodePool(1)
        answer = self._pool.submit(data, SIDE, SIDE).result(_WAIT_S)
        if not isinstance(answer, Decoded):
            return "", f"left out: {answer.reason}", None
        pixels = np.frombuffer(answer.pixels, dtype=np.uint8).reshape(answer.height, answer.width, 4)
        return "image/jpeg", "review size", simplejpeg.encode_jpeg(pixels, quality=85, colorspace="BGRX")

    def close(self) -> None:
        """End the decoding process."""
        if self._pool is not None:
            self._pool.close()
