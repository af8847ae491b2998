"""One page of a PDF from bytes to pixels at display size, with PDFium.  Runs in the worker only.

The build of PDFium that is used runs no scripts and loads nothing from elsewhere; in the locked-down worker it
could not open a file either, so that fonts that are not in the document are replaced by its own.
"""

import ctypes
from typing import Any, Final

import pypdfium2
from pypdfium2 import raw

from reviewer.imaging.containers import Refused, damaged
from reviewer.imaging.pictures import MAX_PAGES, MAX_PIXELS, Decoded

_DPI: Final = 200
"""What 100 % shows of a page: as many pixels an inch as a scan for reading has."""
_POINTS: Final = 72
_FORMAT: Final = raw.FPDFBitmap_BGRx


def decode_page(data: bytes, page: int, max_width: int, max_height: int) -> Decoded:
    """A page (the first is 0) on white, to fit the box; raises Refused.  `frames` of the answer counts the pages."""
    document = _opened(data)
    try:
        pages = len(document)
        if pages < 1:
            raise damaged("it has no pages")
        if pages > MAX_PAGES:
            raise Refused("too_many_frames", f"This document has {pages:,} pages; at most {MAX_PAGES} are shown.")
        if page >= pages:
            raise damaged(f"it has no page {page + 1}")
        return _rendered(document, page, pages, max_width, max_height)
    finally:
        document.close()


def _opened(data: bytes) -> Any:
    try:
        return pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY):
            raise Refused("unsupported_format", "This document is protected by a password.") from error
        raise damaged("it is no readable PDF") from error


def _rendered(document: Any, number: int, pages: int, max_width: int, max_height: int) -> Decoded:
    try:
        page = document[number]
        wide, high = page.get_size()
    except pypdfium2.PdfiumError as error:
        raise damaged(f"its page {number + 1} can't be read") from error
    if not (1 <= wide <= 100_000 and 1 <= high <= 100_000):
        raise damaged(f"its page {number + 1} says it is {wide:.0f} x {high:.0f} points large")
    width, height = round(wide * _DPI / _POINTS) or 1, round(high * _DPI / _POINTS) or 1
    if width * height > MAX_PIXELS:
        shrink = (MAX_PIXELS / (width * height)) ** 0.5
        width, height = max(1, int(width * shrink)), max(1, int(height * shrink))
    scale = min(max_width / width, max_height / height, 1.0)
    shown_width = min(max(1, round(width * scale)), max_width)
    shown_height = min(max(1, round(height * scale)), max_height)
    stride = 4 * shown_width
    pixels = (ctypes.c_ubyte * (stride * shown_height))()
    bitmap = raw.FPDFBitmap_CreateEx(shown_width, shown_height, _FORMAT, pixels, stride)
    if not bitmap:
        raise Refused("memory", "This page needs more memory than is allowed (512 MiB).")
    try:
        raw.FPDFBitmap_FillRect(bitmap, 0, 0, shown_width, shown_height, 0xFFFFFFFF)
        flags = raw.FPDF_ANNOT | raw.FPDF_LCD_TEXT
        raw.FPDF_RenderPageBitmap(bitmap, page, 0, 0, shown_width, shown_height, 0, flags)
    finally:
        raw.FPDFBitmap_Destroy(bitmap)
    body = bytearray(pixels)
    body[3::4] = b"\xff" * (shown_width * shown_height)
    return Decoded(shown_width, shown_height, stride, bytes(body), width, height, "PDF", pages, None)
