"""Two pictures side by side with their matching regions and what was found, as one PNG file."""

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from reviewer.imaging.matches import Match, Polygon
from reviewer.imaging.pictures import Decoded

_MARGIN: Final = 16
_LINE: Final = 22
_COLUMNS: Final = 110
_COLOURS: Final = ((0, 114, 178), (213, 94, 0), (0, 158, 115), (204, 121, 167))
"""Blue, vermilion, green, purple: told apart by colour-blind people too (Okabe and Ito, 2008)."""


def draw(picture: Decoded, reference: Decoded, matches: Sequence[Match], words: str, out: Path) -> None:
    """Write the comparison; raises OSError."""
    lines = [line for part in words.splitlines() for line in textwrap.wrap(part, _COLUMNS) or [""]]
    width = picture.width + reference.width + 3 * _MARGIN
    height = max(picture.height, reference.height) + 3 * _MARGIN + _LINE * len(lines)
    sheet = Image.new("RGB", (max(width, 640), height), "white")
    pen = ImageDraw.Draw(sheet)
    places = ((_MARGIN, _MARGIN), (picture.width + 2 * _MARGIN, _MARGIN))
    for one, place in zip((picture, reference), places, strict=True):
        sheet.paste(Image.frombuffer("RGB", (one.width, one.height), one.pixels, "raw", "BGRX", one.stride, 1), place)
    for number, match in enumerate(matches):
        colour = _COLOURS[number % len(_COLOURS)]
        _outline(pen, match.region, picture, places[0], colour, number + 1)
        _outline(pen, match.reference_region, reference, places[1], colour, number + 1)
    top = max(picture.height, reference.height) + 2 * _MARGIN
    for number, line in enumerate(lines):
        pen.text((_MARGIN, top + _LINE * number), line, fill="black", font=ImageFont.load_default(15))
    sheet.save(out, "PNG")


def _outline(
    pen: ImageDraw.ImageDraw,
    region: Polygon,
    picture: Decoded,
    place: tuple[int, int],
    colour: tuple[int, int, int],
    number: int,
) -> None:
    if len(region) < 3:
        return
    corners = [(place[0] + x * picture.width, place[1] + y * picture.height) for x, y in region]
    pen.line([*corners, corners[0], corners[1]], fill="white", width=7, joint="curve")
    pen.line([*corners, corners[0], corners[1]], fill=colour, width=4, joint="curve")
    x, y = min(corners, key=sum)
    pen.rectangle((x, y, x + 22, y + 22), fill=colour)
    pen.text((x + 7, y + 2), str(number), fill="white", font=ImageFont.load_default(15))
