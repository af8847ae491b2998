"""Formats, colours, orientation, sizes and refusals, decoded in this process."""

import struct
import zlib

import imagehash
import numpy as np
import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from PIL import Image

from reviewer.imaging.decoder import decode
from reviewer.imaging.pictures import MAX_BYTES, Decoded, RefusedPicture
from tests.unit.imaging.pictures import encoded, photo, pixels_of, shared


def shown(data: bytes, width: int = 1000, height: int = 1000, *, fingerprint: bool = False) -> Decoded:
    result = decode(data, width, height, fingerprint=fingerprint)
    assert isinstance(result, Decoded), result
    return result


def refused(data: bytes) -> RefusedPicture:
    result = decode(data, 800, 800)
    assert isinstance(result, RefusedPicture)
    assert result.reason.endswith(".")
    return result


def off(decoded: Decoded, picture: Image.Image) -> float:
    return float(np.abs(pixels_of(decoded) - np.asarray(picture.convert("RGB"), dtype=int)).mean())


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
def test_each_format_is_shown(kind: str) -> None:
    picture = photo()
    decoded = shown(encoded(picture, kind))
    assert (decoded.format, decoded.width, decoded.height, decoded.frames) == (kind, 240, 160, 1)
    assert off(decoded, picture) < (12 if kind == "GIF" else 4)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize(("width", "height"), [(100, 100), (37, 900), (900, 37), (1, 1), (120, 80), (239, 159)])
def test_it_fits_the_box_and_keeps_its_proportions(kind: str, width: int, height: int) -> None:
    picture = photo()
    decoded = shown(encoded(picture, kind, quality=95), width, height)
    assert decoded.width <= width
    assert decoded.height <= height
    scale = min(width / 240, height / 160, 1)
    assert (decoded.width, decoded.height) == (max(round(240 * scale), 1), max(round(160 * scale), 1))
    assert (decoded.source_width, decoded.source_height) == (240, 160)
    assert off(decoded, picture.resize((decoded.width, decoded.height), Image.Resampling.BOX)) < 8


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_is_applied(kind: str, orientation: int) -> None:
    picture = photo()
    exif = Image.Exif()
    exif[0x0112] = orientation
    turn = [None, 0, 3, 1, 5, 4, 6, 2][orientation - 1]
    upright = picture if turn is None else picture.transpose(Image.Transpose(turn))
    data = encoded(picture, kind, exif=exif, quality=95)
    decoded = shown(data, fingerprint=True)
    assert (decoded.source_width, decoded.source_height) == upright.size
    assert off(decoded, upright) < 4
    assert decoded.fingerprint is not None
    theirs = np.packbits(imagehash.phash(upright).hash).tobytes()
    assert (int.from_bytes(theirs) ^ int.from_bytes(decoded.fingerprint)).bit_count() <= 4
    small = shown(data, 120, 60)
    assert small.width <= 120
    assert small.height <= 60


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "AVIF"])
def test_see_through_parts_are_white(kind: str) -> None:
    picture = photo().convert("RGBA")
    picture.paste((0, 0, 0, 0), (0, 0, 240, 80))
    decoded = shown(encoded(picture, kind, quality=95))
    assert (pixels_of(decoded)[:70] >= 250).all()
    assert off(decoded, Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)) < 4


def test_palettes_and_gray_with_transparency_are_shown_on_white() -> None:
    palette = Image.new("P", (20, 20), 0)
    palette.putpalette([255, 0, 0, 0, 255, 0])
    palette.paste(1, (0, 10, 20, 20))
    decoded = pixels_of(shown(encoded(palette, "PNG", transparency=0)))
    assert decoded[0, 0].tolist() == [255, 255, 255]
    assert decoded[15, 0].tolist() == [0, 255, 0]
    gray = Image.new("LA", (20, 20), (0, 0))
    assert pixels_of(shown(encoded(gray, "PNG")))[0, 0].tolist() == [255, 255, 255]
    assert pixels_of(shown(encoded(palette, "GIF", transparency=0)))[0, 0].tolist() == [255, 255, 255]


def test_gray_cmyk_bilevel_and_sixteen_bits() -> None:
    gray = photo().convert("L")
    assert off(shown(encoded(gray, "JPEG", quality=95)), gray) < 3
    assert off(shown(encoded(gray, "PNG")), gray) == 0
    assert off(shown(encoded(gray, "JPEG", quality=95), 60, 60), gray.resize((60, 40))) < 5
    cmyk = photo().convert("CMYK")
    assert off(shown(encoded(cmyk, "JPEG", quality=95)), photo()) < 6
    assert off(shown(encoded(cmyk, "JPEG", quality=95), 60, 60), photo().resize((60, 40))) < 8
    wide = Image.fromarray(np.asarray(gray).astype(np.uint16) * 257)
    assert off(shown(encoded(wide, "PNG")), gray) == 0
    bilevel = gray.convert("1")
    assert off(shown(encoded(bilevel, "PNG")), bilevel) == 0


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "AVIF"])
def test_the_first_frame_of_a_film_is_shown(kind: str) -> None:
    frames = [photo(seed=number) for number in range(5)]
    decoded = shown(encoded(frames[0], kind, save_all=True, append_images=frames[1:]))
    assert decoded.frames == 5
    assert off(decoded, frames[0]) < 12


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_an_endless_film_is_refused(kind: str) -> None:
    frames = [Image.new("RGB", (4, 4), (number, 2 * number, 9)) for number in range(101)]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], lossless=True)
    assert refused(data).code == "too_many_frames"


def png_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def test_bombs_are_refused_before_they_are_decoded() -> None:
    ihdr = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 20_000, 20_000, 1, 0, 0, 0, 0))
    bomb = b"\x89PNG\r\n\x1a\n" + ihdr + png_chunk(b"IDAT", zlib.compress(bytes(50_000_000)))
    answer = refused(bomb + png_chunk(b"IEND", b""))
    assert answer.code == "too_many_pixels"
    assert "20000 x 20000" in answer.reason
    jpeg = bytearray(encoded(photo(), "JPEG"))
    at = jpeg.index(b"\xff\xc0") + 5
    jpeg[at : at + 4] = struct.pack(">HH", 30_000, 30_000)
    assert refused(bytes(jpeg)).code == "too_many_pixels"
    gif = bytearray(encoded(photo(), "GIF"))
    gif[6:10] = struct.pack("<HH", 65_535, 65_535)
    assert refused(bytes(gif)).code == "too_many_pixels"
    webp = encoded(Image.new("RGB", (16_000, 4)), "WEBP", exif=b"Exif\0\0II*\0\x08\0\0\0\0\0")
    at = webp.index(b"VP8X") + 15
    assert refused(webp[:at] + b"\xff\x3e\x00" + webp[at + 3 :]).code == "too_many_pixels"


def test_a_text_bomb_in_a_png_is_left_unread() -> None:
    data = encoded(photo(), "PNG")
    text = png_chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(100_000_000)))
    assert shown(data[:33] + text * 20 + data[33:]).width == 240


def test_too_many_bytes_are_refused() -> None:
    data = encoded(photo(), "JPEG")
    assert shown(data + bytes(MAX_BYTES - len(data))).width == 240
    assert refused(data + bytes(MAX_BYTES - len(data) + 1)).code == "too_large_bytes"


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"<?xml version='1.0'?><!-- x --><svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "EPS"),
        (b"8BPS\0\1", "PSD"),
        (encoded(photo(), "TIFF"), "TIFF"),
        (encoded(photo(), "BMP"), "BMP"),
        (encoded(photo(), "ICO"), "ICO"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
    ],
)
def test_other_formats_are_named(data: bytes, name: str) -> None:
    answer = refused(data)
    assert answer.code == "unsupported_format"
    assert name in answer.reason


@pytest.mark.parametrize("data", [b"", b"\xff", b"GIF", b"<html><script>", b"PK\3\4 zip", bytes(100)])
def test_what_is_no_picture_is_said_so(data: bytes) -> None:
    assert refused(data).code == "not_a_picture"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_cut_off_pictures_are_refused(kind: str, share: float) -> None:
    data = encoded(photo(600, 400), kind)
    code = refused(data[: int(len(data) * share)]).code
    assert code == "truncated" or (kind == "AVIF" and code == "damaged")


def test_a_damaged_header_is_refused() -> None:
    assert refused(b"\xff\xd8\xff\xe0" + bytes(100)).code in ("damaged", "truncated")
    data = bytearray(encoded(photo(), "PNG"))
    data[60:90] = bytes(30)
    assert refused(bytes(data)).code in ("damaged", "truncated")


def test_content_decides_and_a_tail_is_ignored() -> None:
    assert shown(encoded(photo(), "JPEG") + b"PK\3\4 a zip file").format == "JPEG"
    assert shown(encoded(photo(), "PNG") + encoded(photo(), "TIFF")).format == "PNG"


def test_fingerprints_without_pixels_and_of_blank_pictures() -> None:
    bare = decode(encoded(photo(), "JPEG"), 1, 1, pixels=False, fingerprint=True)
    assert isinstance(bare, Decoded)
    assert (bare.width, bare.height, bare.stride, bare.pixels) == (0, 0, 0, b"")
    assert bare.fingerprint is not None
    for colour in ("white", "black", "#7f7f7f"):
        assert shown(encoded(Image.new("RGB", (300, 300), colour), "JPEG"), fingerprint=True).fingerprint is None


def _distance(data: bytes, path: str, box: int) -> int | None:
    mine = shown(data, box, box, fingerprint=True).fingerprint
    with Image.open(path) as picture:
        theirs = np.packbits(imagehash.phash(picture).hash).tobytes()
    return None if mine is None else (int.from_bytes(mine) ^ int.from_bytes(theirs)).bit_count()


def test_fingerprints_are_those_of_imagehash() -> None:
    paths = sorted(shared("data", "products").rglob("*.jpg"))[::8]
    paths += sorted(shared("demo").rglob("*.jpg"))[::8]
    full = [_distance(path.read_bytes(), str(path), 16_000) for path in paths]
    assert full.count(0) == len(full) - full.count(None)
    assert full.count(None) <= len(full) // 50
    scaled = [found for path in paths if (found := _distance(path.read_bytes(), str(path), 200)) is not None]
    assert max(scaled) <= 4
    assert scaled.count(0) >= 0.88 * len(scaled)


GOOD = {kind: encoded(photo(64, 48), kind) for kind in ("JPEG", "PNG", "WEBP", "GIF")}


@pytest.mark.parametrize("kind", sorted(GOOD))
@seed(20)
@settings(max_examples=150, deadline=None, database=None)
@given(edits=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=8))
def test_mutated_pictures_are_answered(kind: str, edits: list[tuple[int, int]]) -> None:
    data = bytearray(GOOD[kind])
    for place, value in edits:
        data[place % len(data)] = value
    result = decode(bytes(data), 40, 40, fingerprint=True)
    if isinstance(result, Decoded):
        assert len(result.pixels) == result.stride * result.height
        assert max(result.width, result.height) <= 40
    else:
        assert result.reason
