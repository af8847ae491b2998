"""Matches of pictures in words: what was found, where, and what the numbers behind it mean."""

from __future__ import annotations

from collections.abc import Sequence

from reviewer.domain.case import Case
from reviewer.domain.evidence import Earlier
from reviewer.domain.facts import CLASSES, Match
from reviewer.domain.text import visible
from reviewer.ui.review.wording import day, kind_text, translate


def best_of(matches: Sequence[Match], picture: str, other: str = "") -> Match | None:
    """The match of a picture with the one beside it, where that is a copy; else its strongest."""
    mine = [match for match in matches if match.picture == picture]
    beside = [match for match in mine if match.other == other and match.kind != "same print"]
    return max(beside or mine, key=lambda match: match.strength, default=None)


def match_in_words(match: Match, case: Case) -> str:
    """Such as: same photo as reference 2, mirrored and cropped to 62 %."""
    other = source_in_words(match, case)
    templates = {
        "same file": translate("Review", "same file as {0}"),
        "same photo": translate("Review", "same photo as {0}"),
        "recoloured": translate("Review", "same shot in other colours as {0}"),
        "same print": translate("Review", "same print or label as {0}, in another photo"),
        "near": translate("Review", "near {0}, distance {1} of 64"),
    }
    if match.kind == "near" and match.found is not None:
        templates["near"] = translate("Review", "near a picture on {0}")
    told = match.kind in ("same photo", "recoloured", "near")
    edits = match.found.words if match.found is not None and told else ""
    return templates.get(match.kind, "{0}").format(other, match.distance) + visible(edits, limit=200)


def source_in_words(match: Match, case: Case) -> str:
    """Where the other picture comes from."""
    label = visible(match.label, limit=60, keep_lines=False)
    if match.source == "reference":
        for product in case.references:
            for place, picture in enumerate(product.pictures, start=1):
                if picture.sha256 == match.other and product.id == match.source_id:
                    return translate("Review", "reference {0}").format(place)
        return translate("Review", "a picture of {0}").format(label or translate("Review", "a reference product"))
    if match.source == "infringing":
        name = label or visible(match.source_id, limit=40)
        return (
            translate("Review", "“{0}”, taken down {1}").format(name, match.at)
            if match.at
            else translate("Review", "taken-down listing {0}").format(name)
        )
    if match.source == "within":
        places = {picture.sha256: place for place, picture in enumerate(case.listing.pictures, start=1)}
        return translate("Review", "picture {0} of this listing").format(places.get(match.other, 0))
    return translate("Review", "open case “{0}”").format(label or visible(match.source_id, limit=40))


def match_explained(match: Match) -> str:
    """Method, distance or inliers, threshold, and what they mean."""
    if match.method == "sha256":
        return translate("Review", "The files are the same, byte for byte.")
    if match.found is not None:
        return visible(match.found.explanation, limit=600)
    return translate(
        "Review",
        "The perceptual hashes differ in {0} of 64 bits (up to 4 is told). The pixels were not compared yet.",
    ).format(match.distance)


def is_copy(match: Match) -> bool:
    """Whether it shows the same shot, and not only the same print."""
    return CLASSES.index(match.kind) >= CLASSES.index("near")


def earlier_in_words(earlier: Earlier) -> str:
    """An earlier decision or another open case with the same photos."""
    title = visible(earlier.listing_title, limit=90, keep_lines=False)
    if earlier.case_id:
        seller = visible(earlier.seller_name, limit=40, keep_lines=False)
        return translate("Review", "open case “{0}” of {1}").format(title, seller)
    parts = [kind_text(earlier.kind)]
    if earlier.at is not None:
        parts.append(day(earlier.at))
    if earlier.reviewer:
        parts.append(visible(earlier.reviewer, limit=40, keep_lines=False))
    text = translate("Review", "{0}: “{1}”").format(", ".join(parts), title)
    if earlier.seller_name:
        text += translate("Review", " of {0}").format(visible(earlier.seller_name, limit=40, keep_lines=False))
    note = visible(earlier.note, limit=300, keep_lines=False)
    return f"{text}. {note}" if note else text
