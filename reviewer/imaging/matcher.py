"""A picture against references: short list, placements, dense comparison, names.  Runs in the evidence process."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from reviewer.imaging.colours import Colours, colours
from reviewer.imaging.dense import Compared, compare, compare_washed, placed_corners
from reviewer.imaging.keypoints import Floats, Keypoints, keypoints
from reviewer.imaging.matches import Figures, Match, MatchClass, Matrix9, Method, Polygon, edits_in_words
from reviewer.imaging.naming import shot_class
from reviewer.imaging.pdq import Pdq, pdq
from reviewer.imaging.placement import Matrix, Pairs, Placement, homography, like_pairs, placements
from reviewer.imaging.sheets import KeptSheet, Sheet
from reviewer.imaging.thresholds import Thresholds
from reviewer.imaging.trimming import Box, trimmed
from reviewer.imaging.voting import VotingIndex

_SAME_REGION: Final = 0.5
"""The share of a region's area from which on two matches claim the same region."""
_MOST_ROOTS: Final = 40
"""References whose descriptors are held ready as roots, four times their size: those that are compared in full."""


@dataclass(frozen=True, slots=True)
class Coded:
    """PDQ of a part of a picture, in eight orientations, and where the part lies."""

    box: Box
    pdq: Pdq


@dataclass(frozen=True, slots=True)
class Known:
    """A picture that is ready to be compared: its sheet, keypoints, and codes (whole, then without borders)."""

    sheet: Sheet
    points: Keypoints
    coded: tuple[Coded, ...]


@dataclass(frozen=True, slots=True)
class _Kept:
    """A reference between comparisons."""

    sheet: KeptSheet
    points: Keypoints
    coded: tuple[Coded, ...]

    def opened(self) -> Known:
        return Known(self.sheet.opened(), self.points, self.coded)


@dataclass(frozen=True, slots=True)
class _Found:
    """A placed and compared reference before it is named in words."""

    name: str
    kind: MatchClass
    method: Method
    compared: Compared
    colour: Colours | None
    placement: Placement
    mirrored: bool


def known(sheet: Sheet, most_keypoints: int) -> Known:
    """Look at a picture once, for all comparisons to come."""
    return Known(sheet, keypoints(sheet.luma, most_keypoints), codes_of(sheet))


def codes_of(sheet: Sheet) -> tuple[Coded, ...]:
    """The codes of a picture: of the whole, and of what is left without plain borders where that is less."""
    whole = Box(0, 0, sheet.width, sheet.height)
    inner = trimmed(sheet.luma)
    found = []
    for box in dict.fromkeys((whole, inner)):
        code = pdq(sheet.luma[box.top : box.bottom, box.left : box.right])
        if code is not None:
            found.append(Coded(box, code))
    return tuple(found)


class Matcher:
    """References by name, and pictures matched against some or all of them.  Used by one thread."""

    def __init__(self, limits: Thresholds) -> None:
        self._limits = limits
        self._references: dict[str, _Kept] = {}
        self._roots: dict[str, Floats] = {}
        self._voting: tuple[tuple[str, ...], VotingIndex] | None = None

    def __len__(self) -> int:
        return len(self._references)

    def __contains__(self, name: object) -> bool:
        return name in self._references

    def learn(self, name: str, sheet: Sheet) -> Known:
        """Make a reference known under a name; a name that is known already gets the new picture."""
        reference = known(sheet, self._limits.shortlist.reference_keypoints)
        self._references[name] = _Kept(KeptSheet.of(sheet), reference.points, reference.coded)
        self._roots.pop(name, None)
        self._voting = None
        return reference

    def forget(self, names: Iterable[str]) -> int:
        """Forget references; answers how many of the names were known."""
        gone = [name for name in names if self._references.pop(name, None) is not None]
        for name in gone:
            self._roots.pop(name, None)
        if gone:
            self._voting = None
        return len(gone)

    def match(self, picture: Sheet, names: Sequence[str] | None = None) -> list[Match]:
        """The picture's matches among the named references (all where None), strongest first.

        Raises KeyError for a name that is not known.
        """
        asked = known(picture, self._limits.shortlist.picture_keypoints)
        references = self._references if names is None else {name: self._references[name] for name in names}
        if not references:
            return []
        roots = {False: asked.points.roots(), True: asked.points.mirrored().roots()}
        points = {False: asked.points, True: asked.points.mirrored()}
        found: list[_Found] = []
        opened: dict[str, Known] = {}
        for name, mirrored in self._shortlist(asked, references):
            pairs = like_pairs(points[mirrored], roots[mirrored], references[name].points, self._roots_of(name))
            if len(pairs) >= self._limits.placement.least_inliers:
                reference = opened.get(name) or opened.setdefault(name, references[name].opened())
                found += self._by_keypoints(asked, name, reference, pairs, mirrored)
        shown = {one.name for one in found if one.kind != "same print"}
        for name, kept in references.items():
            if name not in shown:
                found += self._by_codes(asked, name, kept)
        told = [self._told(asked, references[one.name], one) for one in self._settled(found)]
        return sorted(told, key=lambda match: match.strength, reverse=True)

    def _shortlist(self, asked: Known, references: Mapping[str, _Kept]) -> list[tuple[str, bool]]:
        if len(references) < self._limits.shortlist.all_below:
            return [(name, mirrored) for name in references for mirrored in (False, True)]
        names = tuple(references)
        if self._voting is None or self._voting[0] != names:
            self._voting = names, VotingIndex([reference.points for reference in references.values()])
        votes = self._voting[1].votes(asked.points, self._limits.shortlist.most)
        return [(names[vote.number], vote.mirrored) for vote in votes]

    def _roots_of(self, name: str) -> Floats:
        if name not in self._roots:
            if len(self._roots) >= _MOST_ROOTS:
                self._roots.clear()
            self._roots[name] = self._references[name].points.roots()
        return self._roots[name]

    def _by_keypoints(self, asked: Known, name: str, reference: Known, pairs: Pairs, mirrored: bool) -> list[_Found]:
        limits = self._limits
        side = max(asked.sheet.width, asked.sheet.height)
        back = np.array([[-1.0, 0.0, asked.sheet.width], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]) if mirrored else np.eye(3)
        found: list[_Found] = []
        for placement in placements(pairs, side, limits.placement.least_inliers, limits.placement.most):
            start = back @ placement.matrix
            if any(_close(reference.sheet, start, one.compared.pair.matrix, side) for one in found):
                continue
            shown = self._compared(asked.sheet, reference.sheet, start)
            if shown is None:
                continue
            compared, colour, kind = shown
            if kind is not None:
                found.append(_Found(name, kind, "keypoints", compared, colour, placement, mirrored))
                continue
            if found:
                break
            matrix, inliers = homography(pairs, placement.matrix, side)
            if max(inliers, placement.inliers) >= limits.same_print.least_inliers:
                best = matrix if inliers > placement.inliers else placement.matrix
                placed = Placement(best, max(inliers, placement.inliers), len(pairs), 0.0)
                found.append(_Found(name, "same print", "keypoints", compared, colour, placed, mirrored))
            break
        return found

    def _by_codes(self, asked: Known, name: str, kept: _Kept) -> list[_Found]:
        """Pictures with next to no keypoints: place the reference as its code says, then compare as ever."""
        for theirs in kept.coded:
            for ours in asked.coded:
                distances = np.bitwise_count(ours.pdq.codes ^ theirs.pdq.codes[0]).sum(axis=1)
                number = int(distances.argmin())
                if distances[number] > self._limits.fingerprint.radius:
                    continue
                matrix = _box_to_box(theirs.box, ours.box, number)
                shown = self._compared(asked.sheet, kept.sheet.opened(), matrix)
                if shown is None:
                    continue
                compared, colour, kind = shown
                if kind is not None:
                    mirrored = bool(np.linalg.det(matrix[:2, :2]) < 0)
                    placement = Placement(matrix, 0, 0, 0.0)
                    return [_Found(name, kind, "fingerprint", compared, colour, placement, mirrored)]
        return []

    def _compared(
        self, asked: Sheet, reference: Sheet, matrix: Matrix
    ) -> tuple[Compared, Colours | None, MatchClass | None] | None:
        """The pictures compared under a placement, and the class of shot, where it is one."""
        found = compare(asked, reference, matrix)
        if found is None:
            return None
        first = self._named(found)
        if first[2] is None and (washed := compare_washed(found, asked, reference)) is not None:
            again = self._named(washed)
            return again if again[2] is not None else first
        return first

    def _named(self, found: Compared) -> tuple[Compared, Colours | None, MatchClass | None]:
        colour = colours(found)
        matrix = found.pair.matrix
        mirrored = bool(np.linalg.det(matrix[:2, :2]) < 0)
        return found, colour, shot_class(found, colour, _turn(matrix, mirrored), self._limits)

    def _settled(self, found: Sequence[_Found]) -> list[_Found]:
        """One region comes from one photo: where another reference explains it better, a match is only its shot."""
        copies = [one for one in found if one.kind == "same photo"]
        settled = []
        for one in found:
            better = one.kind == "same photo" and any(
                _error(other) + self._limits.same_colour.better_by < _error(one) and _same_region(one, other)
                for other in copies
                if other.name != one.name
            )
            settled.append(
                _Found(one.name, "recoloured", one.method, one.compared, one.colour, one.placement, one.mirrored)
                if better
                else one
            )
        return settled

    def _told(self, asked: Known, reference: _Kept, one: _Found) -> Match:
        query, other = asked.sheet, reference.sheet
        matrix = one.compared.pair.matrix
        if one.kind == "same print":
            back = np.array([[-1.0, 0.0, query.width], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]) if one.mirrored else np.eye(3)
            matrix = back @ one.placement.matrix
        region = _region(query, placed_corners(other, matrix))
        try:
            there = _mapped(np.asarray(np.linalg.inv(matrix), dtype=np.float64), region)
        except np.linalg.LinAlgError:
            there = np.empty((0, 2))
        unit = np.diag([1 / query.width, 1 / query.height, 1.0]) @ matrix @ np.diag([other.width, other.height, 1.0])
        pair, colour = one.compared.pair, one.colour
        turned = _turn(matrix, one.mirrored)
        return Match(
            reference=one.name,
            kind=one.kind,
            method=one.method,
            homography=_nine(unit / unit[2, 2]),
            region=_polygon(region, query),
            reference_region=_polygon(there, other),
            inliers=one.placement.inliers,
            pairs=one.placement.pairs,
            overlap=pair.reference_share,
            cover=pair.query_share,
            mirrored=one.mirrored,
            turned=turned,
            figures=_figures(one.compared, colour),
            words=edits_in_words(
                mirrored=one.mirrored,
                turned=turned,
                overlap=pair.reference_share,
                cover=pair.query_share,
                overlay=one.compared.structure.overlay,
                gray=colour is not None and colour.gray,
                washed=one.compared.structure.washed,
            ),
        )


def _figures(compared: Compared, colour: Colours | None) -> Figures:
    structure = compared.structure
    return Figures(
        agreement=structure.reference_agreement,
        picture_agreement=structure.query_agreement,
        clear_agreement=structure.clear_agreement,
        overlay=structure.overlay,
        closeness=structure.closeness,
        correlation=structure.whole,
        coloured=colour is not None,
        unexplained=colour.unexplained if colour else 0.0,
        odd=colour.odd if colour else 0.0,
        saturation=colour.saturation if colour else 1.0,
        lightness_moved=colour.lightness_moved if colour else 0.0,
        unmoved=colour.unmoved if colour else 0.0,
        washed=structure.washed,
    )


def _turn(matrix: Matrix, mirrored: bool) -> float:
    """Degrees clockwise by which the reference is turned, after mirroring its columns."""
    sign = -1.0 if mirrored else 1.0
    return float(np.degrees(np.arctan2(sign * matrix[1, 0], sign * matrix[0, 0])))


def _box_to_box(reference: Box, picture: Box, number: int) -> Matrix:
    """From a part of the reference to a part of the picture whose orientation `number` of PDQ is the reference."""
    inward = np.array(
        [[1 / picture.width, 0, -picture.left / picture.width], [0, 1 / picture.height, -picture.top / picture.height]]
    )
    turn = np.vstack([inward, [0, 0, 1]])
    if number & 4:
        turn = np.array([[0, 1, 0], [1, 0, 0], [0, 0, 1.0]]) @ turn
    if number & 1:
        turn = np.array([[-1, 0, 1], [0, 1, 0], [0, 0, 1.0]]) @ turn
    if number & 2:
        turn = np.array([[1, 0, 0], [0, -1, 1], [0, 0, 1.0]]) @ turn
    outward = np.array([[reference.width, 0, reference.left], [0, reference.height, reference.top], [0, 0, 1.0]])
    return np.asarray(np.linalg.inv(outward @ turn), dtype=np.float64)


def _close(reference: Sheet, one: Matrix, other: Matrix, side: int) -> bool:
    """Whether two placements put the reference's corners nearly at the same places."""
    apart = placed_corners(reference, one) - placed_corners(reference, other)
    return bool(np.abs(apart).max() <= 0.15 * side)


def _error(one: _Found) -> float:
    return float("inf") if one.colour is None else one.colour.unexplained + one.colour.lightness_moved


def _same_region(one: _Found, other: _Found) -> bool:
    here, there = _corners(one), _corners(other)
    common, _ = cv2.intersectConvexConvex(here, there)
    return bool(common >= _SAME_REGION * min(abs(cv2.contourArea(here)), abs(cv2.contourArea(there))))


def _corners(one: _Found) -> NDArray[np.float32]:
    """The overlap's frame on the picture, as a quadrilateral."""
    height, width = one.compared.pair.mask.shape
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float64)
    inverse = np.asarray(np.linalg.inv(one.compared.pair.frame), dtype=np.float64)
    return _mapped(inverse, corners).astype(np.float32)


def _region(picture: Sheet, corners: NDArray[np.float64]) -> NDArray[np.float64]:
    canvas = np.array([[0, 0], [picture.width, 0], [picture.width, picture.height], [0, picture.height]], np.float32)
    _, common = cv2.intersectConvexConvex(cv2.convexHull(corners.astype(np.float32)), canvas)
    return np.empty((0, 2)) if common is None else np.asarray(common, dtype=np.float64).reshape(-1, 2)


def _mapped(matrix: Matrix, points: NDArray[np.float64]) -> NDArray[np.float64]:
    placed = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    return np.asarray(placed[:, :2] / placed[:, 2:], dtype=np.float64)


def _polygon(points: NDArray[np.float64], picture: Sheet | KeptSheet) -> Polygon:
    return tuple((float(np.clip(x / picture.width, 0, 1)), float(np.clip(y / picture.height, 0, 1))) for x, y in points)


def _nine(matrix: Matrix) -> Matrix9:
    a, b, c, d, e, f, g, h, i = (float(value) for value in matrix.ravel())
    return a, b, c, d, e, f, g, h, i
