"""What a picture's bytes say about themselves before any decoder sees them.  Standard library only.

The first bytes alone decide which decoder is used; names and content types play no part.  Sizes and frame
counts are read here, so that a bomb is refused before memory is taken for it.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from reviewer.imaging.pictures import MAX_FRAMES, Format, RefusalCode

SHOWN: Final = "only JPEG, PNG, WEBP, GIF, AVIF and PDF are shown"
_MAX_CHUNKS: Final = 200_000
_PNG_KEPT: Final = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
_UNSUPPORTED: Final[tuple[tuple[bytes, str], ...]] = (
    (b"8BPS", "a Photoshop (PSD) file"),
    (b"II*\0", "a TIFF file"),
    (b"MM\0*", "a TIFF file"),
    (b"II+\0", "a TIFF file"),
    (b"MM\0+", "a TIFF file"),
    (b"%!PS", "an EPS or PostScript file"),
    (b"\xc5\xd0\xd3\xc6", "an EPS file"),
    (b"BM", "a BMP file"),
    (b"\0\0\1\0", "an icon (ICO) file"),
    (b"\0\0\2\0", "a cursor (CUR) file"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 file"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 file"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL file"),
    (b"\xff\x0a", "a JPEG XL file"),
    (b"\x01\xda", "an SGI file"),
)
_HEIF_BRANDS: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})


class Refused(Exception):
    """A picture that will not be shown: the code and the sentence of the refusal."""

    def __init__(self, code: RefusalCode, reason: str) -> None:
        super().__init__(reason)
        self.code: RefusalCode = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Outline:
    """Sizes as stored (before turning upright), EXIF orientation 1 to 8, and the bytes to decode."""

    width: int
    height: int
    frames: int
    orientation: int
    data: bytes


def cut_off() -> Refused:
    """The refusal of a picture whose end is missing."""
    return Refused("truncated", "This picture is cut off: its end is missing.")


def damaged(what: str = "its data can't be read") -> Refused:
    """The refusal of a picture that breaks its own format's rules."""
    return Refused("damaged", f"This picture is damaged: {what}.")


def recognise(data: bytes) -> Format:
    """Tell the format by the first bytes; raises Refused where it is not one of those."""
    if not data:
        raise Refused("not_a_picture", "This file is empty.")
    if data.startswith(b"\xff\xd8"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return "GIF"
    if data[4:8] == b"ftyp":
        return _recognise_heif(data)
    if data.startswith(b"%PDF-"):
        return "PDF"
    for magic, name in _UNSUPPORTED:
        if data.startswith(magic):
            raise Refused("unsupported_format", f"This is {name}; {SHOWN}.")
    if b"<svg" in data[:4096].lower():
        raise Refused("unsupported_format", f"This is an SVG drawing; {SHOWN}.")
    raise Refused("not_a_picture", f"This file is not a picture; {SHOWN}.")


def _recognise_heif(data: bytes) -> Format:
    size = min(int.from_bytes(data[:4], "big"), 1024, len(data))
    brands = {data[8:12], *(data[at : at + 4] for at in range(16, size - 3, 4))}
    if brands & {b"avif", b"avis"}:
        return "AVIF"
    name = "a HEIC file" if brands & _HEIF_BRANDS else "a film or another kind of media file"
    raise Refused("unsupported_format", f"This is {name}; {SHOWN}.")


def exif_orientation(tiff: bytes) -> int:
    """Read tag 0x0112 of the first directory of an EXIF block (from its byte-order mark on), else 1."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None or len(tiff) < 8:
        return 1
    (start,) = struct.unpack_from(order + "I", tiff, 4)
    if start + 2 > len(tiff):
        return 1
    (count,) = struct.unpack_from(order + "H", tiff, start)
    for at in range(start + 2, min(start + 2 + 12 * min(count, 1000), len(tiff) - 11), 12):
        tag, kind, values, value = struct.unpack_from(order + "HHIH", tiff, at)
        if tag == 0x0112:
            return value if kind == 3 and values == 1 and 1 <= value <= 8 else 1
    return 1


def _without_prefix(exif: bytes) -> bytes:
    return exif.removeprefix(b"Exif\0\0")


def jpeg_orientation(data: bytes) -> int:
    """Return the EXIF orientation from the segments before the first scan, else 1."""
    for at, end in _jpeg_segments(data):
        if data[at + 1] == 0xE1 and data[at + 4 : at + 10] == b"Exif\0\0":
            return exif_orientation(data[at + 10 : end])
    return 1


def jpeg_without_metadata(data: bytes) -> bytes:
    """Leave out comments and application segments before the first scan, but for JFIF and Adobe's."""
    kept = [data[:2]]
    last = 2
    for at, end in _jpeg_segments(data):
        marker = data[at + 1]
        if not (0xE1 <= marker <= 0xEF and marker != 0xEE) and marker != 0xFE:
            kept.append(data[at:end])
        last = end
    return b"".join((*kept, data[last:]))


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int]]:
    """Where each segment (marker, length, body) before the first scan begins and ends; rubbish is skipped."""
    at = data.find(b"\xff", 2)
    while 0 <= at <= len(data) - 4 and data[at + 1] not in (0xD9, 0xDA):
        if data[at + 1] in (0x00, 0xFF):
            at = data.find(b"\xff", at + 1)
            continue
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        yield at, end
        at = data.find(b"\xff", end)


def outline_png(data: bytes) -> Outline:
    """Walk the chunks; the returned bytes hold the picture's own chunks only (no text, no colour profile)."""
    kept = [data[:8]]
    width = height = 0
    frames = orientation = 1
    at = 8
    for _ in range(_MAX_CHUNKS):
        if at + 12 > len(data):
            raise cut_off()
        size = int.from_bytes(data[at : at + 4], "big")
        name = data[at + 4 : at + 8]
        end = at + 12 + size
        if end > len(data):
            raise cut_off()
        if name == b"IHDR" and size >= 8:
            width, height = struct.unpack_from(">II", data, at + 8)
        elif name == b"acTL" and size >= 4:
            frames = max(int.from_bytes(data[at + 8 : at + 12], "big"), 1)
        elif name == b"eXIf":
            orientation = exif_orientation(data[at + 8 : end - 4])
        if name in _PNG_KEPT:
            kept.append(data[at:end])
        if name == b"IEND":
            return Outline(width, height, frames, orientation, b"".join(kept))
        at = end
    raise damaged("it has far too many parts")


def outline_webp(data: bytes) -> Outline:
    """Walk the RIFF chunks; trailing bytes are left out."""
    end = int.from_bytes(data[4:8], "little") + 8
    if end > len(data) + 1:
        raise cut_off()
    width = height = frames = 0
    orientation = 1
    at = 12
    for _ in range(_MAX_CHUNKS):
        if at + 8 > min(end, len(data)):
            break
        name = data[at : at + 4]
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        body = data[at + 8 : at + 8 + min(size, 16)]
        if name == b"VP8X" and len(body) >= 10:
            width, height = (int.from_bytes(body[at : at + 3], "little") + 1 for at in (4, 7))
        elif name == b"VP8 " and not width and body[3:6] == b"\x9d\x01\x2a" and len(body) >= 10:
            width, height = (value & 0x3FFF for value in struct.unpack_from("<HH", body, 6))
        elif name == b"VP8L" and not width and len(body) >= 5:
            bits = int.from_bytes(body[1:5], "little")
            width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        elif name == b"ANMF":
            frames += 1
            if frames > MAX_FRAMES:
                break
        elif name == b"EXIF":
            orientation = exif_orientation(_without_prefix(data[at + 8 : at + 8 + size]))
        at += 8 + size + (size & 1)
    return Outline(width, height, max(frames, 1), orientation, data[:end])


def outline_gif(data: bytes) -> Outline:
    """Count the frames, up to one more than are allowed.  A film cut off after its first frame passes."""
    if len(data) < 13:
        raise cut_off()
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    at = 13 + (3 << ((flags & 7) + 1) if flags & 0x80 else 0)
    frames = 0
    while at < len(data) and frames <= MAX_FRAMES:
        kind = data[at]
        if kind == 0x2C:
            if at + 10 > len(data):
                break
            local = data[at + 9]
            at = _skip_blocks(data, at + 11 + (3 << ((local & 7) + 1) if local & 0x80 else 0))
            frames += 1
        elif kind == 0x21:
            at = _skip_blocks(data, at + 2)
        elif kind == 0x3B:
            break
        else:
            at += 1
    return Outline(width, height, max(frames, 1), 1, data)


def _skip_blocks(data: bytes, at: int) -> int:
    size = len(data)
    while at < size and data[at]:
        at += data[at] + 1
    return at + 1
