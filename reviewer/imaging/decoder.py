"""One picture from bytes to pixels at display size, with the picture libraries.  Runs in the worker only.

JPEG goes through libjpeg-turbo, which decodes at 1/2, 1/4 or 1/8 size almost for free; what it can't do
(CMYK, odd subsampling, data with faults that other programs show all the same) and the other formats go
through Pillow's own class for the recognised format.  Pillow never guesses a format.  Colour profiles are
ignored: a wide-gamut picture looks slightly paler than in a browser.
"""

import struct
import zlib
from io import BytesIO
from typing import Final

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import AvifImagePlugin, GifImagePlugin, Image, ImageFile, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

from reviewer.imaging.containers import (
    Outline,
    Refused,
    cut_off,
    damaged,
    exif_orientation,
    jpeg_orientation,
    jpeg_without_metadata,
    outline_gif,
    outline_png,
    outline_webp,
    recognise,
)
from reviewer.imaging.fingerprint import phash64
from reviewer.imaging.pdf import decode_page
from reviewer.imaging.pictures import MAX_BYTES, MAX_FRAMES, MAX_PIXELS, Decoded, Format, RefusedPicture

_PLUGINS: Final[dict[Format, type[ImageFile.ImageFile]]] = {
    "JPEG": JpegImagePlugin.JpegImageFile,
    "PNG": PngImagePlugin.PngImageFile,
    "WEBP": WebPImagePlugin.WebPImageFile,
    "GIF": GifImagePlugin.GifImageFile,
    "AVIF": AvifImagePlugin.AvifImageFile,
}
_TURNS: Final[dict[int, Image.Transpose]] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_FILTER: Final = Image.Resampling.HAMMING
_FINGERPRINT_SIDE: Final = 256
"""A fingerprint is taken from at least this many pixels a side, where the picture has them."""
_FAULTS: Final = (
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    AssertionError,
    OSError,
    EOFError,
    RuntimeError,
    SyntaxError,
    struct.error,
    zlib.error,
)
"""What the picture libraries raise for bytes they can't read."""
_CUT_OFF_WORDS: Final = ("truncated", "premature end of jpeg", "cut off", "unexpected end", "not enough data")


def prepare() -> None:
    """Set the libraries' switches; call once.  Pillow's own pixel check raises above twice its setting."""
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS // 2
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1


def decode(
    data: bytes, max_width: int, max_height: int, *, pixels: bool = True, fingerprint: bool = False, page: int = 0
) -> Decoded | RefusedPicture:
    """Decode to fit the box (never enlarged), upright, on white.  Bad pictures are answered, not raised.

    `page` is that of a document, the first is 0; documents have no fingerprint.

    The fingerprint comes from the same decode, of the picture as it is shown: upright and on white.  Its bits
    equal those of `imagehash.phash` where the source is decoded at full size; from a scaled JPEG decode
    5 in 100 differ, by 2 bits (1 in 750 by 4).  An exception out of here is a bug, and the worker ends with it.
    """
    try:
        if len(data) > MAX_BYTES:
            raise Refused("too_large_bytes", f"This picture is larger than {MAX_BYTES >> 20} MiB.")
        kind = recognise(data)
        if kind == "PDF":
            return decode_page(data, page, max_width, max_height)
        job = _Job(max_width, max_height, pixels, fingerprint)
        return job.jpeg(data) if kind == "JPEG" else job.other(data, kind)
    except Refused as refused:
        return RefusedPicture(refused.code, refused.reason)
    except MemoryError:
        return _out_of_memory()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return RefusedPicture("too_many_pixels", f"This picture has more than {_millions()} million pixels.")
    except _FAULTS as fault:
        return _explained(fault)


def _millions() -> int:
    return MAX_PIXELS // 1_000_000


def _out_of_memory() -> RefusedPicture:
    return RefusedPicture("memory", "This picture needs more memory to decode than is allowed (512 MiB).")


def _explained(fault: Exception) -> RefusedPicture:
    words = str(fault).lower()
    if "memory" in words:
        return _out_of_memory()
    refused = cut_off() if any(sign in words for sign in _CUT_OFF_WORDS) else damaged()
    return RefusedPicture(refused.code, refused.reason)


def _check(width: int, height: int, frames: int = 1) -> None:
    if width <= 0 or height <= 0:
        raise damaged("it says it has no pixels")
    if width * height > MAX_PIXELS:
        raise Refused(
            "too_many_pixels",
            f"This picture says it has {width} x {height} pixels; at most {_millions()} million are decoded.",
        )
    if frames > MAX_FRAMES:
        raise Refused("too_many_frames", f"This animation has more than {MAX_FRAMES} frames.")


class _Job:
    """One request's box and wishes."""

    def __init__(self, max_width: int, max_height: int, pixels: bool, fingerprint: bool) -> None:
        self._box = (max_width, max_height)
        self._pixels = pixels
        self._fingerprint = fingerprint

    def jpeg(self, data: bytes) -> Decoded:
        orientation = jpeg_orientation(data)
        try:
            height, width, colours, _ = simplejpeg.decode_jpeg_header(data)
        except ValueError:
            return self.other(data, "JPEG")
        _check(width, height)
        if colours not in ("YCbCr", "Gray", "RGB"):
            return self.other(data, "JPEG")
        shrink = self._jpeg_shrink(width, height, orientation)
        try:
            # The three scales that libjpeg-turbo has fast code for; those between cost more than a full decode.
            array: NDArray[np.uint8] = simplejpeg.decode_jpeg(
                data, colorspace="BGRA", min_width=-(-width // shrink), min_height=-(-height // shrink)
            )
        except ValueError as error:
            if "premature end of jpeg" in str(error).lower():
                raise cut_off() from error
            return self.other(data, "JPEG")
        size = (array.shape[1], array.shape[0])
        hashed = None
        if self._fingerprint:
            gray = Image.frombuffer("RGB", size, array, "raw", "BGRX", 0, 1).convert("L")
            hashed = _hash(gray, orientation)
        shown = None
        target = self._target(width, height, orientation)
        if self._pixels and size == target and orientation not in _TURNS:
            return Decoded(*size, 4 * size[0], array.tobytes(), width, height, "JPEG", 1, hashed)
        if self._pixels:
            # The four bytes of a pixel are resized alike, so their order doesn't matter to Pillow.
            shown = Image.frombuffer("RGBX", size, array, "raw", "RGBX", 0, 1)
            shown = _resized(shown, target)
        return _answer(shown, "RGBX", width, height, orientation, "JPEG", 1, hashed)

    def other(self, data: bytes, kind: Format) -> Decoded:
        outline = _outline(data, kind)
        if kind in ("PNG", "WEBP", "GIF"):
            _check(outline.width, outline.height, outline.frames)
        picture = _PLUGINS[kind](BytesIO(outline.data))
        width, height = picture.size
        frames = int(getattr(picture, "n_frames", 1)) if kind == "AVIF" else outline.frames
        _check(width, height, frames)
        orientation = exif_orientation(_exif(picture)) if kind == "AVIF" else outline.orientation
        target = self._target(width, height, orientation)
        if kind == "JPEG":
            shrink = self._jpeg_shrink(width, height, orientation)
            picture.draft("RGB", (-(-width // shrink), -(-height // shrink)))
        picture.load()
        flat, hashed = self._flattened(picture, target, orientation)
        if not self._pixels:
            return _answer(None, "BGRA", width, height, orientation, kind, frames, hashed)
        return _answer(flat.convert("RGBA"), "BGRA", width, height, orientation, kind, frames, hashed)

    def _flattened(
        self, picture: Image.Image, target: tuple[int, int], orientation: int
    ) -> tuple[Image.Image, bytes | None]:
        """Shrink to `target` in RGB on white, and fingerprint on the way."""
        if picture.mode.startswith("I") or picture.mode == "F":
            picture = _eight_bits(picture)
        see_through = picture.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in picture.info
        if see_through:
            hashed_size = target if min(target) >= _FINGERPRINT_SIDE else picture.size
            wide = _resized(
                picture if picture.mode == "RGBA" else picture.convert("RGBA"),
                hashed_size if self._fingerprint else target,
            )
            white = Image.new("RGBA", wide.size, (255, 255, 255, 255))
            white.alpha_composite(wide)
            whole: Image.Image = white.convert("RGB")
        else:
            whole = picture if picture.mode in ("L", "RGB") else picture.convert("RGB")
        hashed = None
        if self._fingerprint:
            hashed = _hash(whole if whole.mode == "L" else whole.convert("L"), orientation)
        return (_resized(whole, target) if self._pixels else whole), hashed

    def _target(self, width: int, height: int, orientation: int) -> tuple[int, int]:
        """The stored picture's size (before it is turned) in the box, with its proportions."""
        box_width, box_height = self._box if orientation < 5 else self._box[::-1]
        scale = min(box_width / width, box_height / height, 1.0)
        return min(max(round(width * scale), 1), box_width), min(max(round(height * scale), 1), box_height)

    def _jpeg_shrink(self, width: int, height: int, orientation: int) -> int:
        wanted = self._target(width, height, orientation) if self._pixels else (1, 1)
        if self._fingerprint:
            wanted = (max(wanted[0], _FINGERPRINT_SIDE), max(wanted[1], _FINGERPRINT_SIDE))
        return next((by for by in (8, 4, 2) if -(-width // by) >= wanted[0] and -(-height // by) >= wanted[1]), 1)


def _outline(data: bytes, kind: Format) -> Outline:
    """The picture's outline; of JPEG and AVIF, sizes and frames are left to the decoder's header."""
    if kind == "PNG":
        return outline_png(data)
    if kind == "WEBP":
        return outline_webp(data)
    if kind == "GIF":
        return outline_gif(data)
    if kind == "JPEG":
        return Outline(0, 0, 1, jpeg_orientation(data), jpeg_without_metadata(data))
    return Outline(0, 0, 1, 1, data)


def _exif(picture: Image.Image) -> bytes:
    exif = picture.info.get("exif")
    return exif.removeprefix(b"Exif\0\0") if isinstance(exif, bytes) else b""


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Gray of 16 or 32 bits to 8 bits, by the high byte (Pillow's own conversion would clip)."""
    levels = np.asarray(picture)
    return Image.fromarray((np.clip(levels, 0, 65535).astype(np.uint16) >> 8).astype(np.uint8))


def _resized(picture: Image.Image, target: tuple[int, int]) -> Image.Image:
    if picture.size == target:
        return picture
    return picture.resize(target, _FILTER, reducing_gap=2.0)


def _hash(gray: Image.Image, orientation: int) -> bytes | None:
    turn = _TURNS.get(orientation)
    return phash64(gray if turn is None else gray.transpose(turn))


def _answer(
    shown: Image.Image | None,
    packing: str,
    width: int,
    height: int,
    orientation: int,
    kind: Format,
    frames: int,
    hashed: bytes | None,
) -> Decoded:
    upright = (width, height) if orientation < 5 else (height, width)
    if shown is None:
        return Decoded(0, 0, 0, b"", *upright, kind, frames, hashed)
    turn = _TURNS.get(orientation)
    if turn is not None:
        shown = shown.transpose(turn)
    packed = shown.tobytes("raw", packing)
    return Decoded(shown.width, shown.height, 4 * shown.width, packed, *upright, kind, frames, hashed)
