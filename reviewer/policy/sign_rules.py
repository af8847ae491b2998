"""The rules that a `[[sign]]` of the policy may name, each a function from a case to a fact or nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from reviewer.domain.facts import Fact, Side
from reviewer.domain.reference import ReferenceProduct
from reviewer.domain.values import gtin_is_valid
from reviewer.policy import evasion
from reviewer.policy.model import Sign
from reviewer.policy.subject import Subject

_Values = Mapping[str, str]


def _against_list(subject: Subject) -> tuple[float, _Values] | None:
    """By how many per cent the price is under the list price, with what is said of it."""
    price, reference = subject.case.listing.price, subject.reference
    if price is None or price.currency is None or reference is None or reference.list_price is None:
        return None
    listed = reference.list_price
    if listed.amount <= 0 or price.currency != listed.currency:
        return None
    under = float((1 - price.amount / listed.amount) * 100)
    return under, {"price": str(price), "listed": str(listed), "percent": f"{abs(under):.0f}"}


def _price_below_list(subject: Subject, sign: Sign) -> Fact | None:
    price, reference = subject.case.listing.price, subject.reference
    if price is not None and price.currency is None and reference is not None and reference.list_price is not None:
        return Fact("price", Side.FOR, 0.1, "The price has no currency, so it can't be compared", {})
    found = _against_list(subject)
    if found is None or found[0] < sign.numbers["percent"]:
        return None
    strength = min(1.0, sign.strength + max(0.0, min(40.0, found[0] - 60)) / 100)
    return Fact("price", Side.FOR, strength, "{percent} % under the list price: {price} against {listed}", found[1])


def _price_near_list(subject: Subject, sign: Sign) -> Fact | None:
    found = _against_list(subject)
    if found is None or found[0] > sign.numbers["percent"]:
        return None
    return Fact("price", Side.AGAINST, sign.strength, "Priced near the list price: {price} against {listed}", found[1])


def _price_below_category(subject: Subject, sign: Sign) -> Fact | None:
    price, usual = subject.case.listing.price, subject.category_price
    if price is None or price.currency is None or usual is None or usual.listings < sign.numbers["least_listings"]:
        return None
    if usual.middle.currency != price.currency or usual.middle.amount <= 0:
        return None
    under = float((1 - price.amount / usual.middle.amount) * 100)
    if under < sign.numbers["percent"]:
        return None
    values = {
        "percent": f"{under:.0f}",
        "price": str(price),
        "middle": str(usual.middle),
        "count": f"{usual.listings:,}",
    }
    template = "{percent} % under the middle price of its category: {price} against {middle} ({count} listings)"
    return Fact("category_price", Side.FOR, sign.strength, template, values)


def _homoglyphs(subject: Subject, sign: Sign) -> Fact | None:
    mixed = evasion.lookalike_words(subject.text, limit=3)
    if not mixed:
        return None
    template = "Letters of different scripts in one word: {words}"
    return Fact("mixed_scripts", Side.FOR, sign.strength, template, {"words": ", ".join(word[:60] for word in mixed)})


def _hidden_characters(subject: Subject, sign: Sign) -> Fact | None:
    if words := evasion.hidden_places(subject.text):
        values = {"count": str(len(words)), "words": ", ".join(f"“{word}”" for word in words[:3])}
        template = "Hidden characters between the letters of {count} words: {words}"
        if len(words) == 1:
            template = "Hidden characters between the letters of {words}"
        return Fact("hidden_controls", Side.FOR, sign.strength, template, values)
    if evasion.reorders(subject.text):
        template = "The text has characters that reorder others"
        return Fact("hidden_controls", Side.FOR, sign.strength, template, {})
    return None


def _spaced_letters(subject: Subject, sign: Sign) -> Fact | None:
    words = evasion.spaced_words(subject.text, int(sign.numbers["letters"]))
    if not words:
        return None
    values = {"count": str(len(words)), "words": ", ".join(f"“{word}”" for word in words[:3])}
    return Fact("spaced_letters", Side.FOR, sign.strength, "Words with their letters set apart: {words}", values)


def _brand_misspelt(subject: Subject, sign: Sign) -> Fact | None:
    reference = subject.reference
    if reference is None or subject.names_brand:
        return None
    least, letters = int(sign.numbers["least_letters"]), int(sign.numbers["letters"])
    near = subject.disguise or evasion.near_miss(reference.brand, subject.words, least, letters)
    if not near:
        return None
    values = {"near": near, "brand": reference.brand}
    return Fact("brand_misspelt", Side.FOR, sign.strength, "“{near}” in place of “{brand}”", values)


def _brand_missing(subject: Subject, sign: Sign) -> Fact | None:
    reference = subject.reference
    if reference is None or subject.names_brand or not subject.matches or _claims(subject, reference):
        return None
    pictures = len({match.picture for match in subject.matches if match.source == "reference"})
    if not pictures:
        return None
    values = {"brand": reference.brand, "count": str(pictures)}
    template = "{count} pictures match {brand}, and the text does not name it"
    if pictures == 1:
        template = "One picture matches {brand}, and the text does not name it"
    return Fact("brand_missing", Side.FOR, sign.strength, template, values)


def _brand_absent(subject: Subject, sign: Sign) -> Fact | None:
    reference = subject.reference
    if reference is None or subject.names_brand or subject.disguise or _claims(subject, reference):
        return None
    if any(match.source == "reference" for match in subject.matches):
        return None
    if evasion.near_miss(reference.brand, subject.words, 5, 2):
        return None
    return Fact(
        "brand_absent", Side.AGAINST, sign.strength, "The text does not name {brand}", {"brand": reference.brand}
    )


def _claims(subject: Subject, reference: ReferenceProduct) -> bool:
    """Whether the listing's brand field says the reference's brand."""
    return subject.case.listing.brand.casefold() == reference.brand.casefold()


def _gtin_wrong(subject: Subject, sign: Sign) -> Fact | None:
    gtin = subject.case.listing.gtin
    if not gtin or gtin_is_valid(gtin):
        return None
    template = "The article number {gtin} has a wrong check digit"
    return Fact("gtin", Side.FOR, sign.strength, template, {"gtin": gtin[:20]})


def _same_gtin(subject: Subject) -> bool | None:
    gtin, reference = subject.case.listing.gtin, subject.reference
    if reference is None or not reference.gtin or not gtin or not gtin_is_valid(gtin):
        return None
    return gtin.zfill(14) == reference.gtin.zfill(14)


def _gtin_values(subject: Subject) -> _Values:
    return {
        "gtin": subject.case.listing.gtin,
        "model": subject.reference.model if subject.reference is not None else "",
    }


def _gtin_other(subject: Subject, sign: Sign) -> Fact | None:
    if _same_gtin(subject) is not False:
        return None
    template = "The article number {gtin} is not that of {model}"
    return Fact("gtin", Side.FOR, sign.strength, template, _gtin_values(subject))


def _gtin_same(subject: Subject, sign: Sign) -> Fact | None:
    if _same_gtin(subject) is not True:
        return None
    template = "The article number {gtin} is that of {model}"
    return Fact("gtin", Side.AGAINST, sign.strength, template, _gtin_values(subject))


def _category_misfit(subject: Subject, sign: Sign) -> Fact | None:
    """Speaks only where both categories stand in a group and in none together: of others nothing is known."""
    reference = subject.reference
    if reference is None:
        return None
    offered, genuine = subject.case.listing.category.casefold(), reference.category.casefold()
    groups = [{name.strip().casefold() for name in group.split("|")} for group in sign.words]
    if offered == genuine or any({offered, genuine} <= group for group in groups):
        return None
    known = set().union(*groups)
    if not {offered, genuine} <= known:
        return None
    values = {"offered": subject.case.listing.category, "genuine": reference.category, "brand": reference.brand}
    template = "Offered under {offered}, while the article of {brand} is {genuine}"
    return Fact("category", Side.FOR, sign.strength, template, values)


def _authorised(subject: Subject, sign: Sign) -> Fact | None:
    reference = subject.reference
    if reference is None or subject.case.seller.id not in reference.authorised_sellers:
        return None
    template = "{brand} lists this seller as authorised"
    return Fact("authorised", Side.AGAINST, sign.strength, template, {"brand": reference.brand})


def _not_authorised(subject: Subject, sign: Sign) -> Fact | None:
    reference = subject.reference
    if reference is None or not reference.authorised_sellers:
        return None
    if subject.case.seller.id in reference.authorised_sellers:
        return None
    values = {"brand": reference.brand, "count": str(len(reference.authorised_sellers))}
    template = "Not among the {count} sellers that {brand} has authorised"
    return Fact("authorised", Side.FOR, sign.strength, template, values)


def _burst(subject: Subject, sign: Sign) -> Fact | None:
    live, days = subject.case.seller.listings_live, subject.days
    if live is None or days is None or days >= sign.numbers["account_days"] or live < sign.numbers["listings"]:
        return None
    values = {"days": str(max(days, 0)), "count": f"{live:,}"}
    return Fact("burst", Side.FOR, sign.strength, "{count} live listings {days} days after joining", values)


def _title_changed(subject: Subject, sign: Sign) -> Fact | None:
    before = subject.case.previous
    if before is None or before.title == subject.case.listing.title:
        return None
    kept = evasion.kept_share(before.title, subject.case.listing.title) * 100
    if kept >= sign.numbers["percent"]:
        return None
    values = {"percent": f"{kept:.0f}", "before": before.title[:120]}
    template = "The title was changed after the last look: {percent} % of its words are left of “{before}”"
    return Fact("title_changed", Side.FOR, sign.strength, template, values)


def _new_seller(subject: Subject, sign: Sign) -> Fact | None:
    days = subject.days
    if days is None or days >= sign.numbers["account_days"]:
        return None
    return Fact("new_seller", Side.FOR, sign.strength, "The seller joined {days} days ago", {"days": str(max(days, 0))})


def _old_seller(subject: Subject, sign: Sign) -> Fact | None:
    days = subject.days
    if days is None or days < sign.numbers["account_days"] or subject.case.seller.offences:
        return None
    values = {"years": str(days // 365)}
    template = "{years} years on the marketplace without an offence"
    return Fact("old_seller", Side.AGAINST, sign.strength, template, values)


RULE_FACTS: dict[str, Callable[[Subject, Sign], Fact | None]] = {
    "price_below_list": _price_below_list,
    "price_near_list": _price_near_list,
    "price_below_category": _price_below_category,
    "homoglyphs": _homoglyphs,
    "hidden_characters": _hidden_characters,
    "spaced_letters": _spaced_letters,
    "brand_misspelt": _brand_misspelt,
    "brand_missing": _brand_missing,
    "brand_absent": _brand_absent,
    "gtin_wrong": _gtin_wrong,
    "gtin_other": _gtin_other,
    "gtin_same": _gtin_same,
    "category_misfit": _category_misfit,
    "authorised": _authorised,
    "not_authorised": _not_authorised,
    "burst": _burst,
    "title_changed": _title_changed,
    "new_seller": _new_seller,
    "old_seller": _old_seller,
}
