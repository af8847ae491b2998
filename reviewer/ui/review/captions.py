"""What stands above and below the two large pictures: which they are, and what they match."""

from __future__ import annotations

from dataclasses import dataclass

from reviewer.domain.listing import Picture
from reviewer.domain.text import visible
from reviewer.services.model import CaseOnDesk
from reviewer.ui.review.matching import best_of, match_explained, match_in_words
from reviewer.ui.review.passage import Line
from reviewer.ui.review.wording import amount, translate


@dataclass(frozen=True, slots=True)
class Captions:
    """The lines of both sides: above the picture, and below it."""

    listing_head: tuple[Line, ...]
    listing_chip: tuple[Line, ...]
    reference_head: tuple[Line, ...]
    reference_chip: tuple[Line, ...]


def captions_of(
    on_desk: CaseOnDesk, place: int, product: int, beside: int, pictures: tuple[Picture, ...], documents: int = 0
) -> Captions:
    """For the picture at `place` and, of that reference product, the one at `beside`; -1: none.

    `pictures` are those of side A, of which the first `documents` are pages of documents.
    """
    references = on_desk.case.references
    others = references[product].pictures if references else ()
    shown, other = _at(pictures, place), _at(others, beside)
    text, trailing = translate("Review", "B  REFERENCE"), ""
    if references:
        of = references[product]
        name = visible(f"{of.brand} {of.model}", limit=120, keep_lines=False)
        text = translate("Review", "B  REFERENCE {0}  {1}").format(_count(beside, others), name)
        more = f"  {product + 1}/{len(references)} ↑↓" if len(references) > 1 else ""
        trailing = amount(of.list_price) + more
    head = translate("Review", "A  LISTING {0}").format(_count(place - documents, pictures[documents:]))
    if 0 <= place < documents:
        head = translate("Review", "A  DOCUMENTS {0}").format(_count(place, pictures[:documents]))
    return Captions(
        _head(head, _view(shown)), _matched(on_desk, shown, other), _head(text, trailing), _chip(_view(other))
    )


def _matched(on_desk: CaseOnDesk, shown: Picture | None, other: Picture | None) -> tuple[Line, ...]:
    """The nearest match of the listing's picture, in words, with method, numbers and thresholds behind it."""
    if shown is None:
        return _chip("")
    match = best_of(on_desk.matches, shown.sha256, other.sha256 if other is not None else "")
    if match is None:
        return _chip("")
    return _chip(match_in_words(match, on_desk.case), strong=True, explanation=match_explained(match))


def _head(text: str, trailing: str) -> tuple[Line, ...]:
    return (Line(text, bold=True, rows=1, trailing=trailing, scale=0.95),)


def _chip(text: str, *, strong: bool = False, explanation: str = "") -> tuple[Line, ...]:
    """A blank line keeps the place."""
    strong = strong and bool(text)
    role = "for" if strong else "muted"
    return (Line(text or " ", role, glyph="link" if strong else "", rows=1, scale=0.92, tooltip=explanation),)


def _count(place: int, pictures: tuple[Picture, ...]) -> str:
    return f"{place + 1}/{len(pictures)}" if pictures else "0"


def _at(pictures: tuple[Picture, ...], place: int) -> Picture | None:
    return pictures[place] if 0 <= place < len(pictures) else None


def _view(picture: Picture | None) -> str:
    return visible(picture.view, limit=60, keep_lines=False) if picture is not None else ""
