"""The decode worker: pictures in on standard input, pixels out on standard output.

`python -m reviewer.imaging.worker`.  It imports and tries everything first, then locks itself down, says
hello, and answers one request after the other until its input ends.  Bad pictures are answered with a
refusal; anything else that goes wrong ends the process, and the parent starts another.
"""

import sys
import warnings
from io import BufferedReader, FileIO

from reviewer.imaging.decoder import decode, prepare
from reviewer.imaging.lockdown import die_with_parent, lock_down
from reviewer.imaging.memory import return_large_blocks
from reviewer.imaging.messages import (
    REQUEST,
    Hello,
    Picture,
    Refusal,
    Request,
    read_exactly,
    read_message,
    write_message,
)
from reviewer.imaging.pictures import Decoded, RefusedPicture
from reviewer.imaging.samples import SAMPLES


def main() -> int:
    """Serve until the input ends; returns the exit code."""
    die_with_parent()
    return_large_blocks()
    warnings.simplefilter("ignore")
    prepare()
    source = BufferedReader(FileIO(0, "rb", closefd=False), buffer_size=4096)
    sink = FileIO(1, "wb", closefd=False)
    warm_up()
    protection = lock_down()
    write_message(sink, Hello(protection.level, protection.reason, protection.checks))
    while (request := read_message(source, REQUEST)) is not None:
        answer, pixels = answer_to(request, read_exactly(source, request.length))
        write_message(sink, answer, pixels)
    return 0


def warm_up() -> None:
    """Decode one tiny picture of each kind, so that every library has loaded all it loads late.

    Raises RuntimeError where a format that must work does not: the worker is then useless.
    """
    for name, data in SAMPLES.items():
        for side in (1, 64):
            result = decode(data, side, side, fingerprint=True)
            if isinstance(result, RefusedPicture):
                raise RuntimeError(f"the sample {name} does not decode: {result.reason}")
    for broken in (b"", b"<svg/>", *(data[: len(data) // 2] for data in SAMPLES.values())):
        decode(broken, 64, 64)


def answer_to(request: Request, data: bytes) -> tuple[Picture | Refusal, bytes]:
    """Return the answer and the pixels that follow it."""
    result = decode(
        data,
        request.max_width,
        request.max_height,
        pixels=request.pixels,
        fingerprint=request.fingerprint,
        page=request.page,
    )
    if isinstance(result, Decoded):
        return _picture(request.identity, result), result.pixels
    return Refusal(request.identity, result.code, result.reason), b""


def _picture(identity: int, decoded: Decoded) -> Picture:
    return Picture(
        identity=identity,
        length=len(decoded.pixels),
        width=decoded.width,
        height=decoded.height,
        stride=decoded.stride,
        source_width=decoded.source_width,
        source_height=decoded.source_height,
        format=decoded.format,
        frames=decoded.frames,
        fingerprint=decoded.fingerprint,
    )


if __name__ == "__main__":
    sys.exit(main())
