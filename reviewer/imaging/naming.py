"""The class of an aligned pair by its figures and the thresholds: same photo, recoloured, or not the same shot."""

from typing import Final

from reviewer.imaging.colours import Colours
from reviewer.imaging.dense import Compared
from reviewer.imaging.matches import MatchClass
from reviewer.imaging.thresholds import Thresholds

_QUARTER: Final = 90.0


def shot_class(compared: Compared, colour: Colours | None, turned: float, limits: Thresholds) -> MatchClass | None:
    """ "same photo" or "recoloured"; None where the overlap does not show the same shot.

    `turned` in degrees.  The order: is there enough overlap, does the structure agree, do the colours.
    """
    pair, figures, shot = compared.pair, compared.structure, limits.same_shot
    if (
        pair.reference_share < shot.least_reference_share
        or pair.query_share < shot.least_picture_share
        or figures.places < shot.least_places
    ):
        return None
    slant = abs(turned - round(turned / _QUARTER) * _QUARTER)
    both = min(figures.reference_agreement, figures.query_agreement)
    if slant > shot.most_turn and both < shot.turned_agreement:
        return None
    if figures.washed and (both < shot.agreement or figures.tone_rest > shot.washed_most_rest):
        return None
    whole = (
        figures.reference_agreement >= shot.agreement
        and figures.clear_agreement >= shot.clear_agreement
        and figures.closeness >= shot.closeness
    )
    if not whole and not _copy_under_overlay(compared, colour, limits):
        return None
    return "same photo" if colour is not None and same_colours(colour, limits) else "recoloured"


def _copy_under_overlay(compared: Compared, colour: Colours | None, limits: Thresholds) -> bool:
    """Whether a badge, banner, watermark or mosaic hides part of a copy: what it leaves must be pixel for pixel."""
    figures, shot = compared.structure, limits.same_shot
    return (
        colour is not None
        and figures.reference_agreement >= shot.covered_agreement
        and figures.clear_agreement >= shot.covered_clear_agreement
        and figures.closeness >= shot.covered_closeness
        and figures.overlay <= shot.covered_most_overlay
        and colour.unexplained <= shot.covered_most_unexplained
        and colour.odd <= shot.covered_most_odd
        and colour.lightness_moved <= shot.covered_most_moved
        and colour.unmoved >= shot.covered_least_unmoved
    )


def same_colours(colour: Colours, limits: Thresholds) -> bool:
    """Whether light, paling and compression explain the colours; a dye or a lost colour is not explained."""
    same = limits.same_colour
    if colour.unexplained > same.most_unexplained or colour.odd > same.most_odd:
        return False
    if colour.reference_chroma >= same.coloured_from and colour.saturation < same.least_saturation:
        return False
    if colour.lightness_moved <= same.most_moved:
        return True
    return colour.unmoved <= same.moved_most_unmoved and colour.lightness_rest <= same.moved_most_rest
