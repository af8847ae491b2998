"""Documents page by page, and what hostile ones come to: a tile with the reason."""

from __future__ import annotations

import zlib

import pytest

from reviewer.imaging.decoder import decode, prepare
from reviewer.imaging.pictures import Decoded, RefusedPicture
from reviewer.imaging.pool import DecodePool


def pdf(*objects: bytes) -> bytes:
    """A document of these objects, numbered from 1; the first is the catalogue."""
    body = b"%PDF-1.7\n" + b"".join(b"%d 0 obj" % number + one + b"endobj\n" for number, one in enumerate(objects, 1))
    return body + b"trailer<</Root 1 0 R/Size %d>>\n%%%%EOF\n" % (len(objects) + 1)


def stream(data: bytes, extra: bytes = b"") -> bytes:
    return b"<</Length %d" % len(data) + extra + b">>stream\n" + data + b"\nendstream "


def pages(count: int, *, size: str = "0 0 595 842", content: bytes = b"") -> bytes:
    """So many pages, each with a black square a little further to the right."""
    kids = b" ".join(b"%d 0 R" % (3 + 2 * place) for place in range(count))
    made = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, count)]
    for place in range(count):
        drawn = content or b"0 g %d 400 100 100 re f" % (100 * place)
        made.append(b"<</Type/Page/Parent 2 0 R/MediaBox[%s]/Contents %d 0 R>>" % (size.encode(), 4 + 2 * place))
        made.append(stream(drawn))
    return pdf(*made)


def shown(data: bytes, page: int = 0, side: int = 400) -> Decoded:
    answer = decode(data, side, side, page=page)
    assert isinstance(answer, Decoded), answer
    return answer


def refused(data: bytes, page: int = 0) -> RefusedPicture:
    answer = decode(data, 400, 400, page=page)
    assert isinstance(answer, RefusedPicture)
    return answer


@pytest.fixture(scope="module", autouse=True)
def _prepared() -> None:
    prepare()


def test_a_page_fits_the_box_on_white_and_the_pages_are_counted() -> None:
    data = pages(3)
    first, second = shown(data), shown(data, 1)
    assert (first.format, first.frames, first.fingerprint) == ("PDF", 3, None)
    assert (first.width, first.height) == (283, 400)
    assert (first.source_width, first.source_height) == (1653, 2339)
    assert len(first.pixels) == first.stride * first.height
    assert set(first.pixels[3::4]) == {255}
    assert first.pixels[:4] == b"\xff\xff\xff\xff"
    assert first.pixels != second.pixels
    assert 0 < first.pixels.count(0) < len(first.pixels) / 10


def test_a_page_is_never_enlarged_and_a_strange_size_is_kept_in_bounds() -> None:
    assert (shown(pages(1, size="0 0 36 36"), side=2000).width) == 100
    wide = shown(pages(1, size="0 0 14400 10"))
    assert (wide.width, wide.height) == (400, 1)
    huge = shown(pages(1, size="0 0 90000 90000"))
    assert huge.source_width * huge.source_height <= 40_000_000


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (b"%PDF-1.7\nnothing", "damaged", "no readable PDF"),
        (pages(2)[:60], "damaged", "no readable PDF"),
        (pages(101), "too_many_frames", "101 pages"),
        (pdf(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[]/Count 0>>"), "damaged", "no readable PDF"),
    ],
)
def test_what_can_not_be_shown_is_said(data: bytes, code: str, words: str) -> None:
    answer = refused(data)
    assert (answer.code, words in answer.reason) == (code, True), answer


def test_a_page_that_is_not_there() -> None:
    assert "no page 5" in refused(pages(2), 4).reason


def nested(depth: int) -> bytes:
    """Each form draws the next one ten times: 10^depth drawings in a few hundred bytes."""
    made = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</XObject<</X 5 0 R>>>>>>",
        stream(b"/X Do"),
    ]
    for level in range(depth):
        drawn = b"0 0 1 rg 10 10 500 700 re f " + (b"/X Do " * 10 if level < depth - 1 else b"")
        extra = b"/Type/XObject/Subtype/Form/BBox[0 0 595 842]/Resources<</XObject<</X %d 0 R>>>>" % (6 + level)
        made.append(stream(drawn, extra))
    return pdf(*made)


def inflated(megabytes: int) -> bytes:
    """A picture of a page whose pixels are a few kilobytes packed and many megabytes unpacked."""
    side = 1024
    packed = zlib.compress(bytes(side) * side * megabytes, 9)
    extra = b"/Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent 8/ColorSpace/DeviceGray" % (
        side, side * megabytes,
    )  # fmt: skip
    return pdf(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</XObject<</X 5 0 R>>>>>>",
        stream(b"595 0 0 842 0 0 cm /X Do"),
        stream(packed, extra + b"/Filter/FlateDecode"),
    )


def test_a_bomb_costs_one_tile_and_the_next_document_is_shown() -> None:
    """Through the locked-down worker, as the window asks."""
    pool = DecodePool(1)
    try:
        answer = pool.submit(nested(12), 400, 400).result(timeout=60)
        assert isinstance(answer, RefusedPicture), answer
        assert answer.code in ("timeout", "memory", "crashed")
        assert len(answer.reason) > 20
        # PDFium refuses to unpack this one itself: the page is empty, and nothing else happens.
        harmless = pool.submit(inflated(300), 400, 400).result(timeout=60)
        assert isinstance(harmless, Decoded) or harmless.code in ("timeout", "memory", "crashed")
        last = pool.submit(pages(2), 400, 400, page=1).result(timeout=60)
        assert isinstance(last, Decoded)
        assert (last.format, last.frames) == ("PDF", 2)
        assert pool.protection in ("full", "reduced")
    finally:
        pool.close()
