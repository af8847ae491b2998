"""The colours of two aligned pictures: one light, one print, or another colour?

Lightening, darkening and paling act on every place alike; a dye does not.  So one gain for the chroma and one line
for the lightness are fitted over the places whose structure agrees, and what they leave unexplained is the figure.
Colours are CIE L*a*b* (L* 0 to 100; one unit is about what an eye just sees).
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from reviewer.imaging.dense import Compared
from reviewer.imaging.keypoints import Floats

_SMOOTHING: Final = 1.0
_BROAD: Final = 4.0
"""Pixels: colours are averaged this far, over the compared places only, since strong JPEG compression blots them."""
_UNMOVED: Final = 1.5
"""L*: a place whose lightness moved less counts as left alone."""
_MOST_SATURATION: Final = 1.5
_LEAST_PLACES: Final = 100
_GRAY: Final = 1.0
"""A* and b* together: below this mean chroma a picture counts as gray."""
_ODD: Final = 9.0
"""A* and b* together: a place that is farther off than this has another colour."""


@dataclass(frozen=True, slots=True)
class Colours:
    """How the colours of the picture differ from those of the reference.

    `unexplained`: the mean distance in a*b* after the best paling; `odd`: the share of places where it is large.
    `saturation`: that paling (1 none, 0 gray).  `chroma` and `reference_chroma`: the mean a*b* of each.
    `lightness_gain` and `lightness_shift`: the line from the reference's L*; `lightness_rest`: the mean distance
    from it.  `lightness_moved`: the mean change of L*.  `unmoved`: the share of the whole overlap whose L* did not
    change.  `places`: pixels.
    """

    unexplained: float
    odd: float
    saturation: float
    chroma: float
    reference_chroma: float
    lightness_gain: float
    lightness_shift: float
    lightness_rest: float
    lightness_moved: float
    unmoved: float
    places: int

    @property
    def gray(self) -> bool:
        """Whether the picture has lost colours that the reference has."""
        return self.chroma < _GRAY <= self.reference_chroma


def colours(compared: Compared) -> Colours | None:
    """Compare the colours at and around the places that agree; None where these are too few."""
    pair, agreeing = compared.pair, compared.agreeing
    places = cv2.dilate(agreeing.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool) & pair.mask
    count = int(places.sum())
    if count < _LEAST_PLACES:
        return None
    one, other = _lab(pair.query), _lab(pair.reference)
    unmoved = float((np.abs(one[..., 0] - other[..., 0]) < _UNMOVED)[pair.mask].mean())
    query, reference = _averaged(one, places), _averaged(other, places)
    seen, there = query[:, 1:], reference[:, 1:]
    energy = float((there * there).sum())
    saturation = float(np.clip((seen * there).sum() / energy, 0.0, _MOST_SATURATION)) if energy > 0 else 1.0
    light, before = query[:, 0].astype(np.float64), reference[:, 0].astype(np.float64)
    spread = float(before.var())
    gain = float(((light - light.mean()) * (before - before.mean())).mean() / spread) if spread > 1e-6 else 1.0
    shift = float(light.mean() - gain * before.mean())
    distances = np.hypot(*(seen - saturation * there).T)
    return Colours(
        float(distances.mean()),
        float((distances > _ODD).mean()),
        saturation,
        float(np.hypot(*seen.T).mean()),
        float(np.hypot(*there.T).mean()),
        gain,
        shift,
        float(np.abs(light - gain * before - shift).mean()),
        float(np.abs(light - before).mean()),
        unmoved,
        count,
    )


def _averaged(picture: Floats, places: NDArray[np.bool_]) -> Floats:
    """The colours at the places (n x 3), averaged with those of the places around."""
    weight = cv2.GaussianBlur(places.astype(np.float32), (0, 0), _BROAD)
    masked = cv2.GaussianBlur(picture * places[..., None], (0, 0), _BROAD)
    return np.asarray(masked[places] / np.maximum(weight[places], 1e-6)[:, None], dtype=np.float32)


def _lab(picture: NDArray[np.uint8]) -> Floats:
    smooth = cv2.GaussianBlur(picture, (0, 0), _SMOOTHING).astype(np.float32) / 255.0
    return np.asarray(cv2.cvtColor(smooth, cv2.COLOR_BGR2LAB), dtype=np.float32)
