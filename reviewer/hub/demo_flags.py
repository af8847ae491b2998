"""The demo's flags: who complained of what, in which words, and with what record."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from reviewer.domain.values import format_time
from reviewer.hub.demo_catalogue import DemoProduct
from reviewer.hub.messages import FlagMessage

#: Claimants by source, with the share of their notices that were upheld.
_TRUSTED = (("Alliance against Fake Goods", 0.94), ("Consumer Safety Network", 0.91))
_AUTHORITIES = (("Market Surveillance Office", 0.98), ("Customs, IPR unit", 0.97))
_CONSUMERS = 0.36

_GROUNDS = {
    "counterfeit": "counterfeit",
    "stolen": "copyright",
    "inspired": "trademark",
    "lookalike": "design",
    "used": "counterfeit",
    "reseller": "counterfeit",
}
_SOURCES = {
    "counterfeit": ("automated",) * 5 + ("rights_holder",) * 5 + ("trusted_flagger", "consumer") * 2 + ("authority",),
    "stolen": ("rights_holder", "rights_holder", "automated", "trusted_flagger"),
    "inspired": ("automated", "rights_holder", "automated"),
    "lookalike": ("automated", "automated", "rights_holder"),
    "used": ("automated", "automated", "consumer"),
    "reseller": ("automated", "rights_holder", "staff"),
}
_WORDS: dict[tuple[str, str], tuple[str, ...]] = {
    ("automated", "counterfeit"): (
        "Price is {percent}% of the list price, and the title has words that are typical of copies.",
        "Picture 1 resembles the reference of {brand} {model}; the seller is not authorised; price {percent}% of list.",
        "Brand is written with changed letters, category and picture are those of {brand}.",
    ),
    ("automated", "stolen"): ("Picture 1 is the brand's own picture, changed (crop, mirror or banner).",),
    ("automated", "inspired"): ("The title names {brand} together with words such as style, dupe, inspired.",),
    ("automated", "lookalike"): ("The shape resembles {brand} {model}; no brand is named. Low confidence.",),
    ("automated", "used"): ("Price is {percent}% of the list price and the seller is a private person.",),
    ("automated", "reseller"): ("New seller of {brand}; the authorisation was not found in the brand's list.",),
    ("rights_holder", "counterfeit"): (
        "Not our product. {difference}. We ask for removal under our registered marks.",
        "Test purchase made on {day}: {difference}.",
        "We never supplied this seller. On the picture: {difference}.",
    ),
    ("rights_holder", "stolen"): (
        "The pictures were made for our web shop; no licence was given. See our product page of {brand} {model}.",
        "Our copyrighted picture with a banner over it. The article behind it is unknown to us.",
    ),
    ("rights_holder", "inspired"): ("Our word mark {brand} is used to sell goods that are not ours.",),
    ("rights_holder", "lookalike"): ("We see an infringement of our registered design for the {model}.",),
    ("rights_holder", "reseller"): ("This seller is not in our distribution system. Grey import or worse.",),
    ("trusted_flagger", "counterfeit"): (
        "One of {count} listings with the same pictures across three shops; {difference}.",
        "Priority notice: the article bears a mark that is not to be told from {brand}. {difference}.",
    ),
    ("trusted_flagger", "stolen"): ("Series of listings with the manufacturer's pictures and prices far below list.",),
    ("authority", "counterfeit"): (
        "Goods of this seller were detained on {day}. Marks of {brand} without consent; {difference}.",
        "Order to act (Art. 9 DSA) is attached. Health risk cannot be excluded: {difference}.",
    ),
    ("consumer", "counterfeit"): (
        "Received it yesterday and it is a FAKE. {difference}. Seller does not answer.",
        "I own the real one, this is different: {difference}. Please take it down",
        "Smells of glue, logo comes off. Want my money back!!",
    ),
    ("consumer", "used"): ("Looks suspicious to me, too cheap for {brand}.",),
    ("staff", "reseller"): ("Random check of resellers: please look at the authorisation letter.",),
}


def make_flags(
    rng: random.Random,
    case_id: str,
    scenario: str,
    product: DemoProduct,
    percent: int,
    difference: str,
    opened: datetime,
) -> list[FlagMessage]:
    """One to four flags on a listing; the first is the reason why it is in the queue."""
    count = rng.choices((1, 2, 3, 4), (10, 5, 2, 1))[0]
    sources = [rng.choice(_SOURCES[scenario])]
    while len(sources) < count:
        more = rng.choice((*_SOURCES[scenario], "consumer"))
        if (more, scenario) in _WORDS and more != "authority":
            sources.append(more)
    made: list[FlagMessage] = []
    for number, source in enumerate(sources, start=1):
        at = opened + timedelta(minutes=0 if number == 1 else rng.randint(5, 200))
        words = rng.choice(_WORDS[source, scenario]).format(
            percent=percent,
            brand=product.brand,
            model=product.model,
            difference=difference or "differs from our product in several points",
            day=f"{opened - timedelta(days=rng.randint(2, 20)):%d %B}",
            count=rng.randint(4, 30),
        )
        claimant, upheld = _claimant(rng, source, product)
        made.append(
            FlagMessage(
                id=f"{case_id}-flag-{number}",
                source=source,
                reason=_GROUNDS[scenario],
                at=format_time(at),
                explanation=words,
                confidence=_confidence(rng, source, scenario),
                notice_id="" if source in ("automated", "staff") else f"N-{rng.randint(100_000, 999_999)}",
                claimant=claimant,
                claimant_upheld=upheld,
            )
        )
    return made


def _claimant(rng: random.Random, source: str, product: DemoProduct) -> tuple[str, float | None]:
    if source == "rights_holder":
        return f"{product.brand} brand protection", 0.55 + (len(product.id) * 7 % 40) / 100
    if source == "trusted_flagger":
        return rng.choice(_TRUSTED)
    if source == "authority":
        return rng.choice(_AUTHORITIES)
    if source == "consumer":
        return "Buyer", _CONSUMERS
    return "", None


def _confidence(rng: random.Random, source: str, scenario: str) -> float | None:
    if source != "automated":
        return None
    low, high = (0.72, 0.99) if scenario in ("counterfeit", "stolen") else (0.31, 0.74)
    return round(rng.uniform(low, high), 2)
