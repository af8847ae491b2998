"""What the evidence process finds, as plain data.  Imports no picture library, so that any process may hold it.

All coordinates are shares of a picture's width and height (0 to 1 from the top left corner), so that they hold at
any size at which the picture is decoded.
"""

from typing import Final, Literal

import msgspec

from reviewer.imaging.thresholds import Thresholds

MatchClass = Literal["same photo", "recoloured", "same print"]
Method = Literal["keypoints", "fingerprint"]
Point = tuple[float, float]
Polygon = tuple[Point, ...]
Matrix9 = tuple[float, float, float, float, float, float, float, float, float]

STRENGTH: Final[dict[MatchClass, int]] = {"same photo": 3, "recoloured": 2, "same print": 1}

_WASHED: Final = 0.1
"""From this share of lost detail on it is said."""


class Figures(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The numbers behind a match; what each means is in `reviewer.imaging.dense` and `.colours`.

    Without a figure of colours (`coloured` is False) too few places agreed to compare them.
    """

    agreement: float
    picture_agreement: float
    clear_agreement: float
    overlay: float
    closeness: float
    correlation: float
    coloured: bool
    unexplained: float
    odd: float
    saturation: float
    lightness_moved: float
    unmoved: float
    washed: float = 0.0


class Match(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A reference found in a picture.

    `homography` maps the reference to the picture (3 x 3, row by row).  `region` is what is seen of it on the
    picture, `reference_region` the same part on the reference.  `inliers` of `pairs` keypoint pairs fit.
    `overlap` is the share of the reference that is seen, `cover` the share of the picture that it fills.  `turned`
    is in degrees, clockwise, -180 to 180, after mirroring.  `words` say it without the reference's name.
    """

    reference: str
    kind: MatchClass
    method: Method
    homography: Matrix9
    region: Polygon
    reference_region: Polygon
    inliers: int
    pairs: int
    overlap: float
    cover: float
    mirrored: bool
    turned: float
    figures: Figures
    words: str

    @property
    def strength(self) -> tuple[int, float, int]:
        """Sorts matches: the class first, then how much agrees, then the keypoints."""
        return STRENGTH[self.kind], self.figures.agreement, self.inliers

    def sentence(self, name: str) -> str:
        """The match in words: "Same photo as reference 2, mirrored and cropped to 62 %."."""
        start = {"same photo": "Same photo as", "recoloured": "Same shot in other colours as", "same print": ""}
        if self.kind == "same print":
            return f"Same print, label or pattern as on {name}, in another photo: {self.inliers} points fit."
        return f"{start[self.kind]} {name}{self.words}."

    def explanation(self, limits: Thresholds) -> str:
        """Method, figures, thresholds and what they mean, in two sentences."""
        figures = self.figures
        if self.kind == "same print":
            least = limits.same_print.least_inliers
            return (
                f"{self.inliers} of {self.pairs} keypoint pairs fit one placement (from {least} on it is shown),"
                " but the pictures do not agree over the whole overlap."
                " A logo, label or pattern is the same; the photo is another."
            )
        colour = (
            f" Colours are {figures.unexplained:.1f} off on average"
            f" (up to {limits.same_colour.most_unexplained:g} is the same photo)."
            if figures.coloured
            else ""
        )
        if figures.washed > _WASHED:
            colour += (
                f" {figures.washed:.0%} of the detail of one picture is gone in the other where its light ran together;"
                " one tone curve explains that, and the figures are those after it."
            )
        return (
            f"Aligned by {self.inliers} keypoint pairs, {figures.agreement:.0%} of the reference's structure is found"
            f" again (from {limits.same_shot.agreement:.0%} on, or less beside an overlay),"
            f" with a closeness of {figures.closeness:.3f} (from {limits.same_shot.closeness:g} on).{colour}"
        )


def edits_in_words(
    *, mirrored: bool, turned: float, overlap: float, cover: float, overlay: float, gray: bool, washed: float = 0.0
) -> str:
    """What was done to the copy: ", mirrored and cropped to 62 %"; empty where nothing is to be said."""
    done = []
    if mirrored:
        done.append("mirrored")
    quarter = round(turned / 90.0) * 90
    if abs(quarter) == 180:
        done.append("turned upside down")
    elif quarter:
        done.append(f"turned by 90° {'clockwise' if quarter > 0 else 'anticlockwise'}")
    slant = turned - quarter
    if abs(slant) >= 2.0:
        done.append(f"slanted by {abs(slant):.0f}°")
    if overlap < 0.95:
        done.append(f"cropped to {100 * overlap:.0f} %")
    if cover < 0.9:
        done.append(f"placed on {100 * cover:.0f} % of this picture")
    if overlay > 0.03:
        done.append(f"partly covered ({100 * overlay:.0f} %)")
    if washed > _WASHED:
        done.append(f"with {100 * washed:.0f} % of its detail lost to the light")
    if gray:
        done.append("without its colours")
    if not done:
        return ""
    return ", " + (done[0] if len(done) == 1 else f"{', '.join(done[:-1])} and {done[-1]}")
