"""Facts for and against an infringement, from what the case says of itself.  Each with its numbers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from reviewer.domain.case import Case, FlagSource
from reviewer.domain.facts import Fact, Match, Side
from reviewer.domain.reference import ReferenceProduct
from reviewer.domain.text import has_hidden_controls, mixed_script_words
from reviewer.domain.values import gtin_is_valid

#: Words by which sellers own up to copies, in the languages of the shipped marketplaces.
EVASIVE_WORDS = (
    "1:1", "aaa", "aaaa", "replica", "inspired", "dupe", "mirror quality", "super copy", "oem quality", "same factory",
    "réplica", "calidad espejo", "inspirado", "triple a", "clon",
    "레플리카", "미러급", "정품급", "이미테이션", "st급",
    "งานเทียบแท้", "งานมิลเลอร์", "เกรดพรีเมียม", "เทียบแท้", "ก๊อป",
    "高仿", "复刻", "原单", "一比一", "同款", "顶级版本",
    "kw super", "mirror 1:1", "grade ori", "premium quality kw", "tiruan",
)  # fmt: skip


def facts_for(case: Case, matches: Sequence[Match], now: datetime) -> tuple[Fact, ...]:
    """All facts of a case, strongest first; those for an infringement and those against are mixed.

    Pure; takes about a millisecond for texts of 10,000 characters.
    """
    found: list[Fact] = []
    found += _picture_facts(case, matches)
    found += _price_facts(case)
    found += _text_facts(case)
    found += _seller_facts(case, now)
    found += _flag_facts(case)
    return tuple(sorted(found, key=lambda fact: (-fact.strength, fact.side, fact.kind)))


def _picture_facts(case: Case, matches: Sequence[Match]) -> Iterable[Fact]:
    """The strongest match of each picture with each kind of source, the strongest pictures first."""
    places = {picture.sha256: place for place, picture in enumerate(case.listing.pictures, start=1)}
    best: dict[tuple[str, str], Match] = {}
    for match in matches:
        known = best.get((match.picture, match.source))
        if match.source != "within" and (known is None or match.strength > known.strength):
            best[match.picture, match.source] = match
    told: dict[str, int] = {}
    for match in sorted(best.values(), key=lambda item: item.strength, reverse=True):
        told[match.source] = told.get(match.source, 0) + 1
        if told[match.source] <= _TOLD.get(match.source, 1):
            yield _picture_fact(case, match, places.get(match.picture, 0))


#: How many pictures of a listing are told of, by where the other picture comes from.
_TOLD = {"reference": 3, "infringing": 2, "listing": 1}
#: Templates and strengths by source and class.  What is done to a copy follows at the end, with its comma.
_SENTENCES = {
    ("reference", "same file"): (
        "Picture {picture} is the brand's own file (reference picture {other}, the same bytes)", 0.95,
    ),
    ("reference", "same photo"): ("Picture {picture} is the same photo as the brand's picture {other}{edits}", 0.94),
    ("reference", "recoloured"): (
        "Picture {picture} is the same shot as the brand's picture {other} in other colours{edits}", 0.7,
    ),
    ("reference", "near"): (
        "Picture {picture} looks like the brand's picture {other} (distance {distance} of 64)", 0.95,
    ),
    ("reference", "same print"): (
        "Picture {picture} shows the same print or label as the brand's picture {other}, in another photo", 0.3,
    ),
    ("infringing", "same file"): (
        "Picture {picture} is the very file of “{label}”, taken down on {at}", 0.97,
    ),
    ("infringing", "same photo"): (
        "Picture {picture} is the same photo as in “{label}”, taken down on {at}{edits}", 0.96,
    ),
    ("infringing", "recoloured"): (
        "Picture {picture} is the same shot in other colours as in “{label}”, taken down on {at}{edits}", 0.72,
    ),
    ("infringing", "near"): ("Picture {picture} is near a picture on the hash list {label}", 0.6),
    ("infringing", "same print"): (
        "Picture {picture} shows the same print or label as “{label}”, taken down on {at}", 0.32,
    ),
    ("listing", "same file"): ("Picture {picture} is also in the open case “{label}”, the same file", 0.5),
    ("listing", "same photo"): ("Picture {picture} is the same photo as in the open case “{label}”{edits}", 0.49),
    ("listing", "recoloured"): (
        "Picture {picture} is the same shot in other colours as in the open case “{label}”{edits}", 0.35,
    ),
}  # fmt: skip


def _picture_fact(case: Case, match: Match, place: int) -> Fact:
    template, strength = _SENTENCES.get(
        (match.source, match.kind), ("Picture {picture} shows the same print or label as “{label}”", 0.2)
    )
    values = {"picture": str(place)}
    if match.source == "reference":
        values["other"] = str(_place_of(match.other, case, match.source_id))
        if match.label:  # another product of the brand than those of the case
            template = template.replace("the brand's picture {other}", "a picture of {label}")
    if "{label}" in template:
        values["label"] = match.label[:80]
    if "{at}" in template:
        values["at"] = match.at or "an earlier day"
    if "{distance}" in template:
        values["distance"] = str(match.distance)
    if "{edits}" in template:
        values["edits"] = match.found.words if match.found is not None else ""
    return Fact("picture", Side.FOR, strength - 0.03 * match.distance, template, values)


def _place_of(sha256: str, case: Case, reference_id: str) -> int:
    for reference in case.references:
        if reference.id == reference_id:
            for place, picture in enumerate(reference.pictures, start=1):
                if picture.sha256 == sha256:
                    return place
    return 0


def _price_facts(case: Case) -> Iterable[Fact]:
    price = case.listing.price
    reference = case.references[0] if case.references else None
    if price is None or reference is None or reference.list_price is None or reference.list_price.amount <= 0:
        return
    if price.currency is None:
        yield Fact("price", Side.FOR, 0.1, "The price has no currency, so it can't be compared", {})
        return
    listed = reference.list_price
    if price.currency != listed.currency:
        return
    share = (price.amount / listed.amount - 1) * 100
    values = {"price": str(price), "listed": str(listed), "percent": f"{abs(share):.0f}"}
    if share <= -60:
        strength = 0.55 + float(min(Decimal(40), -share - 60)) / 100
        yield Fact("price", Side.FOR, strength, "{percent} % under the list price: {price} against {listed}", values)
    elif share <= -30:
        yield Fact("price", Side.FOR, 0.3, "{percent} % under the list price: {price} against {listed}", values)
    elif share >= -15:
        yield Fact("price", Side.AGAINST, 0.4, "Priced near the list price: {price} against {listed}", values)


def _text_facts(case: Case) -> Iterable[Fact]:
    listing = case.listing
    text = f"{listing.title}\n{listing.description}"[:20_000]
    folded = unicodedata.normalize("NFKC", text).casefold()
    said = [word for word in EVASIVE_WORDS if _says(folded, word)]
    if said:
        words = ", ".join(f"“{word}”" for word in said[:3])
        yield Fact("evasive_words", Side.FOR, 0.75, "The text says {words}", {"words": words})
    if mixed := mixed_script_words(text, limit=3):
        words = ", ".join(mixed)
        yield Fact(
            "mixed_scripts", Side.FOR, 0.7, "Letters of different scripts in one word: {words}", {"words": words}
        )
    if has_hidden_controls(text):
        yield Fact("hidden_controls", Side.FOR, 0.5, "The text has characters that hide or reorder others", {})
    reference = case.references[0] if case.references else None
    if reference is not None:
        yield from _brand_facts(case, reference, folded)
    if listing.gtin and not gtin_is_valid(listing.gtin):
        yield Fact(
            "gtin", Side.FOR, 0.35, "The article number {gtin} has a wrong check digit", {"gtin": listing.gtin[:20]}
        )


def _says(folded: str, word: str) -> bool:
    if word.isascii():
        return re.search(rf"(?<![a-z0-9]){re.escape(word)}(?![a-z0-9])", folded) is not None
    return word in folded


def _brand_facts(case: Case, reference: ReferenceProduct, folded: str) -> Iterable[Fact]:
    listing, brand = case.listing, reference.brand.casefold()
    if brand not in folded:
        near = _near_miss(brand, folded)
        if near:
            values = {"near": near, "brand": reference.brand}
            yield Fact("brand_misspelt", Side.FOR, 0.65, "“{near}” in place of “{brand}”", values)
        elif listing.brand.casefold() != brand:
            values = {"brand": reference.brand}
            yield Fact("brand_absent", Side.AGAINST, 0.3, "The text does not name {brand}", values)
    if listing.gtin and reference.gtin and gtin_is_valid(listing.gtin):
        values = {"gtin": listing.gtin, "model": reference.model}
        if listing.gtin.zfill(14) == reference.gtin.zfill(14):
            yield Fact("gtin", Side.AGAINST, 0.2, "The article number {gtin} is that of {model}", values)
        else:
            yield Fact("gtin", Side.FOR, 0.3, "The article number {gtin} is not that of {model}", values)
    if case.seller.id in reference.authorised_sellers:
        values = {"brand": reference.brand}
        yield Fact("authorised", Side.AGAINST, 0.9, "{brand} lists this seller as authorised", values)
    elif reference.authorised_sellers:
        values = {"brand": reference.brand, "count": str(len(reference.authorised_sellers))}
        yield Fact("authorised", Side.FOR, 0.25, "Not among the {count} sellers that {brand} has authorised", values)


def _near_miss(brand: str, folded: str) -> str:
    """A word of the text that differs from the brand by one or two letters, or ''."""
    plain = _letters(brand)
    if len(plain) < 5:
        return ""
    allowed = 1 if len(plain) < 8 else 2
    span = brand.count(" ") + 1
    words = folded.split()
    for place in range(len(words) - span + 1):
        word = " ".join(words[place : place + span])
        letters = _letters(word)
        if letters != plain and abs(len(letters) - len(plain)) <= allowed and _distance(letters, plain, allowed):
            return word.strip(".,;:!?()[]\"'")[:40]
    return ""


def _letters(text: str) -> str:
    return "".join(character for character in text if character.isalnum())


def _distance(one: str, other: str, allowed: int) -> bool:
    """Whether the Levenshtein distance of two short words is at most `allowed`."""
    row = list(range(len(other) + 1))
    for place, letter in enumerate(one, start=1):
        previous, row[0] = row[0], place
        for column, against in enumerate(other, start=1):
            previous, row[column] = (
                row[column],
                min(row[column] + 1, row[column - 1] + 1, previous + (letter != against)),
            )
        if min(row) > allowed:
            return False
    return row[-1] <= allowed


def _seller_facts(case: Case, now: datetime) -> Iterable[Fact]:
    seller = case.seller
    counting = [offence for offence in seller.offences if offence.counts_at(now)]
    if counting:
        points = sum(offence.points for offence in counting)
        latest = max(offence.at for offence in counting)
        values = {"count": str(len(counting)), "points": str(points), "date": latest.date().isoformat()}
        strength = min(0.85, 0.35 + points / 60)
        yield Fact(
            "offences", Side.FOR, strength, "{count} offences count, {points} points, the last on {date}", values
        )
    for link in seller.links:
        if link.standing in ("banned", "suspended"):
            values = {"name": link.display_name, "standing": link.standing, "kind": link.kind}
            yield Fact(
                "link", Side.FOR, 0.5 + 0.35 * link.strength, "Shares its {kind} with {name}, {standing}", values
            )
    days = (now - seller.joined_at).days if seller.joined_at else None
    if days is not None and days < 60:
        yield Fact("new_seller", Side.FOR, 0.3, "The seller joined {days} days ago", {"days": str(max(days, 0))})
    elif days is not None and days >= 730 and not seller.offences:
        values = {"years": str(days // 365)}
        yield Fact("old_seller", Side.AGAINST, 0.45, "{years} years on the marketplace without an offence", values)


def _flag_facts(case: Case) -> Iterable[Fact]:
    claimants = {flag.claimant: flag for flag in case.flags if flag.claimant}
    for flag in claimants.values():
        if flag.source in (FlagSource.RIGHTS_HOLDER, FlagSource.TRUSTED_FLAGGER) and flag.claimant_upheld is not None:
            values = {"claimant": flag.claimant, "percent": f"{flag.claimant_upheld * 100:.0f}"}
            side = Side.FOR if flag.claimant_upheld >= 0.5 else Side.AGAINST
            strength = 0.3 + 0.4 * abs(flag.claimant_upheld - 0.5)
            yield Fact(
                "claimant", side, strength, "{claimant} complains; {percent} % of its notices were upheld", values
            )
    consumers = sum(flag.source == FlagSource.CONSUMER for flag in case.flags)
    if consumers:
        template = "{count} consumers report it" if consumers > 1 else "One consumer reports it"
        yield Fact("consumers", Side.FOR, min(0.5, 0.2 + 0.1 * consumers), template, {"count": str(consumers)})
    if any(flag.source == FlagSource.AUTHORITY for flag in case.flags):
        yield Fact("authority", Side.FOR, 0.8, "An authority reports it", {})
