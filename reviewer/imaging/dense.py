"""Two aligned pictures compared place by place over their whole overlap: structure here, colours in `colours`.

Local normalised correlation (the structure term of Wang et al., "Image quality assessment", 2004) is blind to
brightness and contrast, so that tone, gray and hue changes keep it high; another photo of the same print loses it
wherever the surroundings differ.
"""

from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from reviewer.imaging.keypoints import Floats
from reviewer.imaging.placement import Matrix
from reviewer.imaging.sheets import KeptSheet, Sheet
from reviewer.imaging.tone import toned

_SIDE: Final = 160.0
"""Pixels: the overlap is compared at about this square root of its area."""
_BORDER: Final = 2
_WINDOW: Final = 2.5
"""The standard deviation, in pixels, of the Gaussian window of local figures."""
_SMOOTHING: Final = 0.7
_LEAST_STEP: Final = 2.5
"""Levels (0 to 255): a window whose standard deviation is smaller is flat."""
_CONTRAST_SHARE: Final = 0.06
"""A window is flat too below this share of the whole overlap's standard deviation."""
_AGREES: Final = 0.6
_CLOSENESS_QUANTILE: Final = 0.6
_LEAST_PIXELS: Final = 400
_ROUNDS: Final = 15
_HOPELESS: Final = 0.35
_ALMOST_ALL: Final = 0.97
"""Between these shares of agreement the placement is refined a second time."""
_WORTH_REFINING: Final = 0.2
"""Below this correlation of the whole overlap no small correction will help."""
_ONE_SIDED: Final = 0.88
"""From this agreement of one side on, with less of the other, a tone curve is tried."""


@dataclass(frozen=True, slots=True)
class Aligned:
    """The overlap of two pictures, pixel upon pixel: colours (BGR, uint8), luma, and where both have pixels."""

    query: NDArray[np.uint8]
    reference: NDArray[np.uint8]
    query_luma: Floats
    reference_luma: Floats
    mask: NDArray[np.bool_]
    matrix: Matrix
    """From the reference to the picture, after the refinement."""
    frame: Matrix
    """From the picture to the overlap's own pixels."""
    reference_share: float
    query_share: float


@dataclass(frozen=True, slots=True)
class Structure:
    """How far two aligned pictures agree.  Shares are 0 to 1, correlations -1 to 1.

    `reference_agreement`: of the places where the reference has structure, the share with the same structure in
    the picture.  `query_agreement`: the other way.  `overlay`: the share of the overlap in large closed patches
    that do not agree, such as a badge, a banner or a mosaic; `clear_agreement`: `reference_agreement` away from
    them.  `closeness`: the local correlation that 3 in 5 of the agreeing places away from them do not exceed: near
    1 for the same pixels, less for another photo of the same print.  `whole`: the correlation of the whole overlap.
    `textured`: the share of the overlap that has structure in the reference; `places`: how many pixels that is.
    `washed`: the share of the reference's (or the picture's) structure that one tone curve wipes out, as clipped
    whites are; the other figures are then those after the curve, which leaves `tone_rest` levels unexplained.
    """

    reference_agreement: float
    query_agreement: float
    clear_agreement: float
    overlay: float
    closeness: float
    whole: float
    textured: float
    places: int
    washed: float = 0.0
    tone_rest: float = 0.0


@dataclass(frozen=True, slots=True)
class Compared:
    """An overlap, its figures, and the places that agree and lie away from any overlay."""

    pair: Aligned
    structure: Structure
    agreeing: NDArray[np.bool_]


def compare(query: Sheet, reference: Sheet, matrix: Matrix) -> Compared | None:
    """Bring the reference onto the picture, refine by the pixels, compare; None where hardly anything overlaps.

    Where patches disagree, the placement is refined once more without them, since a badge pulls it aside.
    """
    start = _overlap(query, reference, matrix)
    if start is None:
        return None
    if _correlation(start.query_luma[start.mask], start.reference_luma[start.mask]) < _WORTH_REFINING:
        return _compared(start)[0]
    pair = _refined(start, query, reference, start.mask) or start
    compared, differing = _compared(pair)
    agreement = compared.structure.reference_agreement
    if not _HOPELESS <= agreement < _ALMOST_ALL:
        return compared
    clear = pair.mask & ~(cv2.dilate(differing.astype(np.uint8), _disc(5)) > 0)
    again = _refined(pair, query, reference, clear) if clear.sum() >= _LEAST_PIXELS else None
    if again is None:
        return compared
    better = _compared(again)[0]
    return better if better.structure.closeness >= compared.structure.closeness else compared


def _compared(pair: Aligned) -> tuple[Compared, NDArray[np.bool_]]:
    """Compare place by place; the second answer marks the places with structure that differs."""
    mask = pair.mask
    one, other = pair.query_luma, pair.reference_luma
    mean_one, mean_other = _local(one), _local(other)
    variance_one = np.maximum(_local(one * one) - mean_one * mean_one, 0.0)
    variance_other = np.maximum(_local(other * other) - mean_other * mean_other, 0.0)
    covariance = _local(one * other) - mean_one * mean_other
    correlation = covariance / np.sqrt(variance_one * variance_other + 1.0)
    in_query = (variance_one > _least_variance(one, mask)) & mask
    in_reference = (variance_other > _least_variance(other, mask)) & mask
    agrees = correlation > _AGREES
    differing = (in_query | in_reference) & ~agrees
    covered = _patches(differing) & mask
    away = ~(cv2.dilate(covered.astype(np.uint8), _disc(13)) > 0)
    agreeing = agrees & in_reference & away
    close = correlation[agreeing]
    places = int(in_reference.sum())
    figures = Structure(
        _share(agrees & in_reference, in_reference),
        _share(agrees & in_query, in_query),
        _share(agreeing, in_reference & away),
        _share(covered, mask),
        float(np.quantile(close, _CLOSENESS_QUANTILE)) if len(close) else 0.0,
        _correlation(one[mask], other[mask]),
        places / max(int(mask.sum()), 1),
        places,
    )
    return Compared(pair, figures, agreeing), differing


def compare_washed(found: Compared, query: Sheet, reference: Sheet) -> Compared | None:
    """Compare once more after one tone curve, where one side has all that is in the other, and more.

    The light of the fuller one is brought to that of the emptier one, so that what clipped whites (or blacks) have
    wiped out is not missing.  None where that is not so.
    """
    figures = found.structure
    low, high = sorted((figures.reference_agreement, figures.query_agreement))
    if not low < _ONE_SIDED <= high:
        return None
    of_reference = figures.reference_agreement < figures.query_agreement
    pair, _ = _through_curve(found.pair, of_reference)
    again = _refined(pair, query, reference, pair.mask)
    if again is not None:
        pair = again
    pair, rest = _through_curve(pair, of_reference)
    compared = _compared(pair)[0]
    full = found.structure.places if of_reference else _places(found.pair.query_luma, found.pair.mask)
    kept = compared.structure.places if of_reference else _places(pair.query_luma, pair.mask)
    washed = max(0.0, 1.0 - kept / max(full, 1))
    return Compared(pair, replace(compared.structure, washed=washed, tone_rest=rest), compared.agreeing)


def _through_curve(pair: Aligned, of_reference: bool) -> tuple[Aligned, float]:
    if of_reference:
        light, rest = toned(pair.reference_luma, pair.query_luma, pair.mask)
        return replace(pair, reference_luma=light), rest
    light, rest = toned(pair.query_luma, pair.reference_luma, pair.mask)
    return replace(pair, query_luma=light), rest


def _places(levels: Floats, mask: NDArray[np.bool_]) -> int:
    """How many pixels have structure."""
    mean = _local(levels)
    variance = np.maximum(_local(levels * levels) - mean * mean, 0.0)
    return int(((variance > _least_variance(levels, mask)) & mask).sum())


def _overlap(query: Sheet, reference: Sheet, matrix: Matrix) -> Aligned | None:
    corners = placed_corners(reference, matrix)
    canvas = np.array([[0, 0], [query.width, 0], [query.width, query.height], [0, query.height]], dtype=np.float32)
    area, common = cv2.intersectConvexConvex(corners.astype(np.float32), canvas)
    whole = abs(cv2.contourArea(corners.astype(np.float32)))
    if area < _LEAST_PIXELS or common is None or whole <= 0:
        return None
    grown = np.sqrt(whole / (reference.width * reference.height))
    scale = min(1.0, 1.0 / grown, _SIDE / np.sqrt(area))
    left, top, width, height = cv2.boundingRect(common)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    to_frame = np.array([[size[0] / width, 0, 0], [0, size[1] / height, 0], [0, 0, 1.0]]) @ _shift(-left, -top)
    seen = _warped(query.colours, to_frame, scale, size)
    brought = _warped(reference.colours, to_frame @ matrix, scale * grown, size)
    inside = np.full((reference.height, reference.width), 255, dtype=np.uint8)
    mask = cv2.warpPerspective(inside, _between_centres(to_frame @ matrix), size, flags=cv2.INTER_NEAREST) > 0
    mask = cv2.erode(mask.astype(np.uint8), np.ones((2 * _BORDER + 1,) * 2, np.uint8), borderValue=0) > 0
    if mask.sum() < _LEAST_PIXELS:
        return None
    return Aligned(
        seen,
        brought,
        _luma(seen),
        _luma(brought),
        mask,
        matrix,
        to_frame,
        min(float(area / whole), 1.0),
        min(float(area / (query.width * query.height)), 1.0),
    )


def _patches(differing: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Where the places that differ form patches that hold a disc of 13 pixels, with a seam of 3 around them."""
    closed = cv2.morphologyEx(differing.astype(np.uint8), cv2.MORPH_CLOSE, _disc(7))
    large = cv2.morphologyEx(closed, cv2.MORPH_OPEN, _disc(13))
    return np.asarray(cv2.dilate(large, _disc(7))) > 0


def _disc(side: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), dtype=np.uint8)


def placed_corners(reference: Sheet | KeptSheet, matrix: Matrix) -> NDArray[np.float64]:
    """The corners of the reference on the picture (4 x 2 pixels), clockwise from the top left one."""
    width, height = reference.width, reference.height
    corners = np.array([[0, 0, 1], [width, 0, 1], [width, height, 1], [0, height, 1]], dtype=np.float64)
    placed = corners @ matrix.T
    return np.asarray(placed[:, :2] / placed[:, 2:])


def _shift(x: float, y: float) -> Matrix:
    return np.array([[1.0, 0, x], [0, 1.0, y], [0, 0, 1.0]])


def _between_centres(matrix: Matrix) -> Matrix:
    """The same map where whole numbers are the pixels' centres, as OpenCV has it, and not their corners."""
    return _shift(-0.5, -0.5) @ matrix @ _shift(0.5, 0.5)


def _warped(colours: NDArray[np.uint8], matrix: Matrix, scale: float, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Warp after shrinking by area, so that fine patterns do not turn into others."""
    if scale < 0.9:
        height, width = colours.shape[:2]
        small = (max(round(width * scale), 1), max(round(height * scale), 1))
        colours = np.asarray(cv2.resize(colours, small, interpolation=cv2.INTER_AREA), dtype=np.uint8)
        matrix = matrix @ np.diag([width / small[0], height / small[1], 1.0])
    warped = cv2.warpPerspective(
        colours, _between_centres(matrix), size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(warped, dtype=np.uint8)


def _luma(colours: NDArray[np.uint8]) -> Floats:
    gray = cv2.cvtColor(colours, cv2.COLOR_BGR2GRAY).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(gray, (0, 0), _SMOOTHING), dtype=np.float32)


def _local(levels: Floats) -> Floats:
    return np.asarray(cv2.GaussianBlur(levels, (0, 0), _WINDOW), dtype=np.float32)


def _least_variance(levels: Floats, mask: NDArray[np.bool_]) -> float:
    return max(_LEAST_STEP, _CONTRAST_SHARE * float(levels[mask].std())) ** 2


def _share(part: NDArray[np.bool_], whole: NDArray[np.bool_]) -> float:
    count = int(whole.sum())
    return float(part.sum()) / count if count else 0.0


def _correlation(one: Floats, other: Floats) -> float:
    spread = float(one.std()) * float(other.std())
    if spread < 1e-6:
        return 0.0
    return float(((one - one.mean()) * (other - other.mean())).mean()) / spread


def _refined(start: Aligned, query: Sheet, reference: Sheet, where: NDArray[np.bool_]) -> Aligned | None:
    """An affine correction that maximises the correlation (Evangelidis and Psarakis, "ECC", 2008)."""
    warp = np.eye(2, 3, dtype=np.float32)
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, _ROUNDS, 1e-4)
    mask = where.astype(np.uint8)
    try:
        # The warp found takes the picture's pixels to those of the reference.
        _, found = cv2.findTransformECC(start.query_luma, start.reference_luma, warp, cv2.MOTION_AFFINE, stop, mask, 3)
    except cv2.error:  # it does not converge where nothing is alike
        return None
    move = np.vstack([np.asarray(found, dtype=np.float64), [0.0, 0.0, 1.0]])
    if not np.isfinite(move).all() or np.abs(move[:2, :2] - np.eye(2)).max() > 0.1:
        return None
    corrected = np.linalg.inv(_shift(-0.5, -0.5) @ start.frame)
    correction = corrected @ np.linalg.inv(move) @ np.linalg.inv(corrected)
    return _overlap(query, reference, correction @ start.matrix)
