"""Two pictures with their matching regions, laid onto one another, and what was found, as one PNG file."""

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFont

from reviewer.imaging.matches import Match, Polygon
from reviewer.imaging.pictures import Decoded

_MARGIN: Final = 16
_LINE: Final = 22
_COLUMNS: Final = 110
_COLOURS: Final = ((0, 114, 178), (213, 94, 0), (0, 158, 115), (204, 121, 167))
"""Blue, vermilion, green, purple: told apart by colour-blind people too (Okabe and Ito, 2008)."""


def draw(picture: Decoded, reference: Decoded, matches: Sequence[Match], words: str, out: Path) -> None:
    """Write the comparison; raises OSError.

    Above: both pictures with their regions.  Below, where the strongest match is a copy: the reference laid onto the
    picture where it matches, and the difference of the two, twice as bright.
    """
    lines = [line for part in words.splitlines() for line in textwrap.wrap(part, _COLUMNS) or [""]]
    images = [_image(one) for one in (picture, reference)]
    aligned = _aligned(images[0], images[1], matches[0]) if matches and matches[0].kind != "same print" else []
    width = max(picture.width + max(reference.width, picture.width if aligned else 0) + 3 * _MARGIN, 640)
    top = max(picture.height, reference.height) + 2 * _MARGIN
    below = top + (picture.height + _LINE + _MARGIN if aligned else 0)
    sheet = Image.new("RGB", (width, below + _MARGIN + _LINE * len(lines)), "white")
    pen = ImageDraw.Draw(sheet)
    places = ((_MARGIN, _MARGIN), (picture.width + 2 * _MARGIN, _MARGIN))
    for image, place in zip(images, places, strict=True):
        sheet.paste(image, place)
    for number, match in enumerate(matches):
        colour = _COLOURS[number % len(_COLOURS)]
        _outline(pen, match.region, picture, places[0], colour, number + 1)
        _outline(pen, match.reference_region, reference, places[1], colour, number + 1)
    for column, (title, image) in enumerate(aligned):
        left = _MARGIN + column * (picture.width + _MARGIN)
        pen.text((left, top), title, fill="black", font=ImageFont.load_default(15))
        sheet.paste(image, (left, top + _LINE))
    for number, line in enumerate(lines):
        pen.text((_MARGIN, below + _LINE * number), line, fill="black", font=ImageFont.load_default(15))
    sheet.save(out, "PNG")


def _image(one: Decoded) -> Image.Image:
    return Image.frombuffer("RGB", (one.width, one.height), one.pixels, "raw", "BGRX", one.stride, 1)


def _aligned(picture: Image.Image, reference: Image.Image, match: Match) -> list[tuple[str, Image.Image]]:
    """The reference where it matches, and the difference; nothing outside of it."""
    matrix = np.array(match.homography).reshape(3, 3)
    try:
        back = np.linalg.inv(matrix)
    except np.linalg.LinAlgError:
        return []
    pixels = np.diag([reference.width, reference.height, 1.0]) @ back
    pixels = pixels @ np.diag([1.0 / picture.width, 1.0 / picture.height, 1.0])
    if not np.isfinite(pixels).all() or abs(pixels[2, 2]) < 1e-12:
        return []
    numbers = tuple(float(value) for value in (pixels / pixels[2, 2]).ravel()[:8])
    way, smooth = Image.Transform.PERSPECTIVE, Image.Resampling.BICUBIC
    laid = reference.transform(picture.size, way, numbers, smooth)
    seen = Image.new("L", reference.size, 255).transform(picture.size, way, numbers)
    dim = Image.blend(picture, Image.new("RGB", picture.size, "white"), 0.7)
    apart = ImageChops.difference(picture, laid).point([min(2 * level, 255) for level in range(256)] * 3)
    return [
        ("The reference where it matches", Image.composite(laid, dim, seen)),
        ("Difference, twice as bright; black is the same", Image.composite(apart, dim, seen)),
    ]


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
