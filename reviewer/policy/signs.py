"""Facts for and against an infringement, from what the case says of itself.  Each with its numbers.

Which signs are looked for, with which numbers and words, stands in the policy (`[[sign]]`), so that a lead
reads and tunes them; `reviewer policy measure` prints how often each speaks on texts that are known to be fair.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from reviewer.domain.case import Case, FlagSource
from reviewer.domain.facts import Fact, Match, Side
from reviewer.domain.listing import CategoryPrice
from reviewer.policy import evasion
from reviewer.policy.model import Sign
from reviewer.policy.proofs import proof_facts
from reviewer.policy.sign_rules import RULE_FACTS
from reviewer.policy.subject import Subject


def facts_for(
    case: Case,
    matches: Sequence[Match],
    now: datetime,
    signs: Sequence[Sign] = (),
    category_price: CategoryPrice | None = None,
) -> tuple[Fact, ...]:
    """All facts of a case, strongest first; those for an infringement and those against are mixed.

    Pure; takes about a millisecond for texts of 10,000 characters.
    """
    subject = Subject(case, matches, now, category_price)
    found: list[Fact] = []
    found += _picture_facts(case, matches)
    found += _sign_facts(subject, signs)
    found += _seller_facts(case, now)
    found += _flag_facts(case)
    found += proof_facts(case, now)
    return tuple(sorted(found, key=lambda fact: (-fact.strength, fact.side, fact.kind)))


def _sign_facts(subject: Subject, signs: Sequence[Sign]) -> Iterable[Fact]:
    """What the policy's signs say; of several with one rule the strongest, but words of all languages together."""
    said: dict[str, float] = {}
    done: set[str] = set()
    for sign in sorted(signs, key=lambda sign: -sign.strength):
        if sign.rule == "words":
            said |= {word: sign.strength for word in sign.words if evasion.says(subject.folded, word.casefold())}
        elif sign.rule not in done:
            fact = RULE_FACTS[sign.rule](subject, sign)
            if fact is not None:
                done.add(sign.rule)
                yield fact
    if said:
        shown = ", ".join(f"“{word}”" for word in list(said)[:3])
        yield Fact("evasive_words", Side.FOR, max(said.values()), "The text says {words}", {"words": shown})


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
