"""What travels of picture evidence: fingerprints, and the entries of the banks of pictures."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Perceptual hashes of one picture by one version of an algorithm, in hexadecimal.

    `picture` is its SHA-256, empty in a hash list that names none.  Several `codes`: of the whole, and of what is left
    without plain borders.  `quality` is 0 to 100.
    """

    algorithm: str
    version: int
    quality: int
    codes: tuple[str, ...]
    picture: str = ""


@dataclass(frozen=True, slots=True)
class BankEntry:
    """A picture of a listing that was taken down, a line of a hash list (no `picture`), or a pair that is no match.

    `label` is the ground or the list's own word, `source` the list that it comes from; `reviewer` and `note` are the
    earlier decision's.  A removed entry counts no more: its decision was reversed, or the pair taken back.
    """

    id: str
    picture: str = ""
    other: str = ""
    label: str = ""
    source: str = ""
    listing_id: str = ""
    listing_title: str = ""
    marketplace: str = ""
    seller_id: str = ""
    seller_name: str = ""
    decision_id: str = ""
    reviewer: str = ""
    note: str = ""
    at: datetime | None = None
    removed: bool = False
    fingerprints: tuple[Fingerprint, ...] = ()


@dataclass(frozen=True, slots=True)
class NearCase:
    """An open case at the server, leased by anybody or nobody, with a picture near one of ours.

    `picture` is ours, `other` theirs; their fingerprints differ in `bits` of 256 (0 for the same picture).
    """

    picture: str
    other: str
    bits: int
    case_id: str
    listing_id: str
    listing_title: str
    marketplace: str = ""
    seller_id: str = ""
    seller_name: str = ""


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier decision, or another open case, whose listing has a picture in common with this one.

    `pictures` are this listing's that it shares.  `kind` is the decision's, empty for an open case (`case_id`).
    """

    pictures: tuple[str, ...]
    listing_title: str = ""
    seller_name: str = ""
    kind: str = ""
    ground: str = ""
    note: str = ""
    reviewer: str = ""
    at: datetime | None = None
    case_id: str = ""
    listing_id: str = ""
    picture: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """What the evidence process said of two pictures; the fields of `Match` that come from it.

    `homography` maps the other picture to this one, both in shares of width and height (3 x 3, row by row); `region`
    is what is seen of the other on this one, `other_region` the same part on the other.
    """

    kind: str
    method: str
    words: str
    explanation: str
    inliers: int = 0
    agreement: float = 0.0
    overlap: float = 1.0
    mirrored: bool = False
    homography: tuple[float, ...] = ()
    region: tuple[tuple[float, float], ...] = field(default=())
    other_region: tuple[tuple[float, float], ...] = field(default=())
