"""The numbers of `resources/evidence.toml`, checked and typed.  Imports no picture library."""

import tomllib
from functools import cache

import msgspec

from reviewer.errors import BugError
from reviewer.resources import resources_folder


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class Fingerprint(_Table, frozen=True):
    """Hash neighbours."""

    radius: int


class Shortlist(_Table, frozen=True):
    """Which references are compared in full."""

    most: int
    all_below: int
    picture_keypoints: int
    reference_keypoints: int


class PlacementLimits(_Table, frozen=True):
    """Which placements are looked at."""

    least_inliers: int
    most: int


class SameShot(_Table, frozen=True):
    """When an overlap shows the same shot."""

    least_reference_share: float
    least_picture_share: float
    least_places: int
    agreement: float
    clear_agreement: float
    closeness: float
    covered_agreement: float
    covered_clear_agreement: float
    covered_closeness: float
    covered_most_overlay: float
    covered_most_unexplained: float
    covered_most_odd: float
    covered_most_moved: float
    covered_least_unmoved: float
    most_turn: float
    turned_agreement: float
    washed_most_rest: float


class SameColour(_Table, frozen=True):
    """When the same shot has its colours still."""

    most_unexplained: float
    most_odd: float
    least_saturation: float
    coloured_from: float
    most_moved: float
    moved_most_unmoved: float
    moved_most_rest: float
    better_by: float


class SamePrint(_Table, frozen=True):
    """When keypoints alone are evidence."""

    least_inliers: int


class Thresholds(_Table, frozen=True):
    """All of them, with the version that matches are stored with."""

    version: str
    fingerprint: Fingerprint
    shortlist: Shortlist
    placement: PlacementLimits
    same_shot: SameShot
    same_colour: SameColour
    same_print: SamePrint


@cache
def thresholds() -> Thresholds:
    """The shipped thresholds; raises BugError where the file is not as it must be."""
    path = resources_folder() / "evidence.toml"
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), Thresholds)
    except (OSError, ValueError) as error:
        raise BugError(f"{path}: {error}") from error
